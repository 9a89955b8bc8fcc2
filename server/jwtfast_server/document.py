"""Strict YAML: every value with its line, no surprises, and bounded whatever the file holds.

Differences from PyYAML's own loaders: a duplicate key is an error, `yes`, `no`, `on`, `off` and
dates stay text, numbers are written as in JSON (`007` stays text) and integers keep every digit,
tags and merge keys are refused, and anchors cannot blow up.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from jwtfast_server.changes.regular import read_regular
from jwtfast_server.problems import KeyPath, Place, Problem, SettingsError, shown_path

__all__ = ["Document", "parse", "read_text"]

_MAX_BYTES = 1 << 20
_MAX_DEPTH = 32
_MAX_VALUES = 100_000
_MAX_DIGITS = 308
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)", re.ASCII)
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?", re.ASCII)
_WORDS = {"": None, "~": None} | dict.fromkeys(("null", "Null", "NULL"))
_BOOLEANS = dict.fromkeys(("true", "True", "TRUE"), True)
_BOOLEANS |= dict.fromkeys(("false", "False", "FALSE"), False)
_TEXT_TAG = "tag:yaml.org,2002:str"
# libyaml where it was built in, as it is in PyYAML's wheels.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Document:
    """A parsed file: its values, and the line of each."""

    name: str
    data: Any
    lines: Mapping[KeyPath, int | None] = field(repr=False)
    written: Mapping[KeyPath, KeyPath] = field(default_factory=dict, repr=False)
    """Where the values were translated from another format: the paths they have there."""
    ends: bool = True
    """Whether it ends by itself: with a line `...`, or as one `{...}`; it cannot be cut off."""
    flow: frozenset[KeyPath] = field(default=frozenset(), repr=False)
    """The paths of what is in brackets, which ends by itself."""
    folded: bool = False
    """Whether its last value is a text over several lines, without quotes."""

    def place(self, path: KeyPath) -> Place:
        """Where `path` stands; a key that is absent stands where its parent does."""
        for end in range(len(path), 0, -1):
            if path[:end] in self.written:
                path = self.written[path[:end]]
                break
        for end in range(len(path), 0, -1):
            if path[:end] in self.lines:
                return Place(self.name, self.lines[path[:end]], shown_path(path))
        return Place(self.name, self.lines.get(()), shown_path(path))


def read_text(path: Path, name: str) -> str:
    """The text of a configuration file; raises SettingsError with its name."""
    try:
        content = read_regular(path, _MAX_BYTES)
    except OSError as error:
        raise _failure(name, None, f"cannot be read: {error.strerror}") from error
    if len(content) > _MAX_BYTES:
        raise _failure(name, None, f"expected at most {_MAX_BYTES >> 20} MiB, found more")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _failure(name, line, "expected UTF-8, found other bytes") from None


def parse(text: str, name: str, *, typed: bool = True, root: KeyPath = ()) -> Document:
    """Parse one YAML document.

    Args:
        text: the YAML.
        name: what errors call the file.
        typed: whether plain scalars become numbers, booleans and null, or all stay text.
        root: where in the settings the values belong, where they are not the whole of them.

    Raises:
        SettingsError: with every duplicate key, or the first other thing that is wrong.
    """
    try:
        return _Builder(name, yaml.parse(text, Loader=_LOADER), typed=typed, root=root).document()
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        # What stands in quotes comes from the file, and may be a secret that YAML misread.
        problem = re.sub(r"'.{2,}'", "...", error.problem or "cannot be parsed")
        if "<document start>" in problem and re.search(r"^\.\.\.\s*$", text, re.MULTILINE):
            problem = "something follows the line `...`, which ends the file"
        raise _failure(name, line, f"not YAML: {problem}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _failure(name, line, "not YAML: a character that may not stand there") from None


def _failure(name: str, line: int | None, message: str) -> SettingsError:
    return SettingsError([Problem(Place(name, line), message)])


def _line(event: yaml.Event) -> int | None:
    return event.start_mark.line + 1 if event.start_mark else None


def _spans_lines(event: yaml.ScalarEvent) -> bool:
    return bool(
        event.style in {"|", ">"}
        or (event.start_mark and event.end_mark and event.end_mark.line > event.start_mark.line)
    )


class _Builder:
    """Makes values of PyYAML's events, which are flat: nesting cannot exhaust the stack."""

    def __init__(
        self, name: str, events: Iterator[yaml.Event], *, typed: bool, root: KeyPath
    ) -> None:
        self._name = name
        self._events = events
        self._typed = typed
        self._root = root
        self._values = 0
        self._lines: dict[KeyPath, int | None] = {}
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._duplicates: list[Problem] = []
        self._flow: set[KeyPath] = set()
        self._folded = False

    def document(self) -> Document:
        """Read the one document there must be."""
        data, ends = None, False
        documents = 0
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._refused(event, "expected one YAML document, found another")
            elif isinstance(event, yaml.NodeEvent):
                self._lines[()] = _line(event)
                data = self._value(event, ())
            elif isinstance(event, yaml.DocumentEndEvent):
                ends = bool(event.explicit)
        if self._duplicates:
            raise SettingsError(self._duplicates)
        ends = ends or () in self._flow
        flow = frozenset(self._flow)
        return Document(self._name, data, self._lines, ends=ends, flow=flow, folded=self._folded)

    def _refused(self, event: yaml.Event, message: str) -> SettingsError:
        return _failure(self._name, _line(event), message)

    def _value(self, event: yaml.Event, path: KeyPath) -> Any:  # noqa: ANN401 - any YAML value
        if len(path) > _MAX_DEPTH:
            raise self._refused(event, f"expected at most {_MAX_DEPTH} levels, found more")
        before = self._values
        self._count(event, 1)
        if isinstance(event, yaml.AliasEvent):
            self._flow.add(path)
            return self._alias(event)
        if getattr(event, "flow_style", False):
            self._flow.add(path)
        tag = getattr(event, "tag", None)
        if tag is not None and tag not in {"!", _TEXT_TAG}:
            raise self._refused(event, "tags are not supported")
        value: Any = None
        if isinstance(event, yaml.MappingStartEvent):
            value = self._mapping(path)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self._sequence(path)
        elif isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event, path)
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self._anchors[anchor] = (value, self._values - before)
        return value

    def _count(self, event: yaml.Event, values: int) -> None:
        self._values += values
        if self._values > _MAX_VALUES:
            raise self._refused(event, f"expected at most {_MAX_VALUES} values, found more")

    def _alias(self, event: yaml.AliasEvent) -> Any:  # noqa: ANN401 - any YAML value
        if event.anchor not in self._anchors:
            raise self._refused(event, "an alias (*) without its anchor (&); quote the text?")
        value, size = self._anchors[event.anchor]
        # Shared here, but copied by whoever walks the values: it counts in full.
        self._count(event, size)
        return value

    def _mapping(self, path: KeyPath) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise self._refused(event, "expected text as a key")
            key, line = event.value, _line(event)
            if key == "<<" and event.implicit[0]:
                raise self._refused(event, "merge keys (<<) are not supported")
            where = (*path, key)
            if key in mapping:
                message = f"duplicate key, first on line {self._lines[where]}"
                self._duplicates.append(
                    Problem(Place(self._name, line, shown_path(where)), message)
                )
            self._lines[where] = line
            mapping[key] = self._value(next(self._events), where)
        return mapping

    def _sequence(self, path: KeyPath) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            where = (*path, len(items))
            self._lines[where] = _line(event)
            items.append(self._value(event, where))
        return items

    def _scalar(self, event: yaml.ScalarEvent, path: KeyPath) -> str | float | bool | None:
        text: str = event.value
        is_open = event.style not in {"'", '"'} and not text.rstrip().endswith("-----")
        self._folded = is_open and _spans_lines(event)
        if not self._typed or not event.implicit[0]:
            return text
        if text in _WORDS:
            return None
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        if _INTEGER.fullmatch(text):
            return self._number(event, path, int(text) if len(text) <= _MAX_DIGITS else math.inf)
        if _FLOAT.fullmatch(text):
            return self._number(event, path, float(text))
        return text

    def _number(self, event: yaml.Event, path: KeyPath, number: float) -> float:
        """A number that JSON can carry to the gate; a rule compares it with claims of any size."""
        if _is_in_rule((*self._root, *path)) and math.isfinite(number):
            return number
        if not -(1 << 63) <= number < 1 << 64:
            raise self._refused(event, "expected a number of at most 64 bits; quote it as text?")
        return number


def _is_in_rule(path: KeyPath) -> bool:
    """Whether a value is a rule of a policy or an issuer, or in one: `policies.NAME.require`."""
    return path[:1] in {("policies",), ("issuers",)} and path[2:3] == ("require",)
