"""Counters of several workers and gates, summed without losing any."""

from pathlib import Path

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
