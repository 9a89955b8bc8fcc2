"""What `jwtfast check` notes of presets: a provider whose tokens are for more than one of us.

GitHub signs a token for every repository, with any audience that it asks for; Google for everybody
with an account. What keeps the others out is a rule, and whether there is one can be seen.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from jwtfast_server.preset_table import PRESETS
from jwtfast_server.problems import KeyPath

__all__ = ["preset_notes"]

_CLIENTS: Final = ("azp", "client_id", "cid", "appid", "aud", "sub")
_IN_CEL: Final = re.compile(r"claims(?:\.\??([A-Za-z_]\w*)|\[\??['\"]([^'\"]+)['\"]\])", re.ASCII)


def preset_notes(
    data: Mapping[str, Any], providers: Mapping[str, str]
) -> Iterator[tuple[KeyPath, str]]:
    """Note every policy without a rule that its provider's tokens need.

    Args:
        data: the settings, expanded, whatever is wrong with them.
        providers: by the name of an issuer, its provider.
    """
    given = data.get("issuers")
    issuers = {
        one["name"]: one
        for one in (given if isinstance(given, list) else ())
        if isinstance(one, dict) and isinstance(one.get("name"), str)
    }
    policies = data.get("policies")
    for name, policy in policies.items() if isinstance(policies, dict) else ():
        if not isinstance(policy, dict):
            continue
        asked = set(_claims(policy.get("require")))
        for issuer in _listed(policy.get("issuers")):
            word = providers.get(issuer) if isinstance(issuer, str) else None
            if word is not None:
                own = asked | set(_claims(_listed(issuers[issuer].get("require"))))
                for claims, why in _wanted(word, issuers[issuer]):
                    if not own & set(claims):
                        text = f"{why}: add a rule on {' or '.join(claims[:3])}"
                        yield ("policies", name), f"provider {word}: {text}"


def _wanted(word: str, issuer: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Claims of which one must be in a rule, and why."""
    needs = PRESETS[word].needs
    if needs is not None and (needs.issuer is None or needs.issuer == issuer.get("issuer")):
        yield needs.claims, needs.why
    elif issuer.get("audiences") == "any":
        yield _CLIENTS, "with audiences: any, tokens of each of its clients pass"


def _claims(rules: object) -> Iterator[str]:
    """The claims that rules ask for; of a path, also its beginning."""
    if isinstance(rules, list):
        for rule in rules:
            yield from _claims(rule)
    elif isinstance(rules, dict):
        for key, value in rules.items():
            if key == "claim" and isinstance(value, str):
                yield from (value, re.split(r"[./]", value.removeprefix("/"))[0])
            elif key == "claim" and isinstance(value, dict):
                yield str(value.get("name"))
            elif key == "cel":
                yield from (found[1] or found[2] for found in _IN_CEL.finditer(str(value)))
            elif key in {"any_of", "all_of", "not"}:
                yield from _claims(value)


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]
