"""The table of promises in `docs/security.md`, the files here and the mutants go together."""

import re
import tomllib
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FILES = {path.name for path in HERE.glob("test_*.py")} - {Path(__file__).name}
MUTANTS = tomllib.loads((HERE / "mutants.toml").read_text())["mutant"]


def test_every_promise_has_its_file() -> None:
    """Each row of the table names a file here, and each file has its row."""
    text = (ROOT / "docs" / "security.md").read_text()
    rows = re.findall(r"\| `(test_\w+\.py)` \|$", text, re.MULTILINE)
    assert sorted(rows) == sorted(FILES)


def test_every_file_has_its_mutants() -> None:
    """Each file's tests are named by a mutant, which shows that they can fail."""
    named = {name for mutant in MUTANTS for name in mutant["tests"]}
    assert FILES - named == set()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: f"{m['row']}: {m['what']}")
def test_mutants_are_up_to_date(mutant: dict[str, object]) -> None:
    """What a mutant takes out stands once in the source, so it is not silently out of date."""
    also = mutant.get("also", [])
    assert isinstance(also, list)
    for edit in [mutant, *also]:
        assert (ROOT / edit["file"]).read_text().count(edit["find"]) == 1
