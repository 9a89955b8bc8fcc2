"""The package: its names, and what it promises not to need."""

import importlib.metadata
import subprocess
import sys
from pathlib import Path

import jwtfast
from jwtfast import _core, exceptions


def test_all_is_what_there_is() -> None:
    """`__all__` is sorted, complete, and every name in it exists."""
    # A type that is the one of a constant, and what is made for the service alone.
    inner = {"AnyAudience", "Door"}
    public = {*_core.__all__, *exceptions.__all__} - inner
    assert public - set(jwtfast.__all__) == set()
    assert [name for name in jwtfast.__all__ if not hasattr(jwtfast, name)] == []
    assert len(jwtfast.__all__) == len(set(jwtfast.__all__))


def test_native_names() -> None:
    """The native module lists what it has."""
    assert [name for name in _core.__all__ if not hasattr(_core, name)] == []


def test_algorithms() -> None:
    """The allow-list is the one that the documents give."""
    expected = "HS256 HS384 HS512 RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 ES256K"
    assert sorted(jwtfast.ALGORITHMS) == sorted([*expected.split(), "EdDSA", "Ed25519"])


def test_no_runtime_dependencies() -> None:
    """The library needs nothing but Python: everything else is an extra."""
    needed = importlib.metadata.requires("jwtfast") or []
    assert [requirement for requirement in needed if "extra ==" not in requirement] == []


def test_import_brings_the_standard_library_alone() -> None:
    """Importing it loads no third-party module."""
    code = (
        "import sys; before = set(sys.modules); import jwtfast; "
        "print(*sorted({n.partition('.')[0] for n in set(sys.modules) - before}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) - sys.stdlib_module_names == {"jwtfast"}


def test_typed() -> None:
    """Type checkers are told to read the package's types (PEP 561)."""
    assert jwtfast.__file__ is not None
    assert (Path(jwtfast.__file__).parent / "py.typed").is_file()


def test_version() -> None:
    """The package, its native module and its metadata have one version."""
    version = importlib.metadata.version("jwtfast")
    assert (jwtfast.__version__, _core.__version__) == (version, version)
