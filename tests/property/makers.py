"""Ways to make tokens by chance: good ones, and ones with exactly one thing wrong.

Times are long ago or far ahead, so that no oracle's clock matters.
"""

import hmac
import json
import random
from collections.abc import Callable
from typing import Final, TypeAlias

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.forge import ALGORITHMS, claims, compact, decode, encode, json_bytes, sign
from tests.forge.token import public_key

Maker: TypeAlias = Callable[[random.Random, str], str]
"""Makes a token of one kind for an algorithm."""


def with_claim(name: str, *texts: str) -> Maker:
    """Make tokens in which one claim is a JSON text."""

    def make(chance: random.Random, algorithm: str) -> str:
        text = json.dumps(claims(**{name: "PLACE"}))
        return compact(algorithm, text.replace('"PLACE"', chance.choice(texts)).encode())

    return make


def without_claim(name: str) -> Maker:
    """Make tokens in which one claim is absent."""
    return lambda _, algorithm: compact(algorithm, claims(**{name: ...}))


def payload(*texts: str | bytes) -> Maker:
    """Make tokens whose payload is a text in which GOOD stands for the members of good claims."""

    def make(chance: random.Random, algorithm: str) -> str:
        text = chance.choice(texts)
        raw = text if isinstance(text, bytes) else text.encode()
        return compact(algorithm, raw.replace(b"GOOD", json_bytes(claims())[1:-1]))

    return make


def header(*texts: str | bytes) -> Maker:
    """Make tokens whose header is a text in which ALG stands for the algorithm's member."""

    def make(chance: random.Random, algorithm: str) -> str:
        text = chance.choice(texts)
        raw = text if isinstance(text, bytes) else text.encode()
        return compact(algorithm, None, raw.replace(b"ALG", f'"alg":"{algorithm}"'.encode()))

    return make


def good(chance: random.Random, algorithm: str) -> str:
    """Make a good token of many shapes."""
    extra: dict[str, object] = {
        "aud": chance.choice(["api", ["api"], ["web", "api"]]),
        "sub": chance.choice(["user-1", "", "\u00e9\U0001f600", "x" * 300, ...]),
        "jti": chance.choice(["token-1", "", ...]),
        "iat": chance.choice([0, 1.5, 1_700_000_000, 1e9, ...]),
        "nbf": chance.choice([0, 1.5, 1_700_000_000, 1e9, ...]),
        "exp": chance.choice([4_000_000_000, 4e9, 4_000_000_000.5, 10**11]),
    }
    for _ in range(chance.randrange(4)):
        name = chance.choice(["scope", "groups", "email", "age", "a b", "", "\u00e9", "nested"])
        extra[name] = chance.choice(
            [None, True, 0, -1.5, 10**12, "text", [], {}, ["a", {"b": [1, None]}], {"a": {"b": {}}}]
        )
    header: dict[str, object] = {}
    for name, values in (
        ("typ", ["JWT", "at+jwt", "application/jwt"]),
        ("kid", ["k", "\u00e9", "k" * 100]),
        ("cty", ["JWT", ""]),
        ("x", ["y"]),
    ):
        if chance.random() < 0.3:
            header[name] = chance.choice(values)
    return compact(algorithm, claims(**extra), header)


def signature(change: Callable[[random.Random, bytes], bytes]) -> Maker:
    """Make tokens whose signature is changed."""

    def make(chance: random.Random, algorithm: str) -> str:
        head, _, signature = compact(algorithm).rpartition(".")
        return f"{head}.{encode(change(chance, decode(signature)))}"

    return make


def flip(chance: random.Random, data: bytes) -> bytes:
    """Return data with one bit changed."""
    place = chance.randrange(len(data))
    return data[:place] + bytes([data[place] ^ (1 << chance.randrange(8))]) + data[place + 1 :]


def der(_: random.Random, signature: bytes) -> bytes:
    """Return an ECDSA signature as the DER that X.509 uses."""
    half = len(signature) // 2
    numbers = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
    return encode_dss_signature(*numbers)


def resigned(parts: list[str], algorithm: str) -> str:
    """Return header and payload texts as they are, with a true signature over them."""
    message = ".".join(parts[:2])
    return f"{message}.{encode(sign(algorithm, message.encode()))}"


def in_text(change: Callable[[random.Random, str], str], *places: int) -> Maker:
    """Make tokens in which the base64url text of one part is changed, and signed as it is."""

    def make(chance: random.Random, algorithm: str) -> str:
        parts = compact(algorithm).split(".")
        place = chance.choice(places)
        parts[place] = change(chance, parts[place])
        return ".".join(parts) if place == 2 else resigned(parts, algorithm)

    return make


def insert(letters: str) -> Maker:
    """Put one of some letters anywhere in a text."""

    def change(chance: random.Random, text: str) -> str:
        place = chance.randrange(len(text) + 1)
        return text[:place] + chance.choice(letters) + text[place:]

    return change


LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def spare_bits(chance: random.Random, algorithm: str) -> str:
    """Make a token with spare bits set in its header or payload, under a true signature."""
    body = json_bytes(claims())
    body = body[:-1] + b" " * ((1 - len(body)) % 3) + b"}"
    parts = [encode(json_bytes({"alg": algorithm})), encode(body)]
    spare = (1 << 4) - 1
    last = LETTERS.index(parts[1][-1])
    parts[1] = parts[1][:-1] + LETTERS[last | chance.randint(1, spare)]
    return resigned(parts, algorithm)


