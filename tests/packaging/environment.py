"""The repository as a packager sees it, and an empty environment outside it."""

import os
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def toml(path: str) -> dict[str, Any]:
    """A TOML file of the repository."""
    return tomllib.loads((ROOT / path).read_text())


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """Run a command in a shell's environment without Python settings; its output.

    What it printed comes with the failure, if it fails.
    """
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        command, cwd=cwd, env=environment, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Environment:
    """A virtual environment outside the repository, empty but for what a test installs."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def install(self, *arguments: str | Path) -> None:
        """Install with pip, never from an index."""
        pip = (sys.executable, "-m", "pip", "--python", self.python)
        run(*pip, "install", "--quiet", "--no-index", *arguments)

    def run(self, command: str, *arguments: str | Path) -> str:
        """Run one of its commands, standing in its folder; what it printed."""
        return run(self.folder / "bin" / command, *arguments, cwd=self.folder)

    def names(self) -> set[str]:
        """The distributions that are installed."""
        code = "import importlib.metadata as m; print(*(d.name for d in m.distributions()))"
        return set(self.run("python", "-I", "-c", code).split())
