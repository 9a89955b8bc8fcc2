"""Files with one issuer of a preset."""

from pathlib import Path
from typing import Final

from click.testing import CliRunner

from jwtfast_server.cli import main
from jwtfast_server.preset_table import PRESETS

__all__ = ["POLICIES", "expand", "issuer", "least"]

POLICIES: Final = "policies:\n  default: {issuers: corp}\n"


def issuer(text: str) -> str:
    """A file with one issuer."""
    return f"issuers:\n  - {{name: corp, {text}}}\n{POLICIES}"


def least(word: str) -> str:
    """The least that a preset takes, by the examples of its own table."""
    given = {
        name: parameter.example
        for name, parameter in PRESETS[word].parameters.items()
        if parameter.required
    }
    keys = [f"{name}: '{value}'" for name, value in given.items()]
    settled = word in {"google", "firebase", "apple", "supabase", "cognito"}
    audiences = [] if settled else ["audiences: any"]
    if word == "kubernetes":
        audiences.append("refresh: {ca_file: ca.pem}")
    return ", ".join([f"provider: {word}", *keys, *audiences])


def expand(directory: Path, text: str) -> str:
    """What `jwtfast check --expand` prints of a file."""
    path = directory / "jwtfast.yaml"
    path.write_text(text)
    result = CliRunner().invoke(main, ["check", str(path), "--expand"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout
