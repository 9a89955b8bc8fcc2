"""The table of promises in `docs/security.md`, the files here and the mutants go together."""

import re
from pathlib import Path

import pytest

from tests.advisories.mutants.table import MUTANTS, Mutant, edits, path_of

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FILES = {path.name for path in HERE.glob("test_*.py")} - {Path(__file__).name}


def test_every_promise_has_its_file() -> None:
    """Each row of the table names a file here, and each file has its row."""
    text = (ROOT / "docs" / "security.md").read_text()
    rows = re.findall(r"\| `(test_\w+\.py)` \|$", text, re.MULTILINE)
    assert sorted(rows) == sorted(FILES)


def test_every_row_names_tests_that_are_there() -> None:
    """The files that the other tables of the page name are files of `tests/`."""
    text = (ROOT / "docs" / "security.md").read_text()
    named = set(re.findall(r"`(\w+/\w+\.py)`", text))
    assert [name for name in sorted(named) if not (ROOT / "tests" / name).is_file()] == []


def test_every_file_has_its_mutants() -> None:
    """Each file's tests are named by a mutant, which shows that they can fail."""
    named = {name for mutant in MUTANTS for name in mutant["tests"]}
    assert FILES - named == set()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: f"{m['row']}: {m['what']}")
def test_mutants_are_up_to_date(mutant: Mutant) -> None:
    """What a mutant takes out stands once in the source, and its tests are there."""
    for edit in edits(mutant):
        assert (ROOT / edit["file"]).read_text().count(edit["find"]) == 1
    for test in mutant["tests"]:
        file, *names = path_of(test).split("::")
        # A class may inherit its tests from a table beside it.
        tables = (ROOT / file).parent.glob("every*.py")
        text = "\n".join(one.read_text() for one in (ROOT / file, *tables))
        assert all(re.search(rf"^\s*(?:def|class) {name}\b", text, re.MULTILINE) for name in names)
