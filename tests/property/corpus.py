"""The generated corpus: every kind of token, what must be said of it, in an order from a seed."""

import random
from collections.abc import Iterator
from typing import Final, NamedTuple

from tests.forge import ALGORITHMS, SYMMETRIC, encode
from tests.property import makers
from tests.property.makers import Maker

ACCEPTED: Final = "accepted"
_MALFORMED: Final = "malformed_token"
_INVALID: Final = "invalid_claim"
_FORGED: Final = "invalid_signature"
_CRITICAL: Final = "unsupported_critical_header"
_OTHER: Final = "algorithm_not_allowed"
_MISSING: Final = "missing_claim"
_PURPOSE: Final = "wrong_token_type"

_ECDSA: Final = ("ES256", "ES384", "ES512", "ES256K")
_EDWARDS: Final = ("EdDSA", "Ed25519")
_SPARE: Final = tuple(name for name in ALGORITHMS if name not in {"HS384", "ES384", "ES512"})
"""Algorithms whose signatures do not fill their last letter."""


class Kind(NamedTuple):
    """One kind of token: the verdict on it (None: whatever is right) and how it is made."""

    expected: str | None
    make: Maker
    algorithms: tuple[str, ...] = ALGORITHMS


class Sample(NamedTuple):
    """One token of the corpus."""

    kind: str
    algorithm: str
    token: str
    expected: str | None


_CONTAINERS: Final = ("[]", "[1]", "{}", '{"a":1}')

