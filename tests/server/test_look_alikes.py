"""What an application may take for a token, though it does not stand as one: never let by.

Beside a good token it is a second one; alone it is a bad one, also where no token would pass.
"""

from typing import Final

import pytest

from tests.conftest import Serve
from tests.forge import claims, compact
from tests.processes import Server, until
from tests.routed import code_of, original_request
from tests.server.reloading import Start, start
from tests.settings import standard, token

__all__ = ["start"]

GOOD: Final = token()
EVIL: Final = compact("ES256", claims(sub="admin"), {"kid": "a"}, "strangers")
MULTIPLE: Final = (401, "multiple_tokens")
MALFORMED: Final = (401, "malformed_token")
BEARER: Final = {"header": "Authorization", "scheme": "Bearer"}
Headers = list[tuple[str, str]]

HEADERS: Final = [
    f"Bearer\t{EVIL}",
    f"bearer\t {EVIL}",
    f"Bearer:{EVIL}",
    f"Bearer={EVIL}",
    f'Bearer"{EVIL}"',
    f"Bearer{EVIL}",
    f"Bearer%20{EVIL}",
    f"Bearer\xa0{EVIL}",
    f"Bearer\x85{EVIL}",
    f"\xa0Bearer {EVIL}",
    f", Bearer {EVIL}",
    f'Digest username="a", uri="/", Bearer {EVIL}',
    f"Basic dTpw,BEARER {EVIL}",
    f"Basic dTpw Bearer {EVIL}",
    f'Digest realm="Bearer {EVIL}"',
    f'"Bearer {EVIL}"',
    f"Token:Bearer\t{EVIL}",
    EVIL,
    f'"{EVIL}"',
    "Bearer,",
    "Bearer\xa0",
]
COOKIES: Final = [
    f"session ={EVIL}",
    f"session\t={EVIL}",
    f"a=b;\tsession\t =\t{EVIL}",
    f"\xa0session={EVIL}",
    f"session\xa0={EVIL}",
    f"a=b,session={EVIL}",
    f"a=b, session ={EVIL}",
    f"a=b session={EVIL}",
    f'a="b";session="{EVIL}"',
    f'a="; session ={EVIL}; b="',
    f"$Version=1, session={EVIL}; $Path=/",
    f"Session={EVIL}",
    f"SESSION ={EVIL}",
    f"se%73sion={EVIL}",
    f"session%00x={EVIL}",
    f"session[]={EVIL}",
    f"session[0]={EVIL}",
    f"==session={EVIL}",
    f"Session={EVIL.replace('.', '%2E')}",
    f'Session="{EVIL.replace(".", chr(92) + "056")}"',
]
QUERIES: Final = [
    f"a=1;access_token={EVIL}",
    f"a=1&amp;access_token={EVIL}",
    f"+access_token={EVIL}",
    f"%20access%5Ftoken={EVIL}",
    f"access_token%00={EVIL}",
    f"access_token%20={EVIL}",
    f"access_token[]={EVIL}",
    f"access_token[a][b]={EVIL}",
    f"access.token={EVIL}",
    f"access+token={EVIL}",
    f"access%5Btoken={EVIL}",
    f"ACCESS_TOKEN={EVIL}",
    f"Access_Token={EVIL.replace('.', '%2e')}",
    f"?access_token={EVIL}",
    f"a=1?access_token={EVIL}",
]
ALL: Final = [
    *(("Authorization", value) for value in HEADERS),
    *(("Cookie", value) for value in COOKIES),
    *(("X-Original-URL", f"http://x/page?{value}") for value in QUERIES),
]


@pytest.fixture(scope="module", params=["asgi", "rsgi"])
def places(request: pytest.FixtureRequest, serve: Serve) -> Server:
    """The service that takes a token from any of four places, and one policy without any."""
    policies = standard()["policies"]
    policies["open"]["optional"] = True
    return serve(
        interface=request.param,
        token={
            "from": [
                BEARER,
                {"header": "Token"},
                {"cookie": "session"},
                {"query": "access_token"},
            ]
        },
        policies=policies,
        original_request=original_request(),
    )


def raw(header: tuple[str, str]) -> tuple[str, bytes]:
    """A header whose characters are its bytes."""
    return header[0], header[1].encode("latin-1")


