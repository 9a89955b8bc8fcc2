"""What the tests of routes share: whom the service believes, and which policy an answer is from."""

import json

from tests.settings import token
from tests.wire import Answer

__all__ = ["AMBIGUOUS", "BEARER", "REFUSED", "code_of", "original_request", "policy_of"]

BEARER = ("Authorization", f"Bearer {token(groups=['admin'])}")
"""A token that passes every policy of `tests.settings.standard`."""
REFUSED = (403, "bad_original_request")
AMBIGUOUS = [
    "/open/../x",
    "/open/..",
    "/open/./x",
    "/open/.",
    "/open/%2e%2e/x",
    "/open/.%2E/x",
    "/open/%2e/x",
    "/open%2f..%2fx",
    "/open%2fx",
    "/open%2Fx",
    "/open%5c..%5cx",
    "/open\\..\\x",
    "/open;/../x",
    "/open;a=b",
    "/open%3bx",
    "//open",
    "/open//x",
    "/open/x//",
    "/open%00",
    "/open%00/x",
    "/open#/../x",
    "/open%23x",
    "/open%3fx",
    "/open%252e%252e/x",
    "/open%252fx",
    "/open%",
    "/open%2",
    "/open%zz",
    "/open%ff",
    "/open%c0%ae",
    "/open%0ax",
    "/open%7f",
    "/open?a=b#c",
    "open",
    "*",
    "",
    " ",
    "?",
    "../open",
    "\\open",
    "//evil.example.com/open",
    "ftp://a.example.com/open",
    "HTTP://a.example.com/open",
    "javascript:/open",
    "http:/open",
    "http:///open",
    "http://user@a.example.com/open",
    "http://a.example.com@admin.example.com/open",
    "http://a.example.com:x/open",
    "http://a.example.com\\@x/open",
    "http://a_b%2e/open",
    "http://[::1/open",
    "http://a..",
    "http://a.example.com",
    "http://a.example.com?/open",
    "http://a.example.com#/open",
    "http://a.example.com:/open",
    "http://a.example.com:0/open",
    "http://a.example.com:65536/open",
    "http://a.example.com/open?/x",
    "/open, /x",
    "/open x",
    "/open?a b",
]
"""What a header may tell, and two servers could read as two paths or hosts."""


def original_request(uri_header: str = "X-Original-URL", **changes: object) -> dict[str, object]:
    """The section that believes whoever comes from this machine."""
    return {"uri_header": uri_header, "trusted_proxies": ["127.0.0.0/8"]} | changes


def policy_of(answer: Answer) -> str:
    """The policy that let a request pass: each sends identity headers of its own."""
    assert answer.status == 200, answer
    if answer.get("x-groups") is not None:
        return "default"
    return "open" if answer.get("x-user") is None else "admin"


def code_of(answer: Answer) -> tuple[int, str]:
    """The status and the reason code of an answer that is no."""
    return answer.status, json.loads(answer.body)["code"]
