"""The last good keys, how old they are, and what happened lately; each change is logged once."""

import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace
from typing import Literal

from jwtfast import KeySet
from jwtfast.jwks.source import FetchError, Loaded

__all__ = ["State", "Status"]

_log = logging.getLogger("jwtfast.jwks")
_MOST_TOLD = 10
_LONGEST_TOLD = 200
_LONGEST_SENTENCE = 500


@dataclass(frozen=True, kw_only=True)
class Status:
    """How a remote key set is doing."""

    age: float | None = None
    """Seconds since the keys were last confirmed; None where they never came."""
    result: Literal["never", "changed", "unchanged", "failed", "refused"] = "never"
    """How the last refresh ended; refused: keys came that `on_change` could not use."""
    error: str | None = None
    """One sentence, where it failed or was refused."""
    skipped: tuple[str, ...] = ()
    """One sentence for each entry of the set that was left out."""
    succeeded: int = 0
    failed: int = 0
    """How many refreshes there were of each."""
    seconds: float | None = field(default=None, compare=False)
    """How long the last one took; None where there was none."""


@dataclass(frozen=True)
class _Held:
    keys: KeySet
    since: float
    content: Hashable


class State:
    """Written by one thread, read by any: every value is replaced whole."""

    def __init__(self, name: str, max_stale: float, clock: Callable[[], float]) -> None:
        """Hold nothing yet; keys serve for `max_stale` seconds after they were confirmed."""
        self._name = name
        self._max_stale = max_stale
        self._clock = clock
        self._held: _Held | None = None
        self._status = Status()
        self._before: tuple[_Held | None, Status] = (None, self._status)
        # What a server that says "not changed" means, though it was refused.
        self._refused: KeySet | None = None

    def inherit(self, other: "State") -> None:
        """Begin with what another one holds, as old as it is there."""
        self._held = other._held  # noqa: SLF001 - of this class

    @property
    def keys(self) -> KeySet | None:
        """The keys, None where they never came or are too old."""
        held = self._held
        if held and self._clock() - held.since <= self._max_stale:
            return held.keys
        return None

    @property
    def serves_until(self) -> float | None:
        """The last moment, by the clock, at which these keys serve."""
        held = self._held
        return held.since + self._max_stale if held else None

    @property
    def status(self) -> Status:
        """What happened, with the age of this moment."""
        held, status = self._held, self._status
        return replace(status, age=max(0.0, self._clock() - held.since)) if held else status

    def why_none(self) -> str:
        """Why there are no keys, as a sentence."""
        reason = self._status.error or "they were not fetched yet"
        state = "are too old" if self._held else "were never loaded"
        return f"the keys of {self._name} {state}: {reason}"

    def take(self, loaded: Loaded) -> None:
        """Hold what a refresh brought, until `confirm` or `refuse` says whether that stays so.

        A set that is the same as before stays the same object.

        Raises:
            FetchError: where nothing is said to have changed, and there was nothing.
        """
        before, held, now = self._status, self._held, self._clock()
        found = loaded.keys or self._refused
        content = _content(found) if found else held and held.content
        keys = held.keys if held and held.content == content else found
        if keys is None:
            raise FetchError(f"{self._name} says that nothing changed, but there is nothing yet")
        self._before = (held, before)
        self._held = _Held(keys, now, content)
        self._status = Status(
            result="unchanged" if held and keys is held.keys else "changed",
            skipped=keys.skipped,
            succeeded=before.succeeded + 1,
            failed=before.failed,
        )

    def took(self, seconds: float) -> None:
        """Keep how long the last refresh took."""
        self._status = replace(self._status, seconds=seconds)

    def confirm(self) -> None:
        """Stay with what was taken."""
        self._refused = None
        (_, before), status = self._before, self._status
        if before.error:
            _log.info("%s answers again", self._name)
        if status.skipped != before.skipped:
            # A key of another use is usual; what is broken is not.
            broken = self._held.keys.broken if self._held else ()
            level = logging.WARNING if set(broken) - set(before.skipped) else logging.INFO
            _log.log(level, "%s: left out %s", self._name, _listed(status.skipped))

    def refuse(self, sentence: str) -> None:
        """Go back to what was held before, as old as it is; a refresh that failed."""
        self._refused = self._held.keys if self._held else None
        self._held, self._status = self._before
        self._fail("refused", sentence)

    def fail(self, sentence: str) -> None:
        """Keep what is held, and say why a refresh brought nothing."""
        self._fail("failed", sentence)

    def _fail(self, result: Literal["failed", "refused"], sentence: str) -> None:
        before = self._status
        if len(sentence) > _LONGEST_SENTENCE:
            sentence = f"{sentence[:_LONGEST_SENTENCE]}..."
        self._status = replace(before, result=result, error=sentence, failed=before.failed + 1)
        if before.error != sentence:
            _log.warning("keys not refreshed: %s", sentence)


def _listed(skipped: tuple[str, ...]) -> str:
    """The first ones, and how many more there are: a set may have 1 MiB of them."""
    told = [one if len(one) <= _LONGEST_TOLD else f"{one[:_LONGEST_TOLD]}..." for one in skipped]
    more = len(skipped) - _MOST_TOLD
    return "; ".join([*told[:_MOST_TOLD], *([f"and {more} more"] if more > 0 else [])]) or (
        "nothing more"
    )


def _content(keys: KeySet) -> Hashable:
    """What makes two sets the same: their keys in order, and what was left out.

    Secrets, which only a source of one's own can have, cannot be compared: they count as new.
    """
    members = [
        object() if key.is_symmetric else (key.algorithms, *sorted(key.public_jwk().items()))
        for key in keys
    ]
    return (*members, keys.skipped)
