"""Both distributions as wheels, and an empty environment to put them in."""

import hashlib
import sys
from pathlib import Path

import pytest

from tests.packaging.environment import ROOT, Environment, run


@pytest.fixture(scope="session")
def library_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of `jwtfast`; cargo has built the native module before."""
    folder = tmp_path_factory.mktemp("library")
    maturin = (Path(sys.executable).with_name("maturin"), "build", "--interpreter", sys.executable)
    run(*maturin, "--release", "--locked", "--quiet", "--out", folder, cwd=ROOT)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def server_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of `jwtfast-server`."""
    folder = tmp_path_factory.mktemp("server")
    hatchling = (sys.executable, "-m", "hatchling")
    run(*hatchling, "build", "--target", "wheel", "--directory", folder, cwd=ROOT / "server")
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def wheelhouse() -> Path:
    """The pinned wheels that the server needs, their hashes checked, downloaded once."""
    pins = ROOT / "requirements" / "server.txt"
    digest = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder = ROOT / "target" / "wheelhouse" / digest
    complete = folder / "complete"
    if not complete.exists():
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:")
        run(*pip, "--require-hashes", "--requirement", pins, "--dest", folder)
        complete.touch()
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """An empty environment, without even pip."""
    folder = tmp_path / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    environment = Environment(folder)
    assert environment.names() == set()
    return environment
