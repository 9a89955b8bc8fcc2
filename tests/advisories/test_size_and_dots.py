"""Threat: tokens that are split or inflated before anybody asks how long they are.

CVE-2025-30204, CVE-2025-61920, CVE-2024-33664. The length is checked first, then that there are
two dots; five parts are a JWE, which is never decrypted or inflated.
"""

import time
import zlib

import pytest

from tests.forge import claims, compact, encode
from tests.verdict import ACCEPTED, verdict, verifier

MEGABYTE = 1_000_000
LIMIT = 0.001


def timed(token: str | bytes) -> tuple[str, float]:
    """Return a token's verdict, and the shortest of the times it took."""
    judge = verifier()
    spans = []
    answer = ""
    for _ in range(10):
        begin = time.perf_counter()
        answer = verdict(token, judge)
        spans.append(time.perf_counter() - begin)
    return answer, min(spans)


@pytest.mark.parametrize(
    "token",
    ["." * MEGABYTE, "a" * MEGABYTE, b"." * MEGABYTE, "a." * MEGABYTE, ".." + "a" * MEGABYTE],
    ids=["dots", "letters", "bytes", "both", "two dots"],
)
def test_a_megabyte(token: str | bytes) -> None:
    """A megabyte of anything is refused for its size, in less than a millisecond."""
    answer, span = timed(token)
    assert answer == "token_too_large"
    assert span < LIMIT


def test_size_is_counted_in_bytes_and_exactly() -> None:
    """A token of the limit's length passes, one more byte does not, however good it is."""
    token = compact("HS256")
    size = len(token)
    assert [verdict(token, verifier(max_token_bytes=limit)) for limit in (size, size - 1)] == [
        ACCEPTED,
        "token_too_large",
    ]


def test_size_comes_before_everything() -> None:
    """What is too long is not looked at: neither its dots, nor its header, nor its letters."""
    small = verifier(max_token_bytes=10)
    tokens: list[str | bytes] = ["." * 11, "!" * 11, "\u00e9" * 11, b"\xff" * 11, "a" * 11]
    assert [verdict(token, small) for token in tokens] == ["token_too_large"] * 5


def test_large_tokens_pass_by_default() -> None:
    """Tokens of 21.8 KB are seen in the field (joserfc #92)."""
    assert verdict(compact("HS256", claims(groups=["g" * 100] * 160))) == ACCEPTED


def shapes() -> dict[str, str]:
    """Return a good token's parts in every wrong number and order."""
    head, body, signature = compact("HS256").split(".")
    return {
        "empty": "",
        "one dot": ".",
        "two dots": "..",
        "three dots": "...",
        "header alone": head,
        "no signature part": f"{head}.{body}",
        "four parts": f"{head}.{body}.{signature}.",
        "four parts, the first empty": f".{head}.{body}.{signature}",
        "five parts": f"{head}.{body}.{signature}..",
        "five full parts": f"{head}.{body}.{signature}.{body}.{signature}",
        "no header": f".{body}.{signature}",
        "header of spaces": f"ICAg.{body}.{signature}",
        "comma for dot": f"{head},{body},{signature}",
        "token twice": ".".join([head, body, signature] * 2),
    }


@pytest.mark.parametrize("shape", shapes())
def test_exactly_two_dots(shape: str) -> None:
    """A compact JWS has three parts, and its header is not empty."""
    assert verdict(shapes()[shape]) == "malformed_token"


def test_five_parts_are_not_decrypted() -> None:
    """A JWE is refused for its five parts, whatever they are and whatever they inflate to."""
    bomb = zlib.compress(bytes(10 * MEGABYTE), 9)[2:-4]
    for header in (b'{"alg":"dir","enc":"A128GCM","zip":"DEF"}', b'{"alg":"HS256"}'):
        jwe = f"{encode(header)}..{encode(bytes(12))}.{encode(bomb)}.{encode(bytes(16))}"
        answer, span = timed(jwe)
        assert answer == "malformed_token"
        assert span < LIMIT


def test_compressed_payload_is_not_inflated() -> None:
    """`zip` means nothing in a JWS: its payload is taken as it is."""
    packed = zlib.compress(b'{"exp":4000000000}')[2:-4]
    token = compact("HS256", packed, header={"zip": "DEF"})
    assert verdict(token) == "malformed_token"
