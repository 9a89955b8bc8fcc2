"""Threat: `alg: none` in any case, an empty signature, a key used for another algorithm.

CVE-2015-9235, CVE-2022-21449's kin, CVE-2026-48526. A key is bound to its algorithms when it is
loaded, so what a token's header says can only be compared with that, never obeyed.
"""

import hmac
import itertools
import json

import pytest
from cryptography.hazmat.primitives import serialization

import jwtfast
from tests.forge import (
    ALGORITHMS,
    ASYMMETRIC,
    SYMMETRIC,
    claims,
    compact,
    decode,
    encode,
    json_bytes,
    key_name,
    private_jwk,
    public_jwk,
    sign,
)
from tests.forge.token import public_key
from tests.verdict import ACCEPTED, key, verdict, verifier

NONES = ["".join(letters) for letters in itertools.product("nN", "oO", "nN", "eE")]
FAMILIES = ["HS256", "RS256", "ES256", "ES256K", "EdDSA"]
PEM = serialization.Encoding.PEM
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo


def aliases(one: str, other: str) -> bool:
    """Say whether two names mean one algorithm (RFC 9864)."""
    return one == other or {one, other} == {"EdDSA", "Ed25519"}


@pytest.mark.parametrize("algorithm", FAMILIES)
@pytest.mark.parametrize("none", NONES)
def test_none_is_no_algorithm(none: str, algorithm: str) -> None:
    """No spelling of `none` passes, whether the signature is empty or a true one."""
    signed = compact(algorithm, header={"alg": none})
    unsigned = signed.rpartition(".")[0] + "."
    assert [verdict(token, algorithm) for token in (signed, unsigned)] == [
        "algorithm_not_allowed",
        "algorithm_not_allowed",
    ]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_empty_signature(algorithm: str) -> None:
    """A good token without its signature is refused for that."""
    unsigned = compact(algorithm).rpartition(".")[0] + "."
    assert verdict(unsigned, algorithm) == "invalid_signature"


@pytest.mark.parametrize("written", ["hs256", "HS256 ", " HS256", "HS256\0", "HS-256", "", "HS1"])
def test_algorithm_names_are_compared_exactly(written: str) -> None:
    """Only the registered spelling of an algorithm's name is that algorithm."""
    assert verdict(compact("HS256", header={"alg": written})) == "algorithm_not_allowed"


@pytest.mark.parametrize("bound", ALGORITHMS)
@pytest.mark.parametrize("used", ALGORITHMS)
def test_key_is_bound_to_one_algorithm(used: str, bound: str) -> None:
    """A key with `alg` verifies that algorithm and no other, not even of its own family."""
    expected = ACCEPTED if aliases(used, bound) else "algorithm_not_allowed"
    assert verdict(compact(used), bound) == expected


@pytest.mark.parametrize("said", ALGORITHMS)
@pytest.mark.parametrize("used", ALGORITHMS)
def test_header_does_not_choose_how_to_verify(used: str, said: str) -> None:
    """A signature made in one way and named as another does not verify."""
    expected = ACCEPTED if aliases(used, said) else "invalid_signature"
    token = compact(used, header={"alg": said})
    if key_name(used) == key_name(said):
        assert verdict(token, verifier(said, keys=untied(said))) == expected
    else:
        assert verdict(token, said) == "invalid_signature"


def untied(algorithm: str) -> jwtfast.Key:
    """Return a key that its type alone binds."""
    return jwtfast.Key.from_jwk(public_jwk(algorithm))


@pytest.mark.parametrize("algorithm", ASYMMETRIC)
@pytest.mark.parametrize("mac", SYMMETRIC)
def test_public_key_is_no_hmac_secret(mac: str, algorithm: str) -> None:
    """A MAC made with a public key in any form is refused by the verifier with that key."""
    public = public_key(algorithm)
    pem = public.public_bytes(PEM, SPKI)
    jwk = json_bytes(public_jwk(algorithm))
    forms = [pem, pem.strip(), public.public_bytes(serialization.Encoding.DER, SPKI), jwk]
    message = f"{encode(json_bytes({'alg': mac}))}.{encode(json_bytes(claims()))}"
    digest = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}[mac]
    for by in (algorithm, verifier(keys=untied(algorithm))):
        for form in forms:
            forged = f"{message}.{encode(hmac.digest(form, message.encode(), digest))}"
            assert verdict(forged, by) == "algorithm_not_allowed"


