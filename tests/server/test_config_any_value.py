"""Any value in any place: settings, or problems with places; never anything else."""

import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import orjson
import pytest

from jwtfast_server.document import parse
from jwtfast_server.problems import KeyPath, path_text
from tests.configs import LEGACY, WHOLE, problems_of

ODD: Final[list[object]] = [
    None,
    True,
    0,
    -1,
    1.5,
    "",
    "any",
    "x\0y",
    "-----BEGIN",
    [],
    [[]],
    [None],
    {},
    {"a": 1},
]


def paths(value: object, path: KeyPath = ()) -> Iterator[KeyPath]:
    """The path of every value inside a value."""
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from paths(inner, (*path, index))


def replaced(data: Any, path: KeyPath, value: object) -> Any:  # noqa: ANN401 - any JSON
    """The data with another value at a path."""
    if not path:
        return value
    copy = deepcopy(data)
    node = copy
    for part in path[:-1]:
        node = node[part]
    node[path[-1]] = value
    return copy


FILES = {"standard": parse(WHOLE, "").data, "legacy": parse(LEGACY, "", typed=False).data}


PLACES = [(name, path) for name, data in FILES.items() for path in paths(data)]


@pytest.mark.parametrize(
    "name,path", PLACES, ids=[f"{name} {path_text(path)}" for name, path in PLACES]
)
def test_any_value(tmp_path: Path, name: str, path: KeyPath) -> None:
    """Whatever stands at a place, the file loads, or every problem with it has a place."""
    for value in ODD:
        text = orjson.dumps(replaced(FILES[name], path, value)).decode()
        for problem in problems_of(tmp_path, text):
            assert re.match(r"jwtfast\.yaml:1: .+", problem)
