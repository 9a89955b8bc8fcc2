"""Who the issuer is: a list, a name that a claim fills, and keys that are of one issuer alone."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

import jwtfast
from tests.configs import load_text, problems_of
from tests.forge import NOW, claims, compact, public_jwk
from tests.settings import KID, standard

TENANT: Final = "00000000-0000-0000-0000-000000000001"
URL: Final = "https://login.example/{tid}/v2.0"


def url(tid: str) -> str:
    """The `iss` of a tenant."""
    return URL.replace("{tid}", tid)


def file_of(*issuers: Mapping[str, object], jwk: Mapping[str, object] | None = None) -> str:
    """A configuration of issuers with these keys, all of which one policy believes."""
    key = public_jwk("ES256", kid=KID, alg="ES256") | dict(jwk or {})
    base = {"audiences": "any", "keys": {"jwks": {"keys": [key]}}}
    whole = [base | {"name": f"i{index}"} | dict(one) for index, one in enumerate(issuers)]
    policies = {"default": {"issuers": [one["name"] for one in whole]}}
    return orjson.dumps({"issuers": whole, "policies": policies}).decode()


def codes(directory: Path, text: str, change: Mapping[str, Any]) -> str | None:
    """The answer to a token, the same with and without a cache, however often it comes."""
    settings = load_text(directory, text)
    token = compact("ES256", claims(**change), {"kid": KID})
    headers = [("authorization", f"Bearer {token}")]
    found = []
    for cache in (None, jwtfast.TokenCache(1 << 20)):
        gate = jwtfast.Gate(settings.gate_settings(), settings.key_sets(), cache=cache)
        found += [gate.decide(None, "GET", "", headers, now=NOW).code for _ in range(3)]
    assert len(set(found)) == 1
    return found[0]


PLAIN: Final = [TENANT, "a", "a.b", "x" * 128, "a:b", "~", "A"]
ODD: Final = [
    "",
    "x" * 129,
    "a/b",
    "a?b",
    "a#b",
    "a%2fb",
    "a\\b",
    "a b",
    "a\tb",
    "a\u0000b",
    "\u00e9",
    "a/../b",
]


@pytest.mark.parametrize("beside", [[], [{"issuer": "https://other.example"}]], ids=["one", "two"])
@pytest.mark.parametrize("value", PLAIN + ODD)
def test_a_claim_fills_it(tmp_path: Path, value: str, beside: list[Mapping[str, object]]) -> None:
    """The claim is what stands in `iss`; what could change the URL's meaning stands for nothing."""
    text = file_of({"issuer": URL}, *beside)
    expected = None if value in PLAIN else "wrong_issuer"
    assert codes(tmp_path, text, {"iss": url(value), "tid": value}) == expected
    assert codes(tmp_path, text, {"iss": url(value), "tid": "other"}) == "wrong_issuer"
    assert codes(tmp_path, text, {"iss": url(value)}) == "wrong_issuer"


@pytest.mark.parametrize(
    "change",
    [
        {"iss": url(TENANT), "tid": [TENANT]},
        {"iss": url(TENANT), "tid": None},
        {"iss": url(TENANT).upper(), "tid": TENANT.upper()},
        {"iss": f"{url(TENANT)}/", "tid": TENANT},
        {"iss": f" {url(TENANT)}", "tid": TENANT},
        {"iss": "https://login.example//v2.0", "tid": ""},
        {"iss": "https://login.example/v2.0", "tid": ""},
        {"iss": URL, "tid": TENANT},
        {"iss": "https://login.example/v2.0", "tid": TENANT},
        {"iss": url("1"), "tid": 1},
    ],
    ids=str,
)
def test_nearly(tmp_path: Path, change: Mapping[str, Any]) -> None:
    """What is nearly the name is another one."""
    assert codes(tmp_path, file_of({"issuer": URL}), change) == "wrong_issuer"


