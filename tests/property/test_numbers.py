"""Numbers are compared as they are: integers at any size, doubles as doubles, by every operator.

The oracle is Python, whose integers have no limit, and whose comparison of an int with a float is
that of their exact values.
"""

import json
import random
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

import pytest

import jwtfast
from tests.forge import NOW, claims, compact
from tests.verdict import gate_settings, key

COUNT: Final = 60
SEED: Final = 92_53
Number: TypeAlias = int | float

OPERATORS: Final[dict[str, Callable[[Number, Number], bool]]] = {
    "is": lambda claim, limit: claim == limit,
    "eq": lambda claim, limit: claim == limit,
    "gt": lambda claim, limit: claim > limit,
    "ge": lambda claim, limit: claim >= limit,
    "lt": lambda claim, limit: claim < limit,
    "le": lambda claim, limit: claim <= limit,
}
CEL: Final = {"eq": "==", "gt": ">", "ge": ">=", "lt": "<", "le": "<="}


def numbers(chance: random.Random) -> Iterator[Number]:
    """Integers and doubles around powers of two and ten, and random ones of every size."""
    while True:
        base = chance.choice((2, 10))
        power: int = base ** chance.randrange(1 + (300 if base == 10 else 1000))
        near = chance.choice((1, -1)) * power + chance.randrange(-3, 4)
        yield near
        yield float(near)
        yield near + chance.random()
        yield chance.randrange(-(1 << 70), 1 << 70)
        yield chance.uniform(-2, 2) * 10.0 ** chance.randrange(-20, 300)


def pairs() -> Iterator[tuple[Number, Number]]:
    """A claim and a limit: often the same, or as near as their types let them be."""
    chance = random.Random(SEED)  # noqa: S311 - the same numbers in each run
    source = numbers(chance)
    for _ in range(COUNT):
        claim, other = next(source), next(source)
        near = int(claim) + chance.choice((-1, 0, 0, 1))
        for limit in (claim, near, float(near), other):
            yield claim, limit
    for claim, limit in (
        (1234567890123456788, 1234567890123456789),
        (9007199254740993, 9007199254740992.0),
        (10**30, 10**30 + 1),
        (10**30, 1e30),
        (10**38, 1e38),
        (10**23, 1e23),
        (2**63, 2**63 - 1),
        (2**64, float(2**64)),
        (-(2**63) - 1, -(2**63)),
        (0, -0.0),
    ):
        yield claim, limit
        yield limit, claim


def gates(limit: Number) -> dict[str, jwtfast.Gate]:
    """A gate for each operator, and one for each comparison of CEL with another claim."""
    rules: dict[str, object] = {name: {"claim": "n", name: limit} for name in OPERATORS}
    for name in ("any", "all", "none"):
        rules[f"{name} alone"] = {"claim": "n", name: ["x", limit] if name != "all" else [limit]}
        rules[f"{name} of list"] = {"claim": "l", name: ["y", limit] if name != "all" else [limit]}
    rules["contains"] = {"claim": "l", "contains": limit}
    rules["not"] = {"not": {"claim": "n", "is": limit}}
    for name, symbol in CEL.items():
        rules[f"cel {name}"] = {"cel": f"claims.n {symbol} claims.limit"}
    rules["cel in"] = {"cel": "claims.n in [claims.limit]"}
    policies = {name: {"issuers": ["corp"], "require": [rule]} for name, rule in rules.items()}
    gate = jwtfast.Gate(gate_settings(policies=policies), {"corp": jwtfast.KeySet([key("HS256")])})
    return dict.fromkeys(rules, gate)


def expected(name: str, claim: Number, limit: Number) -> bool:
    """What Python says."""
    word = name.removeprefix("cel ").split()[0]
    if word in {"none", "not"}:
        return claim != limit
    return OPERATORS.get(word, OPERATORS["is"])(claim, limit)


def test_every_operator_is_exact() -> None:
    """Whatever stands in the token and in the rule, the answer is that of exact arithmetic."""
    wrong = []
    for claim, limit in pairs():
        token = compact("HS256", claims(n=claim, l=["x", claim], limit=limit))
        headers = [("authorization", f"Bearer {token}")]
        for name, gate in gates(limit).items():
            allowed = gate.decide(name, "GET", "", headers, now=NOW).status == 200
            if allowed != expected(name, claim, limit):
                wrong.append((name, claim, limit, allowed))
    assert wrong == []


@pytest.mark.parametrize(
    "written",
    [
        "0",
        "-1",
        "1234567890123456789",
        "123456789012345678901234567890123456789012345678901234567890",
        "1e3",
        "1.0",
        "-0",
        "-0.0",
        "1E+2",
        "0.10",
        "9007199254740993.0",
    ],
)
def test_identity_headers_have_the_digits_of_the_token(written: str) -> None:
    """A number in a header is the very text that was signed: never rounded, never rewritten."""
    content = json.dumps(claims())[:-1] + f', "n": {written}, "l": [{written}]}}'
    token = compact("HS256", content.encode())
    identity: dict[str, object] = {
        "X-Text": "n",
        "X-Json": {"claim": "n", "as": "json"},
        "X-Csv": {"claim": "l", "as": "csv"},
        "X-List": "l",
    }
    settings = gate_settings(policies={"default": {"issuers": ["corp"], "identity": identity}})
    for cache in (None, jwtfast.TokenCache(1 << 20)):
        gate = jwtfast.Gate(settings, {"corp": jwtfast.KeySet([key("HS256")])}, cache=cache)
        for _ in range(4):
            headers = [("authorization", f"Bearer {token}")]
            found = dict(gate.decide(None, "GET", "", headers, now=NOW).headers)
            assert {name: found[name] for name in ("x-text", "x-json", "x-csv", "x-list")} == {
                "x-text": written,
                "x-json": written,
                "x-csv": written,
                "x-list": f"[{written}]",
            }


def test_the_query_never_takes_a_number() -> None:
    """A demand of the query is a text: no number fits it, rounded or not."""
    gate = jwtfast.Gate(
        gate_settings(query_overrides={"claims": True, "regexp": True}),
        {"corp": jwtfast.KeySet([key("HS256")])},
    )
    token = compact("HS256", claims(n=1234567890123456789, l=[5], t="1234567890123456789"))
    headers = [("authorization", f"Bearer {token}")]
    for query, status in {
        "claims_n=1234567890123456789": 403,
        "claims_n=1234567890123456788": 403,
        "claims_n=1.2345678901234568e18": 403,
        "claims_regexp_n=.*": 403,
        "claims_any_n=1234567890123456789": 403,
        "claims_l=5": 403,
        "claims_t=1234567890123456789": 200,
        "claims_t=1234567890123456788": 403,
    }.items():
        assert gate.decide(None, "GET", query, headers, now=NOW).status == status, query
