"""What the HTTP comparison plans, and what it makes of what it measured."""

from itertools import pairwise
from pathlib import Path

import pytest

from benches.http.contenders import CACHE_TOKENS, STANDARD, peer
from benches.http.load import Measured, Stream
from benches.http.plan import GROUPS, QUICK, Cell, Options, Setup, cells, setups
from benches.http.rows import Row, spread
from benches.http.supply import Supply
from benches.http.tokens import (
    ALGORITHMS,
    bad_tokens,
    jwks,
    pool,
    token,
    user,
    write_keys,
    zipf_order,
)
from jwtfast import JWTError, KeySet, Verifier
from tests.forge import AUDIENCE, ISSUER, SYMMETRIC

PEER = peer("go", "http://127.0.0.1:8081/validate?claims_role=staff")
GOOD = Measured(requests=100, seconds=1.0, p50=0.001, p99=0.002)


def row(rates: list[float], p50: list[float], p99: list[float]) -> Row:
    """A row of one cell."""
    return Row(Cell("warm", Setup(STANDARD[0], "ES256")), rates, p50, p99)


def test_every_group_has_its_cells_and_every_peer_is_in_it() -> None:
    """Nobody is left out; only what is about our own workers has no peer in it."""
    planned = cells(Options(peers=[PEER]))
    assert {cell.group for cell in planned} == set(GROUPS)
    assert len(set(planned)) == len(planned)
    with_peer = {cell.group for cell in planned if cell.setup.contender is PEER}
    assert with_peer == set(GROUPS) - {"workers"}


def test_a_quick_run_leaves_no_group_out() -> None:
    """It measures less of each, so that it ends soon."""
    quick, whole = cells(QUICK), cells(Options())
    assert {cell.group for cell in quick} == set(GROUPS)
    assert len(quick) * QUICK.rounds * QUICK.seconds < 60
    assert len(quick) < len(whole) / 2


def test_only_the_groups_that_were_asked_for() -> None:
    """`--only new` measures nothing else."""
    assert {cell.group for cell in cells(Options(groups=["new", "verdict"]))} == {"new"}


def test_a_peer_is_asked_at_its_path_and_query() -> None:
    """What stands in the URL is sent."""
    assert PEER.target == "/validate?claims_role=staff"
    assert peer("bare", "http://127.0.0.1:1").target == "/"


def test_every_round_has_every_server_once_with_all_its_cells() -> None:
    """The rounds differ in their order, and in nothing else."""
    planned = cells(Options(groups=["warm"]))
    orders = []
    for number in range(4):
        turns = setups(planned, number)
        names = [setup for setup, _ in turns]
        assert len(set(names)) == len(names)
        assert {cell for _, its in turns for cell in its} == set(planned)
        assert all(cell.setup == setup for setup, its in turns for cell in its)
        orders.append(tuple(names))
    assert len(set(orders)) == len(orders)
    # Who comes after whom in one round comes before him in the next.
    pairs = [set(pairwise([*order, order[0]])) for order in orders]
    assert pairs[1] == {(after, before) for before, after in pairs[0]}


def test_the_median_of_the_rounds_is_what_counts() -> None:
    """One round that was disturbed changes the spread alone."""
    record = row([100.0, 10.0, 110.0], [1.0, 9.0, 2.0], [3.0, 3.0, 8.0]).record()
    assert (record["rate"], record["p50"], record["p99"]) == (100.0, 2.0, 3.0)
    assert record["spread"] == pytest.approx(1.0)
    assert spread([5.0, 5.0]) == 0.0


def test_what_was_wrong_once_has_no_rate() -> None:
    """However fast the other rounds were."""
    wrong = row([100.0, 100.0], [1.0, 1.0], [1.0, 1.0])
    before = wrong.record()
    wrong.problems.append("a stranger's signature got 200")
    after = wrong.record()
    assert (before["rate"], before["p99"]) == (100.0, 1.0)
    assert (after["rate"], after["p99"], after["rates"]) == (None, None, [100.0, 100.0])


@pytest.mark.parametrize(
    "measured, new_tokens, complaints",
    [
        (GOOD, True, 0),
        (Measured(0, 1.0, 0, 0), False, 1),
        (Measured(100, 1.0, 0, 0, wrong=1, other_status=503), False, 1),
        (Measured(100, 1.0, 0, 0, broken=1), False, 1),
        (Measured(100, 1.0, 0, 0, rounds=1), True, 1),
        (Measured(100, 1.0, 0, 0, rounds=1), False, 0),
    ],
)
def test_what_does_not_count(measured: Measured, new_tokens: bool, complaints: int) -> None:  # noqa: FBT001 - a column
    """A wrong answer, a broken connection, nothing at all, or a new token sent twice."""
    assert len(measured.complaints(new_tokens=new_tokens)) == complaints


