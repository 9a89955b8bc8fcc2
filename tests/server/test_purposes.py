"""Over the wire: bound tokens, tokens of another purpose and times in milliseconds are a 401."""

import json
from typing import Final

import pytest

from tests.conftest import Serve
from tests.forge import NOW, claims, compact
from tests.processes import Server
from tests.settings import KID, standard, token

LOGOUT: Final = "http://schemas.openid.net/event/backchannel-logout"
TARGETS: Final = ("/validate", "/p/open", "/p/optional", "/p/shadow")


def typed(typ: str) -> str:
    """A good token of a type."""
    return compact("ES256", claims(), {"kid": KID, "typ": typ})


CASES: Final = {
    "DPoP": (token(cnf={"jkt": "x"}), "wrong_token_type"),
    "mTLS": (token(cnf={"x5t#S256": "x"}), "wrong_token_type"),
    "null": (token(cnf=None), "wrong_token_type"),
    "logout": (typed("logout+jwt"), "wrong_token_type"),
    "event": (typed("application/secevent+jwt"), "wrong_token_type"),
    "untyped logout": (token(events={LOGOUT: {}}), "wrong_token_type"),
    "exp": (token(exp=NOW * 1000), "invalid_claim"),
    "nbf": (token(nbf=NOW * 1000), "invalid_claim"),
    "iat": (token(iat=NOW * 1000), "invalid_claim"),
    "access": (typed("at+JWT"), None),
    "plain": (typed("JWT"), None),
}


@pytest.fixture(scope="module", params=["asgi", "rsgi", "wsgi"])
def server(request: pytest.FixtureRequest, serve: Serve) -> Server:
    """The service with policies that let in as much as policies can."""
    whole = standard()
    policies = whole["policies"] | {
        "optional": {"issuers": ["corp"], "optional": True},
        "shadow": {"issuers": ["corp"], "shadow": True, "identity": {"X-User": "sub"}},
    }
    return serve(interface=request.param, policies=policies)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("case", CASES)
def test_every_policy_refuses_them(server: Server, case: str, target: str) -> None:
    """No policy, path or number of times lets one in; in shadow mode nobody passes with it."""
    bearer, code = CASES[case]
    for _ in range(3):
        answer = server.ask("GET", target, token=bearer)
        if target == "/p/shadow":
            assert (answer.status, answer.get("x-user")) == (200, "" if code else "user-1")
        elif code:
            assert (answer.status, json.loads(answer.body)["code"]) == (401, code)
            assert f"{code}:" in str(answer.get("www-authenticate"))
        else:
            assert answer.status == 200


def test_what_an_issuer_allows(serve: Serve) -> None:
    """`allow_bound` takes bound tokens and no others, `token_types` the types that it names."""
    whole = standard()
    whole["issuers"][0] |= {"allow_bound": True, "token_types": ["logout+jwt", "JWT"]}
    server = serve(issuers=whole["issuers"])
    bound = compact("ES256", claims(cnf={"jkt": "x"}), {"kid": KID, "typ": "JWT"})
    found = [
        server.ask("GET", "/p/open", token=bearer).status
        for bearer in (bound, typed("logout+jwt"), typed("secevent+jwt"), typed("at+jwt"))
    ]
    assert found == [200, 200, 401, 401]
