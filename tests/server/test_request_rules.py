"""CEL rules that look at the request: asked each time anew, and a denial where it is in doubt."""

import random
from collections.abc import Mapping
from typing import Any, Final

import pytest

import jwtfast
from tests.conftest import Serve
from tests.forge import NOW, claims, compact
from tests.processes import Server
from tests.routed import code_of, original_request
from tests.settings import token
from tests.verdict import gate_settings, key

NAMES: Final = ["X-Tenant", "X-Other"]
ORIGINAL: Final = {
    "uri_header": "X-Original-URI",
    "host_header": "X-Original-Host",
    "method_header": "X-Original-Method",
}
EXPRESSIONS: Final = {
    "host": "request.host == claims.tenant + '.example'",
    "path": "request.path.startsWith('/' + claims.tenant + '/')",
    "method": "request.method == 'GET' || claims.tenant == 'a'",
    "header": "request.headers['x-tenant'] == claims.tenant",
    "field": "request.headers.`x-tenant` == claims.tenant",
    "maybe": "request.headers[?'x-tenant'].orValue(claims.tenant) == claims.tenant",
    "loop": "[claims.tenant].exists(t, t == request.headers['x-tenant'])",
    "default": "claims.?absent.orValue(request.headers['x-tenant']) == claims.tenant",
    "choice": "has(request.headers.`x-tenant`) && request.headers.`x-tenant` == claims.tenant",
    "has": "has(request.headers.`x-tenant`) == (claims.tenant == 'a')",
}
FORMS: Final = ("{}", "not", "any_of", "all_of", "message")


def rule(form: str, expression: str) -> dict[str, object]:
    """The expression in one of the places that a rule can have."""
    cel: dict[str, object] = {"cel": expression}
    never = {"claim": "sub", "is": "nobody"}
    forms: dict[str, dict[str, object]] = {
        "{}": cel,
        "not": {"not": {"not": cel}},
        "any_of": {"any_of": [never, cel]},
        "all_of": {"all_of": [{"claim": "sub", "exists": True}, {"all_of": [cel]}]},
        "message": {**cel, "message": "not here"},
    }
    return forms[form]


Asked = tuple[str, str, str, tuple[str, ...]]
"""Host, path, method, and the values of X-Tenant."""


def holds(name: str, tenant: str, asked: Asked) -> bool:
    """What each expression means, in Python."""
    host, path, method, tenants = asked
    if len(tenants) > 1 and name not in {"host", "path", "method"}:
        return False
    return {
        "host": host == f"{tenant}.example",
        "path": path.startswith(f"/{tenant}/"),
        "method": method == "GET" or tenant == "a",
        **dict.fromkeys(("header", "field", "loop", "default", "choice"), tenants == (tenant,)),
        "maybe": tenants in {(), (tenant,)},
        "has": (tenants != ()) == (tenant == "a"),
    }[name]


def headers_of(tenant: str, asked: Asked, bearer: Mapping[str, str]) -> list[tuple[str, str]]:
    """The headers of the subrequest."""
    host, path, method, tenants = asked
    return [
        ("authorization", f"Bearer {bearer[tenant]}"),
        ("x-original-uri", path),
        ("x-original-host", host),
        ("x-original-method", method),
        *(("x-tenant", value) for value in tenants),
    ]


def test_no_answer_is_kept_for_another_request() -> None:
    """One token, requests that differ in host, path, method or header: each is judged by itself."""
    policies: dict[str, object] = {
        f"{name} {form}": {
            "issuers": ["corp"],
            "require": [rule(form, expression)],
            "request_headers": NAMES,
            "identity": {"X-User": "sub"},
        }
        for name, expression in EXPRESSIONS.items()
        for form in FORMS
    }
    settings = gate_settings(
        policies=policies, original_request={**ORIGINAL, "trusted_proxies": ["127.0.0.1"]}
    )
    keys = {"corp": jwtfast.KeySet([key("HS256")])}
    cache = jwtfast.TokenCache(1 << 20)
    cached, plain = jwtfast.Gate(settings, keys, cache=cache), jwtfast.Gate(settings, keys)
    bearer = {tenant: compact("HS256", claims(tenant=tenant)) for tenant in "ab"}
    chance = random.Random(20)  # noqa: S311 - the same requests in each run
    for _ in range(300):
        asked: Asked = (
            chance.choice(("a.example", "b.example")),
            chance.choice(("/a/x", "/b/x", "/ab/x")),
            chance.choice(("GET", "POST")),
            chance.choice(((), ("a",), ("b",), ("a", "a"), ("a", "b"), ("A",))),
        )
        tenant = chance.choice("ab")
        for policy in policies:
            sent = headers_of(tenant, asked, bearer)
            expected = 200 if holds(policy.split()[0], tenant, asked) else 403
            for gate in (cached, plain):
                found = gate.decide(policy, "GET", "", sent, peer="127.0.0.1", now=NOW)
                assert (found.status, policy, asked, tenant) == (expected, policy, asked, tenant)
    assert cache.hits > 1000


