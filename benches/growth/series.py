"""The curves of decisions: what is asked of which gate, by the size of one thing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import jwtfast
from benches.growth.inputs import (
    ORIGINAL,
    POLICY,
    Headers,
    Request,
    bearer,
    case,
    ec_keys,
    gate,
    hs256_keys,
    issuers,
    keys,
    sized,
    to_default,
)
from benches.growth.measure import Case
from benches.http.tokens import HOT, ROLE, token, user
from tests.forge import AUDIENCE, ISSUER, claims
from tests.verdict import gate_settings

__all__ = ["GROUPS", "Group"]

_ALL_SIZES: Final = (300, 600, 1200, 2400, 4800, 9600, 16384)
_FEW_SIZES: Final = (300, 2400, 16384)
_IN_TURN: Final = 32
"""How many keys of a set are used in turn: more than issuers do, few enough for the caches."""


@dataclass(frozen=True)
class Group:
    """One plot."""

    title: str
    axis: str
    sizes: Sequence[int]
    few: Sequence[int]
    """What is enough for a quick look."""
    cases: Callable[[int], Iterator[Case]]
    bound: bool = False
    """Whether none of its curves may be worse than logarithmic."""
    rounds: int = 25


def _hot(**claims_: object) -> Headers:
    return bearer(token("HS256", HOT, "ours", **claims_))


def _cache() -> jwtfast.TokenCache:
    return jwtfast.TokenCache(64 << 20)


def token_size(size: int) -> Iterator[Case]:
    """Gates with and without a cache, and the library's own cache."""
    for algorithm in ("HS256", "ES256"):
        text = sized(algorithm, size)
        request = [Request(bearer(text), user(HOT))]
        yield case(f"{algorithm}, new", len(text), gate(keys(algorithm)), request)
    text = sized("HS256", size)
    request = [Request(bearer(text), user(HOT))]
    yield case("from the cache", len(text), gate(keys("HS256"), _cache()), request)
    verify = jwtfast.Verifier(
        keys("HS256"), issuer=ISSUER, audience=AUDIENCE, cache_bytes=1 << 20
    ).verify
    subject = user(HOT)
    yield Case(
        "verify to dict, from the cache",
        len(text),
        verify,
        [text],
        lambda found, _index: (found["sub"], found["role"]) == (subject, ROLE),
    )


