"""What a remote key set can be told, and what holds where it is not."""

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, TypedDict

from jwtfast.jwks.credentials import Credentials
from jwtfast.jwks.source import Reading

if TYPE_CHECKING:
    from jwtfast.jwks.remote import RemoteKeySet

__all__ = ["Options", "Resolved"]


class Options(TypedDict, total=False):
    """Keyword arguments of `RemoteKeySet`; times are in seconds."""

    every: float
    """From one refresh to the next, +-10 %; less where the server's `max-age` is shorter: 300."""
    cooldown: float
    """From one refresh for an unknown `kid`, or for a `max-age`, to the next: 30."""
    max_stale: float
    """How long the last good keys serve when no refresh succeeds: 86400."""
    timeout: float
    """How long one refresh may take, all in all: 5."""
    ca_file: str | None
    """PEM certificates to trust instead of the system's."""
    allow_http: bool
    """Take http:// to any host; without it, to this machine only."""
    headers: Mapping[str, str]
    """Headers to ask the source's own host with; they follow no redirect, and are never told."""
    bearer_token_file: str | None
    """A file whose content is the bearer token to ask with, read anew each time; as `headers`."""
    uses: Sequence[str] | None
    """The values of a key's `use` to take; `sig` where None."""
    ignore_key_ops: bool
    """Take keys whatever their `key_ops` say."""
    on_change: "Callable[[RemoteKeySet], None] | None"
    """Called in the refresh thread when `keys` became another set, or none.

    Where it raises, the refresh has failed: the keys of before stay, as old as they are, and it is
    called again at the next one."""
    clock: Callable[[], float]
    """Seconds that never go back; `time.monotonic`."""
    chance: random.Random
    """Where the jitter comes from."""


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """Options with their defaults, checked."""

    every: float = 300.0
    cooldown: float = 30.0
    max_stale: float = 86400.0
    timeout: float = 5.0
    ca_file: str | None = None
    allow_http: bool = False
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    bearer_token_file: str | None = None
    uses: Sequence[str] | None = None
    ignore_key_ops: bool = False
    on_change: "Callable[[RemoteKeySet], None] | None" = None
    clock: Callable[[], float] = time.monotonic
    # Jitter is no secret.
    chance: random.Random = field(default_factory=random.Random)

    def reading(self) -> "Reading":
        """How the source's documents are asked for and read."""
        return Reading(
            ca_file=self.ca_file,
            allow_http=self.allow_http,
            credentials=Credentials(self.headers, self.bearer_token_file),
            uses=None if self.uses is None else tuple(self.uses),
            ignore_key_ops=self.ignore_key_ops,
        )

    def __post_init__(self) -> None:
        """Refuse times that are none."""
        for name in ("every", "cooldown", "max_stale", "timeout"):
            seconds = getattr(self, name)
            if not (isfinite(seconds) and seconds > 0):
                raise ValueError(f"{name} must be a number of seconds above 0, not {seconds!r}")
