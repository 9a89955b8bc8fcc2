"""What a worker needs for tokens that it remembers, and whether it keeps to its limit."""

import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

from benches.http.contenders import jwtfast
from benches.http.load import Stream
from benches.http.plan import LOAD_CORE, SERVER_CORE
from benches.http.rounds import constant
from benches.http.servers import Target, running, wrong_answers
from benches.http.tokens import pool
from tests.wire import ask

__all__ = ["LIMIT", "Memory", "measure", "resident"]

LIMIT: Final = 64 << 20
"""The cache that must not be outgrown: the default one, too small for all of the tokens."""

_ROOM: Final = 256 << 20
_TOKENS: Final = 100_000
_TOKEN_BYTES: Final = 600
_ALGORITHM: Final = "ES256"
_FEW: Final = 10_000
"""Enough where nothing is kept."""
_CONNECTIONS: Final = 64
_RESIDENT: Final = re.compile(r"^VmRSS:\s+(\d+) kB$", re.MULTILINE)


class WrongError(Exception):
    """The service answered wrong while its memory was measured."""


@dataclass(frozen=True)
class Memory:
    """Resident bytes of one worker after the same tokens, with three sizes of cache."""

    token_bytes: int
    tokens: int
    without: int
    """With no cache: what the rest of a worker needs."""
    limited: int
    """With a cache of `LIMIT`."""
    roomy: int
    """With a cache that has room for all of them."""
    kept: int
    """How many of the tokens that cache had still, when they came again."""
    problems: list[str]

    def record(self) -> dict[str, Any]:
        """What the results keep of it."""
        return asdict(self)


def resident(process: int) -> int:
    """The resident bytes of a process; of one that is gone, 0."""
    try:
        found = _RESIDENT.search(Path(f"/proc/{process}/status").read_text())
    except FileNotFoundError:
        return 0
    return int(found[1]) * 1024 if found else 0


def _hits(target: Target) -> int:
    text = ask((target.host, target.port), "GET", "/metrics").body.decode()
    found = re.findall(r"^jwtfast_cache_hits_total(?:\{[^}]*\})? (\S+)$", text, re.MULTILINE)
    return int(sum(float(value) for value in found))


def _passes(cache_bytes: int, stream: Stream, count: int) -> tuple[int, int]:
    """Send all tokens of a stream so many times.

    Returns:
        The worker's resident bytes, and how many tokens of the last pass came from the cache.
    """
    contender = jwtfast("wsgi", f"jwtfast, cache of {cache_bytes >> 20} MiB", cache_bytes)
    with running(contender, _ALGORITHM, SERVER_CORE) as target:
        assert target.process is not None
        problems = wrong_answers(target)
        hits = 0
        for _ in range(0 if problems else count):
            hits = _hits(target)
            sent = constant(target, stream, stream.count, None, _CONNECTIONS, LOAD_CORE)
            problems += sent.complaints(0)
        problems = problems or wrong_answers(target)
        if problems:
            raise WrongError(f"{contender.name}: {problems[0]}")
        # The worker is the largest of the children; the others only watch.
        largest = max(resident(child) for child in target.process.workers)
        return largest, _hits(target) - hits


def measure() -> Memory:
    """Send the tokens to three services, one after the other."""
    stream = Stream(pool(_ALGORITHM, _TOKENS, _TOKEN_BYTES), _TOKENS)
    with stream.tokens.open() as file:
        size = len(file.readline().strip())
    try:
        without, _ = _passes(0, replace(stream, count=_FEW), 1)
        limited, _ = _passes(LIMIT, stream, 1)
        roomy, kept = _passes(_ROOM, stream, 2)
    except WrongError as error:
        return Memory(size, _TOKENS, 0, 0, 0, 0, [str(error)])
    return Memory(size, _TOKENS, without, limited, roomy, min(kept, _TOKENS), [])
