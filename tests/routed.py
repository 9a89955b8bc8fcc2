"""What the tests of routes share: whom the service believes, and which policy an answer is from."""

import json

from tests.settings import token
from tests.wire import Answer

__all__ = ["BEARER", "REFUSED", "code_of", "original_request", "policy_of"]

BEARER = ("Authorization", f"Bearer {token(groups=['admin'])}")
"""A token that passes every policy of `tests.settings.standard`."""
REFUSED = (403, "bad_original_request")


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
