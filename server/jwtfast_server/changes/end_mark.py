"""The mark that a configuration ends with, where it is asked for, and what lacks it."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError

from jwtfast_server.config_server import Reload
from jwtfast_server.document import Document
from jwtfast_server.layers import Layers
from jwtfast_server.problems import KeyPath, Problem

__all__ = ["NO_END", "end_notes", "end_problems"]

NO_END: Final = "expected a line `...` at the end of the file, found none: was it cut off?"
"""What is said of a file without the end mark that it must have."""

_REQUIRE_END: Final[KeyPath] = ("reload", "require_end")


def end_problems(layers: Layers, document: Document) -> Iterator[Problem]:
    """What is wrong with the end of a file, by what the settings ask of it."""
    if _is_asked_for(layers.data) and not document.ends:
        yield layers.problem(_REQUIRE_END, NO_END)


def end_notes(document: Document, text: str) -> Iterator[str]:
    """What may be wrong with the end of a file."""
    if not document.ends and not text.endswith("\n"):
        yield f"{document.name}: the last line has no end: is the file whole?"
    asks, *others = (document.lines.get((key,)) for key in ("reload", "issuers", "policies"))
    if asks and any(line and line < asks for line in others) and _is_asked_for(document.data):
        place = document.place(_REQUIRE_END)
        yield f"{place}: put it first: what is cut off before it does not ask for an end"


def _is_asked_for(data: Mapping[str, Any]) -> bool:
    """Whether a file must have its end mark; where that is no boolean, it is told elsewhere."""
    try:
        return Reload.model_validate(data.get("reload") or {}).require_end
    except ValidationError:
        return False
