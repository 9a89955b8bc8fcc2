"""The files of nginx-subrequest-auth-jwt: an unchanged one is read as that service reads it."""

from pathlib import Path

import orjson
import pytest

from jwtfast_server.config import Settings
from jwtfast_server.keygen import generate
from tests.configs import LEGACY, load_text, problems_of

QUERY = LEGACY.replace("static", "queryString").partition("claims:")[0]


def rules(settings: Settings) -> object:
    """What the gate is told to require."""
    return orjson.loads(settings.gate_settings())["policies"]["default"].get("require", [])


def indented(pem: str) -> str:
    """A PEM as it stands in a YAML block."""
    return "".join(f"      {line}" for line in pem.splitlines(keepends=True))


def test_static(tmp_path: Path) -> None:
    """Any set passes; in a set every claim has one of its values; names and values are text."""
    settings = load_text(tmp_path, LEGACY)
    assert (settings.mode, settings.claims_source, settings.notes) == ("legacy", "static", ())
    first = [
        {"claim": {"name": "group"}, "any": ["developers", "administrators"]},
        {"claim": {"name": "location"}, "any": ["hq"]},
    ]
    second = [{"claim": {"name": "level"}, "any": ["1", "true", "007", "0x10"]}]
    assert rules(settings) == [{"any_of": [{"all_of": first}, {"all_of": second}]}]


def test_gate(tmp_path: Path) -> None:
    """No issuer, no audience, no leeway, `exp` optional; and its answers."""
    gate = orjson.loads(load_text(tmp_path, LEGACY).gate_settings())
    (issuer,) = gate["issuers"]
    assert gate["mode"] == "legacy"
    assert gate["query_overrides"] is None
    assert gate["token"] == [{"header": "Authorization", "scheme": "Bearer"}]
    assert {key: issuer[key] for key in ("issuer", "audiences", "leeway", "require_exp")} == {
        "issuer": None,
        "audiences": None,
        "leeway": {"exp": 0, "nbf": 0, "iat": 0},
        "require_exp": False,
    }


def test_query(tmp_path: Path) -> None:
    """In query mode the request's query says what is required, and must say something."""
    settings = load_text(tmp_path, QUERY)
    gate = orjson.loads(settings.gate_settings())
    assert (settings.mode, settings.claims_source, rules(settings)) == ("legacy", "queryString", [])
    assert gate["query_overrides"] == {"claims": True, "required": True, "names_only": True}


def test_all_keys_are_used(tmp_path: Path) -> None:
    """Every key serves, not only the first; the PEM says what it is, not the type beside it."""
    others = "".join(
        f"  - type: ecPublicKey\n    key: |\n{indented(generate(algorithm).public['public.pem'])}"
        for algorithm in ("RS256", "Ed25519")
    )
    text = QUERY.replace("claimsSource", f"{others}claimsSource")
    (keys,) = load_text(tmp_path, text).key_sets().values()
    assert [key.algorithms[0] for key in keys or ()] == ["ES256", "RS256", "EdDSA"]


@pytest.mark.parametrize("name", ["ecPublicKey", "rsaPublicKey", "ed25519PublicKey"])
def test_types(tmp_path: Path, name: str) -> None:
    """Elliptic curves as there, RSA and Ed25519 beside them."""
    assert problems_of(tmp_path, QUERY.replace("ecPublicKey", name)) == []


@pytest.mark.parametrize("empty", ["- {}", "-"])
def test_empty_set(tmp_path: Path, empty: str) -> None:
    """A set without claims passes every good token, as there, but that is noted."""
    settings = load_text(tmp_path, f"{LEGACY}  {empty}\n")
    assert rules(settings) == []
    assert [note.partition("claims: ")[2] for note in settings.notes] == [
        "an empty set lets every good token pass"
    ]


def test_unknown_keys(tmp_path: Path) -> None:
    """A key that service did not know was ignored, so it still is; but that is noted."""
    settings = load_text(tmp_path, f"{LEGACY}comment: ours\n")
    assert [note.rpartition("/")[2] for note in settings.notes] == [
        "jwtfast.yaml:13: comment: unknown key, ignored"
    ]


def test_claims_in_query_mode(tmp_path: Path) -> None:
    """Claims in the file have no meaning in query mode; that is noted."""
    settings = load_text(tmp_path, LEGACY.replace("static", "queryString"))
    assert rules(settings) == []
    assert len(settings.notes) == 1


def test_variables_and_flags(tmp_path: Path) -> None:
    """What is not in such a file can still be set, by variable or flag."""
    settings = load_text(tmp_path, LEGACY, {"JWTFAST_WORKERS": "3"}, {"listen": ":8080"})
    assert (settings.workers, settings.listen.port, settings.mode) == (3, 8080, "legacy")


KEYS = LEGACY.partition("claimsSource")[0]


@pytest.mark.parametrize(
    "old,new,problem",
    [
        ("static", "header", "8: claimsSource: expected 'static' or 'queryString', found 'header'"),
        ("claimsSource: static\n", "", "1: claimsSource: must be given: 'static' or 'queryString'"),
        ("ecPublicKey", "dsaPublicKey", "2: validationKeys[0].type: expected 'ecPublicKey', 'rsa"),
        ("type: ec", "tpye: ec", "2: validationKeys[0].type: must be given: 'ecPublicKey', 'rsa"),
        (KEYS, "", "1: validationKeys: must be given: a list of public keys"),
        (KEYS, "validationKeys: []\n", "1: validationKeys: expected at least one, found an empty"),
        ("[hq]", "hq", "11: claims[0].location: expected a list, found 'hq'"),
        ("[hq]", "[]", "11: claims[0].location: expected at least one value: without one, no toke"),
        (
            "claims:",
            "policies: {}\nclaims:",
            "9: policies: belongs to a jwtfast.yaml, which has no",
        ),
        ("[hq]", "[{a: b}]", "11: claims[0].location[0]: expected text, found a mapping"),
    ],
)
def test_problems(tmp_path: Path, old: str, new: str, problem: str) -> None:
    """What would not start there does not start here, and says where and why."""
    assert old in LEGACY
    found = problems_of(tmp_path, LEGACY.replace(old, new))
    assert [text[: len(f"jwtfast.yaml:{problem}")] for text in found] == [f"jwtfast.yaml:{problem}"]


@pytest.mark.parametrize("claims", ["", "claims: []\n", "claims:\n"])
def test_static_without_claims(tmp_path: Path, claims: str) -> None:
    """Static mode without any claims does not start, as there."""
    (problem,) = problems_of(tmp_path, LEGACY.partition("claims:")[0] + claims)
    assert problem.endswith(
        "claims: expected at least one set of claims where claimsSource is static"
    )


def test_all_at_once(tmp_path: Path) -> None:
    """Keys that cannot be used and settings that cannot hold are told together."""
    text = LEGACY.replace("static", "header").replace("-----BEGIN PUBLIC", "-----BEGIN PUBLC")
    found = problems_of(tmp_path, text, {"JWTFAST_LISTN": "x"})
    assert [problem.split(": ")[:2] for problem in found] == [
        ["JWTFAST_LISTN", "unknown setting, did you mean JWTFAST_LISTEN?"],
        ["jwtfast.yaml:3", "validationKeys[0].key"],
        ["jwtfast.yaml:8", "claimsSource"],
    ]
