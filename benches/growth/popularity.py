"""The share of requests whose token is remembered, by users and size of the cache.

Every user has one token. Either all come alike often, or the n-th most popular user comes 1/n as
often as the first. All of it goes through the real cache; nothing is timed.
"""

from array import array
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Final, Literal, TypeAlias

import jwtfast
from benches.growth.inputs import Headers, bearer, gate, keys, minimal
from benches.growth.measure import WrongError
from benches.http.tokens import zipf_order

__all__ = ["POPULARITIES", "Hits", "Popularity", "hit_rates"]

Popularity: TypeAlias = Literal["zipf", "uniform"]
POPULARITIES: Final[tuple[Popularity, ...]] = ("zipf", "uniform")

_LEAST_DRAWS: Final = 200_000


@dataclass(frozen=True)
class Hits:
    """What one cache did once it had settled."""

    popularity: Popularity
    users: int
    max_bytes: int
    kept: int
    """Tokens in the cache at the end."""
    hit_rate: float


def _draws(popularity: Popularity, users: int, count: int) -> Sequence[int]:
    """User numbers, fixed; the most popular one is 0."""
    if popularity == "zipf":
        return array("I", map(int, zipf_order(users, count).read_text().split()))
    source = Random(1)  # noqa: S311 - the same draws in every run, no secret
    return array("I", source.choices(range(users), k=count))


def hit_rates(users: int, sizes: Sequence[int], least_draws: int = _LEAST_DRAWS) -> list[Hits]:
    """Both popularities with every size of cache.

    As many requests as there are users, and at least `least_draws`, let it settle; as many count.

    Raises:
        WrongError: a token did not pass.
    """
    tokens = [bearer(minimal(number)) for number in range(users)]
    draws = max(least_draws, users)
    found = []
    for popularity in POPULARITIES:
        order = _draws(popularity, users, 2 * draws)
        for size in sizes:
            cache = jwtfast.TokenCache(size)
            its_gate = gate(keys("HS256"), cache)
            decide = partial(its_gate.decide, None, "GET", b"")
            # Everybody was here once, the popular ones last; then as in everyday's traffic.
            _run(decide, reversed(tokens))
            _run(decide, (tokens[number] for number in order[:draws]))
            hits = cache.hits
            _run(decide, (tokens[number] for number in order[draws:]))
            _must_have_passed(its_gate, users + 2 * draws)
            rate = (cache.hits - hits) / draws
            found.append(Hits(popularity, users, size, len(cache), rate))
    return found


def _run(decide: "partial[jwtfast.Decision]", requests: Iterable[Headers]) -> None:
    deque(map(decide, requests), maxlen=0)


def _must_have_passed(its_gate: jwtfast.Gate, requests: int) -> None:
    """By the gate's own count, which costs a decision nothing more."""
    counted = array("Q", its_gate.counts())
    labels = enumerate(its_gate.counter_labels)
    passed = sum(counted[index] for index, (_, result, _) in labels if result == "allow")
    if passed != requests:
        raise WrongError(f"of {requests} good tokens {passed} passed")