@pytest.fixture(scope="module", params=["asgi", "rsgi"])
def dashed(request: pytest.FixtureRequest, serve: Serve) -> Server:
    """The service that takes a token from a header with dashes in its name."""
    policies = standard()["policies"]
    policies["open"]["optional"] = True
    sources = [BEARER, {"header": "X-Auth-Token"}]
    return serve(interface=request.param, token={"from": sources}, policies=policies)


@pytest.mark.parametrize("name", ["X_Auth_Token", "x-auth_token", "X.Auth-Token", "X~Auth!Token"])
@pytest.mark.parametrize("value", [EVIL, GOOD, "x", "x\xff"])
def test_a_header_of_another_name(dashed: Server, name: str, value: str) -> None:
    """What CGI, WSGI or PHP writes like the header with the token is one with a token."""
    header = (name, value.encode("latin-1"))
    for target in ("/validate", "/p/open"):
        assert code_of(dashed.ask(target=target, headers=[header])) == MALFORMED
        for good in (("X-Auth-Token", GOOD.encode()), ("Authorization", f"Bearer {GOOD}".encode())):
            for lines in ([good, header], [header, good]):
                assert code_of(dashed.ask(target=target, headers=lines)) == MULTIPLE
    good = ("X-Auth-Token", GOOD.encode())
    for other in ("XAuthToken", "X-Auth", "X_Auth_Tokens", "X_Token", "Authorization_"):
        assert dashed.ask(headers=[good, (other, value.encode("latin-1"))]).status == 200
    assert dashed.ask(headers=[good, (name, b"")]).status in {200, 401}


@pytest.mark.parametrize("target", ["/validate", "/p/open"])
@pytest.mark.parametrize("header", ALL, ids=lambda header: header[1].replace(EVIL, "EVIL"))
def test_a_look_alike(places: Server, header: tuple[str, str], target: str) -> None:
    """It is refused, alone and beside a good token, where one is needed and where none is."""
    path = "/page" if target == "/p/open" else ""
    others: Headers = [] if header[0] == "X-Original-URL" else [("X-Original-URL", "http://x/")]
    alone = places.ask(target=target + path, headers=[raw(header), *others])
    assert code_of(alone) == MALFORMED
    beside = places.ask(target=target + path, headers=[raw(header), ("Token", GOOD), *others])
    assert code_of(beside) in {MULTIPLE, MALFORMED}
    if header[0] != "Authorization":
        beside = places.ask(target=target + path, headers=[raw(header), *others], token=GOOD)
        assert code_of(beside) == MULTIPLE


@pytest.mark.parametrize(
    "header",
    [*(("Cookie", value) for value in COOKIES), *ALL[len(HEADERS) + len(COOKIES) :]],
    ids=lambda header: header[1].replace(EVIL, "EVIL"),
)
def test_beside_a_token_in_the_same_place(
    places: Server, header: tuple[str, str], request: pytest.FixtureRequest
) -> None:
    """Before the good one and behind it, in one line, and in another one where there can be."""
    name, value = header
    headers: list[list[tuple[str, str]]]
    if name == "Cookie":
        good = f"session={GOOD}"
        headers = [[(name, f"{good}; {value}")], [(name, f"{value}; {good}")]]
        headers.append([header, (name, good)])
        # RSGI hides what is not ASCII behind what is; docs/decisions/0010.
        if value.isascii() or "rsgi" not in request.node.callspec.id:
            headers.append([(name, good), header])
    else:
        good = f"access_token={GOOD}"
        query = value.removeprefix("http://x/page?")
        headers = [[(name, f"http://x/page?{good}&{query}")], [(name, f"{value}&{good}")]]
    for lines in headers:
        answer = places.ask(headers=[raw(line) for line in lines])
        assert code_of(answer) in {MULTIPLE, MALFORMED}


OTHER_SCHEMES: Final = [
    "Basic dTpw",
    "Negotiate YIIB/+==",
    'Digest username="u", realm="r, s", nonce="n", uri="/", response="d", qop=auth, nc=1',
    "AWS4-HMAC-SHA256 Credential=A/20250101/eu/s3/aws4_request, SignedHeaders=host;range, X=f",
    'Hawk id="a", ts="1", nonce="j", mac="m="',
    f"DPoP {GOOD}",
    "Token x",
    "x",
    "",
    " ",
]


@pytest.mark.parametrize("value", OTHER_SCHEMES)
def test_other_schemes(places: Server, value: str) -> None:
    """They are no token of ours: nobody comes where none is needed, the token beside counts."""
    header = ("Authorization", value)
    assert places.ask(target="/p/open/", headers=[header]).status == 200
    assert code_of(places.ask(headers=[header])) == (401, "missing_token")
    for other in (("Token", GOOD), ("Cookie", f"session={GOOD}")):
        answer = places.ask(headers=[header, other])
        assert (answer.status, answer.get("x-user")) == (200, "user-1")


