"""Options do what their names say: those that restrict only take away, and none is empty.

Leaving something out (`require_exp=False`) and letting something in (`allow_bound=True`) have
names of their own; those options are listed here as the ones that open.
"""

import inspect
import itertools
from typing import Any, Final

import pytest

import jwtfast
from tests.forge import AUDIENCE, ISSUER, NOW, claims, compact, public_jwk
from tests.verdict import ACCEPTED, gate_issuer, gate_settings, key, verdict

Options = dict[str, Any]


def corpus() -> list[str]:
    """Return tokens that differ in everything that an option looks at."""
    bodies = [
        claims(**dict(zip(("iss", "aud", "exp"), values, strict=True)))
        for values in itertools.product(
            (ISSUER, "https://other.example", ...),
            (AUDIENCE, ["web", AUDIENCE], "web", ...),
            (NOW + 60, NOW - 10, NOW, ...),
        )
    ]
    changes: list[dict[str, object]] = [
        {"tenant": "a"},
        {"tenant": "a", "exp": ...},
        {"tenant": None},
        {"sub": ...},
        {"jti": ...},
        {"iat": ...},
        {"iat": NOW, "exp": NOW + 10},
        {"iat": NOW + 20},
        {"nbf": NOW + 20},
        {"cnf": {"jkt": "x"}},
        {"events": {"urn:x:y": {}}},
        {"x": "y" * 2000},
    ]
    bodies += [claims(**change) for change in changes]
    tokens = [compact("HS256", body) for body in bodies]
    tokens += [compact("HS256", header={"typ": typ}) for typ in ("JWT", "at+jwt", "logout+jwt", "")]
    return [*tokens, compact("HS512"), compact("HS256", owner="strangers")]


TOKENS: Final = corpus()
KEY: Final = jwtfast.Key.from_jwk(public_jwk("HS256"))

BASES: Final[list[Options]] = [
    {},
    {"audience": jwtfast.ANY},
    {"issuer": ISSUER, "audience": AUDIENCE},
    {"audience": jwtfast.ANY, "require_exp": False, "allow_bound": True, "leeway": 30},
    {"audience": jwtfast.ANY, "require": ["tenant"], "token_types": ["JWT", "at+jwt"]},
    {"audience": jwtfast.ANY, "max_lifetime": 100, "cache_bytes": 1 << 20},
]
"""Verifiers to add one option to."""

RESTRICTS: Final[dict[str, list[Any]]] = {
    "issuer": [ISSUER, ["https://other.example"], [ISSUER, "https://other.example"]],
    "algorithms": [["HS256"], ["HS512"], ["HS256", "HS512"], ["HS256", "ES256"]],
    "leeway": [0],
    "require": [[], (), None, ["exp"], ["tenant"], ["tenant", "sub"], ["exp", "iat", "jti"], [""]],
    "require_exp": [True],
    "token_types": ["JWT", ["at+jwt"], ["JWT", "at+jwt"], ["x"]],
    "allow_bound": [False],
    "max_lifetime": [1, 10, 3600, 1e10],
    "max_token_bytes": [0, 10, 500, 65536],
    "cache_bytes": [0, 1 << 20],
}
"""By option, values that take nothing in beyond what passes where the option is left out."""

OPENS: Final[dict[str, list[Any]]] = {
    # Without it a token that names an audience is refused, for it was meant for another.
    "audience": [AUDIENCE, jwtfast.ANY],
    "leeway": [30],
    "require_exp": [False],
    "allow_bound": [True],
    "token_types": [["logout+jwt"]],
    "max_token_bytes": [1 << 20],
}
"""By option, values whose documented meaning is to let more in."""


def accepted(options: Options) -> set[str]:
    """Return the tokens that a verifier with these options accepts."""
    judge = jwtfast.Verifier(KEY, **options)
    # Twice: the cache, where there is one, changes nothing.
    verdicts = [[verdict(token, judge) for token in TOKENS] for _ in range(2)]
    assert verdicts[0] == verdicts[1]
    return {token for token, found in zip(TOKENS, verdicts[0], strict=True) if found == ACCEPTED}


