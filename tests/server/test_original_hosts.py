"""A client chooses its host: whatever it writes there, the path that decides is the true one.

The oracle composes a URL from a host and a URI as a proxy does, and knows the URI. Without a token,
only what is under /public passes: so what passes must have a URI under /public.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import pytest

import jwtfast
from tests.verdict import gate_settings, key

Headers = list[tuple[str, bytes]]

POLICIES = {
    "default": {"issuers": ["corp"]},
    "guest": {"issuers": ["corp"], "optional": True},
    "admin": {"issuers": ["corp"]},
}
ROUTES = [
    {"host": "admin.example", "policy": "admin"},
    {"path": "/public", "policy": "guest"},
    {"path": "/", "policy": "default"},
]
URIS: Final = (
    b"/admin/x",
    b"/",
    b"/admin?next=/public/x",
    b"/admin?",
    b"/public/x",
    b"/public?next=/admin/x",
    b"/public",
)
GUEST: Final = (b"/public/x", b"/public?next=/admin/x", b"/public")
BASES: Final = (
    b"auth.example",
    b"a",
    b"[::1]",
    b"a:80",
    b"a/public/x?",
    b"a/public/x",
    b"a?/public/x",
)
COMPOSED = {"uri_header": "X-Original-URL", "confirm_header": "X-Auth-Request-Redirect"}
APART = {"uri_header": "X-Original-URI", "host_header": "X-Original-Host"}
FORWARDED = {"uri_header": "X-Forwarded-Uri", "host_header": "X-Forwarded-Host"}


def gate_of(routes: Sequence[Mapping[str, object]], **original: object) -> jwtfast.Gate:
    """A gate with these routes, for whatever proxy."""
    told = {"method_header": "subrequest", "trusted_proxies": ["127.0.0.1"]} | original
    settings = gate_settings(policies=POLICIES, routes=list(routes), original_request=told)
    return jwtfast.Gate(settings, {"corp": jwtfast.KeySet([key("HS256")])})


def answer(gate: jwtfast.Gate, headers: Headers) -> tuple[int, str | None]:
    """The answer to a request without a token."""
    decision = gate.decide(None, "GET", "", headers, peer="127.0.0.1")
    return decision.status, decision.code


def hosts() -> Iterator[bytes]:
    """Every byte at every place of some hosts; and two odd ones together."""
    for base in BASES:
        yield base
        for byte, at in itertools.product(range(256), range(len(base) + 1)):
            yield base[:at] + bytes([byte]) + base[at:]
            if at < len(base):
                yield base[:at] + bytes([byte]) + base[at + 1 :]
    odd = [b"?", b"/", b"#", b"@", b":", b";", b"\\", b"%", b"%2f", b"%3f", b"[", b"]", b",", b"&"]
    parts = [*odd, b"public", b"public/x", b"a", b".", b"80"]
    for three in itertools.product(parts, repeat=3):
        yield b"a" + b"".join(three)


def composed(host: bytes, uri: bytes) -> Headers:
    """As ingress-nginx and older recipes tell it."""
    return [("x-original-url", b"http://" + host + uri)]


def confirmed(host: bytes, uri: bytes) -> Headers:
    """As ingress-nginx tells it in full."""
    return [*composed(host, uri), ("x-auth-request-redirect", uri)]


def apart(host: bytes, uri: bytes) -> Headers:
    """As the recipes tell it."""
    return [("x-original-uri", uri), ("x-original-host", host)]


def forwarded(host: bytes, uri: bytes) -> Headers:
    """As Traefik tells it."""
    return [("x-forwarded-uri", uri), ("x-forwarded-host", host)]


def no_slash(host: bytes) -> bool:
    """Nothing but the URI itself could tell where a host with a slash ends; see `check`'s note."""
    return b"/" not in host or b"?" in host.partition(b"/")[2]


