"""Threat: bytes that no token has crash the verifier, or leak through as another answer.

CVE-2023-27488 (non-UTF-8 headers). Any bytes at all are refused with a reason, and a gate that
has its keys never says that it is unavailable.
"""

import random

import pytest

import jwtfast
from tests.forge import claims, compact, encode, json_bytes, sign
from tests.verdict import ACCEPTED, decide, gate_settings, key, verdict, verifier

ROUNDS = 20_000
GOOD = compact("HS256")
BAD_UTF8 = [
    b"\xff",
    b"\xfe\xff",
    b"\xc0\x80",
    b"\xc1\xbf",
    b"\xe0\x80\xaf",
    b"\xed\xa0\x80",
    b"\xed\xbf\xbf",
    b"\xf0\x80\x80\xaf",
    b"\xf4\x90\x80\x80",
    b"\xf8\x88\x80\x80\x80",
    b"\x80",
    b"\xc3",
    b"\xe2\x82",
]


def mutants(seed: int) -> list[bytes]:
    """Return random bytes, and good tokens with random bytes in them."""
    chance = random.Random(seed)  # noqa: S311 - nothing depends on it but repetition
    good = GOOD.encode()
    out = []
    for _ in range(ROUNDS // 2):
        out.append(chance.randbytes(chance.randrange(80)))
        start = chance.randrange(len(good))
        stop = min(len(good), start + chance.randrange(4))
        out.append(good[:start] + chance.randbytes(chance.randrange(1, 4)) + good[stop:])
    return [token for token in out if token != good]


def test_random_bytes() -> None:
    """No bytes but the token itself pass, and each refusal has a code that a gate answers 401."""
    judge = verifier()
    codes = {verdict(token, judge) for token in mutants(1)}
    statuses = {status for code, status, _ in jwtfast.reasons() if code in codes}
    assert ACCEPTED not in codes
    assert statuses == {401}


def test_random_text() -> None:
    """Text beyond ASCII is refused, lone surrogates too, which Python's strings can hold."""
    chance = random.Random(2)  # noqa: S311 - nothing depends on it but repetition
    judge = verifier()
    for _ in range(ROUNDS):
        place = chance.randrange(len(GOOD))
        letter = chr(chance.randrange(0x80, 0x110000))
        refused = verdict(GOOD[:place] + letter + GOOD[place:], judge)
        assert refused in {"malformed_token", "invalid_signature"}


@pytest.mark.parametrize("byte", range(256))
def test_every_byte(byte: int) -> None:
    """Each byte, in front, within, behind and alone: refused, or it makes no difference at all."""
    token = GOOD.encode()
    for text in (
        bytes([byte]) + token,
        token[:9] + bytes([byte]) + token[9:],
        token + bytes([byte]),
        bytes([byte]),
    ):
        assert verdict(text) in {"malformed_token", "invalid_signature"}


@pytest.mark.parametrize("bad", BAD_UTF8)
def test_json_that_is_not_utf8(bad: bytes) -> None:
    """Header and payload are UTF-8: no overlong forms, no surrogates, nothing cut short."""
    payload = b'{"exp":4000000000,"iss":"https://issuer.example","aud":"api","x":"%s"}'
    name = b'{"exp":4000000000,"iss":"https://issuer.example","aud":"api","%s":1}'
    header = b'{"alg":"HS256","x":"%s"}'
    assert verdict(compact("HS256", payload % b"")) == ACCEPTED
    assert verdict(compact("HS256", payload % bad)) == "malformed_token"
    assert verdict(compact("HS256", name % bad)) == "malformed_token"
    assert verdict(compact("HS256", header=header % bad)) == "malformed_token"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32", "utf-16-be"])
def test_other_encodings(encoding: str) -> None:
    """A byte order mark or UTF-16 is refused, though Python's json would guess it."""
    payload = json_bytes(claims()).decode().encode(encoding)
    header = '{"alg":"HS256"}'.encode(encoding)
    assert verdict(compact("HS256", payload)) == "malformed_token"
    assert verdict(compact("HS256", header=header)) == "malformed_token"


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "null",
        "true",
        "1",
        '"{}"',
        "[]",
        "[{}]",
        "{",
        "}",
        "{}}",
        "{}{}",
        "{},",
        "{} x",
        "{'a':1}",
        "{a:1}",
        '{"a"}',
        '{"a":}',
        '{"a":1,}',
        '{,"a":1}',
        '{"a":1 "b":2}',
        "/**/{}",
        '{"a":"\t"}',
        '{"a":"\n"}',
        '{"a":"\x00"}',
        '{"a":"\\x"}',
        '{"a":"\\u12"}',
        '{"a":tru}',
        "{}\x00",
        "\x00{}",
        "\x0b{}",
        "\xa0{}",
        '{"a":01}',
        '{"a":1.}',
        '{"a":-}',
        '{"a":1e}',
    ],
)
def test_text_that_is_no_json_object(text: str) -> None:
    """Header and payload are one JSON object each (RFC 8259), with nothing around it but space."""
    assert verdict(compact("HS256", text.encode())) == "malformed_token"
    head = text.encode()
    message = f"{encode(head)}.{encode(json_bytes({'exp': 4_000_000_000}))}"
    token = f"{message}.{encode(sign('HS256', message.encode()))}"
    assert verdict(token) == "malformed_token"


@pytest.mark.parametrize("kind", [None, 1, 1.5, [], {}, ["a.b.c"], object(), bytearray(b"a.b.c")])
def test_tokens_are_text_or_bytes(kind: object) -> None:
    """Anything else is the caller's mistake, a TypeError."""
    with pytest.raises(TypeError):
        verifier().verify(kind)  # type: ignore[arg-type]


def test_random_headers_at_the_gate() -> None:
    """Whatever bytes the credentials are, the gate answers 401, and never that it is unwell."""
    sources = [{"header": "Authorization", "scheme": "Bearer"}, {"cookie": "session"}]
    keys = {"corp": jwtfast.KeySet([key("HS256")])}
    gate = jwtfast.Gate(gate_settings(token=sources), keys)
    seen = set()
    for token in mutants(3):
        for headers in (
            {"authorization": [b"Bearer " + token]},
            {"authorization": [token]},
            {"cookie": [b"session=" + token]},
            {"cookie": [token]},
        ):
            status, code = decide(gate, headers)
            assert code is not None
            seen.add(status)
    assert seen == {401}
    assert decide(gate, {"authorization": [b"Bearer " + GOOD.encode()]}) == (200, None)
