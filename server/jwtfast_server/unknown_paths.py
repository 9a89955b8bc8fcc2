"""Requests for paths that are not served: counted, and now and then told with what was meant.

A proxy that asks at a wrong path gets a 404, or a 403, for every request: nothing else says why.
"""

import re
import threading
from collections.abc import Callable, Collection
from difflib import get_close_matches
from itertools import islice
from typing import Final

import structlog

from jwtfast_server.seldom import Seldom

__all__ = ["UnknownPaths", "shown"]

_LONGEST_SEGMENT: Final = 23
_MOST_SEGMENTS: Final = 6
_MOST_NAMES: Final = 10
_PRINTABLE: Final = re.compile(r"[^!-~]")


def shown(path: str) -> str:
    """A path for the log: bounded, in printable ASCII, and without what may be a token."""
    segments = [
        segment if len(segment) <= _LONGEST_SEGMENT else "[cut]"
        for segment in path.split("/", _MOST_SEGMENTS)
    ]
    if len(segments) > _MOST_SEGMENTS:
        segments[_MOST_SEGMENTS] = "..."
    return _PRINTABLE.sub(lambda found: f"\\x{ord(found[0]):02x}", "/".join(segments))


class UnknownPaths:
    """Counts them for one worker, and tells of one a minute."""

    def __init__(self, pages: Collection[str], policies: Callable[[], Collection[str]]) -> None:
        """Take what is served: the paths of pages, and the policies of today that have a path."""
        self._pages = pages
        self._policies = policies
        self._seldom = Seldom()
        self._lock = threading.Lock()
        self.count = 0
        """How many there were."""

    def came(self, path: str) -> None:
        """Count a path; say what was meant where it is time to."""
        with self._lock:
            self.count += 1
        if times := self._seldom.now():
            structlog.get_logger().warning(
                "unknown path", path=shown(path), meant=self.meant(path), times=times
            )

    def meant(self, path: str) -> str:
        """What a proxy should ask for instead."""
        parts = [part for part in path.lower().split("/") if part]
        first = parts[0] if parts else ""
        if not self._policies():
            return f"/validate or one of {', '.join(sorted(self._pages))}"
        if first == "p" and len(parts) > 1:
            return self._policy(parts[1])
        if first == "p":
            return f"/p/POLICY, with one of {self._names()}"
        if first.startswith("validate"):
            return "/validate alone; where the proxy appends the client's path, /p/POLICY"
        near = next((page for page in self._pages if page == f"/{first}"), None)
        return near or f"/validate, /p/POLICY or one of {', '.join(sorted(self._pages))}"

    def _policy(self, name: str) -> str:
        by_name = {policy.lower(): policy for policy in self._policies()}
        near = get_close_matches(name[:64], by_name, n=1)
        found = f"/p/{by_name[near[0]]}" if near else "a policy"
        return f"{found}: there is {self._names()}"

    def _names(self) -> str:
        names = sorted(self._policies())
        more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
        return ", ".join(islice(names, _MOST_NAMES)) + more
