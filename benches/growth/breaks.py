"""What gives way first, with its figures, for docs/capacity.md."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from benches.growth.pods import rates
from benches.growth.report import OVER_LIMIT, duration

__all__ = ["breaks"]

_MILLION: Final = 1_000_000
_WORKERS: Final = 100
_REFRESH_S: Final = 300
_COOLDOWN_S: Final = 30
_CONNECTIONS: Final = 64

Record = Mapping[str, Any]


def breaks(growth: Record, http: Record) -> Iterator[str]:
    """One numbered sentence or two each, in the order in which they come."""
    rows = http.get("rows", ())
    found = [
        *_front(rows),
        *_worker(rows),
        *_misses(growth, rows),
        *_memory(growth, http),
        *_scrape(growth),
        *_offline(growth),
        *_rules(growth),
        *_keys(),
    ]
    for number, sentence in enumerate(found, 1):
        yield f"{number}. {sentence}"


def _row(rows: Sequence[Record], group: str, contender: str) -> Record | None:
    """A row that has a rate; the one with 64 connections where there are several."""
    its = [one for one in rows if (one["group"], one["contender"]) == (group, contender)]
    its = [one for one in its if one["rate"] and one["connections"] == _CONNECTIONS]
    return its[0] if its else None


def _front(rows: Sequence[Record]) -> Iterator[str]:
    text = (
        "**The processor of the proxy in front.** For each request it reads the client's, asks, "
        "and reads the answer."
    )
    through, direct = (_row(rows, group, "jwtfast wsgi") for group in ("nginx", "warm"))
    limit = _row(rows, "warm", "nginx return 200")
    if through and direct:
        text += (
            f" One core of NGINX, shared with the load generator, passes {through['rate']:,.0f} "
            f"requests a second on while jwtfast's core is {through['busy']:.0%} busy; asked "
            f"directly, that core answers {direct['rate']:,.0f}."
        )
    if limit:
        text += (
            f" NGINX alone with `return 200` answers {limit['rate']:,.0f} a second: a million "
            f"takes {_MILLION / limit['rate']:.0f} cores before anything is checked."
        )
    yield text


def _worker(rows: Sequence[Record]) -> Iterator[str]:
    text = (
        "**The processor of jwtfast.** A worker has one core's worth of work; what comes faster "
        "waits, and with it one request in a hundred long before the average shows it."
    )
    most, half = (_row(rows, group, "jwtfast wsgi") for group in ("warm", "openloop"))
    if most and half:
        text += (
            f" With {_CONNECTIONS} connections that always ask, p99 is {most['p99'] * 1e3:.2f} ms; "
            f"at a constant half of that rate {half['p99'] * 1e3:.2f} ms."
        )
    yield text


def _misses(growth: Record, rows: Sequence[Record]) -> Iterator[str]:
    text = "**The hit rate.** Every token that is not remembered costs a signature."
    known = [one for one in rates(rows) if one.hot and one.new]
    if known:
        told = [f"{one.algorithm} {one.hot / one.new:.1f}" for one in known if one.hot and one.new]
        text += f" A request with a new token takes so many times one that hits: {', '.join(told)}."
    if sizes := growth.get("curves", {}).get("size"):
        shortest = {name: its["nanoseconds"][0] for name, its in sizes["series"].items()}
        told = [f"{name}, {duration(cost)}" for name, cost in shortest.items()]
        text += f" Without HTTP and for the shortest token: {'; '.join(told)}."
    yield text


def _memory(growth: Record, http: Record) -> Iterator[str]:
    text = (
        "**Memory of the pod**, if its limit forgets the caches: workers x (base + "
        f"{OVER_LIMIT:g} x `cache.max_bytes`)."
    )
    full, base = growth.get("full"), http.get("memory")
    if full:
        worst = max(one["resident"] / one["max_bytes"] for one in full)
        text += f" A full cache was measured at {worst:.2f} of its limit at most."
    if base:
        text += f" The base was {base['without'] / 2**20:,.0f} MiB."
    yield text


def _ends(growth: Record, group: str, name: str) -> tuple[int, float] | None:
    """The largest n of a curve and what it costs."""
    its = growth.get("curves", {}).get(group, {}).get("series", {}).get(name)
    return (its["n"][-1], its["nanoseconds"][-1]) if its else None


def _scrape(growth: Record) -> Iterator[str]:
    text = (
        "**A scrape of `/metrics`**, with many policies: the main process makes it, and no "
        "request waits for it."
    )
    for name in ("1 worker", "16 workers"):
        if end := _ends(growth, "scrape", name):
            text += f" {end[0]:,} policies and {name} take {duration(end[1])}."
    yield text


def _offline(growth: Record) -> Iterator[str]:
    text = (
        "**A reload or a rotation of keys** builds a gate in each worker, beside the one that "
        "serves; it takes its share of the core."
    )
    for name in ("JWKS, by network", "gate with routes", "gate with patterns"):
        if end := _ends(growth, "load", name):
            text += f" {name[0].upper()}{name[1:]}: {duration(end[1])} for {end[0]:,}."
    yield text


def _rules(growth: Record) -> Iterator[str]:
    text = "**Long lists in the configuration.** Rules are all read until one fails."
    for group, name, what in (
        ("rules", "rules: one value", "rules with one value"),
        ("rules", "rules: matches", "rules with `matches`"),
        ("rules", "values in one rule", "values in one rule"),
        ("routes", "paths, last", "routes by path"),
        ("routes", "patterns, last", "routes with `*` in their paths"),
    ):
        if end := _ends(growth, group, name):
            text += f" {end[0]:,} {what}: {duration(end[1])} a decision."
    yield text


def _keys() -> Iterator[str]:
    yield (
        "**The issuer's key endpoint**, last: each worker fetches for itself, "
        f"{_WORKERS} workers {_WORKERS / _REFRESH_S:.2f} times a second with the default "
        f"`refresh.every`, and at most {_WORKERS / _COOLDOWN_S:.1f} times when somebody sends "
        "kids that nobody knows."
    )
