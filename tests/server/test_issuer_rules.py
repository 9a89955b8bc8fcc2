"""Rules and audience claims of an issuer: a token that misses them was not made for us."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

import jwtfast
from jwtfast_server.config import load
from tests.configs import load_text, problems_of
from tests.forge import NOW, claims, compact
from tests.settings import KID, standard

NAMED: Final = ["client_id", "azp"]

AUDIENCES: Final[list[tuple[object, Mapping[str, Any], str | None]]] = [
    ("client_id", {"aud": ..., "client_id": "us"}, None),
    ("client_id", {"aud": "them", "client_id": "us"}, None),
    ("client_id", {"aud": "us", "client_id": "them"}, "wrong_audience"),
    ("client_id", {"aud": "us"}, "missing_claim"),
    ("client_id", {"client_id": ["them", "us"]}, None),
    ("client_id", {"client_id": []}, "wrong_audience"),
    ("client_id", {"client_id": "US"}, "wrong_audience"),
    ("client_id", {"client_id": " us"}, "wrong_audience"),
    ("client_id", {"client_id": None}, "invalid_claim"),
    ("client_id", {"client_id": 7}, "invalid_claim"),
    ("client_id", {"client_id": {"us": "us"}}, "invalid_claim"),
    ("client_id", {"client_id": ["us", 7]}, "invalid_claim"),
    ("client_id", {"aud": 7, "client_id": "us"}, "invalid_claim"),
    (NAMED, {"aud": ..., "client_id": "us"}, None),
    (NAMED, {"aud": ..., "azp": "us"}, None),
    (NAMED, {"client_id": "us", "azp": "us"}, None),
    (NAMED, {"client_id": "us", "azp": "them"}, "wrong_audience"),
    (NAMED, {"client_id": "them", "azp": "us"}, "wrong_audience"),
    (NAMED, {"client_id": "us", "azp": []}, "wrong_audience"),
    (NAMED, {"client_id": "us", "azp": None}, "invalid_claim"),
    (NAMED, {"aud": "us"}, "missing_claim"),
    (["aud", "azp"], {"aud": "them", "azp": "us"}, "wrong_audience"),
    (["aud", "azp"], {"aud": ["them", "us"]}, None),
    ("a.b", {"a.b": "us"}, None),
    ("a.b", {"a": {"b": "us"}}, "missing_claim"),
    ("aud", {"aud": "us"}, None),
    ("aud", {"aud": []}, "wrong_audience"),
    (None, {"aud": []}, "wrong_audience"),
    (None, {"aud": "them", "client_id": "us"}, "wrong_audience"),
]
"""`audience_claim`, what a token says, and the code of its answer."""


def file_of(**keys: object) -> str:
    """A configuration of one issuer with these keys."""
    whole = standard()
    [issuer] = whole["issuers"]
    return orjson.dumps({"issuers": [issuer | keys], "policies": whole["policies"]}).decode()


def answers(
    directory: Path, keys: Mapping[str, object], change: Mapping[str, Any], policy: str = "open"
) -> jwtfast.Decision:
    """The answer to a token, which is the same however often it comes, and with no cache."""
    settings = load_text(directory, file_of(**keys))
    token = compact("ES256", claims(**change), {"kid": KID})
    headers = [("authorization", f"Bearer {token}")]
    found = []
    for cache in (None, jwtfast.TokenCache(1 << 20)):
        gate = jwtfast.Gate(settings.gate_settings(), settings.key_sets(), cache=cache)
        found += [gate.decide(policy, "GET", "", headers, now=NOW) for _ in range(3)]
    assert len({(one.status, one.code, one.detail) for one in found}) == 1
    return found[-1]


@pytest.mark.parametrize("named, change, code", AUDIENCES, ids=str)
def test_audience_claim(
    tmp_path: Path, named: object, change: Mapping[str, Any], code: str | None
) -> None:
    """One of the claims is there, and each that is there names one of the audiences."""
    keys = {"audiences": ["us"]} | ({} if named is None else {"audience_claim": named})
    decision = answers(tmp_path, keys, change)
    assert (decision.code, decision.status) == (code, 401 if code else 200)


def challenge(decision: jwtfast.Decision) -> str:
    """What a client is told."""
    return dict(decision.headers)["www-authenticate"]


@pytest.mark.parametrize("named", [None, "client_id"])
def test_for_nobody(tmp_path: Path, named: str | None) -> None:
    """An empty list is told apart from another audience, in the log and to the client."""
    keys = {"audiences": ["us"]} | ({} if named is None else {"audience_claim": named})
    claim = named or "aud"
    decision = answers(tmp_path, keys, {claim: []})
    text = f"The claim {claim} is an empty list: the token is meant for nobody."
    assert decision.detail == text
    assert f'error_description="wrong_audience: {text}"' in challenge(decision)
    assert text not in challenge(answers(tmp_path, keys, {claim: "them"}))


def test_a_name_that_breaks_a_header(tmp_path: Path) -> None:
    """The name of a claim is told to a client only where it stands safely in quotes."""
    keys = {"audiences": ["us"], "audience_claim": 'a"b\r\n'}
    decision = answers(tmp_path, keys, {'a"b\r\n': "them"})
    assert decision.code == "wrong_audience"
    assert challenge(decision).isprintable()
    assert 'a"b' not in challenge(decision)


RULES: Final[list[tuple[object, Mapping[str, Any], str | None]]] = [
    ({"claim": "use", "is": "access"}, {"use": "access"}, None),
    ({"claim": "use", "is": "access"}, {"use": "id"}, "wrong_audience"),
    ({"claim": "use", "is": "access"}, {}, "wrong_audience"),
    (
        [{"claim": "n", "ge": 2}, {"claim": "use", "is": "a"}],
        {"use": "a", "n": 1},
        "wrong_audience",
    ),
    ([{"claim": "n", "ge": 2}, {"claim": "use", "is": "a"}], {"use": "a", "n": 2}, None),
    ({"cel": "claims.a == claims.b"}, {"a": "x", "b": "x"}, None),
    ({"cel": "claims.a == claims.b"}, {"a": "x"}, "wrong_audience"),
    ({"not": {"claim": "use", "is": "id"}}, {"use": "id"}, "wrong_audience"),
    ({"scope": ["read"]}, {"scope": "read write"}, None),
    ({"scope": ["read"]}, {"scope": "write"}, "wrong_audience"),
    ({"claim": "n", "eq": 12345678901234567890123}, {"n": 12345678901234567890123}, None),
    ([], {}, None),
]
"""Rules of an issuer, what a token says, and the code of its answer."""


@pytest.mark.parametrize("rules, change, code", RULES, ids=str)
def test_rules(tmp_path: Path, rules: object, change: Mapping[str, Any], code: str | None) -> None:
    """Every rule holds, or the token is refused as one for another audience, kept or not."""
    text = file_of(require="RULES").replace('"RULES"', json.dumps(rules))
    path = tmp_path / "jwtfast.yaml"
    path.write_text(text)
    settings = load(path, {})
    body = json.dumps(claims(**change)).encode()
    token = compact("ES256", body, {"kid": KID})
    for cache in (None, jwtfast.TokenCache(1 << 20)):
        gate = jwtfast.Gate(settings.gate_settings(), settings.key_sets(), cache=cache)
        for _ in range(3):
            headers = [("authorization", f"Bearer {token}")]
            decision = gate.decide("open", "GET", "", headers, now=NOW)
            assert (decision.code, decision.status) == (code, 401 if code else 200)


def test_before_a_policy(tmp_path: Path) -> None:
    """An issuer's rule is asked first, and the policy's still."""
    keys = {"require": {"claim": "use", "is": "access"}}
    passes = {"use": "access", "groups": ["admin"]}
    assert answers(tmp_path, keys, passes, "admin").code is None
    assert answers(tmp_path, keys, {"groups": ["admin"]}, "admin").code == "wrong_audience"
    assert answers(tmp_path, keys, {"use": "access"}, "admin").code == "policy_denied"
    assert answers(tmp_path, keys, {}, "admin").code == "wrong_audience"


def test_what_is_told(tmp_path: Path) -> None:
    """The log says which rule, and a client what the rule's message says, or nothing of it."""
    bare = {"require": [{"claim": "sub", "exists": True}, {"claim": "use", "is": "access"}]}
    decision = answers(tmp_path, bare, {})
    assert decision.detail == "The rule require[1] of the issuer does not hold."
    assert "require" not in challenge(decision)
    told = {"require": {"claim": "use", "is": "access", "message": "access tokens only"}}
    decision = answers(tmp_path, told, {})
    assert decision.detail == "access tokens only"
    assert 'error_description="wrong_audience: access tokens only"' in challenge(decision)