def test_no_token_is_taken_twice() -> None:
    """A figure begins after what the ones before it took, what was under way among it."""
    supply, file = Supply(1000), Path("tokens")
    assert supply.stream(file) == Stream(file, 999, 1)
    supply.took(GOOD, connections=16, threads=1)
    assert supply.stream(file) == Stream(file, 883, 117)
    supply.took(GOOD, connections=16, threads=1)
    assert supply.stream(file) == Stream(file, 767, 233)


def test_a_supply_lasts_while_there_is_half_as_much_again_as_a_figure_took() -> None:
    """A server is started anew before its tokens run out, and not for nothing."""
    assert Supply(3).lasts
    assert not Supply(2).lasts
    for count, lasts in ((272, True), (270, False)):
        supply = Supply(count)
        supply.took(GOOD, connections=8, threads=1)
        assert supply.lasts is lasts


def test_two_threads_leave_nothing_new() -> None:
    """Each sends from a place of its own, so what is left is in two pieces."""
    supply = Supply(100_000)
    supply.took(GOOD, connections=8, threads=2)
    assert not supply.lasts
    # Two, so that going round is seen.
    assert supply.stream(Path("tokens")) == Stream(Path("tokens"), 2, 99_998)


def test_there_are_tokens_for_the_fastest() -> None:
    """As many as were asked for, or else by algorithm and seconds; always what Zipf draws from."""
    assert Options(new_tokens=123).tokens("HS256") == 123
    assert Options(seconds=2).tokens("HS256") >= 2 * 90_000 * 2
    assert Options(seconds=2).tokens("RS256") >= 2 * 35_000 * 2
    assert Options(seconds=10).tokens("RS256") == 5 * Options(seconds=2).tokens("RS256")
    for algorithm in ALGORITHMS:
        assert QUICK.tokens(algorithm) >= CACHE_TOKENS
        # A peer that runs already has seen what Zipf drew, and is not started anew.
        ours, its = Options().tokens(algorithm), Options(peers=[PEER]).tokens(algorithm)
        assert its == CACHE_TOKENS + Options().rounds * ours


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_the_tokens_are_what_they_are_sent_as(algorithm: str) -> None:
    """Good ones pass, bad ones do not, each has its own subject, and all have one length."""
    verifier = Verifier(
        KeySet.from_jwks(jwks(algorithm)), issuer=ISSUER, audience=AUDIENCE, algorithms=[algorithm]
    )
    lines = pool(algorithm, 10).read_text().splitlines()
    assert [verifier.verify(line)["sub"] for line in lines] == [user(n) for n in range(10)]
    assert {len(line) for line in lines} == {len(token(algorithm, 999_999))}
    for bad in bad_tokens(algorithm).values():
        if bad is not None:
            with pytest.raises(JWTError):
                verifier.verify(bad)


def test_tokens_of_a_size_have_it() -> None:
    """All of the same one, at most two bytes above what was asked for, and still good."""
    verifier = Verifier(KeySet.from_jwks(jwks("ES256")), issuer=ISSUER, audience=AUDIENCE)
    lines = pool("ES256", 10, 600).read_text().splitlines()
    assert [verifier.verify(line)["sub"] for line in lines] == [user(n) for n in range(10)]
    [length] = {len(line) for line in lines}
    assert 600 <= length <= 602


def test_the_keys_of_a_peer_are_those_of_the_tokens(tmp_path: Path) -> None:
    """For each algorithm a JWKS, a PEM or a secret, and a token that passes."""
    names = {path.name for path in write_keys(tmp_path)}
    kinds = {name: "secret" if name in SYMMETRIC else "pem" for name in ALGORITHMS}
    expected = {
        f"{name}.{end}" for name in ALGORITHMS for end in ("jwks.json", "good.jwt", kinds[name])
    }
    assert names == expected | {"claims.json"}


def test_popularity_falls_as_it_should() -> None:
    """The first token comes about twice as often as the second, and all numbers are in range."""
    drawn = [int(line) for line in zipf_order(100, 20_000).read_text().split()]
    assert len(drawn) == 20_000
    assert set(drawn) <= set(range(100))
    assert 1.7 < drawn.count(0) / drawn.count(1) < 2.3
