"""Threat: many texts for one token, so that a deny list or a cache sees a token it does not know.

Base64url is taken in its one canonical form: unpadded, no spare bits, no other letters
(RFC 7515 section 2, RFC 4648 section 3.5).
"""

import string
from collections.abc import Iterator

import pytest

from tests.forge import compact, encode, sign
from tests.verdict import ACCEPTED, verdict, verifier

LETTERS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"
OTHERS = "=+/. \t\r\n\0!~\x7f\u00e9\u212a\ufeff\uff21"
CODES = {
    "malformed_token",
    "invalid_signature",
    "algorithm_not_allowed",
    "unsupported_critical_header",
}


def edits(token: str) -> Iterator[str]:
    """Yield every text that differs from a token in one character."""
    for place, letter in enumerate(token):
        before, after = token[:place], token[place + 1 :]
        yield before + after
        yield before + letter.swapcase() + after
        for other in LETTERS + OTHERS:
            if other != letter:
                yield before + other + after
                yield before + other + letter + after
    for other in LETTERS + OTHERS:
        yield token + other


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512", "EdDSA"])
def test_every_edit_of_one_character(algorithm: str) -> None:
    """No text that is one character away from a good token passes."""
    token = compact(algorithm, b'{"exp":4000000000}')
    judge = verifier(algorithm, issuer=None, audience=None)
    assert verdict(token, judge) == ACCEPTED
    edited = {text for text in edits(token) if text != token}
    seen = {verdict(text, judge) for text in edited}
    assert seen - CODES == set()


@pytest.mark.parametrize("algorithm", ["ES256", "ES384", "ES512", "ES256K", "RS256", "PS256"])
def test_every_edit_of_a_signature_end(algorithm: str) -> None:
    """No other last two letters of a signature stand for the same octets."""
    token = compact(algorithm)
    judge = verifier(algorithm)
    tails = {one + two for one in LETTERS for two in LETTERS} - {token[-2:]}
    seen = {verdict(token[:-2] + tail, judge) for tail in tails}
    assert seen <= {"malformed_token", "invalid_signature"}
    assert verdict(token, judge) == ACCEPTED


def spare_bits(part: str) -> Iterator[str]:
    """Yield texts that a lenient decoder reads as the same octets."""
    spare = {0: 0, 2: 4, 3: 2}[len(part) % 4]
    last = LETTERS.index(part[-1])
    for bits in range(1, 1 << spare):
        yield part[:-1] + LETTERS[last | bits]


@pytest.mark.parametrize("part", [0, 1, 2])
def test_spare_bits(part: int) -> None:
    """Bits that stand for nothing are zero, in every part: here the signature covers the text."""
    for length in range(3):
        payload = b'{"exp":4000000000,"iss":"https://issuer.example","aud":"api"%s}' % (
            b" " * length
        )
        header = b'{"alg":"HS256"%s}' % (b" " * length)
        good = compact("HS256", payload, header).split(".")
        for text in spare_bits(good[part]):
            parts = [*good[:part], text, *good[part + 1 :]]
            if part < 2:
                message = ".".join(parts[:2])
                parts[2] = encode(sign("HS256", message.encode()))
            assert verdict(".".join(parts)) == "malformed_token"


@pytest.mark.parametrize("part", [0, 1, 2])
@pytest.mark.parametrize(
    "noise", ["=", "==", "===", "\n", "\r\n", " ", "\t", "\0", "+", "/", "%3D"]
)
def test_noise_in_a_part(noise: str, part: int) -> None:
    """Padding, white space and the other alphabet are refused, under a true signature too."""
    good = compact("HS256").split(".")
    for text in (good[part] + noise, noise + good[part], good[part][:4] + noise + good[part][4:]):
        parts = [*good[:part], text, *good[part + 1 :]]
        if part < 2:
            parts[2] = encode(sign("HS256", ".".join(parts[:2]).encode()))
        assert verdict(".".join(parts)) == "malformed_token"
        assert verdict(".".join(parts).encode()) == "malformed_token"


@pytest.mark.parametrize("around", [" {}", "{} ", "\n{}", "{}\n", "Bearer {}", '"{}"', "{}\0"])
def test_noise_around_a_token(around: str) -> None:
    """A token is the whole text."""
    assert verdict(around.format(compact("HS256"))) == "malformed_token"
