"""`KeySet`: keys looked up by `kid`, tolerant of what it does not know, strict about the rest."""

import json

import pytest

import jwtfast
from tests.forge import ALGORITHMS, ASYMMETRIC, SYMMETRIC, compact, public_jwk
from tests.verdict import ACCEPTED, key, verdict, verifier

EC = public_jwk("ES256", alg="ES256", kid="good")
UNKNOWN: dict[str, dict[str, object]] = {
    "kty": {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AA", "kid": "x"},
    "crv": {"kty": "OKP", "crv": "X25519", "x": "AA", "kid": "x"},
    "other crv": {"kty": "EC", "crv": "P-224", "x": "AA", "y": "AA", "kid": "x"},
    "alg": {**EC, "alg": "ECDH-ES", "kid": "x"},
    "use": {**EC, "use": "enc", "kid": "x"},
    "key_ops": {**EC, "key_ops": ["deriveKey"], "kid": "x"},
    "Ed448": {"kty": "OKP", "crv": "Ed448", "x": "AA", "kid": "x"},
}
BROKEN: dict[str, object] = {
    "no object": 1,
    "null": None,
    "no kty": {"kid": "x"},
    "kty of another type": {**EC, "kty": 1, "kid": "x"},
    "no x": {"kty": "EC", "crv": "P-256", "y": EC["y"], "kid": "x"},
    "off the curve": {**EC, "x": EC["y"], "y": EC["x"], "kid": "x"},
    "short rsa": {"kty": "RSA", "n": "wQ", "e": "AQAB", "kid": "x"},
    "kid of another type": {**EC, "kid": 1},
    "alg of another type": {**EC, "alg": "RS256", "kid": "x"},
}


def kids(keys: jwtfast.KeySet) -> list[str | None]:
    """Return the ids of a set's keys, in order."""
    return [key.kid for key in keys]


def test_from_keys() -> None:
    """A set holds the keys it was given, in order, and nothing was skipped."""
    keys = jwtfast.KeySet([key("ES256", "a"), key("RS256", "b"), key("EdDSA")])
    assert (len(keys), kids(keys), keys.skipped) == (3, ["a", "b", None], ())


@pytest.mark.parametrize("remote", [False, True])
def test_from_jwks(remote: bool) -> None:  # noqa: FBT001
    """A JWKS is read from text, bytes or a mapping, with every type of key in it."""
    entries = [public_jwk(name, alg=name, kid=name) for name in ASYMMETRIC]
    jwks = {"keys": entries, "other": "members are ignored"}
    for form in (jwks, json.dumps(jwks), json.dumps(jwks).encode()):
        keys = jwtfast.KeySet.from_jwks(form, remote=remote)
        assert (kids(keys), keys.skipped) == (list(ASYMMETRIC), ())
    judge = verifier(keys=jwtfast.KeySet.from_jwks(jwks))
    verdicts = [verdict(compact(name, header={"kid": name}), judge) for name in ASYMMETRIC]
    assert verdicts == [ACCEPTED] * len(ASYMMETRIC)


@pytest.mark.parametrize("what", UNKNOWN)
@pytest.mark.parametrize("remote", [False, True])
def test_unknown_entries_are_skipped(what: str, remote: bool) -> None:  # noqa: FBT001
    """What a set does not know is left out and told; the keys beside it serve."""
    entries = [UNKNOWN[what], EC]
    keys = jwtfast.KeySet.from_jwks({"keys": entries}, remote=remote)
    assert (kids(keys), len(keys.skipped)) == (["good"], 1)
    assert verdict(compact("ES256", header={"kid": "good"}), verifier(keys=keys)) == ACCEPTED
    with pytest.raises(jwtfast.InvalidKeyError):
        jwtfast.Key.from_jwk(UNKNOWN[what])


@pytest.mark.parametrize("what", BROKEN)
def test_broken_entries(what: str) -> None:
    """A broken entry of a local set is an error that says which; in a remote set it is skipped."""
    jwks = {"keys": [EC, BROKEN[what]]}
    with pytest.raises(jwtfast.InvalidKeyError) as caught:
        jwtfast.KeySet.from_jwks(jwks)
    assert "1" in str(caught.value)
    keys = jwtfast.KeySet.from_jwks(jwks, remote=True)
    assert (kids(keys), len(keys.skipped)) == (["good"], 1)


def test_every_broken_entry_is_named() -> None:
    """All that is wrong with a local set is told at once."""
    jwks = {"keys": [BROKEN["no x"], EC, BROKEN["off the curve"]]}
    with pytest.raises(jwtfast.InvalidKeyError) as caught:
        jwtfast.KeySet.from_jwks(jwks)
    assert [place in str(caught.value) for place in ("0", "2")] == [True, True]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "1",
        "{",
        "{}",
        '{"keys":null}',
        '{"keys":{}}',
        '{"keys":"x"}',
        '{"keys":[]}',
        '{"keys":[],"keys":[]}',
        '{"keys":[1]}',
        "\ufeff{}",
        json.dumps(EC),
        json.dumps({"keys": list(UNKNOWN.values())}),
        json.dumps([EC]),
    ],
)
@pytest.mark.parametrize("remote", [False, True])
def test_no_key_left(text: str, remote: bool) -> None:  # noqa: FBT001
    """A set without a usable key is an error, a remote one too."""
    with pytest.raises(jwtfast.InvalidKeyError):
        jwtfast.KeySet.from_jwks(text, remote=remote)


