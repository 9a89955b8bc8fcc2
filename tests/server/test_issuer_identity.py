"""Identity headers of an issuer: beside the policy's own, sent always, empty for other issuers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import orjson
import pytest

import jwtfast
from tests.configs import load_text, problems_of
from tests.forge import AUDIENCE, NOW, claims, compact, public_jwk
from tests.settings import KID

PEOPLE: Final = {"X-User": "email", "X-Client": "azp", "X-Team": "team"}
MACHINES: Final = {"X-User": "client_id", "X-Job": {"claim": "jobs", "as": "csv"}}
SAYS: Final = {"email": "a@b", "azp": "app", "team": "t", "client_id": "m", "jobs": ["j", "k"]}


def file_of(
    people: Mapping[str, object] = PEOPLE, policy: Mapping[str, object] | None = None
) -> str:
    """A configuration of two issuers with these headers, and one policy."""
    base = {
        "audiences": AUDIENCE,
        "keys": {"jwks": {"keys": [public_jwk("ES256", kid=KID, alg="ES256")]}},
    }
    issuers = [
        {"name": "people", "issuer": "https://people", "identity": people, **base},
        {"name": "machines", "issuer": "https://machines", "identity": MACHINES, **base},
        {"name": "others", "issuer": "https://others", **base},
    ]
    default: dict[str, object] = {
        "issuers": ["people", "machines", "others"],
        "identity": {"X-Team": "sub"},
    }
    default |= dict(policy or {})
    return orjson.dumps({"issuers": issuers, "policies": {"default": default}}).decode()


def identity(decision: jwtfast.Decision) -> Mapping[str, str]:
    """What is told of whom."""
    return {name: value for name, value in decision.headers if name.startswith("x-")}


NOBODY: Final = {"x-team": "", "x-user": "", "x-client": "", "x-job": ""}
TOLD: Final[Mapping[str, Mapping[str, str]]] = {
    "people": NOBODY | {"x-team": "user-1", "x-user": "a@b", "x-client": "app"},
    "machines": NOBODY | {"x-team": "user-1", "x-user": "m", "x-job": "j,k"},
    "others": NOBODY | {"x-team": "user-1"},
}
"""By issuer, what a token that has all claims is told as."""


@pytest.mark.parametrize("cached", [False, True], ids=["not cached", "cached"])
def test_each_has_its_own(tmp_path: Path, *, cached: bool) -> None:
    """All names are sent with every answer; the policy's own win over an issuer's."""
    settings = load_text(tmp_path, file_of())
    cache = jwtfast.TokenCache(1 << 20) if cached else None
    gate = jwtfast.Gate(settings.gate_settings(), settings.key_sets(), cache=cache)
    for _ in range(4):
        for name, told in TOLD.items():
            token = compact("ES256", claims(iss=f"https://{name}", **SAYS), {"kid": KID})
            headers = [("authorization", f"Bearer {token}")]
            assert identity(gate.decide(None, "GET", "", headers, now=NOW)) == told


@pytest.mark.parametrize("policy", [{"optional": True}, {"shadow": True}], ids=str)
def test_nobody(tmp_path: Path, policy: Mapping[str, object]) -> None:
    """Nobody is told with every name, empty: no client's own header passes."""
    settings = load_text(tmp_path, file_of(policy=policy))
    gate = jwtfast.Gate(settings.gate_settings(), settings.key_sets())
    decision = gate.decide(None, "GET", "", [], now=NOW)
    assert (decision.status, identity(decision)) == (200, NOBODY)


def test_one_issuer_in_two_policies(tmp_path: Path) -> None:
    """What a policy sends depends on its own issuers alone."""
    whole = orjson.loads(file_of())
    whole["policies"]["alone"] = {"issuers": ["people"]}
    settings = load_text(tmp_path, orjson.dumps(whole).decode())
    gate = jwtfast.Gate(settings.gate_settings(), settings.key_sets())
    token = compact("ES256", claims(iss="https://people", **SAYS), {"kid": KID})
    headers = [("authorization", f"Bearer {token}")]
    told = identity(gate.decide("alone", "GET", "", headers, now=NOW))
    assert told == {"x-user": "a@b", "x-client": "app", "x-team": "t"}


@pytest.mark.parametrize(
    "people, policy, place",
    [
        ({"Set-Cookie": "sub"}, {}, "issuers[0].identity.Set-Cookie"),
        ({"X-User": {"claim": "sub", "as": "xml"}}, {}, "issuers[0].identity.X-User.as"),
        ({"x-user": "sub", "X-User": "email"}, {}, "issuers[0].identity.x-user"),
        ({"X_User": "sub"}, {}, "policies.default.identity"),
        ({"X-Client": "sub"}, {"identity": {"X_Client": "sub"}}, "policies.default.identity"),
    ],
    ids=str,
)
def test_problems(
    tmp_path: Path, people: Mapping[str, object], policy: Mapping[str, object], place: str
) -> None:
    """A header that cannot be sent, or stands twice under two names, is told at load."""
    found = problems_of(tmp_path, file_of(people, policy))
    assert any(f": {place}: " in one for one in found), found


def test_all_together_are_bounded(tmp_path: Path) -> None:
    """The names of all issuers count for what an answer may take."""
    many = {f"X-{index}-{'n' * 50}": "sub" for index in range(6)}
    whole = orjson.loads(file_of(many)) | {"max_identity_bytes": 256}
    found = problems_of(tmp_path, orjson.dumps(whole).decode())
    assert any("policies.default.identity: the names alone take" in one for one in found), found