@pytest.mark.parametrize("value", ["\u00e9", "a\tb", "a\x7f", "\x00", "\u202e"])
def test_a_value_that_readers_decode_differently(value: str) -> None:
    """It is equal to nothing, though the claim has the same characters."""
    policies = {
        name: {
            "issuers": ["corp"],
            "request_headers": NAMES,
            "require": [{"cel": EXPRESSIONS[name]}],
        }
        for name in ("header", "field", "maybe")
    }
    gate = jwtfast.Gate(gate_settings(policies=policies), {"corp": jwtfast.KeySet([key("HS256")])})
    bearer = compact("HS256", claims(tenant=value))
    for name in policies:
        for sent in (value.encode(), value.encode("latin-1", "replace")):
            headers: list[tuple[str, str | bytes]] = [
                ("authorization", f"Bearer {bearer}"),
                ("x-tenant", sent),
            ]
            decision = gate.decide(name, "GET", "", headers, peer="127.0.0.1", now=NOW)
            assert decision.code == "policy_denied"


def test_what_a_gate_asks_for() -> None:
    """The headers that rules name are asked of the front door, in lower case."""
    policies = {"default": {"issuers": ["corp"], "request_headers": NAMES}}
    gate = jwtfast.Gate(gate_settings(policies=policies), {"corp": None})

    assert gate.request_headers == ("authorization", "x-tenant", "x-other")


@pytest.fixture(scope="module", params=["/validate", "/p/default"])
def asked_by(request: pytest.FixtureRequest, serve: Serve) -> tuple[Server, str]:
    """A service whose rules look at the request, and a path to ask it."""
    policy = {
        "issuers": ["corp"],
        "request_headers": NAMES,
        "require": [
            {"cel": "request.headers['x-tenant'] == claims.tenant"},
            {"cel": "request.path.startsWith('/' + claims.tenant + '/')"},
            {"cel": "request.method in ['GET', 'HEAD']"},
            {"cel": "request.host.endsWith('.example')"},
        ],
    }
    original = original_request(**ORIGINAL)
    return serve(policies={"default": policy}, original_request=original), request.param


def told(**changes: object) -> list[tuple[str, Any]]:
    """The headers of a request that passes, but for what is changed; None is left out."""
    headers: dict[str, object] = {
        "X-Original-URI": "/acme/x?y",
        "X-Original-Host": "a.example:443",
        "X-Original-Method": "GET",
        "X-Tenant": "acme",
    } | {name.replace("_", "-"): value for name, value in changes.items()}
    lines = []
    for name, value in headers.items():
        values = value if isinstance(value, list) else [value]
        lines += [(name, one) for one in values if one is not None]
    return lines


def test_a_request_that_passes(asked_by: tuple[Server, str]) -> None:
    """The token fits its request."""
    server, target = asked_by
    for headers in (told(), told(X_Original_Method="HEAD"), told(x_tenant="acme", X_Tenant=None)):
        for _ in range(4):
            answer = server.ask(target=target, headers=headers, token=token(tenant="acme"))
            assert answer.status == 200


@pytest.mark.parametrize(
    "headers",
    [
        told(X_Tenant="other"),
        told(X_Tenant="ACME"),
        told(X_Tenant=""),
        told(X_Tenant=None),
        told(X_Tenant=["acme", "acme"]),
        told(X_Tenant=["acme", "other"]),
        told(X_Tenant=["acme", b"\xff"]),
        told(X_Tenant=[b"\xff", "acme"]),
        told(X_Tenant="acme, other"),
        told(X_Tenant=b"acme\xc3\xa9"),
        told(X_Tenant=b"acm\xe9"),
        [*told(X_Tenant=None), ("X_Tenant", "acme")],
        [*told(X_Tenant=None), ("X-Other", "acme")],
        told(X_Original_URI="/other/x"),
        told(X_Original_URI="/acmex"),
        told(X_Original_URI="/ACME/x"),
        told(X_Original_Method="POST"),
        told(X_Original_Method=None),
        told(X_Original_Host="a.example.evil"),
        told(X_Original_URI=None, X_Original_Host=None, X_Original_Method=None),
    ],
)
def test_a_request_that_does_not(
    asked_by: tuple[Server, str], headers: list[tuple[str, Any]]
) -> None:
    """What is another, comes twice, is in doubt or is not told denies, also after a good one."""
    server, target = asked_by
    bearer = token(tenant="acme")
    for _ in range(3):
        assert server.ask(target=target, headers=told(), token=bearer).status == 200
        assert server.ask(target=target, headers=headers, token=bearer).status == 403


def test_what_is_not_told_denies_under_not(serve: Serve) -> None:
    """A path that no header tells is neither this one nor another one."""
    rules = {
        "path": "request.path == '/x'",
        "host": "request.host == 'x'",
        "method": "request.method == 'DELETE'",
        "header": "request.headers['x-tenant'] == 'x'",
    }
    policies: dict[str, object] = {
        name: {
            "issuers": ["corp"],
            "request_headers": ["X-Tenant"],
            "require": [{"not": {"cel": cel}}],
        }
        for name, cel in rules.items()
    }
    policies["default"] = {"issuers": ["corp"]}
    server = serve(policies=policies, original_request=original_request(**ORIGINAL))
    for name in rules:
        target = f"/p/{name}"
        assert server.ask(target=target, headers=told(), token=token()).status == 200
        denied = server.ask(target=target, token=token())
        assert code_of(denied) == (403, "policy_denied")
    for name, header in (
        ("host", "X_Original_Host"),
        ("method", "X_Original_Method"),
        ("header", "X_Tenant"),
    ):
        for policy in rules:
            answer = server.ask(
                target=f"/p/{policy}", headers=told(**{header: None}), token=token()
            )
            assert answer.status == (403 if policy == name else 200), (policy, header)