def test_every_option_is_looked_at() -> None:
    """An option that is new here is listed as one that restricts, that opens, or both."""
    named = set(inspect.signature(jwtfast.Verifier).parameters) - {"keys"}
    assert set(RESTRICTS) | set(OPENS) == named


@pytest.mark.parametrize("base", BASES, ids=str)
@pytest.mark.parametrize(
    "name, value", [(n, v) for n, all_ in RESTRICTS.items() for v in all_], ids=str
)
def test_an_option_only_takes_away(name: str, value: object, base: Options) -> None:
    """What passes with an option passes without it."""
    without = {other: given for other, given in base.items() if other != name}
    assert accepted({**without, name: value}) <= accepted(without)


@pytest.mark.parametrize("base", BASES, ids=str)
def test_one_more_requirement_only_takes_away(base: Options) -> None:
    """Each further claim that is required leaves fewer tokens or the same, never more."""
    names = ["tenant", "sub", "iat", "exp", "jti"]
    found = [accepted({**base, "require": names[:count]}) for count in range(len(names) + 1)]
    assert all(more <= fewer for fewer, more in itertools.pairwise(found))
    assert found[0] == accepted({**base, "require": None})
    if base.get("require_exp", True):
        assert all(b"exp" in jwtfast.Verifier(KEY).verify_jws(token) for token in found[0])


def test_what_opens_opens() -> None:
    """Each of the options that open lets something in that is refused without it."""
    base: Options = {"audience": jwtfast.ANY, "max_token_bytes": 500}
    for name, values in OPENS.items():
        without = {other: given for other, given in base.items() if other != name}
        if name == "max_token_bytes":
            without[name] = 500
        for value in values:
            assert accepted({**without, name: value}) - accepted(without), name


@pytest.mark.parametrize("name", ["issuer", "audience", "algorithms", "token_types"])
@pytest.mark.parametrize("value", [[], ()], ids=str)
def test_an_empty_list_is_refused(name: str, value: object) -> None:
    """A list of nothing could mean nobody or everybody: it is an error."""
    with pytest.raises(ValueError, match=f"{name} is empty"):
        jwtfast.Verifier(KEY, **{name: value})  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["issuer", "audience", "token_types"])
def test_empty_text_is_a_name(name: str) -> None:
    """The empty text is a name like another: it takes what is called so, and nobody else."""
    judge = jwtfast.Verifier(KEY, **{"audience": AUDIENCE, name: ""})  # type: ignore[arg-type]
    passed = [verdict(token, judge) for token in TOKENS].count(ACCEPTED)
    assert passed == (1 if name == "token_types" else 0)


def test_empty_sets_and_keys() -> None:
    """No keys are no set, a JWKS without keys is none, and an empty secret is no secret."""
    for make in (
        lambda: jwtfast.KeySet([]),
        lambda: jwtfast.KeySet.from_jwks({"keys": []}),
        lambda: jwtfast.KeySet.from_jwks({"keys": [{"kty": "x"}]}, remote=True),
        lambda: jwtfast.Key.from_secret("", algorithm="HS256", allow_weak_hmac=True),
        lambda: jwtfast.Key.from_jwk({"kty": "oct", "k": ""}, allow_weak_hmac=True),
        lambda: jwtfast.Key.from_pem(""),
    ):
        with pytest.raises(jwtfast.InvalidKeyError):
            make()


def problems(**changes: object) -> list[tuple[str, str]]:
    """Return what a gate says against settings that are changed at the top."""
    try:
        jwtfast.Gate(gate_settings(**changes), {"corp": jwtfast.KeySet([key("HS256")])})
    except jwtfast.ConfigError as error:
        return error.errors
    return []


@pytest.mark.parametrize("name", ["algorithms", "audiences", "token_types"])
def test_a_gate_refuses_empty_lists_of_an_issuer(name: str) -> None:
    """The same lists are refused in a gate's document, with their place."""
    [(place, message)] = problems(issuers=[gate_issuer("corp", **{name: []})])
    assert (place, "at least one" in message) == (f"issuers[0].{name}", True)


@pytest.mark.parametrize("name", ["issuer", "audiences"])
def test_a_gate_is_told_what_is_not_compared(name: str) -> None:
    """That `iss` or `aud` is not compared is said by null, not by saying nothing."""
    issuer = {n: value for n, value in gate_issuer("corp").items() if n != name}
    [(_, message)] = problems(issuers=[issuer])
    assert f"missing field `{name}`" in message
    assert problems(issuers=[gate_issuer("corp", **{name: None})]) == []


