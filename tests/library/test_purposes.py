"""What a token was made for: a bearer's access token passes, a token for anything else does not.

Bound tokens (RFC 7800, RFC 8705, RFC 9449), types of other purposes (RFC 8725 section 3.11) and
security events, which logout tokens are (RFC 8417, OpenID Connect Back-Channel Logout 1.0).
"""

from typing import Final

import pytest

import jwtfast
from tests.forge import NOW, claims, compact
from tests.verdict import ACCEPTED, decide, gate_issuer, gate_settings, key, verdict, verifier

REFUSED: Final = "wrong_token_type"
LOGOUT: Final = "http://schemas.openid.net/event/backchannel-logout"
CAEP: Final = "https://schemas.openid.net/secevent/caep/event-type/session-revoked"

OTHERS: Final = (
    # Media types of IANA's registry and of drafts near it, each for one purpose that is no access.
    *("logout+jwt", "secevent+jwt", "dpop+jwt", "token-introspection+jwt", "jwk-set+jwt"),
    *("oauth-authz-req+jwt", "client-authentication+jwt", "authorization-grant+jwt"),
    *("entity-statement+jwt", "resolve-response+jwt", "explicit-registration-response+jwt"),
    *("trust-mark+jwt", "trust-mark-delegation+jwt", "trust-mark-status-response+jwt"),
    *("kb+jwt", "sd-jwt", "dc+sd-jwt", "vc+sd-jwt", "vp+sd-jwt", "vc+jwt", "vp+jwt", "vc-ld+jwt"),
    *("statuslist+jwt", "eat+jwt", "passport", "rat+jwt", "oauth-id-jag+jwt", "txntoken+jwt"),
    *("oauth-client-attestation+jwt", "oauth-client-attestation-pop+jwt", "key-attestation+jwt"),
    *("openid4vci-proof+jwt", "verifier-attestation+jwt", "wit+jwt", "wpt+jwt", "pop"),
    *("gnap-binding-jws", "gnap-binding-jwsd", "rt+jwt", "never-registered+jwt", "x+at+jwt"),
)
"""Types of tokens that grant nothing to whoever brings them."""

ACCESS: Final = (
    *(..., "JWT", "jwt", "at+jwt", "AT+JWT", "at+JWT", "application/at+jwt", "application/jwt"),
    *("Application/At+Jwt", "Bearer", "bearer", "ID", "access", "accessToken", "", "JOSE", "jose"),
    *("JWS", "application/okta-internal-at+jwt", "okta-internal-at+jwt", "http://x.example/at"),
)
"""Types that providers give access tokens; `...` is none."""


def spellings(typ: str) -> list[str]:
    """Return a type in every way that a reader may take it: prefix, case, parameters, blanks."""
    return [
        typ,
        typ.upper(),
        typ.title(),
        f"application/{typ}",
        f"APPLICATION/{typ.upper()}",
        f"application/application/{typ}",
        f"text/{typ}",
        f"{typ};charset=utf-8",
        f"application/{typ} ; a=b",
        f" {typ}",
        f"{typ} ",
        f"{typ}\t",
    ]


def typed(typ: object, **changes: object) -> str:
    """Return a good token with a `typ`."""
    header: dict[str, object] = {} if typ is ... else {"typ": typ}
    return compact("HS256", claims(**changes), header)


def gate(**changes: object) -> jwtfast.Gate:
    """Return a gate with one issuer, a cache, and other settings of the issuer as given."""
    settings = gate_settings(issuers=[gate_issuer("corp", **changes)])
    keys = {"corp": jwtfast.KeySet([key("HS256")])}
    return jwtfast.Gate(settings, keys, cache=jwtfast.TokenCache(1 << 20))


def answers(of: jwtfast.Gate, token: str) -> set[tuple[int, str | None]]:
    """Return what a gate says of a token that comes four times: no cache changes it."""
    return {decide(of, {"authorization": [f"Bearer {token}"]}) for _ in range(4)}


@pytest.mark.parametrize("typ", OTHERS)
def test_types_of_another_purpose(typ: str) -> None:
    """Each is refused however it is written, by the library and by a gate."""
    strict, door = verifier(), gate()
    for spelling in spellings(typ):
        assert verdict(typed(spelling), strict) == REFUSED, spelling
        assert answers(door, typed(spelling)) == {(401, REFUSED)}, spelling


@pytest.mark.parametrize("typ", OTHERS)
def test_types_that_are_named(typ: str) -> None:
    """`token_types` takes the very type that it names, and no other one for that."""
    named = verifier(token_types=[typ])
    assert verdict(typed(typ), named) == ACCEPTED
    assert verdict(typed(f"application/{typ.upper()}"), named) == ACCEPTED
    assert verdict(typed("JWT"), named) == REFUSED
    other = next(one for one in OTHERS if one != typ)
    assert verdict(typed(other), named) == REFUSED
    assert answers(gate(token_types=[typ, "JWT"]), typed(typ)) == {(200, None)}


