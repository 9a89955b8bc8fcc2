"""Whatever an application reads as the token is the one that was checked, or there is a refusal.

A gate that reads more strictly than what is behind it would check one token, and let another one
by. So every reader that we know reads the same generated requests.
"""

import os
import random
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import pytest

import jwtfast
from tests.forge import claims, compact
from tests.property import readers
from tests.verdict import gate_issuer, gate_settings, key

GOOD: Final = compact("ES256", claims(sub="good"))
EVIL: Final = compact("ES256", claims(sub="evil"), owner="strangers")
OTHERS: Final = ("", "x", f'"{GOOD}"', f'"{EVIL}"', EVIL.replace(".", "%2e"), EVIL[:40])
COUNT: Final = int(os.environ.get("JWTFAST_PLACES", "12000"))
"""Requests for each of the three places."""
AT_ONCE: Final = 1000
ORIGINAL: Final = {"uri_header": "X-Original-URI", "trusted_proxies": ["127.0.0.1/32"]}

Make = Callable[[random.Random], str]
Header = tuple[str, bytes]


def seeded(seed: object) -> random.Random:
    """Return what makes the same requests in every run."""
    return random.Random(str(seed))  # noqa: S311 - to be repeated


def judge(place: Mapping[str, str], **policy: object) -> jwtfast.Gate:
    """Return a gate that takes tokens in one place, and tells who came."""
    rules = {"issuers": ["corp"], "identity": {"X-User": "sub"}, **policy}
    settings = gate_settings(
        issuers=[gate_issuer("corp")],
        token=[place],
        policies={"default": rules},
        original_request=ORIGINAL if "query" in place else None,
    )
    cache = jwtfast.TokenCache(1 << 20)
    return jwtfast.Gate(settings, {"corp": jwtfast.KeySet([key("ES256")])}, cache=cache)


def user(gate: jwtfast.Gate, *headers: Header) -> str | None:
    """Return who is let in: `good`, nobody as an empty text, or None for a refusal."""
    sent = list(headers)
    decision = gate.decide(None, "GET", "", sent, peer="127.0.0.1", now=1_700_000_100)
    if decision.status != 200:
        assert decision.status == 401
        return None
    return dict(decision.headers)["x-user"]


def maker(first: Sequence[str], between: Sequence[str], names: Sequence[str]) -> Make:
    """Make texts of a few values, each behind a name and something else, with this in between."""
    values = (GOOD, GOOD, EVIL, EVIL, *OTHERS)

    def make(chance: random.Random) -> str:
        text = chance.choice(first)
        for _ in range(chance.choice((1, 1, 2, 2, 2, 3))):
            text += chance.choice(names) + chance.choice(values) + chance.choice(between)
        return text

    return make


NAMES: Final = ("session", "session", "session", "Session", "my_session", "my.session", "xsession")
COOKIES: Final = maker(
    ("", "", "", " ", "\t", "a=b; ", "a=b,", "a=b ", ";", '"', "\xa0", "$Version=1; ", "=", 'a="'),
    ("", ";", "; ", "; ", ";\t", ", ", ",", " ", "\t", ";;", "&", '"; ', "\xa0; ", "; a=b; ", "?"),
    [
        f"{before}{name}{equals}"
        for name in (*NAMES, "se%73sion", "session[0]", "session[]", "__Host-session", "session_")
        for before in ("", "", "", " ", "$", '"', "\x85")
        for equals in ("=", "=", "=", " =", "\t=", "= ", "=\t", "==", '"=', "\xa0=", "\x0c=")
    ],
)
QUERIES: Final = maker(
    ("", "", "a=1&", "a=1;", "&", ";", "a&", "?", "a=1?", "%", "+"),
    ("", "&", "&", "&", ";", "&amp;", "&&", "&a=1&", "?", "%26", "\0", "+"),
    [
        f"{before}{name}{equals}"
        for name in ("session", "session", "Session", "%73ession", "session[]", "session[a]")
        for before in ("", "", "", "+", "%20", "%0a", "%a0", "%00", ".")
        for equals in ("=", "=", "=", "+=", "%20=", "%00=", "%00x=", "=+", "==", "%=", "%3d", "")
    ],
)
HEADERS: Final = maker(
    ("", "", "", " ", "\t", "\xa0", "Basic x, ", "Basic x ", ", ", ",", '"', 'Digest a="b", '),
    ("", "", " ", "\t", ",", ", ", "\xa0", '"', " x", "%20"),
    [
        f"{scheme}{space}"
        for scheme in ("Bearer", "Bearer", "bearer", "BEARER", "Bearer:", "JWT", "Basic", "")
        for space in (" ", " ", " ", "  ", "\t", "\xa0", "\x85", "\x0b", "\x1f", "", "=", "%20")
    ],
)


