"""What rules cannot ask of a request is told at load, with its place and what to write."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.configs import MINIMAL, problems_of

DEFAULT: Final = "  default: {issuers: [corp]}"


def wrong_rules() -> Iterator[tuple[str, str, str]]:
    """More of the file, an expression, and what is told of it."""
    told_by = (
        "original_request: {uri_header: X-Original-URI, trusted_proxies: [127.0.0.1],"
        " method_header: null}\n"
    )
    yield "", "request.host == 'x'", "request.host needs original_request, which says how"
    yield "", "request.path == 'x'", "request.path needs original_request, which says how"
    yield "", "request.method == 'x'", "request.method needs original_request, which says how"
    yield told_by, "request.method == 'x'", "request.method needs original_request.method_header"
    yield told_by, "request.host == 'x'", "request.host needs original_request.host_header"
    fields = "request.host, request.path, request.method and request.headers['name']"
    for name in ("query", "url", "Host", "header", "size", "time"):
        yield told_by, f"request.{name} == 'x'", f'request has no "{name}"; there are {fields}'
    for whole in (
        "request == 1",
        "size(request) == 1",
        "request['host'] == 'x'",
        "has(request.?a)",
    ):
        yield told_by, whole, f"request is read by {fields}"
    listed = "request.headers is read by request.headers['name']"
    for headers in ("request.headers == 1", "size(request.headers) == 1", "'a' in request.headers"):
        yield told_by, headers, listed
    literal = "a header's name must be a string literal"
    yield told_by, "request.headers[claims.sub] == 'x'", literal
    yield told_by, "request.headers['x-' + claims.sub] == 'x'", "expected ], found +"
    yield told_by, "request.headers[0] == 'x'", literal
    named = 'write "x-other" into the policy\'s request_headers too'
    yield told_by, "request.headers['x-other'] == 'x'", named
    yield told_by, "has(request.headers.`x-other`)", named
    lower = 'headers are named in lower case here: "x-tenant"'
    yield told_by, "request.headers['X-Tenant'] == 'x'", lower
    yield told_by, "request.headers['x-tenant']", "expected a bool, found string"


@pytest.mark.parametrize("more,expression,problem", list(wrong_rules()))
def test_problems(tmp_path: Path, more: str, expression: str, problem: str) -> None:
    """What the request cannot tell is refused at load, with its place and what to write."""
    quoted = expression.replace("'", "''")
    policy = (
        f"  default: {{issuers: [corp], request_headers: X-Tenant, require: [{{cel: '{quoted}'}}]}}"
    )
    found = problems_of(tmp_path, MINIMAL.replace(DEFAULT, policy) + more)
    assert len(found) == 1
    assert "policies.default.require[0].cel: " in found[0]
    assert problem in found[0]


@pytest.mark.parametrize(
    "names,problem",
    [
        ("[X-A, x-a]", "request_headers[1]: stands here twice"),
        ("['X A']", "request_headers[0]: "),
        ("['']", "request_headers[0]: "),
        ("[]", "request_headers: "),
    ],
)
def test_names_of_headers(tmp_path: Path, names: str, problem: str) -> None:
    """Each header is named once, by a name that it can have."""
    policy = f"  default: {{issuers: [corp], request_headers: {names}}}"
    found = problems_of(tmp_path, MINIMAL.replace(DEFAULT, policy))
    assert [text for text in found if problem in text] == found
    assert len(found) == 1
