"""The RFCs' own examples: those that fit verify, those that do not are refused for the reason."""

import json
from pathlib import Path
from typing import Any

import pytest

import jwtfast
from tests.forge import decode, encode

HERE = Path(__file__).parent


def examples(part: str) -> dict[str, Any]:
    """Return one part of every file, by RFC and section."""
    found = {}
    for path in sorted(HERE.glob("rfc*.json")):
        for example in json.loads(path.read_text()).get(part, ()):
            found[f"{path.stem} {example['section']}"] = example
    return found


ACCEPTED, REFUSED, SETS = examples("accepted"), examples("refused"), examples("sets")


def test_the_examples_are_there() -> None:
    """No file was lost, so no example passes for want of it."""
    assert [len(part) for part in (ACCEPTED, REFUSED, SETS)] == [10, 8, 3]


@pytest.mark.parametrize("name", ACCEPTED)
def test_verifies(name: str) -> None:
    """The signature holds under the example's key, and the payload is the example's."""
    example = ACCEPTED[name]
    key = jwtfast.Key.from_jwk(example["key"])
    for keys in (key, jwtfast.KeySet.from_jwks({"keys": [example["key"]]})):
        for algorithms in (None, [example["alg"]]):
            judge = jwtfast.Verifier(keys, algorithms=algorithms)
            assert judge.verify_jws(example["token"]).decode() == example["payload"]


@pytest.mark.parametrize("name", ACCEPTED)
def test_bound_to_the_algorithm(name: str) -> None:
    """With the algorithm written into the key it verifies, and with another one allowed not."""
    example = ACCEPTED[name]
    bound = jwtfast.Key.from_jwk({**example["key"], "alg": example["alg"]})
    assert jwtfast.Verifier(bound).verify_jws(example["token"]).decode() == example["payload"]
    head, body, signature = example["token"].split(".")
    renamed = encode(decode(head).replace(example["alg"].encode(), b"ES384"))
    with pytest.raises(jwtfast.AlgorithmNotAllowedError):
        jwtfast.Verifier(bound).verify_jws(f"{renamed}.{body}.{signature}")


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    """What is unsecured, detached, critical or no compact JWS is refused as that."""
    example = REFUSED[name]
    judge = jwtfast.Verifier(jwtfast.Key.from_jwk(example["key"]))
    with pytest.raises(jwtfast.TokenError) as caught:
        judge.verify_jws(example["token"])
    assert caught.value.code == example["code"]


@pytest.mark.parametrize("name", SETS)
def test_key_sets(name: str) -> None:
    """RFC 7517's key sets are read: what is for encryption is skipped, the rest is kept."""
    example = SETS[name]
    keys = jwtfast.KeySet.from_jwks(example["jwks"])
    assert [key.kid for key in keys] == example["kept"]
    assert len(keys.skipped) == example["skipped"]


def test_rfc8037_private_key_signs_the_example() -> None:
    """Ed25519 has one signature for a key and a message, so ours is RFC 8037's (A.4)."""
    data = json.loads((HERE / "rfc8037.json").read_text())
    key = jwtfast.Key.from_jwk(data["private_key"]["key"])
    token = jwtfast.encode(b"Example of Ed25519 signing", key, {"alg": "EdDSA", "typ": None})
    assert token == data["accepted"][0]["token"]


def test_rfc7515_secret_signs_the_example() -> None:
    """HMAC has one signature too: A.1's, for A.1's header and payload, is found again."""
    example = ACCEPTED["rfc7515 A.1"]
    key = jwtfast.Key.from_jwk({**example["key"], "alg": "HS256"})
    token = jwtfast.encode(example["payload"].encode(), key)
    assert jwtfast.Verifier(key).verify_jws(token) == example["payload"].encode()
