"""The design's promises about speed, each beside what was measured."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from benches.http.contenders import INTERFACES, STANDARD
from benches.http.memory import LIMIT

__all__ = ["Line", "judged", "read_library"]

LIBRARY: Final = Path(__file__).parents[1] / "results" / "library.json"

_OURS: Final = "jwtfast wsgi"
_CACHED: Final = "envoy, cache"
_WITHOUT: Final = "envoy"
_WARM_OVER_ENVOY: Final = {16: 1.3, 64: 2.0, 256: 2.0}
_NEW_OVER_ENVOY: Final = {"RS256": 2.0, "ES256": 1.8}
_NEW_OVER_PEER: Final = 2.5
_OF_CEILING: Final = 0.95
_OF_LIMIT: Final = 0.5
_TWO_WORKERS: Final = 1.8
_MEBIBYTE: Final = 1 << 20
_MOST_MEMORY: Final = 160 * _MEBIBYTE
_OVER_LIMIT: Final = 1.1
_VERDICT_US: Final = 0.25
_ABOVE_RAW_US: Final = 3.0
_HS256: Final = {"oxyjwt": 2.0, "PyJWT": 25.0}

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Line:
    """One promise."""

    what: str
    target: str
    measured: str
    ratio: float | None
    """Ours over theirs, or measured over allowed; None where something was not measured."""
    holds: bool | None
    """None where it cannot be said."""

    @property
    def verdict(self) -> str:
        """In one or two words."""
        return {None: "not measured", True: "holds", False: "does not hold"}[self.holds]

    def record(self) -> dict[str, Any]:
        """What the results keep of it."""
        return asdict(self)


def _at_least(what: str, ours: float | None, theirs: float | None, wanted: float) -> Line:
    target = f">= {wanted:g}x"
    if not ours or not theirs:
        known = (f"{rate:,.0f}/s" if rate else "nothing" for rate in (ours, theirs))
        return Line(what, target, " of ".join(known) if ours or theirs else "-", None, None)
    ratio = ours / theirs
    return Line(what, target, f"{ours:,.0f}/s of {theirs:,.0f}/s", ratio, ratio >= wanted)


def _at_most(what: str, measured: float | None, allowed: float, unit: str) -> Line:
    target = f"<= {allowed:g} {unit}"
    if measured is None:
        return Line(what, target, "-", None, None)
    return Line(what, target, f"{measured:.3g} {unit}", measured / allowed, measured <= allowed)


def judged(
    rows: Sequence[Record], memory: Record | None, verdict: float | None, library: Record
) -> list[Line]:
    """Every promise, in the order of the design; those that were not measured too.

    Args:
        rows: `Row.record` of each.
        memory: `Memory.record`.
        verdict: seconds of a decision from the cache.
        library: the content of `benches/results/library.json`, seconds by algorithm and library.
    """
    return [
        _at_most(
            "verdict from cache", None if verdict is None else verdict * 1e6, _VERDICT_US, "us"
        ),
        *_library(library),
        *_warm(rows),
        *_new(rows),
        *_workers(rows),
        *_memory(memory),
    ]


def _library(library: Record) -> Iterator[Line]:
    raw = library.get("raw", {})
    for algorithm in ("RS256", "ES256", "EdDSA"):
        ours = library.get(algorithm, {}).get("jwtfast")
        known = ours is not None and algorithm in raw
        above = (ours - raw[algorithm]) * 1e6 if known else None
        yield _at_most(f"verify above raw aws-lc, {algorithm}", above, _ABOVE_RAW_US, "us")
    seconds = library.get("HS256", {})
    for name, wanted in _HS256.items():
        rates = [1 / seconds[one] if one in seconds else None for one in ("jwtfast", name)]
        yield _at_least(f"verify HS256 over {name}", rates[0], rates[1], wanted)


def _rate(rows: Sequence[Record], contender: str, **wanted: object) -> float | None:
    for row in rows:
        if row["contender"] == contender and all(row[key] == wanted[key] for key in wanted):
            rate: float | None = row["rate"]
            return rate
    return None


def _connections(rows: Sequence[Record], **wanted: object) -> list[int]:
    found = {row["connections"] for row in rows if all(row[key] == wanted[key] for key in wanted)}
    return sorted(found)


def _warm(rows: Sequence[Record]) -> Iterator[Line]:
    # The algorithm that all contenders were measured with.
    limits = [row for row in rows if row["group"] == "warm" and row["role"] == "limit"]
    algorithm = limits[0]["algorithm"] if limits else "RS256"
    where = {"group": "warm", "algorithm": algorithm}
    for connections in _connections(rows, **where) or sorted(_WARM_OVER_ENVOY):
        at: dict[str, object] = {**where, "connections": connections}
        for interface in INTERFACES:
            pair = (f"{kind} {interface}" for kind in ("jwtfast", "bare granian"))
            ours, ceiling = (_rate(rows, name, **at) for name in pair)
            what = f"warm, {connections} connections: {interface} over bare granian"
            yield _at_least(what, ours, ceiling, _OF_CEILING)
        ours = _rate(rows, _OURS, **at)
        envoy, limit = (_rate(rows, name, **at) for name in (_CACHED, "nginx return 200"))
        wanted = _WARM_OVER_ENVOY.get(connections, 2.0)
        what = f"warm, {connections} connections: wsgi over"
        yield _at_least(f"{what} Envoy with its cache", ours, envoy, wanted)
        yield _at_least(f"{what} nginx return 200", ours, limit, _OF_LIMIT)


def _new(rows: Sequence[Record]) -> Iterator[Line]:
    names = {row["contender"] for row in rows}
    given = sorted(names - {contender.name for contender in STANDARD})
    for algorithm, wanted in _NEW_OVER_ENVOY.items():
        where = {"group": "new", "algorithm": algorithm}
        for connections in _connections(rows, **where) or (16, 64, 256):
            at: dict[str, object] = {**where, "connections": connections}
            ours = _rate(rows, _OURS, **at)
            what = f"every token new, {algorithm}, {connections} connections: wsgi over"
            yield _at_least(f"{what} Envoy", ours, _rate(rows, _WITHOUT, **at), wanted)
            for name in given or ("the Go service (--peer)",):
                theirs = _rate(rows, name, **at)
                yield _at_least(f"{what} {name}", ours, theirs, _NEW_OVER_PEER)


def _workers(rows: Sequence[Record]) -> Iterator[Line]:
    for tokens in ("hot", "new"):
        one, two = (
            _rate(rows, _OURS, group="workers", tokens=tokens, workers=workers)
            for workers in (1, 2)
        )
        yield _at_least(f"two workers over one, {tokens} tokens", two, one, _TWO_WORKERS)


def _memory(memory: Record | None) -> Iterator[Line]:
    good = memory if memory and not memory["problems"] else None
    kept = good is not None and good["kept"] >= 0.99 * good["tokens"]
    size = f"{good['tokens']:,} tokens of {good['token_bytes']} bytes" if good else "100,000 tokens"
    roomy = good["roomy"] / _MEBIBYTE if good else None
    line = _at_most(f"memory of a worker with {size}", roomy, _MOST_MEMORY / _MEBIBYTE, "MiB")
    if good and not kept:
        # What holds nothing is small: it says nothing about the promise.
        measured = f"{line.measured}, but only {good['kept']:,} of them were kept"
        line = Line(line.what, line.target, measured, line.ratio, holds=False)
    yield line
    grown = (good["limited"] - good["without"]) / _MEBIBYTE if good else None
    most = LIMIT * _OVER_LIMIT / _MEBIBYTE
    yield _at_most(f"growth with a cache of {LIMIT >> 20} MiB", grown, most, "MiB")


def read_library() -> Record:
    """What the last run of the library's benches gave; nothing where it never ran."""
    content: Record = json.loads(LIBRARY.read_text()) if LIBRARY.is_file() else {}
    return content