KINDS: Final[dict[str, Kind]] = {
    "good": Kind(ACCEPTED, makers.good),
    # another purpose than access
    "bound token": Kind(
        _PURPOSE, makers.payload('{GOOD,"cnf":{"jkt":"x"}}', '{GOOD,"cnf":{"x5t#S256":"x"}}')
    ),
    "typ of another purpose": Kind(
        _PURPOSE, makers.header('{ALG,"typ":"logout+jwt"}', '{ALG,"typ":"application/dpop+jwt"}')
    ),
    "security event": Kind(_PURPOSE, makers.payload('{GOOD,"events":{"urn:example:event":{}}}')),
    "b64 true": Kind(ACCEPTED, makers.header('{ALG,"b64":true}')),
    "offered key": Kind(
        ACCEPTED, makers.header('{ALG,"jku":"http://127.0.0.1:9/","x5u":"http://127.0.0.1:9/"}')
    ),
    "offered key of another type": Kind(
        ACCEPTED, makers.header('{ALG,"jku":1}', '{ALG,"x5c":{}}', '{ALG,"jwk":[]}')
    ),
    "EdDSA and Ed25519": Kind(ACCEPTED, makers.alias, _EDWARDS),
    "spaces in JSON": Kind(ACCEPTED, makers.payload(" {\tGOOD\r\n} ", "\n{ GOOD }")),
    "depth 32": Kind(ACCEPTED, makers.payload('{GOOD,"x":' + "[" * 31 + "]" * 31 + "}")),
    "escaped name": Kind(ACCEPTED, makers.payload('{GOOD,"\\u0078":"\\u00e9\\ud83d\\ude00"}')),
    # the signature
    "flipped bit": Kind(_FORGED, makers.signature(makers.flip)),
    "signature cut": Kind(_FORGED, makers.signature(lambda _, data: data[:-1])),
    "signature longer": Kind(_FORGED, makers.signature(lambda _, data: data + b"\0")),
    "signature empty": Kind(_FORGED, makers.signature(lambda *_: b"")),
    "signature of zeros": Kind(_FORGED, makers.signature(lambda _, data: bytes(len(data)))),
    "signature in DER": Kind(_FORGED, makers.signature(makers.der), _ECDSA),
    "stranger's signature": Kind(_FORGED, makers.stranger),
    "payload of another token": Kind(
        _FORGED, makers.shape(lambda h, _, s: f"{h}.{encode(makers.ROOT)}.{s}")
    ),
    "edited text": Kind(None, makers.edited),
    # the algorithm
    "alg none": Kind(_OTHER, makers.header('{"alg":"none"}', '{"alg":"None"}', '{"alg":"NONE"}')),
    "alg none, no signature": Kind(_OTHER, makers.unsecured),
    "other algorithm": Kind(_OTHER, makers.other_algorithm),
    "alg in another case": Kind(_OTHER, makers.swapped_case),
    "public key as secret": Kind(
        _OTHER, makers.confused, tuple(name for name in ALGORITHMS if name not in SYMMETRIC)
    ),
    # the form
    "one dot": Kind(_MALFORMED, makers.shape(lambda h, b, _: f"{h}.{b}")),
    "three dots": Kind(_MALFORMED, makers.shape(lambda h, b, s: f"{h}.{b}.{s}.")),
    "five parts": Kind(_MALFORMED, makers.shape(lambda h, b, s: f"{h}.{b}.{s}.{b}.{s}")),
    "no header": Kind(_MALFORMED, makers.shape(lambda _, b, s: f".{b}.{s}")),
    "space around": Kind(_MALFORMED, makers.shape(lambda h, b, s: f" {h}.{b}.{s}"), ALGORITHMS),
    "line feed behind": Kind(_MALFORMED, makers.shape(lambda h, b, s: f"{h}.{b}.{s}\n")),
    "padding": Kind(_MALFORMED, makers.padded),
    "spare bits": Kind(_MALFORMED, makers.spare_bits),
    "spare bits in the signature": Kind(_MALFORMED, makers.signature_spare_bits, _SPARE),
    "other letters": Kind(_MALFORMED, makers.in_text(makers.insert("+/!~ \t\n"), 0, 1, 2)),
    "one letter more": Kind(_MALFORMED, makers.lonely_letter),
    # the header
    "header no object": Kind(_MALFORMED, makers.header("[]", "null", "1", '"x"', "")),
    "header no JSON": Kind(_MALFORMED, makers.header("{ALG,}", "{ALG", "{ALG}}", "{'alg':1}")),
    "header not UTF-8": Kind(
        _MALFORMED, makers.header(b'{ALG,"x":"\xff"}', b'{ALG,"x":"\xc0\x80"}')
    ),
    "header with byte order mark": Kind(_MALFORMED, makers.header("\ufeff{ALG}")),
    "header in UTF-16": Kind(_MALFORMED, makers.utf16_header),
    "header with lone surrogate": Kind(_MALFORMED, makers.header('{ALG,"x":"\\ud800"}')),
    "header with NaN": Kind(_MALFORMED, makers.header('{ALG,"x":NaN}', '{ALG,"x":-Infinity}')),
    "header number too large": Kind(_MALFORMED, makers.header('{ALG,"x":1e400}')),
    "header member twice": Kind(_MALFORMED, makers.header('{ALG,"x":1,"x":2}')),
    "header alg twice": Kind(_MALFORMED, makers.header('{ALG,"\\u0061lg":"none",ALG}')),
    "header depth 33": Kind(_MALFORMED, makers.header('{ALG,"x":' + "[" * 32 + "]" * 32 + "}")),
    "header depth 1000": Kind(
        _MALFORMED, makers.header('{ALG,"x":' + "[" * 1000 + "]" * 1000 + "}")
    ),
    "no alg": Kind(_MALFORMED, makers.header("{}", '{"typ":"JWT"}')),
    "alg of another type": Kind(
        _MALFORMED, makers.header('{"alg":null}', '{"alg":1}', '{"alg":[]}')
    ),
    "kid of another type": Kind(_MALFORMED, makers.header('{ALG,"kid":1}', '{ALG,"kid":[]}')),
    "kid null": Kind(_MALFORMED, makers.header('{ALG,"kid":null}')),
    "kid too long": Kind("unknown_key", makers.header('{ALG,"kid":"' + "k" * 257 + '"}')),
    "typ of another type": Kind(_MALFORMED, makers.header('{ALG,"typ":1}', '{ALG,"typ":[]}')),
    "typ null": Kind(_MALFORMED, makers.header('{ALG,"typ":null}')),
    "cty of another type": Kind(_MALFORMED, makers.header('{ALG,"cty":1}', '{ALG,"cty":{}}')),
    "cty null": Kind(_MALFORMED, makers.header('{ALG,"cty":null}')),
    "crit unknown": Kind(_CRITICAL, makers.header('{ALG,"crit":["x"],"x":1}')),
    "crit not there": Kind(_CRITICAL, makers.header('{ALG,"crit":["x"]}')),
    "crit empty": Kind(_CRITICAL, makers.header('{ALG,"crit":[]}')),
    "crit of another type": Kind(_CRITICAL, makers.header('{ALG,"crit":1}', '{ALG,"crit":"x"}')),
    "crit null": Kind(_CRITICAL, makers.header('{ALG,"crit":null}')),
    "crit registered": Kind(_CRITICAL, makers.header('{ALG,"crit":["alg"]}')),
    "crit b64 true": Kind(_CRITICAL, makers.header('{ALG,"crit":["b64"],"b64":true}')),
    "b64 false": Kind(_CRITICAL, makers.header('{ALG,"b64":false}')),
    "b64 of another type": Kind(_CRITICAL, makers.header('{ALG,"b64":0}', '{ALG,"b64":"true"}')),
    "header noise": Kind(None, makers.noise("header")),
    # the payload's text
    "payload no object": Kind(_MALFORMED, makers.payload("[]", "null", "1", '"x"', "")),
    "payload no JSON": Kind(_MALFORMED, makers.payload("{GOOD,}", "{GOOD", "{GOOD}}", "{GOOD}{}")),
    "payload not UTF-8": Kind(_MALFORMED, makers.payload(b'{GOOD,"x":"\xff"}', b'{GOOD,"\xc3":1}')),
    "payload with byte order mark": Kind(_MALFORMED, makers.payload("\ufeff{GOOD}")),
    "payload in UTF-16": Kind(_MALFORMED, makers.utf16_payload),
    "payload with lone surrogate": Kind(_MALFORMED, makers.payload('{GOOD,"x":"\\ud800"}')),
    "payload with NaN": Kind(_MALFORMED, makers.payload('{GOOD,"x":NaN}', '{GOOD,"x":Infinity}')),
    "payload number too large": Kind(_MALFORMED, makers.payload('{GOOD,"x":1e400}')),
    "payload integer too large": Kind(_MALFORMED, makers.payload('{GOOD,"x":1' + "0" * 400 + "}")),
    "payload with control": Kind(_MALFORMED, makers.payload('{GOOD,"x":"\n"}', '{GOOD,"x":"\0"}')),
    "claim twice": Kind(_MALFORMED, makers.payload('{GOOD,"x":1,"x":2}', '{"x":1,GOOD,"x":1}')),
    "exp twice": Kind(_MALFORMED, makers.payload('{"\\u0065xp":1,GOOD}', '{"exp":1,GOOD}')),
    "nested member twice": Kind(_MALFORMED, makers.payload('{GOOD,"x":[{"a":1,"a":2}]}')),
    "payload depth 33": Kind(_MALFORMED, makers.payload('{GOOD,"x":' + "[" * 32 + "]" * 32 + "}")),
    "payload depth 10000": Kind(
        _MALFORMED, makers.payload('{GOOD,"x":' + "[" * 10_000 + "]" * 10_000 + "}")
    ),
    "payload noise": Kind(None, makers.noise("payload")),
    # the claims
    "exp missing": Kind(_MISSING, makers.without_claim("exp")),
    "exp past": Kind("token_expired", makers.with_claim("exp", "0", "1", "1.5", "1000000000")),
    "nbf future": Kind("token_not_yet_valid", makers.with_claim("nbf", "4000000000", "4e9")),
    "iat future": Kind("token_issued_in_future", makers.with_claim("iat", "4000000000", "4e9")),
    "iss missing": Kind(_MISSING, makers.without_claim("iss")),
    "iss other": Kind("wrong_issuer", makers.with_claim("iss", '""', '"https://other.example"')),
    "iss in an array": Kind(_INVALID, makers.with_claim("iss", '["https://issuer.example"]')),
    "iss of another type": Kind(_INVALID, makers.with_claim("iss", "1", "true", *_CONTAINERS)),
    "iss null": Kind(_INVALID, makers.with_claim("iss", "null")),
    "aud missing": Kind(_MISSING, makers.without_claim("aud")),
    "aud other": Kind("wrong_audience", makers.with_claim("aud", '"apis"', '["web"]')),
    "aud empty": Kind("wrong_audience", makers.with_claim("aud", '""', "[]")),
    "aud of another type": Kind(
        _INVALID, makers.with_claim("aud", "1", "true", '{"api":1}', "[1]")
    ),
    "aud with another type in it": Kind(
        _INVALID, makers.with_claim("aud", '["api",1]', '["api",null]', '[["x"],"api"]')
    ),
    "aud null": Kind(_INVALID, makers.with_claim("aud", "null")),
}
for _name in ("exp", "nbf", "iat"):
    KINDS[f"{_name} null"] = Kind(_INVALID, makers.with_claim(_name, "null"))
    KINDS[f"{_name} text"] = Kind(_INVALID, makers.with_claim(_name, '"x"', '""', '"1e3"'))
    KINDS[f"{_name} of another type"] = Kind(_INVALID, makers.with_claim(_name, "[]", "{}", "[1]"))
    KINDS[f"{_name} boolean"] = Kind(_INVALID, makers.with_claim(_name, "true", "false"))
    KINDS[f"{_name} negative"] = Kind(_INVALID, makers.with_claim(_name, "-1", "-0.5", "-1e15"))
    KINDS[f"{_name} in milliseconds"] = Kind(
        _INVALID, makers.with_claim(_name, "4000000000000", "4e12", "100000000001", "1.1e11")
    )
    KINDS[f"{_name} above 2^53"] = Kind(
        _INVALID, makers.with_claim(_name, "9007199254740993", "1e16", "18446744073709551615")
    )
    KINDS[f"{_name} above 2^64"] = Kind(
        _INVALID, makers.with_claim(_name, "18446744073709551616", "1e30")
    )
    KINDS[f"{_name} infinite"] = Kind(_INVALID, makers.with_claim(_name, "1e400"))
    KINDS[f"{_name} digits in text"] = Kind(
        _INVALID, makers.with_claim(_name, '"4000000000"' if _name == "exp" else '"1"')
    )
