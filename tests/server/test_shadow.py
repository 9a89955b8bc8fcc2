"""Shadow mode promises a 200 to everything: also to what no policy could decide on."""

import itertools
from typing import Any, Final

import pytest

import jwtfast
from tests.conftest import Serve
from tests.routed import original_request
from tests.settings import standard
from tests.verdict import gate_settings, key

POLICIES: Final[dict[str, dict[str, Any]]] = {
    "plain": {"issuers": ["corp"], "identity": {"X-User": "sub"}},
    "trial": {"issuers": ["corp"], "shadow": True, "identity": {"X-User": "sub", "X-A": "a"}},
    "other": {"issuers": ["corp"], "shadow": True, "identity": {"X-User": "sub", "X-B": "b"}},
}
TRIAL, OTHER = {"path": "/a", "policy": "trial"}, {"path": "/b", "policy": "other"}
REST = {"path": "/d", "policy": "plain"}
BAD, NONE = "bad_original_request", "no_policy"

# What comes, by what is wrong with it.
UNDECIDED: Final = {
    "no route": ([("x-original-uri", "/c")], NONE),
    "a path in doubt": ([("x-original-uri", "/a/../b")], BAD),
    "told twice": ([("x-original-uri", "/a")] * 2, BAD),
    "not told": ([], BAD),
    "a host in doubt": ([("x-original-uri", "/a"), ("x-original-host", "a?")], BAD),
    "a method in doubt": ([("x-original-uri", "/a"), ("x-original-method", "")], BAD),
}


def gate_of(routes: list[dict[str, Any]], default: str = "plain") -> jwtfast.Gate:
    """A gate with these routes, whose default policy is one of those above."""
    policies = POLICIES | {"default": POLICIES[default]}
    original = {
        "uri_header": "X-Original-URI",
        "host_header": "X-Original-Host",
        "method_header": "X-Original-Method",
        "trusted_proxies": ["127.0.0.1"],
    }
    settings = gate_settings(policies=policies, routes=routes, original_request=original)
    return jwtfast.Gate(settings, {"corp": jwtfast.KeySet([key("HS256")])})


def answer(
    gate: jwtfast.Gate,
    headers: list[tuple[str, str]],
    policy: str | None = None,
    peer: str = "127.0.0.1",
) -> tuple[int, str | None, dict[str, str]]:
    """Status, reason and identity headers."""
    decision = gate.decide(policy, "GET", "", headers, peer=peer)
    sent = {name: value for name, value in decision.headers if name.startswith("x-")}
    return decision.status, decision.code, sent


@pytest.mark.parametrize("name", UNDECIDED)
def test_all_routes_in_shadow(name: str) -> None:
    """Then any of them keeps the promise: 200, and nobody's identity under every name."""
    headers, code = UNDECIDED[name]
    gate = gate_of([TRIAL, OTHER])

    assert answer(gate, headers) == (200, code, {"x-user": "", "x-a": "", "x-b": ""})


@pytest.mark.parametrize("name", UNDECIDED)
@pytest.mark.parametrize("routes", [[REST], [TRIAL, REST], [OTHER, TRIAL, REST]], ids=len)
def test_one_route_that_is_not(name: str, routes: list[dict[str, Any]]) -> None:
    """It may be the one that was meant: 403 as ever, though the default policy is a shadow."""
    headers, code = UNDECIDED[name]
    for default in ("plain", "trial"):
        assert answer(gate_of(routes, default), headers) == (403, code, {}), default


@pytest.mark.parametrize("name", sorted(set(UNDECIDED) - {"no route", "not told"}))
def test_without_routes(name: str) -> None:
    """The default policy decides, or the one that the path names: its mode is what counts."""
    headers, code = UNDECIDED[name]

    assert answer(gate_of([], "trial"), headers) == (200, code, {"x-user": "", "x-a": ""})
    assert answer(gate_of([]), headers) == (403, code, {})
    for routes in ([], [TRIAL], [REST]):
        gate = gate_of(routes)
        assert answer(gate, headers, "other") == (200, code, {"x-user": "", "x-b": ""})
        assert answer(gate, headers, "default") == (403, code, {})


def test_a_stranger() -> None:
    """Who may not tell the original request gets what everybody gets."""
    told = [("x-original-uri", "/a")]

    assert answer(gate_of([TRIAL]), told, peer="10.0.0.1")[:2] == (200, BAD)
    assert answer(gate_of([TRIAL, REST]), told, peer="10.0.0.1")[:2] == (403, BAD)


def test_a_policy_that_does_not_exist() -> None:
    """No policy of that name promises anything."""
    for routes in ([], [TRIAL]):
        assert answer(gate_of(routes, "trial"), [], "nowhere") == (403, NONE, {})


def test_it_is_counted_as_a_shadow() -> None:
    """What would have been denied is counted for a policy in shadow mode, with its reason."""
    gate = gate_of([TRIAL, OTHER])
    for headers, _ in UNDECIDED.values():
        answer(gate, headers)
    counts = memoryview(gate.counts()).cast("Q")
    counted = {label: n for label, n in zip(gate.counter_labels, counts, strict=False) if n}

    assert counted == {("trial", "shadow", BAD): 5, ("trial", "shadow", NONE): 1}


@pytest.mark.parametrize("interface", ["asgi", "rsgi"])
def test_as_served(serve: Serve, interface: str) -> None:
    """The service behind each interface that can tell an original request."""
    policies = standard()["policies"]
    policies["default"]["shadow"] = True
    for policy, status in (("default", 200), ("open", 403)):
        server = serve(
            interface=interface,
            policies=policies,
            routes=[{"path": "/a", "policy": policy}],
            original_request=original_request("X-Original-URI"),
        )
        paths = ["/a;b", "/a/../b", "/c", ""]
        for path, target in itertools.product(paths, ("/validate", f"/p/{policy}")):
            if (path, target) != ("/c", f"/p/{policy}"):
                answered = server.ask(target=target, headers=[("X-Original-URI", path)])
                assert answered.status == status
