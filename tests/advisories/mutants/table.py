"""The mutants of every TOML file of this folder, read once."""

import tomllib
from pathlib import Path
from typing import Any, Final, TypeAlias

__all__ = ["MUTANTS", "Mutant", "edits", "path_of"]

Mutant: TypeAlias = dict[str, Any]

MUTANTS: Final[list[Mutant]] = [
    mutant
    for path in sorted(Path(__file__).parent.glob("*.toml"))
    for mutant in tomllib.loads(path.read_text())["mutant"]
]


def edits(mutant: Mutant) -> list[Mutant]:
    """Return the changes that make a mutant."""
    return [mutant, *mutant.get("also", ())]


def path_of(name: str) -> str:
    """Return the path from the root of the tests that a mutant names."""
    return name if "/" in name else f"tests/advisories/{name}"
