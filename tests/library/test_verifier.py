"""`Verifier`: from a token's text to its claims, by one path."""

import threading
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest

import jwtfast
from tests.forge import ALGORITHMS, NOW, claims, compact, public_jwk
from tests.verdict import ACCEPTED, key, verdict, verifier


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_good_tokens(algorithm: str) -> None:
    """A good token's claims come back as they went in, from text and from bytes."""
    token = compact(algorithm)
    judge = verifier(algorithm)
    assert judge.verify(token, now=NOW) == claims()
    assert judge.verify(token.encode(), now=NOW) == claims()


def test_claims_are_python_values() -> None:
    """Each JSON type becomes the Python type that `json` gives it, at every depth."""
    everything: dict[str, object] = {
        "null": None,
        "true": True,
        "false": False,
        "int": 1,
        "negative": -1,
        "float": 1.5,
        "exponent": 1e30,
        "big": 2**63,
        "bigger": 2**64 - 1,
        "smallest": -(2**63),
        "huge": 10**40,
        "zero": 0,
        "empty": "",
        "text": '\u00e9\U0001f600"\\/\b\f\n\r\t\x7f',
        "array": [1, "a", None, [], {}],
        "object": {"a": {"b": [{"c": 1}]}},
    }
    found = verifier().verify(compact("HS256", claims(**everything)), now=NOW)
    assert found == claims(**everything)
    types = {name: type(value) for name, value in everything.items()}
    assert {name: type(found[name]) for name in everything} == types


def test_each_call_returns_its_own_dict() -> None:
    """Changing what was returned changes nothing for the next caller."""
    judge = verifier()
    token = compact("HS256", claims(roles=["a"]))
    first = judge.verify(token, now=NOW)
    first["sub"] = "root"
    first["roles"].append("admin")
    assert judge.verify(token, now=NOW) == claims(roles=["a"])


def test_now_is_the_clock_unless_given() -> None:
    """Without `now` the system's clock is read."""
    judge = verifier()
    future = jwt.encode({**claims(), "exp": 4_102_444_800}, "s" * 32, algorithm="HS256")
    secret = jwtfast.Key.from_secret("s" * 32, algorithm="HS256")
    assert verifier(keys=secret).verify(future)["exp"] == 4_102_444_800
    with pytest.raises(jwtfast.TokenExpiredError):
        judge.verify(compact("HS256", claims(exp=1_700_000_001)))


ORDER: list[tuple[str, dict[str, object]]] = [
    ("token_too_large", {"size": True}),
    ("malformed_token", {"dots": True}),
    ("unsupported_critical_header", {"crit": True}),
    ("algorithm_not_allowed", {"alg": "none"}),
    ("unknown_key", {"kid": "k" * 257}),
    ("invalid_signature", {"owner": "strangers"}),
    ("invalid_claim", {"sub": 1}),
    ("missing_claim", {"exp": ...}),
    ("token_not_yet_valid", {"nbf": 3_000_000_000}),
    ("wrong_issuer", {"iss": "other"}),
    ("wrong_audience", {"aud": "other"}),
    ("token_lifetime_too_long", {"iat": 1}),
    ("wrong_token_type", {"typ": "other"}),
]


@pytest.mark.parametrize("first", range(len(ORDER)))
def test_order_of_checks(first: int) -> None:
    """Of several reasons the one that is checked first is told."""
    faults: dict[str, object] = {}
    for _, fault in ORDER[first:]:
        faults.update(fault)
    names = ("sub", "exp", "nbf", "iss", "aud", "iat")
    body = claims(**{name: faults[name] for name in names if name in faults})
    members = ("alg", "kid", "typ", "crit")
    header: dict[str, object] = {name: faults[name] for name in members if name in faults}
    token = compact("HS256", body, header, "strangers" if "owner" in faults else "ours")
    token += "." * ("dots" in faults) + "a" * 5000 * ("size" in faults)
    judge = verifier(token_types=["JWT"], max_lifetime=3_000_000_000, max_token_bytes=5000)
    assert verdict(token, judge) == ORDER[first][0]