@pytest.mark.parametrize("typ", ACCESS, ids=repr)
def test_types_of_access_tokens(typ: object) -> None:
    """What providers send with access tokens stays good."""
    assert verdict(typed(typ)) == ACCEPTED
    assert answers(gate(), typed(typ)) == {(200, None)}


BINDINGS: Final[dict[str, object]] = {
    "RFC 8705": {"x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"},
    "RFC 9449": {"jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"},
    "RFC 7800": {"jwk": {"kty": "EC"}},
    "a kid": {"kid": "dfd1aa97-6d8d-4575-a0fe-34b96de2bfad"},
    "unknown": {"x": 1},
    "empty": {},
    "null": None,
    "false": False,
    "text": "jkt",
    "empty text": "",
    "number": 0,
    "array": [],
    "array of bindings": [{"jkt": "x"}],
}


@pytest.mark.parametrize("cnf", BINDINGS.values(), ids=BINDINGS)
def test_bound_tokens(cnf: object) -> None:
    """A token with `cnf`, of any value, is no bearer token, unless bound ones are asked for."""
    for typ in (..., "JWT", "at+jwt"):
        token = typed(typ, cnf=cnf)
        assert verdict(token) == REFUSED
        assert answers(gate(), token) == {(401, REFUSED)}
        assert verdict(token, verifier(allow_bound=True)) == ACCEPTED
        assert answers(gate(allow_bound=True), token) == {(200, None)}


def test_a_bound_token_of_a_named_type() -> None:
    """Naming the type says nothing of binding, and taking bound tokens nothing of the type."""
    token = typed("at+jwt", cnf={"jkt": "x"})
    assert verdict(token, verifier(token_types=["at+jwt"])) == REFUSED
    assert verdict(token, verifier(token_types=["at+jwt"], allow_bound=True)) == ACCEPTED
    assert verdict(token, verifier(token_types=["JWT"], allow_bound=True)) == REFUSED
    assert verdict(typed("dpop+jwt"), verifier(allow_bound=True)) == REFUSED
    assert verdict(typed("JWT", events={LOGOUT: {}}), verifier(allow_bound=True)) == REFUSED


def test_where_cnf_stands() -> None:
    """Only the claim `cnf` binds a token: not another name, not one inside another claim."""
    changes: list[dict[str, object]] = [
        {"Cnf": {}},
        {"cnf ": {}},
        {"act": {"cnf": {"jkt": "x"}}},
        {"x": [{"cnf": 1}]},
    ]
    assert [verdict(typed(..., **change)) for change in changes] == [ACCEPTED] * 4
    escaped = b'{"\\u0063nf":{},' + compact_claims()
    assert verdict(compact("HS256", escaped)) == REFUSED


def compact_claims() -> bytes:
    """Return the members of good claims and the brace behind them."""
    return b'"iss":"https://issuer.example","aud":"api","sub":"user-1","exp":%d}' % (NOW + 60)


@pytest.mark.parametrize("typ", [..., "JWT", "at+jwt", "ID"], ids=repr)
@pytest.mark.parametrize(
    "events",
    [{LOGOUT: {}}, {LOGOUT: None}, {CAEP: {"subject": {}}}, {"a": 1, LOGOUT: {}}, {"urn:x:y": {}}],
    ids=str,
)
def test_events_without_a_type_of_their_own(typ: object, events: dict[str, object]) -> None:
    """A security event is no access token, whatever its `typ` says or leaves out."""
    token = typed(typ, events=events)
    assert verdict(token) == REFUSED
    assert answers(gate(), token) == {(401, REFUSED)}


def test_events_that_are_named() -> None:
    """Whoever names a type of events takes events, and still only of the types named."""
    token = typed("JWT", events={LOGOUT: {}})
    for named in ("logout+jwt", "secevent+jwt", "application/Logout+JWT"):
        assert verdict(token, verifier(token_types=[named, "JWT"])) == ACCEPTED
        assert verdict(token, verifier(token_types=[named])) == REFUSED
    assert verdict(token, verifier(token_types=["JWT"])) == REFUSED
    logout = typed("logout+jwt", events={LOGOUT: {}})
    assert verdict(logout, verifier(token_types=["logout+jwt"])) == ACCEPTED


@pytest.mark.parametrize(
    "events", [["a"], "a", 1, None, {}, {"read": True}, {"page.view": 1}], ids=str
)
def test_a_claim_that_is_only_called_events(events: object) -> None:
    """Events are an object of URIs (RFC 8417 section 2.2); a claim of one's own passes."""
    assert verdict(typed(..., events=events)) == ACCEPTED


def test_the_reason_is_told() -> None:
    """The error says which option takes such tokens, and nothing of the token."""
    for token, words in (
        (typed(..., cnf={"jkt": "x"}), "allow_bound"),
        (typed("logout+jwt"), "token_types"),
        (typed(..., events={LOGOUT: {}}), "token_types"),
    ):
        with pytest.raises(jwtfast.WrongTokenTypeError, match=words) as caught:
            verifier().verify(token, now=NOW)
        assert "logout+jwt" not in str(caught.value)
