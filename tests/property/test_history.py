"""A verdict depends on the token alone, never on the tokens that came before it.

A peer had a bypass by state that one request left for the next (kjdev 0.14.1).
"""

import random
from collections.abc import Callable

import pytest

import jwtfast
from tests.forge import ALGORITHMS, claims, compact, public_jwk
from tests.property.corpus import samples
from tests.verdict import decide, gate_settings, key, verdict, verifier

COUNT = 8_000
SEED = 7515


@pytest.fixture(scope="module")
def corpus() -> list[str]:
    """Return tokens of two algorithms, each of which both verifiers below judge."""
    return [s.token for s in samples(COUNT, SEED) if s.algorithm in {"HS256", "ES256"}]


def every_order(corpus: list[str], judge: Callable[[str], object], seed: int) -> list[object]:
    """Return each token's verdict, the same in three more orders."""
    first = [judge(token) for token in corpus]
    chance = random.Random(seed)  # noqa: S311 - nothing depends on it but repetition
    for _ in range(3):
        order = list(range(len(corpus)))
        chance.shuffle(order)
        again = {index: judge(corpus[index]) for index in order}
        assert [again[index] for index in range(len(corpus))] == first
    return first


@pytest.mark.parametrize("algorithm", ["HS256", "ES256"])
def test_verifier(corpus: list[str], algorithm: str) -> None:
    """One verifier says the same in any order, and the same as one that saw nothing before."""
    judge = verifier(algorithm)
    found = every_order(corpus, lambda token: verdict(token, judge), 1)
    fresh = [verdict(token, verifier(algorithm)) for token in corpus[:2000]]
    assert found[:2000] == fresh


@pytest.mark.parametrize("algorithm", ["HS256", "ES256"])
def test_gate(corpus: list[str], algorithm: str) -> None:
    """One gate says the same in any order."""
    gate = jwtfast.Gate(gate_settings(), {"corp": jwtfast.KeySet([key(algorithm)])})
    short = [token for token in corpus if len(token) < 16_000 and token.strip() == token]
    found = every_order(short, lambda t: decide(gate, {"authorization": [f"Bearer {t}"]}), 2)
    assert (200, None) in found
    assert (401, "invalid_signature") in found


def test_headers_of_many_kinds() -> None:
    """Ten thousand headers in turn: each token is checked with the key its own header names."""
    keys = [
        jwtfast.Key.from_secret(bytes([number]) * 64, algorithm="HS256", kid=f"k{number}")
        for number in range(8)
    ]
    judge = verifier(keys=jwtfast.KeySet(keys))
    for number in range(10_000):
        signer = keys[number % 8]
        named = f"k{number // 8 % 8}"
        token = jwtfast.encode(claims(), signer, {"kid": named, "x": str(number // 64)})
        expected = "accepted" if named == signer.kid else "invalid_signature"
        assert verdict(token, judge) == expected


def test_headers_that_differ_in_one_letter() -> None:
    """After good tokens, the like of them with another header is judged by its own header."""
    judge = verifier("HS256")
    for number in range(300):
        header = {"x": f"{number:04}"}
        assert verdict(compact("HS256", header=header), judge) == "accepted"
        spoilt = {**header, "crit": ["x"]}
        assert verdict(compact("HS256", header=spoilt), judge) == "unsupported_critical_header"
        assert verdict(compact("HS256", header={**header, "alg": "none"}), judge) == (
            "algorithm_not_allowed"
        )
        assert verdict(compact("HS256", None, header, "strangers"), judge) == "invalid_signature"


def test_two_verifiers_do_not_share() -> None:
    """What one verifier has accepted helps no token past another."""
    ours, theirs = verifier("HS256"), verifier(keys=stranger())
    for _ in range(3):
        tokens = [compact("HS256"), compact("HS256", owner="strangers")]
        assert [verdict(token, ours) for token in tokens] == ["accepted", "invalid_signature"]
        assert [verdict(token, theirs) for token in tokens] == ["invalid_signature", "accepted"]


def stranger() -> jwtfast.Key:
    """Return a stranger's secret."""
    return jwtfast.Key.from_jwk(public_jwk("HS256", "strangers", alg="HS256"))


def test_names_of_claims_are_never_mixed() -> None:
    """Many names, more than anything keeps, come out as they went in."""
    judge = verifier("HS256")
    for number in range(200):
        names = {f"claim-{number}-{other}": other for other in range(40)}
        found = judge.verify(compact("HS256", claims(**names)), now=1_800_000_000)
        assert found == claims(**names)


def test_all_algorithms_in_turn() -> None:
    """Verifiers of all algorithms used in turn do not disturb each other."""
    judges = {name: verifier(name) for name in ALGORITHMS}
    for _ in range(3):
        for name in ALGORITHMS:
            assert verdict(compact(name), judges[name]) == "accepted"