def test_no_key_given() -> None:
    """A set cannot be empty."""
    with pytest.raises(jwtfast.InvalidKeyError):
        jwtfast.KeySet([])


def test_two_keys_of_one_kid() -> None:
    """Each key of an id is tried, in any order; a token of another key is refused."""
    entries = [EC, public_jwk("ES256", "strangers", alg="ES256", kid="good")]
    for jwks in ({"keys": entries}, {"keys": entries[::-1]}):
        for remote in (False, True):
            judge = verifier(keys=jwtfast.KeySet.from_jwks(jwks, remote=remote))
            for owner in ("ours", "strangers"):
                token = compact("ES256", owner=owner, header={"kid": "good"})
                assert verdict(token, judge) == ACCEPTED
    only = verifier(keys=jwtfast.KeySet.from_jwks({"keys": [EC, EC]}))
    token = compact("ES256", owner="strangers", header={"kid": "good"})
    assert verdict(token, only) == "invalid_signature"


def test_more_keys_of_one_kid_than_are_tried() -> None:
    """They are an error; of a remote set, sixteen are kept and the rest is told."""
    jwks = {"keys": [EC] * 20}
    with pytest.raises(jwtfast.InvalidKeyError, match="more than 16 keys"):
        jwtfast.KeySet.from_jwks(jwks)
    keys = jwtfast.KeySet.from_jwks(jwks, remote=True)
    assert (len(keys), len(keys.skipped), keys.broken) == (16, 4, keys.skipped)


def test_token_with_kid_and_keys_without() -> None:
    """A key without an id fits any `kid`; a key with another id does not."""
    unnamed = verifier(keys=jwtfast.KeySet([key("ES256")]))
    named = verifier(keys=jwtfast.KeySet([key("ES256", "a")]))
    token = compact("ES256", header={"kid": "b"})
    assert [verdict(token, unnamed), verdict(token, named)] == [ACCEPTED, "unknown_key"]


@pytest.mark.parametrize(
    "count, expected", [(1, ACCEPTED), (9, ACCEPTED), (16, ACCEPTED), (17, "unknown_key")]
)
def test_token_without_kid(count: int, expected: str) -> None:
    """A token without `kid` is tried with the keys of its algorithm, sixteen of them at most."""
    ours = jwtfast.Key.from_jwk(public_jwk("HS256", alg="HS256", kid="ours"))
    others = [
        jwtfast.Key.from_secret(bytes([i]) * 32, algorithm="HS256", kid=f"k{i}")
        for i in range(1, count)
    ]
    for keys in ([*others, ours], [ours, *others]):
        assert verdict(compact("HS256"), verifier(keys=jwtfast.KeySet(keys))) == expected


def test_token_without_kid_and_keys_of_other_algorithms() -> None:
    """Keys that do not fit the token's algorithm do not count among the sixteen."""
    jwk = public_jwk("RS256", alg="RS256")
    many = [jwtfast.Key.from_jwk({**jwk, "kid": f"k{i}"}) for i in range(20)]
    judge = verifier(keys=jwtfast.KeySet([*many, key("ES256", "ec")]))
    assert [verdict(compact(name), judge) for name in ("ES256", "RS256", "PS256")] == [
        ACCEPTED,
        "unknown_key",
        "algorithm_not_allowed",
    ]


def test_stranger_without_kid() -> None:
    """A token that none of the keys signed is refused for its signature."""
    judge = verifier(keys=jwtfast.KeySet([key("ES256", "a"), key("EdDSA", "b")]))
    for name in ("ES256", "EdDSA"):
        assert verdict(compact(name, owner="strangers"), judge) == "invalid_signature"


@pytest.mark.parametrize("algorithm", SYMMETRIC)
def test_remote_set_of_secrets_alone(algorithm: str) -> None:
    """A remote set that has nothing but secrets has no usable key."""
    with pytest.raises(jwtfast.InvalidKeyError):
        jwtfast.KeySet.from_jwks({"keys": [public_jwk(algorithm, alg=algorithm)]}, remote=True)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_skipped_tells_no_secret(algorithm: str) -> None:
    """What was left out is told without key material."""
    entry = public_jwk(algorithm, alg=algorithm, kid="x", use="enc")
    keys = jwtfast.KeySet.from_jwks({"keys": [entry, EC]}, remote=True)
    told = " ".join(keys.skipped)
    material = [entry[name] for name in ("n", "x", "y", "k") if name in entry]
    assert ([value for value in material if value in told], told != "") == ([], True)


def test_sets_do_not_change() -> None:
    """A set has no way to add or take a key, and its class cannot be extended."""
    keys = jwtfast.KeySet([key("ES256")])
    with pytest.raises(AttributeError):
        keys.skipped = ()  # type: ignore[misc]
    with pytest.raises(TypeError):
        type("Child", (jwtfast.KeySet,), {})


def test_other_types_are_a_type_error() -> None:
    """What is no key is the caller's mistake."""
    with pytest.raises(TypeError):
        jwtfast.KeySet([EC])  # type: ignore[list-item]
    with pytest.raises(TypeError):
        jwtfast.KeySet.from_jwks(1)  # type: ignore[arg-type]
