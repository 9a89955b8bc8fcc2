"""`query_overrides`: what the proxy writes into the query of /validate must hold too."""

from typing import Any

import pytest

from tests.conftest import Serve
from tests.processes import Server
from tests.routed import code_of, original_request
from tests.settings import standard, token

CLAIMS: dict[str, Any] = {
    "groups": ["dev", "ops"],
    "location": "hq",
    "realm_access": {"roles": ["editor"]},
    "odd.name": "dotted",
}
DENIED = (403, "policy_denied")
POLICIES = standard()["policies"] | {"guest": {"issuers": ["corp"], "optional": True}}


@pytest.fixture(scope="module", params=["asgi", "rsgi", "wsgi"])
def steered(request: pytest.FixtureRequest, serve: Serve) -> Server:
    """A service whose query steers."""
    return serve(interface=request.param, query_overrides=True, policies=POLICIES)


@pytest.mark.parametrize(
    "query",
    [
        "claims_location=hq",
        "claims_any_location=lab&claims_any_location=hq",
        "claims_any_groups=admin&claims_any_groups=ops",
        "claims_any_location=hq&claims_location=hq",
        "claims_groups=dev&claims_location=hq",
        "claims_realm_access.roles=editor",
        "claims_odd.name=dotted",
        "claims_%2Frealm_access%2Froles%2F0=editor",
        "claims_regexp_location=h.",
        "claims_regexp_groups=d.%2B",
        "claims_location=hq&claims_regexp_location=h.",
        "claims_regexp_location=x%7Ch.",
        "claims_location=h%71",
        "something=else&claim_location=x&CLAIMS_location=x",
    ],
)
def test_what_holds(steered: Server, query: str) -> None:
    """Each claim named must have one of its values, as text or by a pattern for the whole of it."""
    answer = steered.ask(target=f"/validate?{query}", token=token(**CLAIMS))

    assert (answer.status, answer.get("x-user")) == (200, "user-1")


@pytest.mark.parametrize(
    "query",
    [
        "claims_location=lab",
        "claims_location=HQ",
        "claims_location=",
        "claims_groups=dev&claims_location=lab",
        "claims_groups=dev,ops",
        "claims_any_location=lab&claims_any_location=here",
        "claims_any_location=lab&claims_any_location=hq&claims_location=lab",
        "claims_location=nowhere&claims_regexp_location=h.",
        "claims_location=hq&claims_regexp_location=x",
        "claims_absent=x",
        "claims_realm_access=editor",
        "claims_regexp_location=h",
        "claims_regexp_location=q",
        "claims_regexp_location=%28",
        "claims_=x",
        "claims_regexp_=x",
    ],
)
def test_what_does_not_hold(steered: Server, query: str) -> None:
    """Anything else is denied: a part of a value, a broken pattern, a name that is none."""
    answer = steered.ask(target=f"/validate?{query}", token=token(**CLAIMS))

    assert code_of(answer) == DENIED


def test_the_policy_holds_too(steered: Server) -> None:
    """A query adds demands; it takes none away."""
    stranger = token(**{**CLAIMS, "sub": "mallory"})

    assert code_of(steered.ask(target="/validate?claims_sub=mallory", token=stranger)) == DENIED


def test_a_bad_token_is_told_first(steered: Server) -> None:
    """Whoever sends a bad token hears of the token."""
    for bad, code in (("nonsense", "malformed_token"), (None, "missing_token")):
        answer = steered.ask(target="/validate?claims_location=%28", token=bad)
        assert code_of(answer) == (401, code)


def test_headers(steered: Server) -> None:
    """Claims are sent in the headers that the query names; empty where they are absent."""
    query = "headers_X-Location=location&headers_X-Roles=realm_access.roles&headers_X-None=absent"
    answer = steered.ask(target=f"/validate?{query}", token=token(**CLAIMS))

    assert answer.status == 200
    assert answer.get("x-location") == "hq"
    assert answer.get("x-roles") == '["editor"]'
    assert answer.get("x-none") == ""


@pytest.mark.parametrize(
    "query",
    [
        "headers_X-User=location",
        "headers_x-groups=location",
        "headers_X-A=sub&headers_X-A=location",
        "headers_Content-Length=location",
        "headers_X%0d%0aY=location",
        "headers_=location",
        "headers_X_User=location",
        "headers_x_user=location",
        "headers_X.User=location",
        "headers_X-A=sub&headers_x-a=location",
        "headers_Set-Cookie=location",
        "headers_Location=location",
        "headers_X-Accel-Redirect=location",
        "headers_X-Forwarded-For=location",
        "headers_Authorization=location",
    ],
)
def test_headers_that_cannot_be(steered: Server, query: str) -> None:
    """What the policy sends cannot be redefined, nor what belongs to HTTP."""
    assert code_of(steered.ask(target=f"/validate?{query}", token=token(**CLAIMS))) == DENIED


