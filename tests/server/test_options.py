"""Keys of jwtfast.yaml that restrict only take away, and lists without an entry are errors."""

from pathlib import Path
from typing import Any, Final

import orjson
import pytest

import jwtfast
from tests.configs import MINIMAL, load_text, problems_of
from tests.forge import AUDIENCE, ISSUER, NOW, claims, compact
from tests.settings import KID, standard

ISSUER_KEYS: Final[dict[str, list[object]]] = {
    "issuer": [ISSUER, "https://other.example"],
    "audiences": [AUDIENCE, [AUDIENCE], ["web"], ["web", AUDIENCE]],
    "algorithms": ["ES256", ["ES256", "RS256"]],
    "leeway": [0, "0s"],
    "max_lifetime": ["1s", "1h", "3660d"],
    "token_types": ["JWT", ["at+jwt", "JWT"], ["x"]],
    "allow_bound": [False],
    "refresh": [{"max_stale": "1s"}],
}
"""By key of an issuer, values that let nothing in beyond what its absence (or `any`) does."""

ISSUER_OPENS: Final[dict[str, object]] = {
    "leeway": "30s",
    "token_types": ["logout+jwt"],
    "allow_bound": True,
}
"""By key of an issuer, a value whose documented meaning is to let more in."""

POLICY_KEYS: Final[dict[str, list[object]]] = {
    "require": [
        {"claim": "sub", "is": "user-1"},
        [{"claim": "sub", "any": ["user-1", "user-2"]}, {"claim": "tenant", "exists": True}],
        [{"claim": "tenant", "none": ["b"]}],
        [{"not": {"claim": "sub", "is": "user-1"}}],
        [{"scope": ["read"]}],
        [{"cel": "claims.sub == 'user-1'"}],
    ],
    "identity": [{"X-User": "sub"}, {"X-Tenant": {"claim": "tenant", "as": "csv"}}],
    "optional": [False],
    "shadow": [False],
    "preflight": [False],
}
"""By key of a policy, the same."""

POLICY_OPENS: Final = ("optional", "shadow")
"""Keys of a policy that let more in where they are true (`preflight` has tests of its own)."""


def corpus() -> list[str | None]:
    """Return tokens that differ in what these keys look at, and none."""
    bodies = [
        claims(**change)
        for change in (
            {},
            {"iss": "https://other.example"},
            {"iss": ...},
            {"aud": "web"},
            {"aud": ...},
            {"exp": NOW - 10},
            {"exp": ...},
            {"iat": ...},
            {"iat": NOW, "exp": NOW + 1},
            {"tenant": "b"},
            {"tenant": "a", "scope": "read write"},
            {"tenant": ["a,b"]},
            {"sub": "user-2"},
            {"sub": ...},
            {"cnf": {"jkt": "x"}},
        )
    ]
    tokens = [compact("ES256", body, {"kid": KID}) for body in bodies]
    types = ("JWT", "at+jwt", "logout+jwt")
    tokens += [compact("ES256", header={"kid": KID, "typ": typ}) for typ in types]
    return [*tokens, compact("ES256", header={"kid": KID}, owner="strangers"), None]


TOKENS: Final = corpus()


def accepted(directory: Path, config: dict[str, Any]) -> set[str | None]:
    """Return what `/validate` answers 200 to, whether or not it came before."""
    settings = load_text(directory, orjson.dumps(config).decode())
    cache = jwtfast.TokenCache(1 << 20)
    gate = jwtfast.Gate(settings.gate_settings(), settings.key_sets(), cache=cache)
    found = [{token for token in TOKENS if status(gate, token) == 200} for _ in range(3)]
    assert found[0] == found[1] == found[2]
    return found[0]


def status(gate: jwtfast.Gate, token: str | None) -> int:
    """Return the status of a request with a token, or without."""
    headers = [("authorization", f"Bearer {token}")] if token else []
    return gate.decide(None, "GET", "", headers, now=NOW).status


def config(issuer: dict[str, object], policy: dict[str, object]) -> dict[str, Any]:
    """Return a configuration that compares as little as it can, with these keys."""
    whole = standard()
    [corp] = whole["issuers"]
    base = {**corp, "issuer": "any", "audiences": "any"}
    return {
        "issuers": [base | issuer],
        "policies": {"default": {"issuers": ["corp"], **policy}},
    }


def pairs(table: dict[str, list[object]]) -> list[tuple[str, object]]:
    """Return each key with each of its values."""
    return [(name, value) for name, values in table.items() for value in values]