def _signed(pairs: Sequence[jwtfast.Key], most: int) -> list[Request]:
    """A token by each key, or by so many of them, evenly spread."""
    return [
        Request(bearer(jwtfast.encode(claims(sub=user(number)), pairs[number])), user(number))
        for number in range(0, len(pairs), -(-len(pairs) // most))
    ]


def key_count(count: int) -> Iterator[Case]:
    """Some of the keys in turn, and one that is not there."""
    secrets, pairs = hs256_keys(count), ec_keys(count)
    its_gate = gate(jwtfast.KeySet(secrets))
    yield case("HS256, by kid", count, its_gate, _signed(secrets, _IN_TURN))
    [stranger] = hs256_keys(1)
    text = jwtfast.encode(claims(), stranger, {"kid": "nobody"})
    yield case("HS256, unknown kid", count, its_gate, [Request(bearer(text), None, "unknown_key")])
    public = jwtfast.KeySet.from_jwks({"keys": [key.public_jwk() for key in pairs]})
    yield case("ES256, by kid", count, gate(public), _signed(pairs, _IN_TURN))


def keys_in_use(count: int) -> Iterator[Case]:
    """Every key in turn: neither it nor its token is in the processor's caches."""
    secrets = hs256_keys(count)
    its_gate = gate(jwtfast.KeySet(secrets))
    yield case("HS256, every key in turn", count, its_gate, _signed(secrets, count))


def issuer_count(count: int) -> Iterator[Case]:
    """The token's issuer is the last one of its policy."""
    listed = issuers(count)
    policy = {**POLICY, "issuers": [one["name"] for one in listed]}
    settings = gate_settings(issuers=listed, policies={"default": policy})
    sets = {str(one["name"]): keys("HS256") for one in listed}
    request = [Request(_hot(), user(HOT))]
    yield case("HS256, new", count, jwtfast.Gate(settings, sets), request)
    cached = jwtfast.Gate(settings, sets, cache=_cache())
    yield case("from the cache", count, cached, request)


def rule_count(count: int) -> Iterator[Case]:
    """Every rule holds, so that none is left out; the token comes from the cache."""
    listed: dict[str, Mapping[str, object]] = {
        "one value": {"claim": "role", "any": [ROLE]},
        "nested claim": {"claim": "realm_access.roles", "any": ["writer"]},
        "matches": {"claim": "email", "matches": r".*@example\.com"},
    }
    headers = _hot(email="user@example.com", realm_access={"roles": ["reader", "writer"]})
    request = [Request(headers, user(HOT))]
    for name, rule in listed.items():
        policy = {**POLICY, "require": [rule] * count}
        yield case(f"rules: {name}", count, gate(keys("HS256"), _cache(), policy), request)
    values = [f"role-{number:05}" for number in range(count - 1)]
    policy = {**POLICY, "require": [{"claim": "role", "any": [*values, ROLE]}]}
    yield case("values in one rule", count, gate(keys("HS256"), _cache(), policy), request)


def route_count(count: int) -> Iterator[Case]:
    """The first, the last and none of them; by path, by host and by pattern."""
    last = count - 1
    paths = [f"/service-{number:05}/" for number in range(count)]
    hosts = [f"app-{number:05}.example.com" for number in range(count)]
    by_path = [{"path": path} for path in paths]
    by_host = [{"host": host, "path": "/api/"} for host in hosts]
    globs = [{"path": f"{path}*/report"} for path in paths]
    host_globs = [{"host": host, "path": "/api/*/report"} for host in hosts]
    asked = (
        ("paths, first", by_path, f"http://a.example{paths[0]}x"),
        ("paths, last", by_path, f"http://a.example{paths[last]}x"),
        ("paths, none", by_path, "http://a.example/other/x"),
        ("hosts, last", by_host, f"http://{hosts[last]}/api/x"),
        ("patterns, last", globs, f"http://a.example{paths[last]}x/report"),
        ("patterns, a host each", host_globs, f"http://{hosts[last]}/api/x/report"),
    )
    gates: dict[int, jwtfast.Gate] = {}
    for series, routes, url in asked:
        if id(routes) not in gates:
            listed = to_default(routes)
            gates[id(routes)] = gate(
                keys("HS256"), _cache(), routes=listed, original_request=ORIGINAL
            )
        headers = [*_hot(), (b"x-original-url", url.encode())]
        found = Request(headers, user(HOT))
        nobody = Request(headers, None, "no_policy")
        request = nobody if series.endswith("none") else found
        yield case(series, count, gates[id(routes)], [request])


def policy_count(count: int) -> Iterator[Case]:
    """The policy is named by the request's path: `/p/NAME`."""
    names = [f"policy-{number:05}" for number in range(count)]
    its_gate = gate(keys("HS256"), _cache(), policies=dict.fromkeys(names, POLICY))
    yield case("by name", count, its_gate, [Request(_hot(), user(HOT))], names[-1])


_DECADES: Final = (1, 3, 10, 30, 100, 300, 1000, 3000, 10_000)
_FEW: Final = (1, 100, 1000, 10_000)

GROUPS: Final[Mapping[str, Group]] = {
    "size": Group("token size", "bytes of the token", _ALL_SIZES, _FEW_SIZES, token_size),
    "keys": Group("keys in a set", "keys", _DECADES, _FEW, key_count, bound=True),
    "kids": Group("keys in use at once", "keys", _DECADES, _FEW, keys_in_use),
    "issuers": Group(
        "issuers of a policy", "issuers", (1, 3, 10, 30, 100), (1, 10, 100), issuer_count
    ),
    "rules": Group("rules of a policy", "rules", _DECADES[:-2], (1, 100, 1000), rule_count),
    "routes": Group("routes", "routes", _DECADES, _FEW, route_count, bound=True),
    "policies": Group(
        "policies", "policies", _DECADES[:-2], (1, 100, 1000), policy_count, bound=True
    ),
}
"""What is timed decision by decision, by name."""