def signature_spare_bits(chance: random.Random, algorithm: str) -> str:
    """Make a token with spare bits set at its signature's end."""
    token = compact(algorithm)
    spare = {2: 15, 3: 3}[len(token.rpartition(".")[2]) % 4]
    return token[:-1] + LETTERS[LETTERS.index(token[-1]) | chance.randint(1, spare)]


def edited(chance: random.Random, algorithm: str) -> str:
    """Make a good token, then change one or two letters of its text."""
    good = token = compact(algorithm)
    for _ in range(chance.randint(1, 2)):
        place = chance.randrange(len(token))
        token = token[:place] + chance.choice(LETTERS + ".") + token[place + 1 :]
    return token if token != good else token + "A"


def noise(part: str) -> Maker:
    """Make tokens whose header or payload has noise in it, signed as it is."""

    def make(chance: random.Random, algorithm: str) -> str:
        head = json_bytes({"alg": algorithm, "typ": "JWT", "kid": "k"})
        body = json_bytes(claims(iat=1, nbf=1, x=[1, {"a": None}]))
        text = head if part == "header" else body
        for _ in range(chance.randint(1, 2)):
            place = chance.randrange(len(text))
            new = chance.choice([b"", b'"', b"{", b"}", b"[", b",", b":", b"\\", b"0", b"-"])
            new = new or chance.randbytes(1)
            text = text[:place] + new + text[place + chance.randrange(2) :]
        head, body = (text, body) if part == "header" else (head, text)
        return compact(algorithm, body, head)

    return make


def shape(change: Callable[[str, str, str], str]) -> Maker:
    """Make tokens whose parts are put together in another way."""

    def make(_: random.Random, algorithm: str) -> str:
        head, body, signature = compact(algorithm).split(".")
        return change(head, body, signature)

    return make


def other_algorithm(chance: random.Random, algorithm: str) -> str:
    """Make a token of another algorithm, well signed with its own key."""
    same = {algorithm} if algorithm[:2] != "Ed" else {"EdDSA", "Ed25519"}
    return compact(chance.choice([name for name in ALGORITHMS if name not in same]))


def alias(_: random.Random, algorithm: str) -> str:
    """Make a token under the other name of its algorithm (RFC 9864)."""
    return compact(algorithm, header={"alg": "EdDSA" if algorithm == "Ed25519" else "Ed25519"})


ROOT: Final = json_bytes(claims(sub="root"))
"""A payload that nobody signed."""


def stranger(_: random.Random, algorithm: str) -> str:
    """Make a token that another key of the same type signed."""
    return compact(algorithm, owner="strangers")


def unsecured(chance: random.Random, algorithm: str) -> str:
    """Make an unsecured JWS (RFC 7515 appendix A.5)."""
    none = chance.choice(["none", "None", "NONE", "nOnE"])
    return compact(algorithm, header={"alg": none}).rpartition(".")[0] + "."


def swapped_case(_: random.Random, algorithm: str) -> str:
    """Make a token whose algorithm is written in another case."""
    return compact(algorithm, header={"alg": algorithm.swapcase()})


def confused(_: random.Random, algorithm: str) -> str:
    """Make a token whose MAC has the verifier's public key, as PEM, for its secret."""
    pem = public_key(algorithm).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    message = f"{encode(json_bytes({'alg': 'HS256'}))}.{encode(json_bytes(claims()))}"
    return f"{message}.{encode(hmac.digest(pem, message.encode(), 'sha256'))}"


def padded(chance: random.Random, algorithm: str) -> str:
    """Make a token whose header or payload has the padding of base64, signed as it is."""
    header = {"alg": algorithm, "x": ""}
    while len(json_bytes(header)) % 3 == 0:
        header["x"] += "x"
    body = json_bytes(claims())
    body = body[:-1] + b" " * ((1 - len(body)) % 3) + b"}"
    parts = [encode(json_bytes(header)), encode(body)]
    place = chance.randrange(2)
    parts[place] += "=" * (-len(parts[place]) % 4)
    return resigned(parts, algorithm)


def lonely_letter(chance: random.Random, algorithm: str) -> str:
    """Make a token with a part whose last letter stands for no octet, signed as it is."""
    body = json_bytes(claims())
    body = body[:-1] + b" " * (-len(body) % 3) + b"}"
    return resigned(
        [encode(json_bytes({"alg": algorithm})), encode(body) + chance.choice(LETTERS)], algorithm
    )


def utf16_header(chance: random.Random, algorithm: str) -> str:
    """Make a token whose header is UTF-16 or UTF-32."""
    encoding = chance.choice(["utf-16-le", "utf-16-be", "utf-16", "utf-32-le"])
    return compact(algorithm, None, f'{{"alg":"{algorithm}"}}'.encode(encoding))


def utf16_payload(chance: random.Random, algorithm: str) -> str:
    """Make a token whose payload is UTF-16 or UTF-32."""
    encoding = chance.choice(["utf-16-le", "utf-16-be", "utf-16", "utf-32-le"])
    return compact(algorithm, json_bytes(claims()).decode().encode(encoding))
