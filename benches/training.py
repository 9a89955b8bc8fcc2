"""What a profile-guided build learns from: a service's day and a library's, in some seconds.

    python -m benches.training

Run by `maturin build --pgo` with an instrumented module, in an environment that has nothing else:
only `jwtfast` and the standard library are imported, and jwtfast itself signs the tokens. What
counts is how often each branch is taken beside the others, so the numbers below are those of a
service: most tokens come again, some are new, few are bad. Every answer is checked.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import jwtfast
from jwtfast._core import Door

_ISSUER: Final = "https://login.example.com"
_AUDIENCE: Final = "api"
_TIMES: Final = {"iat": 1_700_000_000, "nbf": 1_700_000_000, "exp": 4_000_000_000}
_PRIVATE: Final = json.loads(
    (Path(__file__).parents[1] / "tests" / "vectors" / "keys.json").read_text()
)

_TYPES: Final = {
    "HS256": "oct",
    "RS256": "RSA",
    "PS256": "RSA",
    "ES256": "P-256",
    "ES384": "P-384",
    "ES512": "P-521",
    "ES256K": "secp256k1",
    "EdDSA": "Ed25519",
}
_COMMON: Final = ("HS256", "RS256", "ES256", "EdDSA")
_USERS: Final = 40
_HITS: Final = 20
"""How often a token comes again."""
_ANEW: Final = 50
"""How often a token of a common algorithm is verified; of another one once: all but Ed25519 is C,
which is not profiled, and the slow ones would only take time."""
_BAD: Final = 200
"""How often each bad request comes."""
_LIBRARY: Final = 300
"""How often the library is given each token."""

_CLIENT: Final = [
    (b"host", b"app.example.com"),
    (b"user-agent", b"Mozilla/5.0"),
    (b"accept", b"*/*"),
    (b"x-original-url", b"/orders/7?page=2"),
]
_PEER: Final = "127.0.0.1"
_POLICIES: Final[Mapping[str, Mapping[str, object]]] = {
    "open": {"issuers": ["corp"]},
    "default": {"issuers": ["corp"], "identity": {"X-User": "sub"}},
    "staff": {
        "issuers": ["corp"],
        "require": [{"claim": "groups", "any": ["staff", "admin"]}, {"scope": ["read"]}],
        "identity": {"X-User": "sub", "X-Groups": {"claim": "groups", "as": "csv"}},
    },
    "admin": {
        "issuers": ["corp"],
        "require": [{"cel": "claims.groups.exists(g, g == 'admin')", "message": "only admins"}],
        "identity": {"X-User": "sub"},
    },
    "partners": {
        "issuers": ["corp"],
        "require": [
            {"claim": "email", "matches": ".*@example[.]com"},
            {"claim": "level", "ge": 2},
            {"not": {"claim": "groups", "contains": "banned"}},
        ],
        "identity": {"X-User": "email", "X-Address": {"claim": "address", "as": "base64"}},
    },
    "visitors": {"issuers": ["corp"], "optional": True, "identity": {"X-User": "sub"}},
}


@cache
def _key(algorithm: str, owner: str = "ours") -> jwtfast.Key:
    """A key that signs, with its algorithm's name as its id."""
    private = _PRIVATE[owner][_TYPES[algorithm]]
    return jwtfast.Key.from_jwk({**private, "alg": algorithm, "kid": algorithm})


def _token(algorithm: str, user: int = 0, owner: str = "ours", /, **more: object) -> str:
    """A token as a provider makes them."""
    claims = {
        "iss": _ISSUER,
        "aud": _AUDIENCE if user % 2 else ["web", _AUDIENCE],
        "sub": f"user-{user}",
        "jti": f"{user:08}",
        "scope": "openid read",
        "name": "J\u00fcrgen M.",
        "email": f"user-{user}@example.com",
        "level": 3,
        "address": {"country": "DE", "floor": None},
        "groups": ["staff", f"team-{user}"],
        **_TIMES,
    }
    return jwtfast.encode(claims | more, _key(algorithm, owner))


def _keys(algorithm: str) -> jwtfast.KeySet:
    """A provider's key set, read again and again as a service does."""
    key = _key(algorithm)
    if key.is_symmetric:
        return jwtfast.KeySet([key])
    older = {**key.public_jwk(), "kid": "older"}
    document = json.dumps({"keys": [older, {"kty": "unknown"}, key.public_jwk()]})
    for _ in range(_ANEW):
        keys = jwtfast.KeySet.from_jwks(document, remote=True)
    return keys


class _RsgiHeaders(dict[str, str]):
    """The headers of an RSGI scope."""

    def get_all(self, name: str) -> list[str]:
        """All values of a header."""
        return [self[name]] if name in self else []


class _RsgiScope(NamedTuple):
    path: str
    query_string: str
    headers: _RsgiHeaders
    method: str = "GET"
    client: str = f"{_PEER}:40000"


class _Site(NamedTuple):
    gate: jwtfast.Gate
    door: Door


