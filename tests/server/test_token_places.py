"""Where a token may stand: header, cookie, query of the original URI; one token in one place."""

import itertools
from urllib.parse import quote

import pytest

from tests.conftest import Serve
from tests.processes import Server
from tests.routed import code_of, original_request
from tests.settings import token

PLACES = ("authorization", "x-token", "cookie", "query")
MISSING = (401, "missing_token")
MULTIPLE = (401, "multiple_tokens")
Headers = list[tuple[str, str]]


@pytest.fixture(scope="module", params=["asgi", "rsgi"])
def places(request: pytest.FixtureRequest, serve: Serve) -> Server:
    """The service that takes a token from any of four places."""
    sources = [
        {"header": "Authorization", "scheme": "Bearer"},
        {"header": "X-Token"},
        {"cookie": "session"},
        {"query": "access_token"},
    ]
    return serve(
        interface=request.param, token={"from": sources}, original_request=original_request()
    )


def put(place: str, value: str) -> tuple[str, str]:
    """The header that brings a token in one place."""
    return {
        "authorization": ("Authorization", f"Bearer {value}"),
        "x-token": ("X-Token", value),
        "cookie": ("Cookie", f"a=b; session={value}; c=d"),
        "query": ("X-Original-URL", f"http://x/page?a=b&access_token={value}&c=d"),
    }[place]


@pytest.mark.parametrize("place", PLACES)
def test_one_place(places: Server, place: str) -> None:
    """A token in any one of them is taken, and checked as any other."""
    answer = places.ask(headers=[put(place, token())])
    assert (answer.status, answer.get("x-user")) == (200, "user-1")

    for bad, code in ((token(exp=1), "token_expired"), ("nonsense", "malformed_token")):
        assert code_of(places.ask(headers=[put(place, bad)])) == (401, code)


@pytest.mark.parametrize("first,second", list(itertools.permutations(PLACES, 2)))
@pytest.mark.parametrize(
    "one,other",
    [
        (token(), token()),
        (token(), token(sub="user-2")),
        (token(), "nonsense"),
        ("nonsense", token()),
        (token(exp=1), token()),
    ],
    ids=["the same", "two", "bad second", "bad first", "expired first"],
)
def test_two_places(places: Server, first: str, second: str, one: str, other: str) -> None:
    """Tokens in two places are refused, good or bad or the same: an upstream may read either."""
    headers = [put(first, one), put(second, other)]

    assert code_of(places.ask(headers=headers)) == MULTIPLE


@pytest.mark.parametrize("combination", [*itertools.combinations(PLACES, 3), PLACES])
def test_more_places(places: Server, combination: tuple[str, ...]) -> None:
    """Three and four are no better than two."""
    assert code_of(places.ask(headers=[put(place, token()) for place in combination])) == MULTIPLE


@pytest.mark.parametrize(
    "headers",
    [
        [("Authorization", f"Bearer {token()}"), ("authorization", f"Bearer {token()}")],
        [("Authorization", f"Bearer {token()}"), ("Authorization", "Basic eDp5")],
        [("Authorization", f"Bearer {token()}, Bearer {token()}")],
        [("X-Token", token()), ("x-token", token())],
        [("X-Token", token()), ("X-Token", "")],
        [("Cookie", f"session={token()}; session={token()}")],
        [("Cookie", f"session={token()}; session=")],
        [("Cookie", f"session={token()}"), ("Cookie", f"session={token()}")],
        [("X-Original-URL", f"http://x/?access_token={token()}&access_token={token()}")],
        [("X-Original-URL", f"http://x/?access_token={token()}&access_token=")],
        [("X-Original-URL", f"http://x/?access_token={token()}&access%5Ftoken={token()}")],
    ],
)
def test_twice_in_one_place(places: Server, headers: Headers) -> None:
    """One place cannot bring two either, whether they are alike, or one is empty or escaped."""
    assert code_of(places.ask(headers=headers)) == MULTIPLE


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("Authorization", "Basic eDp5")],
        [("Proxy-Authorization", f"Bearer {token()}")],
        [("Cookie", f"xsession={token()}; session_={token()}")],
        [("Cookie", "session=")],
        [("Cookie2", f"session={token()}")],
        [("X-Original-URL", "http://x/?access_token=")],
        [("X-Original-URL", f"http://x/access_token={token()}")],
        [("X-Original-URI", f"/?access_token={token()}")],
        [("Referer", f"http://x/?access_token={token()}")],
    ],
)
def test_no_place(places: Server, headers: Headers) -> None:
    """A token anywhere else is none: other headers, and names that no reader takes for ours."""
    assert code_of(places.ask(headers=headers)) == MISSING


@pytest.mark.parametrize("target", ["/validate", "/p/default", "/p/default/page"])
def test_the_query_of_the_subrequest(places: Server, target: str) -> None:
    """It is not the original one: a token in it is none, and no second one either."""
    target = f"{target}?access_token={token()}"

    assert code_of(places.ask(target=target)) == MISSING
    assert places.ask(target=target, token=token()).status == 200


def test_an_empty_place_is_none(places: Server) -> None:
    """A place that is there but empty leaves the others their token."""
    headers = [
        ("Cookie", "session="),
        ("X-Original-URL", "http://x/?access_token="),
        ("X-Token", ""),
    ]

    assert places.ask(headers=headers, token=token()).status == 200


def test_an_escaped_token(places: Server) -> None:
    """A query is percent-decoded once, as every server of the original request does."""
    escaped = "".join(f"%{ord(letter):02x}" for letter in token())

    assert places.ask(headers=[put("query", escaped)]).status == 200
    twice = code_of(places.ask(headers=[put("query", quote(escaped, safe=""))]))
    assert twice == (401, "malformed_token")


def test_a_bad_original_request_is_told_first(places: Server) -> None:
    """A token in a request that can be read in two ways is not even looked at."""
    headers = [("X-Original-URL", f"http://x/a/../b?access_token={token()}")]

    assert code_of(places.ask(headers=headers)) == (403, "bad_original_request")


def test_a_query_without_an_original_request(serve: Serve) -> None:
    """Where the proxy tells no original request, there is no token in its query."""
    server = serve(token={"from": {"query": "t"}}, original_request=original_request())

    assert code_of(server.ask()) == MISSING
    assert code_of(server.ask(target=f"/validate?t={token()}")) == MISSING
    assert code_of(server.ask(token=token())) == MISSING
    assert server.ask(headers=[("X-Original-URL", f"https://x/?t={token()}")]).status == 200