def agree(read: Sequence[str], who: str | None) -> bool:
    """Return whether an application that reads this cannot be misled by the answer.

    A text with other characters than a token's is none, to anybody.
    """
    if who is None:
        return True
    stripped = {text.strip(" \t\xa0\x85\x0b\x0c\"'") for text in read}
    found = {text for text in stripped if re.fullmatch(r"[\w.-]+", text, re.ASCII)}
    return found <= ({GOOD} if who else set())


def told(*parts: object) -> str:
    """Return what differed, with the tokens called by a word."""
    return repr(parts).replace(GOOD, "GOOD").replace(EVIL, "EVIL")


@pytest.mark.parametrize("optional", [False, True], ids=["required", "optional"])
@pytest.mark.parametrize("name", ["session", "my_session"])
def test_cookies(name: str, *, optional: bool) -> None:
    """Each line and each way to write it: names, blanks, quotes, separators, escapes."""
    gate, chance = judge({"cookie": name}, optional=optional), seeded(f"{name}{optional}")
    seen = set()
    for _ in range(COUNT // 4):
        lines = [COOKIES(chance) for _ in range(chance.choice((1, 1, 1, 2)))]
        who = user(gate, *(("cookie", line.encode("latin-1")) for line in lines))
        seen.add(who)
        # As ASGI has it, as WSGI has it, and as Tornado does.
        for joined in {"; ".join(lines), ";".join(lines), ",".join(lines)}:
            for reader, read in readers.COOKIES.items():
                found = read(joined, name)
                if reader in readers.LOOSE:
                    found = [text for text in found if text in {GOOD, EVIL}]
                assert agree(found, who), told(reader, lines, found, who)
    assert seen == ({None, "good", ""} if optional else {None, "good"})


@pytest.mark.parametrize("optional", [False, True], ids=["required", "optional"])
def test_queries(*, optional: bool) -> None:
    """Each parameter: names, escapes, separators, brackets."""
    gate, chance = judge({"query": "session"}, optional=optional), seeded(optional)
    seen = set()
    for _ in range(0, COUNT // 2, AT_ONCE):
        texts = [QUERIES(chance).replace("\0", "") for _ in range(AT_ONCE)]
        by_node, by_php = readers.node(texts, "session"), readers.php(texts, "session")
        for text, of_node, of_php in zip(texts, by_node, by_php, strict=True):
            who = user(gate, ("x-original-uri", f"/?{text}".encode("latin-1")))
            seen.add(who)
            assert agree(of_node, who), told("node", text, of_node, who)
            tokens = [one for one in of_php if one in {GOOD, EVIL}]
            assert agree(tokens, who), told("php", text, tokens, who)
            for reader, read in readers.QUERIES.items():
                values = [one for one in read(text, "session") if one in {GOOD, EVIL}]
                assert agree(values, who), told(reader, text, values, who)
    assert seen == ({None, "good", ""} if optional else {None, "good"})


@pytest.mark.parametrize("optional", [False, True], ids=["required", "optional"])
def test_authorization(*, optional: bool) -> None:
    """Each value: schemes, what follows them, what stands before them."""
    place = {"header": "Authorization", "scheme": "Bearer"}
    gate, chance = judge(place, optional=optional), seeded(optional)
    seen = set()
    for _ in range(COUNT // 2):
        text = HEADERS(chance)
        who = user(gate, ("authorization", text.encode("latin-1")))
        seen.add(who)
        for reader, read in readers.AUTHORIZATION.items():
            stripped = [one.strip(" \t\xa0\x85\x0b\x1f\"',") for one in read(text, "")]
            found = [one for one in stripped if one in {GOOD, EVIL}]
            assert agree(found, who), told(reader, text, found, who)
    assert seen == ({None, "good", ""} if optional else {None, "good"})
