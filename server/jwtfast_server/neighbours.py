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
    """Where a route leaves a neighbour of its path to a route with a more open policy.

    One note stands for all routes of a policy that leave theirs to the same policy.
    """
    leads_to = {route.policy for route in settings.routes}
    open_ones = {
        name: {one for one in leads_to if _is_more_open(settings.policies[one], policy)}
        for name, policy in settings.policies.items()
    }
    noted: dict[tuple[str, str, str], list[tuple[int, str, int]]] = {}
    for index, route in enumerate(settings.routes):
        if open_ones[route.policy]:
            for neighbour, other, policy, advice in _open_neighbours(
                settings, gate, index, open_ones[route.policy]
            ):
                kind = (route.policy, policy, advice)
                noted.setdefault(kind, []).append((index, neighbour, other))
    for (own, policy, advice), places in noted.items():
        index, neighbour, other = places[0]
        more = f" (and {len(places) - 1} routes like it)" if len(places) > 1 else ""
        message = (
            f"leaves {neighbour} to routes[{other}], whose policy {policy} is more open than "
            f"{own}{more}: {advice}"
        )
        yield ("routes", index, *(["path"] if settings.routes[index].path else [])), message


def _is_more_open(one: Policy, other: Policy) -> bool:
    """Whether a policy lets through by a switch what the other does not, or by fewer rules."""
    switches, others = (
        {name for name in ("optional", "shadow", "preflight") if getattr(policy, name)}
        for policy in (one, other)
    )
    return bool(switches - others) or (switches == others and len(one.require) < len(other.require))


def _open_neighbours(
    settings: ConfigFile, gate: jwtfast.Gate, index: int, open_ones: set[str]
) -> Iterator[tuple[str, int, str, str]]:
    """Each such neighbour of one route, the route and the policy that have it, and what to do."""
    route = settings.routes[index]
    path = _sample(route)
    methods = route.methods or [*_methods(settings), "HEAD"]
    host = (route.host or _ANY_HOST).replace("*", "any")
    if "GET" in methods and "HEAD" not in methods:
        found = _left_to(gate, "HEAD", host + path, open_ones)
        if found:
            yield f"HEAD of {path}", *found, "HEAD belongs beside GET in `methods`"
    beside = (*_neighbours(settings, path), *_around(_written(route)))
    for neighbour, advice in beside:
        for method in methods:
            own = _route(gate, method, host + path)
            found = _left_to(gate, method, host + neighbour, open_ones)
            if found and own and own[0] == index:
                yield neighbour, *found, advice
                break


def _methods(settings: ConfigFile) -> list[str]:
    """Every method that a route asks for, and GET."""
    return sorted({"GET", *(one for route in settings.routes for one in route.methods or ())})


def _left_to(
    gate: jwtfast.Gate, method: str, place: str, open_ones: set[str]
) -> tuple[int, str] | None:
    """The route of a place and its policy, where that is one of the more open ones."""
    found = _route(gate, method, place)
    return found if found and found[1] in open_ones else None


def _route(gate: jwtfast.Gate, method: str, place: str) -> tuple[int, str] | None:
    try:
        route, policy = gate.route(method, f"http://{place}")
    except jwtfast.JWTError:
        return None
    return None if route is None else (route, policy)


def _sample(route: Route) -> str:
    """A path that the route takes by its own pattern."""
    return _written(route).replace("**", "*").replace("*", "x")


def _written(route: Route) -> str:
    """Its path as it is written, of whatever kind."""
    path = route.model_dump()["path"] or "/"
    text: str = next(iter(path.values())) if isinstance(path, dict) else path
    return text


def _around(written: str) -> Iterator[tuple[str, str]]:
    """What stars at the end of a glob leave out, though `/*` means all below to some proxies."""
    parts = written.rstrip("/").split("/")
    if "*" in written and parts[-1] != "**":
        path = "/".join(parts).replace("**", "*").replace("*", "x")
        yield f"{path}/x", "`*` is one element at most, and `/**` at the end takes all below"
        if parts[-1] == "*":
            yield path.removesuffix("x"), "`/**` instead of `/*` takes this and all below"


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
