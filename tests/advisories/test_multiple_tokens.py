"""Threat: two tokens in one request, of which the gate checks one and the upstream reads the other.

CVE-2021-32777. More than one token, wherever they are and though they are the same, is refused.
"""

import itertools

import pytest

import jwtfast
from tests.forge import claims, compact
from tests.verdict import decide, gate_settings, key

GOOD = compact("HS256")
OTHER = compact("HS256", claims(sub="user-2"))
FORGED = compact("HS256", owner="strangers")
REFUSED = (401, "multiple_tokens")
SOURCES: list[dict[str, str]] = [
    {"header": "Authorization", "scheme": "Bearer"},
    {"header": "X-Token"},
    {"cookie": "session"},
    {"cookie": "backup"},
    {"query": "access_token"},
]
ORIGINAL = {"uri_header": "X-Original-URI", "trusted_proxies": ["127.0.0.1/32"]}

Headers = dict[str, list[str | bytes]]


@pytest.fixture(scope="module")
def gate() -> jwtfast.Gate:
    """Return a gate that takes tokens from five places."""
    keys = {"corp": jwtfast.KeySet([key("HS256")])}
    return jwtfast.Gate(gate_settings(token=SOURCES, original_request=ORIGINAL), keys)


def request_with(places: tuple[str, ...], tokens: tuple[str, ...]) -> Headers:
    """Return the headers of a request that carries tokens in these places."""
    headers: Headers = {}
    cookies = []
    query = "&".join(
        f"access_token={token}"
        for place, token in zip(places, tokens, strict=True)
        if place == "query"
    )
    headers["x-original-uri"] = [f"/path?page=1&{query}"]
    for place, token in zip(places, tokens, strict=True):
        if place in {"session", "backup"}:
            cookies.append(f"{place}={token}")
        elif place != "query":
            value = f"Bearer {token}" if place == "authorization" else token
            headers.setdefault(place, []).append(value)
    if cookies:
        headers["cookie"] = ["; ".join(cookies)]
    return headers


PLACES = ["authorization", "x-token", "session", "backup", "query"]


@pytest.mark.parametrize("place", PLACES)
def test_one_token_in_any_place(gate: jwtfast.Gate, place: str) -> None:
    """One token is judged, wherever it is."""
    assert decide(gate, request_with((place,), (GOOD,))) == (200, None)
    assert decide(gate, request_with((place,), (FORGED,))) == (401, "invalid_signature")


@pytest.mark.parametrize("places", list(itertools.product(PLACES, repeat=2)), ids="+".join)
@pytest.mark.parametrize("pair", [(GOOD, GOOD), (GOOD, OTHER), (GOOD, FORGED), (FORGED, GOOD)])
def test_two_tokens(gate: jwtfast.Gate, places: tuple[str, str], pair: tuple[str, str]) -> None:
    """Two tokens are refused in every combination of places, the same token twice too."""
    assert decide(gate, request_with(places, pair)) == REFUSED


@pytest.mark.parametrize("places", list(itertools.combinations(PLACES, 3)), ids="+".join)
def test_three_tokens(gate: jwtfast.Gate, places: tuple[str, ...]) -> None:
    """So are three."""
    assert decide(gate, request_with(places, (GOOD,) * 3)) == REFUSED


def test_cookie_headers_are_one_list(gate: jwtfast.Gate) -> None:
    """A cookie that comes in two Cookie headers (HTTP/2 splits them) has come twice."""
    twice: Headers = {
        "cookie": [f"session={GOOD}", f"session={GOOD}"],
        "x-original-uri": ["/"],
    }
    once: Headers = {
        "cookie": ["theme=dark", f"session={GOOD}"],
        "x-original-uri": ["/"],
    }
    assert [decide(gate, twice), decide(gate, once)] == [REFUSED, (200, None)]


@pytest.mark.parametrize("joined", [f"Bearer {GOOD}, Bearer {GOOD}", f"Bearer {GOOD},{GOOD}"])
def test_tokens_joined_by_a_comma(gate: jwtfast.Gate, joined: str) -> None:
    """Two values that a proxy made one never pass as one token."""
    status, code = decide(gate, {"authorization": [joined], "x-original-uri": ["/"]})
    assert status == 401
    assert code in {"multiple_tokens", "malformed_token"}


def test_two_values_of_which_one_is_no_token(gate: jwtfast.Gate) -> None:
    """Two Authorization headers are two, though one of them holds no bearer token."""
    for other in ("Basic dXNlcjpwYXNz", "", "Bearer", "Bearer "):
        for values in ([f"Bearer {GOOD}", other], [other, f"Bearer {GOOD}"]):
            assert decide(gate, {"authorization": list(values), "x-original-uri": ["/"]}) == REFUSED


@pytest.mark.parametrize("name", ["access_token", "access%5Ftoken", "%61ccess_token"])
def test_query_parameter_twice(gate: jwtfast.Gate, name: str) -> None:
    """A parameter that comes twice, however its name is written, never passes as one."""
    for pair in ((GOOD, GOOD), (GOOD, FORGED), (FORGED, GOOD)):
        uri = f"/path?access_token={pair[0]}&{name}={pair[1]}"
        status, code = decide(gate, {"x-original-uri": [uri]})
        assert (status, code) == REFUSED
