"""How fresh keys are, summed over the workers of one server."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

import pytest
from prometheus_client import CollectorRegistry

from jwtfast.jwks import RemoteKeySet
from jwtfast_server.key_metrics import KeyReport, KeysCollector
from tests.clock import Clock
from tests.keyserver import KeyServer, answer, jwks


@dataclass
class Keys:
    """The keys of a worker, by issuer."""

    sources: Mapping[str, Sequence[RemoteKeySet]]
    retired: Counter[tuple[str, str]] = field(default_factory=Counter)

    def age(self, source: RemoteKeySet) -> float | None:
        """Since when its keys were not confirmed."""
        return source.status.age


def sample(directory: Path, name: str, **labels: str) -> float | None:
    """Return what a scrape of a directory says."""
    registry = CollectorRegistry()
    registry.register(KeysCollector(directory))
    return registry.get_sample_value(name, labels)


def age(directory: Path, issuer: str = "corp") -> float | None:
    """Return the age of an issuer's keys."""
    return sample(directory, "jwtfast_keys_age_seconds", issuer=issuer)


def refreshes(directory: Path, result: str) -> float | None:
    """Return the number of refreshes that ended so."""
    return sample(directory, "jwtfast_keys_refresh_total", issuer="corp", result=result)


def test_one_worker(tmp_path: Path) -> None:
    """Age and counts are of the last report, which is written where there is news."""
    clock = Clock()
    with KeyServer({"/jwks": answer(b"", 500)}) as server:
        keys = RemoteKeySet(server.url(), clock=clock)
        report = KeyReport(tmp_path, Keys({"corp": [keys]}))
        report.write()
        assert (age(tmp_path), refreshes(tmp_path, "failure")) == (float("inf"), 0)
        keys.refresh()
        failed = keys.status.failed
        report.write()
        assert (age(tmp_path), refreshes(tmp_path, "failure")) == (float("inf"), failed)
        server.pages["/jwks"] = jwks("a")
        assert keys.refresh()
        report.write()
        assert refreshes(tmp_path, "success") == 1
        assert 0 <= (age(tmp_path) or 0) < 10
        (path,) = tmp_path.glob("*.keys")
        written = path.stat().st_ino
        report.write()
        assert path.stat().st_ino == written
        keys.close()
    assert [one.name for one in tmp_path.iterdir()] == [f"{os.getpid()}.keys"]


def test_nothing_to_report(tmp_path: Path) -> None:
    """Without sources that change there is no file, and no sample."""
    KeyReport(tmp_path, Keys({})).write()
    assert list(tmp_path.iterdir()) == []
    assert age(tmp_path) is None


def test_a_source_that_is_no_more(tmp_path: Path) -> None:
    """What it counted stays, beside its successor and without one; its age goes."""
    with KeyServer({"/jwks": jwks("a")}) as server, RemoteKeySet(server.url()) as source:
        keys = Keys({"corp": [source]}, Counter({("corp", "success"): 3}))
        report = KeyReport(tmp_path, keys)
        report.write()
        assert (refreshes(tmp_path, "success"), age(tmp_path) is None) == (4, False)
        keys.sources, keys.retired = {}, Counter({("corp", "success"): 4})
        report.write()
        assert (refreshes(tmp_path, "success"), age(tmp_path)) == (4, None)


def write(directory: Path, pid: int, since: list[float | None]) -> None:
    """Write the report of another worker, with 3 successes and 2 failures."""
    content = {"corp": {"since": since, "success": 3, "failure": 2, "entries": 0}}
    (directory / f"{pid}.keys").write_text(json.dumps(content))


@pytest.mark.parametrize(
    "first, second, expected",
    [([10], [100], 100), ([100, 10], [20], 100), ([10], [None], float("inf"))],
)
def test_oldest_keys_count(
    tmp_path: Path, first: list[float | None], second: list[float | None], expected: float
) -> None:
    """Of several workers and sources, the age is that of the oldest; counts are added."""
    for pid, ages in ((os.getpid(), first), (os.getppid(), second)):
        write(tmp_path, pid, [None if one is None else monotonic() - one for one in ages])
    assert age(tmp_path) == pytest.approx(expected, abs=5)
    assert (refreshes(tmp_path, "success"), refreshes(tmp_path, "failure")) == (6, 4)


def test_dead_worker(tmp_path: Path) -> None:
    """What it counted stays; how old its keys were does not."""
    with subprocess.Popen([sys.executable, "-c", ""]) as dead:
        pass
    write(tmp_path, dead.pid, [None])
    assert (age(tmp_path), refreshes(tmp_path, "success")) == (None, 3)
    write(tmp_path, os.getpid(), [monotonic()])
    assert age(tmp_path) == pytest.approx(0, abs=5)
    assert refreshes(tmp_path, "success") == 6
