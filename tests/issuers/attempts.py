"""What is tried at every imitation: one good token, and all that must not pass for one."""

from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from tests.issuers.imitation import NAMES, Imitation
from tests.issuers.keys import pair

__all__ = ["EVERY", "Attempt", "attempts"]


@dataclass(frozen=True)
class Attempt:
    """A change to the good token, and its answer."""

    what: str
    claims: dict[str, Any] = field(default_factory=dict)
    header: dict[str, Any] = field(default_factory=dict)
    key: str | None = None
    status: int = 200
    codes: tuple[str, ...] = ()
    """The reason codes that it may have; none: any."""
    missing: str | None = None
    """Why it cannot have this answer today."""
    preset_misses: str | None = None
    """Why it cannot have it by the preset."""


def _named(what: str, given: dict[str, Any]) -> Attempt:
    """An attempt of the provider's own file."""
    status, _, code = str(given.get("answer", 200)).partition(" ")
    return Attempt(
        what,
        given.get("claims", {}),
        given.get("header", {}),
        given.get("key"),
        int(status),
        (code,) if code else (),
        given.get("missing"),
        given.get("preset_misses"),
    )


@cache
def attempts(name: str) -> tuple[Attempt, ...]:
    """Everything that is tried at an imitation."""
    one = Imitation(name)
    times = [claim for claim in ("iat", "nbf") if claim in one.data["token"]["claims"]]
    past: dict[str, Any] = dict.fromkeys(times, "$now-900") | {"exp": "$now-310"}
    soon: dict[str, Any] = dict.fromkeys(times, "$now+2")
    stranger = "ec-stranger" if one.signer.startswith("ec-") else "stranger"
    forged = ("algorithm_not_allowed", "invalid_signature", "unknown_key", "malformed_token")
    found = [
        Attempt("good"),
        *(_named(what, given) for what, given in one.data.get("good", {}).items()),
        *(_named(what, given) for what, given in one.data["wrong"].items()),
        Attempt("expired", claims=past, status=401, codes=("token_expired",)),
        Attempt("another's signature", key=stranger, status=401, codes=("invalid_signature",)),
        Attempt("alg none", header={"alg": "none"}, status=401, codes=forged),
        Attempt(
            "HMAC by the public key",
            header={"alg": "HS256"},
            key=one.signer,
            status=401,
            codes=forged,
        ),
    ]
    stranger_jwk = pair(stranger).jwk()
    found += [
        Attempt(
            f"a key that the token brings as {member}",
            header={member: value},
            key=stranger,
            status=401,
            codes=("invalid_signature",),
        )
        for member, value in (
            ("jwk", stranger_jwk),
            ("x5c", stranger_jwk["x5c"]),
            ("jku", "https://evil.example/keys"),
        )
    ]
    if times:
        found.append(Attempt("a clock two seconds fast", claims=soon))
    if one.enc_kid is not None and one.has_remote_keys and "form" not in one.data:
        found.append(
            Attempt(
                "an enc key",
                header={"kid": one.enc_kid, "alg": "RS256"},
                key="enc",
                status=401,
                codes=("unknown_key", "algorithm_not_allowed"),
            )
        )
    return tuple(found)


EVERY: Final = [
    (name, form, attempt)
    for name in NAMES
    for form in Imitation(name).forms
    for attempt in attempts(name)
]
"""By the name and the configuration of an imitation, every attempt."""
