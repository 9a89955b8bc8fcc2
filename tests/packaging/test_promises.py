"""The table of promises names tests that are there, and that pytest or cargo runs."""

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

from tests.packaging.environment import ROOT

PROMISES = tomllib.loads(Path(__file__).with_name("promises.toml").read_text())["promise"]


@cache
def functions(path: Path) -> frozenset[str]:
    """The names of the functions of a file, those in its classes too."""
    text = path.read_text()
    if path.suffix == ".rs":
        return frozenset(re.findall(r"^\s*(?:#\[test\]\s+)?fn (\w+)\(", text, re.MULTILINE))
    nodes = ast.walk(ast.parse(text))
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef))


@cache
def inherited() -> frozenset[str]:
    """The modules of cases for every proxy that a module of tests inherits from."""
    texts = [path.read_text() for path in (ROOT / "tests" / "proxies").glob("test_*.py")]
    found = (
        re.findall(r"^from tests\.proxies\.(\w+) import .*", text, re.MULTILINE) for text in texts
    )
    return frozenset(name for names in found for name in names)


@pytest.mark.parametrize("promise", PROMISES, ids=[promise["what"][:40] for promise in PROMISES])
def test_every_test_is_there(promise: dict[str, object]) -> None:
    """Each promise has tests; each is a function of its file, in a file whose tests are run."""
    tests = promise["tests"]
    assert isinstance(tests, list)
    assert tests == sorted(set(tests))
    assert tests != []
    for test in tests:
        file, _, name = test.partition("::")
        assert name in functions(ROOT / file), test
        runs = Path(file).suffix == ".rs" or Path(file).name.startswith("test_")
        assert runs or Path(file).stem in inherited(), test


def test_every_promise_is_made_once() -> None:
    """No two rows say the same."""
    said = [promise["what"] for promise in PROMISES]
    assert len(said) == len(set(said))