@pytest.mark.parametrize(
    "require",
    [
        [],
        None,
        {},
        "",
        [[]],
        [{}],
        [{"claim": "c", "any": []}],
        [{"claim": "c", "all": []}],
        [{"claim": "c", "none": []}],
        [{"scope": []}],
        [{"any_of": []}],
        [{"all_of": []}],
        [{"not": {"any_of": []}}],
    ],
    ids=str,
)
def test_a_gate_refuses_empty_rules(require: object) -> None:
    """A policy without rules has no `require`; one with an empty rule does not begin to serve."""
    assert problems(policies={"default": {"issuers": ["corp"], "require": require}})


@pytest.mark.parametrize(
    "policy",
    [{"issuers": []}, {"issuers": None}, {}],
    ids=str,
)
def test_a_gate_refuses_policies_of_nobody(policy: object) -> None:
    """A policy names whom it believes."""
    assert problems(policies={"default": policy})


def test_a_gate_requires_more_and_never_less() -> None:
    """`require` of an issuer adds to `exp`; leaving `exp` out is said by `require_exp`."""
    for require, code in ((["tenant"], "missing_claim"), ([], "missing_claim")):
        issuer = gate_issuer("corp", require=require)
        settings = gate_settings(issuers=[issuer])
        gate = jwtfast.Gate(settings, {"corp": jwtfast.KeySet([key("HS256")])})
        bearer = compact("HS256", claims(exp=..., tenant="a"))
        decision = gate.decide(None, "GET", "", [("authorization", f"Bearer {bearer}")], now=NOW)
        assert decision.code == code


@pytest.mark.parametrize("leeway", [-1, -1e-9, 300.0001, 301, 1e12, 1e308])
def test_leeway_ends_in_a_gate_too(leeway: float) -> None:
    """More than 300 s, or less than none, is refused where the gate is built, with its place."""
    [(place, message)] = problems(issuers=[gate_issuer("corp", leeway=leeway)])
    assert (place, "at most 300" in message) == ("issuers[0].leeway", True)
    with pytest.raises(ValueError, match="leeway"):
        jwtfast.Verifier(KEY, leeway=leeway)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e400", "null", '"30"', "[]"])
@pytest.mark.parametrize("name", ["leeway", "max_lifetime"])
def test_no_number_is_no_limit(name: str, text: str) -> None:
    """What is no finite number never becomes a limit (a lifetime of null is none)."""
    document = gate_settings(issuers=[gate_issuer("corp", **{name: "PLACE"})])
    document = document.replace(b'"PLACE"', text.encode())
    keys = {"corp": jwtfast.KeySet([key("HS256")])}
    if (name, text) == ("max_lifetime", "null"):
        jwtfast.Gate(document, keys)
        return
    with pytest.raises(jwtfast.ConfigError):
        jwtfast.Gate(document, keys)


@pytest.mark.parametrize("seconds", [0, -1, -1e-9, float("nan"), float("inf"), -float("inf")])
def test_lifetimes_are_above_nothing(seconds: float) -> None:
    """A longest lifetime is finite and above 0, for a verifier and for a gate."""
    with pytest.raises(ValueError, match="max_lifetime"):
        jwtfast.Verifier(KEY, max_lifetime=seconds)
    if abs(seconds) <= 1:
        [(place, _)] = problems(issuers=[gate_issuer("corp", max_lifetime=seconds)])
        assert place == "issuers[0].max_lifetime"


@pytest.mark.parametrize("leeway", [0, 0.5, 300])
def test_leeways_that_are(leeway: float) -> None:
    """Up to five minutes are taken, to the second."""
    assert problems(issuers=[gate_issuer("corp", leeway=leeway)]) == []
    judge = jwtfast.Verifier(KEY, audience=AUDIENCE, leeway=leeway)
    token = compact("HS256", claims(exp=NOW))
    assert verdict(token, judge, now=NOW + leeway) == "token_expired"
    assert verdict(token, judge, now=NOW + leeway - 0.25) == ACCEPTED
