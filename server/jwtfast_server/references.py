"""What must hold between parts of the configuration: names that are used exist, once.

Looks at the values as they were written, so that these problems are told together with others.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from jwtfast_server.config_models import ConfigFile
from jwtfast_server.problems import KeyPath, suggestion

__all__ = ["reference_notes", "reference_problems"]

Found = Iterator[tuple[KeyPath, str]]

_COMPOSED: Final = (
    "a URL is put together of the client's Host and its path: it is as good as the proxy's refusal "
    "of a slash in Host. Tell them apart (X-Original-URI, and host_header: X-Original-Host), or "
    "behind ingress-nginx say confirm_header: X-Auth-Request-Redirect"
)


def reference_problems(data: Mapping[str, Any]) -> Found:
    """Everything that contradicts itself, with the key path it stands at."""
    issuers: dict[str, Any] = {}
    nameless = False
    for index, issuer in enumerate(_items(data.get("issuers"))):
        name = issuer.get("name") if isinstance(issuer, dict) else None
        if not isinstance(name, str):
            nameless = True  # Told already; it may be the one that a policy means.
            continue
        if name in issuers:
            yield ("issuers", index, "name"), f"two issuers are called {name!r}: expected one"
        issuers[name] = issuer
    policies = data.get("policies")
    if isinstance(policies, dict):
        if "default" not in policies and policies and not data.get("routes"):
            found = ", ".join(policies)
            yield ("policies",), f"expected a policy called `default`, found {found}"
        if not nameless:
            yield from _policies(policies, issuers)
        for index, route in enumerate(_items(data.get("routes"))):
            policy = route.get("policy") if isinstance(route, dict) else None
            if isinstance(policy, str) and policy not in policies:
                message = _unknown("policy", policy, list(policies))
                yield ("routes", index, "policy"), message
    if data.get("routes") and not data.get("original_request"):
        yield ("routes",), "needs original_request, which says how the proxy tells the request"
    yield from _token(data)
    yield from _untold(data)


def reference_notes(settings: ConfigFile) -> Found:
    """What contradicts nothing but may not be meant."""
    redis = settings.revocation and settings.revocation.redis
    if redis and redis.place.is_exposed:
        message = "is not encrypted: who is on the way can hide revoked tokens; use rediss://"
        yield ("revocation", "redis", "url"), message
    if "routes" in settings.model_fields_set and not settings.routes:
        yield ("routes",), "is empty: the policy `default` decides on all"
    for name, policy in settings.policies.items():
        if "require" in policy.model_fields_set and not policy.require:
            yield ("policies", name, "require"), "is empty: every good token passes"
        for index, rule in enumerate(policy.require):
            yield from _contains(rule, ("policies", name, "require", index))
    for place, issuer in enumerate(settings.issuers):
        if "require" in issuer.model_fields_set and not issuer.require:
            yield ("issuers", place, "require"), "is empty: it demands nothing of a token"
        for index, rule in enumerate(issuer.require):
            yield from _contains(rule, ("issuers", place, "require", index))
    original = settings.original_request
    counts = settings.routes or any("request." in str(one) for one in settings.policies.values())
    if original and counts and original.is_composed and not original.is_confirmed:
        yield ("original_request", "uri_header"), _COMPOSED


def _contains(rule: object, path: KeyPath) -> Found:
    """Where a rule asks for an element that may have been meant as a part of a text."""
    if isinstance(rule, list):
        for index, inner in enumerate(rule):
            yield from _contains(inner, (*path, index))
    elif isinstance(rule, dict):
        if "claim" in rule and isinstance(rule.get("contains"), str):
            message = "means an element of a list; for a part of a text write substring"
            yield (*path, "contains"), message
        for name in ("not", "any_of", "all_of"):
            yield from _contains(rule.get(name), (*path, name))


def _policies(policies: dict[str, Any], issuers: dict[str, Any]) -> Found:
    for name, policy in policies.items():
        names = _items(policy.get("issuers")) if isinstance(policy, dict) else []
        told: dict[object, str] = {}
        for index, issuer in enumerate(names):
            path = ("policies", name, "issuers", index)
            if not isinstance(issuer, str):
                continue
            if issuer not in issuers:
                yield path, _unknown("issuer", issuer, list(issuers))
                continue
            url = issuers[issuer].get("issuer")
            if url == "any" and len(names) > 1:
                yield path, "an issuer that takes any `iss` must be the only one of its policy"
            elif isinstance(url, str) and "{" not in url and told.setdefault(url, issuer) != issuer:
                yield path, f"has the same `iss` as {told[url]!r}: a policy can have one of them"


def _token(data: Mapping[str, Any]) -> Found:
    token = data.get("token")
    for index, source in enumerate(_items(token.get("from")) if isinstance(token, dict) else []):
        if isinstance(source, dict) and "query" in source and not data.get("original_request"):
            path = ("token", "from", index, "query")
            yield path, "needs original_request, which says where the original URI is"


def _untold(data: Mapping[str, Any]) -> Found:
    """Conditions of a route without a value, which would say what leaving them out says."""
    for index, route in enumerate(_items(data.get("routes"))):
        for name in ("host", "path", "methods") if isinstance(route, dict) else ():
            if name in route and route[name] is None:
                message = f"expected a value, found nothing; leave {name} out where any will do"
                yield ("routes", index, name), message


def _unknown(what: str, name: str, known: list[str]) -> str:
    hint = suggestion(name, known) if known else "there is none"
    return (
        f"expected the name of {'an' if what == 'issuer' else 'a'} {what}, found {name!r}, {hint}"
    )


def _items(value: object) -> list[Any]:
    """A list, or the one item that stands for it."""
    if isinstance(value, list):
        return value
    return [] if value is None else [value]
