"""When changed files may be read: once they were left alone for long enough.

A file that is written in place is seen half-written, and a writer may pause: it is read when it
has been the same for two seconds. One that came whole (another file, whose text ends by itself:
renamed, or by the link of a Kubernetes volume) is read sooner.
"""

from collections.abc import Callable, Mapping
from time import monotonic
from typing import Final

from jwtfast_server.watched_files import Look

__all__ = ["ARRIVED_S", "BURST_S", "DOUBTED_S", "WRITTEN_S", "Settling"]

WRITTEN_S: Final = 2.0
"""For how long a file must be the same that may have been written in place."""

ARRIVED_S: Final = 0.2
"""And one that came whole, so that several that come together are one change."""

DOUBTED_S: Final = 5.0
"""And one that may go on beyond what it says, as far as its text tells."""

BURST_S: Final = 1.0
"""Files that come whole, one after the other, are not waited for longer than this."""


class Settling:
    """Watches one change until it is complete."""

    def __init__(self, before: Mapping[str, Look], clock: Callable[[], float] = monotonic) -> None:
        """Compare with how the files were when they were read last."""
        self._before = dict(before)
        self._clock = clock
        self._found: dict[str, Look] | None = None
        self._begun = self._since = 0.0
        self._doubted = False

    def is_over(self, found: Mapping[str, Look]) -> bool:
        """Whether the change is complete; to be asked again and again.

        Args:
            found: how the files are at this moment.
        """
        now = self._clock()
        if self._found is None:
            self._begun = now
        if found != self._found:
            self._found, self._since, self._doubted = dict(found), now, False
        if self._doubted:
            return now - self._since >= DOUBTED_S
        changed = [path for path, one in found.items() if one != self._before.get(path)]
        if all(self._came_whole(path, found[path]) for path in changed):
            return now - self._since >= ARRIVED_S or now - self._begun >= BURST_S
        return now - self._since >= WRITTEN_S

    def doubt(self) -> bool:
        """Ask for a longer time, where it is not over; whether it is not."""
        self._doubted = self._clock() - self._since < DOUBTED_S
        return self._doubted

    def _came_whole(self, path: str, found: Look) -> bool:
        before = self._before.get(path)
        return found.ends and (before is None or before.file != found.file)
