"""Which front door `auto` means: the fastest one that can tell apart what a gate must."""

import re
from typing import Any

import pytest
from granian.server import mp

from jwtfast_server.wsgi_pages import stand_in
from tests.conftest import Serve
from tests.processes import Server
from tests.server.conftest import DOORS
from tests.server.reloading import Start, start
from tests.settings import token

__all__ = ["start"]

BEARER = {"header": "Authorization", "scheme": "Bearer"}
OPTIONAL = {"default": {"issuers": ["corp"], "optional": True}}


def interface(server: Server) -> str:
    """The front door, as `/metrics` names it."""
    text = server.ask(target="/metrics").body.decode()
    found = re.search(r'^jwtfast_build_info\{.*interface="(\w+)"', text, re.MULTILINE)
    assert found, text
    return found[1]


@pytest.mark.parametrize(
    "changes,expected",
    [
        ({}, "wsgi"),
        ({"token": {"from": [BEARER, {"header": "Token"}]}}, "wsgi"),
        ({"token": {"from": [BEARER, {"cookie": "session"}]}}, "asgi"),
        ({"token": {"from": [{"header": "X-Token"}]}}, "asgi"),
        ({"token": {"from": [{"header": "X_Token"}]}}, "asgi"),
        (
            {
                "original_request": {
                    "uri_header": "X-Original-URL",
                    "trusted_proxies": ["127.0.0.1"],
                }
            },
            "asgi",
        ),
        ({"policies": OPTIONAL}, "asgi"),
        ({"policies": OPTIONAL, "interface": "wsgi"}, "asgi"),
        ({"interface": "wsgi"}, "wsgi"),
        ({"policies": {"default": {"issuers": ["corp"], "request_headers": ["X-A"]}}}, "asgi"),
        ({"policies": {"default": {"issuers": ["corp"], "request_headers": ["Accept"]}}}, "asgi"),
        ({"interface": "asgi"}, "asgi"),
        ({"interface": "rsgi"}, "rsgi"),
    ],
)
def test_what_auto_means(serve: Serve, changes: dict[str, Any], expected: str) -> None:
    """WSGI merges names that differ in - and _ only, and hides what is not ASCII.

    It serves where no such name is read, and where no policy takes a request without a token.
    """
    assert interface(serve(**changes)) == expected


def test_a_reload_that_needs_another_front_door(start: Start) -> None:
    """It is refused, and what was good before is served: only a restart can change the door."""
    service = start()
    assert interface(service) == "wsgi"
    service.change(token={"from": [BEARER, {"cookie": "session"}]})
    service.await_reloads("failure", 1)
    assert "interface wsgi cannot be used" in str(service.told("configuration not reloaded"))
    assert service.ask(token=token()).status == 200
    assert service.ask(headers=[("Cookie", f"session={token()}")]).status == 401


@pytest.mark.parametrize("interface", DOORS)
def test_the_environment_is_no_request(
    start: Start, monkeypatch: pytest.MonkeyPatch, interface: str
) -> None:
    """A variable that is named like a header of WSGI is none, which granian's wrapper makes it."""
    monkeypatch.setenv("HTTP_AUTHORIZATION", f"Bearer {token()}")
    service = start(interface=interface)
    assert service.ask().status == 401
    assert service.ask(token=token()).status == 200


def test_a_granian_with_another_wrapper(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker does not start where its wrapper would not be used."""
    monkeypatch.delattr(mp, "_wsgi_call_wrap")
    with pytest.raises(RuntimeError, match="interface wsgi"):
        stand_in(lambda _: False)
