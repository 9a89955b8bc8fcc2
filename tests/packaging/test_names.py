"""Names and versions: one of each, the same wherever they are written."""

import re
from importlib import metadata
from types import ModuleType

import jwtfast
from jwtfast import _core
from tests.packaging.environment import ROOT, toml

VERSION = toml("Cargo.toml")["workspace"]["package"]["version"]


def test_all_lists_every_public_name() -> None:
    """What the package shows is what `__all__` lists."""
    shown = {
        name
        for name, value in vars(jwtfast).items()
        if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert {name for name in jwtfast.__all__ if not name.startswith("_")} == shown


def test_versions_agree() -> None:
    """Rust, both distributions, their pins of each other and the running module: one version."""
    library, server = toml("pyproject.toml")["project"], toml("server/pyproject.toml")["project"]
    found = {
        "library": library["version"],
        "server": server["version"],
        "native module": _core.__version__,
        "installed library": metadata.version("jwtfast"),
        "installed server": metadata.version("jwtfast-server"),
    }
    assert found == dict.fromkeys(found, VERSION)
    assert library["optional-dependencies"]["server"] == [f"jwtfast-server=={VERSION}"]
    assert f"jwtfast=={VERSION}" in server["dependencies"]


def test_changelog_tells_of_this_version() -> None:
    """The first heading of the changelog is this version, or what comes after it."""
    first = re.search(r"^## \[?([^\]\s]+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert first is not None
    assert first[1] in {"Unreleased", VERSION}


def test_server_dependencies_are_pinned() -> None:
    """What the server declares is what requirements/server.in gives to the pins."""
    declared = set(toml("server/pyproject.toml")["project"]["dependencies"])
    lines = (ROOT / "requirements" / "server.in").read_text().splitlines()
    pinned = {line for line in lines if line and not line.startswith("#")}
    assert declared - {f"jwtfast=={VERSION}"} == pinned


def test_extras_are_pinned() -> None:
    """What the server's extras add is among what the tests run with."""
    extras = toml("server/pyproject.toml")["project"]["optional-dependencies"]
    lines = set((ROOT / "requirements" / "dev.in").read_text().splitlines())
    assert {line for added in extras.values() for line in added} <= lines


def test_pins_carry_hashes_and_name_no_index() -> None:
    """Whoever installs the pins gets those files, from the index of their own choice."""
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        text = path.read_text()
        pins = re.findall(r"^[a-z0-9._-]+==.*?(?=^[a-z0-9]|\Z)", text, re.MULTILINE | re.DOTALL)
        assert len(pins) == len(re.findall(r"^[a-z0-9]", text, re.MULTILINE)), path
        assert [pin for pin in pins if "--hash=sha256:" not in pin] == [], path
        assert "index-url" not in text, path
