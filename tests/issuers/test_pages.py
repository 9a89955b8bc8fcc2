"""`docs/issuers/` shows what is tried, and nothing else."""

import re

import pytest

from jwtfast_server.preset_table import PRESETS
from tests.issuers.imitation import NAMES, Imitation
from tests.issuers.pages import FOLDER, PAGES, shown, with_table

README = (FOLDER / "README.md").read_text()
SIX = ("entra-v2", "keycloak", "github-actions", "google", "cognito-id", "kubernetes")
MOST_LINES = 6


def blocks(text: str) -> list[str]:
    """The YAML of a page."""
    return re.findall(r"^```yaml\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def test_the_table_is_todays() -> None:
    """It is what is tried; `python -m tests.issuers.pages` writes it."""
    assert with_table(README) == README


def test_six_are_short() -> None:
    """The ones that are asked for most take six lines, as they are run here."""
    files = [shown(Imitation(name)) for name in SIX]
    assert blocks(README) == files
    assert max(len(file.splitlines()) for file in files) <= MOST_LINES


@pytest.mark.parametrize("page", list(PAGES))
def test_a_page_shows_what_works(page: str) -> None:
    """Its files are those of its imitations; what does not work yet is told with its reason."""
    text = (FOLDER / f"{page}.md").read_text()
    everyone = [Imitation(name) for name in PAGES[page]]

    assert blocks(text) == [shown(one) for one in everyone if not one.missing]
    for one in everyone:
        assert not one.missing or f"{one.data['title']} does not work yet: {one.missing}." in text


def test_every_imitation_has_its_page() -> None:
    """Each is on one page, and no page is about nothing; every preset is tried."""
    assert sorted(name for names in PAGES.values() for name in names) == NAMES
    pages = {path.stem for path in FOLDER.glob("*.md")} - {"README"}
    assert pages == set(PAGES)
    presets = [shown(Imitation(name)) for name in NAMES if "preset" in Imitation(name).forms]
    used = {text.partition("provider: ")[2].split(",")[0].rstrip("}\n") for text in presets}
    assert used == set(PRESETS)
