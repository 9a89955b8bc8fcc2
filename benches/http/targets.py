"""The design's promises about speed, each beside what was measured."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import Any, Final, TypeAlias

from benches.http.contenders import INTERFACES, STANDARD
from benches.http.joined import middle
from benches.http.memory import LIMIT
from benches.http.rows import figure

__all__ = ["Line", "judged"]

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

Values: TypeAlias = Sequence[float | None]
"""A figure of each run; None where it was not measured, or wrong."""


@dataclass(frozen=True)
class Line:
    """One promise."""

    what: str
    target: str
    measured: str
    ratio: float | None
    """Ours over theirs, or measured over allowed; None where something was not measured.

    The median over the runs of the ratio in each; so `holds` goes by the median.
    """
    holds: bool | None
    """None where it cannot be said."""
    least: float | None = None
    """The least ratio of a run; None where there was one run, as for `most`."""
    most: float | None = None

    @property
    def verdict(self) -> str:
        """In one or two words."""
        return {None: "not measured", True: "holds", False: "does not hold"}[self.holds]

    @property
    def shown(self) -> str:
        """The ratio, and how far the runs were apart."""
        if self.ratio is None:
            return "-"
        if self.least is None or self.most is None:
            return f"{self.ratio:.2f}"
        return f"{self.ratio:.2f} ({self.least:.2f} to {self.most:.2f})"

    def record(self) -> dict[str, Any]:
        """What the results keep of it."""
        return asdict(self)


def _line(
    what: str, target: str, measured: str, ratios: Sequence[float], *, least: float | None = None
) -> Line:
    """A promise by the ratios of its runs: at least so much, otherwise at most 1."""
    ratio = median(ratios)
    holds = ratio <= 1 if least is None else ratio >= least
    ends = (min(ratios), max(ratios)) if len(ratios) > 1 else (None, None)
    return Line(what, target, measured, ratio, holds, *ends)


def _at_least(what: str, ours: Values, theirs: Values, wanted: float) -> Line:
    target = f">= {wanted:g}x"
    middles = middle(ours), middle(theirs)
    ratios = [mine / its for mine, its in zip(ours, theirs, strict=True) if mine and its]
    told = " of ".join("nothing" if one is None else f"{one:,.0f}/s" for one in middles)
    if not ratios or len(ratios) < len(ours):
        return Line(what, target, told if any(middles) else "-", None, None)
    return _line(what, target, told, ratios, least=wanted)


def _at_most(what: str, measured: Values, allowed: float, unit: str) -> Line:
    target = f"<= {allowed:g} {unit}"
    typical = middle(measured)
    if typical is None:
        return Line(what, target, "-", None, None)
    ratios = [one / allowed for one in measured if one is not None]
    return _line(what, target, f"{typical:.3g} {unit}", ratios)


def judged(runs: Sequence[Record]) -> list[Line]:
    """Every promise, in the order of the design; those that were not measured too.

    Args:
        runs: at least one, all of the same cells; of each `rows` (see `Row.record`), `memory` (see
            `Memory.record`), `verdict` (seconds of a decision from the cache) and `library`
            (seconds by algorithm and library), None where that was not measured.
    """
    verdicts = [run["verdict"] and run["verdict"] * 1e6 for run in runs]
    return [
        _at_most("verdict from cache", verdicts, _VERDICT_US, "us"),
        *_library(runs),
        *_warm(runs),
        *_new(runs),
        *_workers(runs),
        *_memory([run["memory"] for run in runs]),
    ]


def _library(runs: Sequence[Record]) -> Iterator[Line]:
    def seconds(algorithm: str, library: str) -> list[float | None]:
        return [(run["library"] or {}).get(algorithm, {}).get(library) for run in runs]

    for algorithm in ("RS256", "ES256", "EdDSA"):
        pairs = zip(seconds(algorithm, "jwtfast"), seconds("raw", algorithm), strict=True)
        above = [(ours - raw) * 1e6 if ours and raw else None for ours, raw in pairs]
        yield _at_most(f"verify above raw aws-lc, {algorithm}", above, _ABOVE_RAW_US, "us")
    for name, wanted in _HS256.items():
        ours, theirs = (
            [one and 1 / one for one in seconds("HS256", its)] for its in ("jwtfast", name)
        )
        yield _at_least(f"verify HS256 over {name}", ours, theirs, wanted)


def _rates(runs: Sequence[Record], contender: str, **wanted: object) -> list[float | None]:
    where = {"contender": contender, **wanted}
    return [figure(run["rows"], "rate", where) for run in runs]


def _connections(runs: Sequence[Record], **wanted: object) -> list[int]:
    rows = runs[0]["rows"]
    found = {row["connections"] for row in rows if all(row[key] == wanted[key] for key in wanted)}
    return sorted(found)


def _warm(runs: Sequence[Record]) -> Iterator[Line]:
    # The algorithm that all contenders were measured with.
    rows = runs[0]["rows"]
    limits = [row for row in rows if row["group"] == "warm" and row["role"] == "limit"]
    algorithm = limits[0]["algorithm"] if limits else "RS256"
    where = {"group": "warm", "algorithm": algorithm}
    for connections in _connections(runs, **where) or sorted(_WARM_OVER_ENVOY):
        at: dict[str, object] = {**where, "connections": connections}
        for interface in INTERFACES:
            pair = (f"{kind} {interface}" for kind in ("jwtfast", "bare granian"))
            ours, ceiling = (_rates(runs, name, **at) for name in pair)
            what = f"warm, {connections} connections: {interface} over bare granian"
            yield _at_least(what, ours, ceiling, _OF_CEILING)
        ours = _rates(runs, _OURS, **at)
        envoy, limit = (_rates(runs, name, **at) for name in (_CACHED, "nginx return 200"))
        wanted = _WARM_OVER_ENVOY.get(connections, 2.0)
        what = f"warm, {connections} connections: wsgi over"
        yield _at_least(f"{what} Envoy with its cache", ours, envoy, wanted)
        yield _at_least(f"{what} nginx return 200", ours, limit, _OF_LIMIT)


def _new(runs: Sequence[Record]) -> Iterator[Line]:
    names = {row["contender"] for row in runs[0]["rows"]}
    given = sorted(names - {contender.name for contender in STANDARD})
    for algorithm, wanted in _NEW_OVER_ENVOY.items():
        where = {"group": "new", "algorithm": algorithm}
        for connections in _connections(runs, **where) or (16, 64, 256):
            at: dict[str, object] = {**where, "connections": connections}
            ours = _rates(runs, _OURS, **at)
            what = f"every token new, {algorithm}, {connections} connections: wsgi over"
            yield _at_least(f"{what} Envoy", ours, _rates(runs, _WITHOUT, **at), wanted)
            for name in given or ("the Go service (--peer)",):
                theirs = _rates(runs, name, **at)
                yield _at_least(f"{what} {name}", ours, theirs, _NEW_OVER_PEER)


def _workers(runs: Sequence[Record]) -> Iterator[Line]:
    for tokens in ("hot", "new"):
        what = f"two workers over one, {tokens} tokens"
        wanted = {"contender": _OURS, "group": "workers", "tokens": tokens}
        rates: dict[int, list[float | None]] = {}
        a_cpu_second: dict[int, list[float | None]] = {}
        for workers in (1, 2):
            where = {**wanted, "workers": workers}
            rates[workers] = [figure(run["rows"], "rate", where) for run in runs]
            # So much would this many cores answer that do nothing else.
            cpu = [figure(run["rows"], "cpu_us", where) for run in runs]
            a_cpu_second[workers] = [one and workers * 1e6 / one for one in cpu]
        yield _at_least(f"{what}, beside their load", rates[2], rates[1], _TWO_WORKERS)
        yield _at_least(f"{what}, by CPU seconds", a_cpu_second[2], a_cpu_second[1], _TWO_WORKERS)


def _memory(memories: Sequence[Record | None]) -> Iterator[Line]:
    good = [memory for memory in memories if memory and not memory["problems"]]
    if len(good) < len(memories):
        good = []
    first = good[0] if good else None
    size = (
        f"{first['tokens']:,} tokens of {first['token_bytes']} bytes" if first else "100,000 tokens"
    )
    roomy = [one["roomy"] / _MEBIBYTE for one in good]
    line = _at_most(f"memory of a worker with {size}", roomy, _MOST_MEMORY / _MEBIBYTE, "MiB")
    if first and (kept := min(one["kept"] for one in good)) < 0.99 * first["tokens"]:
        # What holds nothing is small: it says nothing about the promise.
        measured = f"{line.measured}, but only {kept:,} of them were kept"
        line = replace(line, measured=measured, holds=False)
    yield line
    grown = [(one["limited"] - one["without"]) / _MEBIBYTE for one in good]
    most = LIMIT * _OVER_LIMIT / _MEBIBYTE
    yield _at_most(f"growth with a cache of {LIMIT >> 20} MiB", grown, most, "MiB")
