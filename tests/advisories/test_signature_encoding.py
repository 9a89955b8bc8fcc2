"""Threat: signatures that are no signatures, or another encoding of one.

CVE-2022-21449 (r = s = 0), CVE-2019-14859 and its kin (DER where JWS has r and s side by side),
signatures of a wrong length, and Ed25519's S + L.
"""

import pytest
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from tests.forge import ALGORITHMS, compact, decode, encode, public_jwk
from tests.verdict import ACCEPTED, verdict

ORDERS = {
    "ES256": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "ES384": int(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF"
        "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973",
        16,
    ),
    "ES512": int(
        "68647976601306097149819007990813932172694353001433054093944634591855431833976"
        "55394245057746333217197532963996371363321113864768612440380340372808892707005449"
    ),
    "ES256K": 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141,
}
ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493
REFUSED = "invalid_signature"


def replaced(token: str, signature: bytes) -> str:
    """Return a token with another signature."""
    return token.rpartition(".")[0] + "." + encode(signature)


def ecdsa_forms(algorithm: str, signature: bytes) -> dict[str, bytes]:
    """Return what is not r and s side by side, or is so with values out of range."""
    order = ORDERS[algorithm]
    width = len(signature) // 2
    r, s = signature[:width], signature[width:]
    r_number, s_number = int.from_bytes(r, "big"), int.from_bytes(s, "big")
    zero, n = bytes(width), order.to_bytes(width, "big")
    one, above = (1).to_bytes(width, "big"), b"\xff" * width
    der = encode_dss_signature(r_number, s_number)
    return {
        "both zero": zero + zero,
        "r zero": zero + s,
        "s zero": r + zero,
        "both one": one + one,
        "both the order": n + n,
        "r the order": n + s,
        "s the order": r + n,
        "zero and order": zero + n,
        "all ones": above + above,
        "der": der,
        "der padded": der.ljust(2 * width, b"\0"),
        "der cut": der[: 2 * width],
        "der of zeros": encode_dss_signature(0, 0),
        "short by one": signature[:-1],
        "short at the front": signature[1:],
        "long by one": signature + b"\0",
        "long at the front": b"\0" + signature,
        "each padded": b"\0" + r + b"\0" + s,
        "s before r": s + r,
        "r alone": r,
        "twice": signature + signature,
        "little endian": r[::-1] + s[::-1],
        "one octet": b"\0",
        "another s": r + ((s_number + 1) % order).to_bytes(width, "big"),
    }


@pytest.mark.parametrize("algorithm", ORDERS)
@pytest.mark.parametrize("form", ecdsa_forms("ES256", bytes(range(1, 65))))
def test_ecdsa(form: str, algorithm: str) -> None:
    """Only r and s in range, each as wide as the order, side by side, verify."""
    token = compact(algorithm)
    assert verdict(token, algorithm) == ACCEPTED
    forged = ecdsa_forms(algorithm, decode(token.rpartition(".")[2]))[form]
    assert verdict(replaced(token, forged), algorithm) == REFUSED


@pytest.mark.parametrize("algorithm", ORDERS)
@pytest.mark.parametrize("other", ORDERS)
def test_signature_of_another_curve(other: str, algorithm: str) -> None:
    """A signature of another curve, cut or padded to this one's width, does not verify."""
    token = compact(algorithm)
    width = len(decode(token.rpartition(".")[2]))
    borrowed = decode(compact(other, header={"alg": algorithm}).rpartition(".")[2])
    expected = ACCEPTED if other == algorithm else REFUSED
    whole = replaced(compact(other, header={"alg": algorithm}), borrowed)
    assert verdict(whole, algorithm) == expected
    if other != algorithm:
        for form in (borrowed[:width].ljust(width, b"\0"), borrowed.rjust(width, b"\0")):
            assert verdict(replaced(whole, form), algorithm) == REFUSED


def test_ed25519() -> None:
    """S is below the group's order (RFC 8032 section 5.1.7), and the length is 64."""
    token = compact("EdDSA")
    signature = decode(token.rpartition(".")[2])
    point, scalar = signature[:32], int.from_bytes(signature[32:], "little")
    forms = [point + (scalar + k * ED25519_ORDER).to_bytes(32, "little") for k in range(1, 8)]
    forms += [bytes(64), b"\xff" * 64, point + bytes(32), bytes(32) + signature[32:]]
    forms += [signature[:63], signature + b"\0", signature[32:] + point, b"\1" + bytes(63)]
    for algorithm in ("EdDSA", "Ed25519"):
        good = compact(algorithm)
        assert verdict(good, algorithm) == ACCEPTED
    assert [verdict(replaced(token, form), "EdDSA") for form in forms] == [REFUSED] * len(forms)


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"])
def test_rsa(algorithm: str) -> None:
    """An RSA signature has the modulus's length and is below it."""
    token = compact(algorithm)
    signature = decode(token.rpartition(".")[2])
    modulus = int.from_bytes(decode(public_jwk("RS256")["n"]), "big")
    value = int.from_bytes(signature, "big")
    forms = [number.to_bytes(256, "big") for number in (0, 1, modulus - 1, modulus)]
    forms += [(value + modulus).to_bytes(257, "big"), b"\0" + signature, signature + b"\0"]
    forms += [signature[:-1], signature[1:], b"\xff" * 256, (modulus - value).to_bytes(256, "big")]
    assert verdict(token, algorithm) == ACCEPTED
    assert [verdict(replaced(token, form), algorithm) for form in forms] == [REFUSED] * len(forms)


@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_hmac(algorithm: str) -> None:
    """A MAC is compared whole: no prefix, no longer one, no other hash's."""
    token = compact(algorithm)
    mac = decode(token.rpartition(".")[2])
    forms = [mac[:-1], mac[:16], mac[:1], mac + b"\0", b"\0" + mac, bytes(len(mac)), mac + mac]
    forms += [mac[:-1] + bytes([mac[-1] ^ 1]), bytes([mac[0] ^ 128]) + mac[1:], mac.hex().encode()]
    assert verdict(token, algorithm) == ACCEPTED
    assert [verdict(replaced(token, form), algorithm) for form in forms] == [REFUSED] * len(forms)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_every_octet_counts(algorithm: str) -> None:
    """One changed bit in any octet of the signature refuses the token."""
    token = compact(algorithm)
    signature = decode(token.rpartition(".")[2])
    changed = [
        signature[:place] + bytes([octet ^ (1 << place % 8)]) + signature[place + 1 :]
        for place, octet in enumerate(signature)
    ]
    assert {verdict(replaced(token, form), algorithm) for form in changed} == {REFUSED}
