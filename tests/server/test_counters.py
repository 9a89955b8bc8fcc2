"""Counters of several workers and gates, summed without losing any."""

import os
import threading
from pathlib import Path

import pytest

from jwtfast import Gate
from jwtfast_server.config import Settings, load
from jwtfast_server.counters import Counters, Totals
from tests.settings import standard, token, write


def decide(gate: Gate, *bearers: str) -> None:
    """Ask a gate."""
    for bearer in bearers:
        gate.decide(None, "GET", b"", [("authorization", f"Bearer {bearer}")])


def test_files_are_summed(tmp_path: Path, settings: Settings, gate: Gate) -> None:
    """What two workers counted is one number; a reason that never came is there as 0."""
    other = Gate(settings.gate_settings(), settings.key_sets())
    for one, bearers in ((gate, [token(), token()]), (other, [token(), "nonsense"])):
        counters = Counters(tmp_path, one)
        decide(one, *bearers)
        counters.flush()
    totals = Totals.read(tmp_path)

    assert totals.decisions["default", "allow", ""] == 3
    assert totals.decisions["default", "deny", "malformed_token"] == 1
    assert totals.decisions["admin", "deny", "policy_denied"] == 0
    assert sum(totals.buckets.values()) + totals.slower == 4
    assert totals.nanoseconds > 0


def test_a_new_gate_counts_on(tmp_path: Path, settings: Settings, gate: Gate) -> None:
    """Over any number of gates of the same labels: one file, and nothing is lost."""
    counters = Counters(tmp_path, gate)
    gates = [gate]
    for _ in range(4):
        gates.append(Gate(settings.gate_settings(), settings.key_sets()))
        assert counters.fits(gates[-1])
        counters.adopt(gates[-1])
        # The gate before may still decide on a request that it had when it was replaced.
        decide(gates[-2], token())
        decide(gates[-1], token())
        counters.flush()

    assert Totals.read(tmp_path).decisions["default", "allow", ""] == 8
    assert len(list(tmp_path.glob("*.counters"))) == 1


def test_a_gate_of_other_policies_does_not_fit(tmp_path: Path, gate: Gate) -> None:
    """It gets a file of its own."""
    config = standard(policies={"default": {"issuers": ["corp"]}})
    other = load(write(tmp_path / "other.yaml", config), env={})

    counters = Counters(tmp_path, gate)
    assert not counters.fits(Gate(other.gate_settings(), other.key_sets()))


def test_half_a_file_is_never_seen(tmp_path: Path, gate: Gate) -> None:
    """What is not whole yet has another name."""
    Counters(tmp_path, gate)
    (tmp_path / "tmpabcdef").write_bytes(b"jwtfast1\xff\xff")

    assert Totals.read(tmp_path).decisions.total() == 0


def renamed(directory: Path, number: int) -> tuple[Settings, Gate]:
    """Return settings and a gate whose policies have names of their own."""
    names = ["default", *(f"policy-{number}-{index}" for index in range(30))]
    policies = {name: {"issuers": ["corp"], "shadow": number % 3 == 0} for name in names}
    settings = load(write(directory / "jwtfast.yaml", standard(policies=policies)), env={})
    return settings, Gate(settings.gate_settings(), settings.key_sets())


SHADOWS = (b'"shadow":true', b'"shadow":false')


def memory() -> int:
    """Return how much memory this process has, in bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_other_labels(tmp_path: Path, gate: Gate) -> None:
    """Counts of policies that are no more stay, exact; one file, and no gate is kept for them."""
    counters = Counters(tmp_path, gate)
    decide(gate, token(), "nonsense")
    for number in range(5):
        _, other = renamed(tmp_path, number)
        counters.adopt(other)
        decide(gate, token())  # It was in the middle of it.
        decide(other, token())
        gate = other
        counters.flush()
        totals = Totals.read(tmp_path)
        allowed = totals.decisions["default", "allow", ""]
        shadow = totals.decisions["default", "shadow", ""]
        assert allowed + shadow == 3 + 2 * number
        assert totals.decisions["default", "deny", "malformed_token"] == 1
        assert totals.decisions.total() == 4 + 2 * number
        assert totals.buckets.total() + totals.slower == 4 + 2 * number
        assert len(list(tmp_path.glob("*.counters"))) == 1
        assert sum(len(group.gates) for group in counters._groups) == 2


def test_a_scrape_between(tmp_path: Path, gate: Gate) -> None:
    """Whenever it comes, while labels change: no count ever falls, none is missed or seen twice."""
    counters, ended, seen = Counters(tmp_path, gate), threading.Event(), [0]
    failures: list[BaseException] = []

    def scrape() -> None:
        try:
            while not ended.is_set():
                seen.append(Totals.read(tmp_path).decisions.total())
        except BaseException as error:  # noqa: BLE001 - it is the test's
            failures.append(error)

    scraper = threading.Thread(target=scrape)
    scraper.start()
    for number in range(200):
        decide(gate, token())
        counters.flush()
        _, gate = renamed(tmp_path, number)
        counters.adopt(gate)
    counters.flush()
    ended.set()
    scraper.join()
    assert failures == []
    assert seen == sorted(seen)
    assert Totals.read(tmp_path).decisions.total() == 200


def test_a_thousand_reloads(tmp_path: Path) -> None:
    """Under names that were never there before, memory and files stay as they are."""
    settings, gate = renamed(tmp_path, 0)
    counters, after = Counters(tmp_path, gate), []
    for number in range(1, 1001):
        # What a reload of other names makes, without reading the file again.
        text = (
            settings.gate_settings()
            .replace(b"policy-", b"p%d-" % number)
            .replace(b'"shadow":true', SHADOWS[number % 2])
        )
        gate = Gate(text, settings.key_sets())
        counters.adopt(gate)
        decide(gate, token())
        counters.flush()
        if number % 250 == 0:
            after.append((memory(), sum(path.stat().st_size for path in tmp_path.iterdir())))
    totals = Totals.read(tmp_path)
    assert totals.decisions.total() == 1000
    (first, first_files), *_, (last, last_files) = after
    assert last - first < 4 << 20
    assert last_files - first_files < 1 << 16


def test_a_full_directory(tmp_path: Path, gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reload goes on, the old numbers stay to be read, and nothing is lost once there is room."""
    counters = Counters(tmp_path, gate)
    decide(gate, token())
    counters.flush()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("jwtfast_server.counters.tempfile.mkstemp", full)
        _, other = renamed(tmp_path, 1)
        counters.adopt(other)
        decide(other, token())
        with pytest.raises(OSError, match="No space"):
            counters.flush()
        assert Totals.read(tmp_path).decisions.total() == 1
    counters.flush()
    assert Totals.read(tmp_path).decisions.total() == 2
