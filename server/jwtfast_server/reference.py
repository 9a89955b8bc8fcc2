"""The tables of `docs/configuration.md`, made from the JSON Schema.

`python -m jwtfast_server.reference docs/configuration.md` writes them between their two marks.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import jwtfast
from jwtfast_server.config_models import ConfigFile
from jwtfast_server.values import duration_text

__all__ = ["BEGIN", "END", "tables", "with_tables"]

BEGIN: Final = "<!-- Made by python -m jwtfast_server.reference from here -->\n"
END: Final = "<!-- to here. -->\n"
_KINDS: Final = {
    "string": "text",
    "boolean": "`true` or `false`",
    "integer": "a whole number",
    "number": "a number",
    "object": "a mapping",
    "null": "`null`",
}

Schema = dict[str, Any]


def tables() -> str:
    """One table for each mapping of the file, in the order in which the file has them."""
    schema = ConfigFile.schema_document()
    return "\n".join(_Section("", schema, schema["$defs"]).text())


def with_tables(page: str) -> str:
    """The page with today's tables between their marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


class _Section:
    """One mapping, and those in it."""

    def __init__(self, path: str, schema: Schema, definitions: dict[str, Schema]) -> None:
        """Start at the path that the mapping has in the file; the whole file has none."""
        self._path = path
        self._schema = schema
        self._definitions = definitions

    def text(self) -> Iterator[str]:
        """Its table, then those of the mappings in it."""
        yield f"### {f'`{self._path}`' if self._path else 'The whole file'}\n"
        if self._path:
            yield self._schema["description"].splitlines()[0] + "\n"
        yield "| key | value | default | |"
        yield "|---|---|---|---|"
        required = self._schema.get("required", ())
        unless, *others = self._schema.get("anyOf", [{}])
        word = " or ".join(f"`{name}`" for other in others for name in other["required"])
        for key, value in self._schema["properties"].items():
            default = "must be given" if key in required else _default(value)
            if key in unless.get("required", ()):
                default = f"must be given, or {word}"
            description = value.get("description", "")
            yield f"| `{key}` | {self._kind(value)} | {default} | {description} |"
        yield ""
        for key, value in self._schema["properties"].items():
            found = list(self._mappings(f"{self._path}.{key}" if self._path else key, value))
            # One that may stand without its list is the same as in the list, which comes last.
            for path, inner in found[-1:]:
                yield from _Section(path, inner, self._definitions).text()

    def _mappings(self, path: str, value: Schema) -> Iterator[tuple[str, Schema]]:
        value = self._resolved(value)
        if "properties" in value:
            yield path, value
        for option in value.get("anyOf", ()):
            yield from self._mappings(path, option)
        if isinstance(value.get("items"), dict):
            yield from self._mappings(f"{path}[]", value["items"])
        for inner in _values(value):
            yield from self._mappings(f"{path}.NAME", inner)

    def _resolved(self, value: Schema) -> Schema:
        name = value.get("$ref", "").rpartition("/")[2]
        return self._definitions[name] if name else value

    def _kind(self, value: Schema) -> str:
        """What may stand there, in words."""
        value = self._resolved(value)
        if "x-kind" in value:
            return str(value["x-kind"])
        if "const" in value or "enum" in value:
            options = value.get("enum", [value.get("const")])
            if options == list(jwtfast.ALGORITHMS):
                return "an algorithm"
            return ", ".join(f"`{_word(option)}`" for option in options)
        if "anyOf" in value and "properties" not in value:
            kinds = [self._kind(option) for option in value["anyOf"]]
            kinds = [kind for kind in kinds if kind != _KINDS["null"]]
            listed = kinds[1:] == [f"a list: {kinds[0]}"]
            return f"{kinds[0]}, or a list" if listed else " or ".join(dict.fromkeys(kinds))
        kind = _KINDS.get(value.get("type", ""), "any value")
        if value.get("type") == "array":
            kind = f"a list: {self._kind(value['items'])}"
        inner = _values(value)
        return (
            f"{kind}, each: {self._kind(inner[0])}" if inner and self._resolved(inner[0]) else kind
        )


def _values(value: Schema) -> list[Schema]:
    """What stands behind the names of a mapping whose names are free."""
    found = list(value.get("patternProperties", {}).values())
    more = value.get("additionalProperties")
    return [*found, more] if isinstance(more, dict) else found


def _default(value: Schema) -> str:
    default = value.get("default")
    if default is None or isinstance(default, dict) or default in ([], ""):
        return ""
    kind = value.get("x-kind") or next(
        (option["x-kind"] for option in value.get("anyOf", ()) if "x-kind" in option), None
    )
    if kind == "a duration":
        return f"`{duration_text(default)}`"
    if kind == "a size" and default % 1024 == 0 and default:
        size, unit = (default >> 20, "MiB") if default % (1 << 20) == 0 else (default >> 10, "KiB")
        return f"`{size}{unit}`"
    return f"`{_word(default)}`"


def _word(value: object) -> str:
    """As YAML may have it; what is not given in a mapping is left out."""
    if isinstance(value, list):
        return f"[{', '.join(map(_word, value))}]"
    if isinstance(value, dict):
        given = {key: inner for key, inner in value.items() if inner is not None}
        return f"{{{', '.join(f'{key}: {_word(inner)}' for key, inner in given.items())}}}"
    return value if isinstance(value, str) else json.dumps(value)


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.write_text(with_tables(file.read_text()))
