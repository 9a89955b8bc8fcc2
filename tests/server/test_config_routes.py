"""Routes and the original request in jwtfast.yaml: what they become, and what is refused."""

from pathlib import Path

import orjson
import pytest

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
    ("{policy: default, path: '/[*'}", "[0].path: bad glob: "),
    ("{policy: default, host: 'a:80'}", "[0].host: expected a host name without port, or *. and "),
    ("{policy: default, host: 'a.*'}", "[0].host: expected a host name without port, or *. and a"),
    ("{policy: default, methods: get}", "[0].methods: expected methods in upper case, such as GE"),
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


@pytest.mark.parametrize(
    "original,noted",
    [
        ("uri_header: X-Original-URI", True),
        ("uri_header: X-Original-URI, host_header: X-Host", False),
        ("uri_header: X-Original-URL", False),
        ("uri_header: X-Forwarded-Uri", False),
    ],
)
def test_a_host_that_is_not_told(tmp_path: Path, original: str, noted: bool) -> None:  # noqa: FBT001
    """Routes by host, where the proxy may not tell one, are worth a word."""
    text = f"""{MINIMAL}original_request: {{{original}, trusted_proxies: 10.0.0.1}}
routes: [{{path: /x, policy: default}}, {{host: a, policy: default}}]
"""
    notes = load_text(tmp_path, text).notes

    assert [note.partition(": ")[2].split(":")[0] for note in notes] == [
        "routes[1].host" for _ in range(noted)
    ]
