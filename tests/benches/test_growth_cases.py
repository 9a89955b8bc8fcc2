"""What the growth benches time gives the right answers, or is not timed."""

import os
from dataclasses import replace
from typing import Any

import pytest

from benches.growth import cached, offline, popularity, series, workers
from benches.growth.inputs import Request, bearer, case, gate, keys, minimal, sized
from benches.growth.measure import Case, WrongError, cost, fresh, pinned, timed
from benches.http.tokens import HOT, token, user

GROUPS = {**series.GROUPS, **offline.GROUPS}


@pytest.mark.parametrize("name", GROUPS)
def test_every_case_answers_right(name: str) -> None:
    """With one of a thing and with some, which is what a gate of one cannot tell apart."""
    group = GROUPS[name]
    assert list(group.sizes) == sorted(group.sizes)
    assert set(group.few) <= set(group.sizes)
    sizes = group.sizes[:1] if name == "size" else (1, 40)
    cases = [case for size in sizes for case in group.cases(size)]
    found = timed(cases, rounds=2)
    assert [(one.series, one.n) for one in found] == [(one.series, one.n) for one in cases]
    assert all(one.nanoseconds > 0 for one in found)


@pytest.mark.parametrize(
    "request_, told",
    [
        (Request(bearer(token("HS256", HOT)), "somebody-else"), "Decision 200"),
        (Request(bearer(token("HS256", HOT)), None, "unknown_key"), "Decision 200"),
        (Request(bearer(token("HS256", HOT, "strangers")), user(HOT)), "invalid_signature"),
        (
            Request(bearer(token("HS256", HOT, "strangers")), None, "unknown_key"),
            "invalid_signature",
        ),
    ],
    ids=["another user", "no denial", "no pass", "another reason"],
)
def test_a_wrong_answer_is_not_timed(request_: Request, told: str) -> None:
    """Status, reason and user must be the expected ones; the error says what came."""
    with pytest.raises(WrongError, match=told):
        timed([case("any", 1, gate(keys("HS256")), [request_])], rounds=2)


def test_only_the_right_answer_to_each_item_counts() -> None:
    """A late wrong one is found too."""
    right = Case("any", 1, str, list(range(10)), lambda found, index: found == str(index))
    assert timed([right], rounds=2)[0].n == 1
    with pytest.raises(WrongError, match="item 9 got '9'"):
        timed([replace(right, check=lambda _found, index: index < 9)], rounds=2)


def test_the_rounds_go_through_all_cases_in_turns() -> None:
    """And every other one backwards: what gets slower does so for all."""
    called: list[str] = []

    def call(name: Any) -> None:  # noqa: ANN401 - as `Case.call`
        called.append(name)

    both = [Case(name, 1, call, [name], lambda _found, _index: True) for name in "ab"]
    timed(both, rounds=2)
    turns = [name for index, name in enumerate(called) if called[index - 1 : index] != [name]]
    assert "".join(turns).endswith("aba")


@pytest.mark.parametrize("size", [300, 1200, 16_384])
@pytest.mark.parametrize("algorithm", ["HS256", "ES256"])
def test_a_token_has_the_size_that_was_asked_for(algorithm: str, size: int) -> None:
    """Or is as short as it can be, and never above it otherwise."""
    length = len(sized(algorithm, size))
    assert size - 48 < length <= max(size, len(token(algorithm, HOT)))


def test_cost_counts_every_call() -> None:
    """Nanoseconds of one, and each item is used once."""
    seen: list[int] = []
    assert cost(seen.append, range(1000)) > 0
    assert seen == list(range(1000))


def test_a_cache_is_weighed_and_asked() -> None:
    """It counts all tokens, and those that are asked for again are found."""
    timing, held = cached.find(500, rounds=2)
    assert (timing.n, held.tokens, held.token_bytes) == (500, 500, len(minimal(0)))
    assert held.counted > 500 * held.token_bytes


def test_a_full_cache_keeps_to_its_limit() -> None:
    """It was given twice what it keeps, and says that it takes no more than it may."""
    found = fresh(cached.full, 1 << 20)
    assert found.given >= 2 * found.kept > 1000
    assert 0.9 * found.max_bytes < found.counted <= found.max_bytes


def test_hit_rates_are_those_of_the_cache() -> None:
    """All fit: all hit. Where one in ten fits, it is worth more if some are popular."""
    users, room = 12_000, 1 << 20
    found = popularity.hit_rates(users, [room, 32 << 20], least_draws=users)
    rates = {(one.popularity, one.max_bytes): one for one in found}
    for name in popularity.POPULARITIES:
        assert rates[name, 32 << 20].hit_rate == 1
        assert rates[name, 32 << 20].kept == users
    small = rates["uniform", room]
    assert small.hit_rate == pytest.approx(small.kept / users, abs=0.03)
    assert rates["zipf", room].hit_rate > 4 * small.hit_rate


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core for each process")
def test_workers_are_counted_together() -> None:
    """Both kinds of decision, by one process and by two."""
    found = workers.measure(rounds=1, seconds=0.05)
    assert [one.kind for one in found] == list(workers.KINDS)
    assert all(one.one > 0 and one.two > 0 for one in found)


def test_a_bench_runs_on_one_core_and_gives_it_back() -> None:
    """Otherwise what comes later in the process would be pinned too."""
    before = os.sched_getaffinity(0)
    with pinned():
        assert len(os.sched_getaffinity(0)) == 1
        assert fresh(os.sched_getaffinity, 0) == os.sched_getaffinity(0)
    assert os.sched_getaffinity(0) == before
