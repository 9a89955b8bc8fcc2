"""What callgrind wrote: how many instructions each function took itself.

The format is that of Valgrind's manual, "Callgrind Format Specification", as callgrind writes it
with `--compress-strings=no --compress-pos=no`.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

__all__ = ["Costs", "Function", "difference", "parsed"]


class Function(NamedTuple):
    """A function of an object file."""

    object: str
    """The file's name without its folder; empty where callgrind found none."""
    name: str
    """As callgrind writes it, or its address where the file names no functions."""


Costs: TypeAlias = Mapping[Function, float]
"""Instructions that each function took itself, without those of the functions that it calls."""

_EVENTS: Final = "Ir"
_LEVEL: Final = re.compile(r"'\d+$")
"""How callgrind tells a function's calls of itself apart: `walk'2`."""


def parsed(lines: Iterable[str]) -> Costs:
    """The instructions of each function.

    Raises:
        ValueError: something else than instructions was counted, or nothing at all.
    """
    found: Counter[Function] = Counter()
    events, place, name, of_callee = "", "", "", False
    for line in lines:
        key, _, value = line.rstrip("\n").partition("=")
        if key == "ob":
            place = Path(value).name
        elif key == "fn":
            name = _LEVEL.sub("", value)
        elif key == "calls":
            # The next line says what the function called took: that is counted at its own.
            of_callee = True
        elif line.startswith("events:"):
            events = line.partition(":")[2].strip()
        elif line[:1].isdigit():
            if not of_callee:
                found[Function(place, name)] += int(line.split()[1])
            of_callee = False
    if events != _EVENTS:
        raise ValueError(f"expected the events {_EVENTS!r}, found {events!r}")
    return found


def difference(twice: Costs, once: Costs, requests: int) -> Costs:
    """What one request takes: 2 N of them less N, over N. What is not repeated falls out."""
    names = {*twice, *once}
    each = {name: (twice.get(name, 0) - once.get(name, 0)) / requests for name in names}
    return {name: cost for name, cost in each.items() if cost}
