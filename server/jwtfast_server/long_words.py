"""Text of others without what may be a token in it: a token is one long word."""

import re
from typing import Final

__all__ = ["without_long_words"]

_LONG_WORD: Final = re.compile(r"[^\s'\"]{24,}")


def without_long_words(text: str) -> str:
    """The text with words of 24 characters and more cut out."""
    return _LONG_WORD.sub("[cut]", text)