def test_values(tmp_path: Path) -> None:
    """A list of values takes these, to the letter."""
    text = file_of({"issuer": URL, "issuer_values": ["a", "b"]})
    for value, code in {"a": None, "b": None, "A": "wrong_issuer", "c": "wrong_issuer"}.items():
        assert codes(tmp_path, text, {"iss": url(value), "tid": value}) == code


def test_a_list(tmp_path: Path) -> None:
    """Each of several names is the issuer, and what is in none is not."""
    names = ["https://a.example", "accounts.example", URL]
    text = file_of({"issuer": names})
    for iss, code in {
        "https://a.example": None,
        "accounts.example": None,
        url("x"): None,
        "https://b.example": "wrong_issuer",
        "https://a.example accounts.example": "wrong_issuer",
    }.items():
        assert codes(tmp_path, text, {"iss": iss, "tid": "x"}) == code


OWN: Final[list[tuple[object, Mapping[str, Any], str | None]]] = [
    (url(TENANT), {"iss": url(TENANT), "tid": TENANT}, None),
    (url(TENANT), {"iss": url("a"), "tid": "a"}, "wrong_issuer"),
    ("https://login.example/{tenantid}/v2.0", {"iss": url("a"), "tid": "a"}, None),
    ("https://login.example/{tid}/v2.0", {"iss": url("a"), "tid": "a"}, None),
    ("https://login.example/{oid}/v2.0", {"iss": url("a"), "tid": "a"}, "wrong_issuer"),
    ("https://elsewhere.example/{tenantid}", {"iss": url("a"), "tid": "a"}, "wrong_issuer"),
    ("", {"iss": url("a"), "tid": "a"}, "wrong_issuer"),
    (None, {"iss": url("a"), "tid": "a"}, None),
]
"""The member `issuer` of a JWK, what a token says, and the code of its answer."""


@pytest.mark.parametrize("issuer", [URL, "any"])
@pytest.mark.parametrize("own, change, code", OWN, ids=str)
def test_a_key_of_one_issuer(
    tmp_path: Path, issuer: str, own: object, change: Mapping[str, Any], code: str | None
) -> None:
    """A key whose document says whose it is signs for nobody else, whatever `iss` is taken."""
    assert codes(tmp_path, file_of({"issuer": issuer}, jwk={"issuer": own}), change) == code


def test_a_key_of_one_issuer_and_no_iss(tmp_path: Path) -> None:
    """Nor for a token that names nobody."""
    text = file_of({"issuer": "any"}, jwk={"issuer": url(TENANT)})
    assert codes(tmp_path, text, {"iss": ..., "tid": TENANT}) == "wrong_issuer"


def test_the_library_too() -> None:
    """A verifier holds such a key to its issuer as well."""
    jwk = public_jwk("ES256", alg="ES256", issuer="https://a.example")
    judge = jwtfast.Verifier(jwtfast.Key.from_jwk(jwk), audience=jwtfast.ANY)
    judge.verify(compact("ES256", claims(iss="https://a.example")), now=NOW)
    with pytest.raises(jwtfast.TokenError) as found:
        judge.verify(compact("ES256", claims(iss="https://b.example")), now=NOW)
    assert found.value.code == "wrong_issuer"


def test_revoked_by_issuer(tmp_path: Path) -> None:
    """A revocation of a key for one `iss` holds where a claim fills the name."""
    settings = load_text(tmp_path, file_of({"issuer": URL}))
    revoked = jwtfast.RevocationList()
    gate = jwtfast.Gate(settings.gate_settings(), settings.key_sets(), revocation=[revoked])
    token = compact("ES256", claims(iss=url("a"), tid="a"), {"kid": KID})
    headers = [("authorization", f"Bearer {token}")]
    for iss, code in {url("a"): "token_revoked", "https://b.example": None}.items():
        entry = {"kid": KID, "iss": iss}
        revoked.replace(orjson.dumps({"revoked": [entry]}))
        assert gate.decide(None, "GET", "", headers, now=NOW).code == code