for _name in ("sub", "jti"):
    KINDS[f"{_name} null"] = Kind(_INVALID, makers.with_claim(_name, "null"))
    KINDS[f"{_name} number or boolean"] = Kind(
        _INVALID, makers.with_claim(_name, "1", "-1.5", "true")
    )
    KINDS[f"{_name} array or object"] = Kind(_INVALID, makers.with_claim(_name, *_CONTAINERS))


def samples(count: int, seed: int) -> Iterator[Sample]:
    """Yield `count` tokens: a quarter good, a quarter noise, and of every other kind in turn."""
    chance = random.Random(seed)  # noqa: S311 - nothing depends on it but repetition
    pairs = [(name, algorithm) for name, kind in KINDS.items() for algorithm in kind.algorithms]
    noises = [pair for pair in pairs if KINDS[pair[0]].expected is None]
    for number in range(count):
        match number % 4:
            case 0:
                name, algorithm = "good", ALGORITHMS[number // 4 % len(ALGORITHMS)]
            case 1:
                name, algorithm = noises[number // 4 % len(noises)]
            case _:
                name, algorithm = pairs[(number // 4 * 2 + number % 2) % len(pairs)]
        kind = KINDS[name]
        yield Sample(name, algorithm, kind.make(chance, algorithm), kind.expected)
