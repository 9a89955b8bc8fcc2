"""Keys and rules are built once at load, so that whatever is wrong with them is told then."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

import jwtfast
from jwtfast_server.keysources import KeyMaterial, KeySource, SourceError, key_set, read, remote
from jwtfast_server.layers import Layers
from jwtfast_server.masking import shown_kid, told
from jwtfast_server.original_request import OriginalRequest, Route
from jwtfast_server.problems import KeyPath

__all__ = ["KeysRead", "gate_problems", "read_keys", "rule_problems"]

Found = list[tuple[KeyPath, str]]
_TOLD = {"require", "request_headers", "identity", "routes"}


@dataclass
class KeysRead:
    """The key material of every issuer, and what is wrong or worth knowing."""

    material: dict[str, tuple[KeyMaterial, ...]] = field(default_factory=dict)
    problems: Found = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_keys(layers: Layers, env: Mapping[str, str]) -> KeysRead:
    """Read every key source that is valid by itself, whatever else is wrong with the file."""
    result = KeysRead()
    issuers = layers.data.get("issuers")
    for index, issuer in enumerate(issuers if isinstance(issuers, list) else []):
        if not isinstance(issuer, dict):
            continue
        path: KeyPath = ("issuers", index, "keys")
        before = len(result.problems)
        material = tuple(_issuer_material(layers, env, issuer, path, result))
        result.problems += _mixtures(issuer, index, material)
        if material and len(result.problems) == before:
            try:
                key_set(material)
            except jwtfast.InvalidKeyError as error:
                result.problems.append((path, _without_kids(str(error), material)))
        result.material[str(issuer.get("name"))] = material
    return result


def _url_of(names: object) -> str | None:
    """Where discovery starts from, of what is written; None where that is no one URL."""
    match names:
        case [str(name)] | str(name) if name != "any" and "{" not in name:
            return name
    return None


def _without_kids(text: str, material: Iterable[KeyMaterial]) -> str:
    """A message in which a `kid` of the configuration, which may be a secret, is not whole."""
    for kid in sorted({source.kid for source in material if source.kid}, key=len, reverse=True):
        text = text.replace(kid, shown_kid(kid))
    return text


def _mixtures(
    issuer: dict[str, Any], index: int, material: tuple[KeyMaterial, ...]
) -> Iterator[tuple[KeyPath, str]]:
    """Secrets beside public keys, where the algorithms do not name those of both on purpose."""
    fetched = _has_remote(issuer)
    kinds = {key.is_symmetric for source in material for key in source.keys()[0]}
    kinds |= {False} if fetched else set()
    names = _listed(issuer.get("algorithms"))
    if not all(name in jwtfast.ALGORITHMS for name in names):
        return  # Told where the whole file is validated.
    families = {name.startswith("HS") for name in names}
    told = "unless `algorithms` names those of both: [HS256, ES256]"
    if len(kinds) > 1 and len(families) < len(kinds):
        message = "symmetric and asymmetric keys cannot stand together"
        if fetched:
            message = "a secret cannot stand beside keys that are fetched"
        yield ("issuers", index, "keys"), f"{message}, {told}"
    elif len(families) > 1 and len(kinds) < len(families):
        message = "expected either HMAC (HS...) or asymmetric algorithms, never both"
        yield ("issuers", index, "algorithms"), f"{message} but where the keys are of both kinds"


def _has_remote(issuer: dict[str, Any]) -> bool:
    raw = issuer.get("keys")
    return any(
        isinstance(entry, dict) and {"jwks_url", "discovery"} & set(entry)
        for entry in (raw if isinstance(raw, list) else [raw])
    )


def _issuer_material(
    layers: Layers, env: Mapping[str, str], issuer: dict[str, Any], path: KeyPath, result: KeysRead
) -> Iterator[KeyMaterial]:
    raw = issuer.get("keys")
    algorithms = issuer.get("algorithms")
    for index, entry in enumerate(raw if isinstance(raw, list) else [raw]):
        where = (*path, index)
        try:
            source = KeySource.model_validate(entry)
        except ValidationError:
            continue  # Told where the whole file is validated.
        where = (*where, source.place)
        if source.file is not None:
            layers.note_file(layers.directory(where) / source.file)
        try:
            if source.is_remote:
                remote(source, _url_of(issuer.get("issuer")))
                continue
            material = read(
                source,
                env=env,
                directory=layers.directory(where),
                algorithms=[algorithms] if isinstance(algorithms, str) else algorithms,
            )
            keys, skipped = material.keys()
        except (SourceError, jwtfast.InvalidKeyError) as error:
            result.problems.append((where, str(error)))
            continue
        result.notes += [f"{layers.place(where)}: left out {entry}" for entry in told(skipped)]
        if any(key.is_private and not key.is_symmetric for key in keys):
            note = "a private key, of which only the public half is needed here"
            result.notes.append(f"{layers.place(where)}: {note}")
        yield material


def gate_problems(
    settings: bytes, keys: Mapping[str, jwtfast.KeySet | None], layers: Layers
) -> Found:
    """What the gate says is wrong with complete settings."""
    try:
        jwtfast.Gate(settings, keys)
    except jwtfast.ConfigError as error:
        return [(_file_path(layers, path), message) for path, message in error.errors]
    return []


def rule_problems(layers: Layers) -> Found:
    """What the gate says is wrong with rules, identity headers and routes, whatever else is wrong.

    Each policy is compiled beside an issuer that stands for all, and routes lead to one policy;
    issuers have their rules alone.
    """
    policies = layers.data.get("policies")
    compiled = {
        str(name): {
            "issuers": ["any"],
            "identity": _headers(policy.get("identity")),
            "request_headers": _names(policy.get("request_headers")),
        }
        | ({"require": rules} if (rules := _listed(policy.get("require"))) else {})
        for name, policy in (policies.items() if isinstance(policies, dict) else ())
        if isinstance(policy, dict)
    }
    issuers: list[dict[str, Any]] = [
        {
            "name": f"/{index}",
            "rules": _listed(issuer.get("require")),
            "identity": _headers(issuer.get("identity")),
        }
        for index, issuer in enumerate(_dicts(layers.data.get("issuers")))
    ]
    open_to_all: dict[str, Any] = {"issuer": None, "audiences": None, "leeway": 0}
    settings = {
        "realm": "",
        "unavailable_status": 503,
        "max_token_bytes": 0,
        "token": [{"header": "Authorization"}],
        "issuers": [one | open_to_all for one in (*issuers, {"name": "any"})],
        "policies": {"default": {"issuers": ["any"]}} | compiled | {"": {"issuers": ["any"]}},
        "routes": list(_routes(layers.data.get("routes"))),
        "original_request": _original(layers.data.get("original_request")),
    }
    keys: dict[str, None] = dict.fromkeys(["any", *(one["name"] for one in issuers)])
    found = gate_problems(json.dumps(settings).encode(), keys, layers)
    return [(path, message) for path, message in found if _TOLD & set(path)]


def _original(section: object) -> dict[str, Any]:
    """How the original request is told; where that is wrong, something that tells everything."""
    try:
        return OriginalRequest.model_validate(section).gate_settings()
    except ValidationError:
        told = {"uri_header": "X-Original-URL", "method_header": "subrequest"}
        return told | {"trusted_proxies": []}


def _routes(routes: object) -> Iterator[dict[str, Any]]:
    """The routes whose shape is right; instead of another one, something that stops nothing."""
    for index, route in enumerate(routes if isinstance(routes, list) else ()):
        try:
            read = Route.model_validate(route).model_dump(exclude_none=True)
        except ValidationError:
            read = {"host": f"route-{index}.invalid"}
        yield read | {"policy": ""}


def _dicts(value: object) -> list[dict[str, Any]]:
    """The mappings of a list, in their places; an empty one instead of anything else."""
    items = value if isinstance(value, list) else []
    return [item if isinstance(item, dict) else {} for item in items]


def _listed(value: object) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _headers(identity: object) -> dict[str, Any]:
    """The identity headers whose shape is right; where it is not, that is told already."""
    headers = identity if isinstance(identity, dict) else {}
    return {name: value for name, value in headers.items() if isinstance(value, str)}


def _names(headers: object) -> list[str]:
    """The names whose shape is right."""
    return [name for name in _listed(headers) if isinstance(name, str)]


def _file_path(layers: Layers, text: str) -> KeyPath:
    """The gate's path in the file: its flat `token` is `token.from` there."""
    if text.startswith("token["):
        text = f"token.from{text.removeprefix('token')}"
    return layers.key_path(text)