@pytest.mark.parametrize("by_host", [True, False])
@pytest.mark.parametrize(
    "original,tell,every_host",
    [
        (COMPOSED, confirmed, True),
        (COMPOSED | {"confirm_required": True}, confirmed, True),
        (COMPOSED, composed, False),
        (COMPOSED | {"confirm_header": None}, composed, False),
        (APART, apart, True),
        (FORWARDED, forwarded, True),
    ],
    ids=["confirmed", "must be confirmed", "composed", "no confirmation", "apart", "forwarded"],
)
def test_the_true_path_decides(
    original: dict[str, object], tell: object, *, every_host: bool, by_host: bool
) -> None:
    """Allowed implies that the URI itself is under /public; nothing is answered with an error."""
    assert callable(tell)
    gate = gate_of(ROUTES if by_host else ROUTES[1:], **original)
    wrong = []
    passed = 0
    for host, uri in itertools.product(hosts(), URIS):
        if not every_host and not no_slash(host):
            continue
        status, _ = answer(gate, tell(host, uri))
        passed += status == 200
        if status not in {200, 401, 403} or (status == 200 and uri not in GUEST):
            wrong.append((host, uri, status))
    assert wrong[:5] == []
    assert passed > 1000


@pytest.mark.parametrize("tell,original", [(confirmed, COMPOSED), (apart, APART)])
def test_the_true_host_decides(tell: object, original: dict[str, object]) -> None:
    """No spelling of the admin host that could be read so reaches another host's route."""
    assert callable(tell)
    gate = gate_of(ROUTES, **original)
    for host in (b"admin.example", b"ADMIN.example", b"admin.example:80", b"admin.example."):
        assert answer(gate, tell(host, b"/public")) == (401, "missing_token")
    for odd in (b"x@admin.example", b"admin.example@x", b"admin.example,x", b"admin.example:80:80"):
        assert answer(gate, tell(odd, b"/public")) == (403, "bad_original_request")


@pytest.mark.parametrize(
    "headers,status",
    [
        (composed(b"a", b"/public?next=x"), 200),
        (composed(b"a", b"/public?next=/x"), 403),
        (confirmed(b"a", b"/public?next=/x"), 200),
        (confirmed(b"a/public/x?", b"/admin/x"), 403),
        (confirmed(b"a/public/x", b"/admin/x"), 403),
        ([*composed(b"a", b"/public"), ("x-auth-request-redirect", b"/publi")], 403),
        ([*composed(b"a", b"/public"), ("x-auth-request-redirect", b"/public/")], 403),
        ([*composed(b"a", b"/public"), ("x-auth-request-redirect", b"/%70ublic")], 403),
        ([*composed(b"a", b"/public"), ("x-auth-request-redirect", b"http://a/public")], 403),
        ([*composed(b"a", b"/public"), ("x-auth-request-redirect", b"")], 403),
        ([*confirmed(b"a", b"/public"), ("x-auth-request-redirect", b"/public")], 403),
        (composed(b"", b"/public"), 403),
        (composed(b"a", b""), 403),
        (composed(b"a", b"?x"), 403),
    ],
)
def test_a_confirmation(headers: Headers, status: int) -> None:
    """It agrees to the byte and comes once, or the request is refused."""
    assert answer(gate_of(ROUTES[1:], **COMPOSED), headers)[0] == status


def test_a_confirmation_that_must_come() -> None:
    """Where it is named, a URL alone is refused, and a path alone too."""
    gate = gate_of(ROUTES[1:], **COMPOSED, confirm_required=True)
    apart_too = gate_of(ROUTES[1:], **APART, confirm_header="X-Path", confirm_required=True)

    assert answer(gate, composed(b"a", b"/public")) == (403, "bad_original_request")
    assert answer(gate, confirmed(b"a", b"/public")) == (200, None)
    assert answer(apart_too, apart(b"a", b"/public")) == (403, "bad_original_request")
    for uri, status in ((b"/public", 200), (b"/public/", 403)):
        headers = [*apart(b"a", b"/public"), ("x-path", uri)]
        assert answer(apart_too, headers)[0] == status


@pytest.mark.parametrize(
    "original,host", [(APART, "x-original-host"), (FORWARDED, "x-forwarded-host")]
)
def test_a_host_that_is_not_told(original: dict[str, object], host: str) -> None:
    """A request of HTTP/1.0 has none: it passes where no route asks for one, and nowhere else."""
    uri = (str(original["uri_header"]).lower(), b"/public")
    for told in ([uri], [uri, (host, b"")]):
        assert answer(gate_of(ROUTES[1:], **original), told) == (200, None)
        assert answer(gate_of(ROUTES, **original), told) == (403, "bad_original_request")
    # A URL stands for no host where a header does.
    url = (uri[0], b"http://a/public")
    assert answer(gate_of(ROUTES[1:], **original), [url]) == (403, "bad_original_request")
