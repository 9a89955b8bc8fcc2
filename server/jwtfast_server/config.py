"""Settings: jwtfast.yaml, `JWTFAST_...` variables and flags, read once and valid from then on."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Self, get_origin

from pydantic import Field, ValidationError

import jwtfast
from jwtfast_server.changes.end_mark import end_notes, end_problems
from jwtfast_server.changes.written import Written
from jwtfast_server.compilation import gate_problems, read_keys, rule_problems
from jwtfast_server.config_issuer import Issuer
from jwtfast_server.config_models import ConfigFile, TokenSource
from jwtfast_server.document import Document, parse, read_text
from jwtfast_server.keysources import KeyMaterial, key_set
from jwtfast_server.layers import Layers
from jwtfast_server.legacy import ClaimsSource, is_legacy, translate
from jwtfast_server.legacy_fork import lay_environment, query_of
from jwtfast_server.masking import shown_file
from jwtfast_server.named_files import is_read_anew, named_files
from jwtfast_server.neighbours import neighbour_notes
from jwtfast_server.preset_notes import preset_notes
from jwtfast_server.presets import expand_presets
from jwtfast_server.problems import (
    KeyPath,
    Place,
    Problem,
    SettingsError,
    keys_at,
    validation_problems,
)
from jwtfast_server.references import reference_notes, reference_problems
from jwtfast_server.revocation.reading import read_revocation
from jwtfast_server.values import is_file_name
from jwtfast_server.watched_files import Fingerprints, fingerprints

__all__ = ["Place", "Problem", "Settings", "SettingsError", "load", "load_fork"]


class Settings(ConfigFile):
    """Everything that serving needs; complete, so that a worker opens no file again."""

    source: str
    """The file that it was read from."""
    mode: Literal["standard", "legacy"] = "standard"
    """Legacy: the answers, metrics and methods of nginx-subrequest-auth-jwt."""
    claims_source: ClaimsSource | None = None
    """Legacy mode only: where the claims to compare with come from."""
    fork: dict[str, bool] | None = None
    """For nginx-jwt-auth in legacy mode: what the query of /validate may demand there."""
    material: dict[str, tuple[KeyMaterial, ...]] = Field(repr=False)
    """By issuer's name, what its key sources held."""
    notes: tuple[str, ...] = ()
    """What is no error but worth knowing, with its place."""
    redis_password: str | None = Field(None, repr=False)
    """For `revocation.redis`, where its URL does not have it."""
    written: Written = Field(Written(), repr=False)
    """The file itself, to be compared with what comes after it."""
    files: Fingerprints = Field(default_factory=dict, repr=False)
    """Every file that it was read from, as it was then."""

    def key_sets(self) -> dict[str, jwtfast.KeySet | None]:
        """By issuer's name, its keys; None where they are yet to be fetched."""
        return {name: key_set(material) for name, material in self.material.items()}

    def gate_settings(self) -> bytes:
        """What `jwtfast.Gate` takes, as JSON; integers may have more than 64 bits."""
        original = self.original_request
        return json.dumps(
            {
                "mode": self.mode,
                "realm": self.realm,
                "unavailable_status": self.unavailable_status,
                "max_token_bytes": self.max_token_bytes,
                "max_identity_bytes": self.max_identity_bytes,
                "issuers": [self._gate_issuer(issuer) for issuer in self.issuers],
                "token": [self._gate_source(source) for source in self.token.sources],
                "policies": {
                    name: policy.model_dump(
                        mode="json",
                        by_alias=True,
                        exclude_none=True,
                        exclude=None if policy.require else {"require"},
                    )
                    for name, policy in self.policies.items()
                },
                "routes": [route.model_dump(exclude_none=True) for route in self.routes],
                "original_request": original and original.gate_settings(),
                "query_overrides": self._gate_query(),
            }
        ).encode()

    def _gate_issuer(self, issuer: Issuer) -> dict[str, Any]:
        return {
            "name": issuer.name,
            "issuer": issuer.iss,
            "issuer_values": issuer.issuer_values,
            "algorithms": issuer.algorithms,
            "audiences": issuer.audiences,
            "audience_claim": issuer.audience_claim,
            "rules": issuer.require,
            "identity": {
                name: header.model_dump(by_alias=True, exclude_none=True)
                for name, header in issuer.identity.items()
            },
            "leeway": issuer.leeway.model_dump(),
            "max_lifetime": issuer.max_lifetime,
            "token_types": issuer.token_types,
            # The services that we replace take tokens that never expire.
            "require_exp": self.mode != "legacy",
            "allow_bound": issuer.allow_bound,
        }

    def _gate_source(self, source: TokenSource) -> dict[str, Any]:
        found = source.model_dump(exclude_none=True)
        return found | {"optional_scheme": "Bearer"} if self.fork and source.cookie else found

    def _gate_query(self) -> dict[str, bool] | None:
        if self.fork:
            return self.fork
        if self.claims_source == "queryString":
            return {"claims": True, "required": True, "names_only": True}
        if self.query_overrides:
            return {"claims": True, "regexp": True, "headers": True}
        return None

    @property
    def methods(self) -> tuple[str, ...]:
        """In legacy mode, the methods that are answered."""
        return ("GET", "HEAD") if self.fork else ("GET",)

    def to_json(self) -> bytes:
        """Everything, secrets too, for another process: `from_json` reads it."""
        return self.model_dump_json(by_alias=True).encode()

    @classmethod
    def from_json(cls, data: bytes) -> Self:
        """The settings that `to_json` wrote."""
        return cls.model_validate_json(data)