@pytest.mark.parametrize(
    "issuers, place, text",
    [
        ([{"issuer": "https://x/{}/"}], "issuers[0].issuer", "one claim in braces"),
        ([{"issuer": "https://x/{tid"}], "issuers[0].issuer", "one claim in braces"),
        ([{"issuer": "https://x/tid}"}], "issuers[0].issuer", "one claim in braces"),
        ([{"issuer": "https://x/{a}/{b}"}], "issuers[0].issuer", "one claim in braces"),
        ([{"issuer": ["https://x", "https://x/{a}{b}"]}], "issuers[0].issuer[1]", "one claim"),
        ([{"issuer": []}], "issuers[0].issuer", "at least one"),
        ([{"issuer": ["any", "https://x"]}], "issuers[0].issuer", "the word `any` alone"),
        ([{"issuer": "https://x", "issuer_values": ["a"]}], "issuers[0].issuer_values", "braces"),
        ([{"issuer": URL, "issuer_values": ["a/b"]}], "issuers[0].issuer", "is not plain"),
        ([{"issuer": URL}, {"issuer": url("a")}], "policies.default.issuers", "told apart"),
        ([{"issuer": URL}, {"issuer": URL}], "policies.default.issuers", ""),
        (
            [{"issuer": URL}, {"issuer": "https://login.example/{x}"}],
            "policies.default.issuers",
            "told apart",
        ),
        (
            [{"issuer": ["https://a", "https://b"]}, {"issuer": ["https://c", "https://b"]}],
            "policies.default.issuers",
            "told apart",
        ),
        (
            [{"issuer": URL, "issuer_values": ["a"]}, {"issuer": [url("b"), url("a")]}],
            "policies.default.issuers",
            "told apart",
        ),
        (
            [{"issuer": URL, "issuer_values": ["a", "b"]}, {"issuer": URL, "issuer_values": "b"}],
            "policies.default.issuers",
            "",
        ),
    ],
    ids=str,
)
def test_problems(
    tmp_path: Path, issuers: list[Mapping[str, object]], place: str, text: str
) -> None:
    """A name without its claim, and issuers that no token could tell apart, are told at load."""
    found = problems_of(tmp_path, file_of(*issuers))
    assert any(f": {place}" in one and text in one for one in found), found


@pytest.mark.parametrize(
    "issuers",
    [
        [{"issuer": URL, "issuer_values": ["a"]}, {"issuer": url("b")}],
        [{"issuer": URL, "issuer_values": ["a"]}, {"issuer": URL, "issuer_values": ["b"]}],
        [{"issuer": URL}, {"issuer": "https://login.example/{tid}/v1.0"}],
        [{"issuer": ["https://a", "https://b"]}, {"issuer": "https://c"}],
    ],
    ids=str,
)
def test_told_apart(tmp_path: Path, issuers: list[Mapping[str, object]]) -> None:
    """Names that no `iss` can share stand in one policy."""
    load_text(tmp_path, file_of(*issuers))


@pytest.mark.parametrize("name", [URL, ["https://a", "https://b"], "any"], ids=str)
def test_discovery_needs_one(tmp_path: Path, name: object) -> None:
    """Where no one URL is the issuer's, discovery cannot start, and is told what to write."""
    found = problems_of(tmp_path, file_of({"issuer": name, "keys": {"discovery": True}}))
    assert any("discovery needs the URL of the issuer" in one for one in found)


def test_one_in_a_list(tmp_path: Path) -> None:
    """A list of one is that one, for discovery too."""
    whole = standard()
    [corp] = whole["issuers"]
    keys = {"issuer": [corp["issuer"]], "keys": {"discovery": True}}
    text = orjson.dumps(whole | {"issuers": [corp | keys]}).decode()
    assert load_text(tmp_path, text).issuers[0].url == corp["issuer"]
