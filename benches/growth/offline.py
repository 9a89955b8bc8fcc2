"""What is not done request by request: reading keys, compiling gates, answering a scrape."""

import json
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, generate_latest

import jwtfast
from benches.growth.inputs import CORP, ORIGINAL, POLICY, ec_keys, gate, keys, to_default
from benches.growth.measure import Case
from benches.growth.series import Group
from benches.http.tokens import ROLE
from jwtfast_server.counters import Counters
from jwtfast_server.metrics import exposition
from tests.verdict import gate_settings

__all__ = ["GROUPS"]

_WORKERS: Final = (1, 16)


def _key_sets(count: int) -> Iterator[Case]:
    """A JWKS as it is read from a file, and as it is read when it came by network."""
    jwks = json.dumps({"keys": [key.public_jwk() for key in ec_keys(count)]})
    for series, remote in (("JWKS, from a file", False), ("JWKS, by network", True)):
        read = partial(jwtfast.KeySet.from_jwks, remote=remote)
        yield Case(series, count, read, [jwks], lambda found, _index: len(found) == count)


def _gates(count: int) -> Iterator[Case]:
    """Gates from their settings, as a reload builds them."""
    paths = to_default({"path": f"/service-{number:05}/"} for number in range(count))
    patterns = to_default({"path": f"/service-{number:05}/*/x"} for number in range(count))
    rules = {**POLICY, "require": [{"claim": "role", "any": [ROLE]}] * count}
    documents: Mapping[str, bytes] = {
        "gate with routes": gate_settings(routes=paths, original_request=ORIGINAL),
        "gate with patterns": gate_settings(routes=patterns, original_request=ORIGINAL),
        "gate with rules": gate_settings(policies={"default": rules}),
    }
    build = partial(jwtfast.Gate, keys={CORP: keys("HS256")})
    for series, document in documents.items():
        yield Case(
            series, count, build, [document], lambda found, _index: isinstance(found, jwtfast.Gate)
        )


def loads(count: int) -> Iterator[Case]:
    """What a start, a rotation of keys or a reload takes, beside the requests."""
    yield from _key_sets(count)
    yield from _gates(count)


class _Run:
    """What the workers of a server wrote, as a scrape finds it."""

    def __init__(self, workers: int, its_gate: jwtfast.Gate) -> None:
        path = Path(tempfile.mkdtemp(prefix="jwtfast-bench-"))
        weakref.finalize(self, shutil.rmtree, path)
        for _ in range(workers):
            Counters(path, its_gate).flush()
        statuses = {code: status for code, status, _ in jwtfast.reasons()}
        self._registry: CollectorRegistry = exposition(path, lambda: statuses, "asgi")

    def scrape(self, _number: int) -> bytes:
        return generate_latest(self._registry)


def scrapes(count: int) -> Iterator[Case]:
    """A scrape of 1 and of 16 workers, without what their sockets take."""
    names = [f"policy-{number:05}" for number in range(count)]
    its_gate = gate(keys("HS256"), policies=dict.fromkeys(names, POLICY))
    line = (
        f'jwtfast_decisions_total{{policy="{names[-1]}",reason="",result="allow"}} 0.0\n'.encode()
    )
    for workers in _WORKERS:
        run = _Run(workers, its_gate)
        series = f"{workers} worker{'s' if workers > 1 else ''}"
        yield Case(series, count, run.scrape, [0], lambda found, _index: line in found)


_SIZES: Final = (1, 10, 100, 1000, 10_000)

GROUPS: Final[Mapping[str, Group]] = {
    "load": Group(
        "start, rotation, reload", "keys, routes or rules", _SIZES, (1, 100, 1000), loads, rounds=5
    ),
    "scrape": Group(
        "a scrape of /metrics", "policies", _SIZES[:-1], (1, 10, 100), scrapes, rounds=5
    ),
}
"""What is timed beside the requests, by name."""