def test_each_issuer_has_its_own(tmp_path: Path) -> None:
    """The rules of one issuer are not asked of another's tokens."""
    whole = standard()
    [corp] = whole["issuers"]
    other = {**corp, "name": "other", "issuer": "https://other.example"}
    issuers = [corp | {"require": {"claim": "use", "is": "access"}}, other]
    policies = {"default": {"issuers": ["corp", "other"]}}
    settings = load_text(
        tmp_path, orjson.dumps({"issuers": issuers, "policies": policies}).decode()
    )
    gate = jwtfast.Gate(settings.gate_settings(), settings.key_sets())
    for iss, code in ((corp["issuer"], "wrong_audience"), (other["issuer"], None)):
        token = compact("ES256", claims(iss=iss), {"kid": KID})
        headers = [("authorization", f"Bearer {token}")]
        assert gate.decide(None, "GET", "", headers, now=NOW).code == code


@pytest.mark.parametrize(
    "keys, place, text",
    [
        ({"audience_claim": []}, "audience_claim", "expected at least one"),
        ({"audience_claim": ["azp", "azp"]}, "audience_claim[1]", "each once"),
        ({"audience_claim": "azp", "audiences": "any"}, "audience_claim", "take any"),
        ({"require": {"cel": "request.path == '/a'"}}, "require.cel", "claims alone"),
        ({"require": {"cel": "request.headers['x'] == 'a'"}}, "require.cel", "claims alone"),
        (
            {"require": {"not": {"all_of": [{"cel": "claims.a == request.method"}]}}},
            "require.not.all_of[0].cel",
            "claims alone",
        ),
        ({"require": {"claim": "a", "iz": "b"}}, "require.iz", "unknown operator"),
        ({"require": "access"}, "require", "expected a mapping"),
    ],
    ids=str,
)
@pytest.mark.parametrize("beside", [{}, {"leeway": "10m"}], ids=["alone", "beside another"])
def test_problems(
    tmp_path: Path, keys: Mapping[str, object], place: str, text: str, beside: Mapping[str, object]
) -> None:
    """What cannot hold is told at load with its place; rules also where more is wrong."""
    found = problems_of(tmp_path, file_of(**keys, **beside))
    if not beside or place.startswith("require"):
        assert any(f"issuers[0].{place}: " in one and text in one for one in found), found
    assert len(found) == 1 + len(beside) or not place.startswith("require")


def test_notes(tmp_path: Path) -> None:
    """An empty list of rules is noted, as that of a policy is."""
    notes = load_text(tmp_path, file_of(require=[])).notes
    assert any("issuers[0].require: is empty" in note for note in notes)
