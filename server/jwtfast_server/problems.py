"""What is wrong with a configuration, and where: told all at once, never showing a secret."""

import difflib
import inspect
import re
import typing
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from jwtfast_server.masking import shown_key

__all__ = [
    "KeyPath",
    "Place",
    "Problem",
    "SettingsError",
    "keys_at",
    "path_text",
    "shown_path",
    "suggestion",
    "validation_problems",
]

KeyPath = tuple[str | int, ...]
"""Keys and list indexes from the top of the file to a value."""

_TEXT_SHOWN = 60
# Whatever stands under one of these keys may be a secret, also where it is in the wrong place.
_SECRET_KEYS = {"keys", "jwk", "jwks", "pem", "secret", "validationKeys", "key", "url"}
_SECRET_KEYS |= {"redis", "password_env", "password_file"}
_NAMES = {"algorithm": len("'Ed25519'"), "type": len("'ed25519PublicKey'")}
_SECRET_TEXT = re.compile(r"-----BEGIN|\beyJ[A-Za-z0-9_-]{8}|://[^/]*@")
_EXPECTATIONS = {
    "expected": "{what}",
    "literal_error": "{expected}",
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "too_short": "at least one",
    "string_too_short": "text that is not empty",
    "string_too_long": "text of at most {max_length} characters",
    "string_pattern_mismatch": "text like {pattern}",
}
_KINDS = {
    "bool": "true or false",
    "int": "a whole number",
    "string": "text",
    "tuple": "a list",
    "list": "a list",
    "dict": "a mapping",
    "model": "a mapping",
}


@dataclass(frozen=True)
class Place:
    """A file and line, an environment variable or a flag; and the key path in it."""

    source: str
    line: int | None = None
    path: str = ""

    def __str__(self) -> str:
        """`jwtfast.yaml:12: issuers[0].leeway`."""
        source = self.source if self.line is None else f"{self.source}:{self.line}"
        return f"{source}: {self.path}" if self.path else source


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, with its place."""

    place: Place
    message: str

    def __str__(self) -> str:
        """One line."""
        return f"{self.place}: {self.message}"


class SettingsError(Exception):
    """The configuration cannot be served; `problems` has everything that is wrong with it."""

    def __init__(
        self, problems: Iterable[Problem], files: Mapping[str, str | None] | None = None
    ) -> None:
        """Keep the problems in the order of the file, each one once.

        Args:
            problems: what is wrong.
            files: what it was read from, as far as that is known: a change may put it right.
        """
        self.files = dict(files or {})
        unique = dict.fromkeys(problems)
        self.problems = sorted(unique, key=lambda problem: problem.place.line or 0)
        super().__init__("\n".join(map(str, self.problems)))


def path_text(path: KeyPath) -> str:
    """A key path as it is written: `issuers[0].leeway`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def shown_path(path: KeyPath) -> str:
    """A key path for errors and logs: what may be a secret in place of a key is not told."""
    return path_text(tuple(shown_key(part, path[:at]) for at, part in enumerate(path)))


def suggestion(name: str, known: Iterable[str]) -> str:
    """What to use instead of an unknown name: the nearest known one, or all of them."""
    # Two names may differ in case alone; then either is near enough.
    folded = {one.lower(): one for one in sorted(known)}
    nearest = difflib.get_close_matches(name.lower(), folded, n=1)
    if nearest:
        return f"did you mean {folded[nearest[0]]}?"
    return f"expected one of {', '.join(folded.values())}"


def validation_problems(
    model: type[BaseModel], error: ValidationError
) -> list[tuple[KeyPath, str]]:
    """Key path and message of everything that pydantic found wrong."""
    # pydantic adds "[key]" where not the value but its key is wrong.
    return [
        (tuple(part for part in detail["loc"] if part != "[key]"), _message(model, detail))
        for detail in error.errors()
        # A list is also called too short where its items are wrong, which is told already.
        if not (detail["type"] == "too_short" and detail["input"])
    ]


def _message(model: type[BaseModel], detail: ErrorDetails) -> str:
    kind, path, context = detail["type"], detail["loc"], detail.get("ctx", {})
    if kind == "rule":
        return detail["msg"]
    if kind == "extra_forbidden":
        name = str(path[-1])
        return f"unknown key, {suggestion(name, keys_at(model, path[:-1]))}"
    if kind == "missing":
        return f"must be given: {_description(model, path)}"
    return f"expected {_expectation(kind, context)}, found {_shown(path, detail['input'])}"


def _expectation(kind: str, context: Mapping[str, object]) -> str:
    """What a value of the failed kind should have been."""
    text = _EXPECTATIONS.get(kind)
    if text is not None:
        return text.format_map(context)
    return _KINDS.get(kind.partition("_")[0], kind.replace("_", " "))


def _shown(path: KeyPath, value: object) -> str:
    """The value found where that is short and cannot be a secret, otherwise what it is."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list" if value else "an empty list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = repr(value)
    if _may_be_secret(path, text) or _SECRET_TEXT.search(text) or len(text) > _TEXT_SHOWN:
        return "something else" if isinstance(value, str) else "a number"
    return text


def _may_be_secret(path: KeyPath, text: str) -> bool:
    is_name = len(text) <= _NAMES.get(str(path[-1]), 0)
    return not _SECRET_KEYS.isdisjoint(path) and not is_name


def _model_of(annotation: object) -> type[BaseModel] | None:
    """The model inside an annotation such as `tuple[Issuer, ...]` or `Tls | None`."""
    if inspect.isclass(annotation):
        return annotation if issubclass(annotation, BaseModel) else None
    found = (_model_of(inner) for inner in typing.get_args(annotation))
    return next((model for model in found if model), None)


def _model_at(model: type[BaseModel], path: KeyPath) -> type[BaseModel] | None:
    """The model that describes the mapping at `path`."""
    current: type[BaseModel] | None = model
    for part in path:
        # List indexes, and the names in a mapping of sections, are not fields: stay.
        if current is None or not isinstance(part, str):
            continue
        field = _fields(current).get(part)
        current = current if field is None else _model_of(field.annotation)
    return current


def _fields(model: type[BaseModel]) -> dict[str, typing.Any]:
    return {field.alias or name: field for name, field in model.model_fields.items()}


def keys_at(model: type[BaseModel], path: KeyPath) -> list[str]:
    """The keys that the mapping at `path` can have."""
    found = _model_at(model, path)
    return list(_fields(found)) if found else []


def _description(model: type[BaseModel], path: KeyPath) -> str:
    found = _model_at(model, path[:-1])
    field = _fields(found).get(str(path[-1])) if found else None
    return (field.description if field else None) or "it has no default"