@pytest.mark.parametrize(
    "header",
    [
        ("Cookie", "Session=5; SESSION=MjAyMA==; session_=a.b.c; xsession=a.b.c; my-session=a.b.c"),
        ("Cookie", "__Host-session=a.b.c; session-id=a.b.c; $session=1; sessions=a.b.c"),
        ("Cookie", "theme={dark, session: 1}; r=/a?b=1&c=2; empty=; x; =; ==; a=b=c=="),
        ("Cookie", "session=; other=a.b.c"),
        ("X-Original-URL", "http://x/?ACCESS_TOKEN=5&access-token=a.b.c&accesstoken=a.b.c&a;b;c"),
        ("X-Original-URL", "http://x/?next=y?a=b&u=access_token&access_token=&x_access_token=a"),
    ],
    ids=range(6),
)
def test_good_requests_stay_good(places: Server, header: tuple[str, str]) -> None:
    """Other cookies and parameters are nobody's token: alone, and beside one."""
    assert places.ask(target="/p/open/", headers=[header]).status == 200
    others: Headers = [] if header[0] == "X-Original-URL" else [("X-Original-URL", "http://x/")]
    assert places.ask(headers=[header, *others], token=GOOD).status == 200
    assert places.ask(headers=[header, *others, ("Token", GOOD)]).status == 200


@pytest.mark.parametrize("header", HEADERS, ids=lambda value: value.replace(EVIL, "EVIL"))
def test_behind_wsgi(wsgi: Server, header: str) -> None:
    """It joins lines and hides bytes, and lets nothing by for that."""
    for target in ("/validate", "/p/open"):
        for lines in ([header], [header, "Basic dTpw"], ["Basic dTpw", header]):
            headers = [raw(("Authorization", line)) for line in lines]
            assert code_of(wsgi.ask(target=target, headers=headers)) in {MULTIPLE, MALFORMED}
        headers = [raw(("Authorization", header)), ("Token", GOOD.encode())]
        assert code_of(wsgi.ask(target=target, headers=headers)) in {MULTIPLE, MALFORMED}


@pytest.mark.parametrize("value", OTHER_SCHEMES)
def test_other_schemes_behind_wsgi(wsgi: Server, value: str) -> None:
    """A comma and an empty value are no token here either."""
    header = ("Authorization", value)
    assert wsgi.ask(target="/p/open", headers=[header]).status == 200
    assert wsgi.ask(target="/p/open", headers=[header, ("Token", GOOD)]).status == 200
    assert code_of(wsgi.ask(headers=[header])) == (401, "missing_token")


@pytest.fixture(scope="module")
def wsgi(serve: Serve) -> Server:
    """The service that WSGI was asked of; one policy takes requests without a token."""
    policies = standard()["policies"]
    policies["open"]["optional"] = True
    return serve(interface="wsgi", token={"from": [BEARER, {"header": "Token"}]}, policies=policies)


def test_wsgi_that_came_to_an_optional_policy(start: Start) -> None:
    """After a reload it serves one: commas hide no token, what it cannot read is refused."""
    service = start(token={"from": [BEARER, {"header": "Token"}]})
    assert b'interface="wsgi"' in service.ask(target="/metrics").body
    policies = standard()["policies"]
    policies["open"]["optional"] = True
    service.change(policies=policies, token={"from": [BEARER, {"header": "Token"}]})
    until(lambda: service.ask(target="/p/open").status == 200, "the policy is optional")
    for value in ('Digest a="b", c="d"', "AWS4-HMAC-SHA256 A=B, C=D", "Basic dTpw"):
        headers = [("Authorization", value)]
        assert service.ask(target="/p/open", headers=headers).status == 200
        assert service.ask(target="/p/open", headers=[*headers, ("Token", GOOD)]).status == 200
        assert code_of(service.ask(headers=headers)) == (401, "missing_token")
    for value in HEADERS:
        for lines in ([value], ["Basic dTpw", value], [value, "Basic dTpw"]):
            sent = [raw(("Authorization", line)) for line in lines]
            answer = service.ask(target="/p/open", headers=sent)
            assert answer.status == 401, lines
            assert code_of(answer) in {MULTIPLE, MALFORMED}, lines
