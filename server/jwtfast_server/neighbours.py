"""Neighbours of a protected path that a more open route serves, found by asking the gate."""

from collections.abc import Iterator

import jwtfast
from jwtfast_server.config_models import ConfigFile, Policy
from jwtfast_server.original_request import Route
from jwtfast_server.problems import KeyPath

__all__ = ["neighbour_notes"]

# A host that no file names, for routes of any host.
_ANY_HOST = "any-host.invalid"


def neighbour_notes(settings: ConfigFile, gate: jwtfast.Gate) -> Iterator[tuple[KeyPath, str]]:
    """Where a route leaves a neighbour of its path to a route with a more open policy."""
    leads_to = {route.policy for route in settings.routes}
    for index, route in enumerate(settings.routes):
        mine = settings.policies[route.policy]
        open_ones = {name for name in leads_to if _is_more_open(settings.policies[name], mine)}
        if open_ones:
            yield from _open_neighbours(settings, gate, index, open_ones)


def _is_more_open(one: Policy, other: Policy) -> bool:
    """Whether a policy lets through by a switch what the other does not, or by fewer rules."""
    switches, others = (
        {name for name in ("optional", "shadow", "preflight") if getattr(policy, name)}
        for policy in (one, other)
    )
    return bool(switches - others) or (switches == others and len(one.require) < len(other.require))


def _open_neighbours(
    settings: ConfigFile, gate: jwtfast.Gate, index: int, open_ones: set[str]
) -> Iterator[tuple[KeyPath, str]]:
    route = settings.routes[index]
    path = _sample(route)
    methods = route.methods or sorted(
        {"GET", *(method for one in settings.routes for method in one.methods or ())}
    )
    host = (route.host or _ANY_HOST).replace("*", "any")
    for neighbour, advice in _neighbours(settings, path):
        for method in methods:
            own = _route(gate, method, host + path)
            found = _route(gate, method, host + neighbour)
            if own is None or own[0] != index:
                continue
            if found is not None and found[1] in open_ones:
                message = (
                    f"leaves {neighbour} to routes[{found[0]}], whose policy {found[1]} is more "
                    f"open than {route.policy}: {advice}"
                )
                yield ("routes", index, *(["path"] if route.path else [])), message
                break


def _route(gate: jwtfast.Gate, method: str, place: str) -> tuple[int | None, str] | None:
    try:
        return gate.route(method, f"http://{place}")
    except jwtfast.JWTError:
        return None


def _sample(route: Route) -> str:
    """A path that the route takes by its own pattern."""
    path = route.model_dump()["path"] or "/"
    text: str = next(iter(path.values())) if isinstance(path, dict) else path
    return text.replace("**", "*").replace("*", "x")


def _neighbours(settings: ConfigFile, path: str) -> Iterator[tuple[str, str]]:
    """The paths beside a path, and what to do about each."""
    if path != "/":
        yield path.removesuffix("/") if path.endswith("/") else f"{path}/", "a prefix takes both"
    original = settings.original_request
    other_case = path.upper() if path.upper() != path else path.lower()
    if other_case != path and original is not None and original.case is None:
        yield (
            other_case,
            (
                "say original_request.case, `insensitive` where the proxy or the application takes "
                "both for one path, and otherwise `sensitive`"
            ),
        )