def test_verify_many() -> None:
    """Each token gets its claims or its error, in order, and no error is raised."""
    tokens: list[str | bytes] = [
        compact("ES256"),
        compact("ES256", claims(exp=1)).encode(),
        "nonsense",
        compact("ES256", claims(sub="user-2")),
    ]
    results = verifier("ES256").verify_many(tokens * 50, now=NOW)
    codes = [r.code if isinstance(r, jwtfast.JWTError) else r["sub"] for r in results]
    assert codes == ["user-1", "token_expired", "malformed_token", "user-2"] * 50
    assert verifier().verify_many([]) == []


def test_verify_many_takes_tokens_only() -> None:
    """What is neither text nor bytes is the caller's mistake."""
    with pytest.raises(TypeError):
        verifier().verify_many([compact("HS256"), 1])  # type: ignore[list-item]


def test_verify_jws() -> None:
    """The payload comes back as it is, JSON or not, and claims are not read."""
    judge = verifier()
    payloads = [b"", b"\xff\x00", b"text", b"[]", b'{"exp":1}', bytes(40_000)]
    assert [judge.verify_jws(compact("HS256", body)) for body in payloads] == payloads


@pytest.mark.parametrize(
    "token, code",
    [
        (compact("HS256", b"x", owner="strangers"), "invalid_signature"),
        (compact("HS256", b"x", {"alg": "none"}), "algorithm_not_allowed"),
        (compact("HS256", b"x", {"crit": []}), "unsupported_critical_header"),
        (compact("HS256", b"x", {"b64": False}), "unsupported_critical_header"),
        (compact("HS256", b"x") + "=", "malformed_token"),
        (compact("HS256", b"x") + ".", "malformed_token"),
        (compact("HS256", bytes(60_000)), "token_too_large"),
        ("", "malformed_token"),
    ],
)
def test_verify_jws_refuses(token: str, code: str) -> None:
    """All that holds for a token's form, header, key and signature holds for any JWS."""
    with pytest.raises(jwtfast.TokenError) as caught:
        verifier().verify_jws(token)
    assert caught.value.code == code


def test_one_verifier_in_many_threads() -> None:
    """A verifier gives the same answers in many threads at once."""
    judge = verifier("ES256")
    tokens = [compact("ES256", claims(sub=f"user-{i}")) for i in range(20)]
    forged = [compact("ES256", claims(sub=f"user-{i}"), owner="strangers") for i in range(20)]
    start = threading.Barrier(4)

    def work(_: int) -> list[str]:
        start.wait()
        return [verdict(token, judge) for token in tokens + forged]

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(work, range(4)))
    assert answers == [[ACCEPTED] * 20 + ["invalid_signature"] * 20] * 4


def test_errors_do_not_tell_the_token() -> None:
    """No text of an error holds any part of the token or its claims."""
    secret = "Zm9yYmlkZGVu"
    tokens = [
        compact("HS256", claims(sub=secret, exp=1)),
        compact("HS256", claims(iss=secret)),
        compact("HS256", claims(aud=secret)),
        compact("HS256", claims(jti=[secret])),
        compact("HS256", header={"kid": secret * 100}),
        compact("HS256", header={"alg": secret}),
        compact("HS256", header={"crit": [secret]}),
        compact("HS256", header={"typ": secret}),
        compact("HS256", {secret: 1}),
        compact("HS256", f'{{"{secret}":}}'.encode()),
        secret,
        f"{secret}.{secret}.{secret}",
    ]
    for token in tokens:
        with pytest.raises(jwtfast.TokenError) as caught:
            verifier(token_types=["JWT"]).verify(token, now=NOW)
        assert secret not in str(caught.value) + repr(caught.value)
        assert str(caught.value)


@pytest.mark.parametrize("name", ["ES256", "RS256", "EdDSA"])
def test_one_key_in_place_of_a_set(name: str) -> None:
    """A key alone is a set of one."""
    single = verifier(keys=jwtfast.Key.from_jwk(public_jwk(name)))
    several = verifier(keys=jwtfast.KeySet([key(name, "a")]))
    assert [verdict(compact(name), judge) for judge in (single, several)] == [ACCEPTED] * 2


def test_tokens_of_other_libraries() -> None:
    """PyJWT's tokens verify."""
    secret = jwtfast.Key.from_secret("s" * 32, algorithm="HS256")
    token = jwt.encode(claims(), "s" * 32, algorithm="HS256")
    assert verifier(keys=secret).verify(token, now=NOW) == claims()
