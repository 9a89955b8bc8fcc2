"""Threat: a `kid` that is taken for a path, a query or a pattern.

It is looked up as it stands, byte for byte, and is at most 256 bytes long.
"""

import pytest

import jwtfast
from tests.forge import compact, public_jwk
from tests.verdict import ACCEPTED, key, verdict, verifier

INJECTIONS = [
    "",
    "a ",
    " a",
    "A",
    "aa",
    "a\0",
    "a\0b",
    "\0",
    "a\n",
    "../a",
    "./a",
    "/dev/null",
    "../../../../../../dev/null",
    "..\\..\\a",
    "%61",
    "%2e%2e%2fa",
    "file:///dev/null",
    "http://127.0.0.1/a",
    "a' OR '1'='1",
    "' UNION SELECT 'secret' -- ",
    "a; DROP TABLE keys",
    "$(id)",
    "`id`",
    "| id",
    "a|b",
    ".*",
    "*",
    "a*",
    "?",
    "{{a}}",
    "${a}",
    "a,b",
    '["a"]',
    "\u00e1",
    "a\u0301",
    "\u0430",
    "\U0001f511",
    "\ufeffa",
    "a\u200b",
]


@pytest.mark.parametrize("kid", INJECTIONS)
@pytest.mark.parametrize("algorithm", ["HS256", "ES256"])
def test_kid_is_looked_up_as_it_stands(kid: str, algorithm: str) -> None:
    """Only the very text of a key's id finds that key."""
    keys = jwtfast.KeySet([key(algorithm, "a"), key(algorithm, "b")])
    judge = verifier(keys=keys)
    assert verdict(compact(algorithm, header={"kid": kid}), judge) == "unknown_key"
    assert verdict(compact(algorithm, header={"kid": "a"}), judge) == ACCEPTED


@pytest.mark.parametrize("kid", INJECTIONS[1:])
def test_kid_can_be_any_text(kid: str) -> None:
    """A key may have such an id itself, and is found by it."""
    judge = verifier(keys=jwtfast.KeySet([key("HS256", kid), key("HS256", "other")]))
    assert verdict(compact("HS256", header={"kid": kid}), judge) == ACCEPTED


@pytest.mark.parametrize("letter", ["k", "\u00e9", "\U0001f511"])
def test_kid_has_at_most_256_bytes(letter: str) -> None:
    """A longer `kid` finds nothing, not even a key without an id of its own."""
    longest = letter * (256 // len(letter.encode()))
    anything = verifier(keys=key("HS256"))
    named = verifier(keys=key("HS256", longest))
    assert [
        verdict(compact("HS256", header={"kid": longest}), named),
        verdict(compact("HS256", header={"kid": longest}), anything),
        verdict(compact("HS256", header={"kid": longest + letter}), named),
        verdict(compact("HS256", header={"kid": longest + letter}), anything),
        verdict(compact("HS256", header={"kid": letter * 4096}), anything),
    ] == [ACCEPTED, ACCEPTED, "unknown_key", "unknown_key", "unknown_key"]


def test_kid_does_not_lead_to_another_key() -> None:
    """The key that `kid` names decides, though another key of the set would verify."""
    keys = jwtfast.KeySet([key("ES256", "a"), stranger("b")])
    judge = verifier(keys=keys)
    assert [verdict(compact("ES256", header={"kid": kid}), judge) for kid in "ab"] == [
        ACCEPTED,
        "invalid_signature",
    ]


def stranger(kid: str) -> jwtfast.Key:
    """Return a stranger's key."""
    return jwtfast.Key.from_jwk(public_jwk("ES256", "strangers", alg="ES256", kid=kid))