@pytest.mark.parametrize(
    "pasted",
    [
        "lab&claims_location=hq",
        "lab&claims%5Flocation=hq",
        "lab&claims_any_location=hq",
        "lab&claims_regexp_location=.*",
        "lab&claims_/location=hq",
        "lab;claims_location=hq",
        "lab%26claims_location=hq",
        "lab%00",
        "lab+hq",
        "lab%0a&claims_location=hq",
        "%ff&claims_location=hq",
        "&claims_location=hq",
        "hq&claims_location=hq",
        "hq&claims_location=lab",
        "hq&claims_sub=mallory",
        "hq&claims_groups=admin",
        "hq&claims_regexp_groups=admin",
        "hq&headers_X-User=location",
        "hq&headers_x_user=location",
    ],
)
def test_a_pasted_value_only_adds_demands(steered: Server, pasted: str) -> None:
    """Whatever a proxy pastes into `claims_location=`, a token of hq does not pass for lab's."""
    target = f"/validate?claims_groups=dev&claims_location={pasted}"
    assert code_of(steered.ask(target=target, token=token(**CLAIMS))) == DENIED


@pytest.mark.parametrize(
    "query,told",
    [
        ("claims_location=hq&claims_location=lab", "write claims_any_NAME for any of several"),
        ("claims_regexp_location=hq&claims_regexp_location=x", "write one pattern with |"),
        ("claims_location=%ff", "A parameter of the subrequest is not UTF-8."),
        ("headers_X-User=location", "The subrequest names a header that the policy sets."),
        ("headers_X-Accel-Redirect=location", "The subrequest names a header that cannot be sent."),
    ],
)
def test_what_a_query_is_told(steered: Server, query: str, told: str) -> None:
    """Who reads the answer learns what to write."""
    answer = steered.ask(target=f"/validate?{query}", token=token(**CLAIMS))

    assert code_of(answer) == DENIED
    assert told in (answer.get("www-authenticate") or "")


@pytest.mark.parametrize("target", ["/p/open", "/p/open/validate", "/p/default/a/b"])
def test_a_policy_in_the_path_is_not_steered(steered: Server, target: str) -> None:
    """There the query is the client's own: Envoy puts its path behind ours."""
    query = "claims_location=lab&claims_regexp_x=%28&headers_X-Evil=sub&headers_X-User=location"
    answer = steered.ask(target=f"{target}?{query}", token=token(**CLAIMS))

    assert answer.status == 200
    assert answer.get("x-evil") is None
    assert answer.get("x-user") in {None, "user-1"}


def test_off_by_default(service: Server) -> None:
    """Where nothing was configured a query is nothing."""
    query = "claims_location=lab&headers_X-Evil=sub"
    answer = service.ask(target=f"/validate?{query}", token=token(**CLAIMS))

    assert answer.status == 200
    assert answer.get("x-evil") is None


def test_nobody_has_no_claims(serve: Serve) -> None:
    """An optional policy lets nobody pass, but not where the query demands a claim."""
    guests = {"default": {**POLICIES["guest"], "identity": {"X-User": "sub"}}}
    server = serve(query_overrides=True, policies=guests)

    assert server.ask().status == 200
    assert server.ask(target="/validate?headers_X-Location=location").get("x-location") == ""
    for query in ("claims_location=hq", "claims_regexp_location=.*"):
        assert code_of(server.ask(target=f"/validate?{query}")) == (401, "missing_token")


def test_the_original_query_does_not_steer(serve: Serve) -> None:
    """Only the query of the subrequest counts, which the proxy's own configuration writes."""
    server = serve(
        query_overrides=True,
        routes=[{"path": "/", "policy": "open"}],
        original_request=original_request(),
    )
    headers = [("X-Original-URL", "http://x/?claims_location=lab&headers_X-Evil=sub")]
    answer = server.ask(headers=headers, token=token(**CLAIMS))

    assert answer.status == 200
    assert answer.get("x-evil") is None
    denied = server.ask(target="/validate?claims_location=lab", headers=headers, token=token())
    assert code_of(denied) == DENIED