@pytest.mark.parametrize("name, value", pairs(ISSUER_KEYS), ids=str)
@pytest.mark.parametrize("beside", [{}, {"leeway": "30s", "allow_bound": True}], ids=str)
def test_a_key_of_an_issuer_only_takes_away(
    tmp_path: Path, name: str, value: object, beside: dict[str, object]
) -> None:
    """What passes with the key passes without it, too."""
    others = {other: given for other, given in beside.items() if other != name}
    without = accepted(tmp_path, config(others, {}))
    assert accepted(tmp_path, config({**others, name: value}, {})) <= without


@pytest.mark.parametrize("name, value", pairs(POLICY_KEYS), ids=str)
@pytest.mark.parametrize("beside", [{}, {"optional": True}], ids=str)
def test_a_key_of_a_policy_only_takes_away(
    tmp_path: Path, name: str, value: object, beside: dict[str, object]
) -> None:
    """What passes with the key passes without it, too."""
    others = {other: given for other, given in beside.items() if other != name}
    without = accepted(tmp_path, config({}, others))
    assert accepted(tmp_path, config({}, {**others, name: value})) <= without


def test_what_opens(tmp_path: Path) -> None:
    """These keys, and no others of an issuer or a policy, let in what was refused without them."""
    base = accepted(tmp_path, config({}, {}))
    for name, value in ISSUER_OPENS.items():
        assert accepted(tmp_path, config({name: value}, {})) - base, name
    for name in POLICY_OPENS:
        assert accepted(tmp_path, config({}, {name: True})) - base, name


def test_one_more_rule_only_takes_away(tmp_path: Path) -> None:
    """Rules are all demanded: each further one leaves fewer tokens or the same."""
    rules = [
        {"claim": "sub", "any": ["user-1", "user-2"]},
        {"claim": "sub", "is": "user-1"},
        {"claim": "tenant", "exists": True},
        {"claim": "tenant", "is": "a"},
    ]
    left = accepted(tmp_path, config({}, {}))
    for count in range(1, len(rules) + 1):
        fewer = accepted(tmp_path, config({}, {"require": rules[:count]}))
        assert fewer < left
        left = fewer


POLICY: Final = "default: {issuers: [corp]}"
EMPTY: Final = {
    "issuers": "issuers: []\npolicies: {default: {issuers: [corp]}}\n",
    "policies": MINIMAL.partition("policies:")[0] + "policies: {}\n",
    "issuers[0].keys": MINIMAL.partition("    keys:")[0]
    + "    keys: []\n    audiences: [api]\npolicies: {default: {issuers: [corp]}}\n",
    "issuers[0].audiences": MINIMAL.replace("[api]", "[]"),
    "issuers[0].algorithms": MINIMAL.replace("[api]", "[api]\n    algorithms: []"),
    "issuers[0].token_types": MINIMAL.replace("[api]", "[api]\n    token_types: []"),
    "policies.default.issuers": MINIMAL.replace("[corp]", "[]"),
    "token.from": f"{MINIMAL}token: {{from: []}}\n",
    "routes[0].methods": f"{MINIMAL}routes: [{{methods: [], policy: default}}]\n"
    "original_request: {uri_header: X-Original-URL, trusted_proxies: [10.0.0.0/8]}\n",
    "original_request.trusted_proxies": f"{MINIMAL}"
    "original_request: {uri_header: X-Original-URL, trusted_proxies: []}\n",
}
"""By place, a file whose list there is empty."""


@pytest.mark.parametrize("place", EMPTY)
def test_an_empty_list_is_an_error(tmp_path: Path, place: str) -> None:
    """Nothing in a list could mean nobody or everybody: it is told, with what to write."""
    found = problems_of(tmp_path, EMPTY[place])
    assert any(f" {place}: expected at least one" in problem for problem in found), found


@pytest.mark.parametrize(
    "name, text",
    [
        ("routes", f"{MINIMAL}routes: []\n"),
        ("policies.default.require", MINIMAL.replace(POLICY, POLICY[:-1] + ", require: []}")),
    ],
)
def test_no_demand_is_told(tmp_path: Path, name: str, text: str) -> None:
    """An empty list of demands demands nothing, as templates write it; `check` says so."""
    notes = load_text(tmp_path, text).notes
    assert [note for note in notes if f" {name}: is empty" in note] != []


RULES: Final = (
    *("{claim: c, any: []}", "{claim: c, all: []}", "{claim: c, none: []}", "{scope: []}"),
    *("{any_of: []}", "{all_of: []}", "{not: {all_of: []}}", "{any_of: [{all_of: []}]}"),
    *("{claim: c}", "{}", "{claim: c, contains: []}", "{claim: c, is: []}", "{cel: ''}"),
)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_of_nothing_is_an_error(tmp_path: Path, rule: str) -> None:
    """A rule that would hold always or never is told when the file is read."""
    text = MINIMAL.replace(POLICY, f"{POLICY[:-1]}, require: [{rule}]}}")
    assert any("policies.default.require[0]" in problem for problem in problems_of(tmp_path, text))
