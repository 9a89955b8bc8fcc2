"""What the patterns of one decision may cost, all of them together; beyond it nobody passes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

import jwtfast
from tests.configs import MINIMAL, problems_of
from tests.forge import NOW, claims, compact
from tests.verdict import gate_settings, key

DEFAULT: Final = "  default: {issuers: [corp]}"
LONG: Final = "ab" * 4000
SHORT: Final = LONG[:3000]
GROUPS: Final = [f"team-{index:04}-members" for index in range(300)]
SLOW: Final = r"(?:[ab]*a[ab]{%d}c)?[ab]*"
"""Matches; but before it does, its states would fill any memory."""


def answer(
    *rules: Mapping[str, object], query: str = "", cache: jwtfast.TokenCache | None = None
) -> int:
    """The status for a token with a long text and many groups, asked several times."""
    settings = gate_settings(
        max_token_bytes=1 << 17,
        policies={"default": {"issuers": ["corp"]} | ({"require": rules} if rules else {})},
        query_overrides={"claims": True, "regexp": True},
    )
    gate = jwtfast.Gate(settings, {"corp": jwtfast.KeySet([key("HS256")])}, cache=cache)
    token = compact("HS256", claims(long=LONG, short=SHORT, groups=GROUPS, email="ann@example.com"))
    headers = [("authorization", f"Bearer {token}")]
    found = {gate.decide(None, "GET", query, headers, now=NOW).status for _ in range(4)}
    assert len(found) == 1
    return found.pop()


def slow(number: int, **changes: object) -> dict[str, object]:
    """A slow pattern, another one for each number, which the long text matches."""
    return {"claim": "long", "matches": SLOW % (30 + number)} | changes


def cel(number: int) -> dict[str, object]:
    """The same in an expression."""
    return {"cel": f"claims.short.matches('^{SLOW % (30 + number)}$')"}


def test_one_slow_pattern_is_allowed() -> None:
    """A pattern is not refused for being slow: what counts is what it reads."""
    assert answer(slow(0)) == 200
    assert answer({"claim": "email", "matches": r"(?:.*a.{30})?[a-z]+@example\.com"}) == 200


MANY: Final = [slow(number) for number in range(60)]
NONE: Final = [{"not": {"not": rule}} for rule in MANY]


@pytest.mark.parametrize(
    "rules",
    [
        MANY,
        NONE,
        [{"any_of": [{"not": rule} for rule in MANY] + [{"claim": "sub", "is": "nobody"}]}],
        [{"not": {"any_of": [{"not": rule} for rule in MANY]}}],
        [cel(number) for number in range(60)],
        [{"not": {"cel": "!(" + " && ".join(str(cel(n)["cel"]) for n in range(60)) + ")"}}],
        [{"not": {"claim": "groups", "matches": rf"(?:.*a.{{30}})?team-{n}"}} for n in range(60)],
    ],
)
def test_many_slow_patterns_deny(rules: list[dict[str, object]]) -> None:
    """Their work is added up, wherever they stand, and what exceeds the sum denies."""
    assert answer(*rules) == 403
    assert answer(*rules, cache=jwtfast.TokenCache(1 << 20)) == 403


def test_the_query_shares_the_work() -> None:
    """A pattern of the query is paid for like one of the policy, and there are only so many."""
    pattern = "claims_regexp_long=" + SLOW % 30
    assert answer(query=pattern) == 200
    some = next(count for count in range(60) if answer(*MANY[: count + 1]) == 403)
    assert answer(*MANY[:some], query="claims_regexp_email=.*") == 200
    assert answer(*MANY[:some], query=pattern) == 403
    for count, status in ((16, 200), (17, 403)):
        query = "&".join(f"claims_regexp_/groups/{n}=team.*" for n in range(count))
        assert answer(query=query) == status


def test_ordinary_patterns_do_no_harm() -> None:
    """Hundreds of patterns whose states fit into memory are read at their pace."""
    groups = [{"claim": "groups", "matches": f"team-0*{n}-[a-z]+"} for n in range(200)]
    assert answer(*groups) == 200
    assert answer(*[{"claim": "long", "matches": rf"[ab]+|\w+-{n}"} for n in range(200)]) == 200
    for unicode in (
        r"\w{1,6}-\w{1,6}",
        r"\w+-[0-9]{1,4}-\w+",
        r"\p{L}{1,9}",
        r"\b\w+\b.*",
        r"\d{1,20}",
    ):
        rules = [{"not": {"claim": "groups", "matches": f"{unicode}x{n}"}} for n in range(20)]
        assert answer(*rules) == 200, unicode
    emails = [{"claim": "email", "matches": rf".*@example\.com|{n}"} for n in range(500)]
    assert answer(*emails) == 200


@pytest.mark.parametrize(
    "rule,place",
    [
        (r"{claim: a, matches: '\w{1,100}'}", "matches: bad regular expression: "),
        (r"{cel: 'claims.a.matches(r''\w{1,100}'')'}", "cel: column 18: bad regular expression: "),
    ],
)
def test_a_pattern_that_is_too_large(tmp_path: Path, rule: str, place: str) -> None:
    """It is refused at load: which one, why, and what to write."""
    policy = f"  default: {{issuers: [corp], require: [{rule}]}}"
    (found,) = problems_of(tmp_path, MINIMAL.replace(DEFAULT, policy))
    assert place in found
    assert r'"\\w{1,100}" is too large, more than 1 MiB when compiled' in found
    assert r"write (?-u:\w) or [0-9A-Za-z_]" in found
