"""`provider: entra` and its kin: an issuer of a few parameters, expanded into ordinary keys.

Expansion comes before validation, so that everything behind it knows ordinary keys only. What the
user writes himself stays; only what makes an issuer this provider (`fixed`) cannot be said
otherwise beside it.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from jwtfast_server.preset_model import Keys, Parameter, Preset
from jwtfast_server.preset_table import PRESETS
from jwtfast_server.problems import KeyPath, suggestion

__all__ = ["expand_presets", "with_presets"]

_PARAMETER: Final = re.compile(r"\{([a-z_]+)\}")
_PROVIDER: Final = "provider"
_RULES: Final = "require"

_STANDS_IN: Final = {
    "issuer": "https://provider.invalid",
    "keys": {"discovery": True},
    "audiences": "any",
}

Found = list[tuple[KeyPath, str]]


def expand_presets(
    data: dict[str, Any], known: Iterable[str], providers: dict[str, str] | None = None
) -> Found:
    """Expand every issuer that names a provider, in place.

    Args:
        data: the settings, as they are written.
        known: the ordinary keys of an issuer.
        providers: takes the provider of each issuer that was expanded, by the issuer's name.

    Returns:
        What is wrong, each with the path where it is.
    """
    found: Found = []
    issuers = data.get("issuers")
    ordinary = set(known) - {_PROVIDER}
    for index, issuer in enumerate(issuers if isinstance(issuers, list) else ()):
        if not isinstance(issuer, dict):
            continue
        path: KeyPath = ("issuers", index)
        if _PROVIDER in issuer:
            word, name = issuer[_PROVIDER], issuer.get("name")
            if providers is not None and isinstance(name, str) and word in [*PRESETS]:
                providers[name] = word
            found += [((*path, *at), text) for at, text in _expand(issuer, ordinary)]
        else:
            found += [((*path, at), text) for at, text in _stray(issuer, ordinary)]
    return found


def _stray(issuer: dict[str, Any], ordinary: set[str]) -> Iterator[tuple[str, str]]:
    """Parameters without their provider."""
    for name in [str(name) for name in issuer if name not in ordinary]:
        of = [word for word, preset in PRESETS.items() if name in preset.parameters]
        if of:
            del issuer[name]
            yield name, f"belongs to an issuer with provider: {' or '.join(of)}"


def _expand(issuer: dict[str, Any], ordinary: set[str]) -> Iterator[tuple[KeyPath, str]]:
    """Expand one issuer, in place; says what is wrong."""
    word = issuer.pop(_PROVIDER)
    preset = PRESETS.get(word) if isinstance(word, str) else None
    if preset is None:
        hint = suggestion(word if isinstance(word, str) else "", PRESETS)
        yield (_PROVIDER,), f"unknown provider, {hint}"
        _fill(issuer, ordinary)
        return
    given = {name: issuer.pop(name) for name in preset.parameters if name in issuer}
    for name in [name for name in issuer if name not in ordinary]:
        del issuer[name]
        hint = suggestion(str(name), [*preset.parameters, *ordinary])
        yield (str(name),), f"unknown parameter of provider {word}, {hint}"
    problems = list(_wrong(word, preset, given, issuer))
    yield from problems
    values = {name: given[name] for name in given if (name,) not in dict(problems)}
    fixed, keys = _keys(preset, values)
    if _RULES in fixed and _RULES in issuer:
        # All must hold: the user's own take none of the provider's away.
        issuer[_RULES] = [*fixed.pop(_RULES), *_listed(issuer[_RULES])]
    for name, value in fixed.items():
        if name in issuer and _listed(issuer[name]) != _listed(value):
            text = f"contradicts provider: {word}, by which it is {_shown(value)}"
            yield (name,), f"{text}: leave it out, or write ordinary keys instead of the provider"
            issuer[name] = value
    _lay(issuer, fixed)
    _lay(issuer, keys)
    if problems:
        _fill(issuer, ordinary)


def _fill(issuer: dict[str, Any], ordinary: set[str]) -> None:
    """Put something into the place of what could not be expanded, which is told already."""
    for name in [name for name in issuer if name not in ordinary]:
        del issuer[name]
    _lay(issuer, _STANDS_IN)


def _wrong(word: str, preset: Preset, given: Keys, issuer: Keys) -> Iterator[tuple[KeyPath, str]]:
    """What is wrong with the parameters themselves."""
    for name, parameter in preset.parameters.items():
        if name not in given:
            instead = parameter.instead_of
            if parameter.required and (instead is None or instead not in issuer):
                either = f" (or {instead})" if instead else ""
                example = f"such as {parameter.example}"
                text = f"{parameter.description}, {example}{either}"
                yield (name,), f"must be given beside provider: {word}: {text}"
        elif not _fits(parameter, given[name]):
            yield (name,), f"expected {parameter.description}, such as {parameter.example}"


def _fits(parameter: Parameter, value: object) -> bool:
    """Whether a value can stand for a parameter."""
    values = value if parameter.many and isinstance(value, list) and value else [value]
    return all(
        isinstance(one, str) and re.fullmatch(parameter.pattern, one, re.ASCII) is not None
        for one in values
    )


def _keys(preset: Preset, given: Keys) -> tuple[dict[str, Any], dict[str, Any]]:
    """The keys of an issuer with these parameters: those that are fixed, and the others."""
    fixed, keys = dict(preset.fixed), dict(preset.keys)
    for name, variants in preset.variants.items():
        for key, value in variants.get(given.get(name), {}).items():
            (fixed if key in fixed else keys)[key] = value
    return dict(_filled(fixed, given)), dict(_filled(keys, given))


def _filled(keys: Keys, given: Keys) -> Iterator[tuple[str, Any]]:
    """Keys with their parameters; without those whose parameter is not there."""
    for name, value in keys.items():
        if isinstance(value, dict):
            yield name, dict(_filled(value, given))
        elif isinstance(value, list):
            # A rule without the parameter that it compares with would ask for something else.
            items = [dict(_filled(one, given)) for one in value if _has_all(one, given)]
            if items:
                yield name, items
        elif not isinstance(value, str):
            yield name, value
        elif set(wanted := _PARAMETER.findall(value)) <= set(given):
            if wanted and value == f"{{{wanted[0]}}}":
                yield name, _listed(given[wanted[0]]) if name == "any" else given[wanted[0]]
            else:
                yield name, _PARAMETER.sub(lambda match: str(given[match[1]]), value)


def _has_all(rule: Keys, given: Keys) -> bool:
    """Whether every parameter of a rule was given."""
    texts = [value for value in rule.values() if isinstance(value, str)]
    return all(set(_PARAMETER.findall(text)) <= set(given) for text in texts)


def _lay(issuer: dict[str, Any], keys: Mapping[str, Any]) -> None:
    """Add what is not written; in `refresh`, each key for itself."""
    for name, value in keys.items():
        written = issuer.get(name)
        if name == "refresh" and isinstance(written, dict):
            issuer[name] = value | written
        elif name not in issuer:
            issuer[name] = value


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _shown(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def with_presets(schema: dict[str, Any]) -> dict[str, Any]:
    """A JSON Schema of an issuer, in which a provider and its parameters may stand."""
    properties = dict(schema["properties"])
    name = properties.pop("name")
    parameters: dict[str, dict[str, Any]] = {}
    for each in dict.fromkeys(each for preset in PRESETS.values() for each in preset.parameters):
        of = {word: preset for word, preset in PRESETS.items() if each in preset.parameters}
        parameters[each] = _schema_of([one.parameters[each] for one in of.values()], list(of))
    provider = {
        "enum": list(PRESETS),
        "description": "a preset, which gives `issuer`, `keys` and more of its parameters below; "
        "what it means is printed by `jwtfast check --expand`",
    }
    required = schema["required"]
    return schema | {
        "properties": {"name": name, "provider": provider, **parameters, **properties},
        "required": ["name"],
        "anyOf": [
            {"required": [one for one in required if one != "name"]},
            {"required": ["provider"]},
        ],
    }


def _schema_of(parameters: list[Parameter], words: list[str]) -> dict[str, Any]:
    """The JSON Schema of a parameter, which several presets may have."""
    of = ", ".join(f"`{word}`" for word in words)
    description = f"of {of}: {parameters[0].description}" if len(words) == 1 else f"of {of}"
    kind: dict[str, Any] = {"type": "string"}
    if any(one.many for one in parameters):
        kind = {"anyOf": [kind, {"type": "array", "items": kind, "minItems": 1}]}
    return kind | {"description": description}
