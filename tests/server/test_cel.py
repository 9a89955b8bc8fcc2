"""CEL rules and the messages of rules: who passes, what a client is told, what is refused."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.configs import MINIMAL, problems_of
from tests.conftest import Serve
from tests.processes import Server
from tests.settings import token

DEFAULT = "  default: {issuers: [corp]}"
OURS = "The token does not grant access here."
RULES: Mapping[str, object] = {
    "admins": {"cel": "claims.groups.exists(g, g == 'admin')", "message": "only admins"},
    "verified": {"cel": "claims.?email_verified.orValue(true) == true"},
    "not": {"not": {"cel": "claims.groups.exists(g, g == 'guest')"}, "message": "no guests"},
    "either": {
        "any_of": [{"cel": "claims.age >= 18"}, {"claim": "guardian", "exists": True}],
        "message": "of age, or with a guardian",
    },
    "scope": {"scope": ["write"], "message": "ask for write"},
}


@pytest.fixture(scope="module")
def ruled(serve: Serve) -> Server:
    """A service with one policy for each of the rules."""
    policies = {name: {"issuers": ["corp"], "require": [rule]} for name, rule in RULES.items()}
    return serve(policies={"default": {"issuers": ["corp"]}, **policies})


@pytest.mark.parametrize(
    "policy,claims,told",
    [
        ("admins", {"groups": ["dev", "admin"]}, None),
        ("admins", {"groups": ["dev"]}, "only admins"),
        ("admins", {"groups": "admin"}, "only admins"),
        ("admins", {}, "only admins"),
        ("verified", {}, None),
        ("verified", {"email_verified": True}, None),
        ("verified", {"email_verified": False}, OURS),
        ("verified", {"email_verified": "true"}, OURS),
        ("not", {"groups": ["dev"]}, None),
        ("not", {"groups": ["guest"]}, "no guests"),
        ("not", {}, "no guests"),
        ("either", {"age": 18}, None),
        ("either", {"guardian": "u"}, None),
        ("either", {"age": 17.5}, "of age, or with a guardian"),
        ("scope", {"scope": "write"}, None),
        ("scope", {"scope": "read"}, "ask for write"),
    ],
)
def test_answers(ruled: Server, policy: str, claims: Mapping[str, Any], told: str | None) -> None:
    """The expression decides, what cannot be evaluated denies, and the client is told why."""
    answer = ruled.ask(target=f"/p/{policy}", token=token(**claims))

    if told is None:
        assert answer.status == 200
    else:
        assert answer.status == 403
        challenge = answer.get("www-authenticate") or ""
        assert f'error_description="policy_denied: {told}"' in challenge


def wrong_rules() -> Iterator[tuple[str, str]]:
    """Rules, and what is told of each."""
    yield "{cel: 'claims.a =='}", "cel: column 12: expected a value, found the end"
    yield "{cel: 'user.name == 1'}", 'cel: column 1: unknown variable "user"; there is claims'
    yield "{cel: 'claims.a.foo()'}", 'cel: column 10: unknown function "foo"'
    yield "{cel: 'claims.sub.size()'}", "cel: column 12: expected a bool, found int"
    yield "{cel: [claims]}", "cel: expected an expression, found a list"
    yield f"{{cel: '{'(' * 60}1{')' * 60}'}}", "cel: column 49: more than 48 levels"
    yield "{cel: 'true', message: 'a\"b'}", "message: expected up to 200 characters of printable"
    yield "{claim: a, is: b, message: 7}", "message: expected up to 200 characters of printable"


@pytest.mark.parametrize("rule,problem", list(wrong_rules()))
def test_problems(tmp_path: Path, rule: str, problem: str) -> None:
    """A bad expression or message is told at load, with its place and one line."""
    policy = f"  default: {{issuers: [corp], require: [{rule}]}}"
    assert DEFAULT in MINIMAL
    found = problems_of(tmp_path, MINIMAL.replace(DEFAULT, policy))
    expected = f"jwtfast.yaml:7: policies.default.require[0].{problem}"
    assert [text[: len(expected)] for text in found] == [expected]
