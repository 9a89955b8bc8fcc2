"""Routes and the original request in jwtfast.yaml: what they become, and what is refused."""

from pathlib import Path

import orjson
import pytest

from jwtfast_server.config import Settings
from tests.configs import MINIMAL, load_text, problems_of

# What the original request says, and what is wrong with it.
ORIGINAL = [
    ("uri_header: X-Original-URL", "must be given: the addresses and networks of the proxies; nev"),
    ("trusted_proxies: 10.0.0.0/8", "must be given: carries the URL, or the path and query"),
    ("uri_header: Referer", "expected 'X-Original-URL', 'X-Original-URI' or 'X-Forwarded-Uri', f"),
    ("method_header: 'a b'", "expected text like ^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$, found 'a b'"),
    ("trusted_proxies: []", "expected at least one, found an empty list"),
    ("trusted_proxies: [proxy.local]", "expected an address or a network, such as 10.0.0.0/8, fo"),
    ("trusted_proxies: 10.0.0.0/33", "expected an address or a network, such as 10.0.0.0/8, fou"),
    ("trusted_proxies: 0.0.0.0/0", "expected the networks of your proxies: who is trusted may na"),
    ("trusted_proxies: 1.2.3.4/0", "expected the networks of your proxies: who is trusted may na"),
    ("trusted_proxies: ['::/0']", "expected the networks of your proxies: who is trusted may name"),
    ("trusted_proxies: [0.0.0.0/1, 128.0.0.0/1]", "expected the networks of your proxies: who is "),
    ("trusted_proxies: ['::/1', '8000::/1']", "expected the networks of your proxies: who is tru"),
    ("trusted_proxies: '::ffff:10.0.0.0/104'", "expected an IPv4 network in its own form, such a"),
    ("proxies: 10.0.0.0/8", "unknown key, did you mean trusted_proxies?"),
]
# Routes that cannot be meant.
ROUTES = [
    (
        "{policy: admin}",
        "[0].policy: expected the name of a policy, found 'admin', expected one of",
    ),
    ("{host: a}", "[0].policy: must be given: the name of a policy"),
    ("{policy: default, path: x}", "[0].path: expected a path that begins with a slash"),
    ("{policy: default, path: /a//b}", "[0].path: such a path is never matched; write it decoded"),
    ("{policy: default, path: /a%2fb}", "[0].path: such a path is never matched; write it decode"),
    ("{policy: default, path: '/[ab]*'}", "[0].path: there are no classes and no alternatives: ex"),
    ("{policy: default, path: '/{id}/x'}", "[0].path: there are no classes and no alternatives: "),
    (
        "{policy: default, path: '/admin**'}",
        "[0].path: `**` stands for whole elements: expected `a",
    ),
    (
        "{policy: default, path: '/**.php'}",
        "[0].path: `**` stands for whole elements: expected `**",
    ),
    (
        "{policy: default, path: {exact: '/a*'}}",
        "[0].path: `*` is no wildcard in exact and prefix:",
    ),
    ("{policy: default, path: {prefix: x}}", "[0].path: expected a path that begins with a slash"),
    (
        "{policy: default, path: {glob: '/a**'}}",
        "[0].path: `**` stands for whole elements: expecte",
    ),
    ("{policy: default, path: {exact: /a, glob: /b}}", "[0].path: expected exactly one of exact, "),
    (
        "{policy: default, path: {}}",
        "[0].path: expected exactly one of exact, prefix, glob, found ",
    ),
    (
        "{policy: default, path: {regex: /a}}",
        "[0].path.regex: unknown key, expected one of exact, glob, prefix",
    ),
    (
        "{policy: default, path: [/a]}",
        "[0].path: expected a path, or a mapping with exact, prefix o",
    ),
    ("{policy: default, path: ''}", "[0].path: expected text of 1 to 2048 characters, found ''"),
    ("{policy: default, path: {exact: ''}}", "[0].path.exact: expected text that is not empty, fo"),
    (
        "{policy: default, path: /a/}, {policy: default, path: /a}",
        "[1]: can never match: routes[0]",
    ),
    ("{policy: default, host: 'a:80'}", "[0].host: expected a host name without port, or *. and "),
    ("{policy: default, host: 'a.*'}", "[0].host: expected a host name without port, or *. and a"),
    ("{policy: default, methods: get}", "[0].methods: expected methods in upper case, such as GE"),
    (
        "{policy: default, path: }",
        "[0].path: expected a value, found nothing; leave path out where ",
    ),
    ("{policy: default, host: null}", "[0].host: expected a value, found nothing; leave host out "),
    (
        "{policy: default, methods: ~}",
        "[0].methods: expected a value, found nothing; leave methods",
    ),
    ("{policy: default, methods: []}", "[0].methods: expected at least one, found an empty list"),
    ("{policy: default}, {policy: default, host: a}", "[1]: can never match: routes[0] takes all"),
]


@pytest.mark.parametrize(
    "given,host,method",
    [
        ("uri_header: X-Original-URL", None, "X-Original-Method"),
        ("uri_header: X-Original-URI", None, "X-Original-Method"),
        ("uri_header: X-Forwarded-Uri", "X-Forwarded-Host", "X-Forwarded-Method"),
        ("uri_header: X-Original-URI, host_header: X-Host", "X-Host", "X-Original-Method"),
        ("uri_header: X-Forwarded-Uri, host_header: null, method_header: null", None, None),
    ],
)
def test_headers_beside_the_uri(
    tmp_path: Path, given: str, host: str | None, method: str | None
) -> None:
    """Host and method come in the headers that the proxies send beside the one that was chosen."""
    section = f"original_request: {{{given}, trusted_proxies: 127.0.0.1}}\n"
    found = orjson.loads(load_text(tmp_path, MINIMAL + section).gate_settings())

    assert found["original_request"]["host_header"] == host
    assert found["original_request"]["method_header"] == method