def _site(keys: jwtfast.KeySet, cache_bytes: int, **more: object) -> _Site:
    issuer = {"name": "corp", "issuer": _ISSUER, "audiences": [_AUDIENCE], "leeway": 0}
    unset = dict.fromkeys(("algorithms", "max_lifetime", "token_types"))
    settings = {
        "realm": "api",
        "unavailable_status": 503,
        "max_token_bytes": 16384,
        "issuers": [issuer | unset],
        "token": [{"header": "Authorization", "scheme": "Bearer"}, {"cookie": "session"}],
        "policies": _POLICIES,
    }
    revoked = jwtfast.RevocationList()
    revoked.replace(b'{"revoked": [{"jti": "stolen"}, {"sub": "user-x"}]}')
    gate = jwtfast.Gate(
        json.dumps(settings | more).encode(),
        {"corp": keys},
        revocation=[revoked],
        cache=jwtfast.TokenCache(cache_bytes),
    )
    codes = [code for code, _, _ in jwtfast.reasons()]
    door = Door(
        gate,
        bodies={(status, code): b"{}" for status in (401, 403, 503) for code in codes},
        lines={200: "200 OK", 401: "401 Unauthorized", 403: "403 Forbidden"},
        unreadable={},
        methods=None,
        over_unix=False,
        tells_allowed=False,
    )
    return _Site(gate, door)


def _ask(
    site: _Site,
    policy: str | None,
    token: str | None,
    status: int = 200,
    *,
    query: str = "",
    cookie: bool = False,
) -> None:
    """Ask the gate itself, and through each door."""
    sent = {}
    if token is not None:
        name, before = (
            ("cookie", "theme=dark; session=") if cookie else ("authorization", "Bearer ")
        )
        sent[name] = before + token
    raw = _CLIENT + [(name.encode(), value.encode()) for name, value in sent.items()]
    text = {name.decode(): value.decode() for name, value in raw}
    path = "/validate" if policy is None else f"/p/{policy}"
    peer = _PEER if site.gate.needs_peer else None
    decision = site.gate.decide(policy, "GET", query, raw, peer=peer)
    assert (decision.status, decision.code is None) == (status, status == 200), decision
    assert len(decision.raw_headers) == len(decision.headers)
    asgi = site.door.asgi(
        {
            "raw_path": path.encode(),
            "method": "GET",
            "query_string": query.encode(),
            "client": (_PEER, 40000),
            "headers": raw,
        }
    )
    assert asgi is not None
    assert asgi[0]["status"] == status
    rsgi = site.door.rsgi(_RsgiScope(path, query, _RsgiHeaders(text)))
    assert rsgi is not None
    assert rsgi[0] == status
    environ = {f"HTTP_{name.upper()}": value for name, value in text.items()}
    request = {"PATH_INFO": path, "REQUEST_METHOD": "GET", "QUERY_STRING": query}
    wsgi = site.door.wsgi({**environ, **request, "REMOTE_ADDR": _PEER})
    assert wsgi is not None
    assert wsgi[0].startswith(str(status))


def _service(algorithm: str) -> None:
    """Good tokens from the cache and anew, for each policy; then every kind of bad request."""
    keys = _keys(algorithm)
    original = {"uri_header": "X-Original-URL", "trusted_proxies": ["127.0.0.0/8"]}
    routes = [{"path": "/public/", "policy": "open"}, {"path": "/", "policy": "staff"}]
    remembers = _site(keys, 1 << 20)
    routed = _site(keys, 1 << 20, original_request=original, routes=routes)
    # Room for few of the tokens: one that comes pushes another out.
    forgets = _site(keys, 1 << 14)
    legacy = _site(keys, 1 << 20, mode="legacy", query_overrides={"claims": True})
    common = algorithm in _COMMON
    tokens = [_token(algorithm, user) for user in range(_USERS if common else 2)]
    # One token again and again, then all of them in turn: a gate knows the latest ones faster.
    again = [token for token in tokens for _ in range(_HITS)]
    for token in again + tokens * _HITS:
        for policy in ("open", "default", None, "staff", "partners", "visitors"):
            _ask(remembers, policy, token)
        _ask(remembers, "default", token, cookie=True)
        _ask(routed, None, token)
        _ask(legacy, None, token, query="claims_groups=staff&claims_groups=admin")
    for token in tokens:
        _ask(remembers, "admin", token, 403)
    for _ in range(_ANEW if common else 1):
        for token in tokens:
            _ask(forgets, "default", token)
    good = tokens[0]
    bad = [
        None,
        "",
        "not.a.token",
        good[:-8],
        good.replace(".", "", 1),
        f"e30.{good}",
        _token(algorithm, 0, "strangers"),
        _token(algorithm, exp=_TIMES["iat"] + 1),
        _token(algorithm, nbf=_TIMES["exp"] - 1),
        _token(algorithm, iss="https://else.example.com"),
        _token(algorithm, aud="else"),
    ]
    for refused in bad:
        for _ in range(_BAD if common else 1):
            _ask(remembers, "default", refused, 401)


def _library(algorithm: str) -> None:
    """Claims as a dict, of tokens small and large; good, expired and of a stranger."""
    verifier = jwtfast.Verifier(_keys(algorithm), issuer=_ISSUER, audience=_AUDIENCE)
    large: dict[str, object] = {
        "groups": [f"group-{number:05}" for number in range(200)],
        "realm_access": {"roles": ["offline_access", "uma_authorization"], "level": 2.5},
        "name": 'J\u00fcrgen "J" M\u00fcller',
        "email_verified": True,
        "address": None,
    }
    good = [_token(algorithm), _token(algorithm, 1), _token(algorithm, 1, **large)]
    bad = [_token(algorithm, exp=_TIMES["iat"] + 1), _token(algorithm, 0, "strangers"), "x.y.z"]
    for _ in range(_LIBRARY if algorithm in _COMMON else 1):
        for token in good:
            assert verifier.verify(token)["iss"] == _ISSUER
        found = verifier.verify_many(good + bad)
        assert [isinstance(one, dict) for one in found] == [True] * 3 + [False] * 3


def main() -> None:
    """Every algorithm in turn."""
    for algorithm in _TYPES:
        _service(algorithm)
        _library(algorithm)


if __name__ == "__main__":
    main()
