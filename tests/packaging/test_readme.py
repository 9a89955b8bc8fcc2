"""What the README tells a stranger to do, done."""

import re
import sys
from pathlib import Path

import pytest

from tests.packaging.environment import ROOT, run

README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    """The code blocks of a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def test_library_example_prints_what_it_says(tmp_path: Path) -> None:
    """The Python block runs as it stands, and the sentence below it tells its output."""
    (example,) = blocks("python")
    printed = run(sys.executable, "-I", "-c", example, cwd=tmp_path).split()
    assert "This prints {}.".format(" and ".join(f"`{line}`" for line in printed)) in README


def test_configuration_is_accepted(tmp_path: Path) -> None:
    """`jwtfast check` takes the configuration, given the key file that it names."""
    (text,) = [block for block in blocks("yaml") if "issuers:" in block]
    jwtfast = Path(sys.executable).with_name("jwtfast")
    run(jwtfast, "keygen", "--out", tmp_path, cwd=tmp_path)
    (tmp_path / "jwtfast.yaml").write_text(text)
    run(jwtfast, "check", "jwtfast.yaml", cwd=tmp_path)


def test_every_named_target_exists() -> None:
    """Each `make TARGET` in the documents is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for document in ("README.md", "CONTRIBUTING.md", "SECURITY.md"):
        named = set(
            re.findall(r"(?:`|^)make ([a-z-]+)", (ROOT / document).read_text(), re.MULTILINE)
        )
        assert named - targets == set(), document
    assert {"run", "test"} <= set(re.findall(r"^make ([a-z]+)$", README, re.MULTILINE))


@pytest.mark.parametrize("document", sorted(ROOT.glob("*.md")), ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    """Each relative link names a file or folder of the repository."""
    links = re.findall(r"\]\((?!https?:|#)([^)]+)\)", document.read_text())
    assert [link for link in links if not (ROOT / link).exists()] == []
