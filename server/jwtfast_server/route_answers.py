"""Which route decides on a request, asked of the gate itself: for `jwtfast check --route`."""

from collections.abc import Mapping, Sequence
from typing import Any

import jwtfast
from jwtfast_server.config import Settings

__all__ = ["answer_text", "route_answers", "route_text"]


def route_answers(settings: Settings, asked: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Which route and policy decide on each method and URL, and why."""
    gate = jwtfast.Gate(settings.gate_settings(), settings.key_sets())
    return [_answer(settings, gate, method, url) for method, url in asked]


def _answer(settings: Settings, gate: jwtfast.Gate, method: str, url: str) -> dict[str, Any]:
    found = {"method": method, "url": url, "route": None, "policy": None, "code": None}
    try:
        route, policy = gate.route(method, url)
    except jwtfast.JWTError as error:
        return found | {"code": error.code, "why": str(error)}
    if route is None:
        why = "there are no routes"
    else:
        why = f"the first route that fits, for {route_text(settings.routes[route].model_dump())}"
    return found | {"route": route, "policy": policy, "why": why}


def answer_text(answer: dict[str, Any]) -> str:
    """One answer, as a line."""
    if answer["code"]:
        decided = f"403 {answer['code']}"
    elif answer["route"] is None:
        decided = f"policy {answer['policy']}"
    else:
        decided = f"routes[{answer['route']}], policy {answer['policy']}"
    return f"{answer['method']} {answer['url']}: {decided} ({answer['why']})"


def route_text(route: Mapping[str, Any]) -> str:
    """What a route takes, in words."""
    path = route["path"] or "/"
    if isinstance(path, dict):
        [(kind, text)] = path.items()
        path = f"{kind} {text}"
    return f"{' '.join(route['methods'] or ['any method'])} {route['host'] or 'any host'} {path}"
