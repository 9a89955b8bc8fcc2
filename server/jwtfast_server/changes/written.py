"""A configuration as it is written, and whether its text ends, or may be cut off.

The beginning of a YAML document is a document too: cut at the end of a line, a policy is without
its rules. What cannot be cut ends with a line `...`, or is one `{...}` as a whole, as JSON is. Of
any other text nobody can say whether it is whole, but that it lacks nothing of what is served, and
goes on beyond everything that is new in it.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from pydantic import Field, JsonValue

from jwtfast_server.document import Document
from jwtfast_server.problems import KeyPath, shown_path
from jwtfast_server.values import Section

__all__ = ["Written", "doubts", "ends_as_before"]

_OF_ITS_OWN: Final = 2
"""How deep sections, policies, issuers and routes stand: each may let somebody in by itself."""

_NAMING: Final = ("name", "claim", "path", "host")
"""What tells items of a list apart, beside their keys."""
# What the texts of these mean may change with each line that is cut off.
_EXPRESSIONS: Final = frozenset({"cel", "matches"})


class Written(Section):
    """What a configuration file holds, and how it ends."""

    data: JsonValue = Field(None, repr=False)
    ends: bool = True
    """Whether no text that goes on can begin so."""
    ends_line: bool = True
    """Whether its last line is ended."""
    flow: frozenset[KeyPath] = frozenset()
    """What is in brackets, by its path: it ends by itself."""
    folded: bool = False
    """Whether the last value is a text over several lines, without quotes."""

    @classmethod
    def of(cls, document: Document, text: str) -> "Written":
        """Keep what is to be compared later."""
        return cls(
            data=document.data,
            ends=document.ends,
            ends_line=text.endswith("\n"),
            flow=document.flow,
            folded=document.folded,
        )


def ends_as_before(served: Written, found: Written) -> bool:
    """Whether a text ends by itself, or with the very words that the one before ended with."""
    return found.ends or _last(found) == _last(served)


def doubts(served: Written, found: Written) -> list[str]:
    """Why a text may be the beginning of another one; nothing where it is whole.

    Args:
        served: what is known to be whole.
        found: what came after it.
    """
    if found.ends:
        return []
    return [*_missing(served.data, found, found.data, ()), *_unfinished(served, found)]


def _missing(before: Any, found: Written, now: Any, path: KeyPath) -> Iterator[str]:  # noqa: ANN401
    """What was there and is no more: keys, rules, routes, items of a list."""
    if before is None:
        return
    if now is None:
        yield f"{shown_path(path)} is empty"
    elif isinstance(before, dict) and isinstance(now, dict):
        for key, value in before.items():
            where = (*path, key)
            if key in now:
                yield from _missing(value, found, now[key], where)
            else:
                yield f"{shown_path(where)} is gone"
    elif isinstance(before, list | dict) and isinstance(now, list | dict):
        yield from _missing_items(_items(before), found, _items(now), path)
    elif isinstance(before, list) and len(before) > 1:
        yield f"{shown_path(path)} has less than before"


def _missing_items(
    before: list[Any], found: Written, now: list[Any], path: KeyPath
) -> Iterator[str]:
    if path in found.flow and not any(isinstance(item, dict) for item in before):
        return  # Values in brackets are all there; which ones is what somebody chose.
    left = Counter(map(_identity, before))
    left.subtract(map(_identity, now))
    if gone := sum(count for count in left.values() if count > 0):
        yield f"{shown_path(path)}: {gone} of {len(before)} are gone, or are others"
    for index, item in enumerate(now):
        if (same := _same(before, item)) is not None:
            yield from _missing(same, found, item, (*path, index))


def _unfinished(served: Written, found: Written) -> Iterator[str]:
    """What is new at the end, where more of it may be missing."""
    if not found.ends_line:
        yield "the last line has no end"
    path: KeyPath = ()
    before, now = served.data, found.data
    while isinstance(now, dict | list) and now and path not in found.flow:
        if not isinstance(before, type(now)):
            # What is new deeper inside, as rules of a policy, takes nothing away where it is cut.
            if len(path) <= _OF_ITS_OWN:
                yield f"it ends inside {shown_path(path)}, which is new"
            return
        if isinstance(now, dict) and isinstance(before, dict):
            key: str | int = next(reversed(now))
            before, now = before.get(str(key)), now[str(key)]
        elif isinstance(now, list) and isinstance(before, list):
            if _is_pushed(before, now):
                yield f"it ends inside {shown_path(path)}, where others came first"
            key = len(now) - 1
            before, now = _same(before, now[-1]), now[-1]
        path = (*path, key)
    is_text = isinstance(now, str) and path not in found.flow
    if is_text and now != before and (found.folded or not _EXPRESSIONS.isdisjoint(path[-1:])):
        yield f"it ends inside the text {shown_path(path)}, which is new"


def _last(written: Written) -> tuple[list[str], Any]:
    """The last value that is outside of brackets, or in them as a whole; and the keys to it."""
    path: KeyPath = ()
    value: Any = written.data
    while isinstance(value, dict | list) and value and path not in written.flow:
        key: Any = next(reversed(value)) if isinstance(value, dict) else len(value) - 1
        path, value = (*path, key), value[key]
    return [key for key in path if isinstance(key, str)], value


def _is_pushed(before: list[Any], now: list[Any]) -> bool:
    """Whether items moved down a list, and some are not there yet."""
    kept = [item for item in before if item in now]
    moved = any(now.index(item) > before.index(item) for item in kept)
    return moved and len(kept) < len(before)


def _items(value: Any) -> list[Any]:  # noqa: ANN401
    """A list; one mapping may stand without it."""
    return value if isinstance(value, list) else [value]


def _identity(item: Any) -> object:  # noqa: ANN401
    """What makes an item the same one, though its values are others."""
    if not isinstance(item, dict):
        return None
    if isinstance(item.get("name"), str):
        return item["name"]
    named = tuple(str(item.get(name)) for name in _NAMING)
    return (*named, *sorted(item.keys() - {"message"}))


def _same(before: list[Any], item: Any) -> Any:  # noqa: ANN401
    """The item of before that is this one; None where it is new."""
    if not isinstance(item, dict):
        return item if item in before else next((one for one in before if _is_plain(one)), None)
    return next((one for one in before if _identity(one) == _identity(item)), None)


def _is_plain(value: object) -> bool:
    return not isinstance(value, dict | list)
