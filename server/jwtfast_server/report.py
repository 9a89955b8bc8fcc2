"""What the commands print: settings in short, problems, and the first steps of `dev`."""

from collections.abc import Iterator
from typing import Any

import click

import jwtfast
from jwtfast_server.config import Settings
from jwtfast_server.config_models import Policy
from jwtfast_server.dev import Welcome
from jwtfast_server.masking import shown_kid
from jwtfast_server.problems import Problem
from jwtfast_server.route_answers import route_text

__all__ = ["problem_record", "summary", "summary_record", "welcome_text"]


def summary_record(settings: Settings) -> dict[str, Any]:
    """The settings in short, for `--json`."""
    key_sets = settings.key_sets()
    return {
        "ok": True,
        "file": settings.source,
        "mode": settings.mode,
        "listen": str(settings.listen),
        "issuers": [
            {
                "name": issuer.name,
                "issuer": issuer.iss,
                "audiences": issuer.audiences,
                "keys": [
                    {"kid": _kid(key), "algorithms": list(key.algorithms)}
                    for key in key_sets[issuer.name] or ()
                ],
            }
            for issuer in settings.issuers
        ],
        "policies": [
            {
                "name": name,
                "issuers": policy.issuers,
                "rules": len(policy.require),
                "identity": list(policy.identity) + _of_issuers(settings, policy),
            }
            for name, policy in settings.policies.items()
        ],
        "routes": [route.model_dump() for route in settings.routes],
        "revocation": list(_revocation(settings)),
        "notes": settings.notes,
    }


def summary(record: dict[str, Any]) -> str:
    """The settings in short, a line for each issuer, each policy and each route."""
    lines = [f"ok: {record['file']}"]
    if record["mode"] == "legacy":
        lines[0] += " (nginx-subrequest-auth-jwt format)"
    for issuer in record["issuers"]:
        audiences = " ".join(issuer["audiences"] or ["any"])
        keys = ", ".join(_key_text(key) for key in issuer["keys"])
        lines.append(
            f"  issuer {issuer['name']}: iss {_iss_text(issuer['issuer'])}, aud {audiences}, "
            f"keys {keys or 'none yet'}"
        )
    for policy in record["policies"]:
        rules = f"{policy['rules']} rule{'' if policy['rules'] == 1 else 's'}"
        identity = " ".join(policy["identity"])
        lines.append(
            f"  policy {policy['name']}: issuers {' '.join(policy['issuers'])}, {rules}"
            + (f", identity {identity}" if identity else "")
        )
    lines += [
        f"  route {route_text(route)}: policy {route['policy']}" for route in record["routes"]
    ]
    for source in record["revocation"]:
        text = f"  revocation {source['source']}: {source['place']}"
        if source["source"] == "redis":
            text += f", key {source['key']}, when away {source['when_away']}"
        lines.append(text)
    return "\n".join(lines)


def _revocation(settings: Settings) -> Iterator[dict[str, str]]:
    section = settings.revocation
    if section and section.file is not None:
        yield {"source": "file", "place": section.file}
    if section and section.redis is not None:
        # Without user and password.
        redis, place = section.redis, str(section.redis.place)
        yield {"source": "redis", "place": place, "key": redis.key, "when_away": redis.when_away}


def _kid(key: jwtfast.Key) -> str | None:
    """The id of a key; that of a secret is configured, and may be the secret by mistake."""
    return shown_kid(key.kid) if key.kid and key.is_symmetric else key.kid


def _of_issuers(settings: Settings, policy: Policy) -> list[str]:
    """The headers that a policy's issuers add to its own."""
    each = [one.identity for one in settings.issuers if one.name in policy.issuers]
    known = {name.lower() for name in policy.identity}
    found = {name.lower(): name for headers in each for name in headers}
    return [name for key, name in found.items() if key not in known]


def _iss_text(names: str | tuple[str, ...] | None) -> str:
    return names if isinstance(names, str) else " ".join(names or ["any"])


def _key_text(key: dict[str, Any]) -> str:
    algorithms = "/".join(key["algorithms"])
    return f"{key['kid']} ({algorithms})" if key["kid"] else algorithms


def problem_record(problem: Problem) -> dict[str, Any]:
    """A problem, for `--json`."""
    place = problem.place
    return {
        "source": place.source,
        "line": place.line,
        "path": place.path or None,
        "message": problem.message,
    }


def welcome_text(welcome: Welcome) -> str:
    """What to try first; click takes the colours away where nobody would see them."""
    title = click.style("jwtfast dev", bold=True)
    lines = [f"{title}  key, tokens and jwtfast.yaml are in {welcome.directory}/", ""]
    lines += ["Try it from another terminal:", ""]
    for what, command in welcome.tries:
        status, _, meaning = what.partition("  ")
        colour = "green" if status.startswith("2") else "yellow"
        lines += [
            click.style(f"  # {status}", fg=colour, bold=True)
            + click.style(f"  {meaning}", dim=True),
            f"  {command}",
            "",
        ]
    lines += ["In NGINX:", ""]
    lines += [f"  {line}" for line in welcome.nginx.splitlines()]
    return "\n".join([*lines, "", click.style("Ctrl-C stops it.", dim=True)])