@pytest.mark.parametrize("text,problem", ORIGINAL)
def test_original_request(tmp_path: Path, text: str, problem: str) -> None:
    """Nobody is trusted by default, nor everybody by a setting; names are names."""
    whole = {"uri_header": "X-Original-URL", "trusted_proxies": "[10.0.0.0/8]"}
    key, _, value = text.partition(": ")
    if problem.startswith("must be given"):
        whole = {key: value}
        key = ({"uri_header", "trusted_proxies"} - {key}).pop()
    else:
        whole[key] = value
    section = ", ".join(f"{name}: {value}" for name, value in whole.items())
    found = problems_of(tmp_path, f"{MINIMAL}original_request: {{{section}}}\n")

    [line] = found
    place, _, message = line.partition(": ")[2].partition(": ")
    assert place.startswith(f"original_request.{key}")
    assert message.startswith(problem)


@pytest.mark.parametrize("routes,problem", ROUTES)
def test_routes(tmp_path: Path, routes: str, problem: str) -> None:
    """A route that cannot be read, or can never match, is told with its line."""
    original = "original_request: {uri_header: X-Original-URL, trusted_proxies: 10.0.0.1}\n"
    found = problems_of(tmp_path, f"{MINIMAL}{original}routes: [{routes}]\n")
    expected = f"jwtfast.yaml:9: routes{problem}"

    assert [line[: len(expected)] for line in found] == [expected]


HOST = "routes[0].host: can never match, for no request tells its host: expected original_request.h"
METHODS = (
    "routes[0].methods: can never match, for no request tells its method: expected original_requ"
)


@pytest.mark.parametrize(
    "original,problems",
    [
        ("uri_header: X-Original-URI", [HOST]),
        ("uri_header: X-Original-URI, method_header: null", [HOST, METHODS]),
        ("uri_header: X-Original-URI, host_header: X-Host, method_header: null", [METHODS]),
        ("uri_header: X-Original-URI, host_header: X-Host, method_header: subrequest", []),
        ("uri_header: X-Original-URI, host_header: X-Host", []),
        ("uri_header: X-Original-URL", []),
        ("uri_header: X-Original-URL, host_header: null, method_header: null", [METHODS]),
        ("uri_header: X-Forwarded-Uri", []),
        ("uri_header: X-Forwarded-Uri, host_header: null", [HOST]),
    ],
)
def test_what_no_request_tells(tmp_path: Path, original: str, problems: list[str]) -> None:
    """A route by host or methods that the proxy does not tell would leave all to the next one."""
    text = f"""{MINIMAL}original_request: {{{original}, trusted_proxies: 10.0.0.1}}
routes: [{{host: a, methods: GET, policy: default}}, {{path: /x, policy: default}}]
"""
    for more in ("", "lisen: x\n"):
        found = problems_of(tmp_path, more + text)
        found = [line for line in found if "lisen" not in line]
        found = [line.partition(": ")[2][:90] for line in found]
        assert found == [problem[:90] for problem in problems]


@pytest.mark.parametrize(
    "original,noted",
    [
        ("uri_header: X-Original-URL", True),
        ("uri_header: X-Original-URL, confirm_header: null", True),
        ("uri_header: X-Original-URL, confirm_header: X-Auth-Request-Redirect", False),
        ("uri_header: X-Original-URL, host_header: X-Original-Host", False),
        ("uri_header: X-Original-URI", False),
        ("uri_header: X-Forwarded-Uri", False),
    ],
)
def test_a_composed_url(tmp_path: Path, original: str, *, noted: bool) -> None:
    """Host and path in one URL, with nothing that must confirm them, are worth a word."""
    text = f"""{MINIMAL}original_request: {{{original}, trusted_proxies: 10.0.0.1}}
routes: [{{path: /x, policy: default}}]
"""
    notes = load_text(tmp_path, text).notes

    assert [note.partition(": ")[2].split(":")[0] for note in notes] == [
        "original_request.uri_header" for _ in range(noted)
    ]


@pytest.mark.parametrize(
    "given,header,required",
    [
        ("uri_header: X-Original-URL", "X-Auth-Request-Redirect", False),
        ("uri_header: X-Original-URL, confirm_header: X-Path", "X-Path", True),
        ("uri_header: X-Original-URL, confirm_header: null", None, False),
        ("uri_header: X-Original-URL, host_header: X-Host", None, False),
        ("uri_header: X-Original-URI", None, False),
        ("uri_header: X-Original-URI, confirm_header: X-Path", "X-Path", True),
    ],
)
def test_what_confirms(tmp_path: Path, given: str, header: str | None, *, required: bool) -> None:
    """Beside a URL it is looked at where it comes; what is named must come."""
    section = f"original_request: {{{given}, trusted_proxies: 127.0.0.1}}\n"
    settings = load_text(tmp_path, MINIMAL + section)
    for one in (settings, Settings.from_json(settings.to_json())):
        found = orjson.loads(one.gate_settings())["original_request"]
        assert (found["confirm_header"], found["confirm_required"]) == (header, required)
