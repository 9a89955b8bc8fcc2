"""The file, then `JWTFAST_...` variables, then flags: laid over each other, later wins."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jwtfast_server.document import Document, parse
from jwtfast_server.problems import (
    KeyPath,
    Place,
    Problem,
    SettingsError,
    path_text,
    shown_path,
    suggestion,
)
from jwtfast_server.watched_files import Fingerprints, fingerprint

__all__ = ["PREFIX", "Layers"]

PREFIX = "JWTFAST_"
# Variables that mean something else: where the file is, and what Kubernetes sets in every
# container beside a service called jwtfast.
_NOT_SETTINGS = re.compile(
    r"CONFIG|(.+_)?SERVICE_(HOST|PORT)(_.+)?|(.+_)?PORT(_\d+_(TCP|UDP|SCTP)(_.+)?)?"
)
_PATH_PART = re.compile(r"\[(\d+)\]|\.?([^.\[]+)")


class Layers:
    """One mapping of settings, in which every value knows where it came from."""

    def __init__(self, document: Document, directory: Path, known: Mapping[str, list[str]]) -> None:
        """Start with the file.

        Args:
            document: the file.
            directory: where the file is: its relative paths start there.
            known: the top-level keys, and those inside them, for variables' names.
        """
        self.data: dict[str, Any] = _unshared(document.data) or {}
        self._document = document
        self._directory = directory
        self._known = known
        self._sources: dict[KeyPath, str] = {}
        # Made when it is asked for, until another value is laid.
        self._paths: dict[str, KeyPath] | None = None
        self.files: Fingerprints = {}
        """The files that all this comes from, also those that cannot be read."""

    def lay_variables(self, env: Mapping[str, str]) -> list[Problem]:
        """Lay `JWTFAST_...` over the file; says which of them are no settings."""
        problems = []
        secrets = set(_secret_variables(self.data))
        for variable in sorted(set(env) - secrets):
            name = variable.removeprefix(PREFIX)
            if name == variable and env[variable] and self._is_misspelt(variable):
                message = f"expected {PREFIX} in capitals: it changes nothing as it is written"
                problems.append(Problem(Place(variable), message))
            # An empty variable is how Compose and shells say "not set".
            if name == variable or not env[variable] or _NOT_SETTINGS.fullmatch(name):
                continue
            problem = self._lay_variable(variable, env[variable])
            if problem:
                problems.append(Problem(Place(variable), problem))
        return problems

    def lay_flags(self, values: Mapping[str, object], names: Mapping[str, str]) -> list[Problem]:
        """Lay flags over everything; None is a flag that was not given.

        Args:
            values: by key path, as in `log.level`.
            names: what a flag is called where that is not `--log-level`.
        """
        problems = []
        for key, value in values.items():
            flag = names.get(key, "--" + key.replace(".", "-").replace("_", "-"))
            problem = None if value is None else self._lay(tuple(key.split(".")), value, flag)
            if problem:
                problems.append(Problem(Place(flag), problem))
        return problems

    def lay(self, path: KeyPath, value: object, source: str) -> None:
        """Lay one value that has a source of its own; whatever contains it must be there."""
        problem = self._lay(path, value, source)
        if problem:
            raise ValueError(problem)

    def place(self, path: KeyPath) -> Place:
        """The file and line, variable or flag that gave the value at `path`."""
        path = self._written(path)
        for end in range(len(path), 0, -1):
            source = self._sources.get(path[:end])
            if source is not None:
                return Place(source, None, shown_path(path) if end < len(path) else "")
        if path not in self._document.lines:
            for laid, source in self._sources.items():
                if laid[: len(path)] == path:
                    return Place(source, None, shown_path(path))
        return self._document.place(path)

    def problem(self, path: KeyPath, message: str) -> Problem:
        """What is wrong at `path`."""
        return Problem(self.place(path), message)

    def directory(self, path: KeyPath) -> Path:
        """What a relative path at `path` starts from: the file's folder, or the current one."""
        laid = any(path[:end] in self._sources for end in range(len(path), 0, -1))
        return Path.cwd() if laid else self._directory

    def note_file(self, path: Path) -> None:
        """Remember a file that settings come from; before it is read, so that no change is lost."""
        self.files[str(path.absolute())] = fingerprint(path)

    def key_path(self, text: str) -> KeyPath:
        """The path that a text such as `policies.admin.require[1].any` means, dots in names too."""
        if self._paths is None:
            self._paths = {path_text(path): path for path in _paths(self.data)}
        known = self._paths
        head = text
        while head not in known:
            head = head[: max(head.rfind("."), head.rfind("["), 0)]
        rest = _PATH_PART.findall(text[len(head) :])
        return (*known[head], *(int(index) if index else name for index, name in rest))

    def _written(self, path: KeyPath) -> KeyPath:
        """The path as it is written, where one item stands without its list."""
        written: list[str | int] = []
        node: Any = self.data
        for part in path:
            if isinstance(part, int) and node is not None and not isinstance(node, list):
                continue
            written.append(part)
            try:
                node = node[part]
            except (KeyError, IndexError, TypeError):
                node = None
        return tuple(written)

    def _is_misspelt(self, variable: str) -> bool:
        """Whether a variable would be a setting, but for the case of its beginning."""
        if not variable.upper().startswith(PREFIX):
            return False
        names = variable[len(PREFIX) :].lower().split("__")
        return len(names) > 1 and names[0] in self._known

    def _lay_variable(self, variable: str, text: str) -> str | None:
        names = variable.removeprefix(PREFIX).split("__")
        if names[0].lower() not in self._known:
            known = [
                *self._known,
                *(f"{top}__{key}" for top in self._known for key in self._known[top]),
            ]
            hint = suggestion("__".join(names).lower(), known)
            return f"unknown setting, {re.sub(r'[a-z_]+(?=[?,]|$)', _as_variable, hint)}"
        try:
            path = self._existing(names)
        except ValueError as error:
            return str(error)
        other = self._sources.get(path, "")
        if other.startswith(PREFIX):
            return f"sets {shown_path(path)}, as {other} does: expected one of them"
        return self._lay(path, _variable_value(text, path), variable)

    def _existing(self, names: list[str]) -> KeyPath:
        """The path of a variable's name: indexes as numbers, keys as the file writes them.

        Raises:
            ValueError: where two keys of the file could be meant, or a name is not in it.
        """
        path: list[str | int] = []
        node: Any = self.data
        for name in names:
            part: str | int = name.lower()
            if isinstance(node, list) and name.isdecimal():
                part = int(name)
                node = node[part] if part < len(node) else None
            elif isinstance(node, dict):
                part = _key_of(node, name, tuple(path))
                node = node.get(part)
            elif _has_names(tuple(path)):
                part = name
            path.append(part)
        return tuple(path)

    def _lay(self, path: KeyPath, value: object, source: str) -> str | None:
        node: Any = self.data
        for depth, part in enumerate(path[:-1]):
            try:
                missing = isinstance(node, dict) and node.get(part) is None
                if missing:
                    node[part] = {}
                node = node[part]
            except (KeyError, IndexError, TypeError):
                return f"there is no {shown_path(path[: depth + 1])} to set it in"
        last = path[-1]
        index = isinstance(last, int) and isinstance(node, list) and last < len(node)
        if not index and not (isinstance(last, str) and isinstance(node, dict)):
            return f"there is no {shown_path(path)} to set"
        node[last] = value
        self._sources[path] = source
        self._paths = None
        return None


