"""The rules of the house that no linter knows."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from tests.packaging.environment import ROOT, toml

LONGEST = 300

LONGER: dict[str, str] = {
    # path: why one file is the better reading
    "python/jwtfast/_core.pyi": "the stub of one native module cannot be split",
}

CODE = ("rust", "python", "server", "tests", "benches")


def sources(*folders: str, suffix: str = ".py") -> Iterator[Path]:
    """Every source file in the folders, ours and nobody else's."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob(f"*{suffix}")):
            if not {"target", "node_modules", "build"} & set(path.parts):
                yield path


def name(path: Path) -> str:
    """A path as the lists here write it."""
    return path.relative_to(ROOT).as_posix()


def canonical(distribution: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def imports(path: Path) -> set[str]:
    """The top-level modules that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").split(".")[0])
    return found


def product_code(text: str) -> str:
    """A Rust file without its comments and without its test module, which comes last."""
    text = re.sub(r"//.*", "", text)
    return re.split(r"#\[cfg\(test\)\]\s*mod \w+ \{", text)[0]


def test_no_file_is_longer_than_one_idea() -> None:
    """At most 300 lines a file; the exceptions are listed here, each with its reason."""
    long = {
        name(path)
        for suffix in (".rs", ".py", ".pyi")
        for path in sources(*CODE, suffix=suffix)
        if len(path.read_text().splitlines()) > LONGEST
    }
    assert long == set(LONGER)


def modules(requirements: list[str]) -> set[str]:
    """The top-level modules that the required distributions bring."""
    wanted = {canonical(re.split(r"[\[<>=]", line)[0]) for line in requirements}
    installed = metadata.packages_distributions()
    return {name for name, of in installed.items() if wanted & set(map(canonical, of))}


def test_library_imports_only_the_standard_library() -> None:
    """No runtime dependency; only the package that an extra is named after may use what it adds."""
    extras = toml("pyproject.toml")["project"]["optional-dependencies"]
    for path in sources("python"):
        extra = path.relative_to(ROOT / "python" / "jwtfast").parts[0].removesuffix(".py")
        of_extra = modules(extras[extra]) if extra in extras else set()
        assert imports(path) - {"jwtfast", *of_extra, *sys.stdlib_module_names} == set(), name(path)


def test_training_needs_nothing_beside_the_library() -> None:
    """A profile-guided build runs it in an environment that has only the module it trains."""
    path = ROOT / "benches" / "training.py"
    assert imports(path) - {"jwtfast", *sys.stdlib_module_names} == set()


def test_server_imports_only_what_it_declares() -> None:
    """Each import of the server is of the library, of a declared dependency, or of itself.

    Only the module that an extra is named after may use what it adds.
    """
    project = toml("server/pyproject.toml")["project"]
    declared, extras = modules(project["dependencies"]), project["optional-dependencies"]
    for path in sources("server"):
        of_extra = modules(extras.get(path.stem, []))
        allowed = {"jwtfast", "jwtfast_server", *declared, *of_extra, *sys.stdlib_module_names}
        assert imports(path) - allowed == set(), name(path)


def test_core_knows_neither_python_nor_sockets() -> None:
    """Arrows point one way: nothing of pyo3, of a runtime or of a network in the core crate."""
    manifest = toml("rust/core/Cargo.toml")
    assert {"pyo3", "tokio", "jwtfast-python"} & set(manifest["dependencies"]) == set()
    for path in sources("rust/core/src", suffix=".rs"):
        code = product_code(path.read_text())
        found = re.findall(
            r"std::(?:fs|env|process)|Tcp|Udp|ToSocketAddrs|SystemTime|Instant", code
        )
        assert found == [], name(path)


def test_core_never_unwraps() -> None:
    """No `unwrap` and no `expect` on any path of the core, and no leave to write one."""
    for path in sources("rust/core/src", suffix=".rs"):
        if path.stem == "tests" or "tests" in path.parent.parts:
            continue
        code = product_code(path.read_text())
        found = re.findall(r"\.unwrap\(\)|\.expect\(|(?:unwrap|expect)_used|clippy::panic", code)
        assert found == [], name(path)


def test_core_forbids_unsafe() -> None:
    """Both crates inherit the workspace's lints, where `unsafe_code` is forbidden."""
    workspace = toml("Cargo.toml")["workspace"]
    assert workspace["lints"]["rust"]["unsafe_code"] == "forbid"
    for member in workspace["members"]:
        manifest = toml(f"{member}/Cargo.toml")
        assert manifest["lints"] == {"workspace": True}, member


@pytest.mark.parametrize("path", list(sources("tests")), ids=name)
def test_every_test_says_what_must_be_true(path: Path) -> None:
    """A test's docstring is its promise."""
    silent = [
        node.name
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert silent == []


def test_both_distributions_have_one_licence() -> None:
    """The server's wheel is built from its own folder, with the same licence in it."""
    assert (ROOT / "server" / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()