def load(
    path: str | Path,
    env: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
    *,
    flags: Mapping[str, str] | None = None,
) -> Settings:
    """Read the configuration, its keys too, and compile its rules.

    Args:
        path: a jwtfast.yaml, or a file of nginx-subrequest-auth-jwt.
        env: the environment variables; the process's own where None.
        overrides: what wins over both, by key path (`log.level`); None is not given.
        flags: by key path, the flag that gave it, for errors; default `--log-level`.

    Raises:
        SettingsError: with everything that is wrong, each with its place.
    """
    path = Path(path)
    env = os.environ if env is None else env
    # Before it is read, so that no change is lost.
    read_from = fingerprints([str(path.absolute())])
    text = read_text(path, str(path))
    document = parse(text, str(path))
    legacy = translate(text, str(path)) if is_legacy(document.data) else None
    if not isinstance(document.data, dict | None):
        raise SettingsError([Problem(document.place(()), "expected a mapping of settings")])
    layers = Layers(legacy.document if legacy else document, path.parent, _known_names())
    layers.files |= read_from
    problems = layers.lay_variables(env)
    problems += layers.lay_flags(overrides or {}, flags or {})
    providers: dict[str, str] = {}
    if not legacy:
        found = expand_presets(layers.data, keys_at(ConfigFile, ("issuers",)), providers)
        problems += [layers.problem(*one) for one in found]
    problems += end_problems(layers, document)
    if legacy and legacy.problems:
        problems += legacy.problems
        problems += [layers.problem(*found) for found in read_keys(layers, env).problems]
        raise SettingsError(problems, layers.files)
    origin = {
        "source": str(path),
        "mode": "legacy" if legacy else "standard",
        "claims_source": legacy.claims_source if legacy else None,
        "notes": (
            *(legacy.notes if legacy else ()),
            *end_notes(document, text),
            *(f"{layers.place(at)}: {note}" for at, note in preset_notes(layers.data, providers)),
        ),
        "written": Written.of(document, text),
    }
    return _settings(layers, env, problems, origin)


def load_fork(env: Mapping[str, str] | None = None) -> Settings:
    """The settings of nginx-jwt-auth, which has variables instead of a file.

    Args:
        env: the environment variables; the process's own where None.

    Raises:
        SettingsError: with everything that is wrong, each with its variable.
    """
    env = os.environ if env is None else env
    layers = Layers(Document("environment", {}, {}), Path.cwd(), _known_names())
    problems, notes = lay_environment(layers, env)
    problems += layers.lay_variables(env)
    origin = {"source": "environment", "mode": "legacy", "fork": query_of(env), "notes": notes}
    return _settings(layers, env, problems, origin)


def _settings(
    layers: Layers, env: Mapping[str, str], problems: list[Problem], origin: dict[str, Any]
) -> Settings:
    """Check everything that can be checked, whatever else is wrong; then build."""
    found = _file_problems(layers)
    notes = [*origin["notes"]]
    try:
        noted = reference_notes(ConfigFile.model_validate(layers.data))
        notes += [f"{layers.place(path)}: {message}" for path, message in noted]
    except ValidationError as error:
        found += validation_problems(ConfigFile, error)
    found += reference_problems(layers.data)
    keys = read_keys(layers, env)
    revocation = read_revocation(layers, env)
    found += keys.problems + revocation.problems
    if found:
        told = {path for path, _ in found}
        found += [problem for problem in rule_problems(layers) if problem[0] not in told]
    else:
        given = {
            "material": keys.material,
            "redis_password": revocation.password,
            "notes": (*notes, *keys.notes),
            "files": layers.files,
        }
        settings = Settings.model_validate(layers.data | origin | given)
        # Whether fetched keys fit is seen when they come.
        fetched = {issuer.name for issuer in settings.issuers if issuer.is_fetched}
        key_sets = settings.key_sets() | dict.fromkeys(fetched)
        found += gate_problems(settings.gate_settings(), key_sets, layers)
        if settings.routes and not found:
            gate = jwtfast.Gate(settings.gate_settings(), key_sets)
            beside = [f"{layers.place(at)}: {note}" for at, note in neighbour_notes(settings, gate)]
            settings = settings.model_copy(update={"notes": (*settings.notes, *beside)})
    problems += [layers.problem(*problem) for problem in found]
    if problems:
        raise SettingsError(problems, layers.files)
    return settings


def _file_problems(layers: Layers) -> list[tuple[KeyPath, str]]:
    """Make the paths of files absolute, each from where it was written; say which are missing."""
    found: list[tuple[KeyPath, str]] = []
    for path in named_files(layers.data):
        section: Any = layers.data
        for part in path[:-1]:
            if isinstance(section, dict):
                section = section.get(part)
            elif isinstance(section, list) and isinstance(part, int):
                section = section[part]
        name = section.get(path[-1]) if isinstance(section, dict) else None
        if not isinstance(section, dict) or not is_file_name(name):
            continue  # Told where the whole file is validated.
        file = (layers.directory(path) / name).absolute()
        if not is_read_anew(path):
            layers.note_file(file)
        if not file.is_file():
            shown = shown_file(str(path[-1]), layers.directory(path).absolute(), name)
            found.append((path, f"expected a file, found none at {shown}"))
        section[path[-1]] = str(file)
    return found


def _known_names() -> dict[str, list[str]]:
    """The names that a variable can have: top-level keys, and the keys inside plain sections."""
    return {
        name: keys_at(ConfigFile, (name,))
        if get_origin(field.annotation) not in {tuple, dict}
        else []
        for name, field in ConfigFile.model_fields.items()
    }