def public_forms() -> dict[str, bytes]:
    """Return texts of asymmetric keys and of JWKs that somebody may take for a secret."""
    rsa, p256, ed25519 = (public_key(name) for name in ("RS256", "ES256", "EdDSA"))
    spki = {
        f"spki {n}": k.public_bytes(PEM, SPKI)
        for n, k in zip("rpe", (rsa, p256, ed25519), strict=False)
    }
    ssh = (serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    pem = spki["spki r"]
    return {
        **spki,
        "pkcs1": rsa.public_bytes(PEM, serialization.PublicFormat.PKCS1),
        "crlf": pem.replace(b"\n", b"\r\n"),
        "stripped": pem.strip(),
        "indented": b"  \n\t" + pem,
        "text before": b"Bag Attributes\n" + pem,
        "byte order mark": b"\xef\xbb\xbf" + pem,
        "certificate": b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        "private": b"-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n",
        "ssh2": b"---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----\n",
        "ssh-rsa": rsa.public_bytes(*ssh),
        "ecdsa-sha2": p256.public_bytes(*ssh),
        "ssh-ed25519": ed25519.public_bytes(*ssh),
        "jwk": json_bytes(public_jwk("RS256")),
        "jwk with spaces": json.dumps(public_jwk("ES256"), indent=2).encode(),
        "secret jwk": json_bytes(private_jwk("HS256")),
        "jwks": json_bytes({"keys": [public_jwk("EdDSA")]}),
    }


@pytest.mark.parametrize("form", public_forms())
@pytest.mark.parametrize("weak", [False, True])
def test_key_text_as_secret(form: str, weak: bool) -> None:  # noqa: FBT001
    """A secret that reads like a PEM, a certificate, an SSH key or a JWK is refused at load."""
    secret = public_forms()[form].ljust(64)
    jwk = {"kty": "oct", "alg": "HS256", "k": encode(secret)}
    with pytest.raises(jwtfast.InvalidKeyError):
        jwtfast.Key.from_secret(secret, algorithm="HS256", allow_weak_hmac=weak)
    with pytest.raises(jwtfast.InvalidKeyError):
        jwtfast.Key.from_secret(secret.decode(), algorithm="HS256", allow_weak_hmac=weak)
    with pytest.raises(jwtfast.InvalidKeyError):
        jwtfast.Key.from_jwk(jwk, allow_weak_hmac=weak)


@pytest.mark.parametrize("mac", SYMMETRIC)
@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "ES512", "ES256K", "EdDSA"])
def test_symmetric_and_asymmetric_never_mix(algorithm: str, mac: str) -> None:
    """One set of keys has secrets or public keys, never both, in whatever way it is made."""
    with pytest.raises(jwtfast.InvalidKeyError):
        jwtfast.KeySet([key(mac, "a"), key(algorithm, "b")])
    entries = [public_jwk(mac, alg=mac, kid="a"), public_jwk(algorithm, alg=algorithm, kid="b")]
    with pytest.raises(jwtfast.InvalidKeyError):
        jwtfast.KeySet.from_jwks({"keys": entries})


def test_remote_set_drops_secrets() -> None:
    """A remote set keeps its public keys and says that it dropped the secret."""
    entries = [public_jwk("HS256", kid="a"), public_jwk("ES256", kid="b")]
    keys = jwtfast.KeySet.from_jwks({"keys": entries}, remote=True)
    assert ([k.kid for k in keys], len(keys.skipped)) == (["b"], 1)


def test_secret_of_another_algorithm() -> None:
    """The `algorithms` of a verifier narrow what its key could do."""
    narrow = verifier(keys=untied("HS256"), algorithms=["HS384"])
    assert [verdict(compact(name), narrow) for name in SYMMETRIC] == [
        "algorithm_not_allowed",
        ACCEPTED,
        "algorithm_not_allowed",
    ]


def test_signature_of_a_stranger() -> None:
    """A token that another key of the same type signed is refused, for every algorithm."""
    verdicts = {name: verdict(compact(name, owner="strangers"), name) for name in ALGORITHMS}
    assert verdicts == dict.fromkeys(ALGORITHMS, "invalid_signature")


def test_signature_is_over_header_and_payload() -> None:
    """A true signature over the payload alone, or over nothing, is none."""
    head, body, _ = compact("HS256").split(".")
    messages = [body.encode(), decode(body), head.encode(), b""]
    forged = [f"{head}.{body}.{encode(sign('HS256', message))}" for message in messages]
    assert [verdict(token) for token in forged] == ["invalid_signature"] * 4
