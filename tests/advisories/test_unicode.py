"""Threat: two texts that look or normalise alike, of which the checker compares the wrong one.

Names are compared byte for byte; nothing is normalised, folded or trimmed, and text that no
UTF-8 can carry is refused.
"""

import unicodedata

import pytest

import jwtfast
from tests.forge import NOW, claims, compact, json_bytes
from tests.verdict import ACCEPTED, key, verdict, verifier

PAIRS = [
    ("\u00e9", "e\u0301"),
    ("\u212b", "\u00c5"),
    ("\uac00", "\u1100\u1161"),
    ("\ufb01", "fi"),
    ("\u2126", "\u03a9"),
    ("K", "\u212a"),
    ("a", "\u0430"),
    ("a", "\uff41"),
    ("api", "api\u200b"),
    ("api", "\ufeffapi"),
    ("api", "a\u00adpi"),
    ("i", "\u0131"),
    ("\u00df", "ss"),
    ("api", "api\0"),
]
SURROGATES = [
    "\\ud800",
    "\\udbff",
    "\\udc00",
    "\\udfff",
    "\\ud83dx",
    "\\ude00\\ud83d",
    "\\uD800\\u0041",
]


@pytest.mark.parametrize("pair", [*PAIRS, *((two, one) for one, two in PAIRS)], ids=ascii)
def test_names_are_compared_byte_for_byte(pair: tuple[str, str]) -> None:
    """Issuer, audience and `kid` are ours only as they were configured."""
    ours, theirs = pair
    named = verifier(keys=jwtfast.KeySet([key("HS256", ours), key("HS256", "other")]))
    by_issuer = verifier(issuer=ours)
    by_audience = verifier(audience=ours)
    for text, expected in ((ours, [ACCEPTED] * 3), (theirs, None)):
        verdicts = [
            verdict(compact("HS256", claims(iss=text)), by_issuer),
            verdict(compact("HS256", claims(aud=[text])), by_audience),
            verdict(compact("HS256", header={"kid": text}), named),
        ]
        assert verdicts == (expected or ["wrong_issuer", "wrong_audience", "unknown_key"])


@pytest.mark.parametrize("lone", SURROGATES)
def test_lone_surrogates(lone: str) -> None:
    """Half a character is refused in names and values, in the header and in the payload."""
    for member in (f'"x":"{lone}"', f'"{lone}":1', f'"sub2":["a{lone}b"]'):
        payload = json_bytes(claims())[:-1] + f",{member}}}".encode()
        header = f'{{"alg":"HS256",{member}}}'.encode()
        assert verdict(compact("HS256", payload)) == "malformed_token"
        assert verdict(compact("HS256", header=header)) == "malformed_token"


@pytest.mark.parametrize("text", sorted({text for pair in PAIRS for text in pair}), ids=ascii)
def test_claims_come_out_as_they_went_in(text: str) -> None:
    """A claim's text is handed on unchanged, written plainly or by escapes."""
    escaped = "".join(f"\\u{unit:04x}" for unit in utf16(text))
    for written in (text.replace("\0", "\\u0000"), escaped):
        payload = json_bytes(claims())[:-1] + f',"x":"{written}","{written}":1}}'.encode()
        found = verifier().verify(compact("HS256", payload), now=NOW)
        assert (found["x"], found[text]) == (text, 1)
        assert unicodedata.is_normalized("NFC", found["x"]) == unicodedata.is_normalized(
            "NFC", text
        )


def utf16(text: str) -> list[int]:
    """Return the UTF-16 code units that JSON's escapes name."""
    data = text.encode("utf-16-be")
    return [int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2)]


def test_pairs_of_surrogates_are_one_character() -> None:
    """Two escapes of a pair are the one character they stand for."""
    payload = json_bytes(claims())[:-1] + b',"x":"\\ud83d\\ude00"}'
    assert verifier().verify(compact("HS256", payload), now=NOW)["x"] == "\U0001f600"