def _has_names(path: KeyPath) -> bool:
    """Whether the keys of a mapping are names that somebody chose: of policies, or of headers."""
    of_one = path[:1] in {("policies",), ("issuers",)} and path[2:] == ("identity",)
    return of_one or path == ("policies",)


def _key_of(node: dict[str, Any], name: str, path: KeyPath) -> str:
    """The key that a part of a variable's name means, in whatever case that is written."""
    if name in node:
        return name
    alike = [key for key in node if key.lower() == name.lower()]
    if len(alike) > 1:
        raise ValueError(
            f"{name} may mean {' or '.join(alike)} in {shown_path(path)}: write it as one of them"
        )
    if alike:
        return alike[0]
    if node and _has_names(path):
        raise ValueError(
            f"there is no {name} in {shown_path(path)}, {suggestion(name, map(str, node))}"
        )
    # A key of its own, which has no capitals; or a name that nothing else stands beside.
    return name if _has_names(path) else name.lower()


def _paths(value: object, path: KeyPath = ()) -> Iterator[KeyPath]:
    """The paths of a value and of every value in it."""
    yield path
    inner = value.items() if isinstance(value, dict) else ()
    for part, each in enumerate(value) if isinstance(value, list) else inner:
        yield from _paths(each, (*path, part))


def _unshared(value: Any) -> Any:  # noqa: ANN401 - any YAML value
    """A copy in which no two places share a value, as anchors and aliases do."""
    if isinstance(value, dict):
        return {key: _unshared(inner) for key, inner in value.items()}
    return [_unshared(inner) for inner in value] if isinstance(value, list) else value


def _secret_variables(value: object) -> Iterator[str]:
    """The variables that hold secrets by name; they may begin with our prefix too."""
    if isinstance(value, dict):
        names = ("secret_env", "secret_base64_env", "password_env")
        named = [value.get(name) for name in names]
        yield from (name for name in named if isinstance(name, str))
        value = list(value.values())
    for inner in value if isinstance(value, list) else ():
        yield from _secret_variables(inner)


def _as_variable(match: re.Match[str]) -> str:
    return PREFIX + match[0].upper()


def _variable_value(text: str, path: KeyPath) -> object:
    """A variable's text; `null` is null, and `{...}` and `[...]` are YAML where they are whole."""
    if text == "null":
        return None
    if text.startswith(("{", "[")):
        try:
            return parse(text, "", root=path).data
        except SettingsError:
            return text
    return text
