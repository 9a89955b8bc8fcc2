"""What is measured: each door as `serve` has it, then with one setting changed at a time."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

__all__ = [
    "AGAIN",
    "CONNECTIONS",
    "DOORS",
    "KNOBS",
    "NEW",
    "NOT_MEASURED",
    "QUICK",
    "STANDARD_DOORS",
    "Door",
    "Knob",
    "Level",
    "Options",
    "Settings",
    "Value",
    "Variant",
    "turns",
    "variants",
]

Value: TypeAlias = int | str
"""Of a setting, as JSON has it; a bool is an int."""
Settings: TypeAlias = Mapping[str, Value]
"""By granian's own names; what is in a group of settings is behind a dot."""

Door: TypeAlias = Literal["wsgi", "asgi", "rsgi"]

DOORS: Final[tuple[Door, ...]] = ("wsgi", "asgi", "rsgi")
STANDARD_DOORS: Final[tuple[Door, ...]] = ("wsgi", "asgi")
"""Those that `serve` chooses by itself."""

CONNECTIONS: Final = (16, 64, 256)
AGAIN: Final = "as it is, again"
"""The same as `serve` once more: how far it is from itself is what the machine adds."""

_ASYNC: Final[tuple[Door, ...]] = ("asgi", "rsgi")


@dataclass(frozen=True)
class Level:
    """A load."""

    connections: int
    keepalive: bool = True

    @property
    def name(self) -> str:
        """Its column in the tables."""
        return f"{self.connections}{'' if self.keepalive else ', each new'}"


NEW: Final = Level(256, keepalive=False)
"""Every request over a connection of its own: what settings of the listener are about."""


@dataclass(frozen=True)
class Knob:
    """One of granian's settings."""

    name: str
    values: tuple[Value, ...]
    """What is tried, where `serve` does not have it already."""
    doors: tuple[Door, ...] = DOORS
    connecting: bool = False
    """Whether it has to do with how a connection begins."""


# granian has tasks of its own only there, and takes asyncio's elsewhere.
_TASKS: Final = ("asyncio", "rust") if sys.version_info < (3, 12) else ("asyncio",)

KNOBS: Final = (
    Knob("blocking_threads", (1, 2, 4), ("wsgi",)),
    Knob("runtime_threads", (1, 2)),
    Knob("runtime_mode", ("mt", "st")),
    Knob("runtime_blocking_threads", (512, 1), ("wsgi",)),
    Knob("loop", ("uvloop", "asyncio"), _ASYNC),
    Knob("task_impl", _TASKS, _ASYNC),
    Knob("http", ("auto", "1"), connecting=True),
    Knob("http1_settings.pipeline_flush", (False, True)),
    Knob("backlog", (1024, 4096), connecting=True),
    Knob("backpressure", (1024,), connecting=True),
)

NOT_MEASURED: Final = {
    "blocking_threads with asgi and rsgi": "granian refuses more than one",
    "blocking_threads_idle_timeout": "of threads beyond the first; there is one",
    "loop with wsgi": "granian makes a loop there and never runs it",
    "loop rloop": "a package that is no dependency of ours",
    "task_impl with wsgi": "there are no tasks",
    "task_impl rust with Python 3.12 or newer": "granian takes asyncio instead, and says so",
    "runtime_blocking_threads with asgi and rsgi": "as with wsgi: no application runs there",
    "backpressure below the connections": "those above it are not served until others close",
    "http1_settings.max_buffer_size": "a limit that follows from max_token_bytes",
    "http1_settings.header_read_timeout": "a promise, and granian always has one",
    "TCP_NODELAY": "granian always sets it",
    "writev": "hyper has such a setting, granian does not hand it on",
    "process_name": "of no matter for speed, and needs another package",
}
"""What has no row in the tables, and why."""


@dataclass(frozen=True)
class Variant:
    """A door with some settings changed."""

    door: Door
    changes: tuple[tuple[str, Value], ...] = ()
    again: bool = False
    connecting: bool = True

    @property
    def settings(self) -> Settings:
        """What differs from `serve`."""
        return dict(self.changes)

    @property
    def name(self) -> str:
        """What it is called in the tables."""
        if self.again:
            return AGAIN
        return ", ".join(f"{name} {value}" for name, value in self.changes) or "as it is"

    def levels(self, options: "Options") -> list[Level]:
        """The loads that it is measured under."""
        found = [Level(connections) for connections in options.connections]
        return [*found, NEW] if self.connecting and options.new_connections else found


@dataclass(frozen=True)
class Options:
    """What was asked for."""

    rounds: int = 3
    seconds: int = 1
    warm_up: int = 1
    """Seconds; 0 for none."""
    doors: Sequence[Door] = STANDARD_DOORS
    knobs: Sequence[str] = tuple(knob.name for knob in KNOBS)
    connections: Sequence[int] = CONNECTIONS
    new_connections: bool = True


QUICK: Final = Options(rounds=1, warm_up=0, connections=(64,), new_connections=False)
"""Enough to see that everything works; no figures to keep."""


def variants(door: Door, has: Settings, options: Options) -> list[Variant]:
    """A door as it is, twice, and with each of the other values of each knob.

    Args:
        door: which.
        has: what `serve` has there.
        options: which knobs.
    """
    changed = [
        Variant(door, ((knob.name, value),), connecting=knob.connecting)
        for knob in KNOBS
        if knob.name in options.knobs and door in knob.doors
        for value in knob.values
        if value != has[knob.name]
    ]
    # Far from the first, so that it also shows how much the machine changes during a round.
    middle = len(changed) // 2
    return [Variant(door), *changed[:middle], Variant(door, again=True), *changed[middle:]]


def turns(planned: Sequence[Variant], number: int) -> list[Variant]:
    """One round: everyone once, one door after the other.

    Every round begins with another one of each door and goes the other way round than the one
    before, so that a machine that gets slower or faster does so for all.
    """
    found = []
    for door in dict.fromkeys(variant.door for variant in planned):
        its = [variant for variant in planned if variant.door == door]
        begin = number * (len(its) // 3 + 1) % len(its)
        found += [*its[begin:], *its[:begin]]
    return found[::-1] if number % 2 else found
