"""Threat: a small token that takes long to read: deep nesting, huge numbers (CVE-2025-53864).

Nesting ends at 32 levels, and every refusal takes less than a millisecond.
"""

import time

import pytest

from tests.forge import claims, compact, encode, json_bytes
from tests.verdict import ACCEPTED, verdict, verifier

DEEPEST = 32
LIMIT = 0.001


def nested(depth: int, opening: str, closing: str, core: str = "0") -> str:
    """Return `depth` levels of arrays or objects around a value."""
    return opening * depth + core + closing * depth


def with_claim(text: str) -> bytes:
    """Return the text of good claims and one more, given as JSON text."""
    return json_bytes(claims())[:-1] + b',"x":' + text.encode() + b"}"


@pytest.mark.parametrize("pair", [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_depth(pair: tuple[str, str]) -> None:
    """The object of claims is the first level, the thirty-second is the last; so in the header."""
    step = 2 if len(pair[1]) > 1 else 1
    room = (DEEPEST - 1) // step
    for depth in (1, room, room + 1, 100):
        text = nested(depth, *pair)
        header = f'{{"alg":"HS256","x":{text}}}'.encode()
        expected = ACCEPTED if depth <= room else "malformed_token"
        assert verdict(compact("HS256", with_claim(text))) == expected
        assert verdict(compact("HS256", header=header)) == expected


def bombs() -> dict[str, str]:
    """Return texts that some parser takes long over."""
    size = 45_000
    return {
        "arrays": nested(size // 2, "[", "]"),
        "open arrays": "[" * size,
        "objects": nested(size // 6, '{"a":', "}"),
        "open objects": '{"a":' * (size // 5),
        "digits": "1" * size,
        "negative digits": "-" + "9" * size,
        "exponent": "1e" + "9" * size,
        "wide": "[" + "0," * (size // 2) + "}",
        "escapes": '"' + "\\ud800" * (size // 6) + '"',
        "spaces": " " * size,
        "names": "{" + ",".join(f'"{i}":0' for i in range(size // 10)) + ',"0":0}',
        "same names": "{" + ",".join(['"a":0'] * (size // 6)) + "}",
    }


@pytest.mark.parametrize("bomb", bombs())
def test_refused_in_less_than_a_millisecond(bomb: str) -> None:
    """A bomb under a true signature, the worst case, is refused as malformed at once."""
    judge = verifier()
    text = bombs()[bomb]
    for token in (
        compact("HS256", with_claim(text)),
        compact("HS256", header=f'{{"alg":"HS256","x":{text}}}'.encode()),
    ):
        spans = []
        for _ in range(20):
            begin = time.perf_counter()
            assert verdict(token, judge) == "malformed_token"
            spans.append(time.perf_counter() - begin)
        assert min(spans) < LIMIT


@pytest.mark.parametrize("text", ["1e400", "-1e400", "1" + "0" * 309, "1e309", "1e99999999999"])
def test_numbers_beyond_a_double(text: str) -> None:
    """A number that no double can hold is refused wherever it stands."""
    assert verdict(compact("HS256", with_claim(text))) == "malformed_token"
    assert verdict(compact("HS256", with_claim(f"[{text}]"))) == "malformed_token"
    header = f'{{"alg":"HS256","x":{text}}}'.encode()
    assert verdict(compact("HS256", header=header)) == "malformed_token"


@pytest.mark.parametrize("text", ["1e308", "-1e308", "1e-400", "0." + "1" * 5000, "1" * 300])
def test_long_numbers_that_a_double_can_hold(text: str) -> None:
    """A long number is no bomb by itself."""
    assert verdict(compact("HS256", with_claim(text))) == ACCEPTED


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "+1", "01", "1.", ".5", "0x1"])
def test_numbers_that_json_does_not_have(text: str) -> None:
    """What RFC 8259 does not call a number is none here."""
    assert verdict(compact("HS256", with_claim(text))) == "malformed_token"


def test_unsigned_bombs_are_not_read() -> None:
    """The payload of a token that nobody signed is not looked into."""
    head = encode(b'{"alg":"HS256"}')
    forged = f"{head}.{encode(bombs()['open arrays'].encode())}.{encode(bytes(32))}"
    assert verdict(forged) == "invalid_signature"
