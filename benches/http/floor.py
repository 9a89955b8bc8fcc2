"""What no service on granian can go below where every token is new.

An answer to a new token takes at least what the bare server takes for an answer, and what the bare
signature takes in the same cryptographic library. Their sum is the floor: it has no HTTP headers
read for a token, no claim looked at and nothing remembered.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from benches.http.rows import figure
from benches.tables import Table

__all__ = ["Floor", "floors", "table"]

_CONNECTIONS: Final = 64
_BARE: Final = "bare granian wsgi"
_OURS: Final = "jwtfast wsgi"
_ENVOY: Final = "envoy"

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Floor:
    """The times of one answer, in seconds; None where that was not measured."""

    algorithm: str
    bare: float | None
    """Of the bare server, which checks nothing."""
    signature: float | None
    """Of the bare check of a signature."""
    ours: float | None
    envoy: float | None

    @property
    def floor(self) -> float | None:
        """The two that cannot be avoided."""
        return self.bare + self.signature if self.bare and self.signature else None

    @property
    def above(self) -> float | None:
        """Ours over the floor: 1 is the best there can be."""
        return self.ours / self.floor if self.ours and self.floor else None

    @property
    def best(self) -> float | None:
        """How many times Envoy's rate the floor is: the best ratio there can be."""
        return self.envoy / self.floor if self.envoy and self.floor else None

    def record(self) -> dict[str, Any]:
        """What the results keep of it."""
        return asdict(self) | {"floor": self.floor, "above": self.above, "best": self.best}


def _time(rows: Sequence[Record], group: str, contender: str, **wanted: str) -> float | None:
    """The seconds of one answer."""
    where = {"group": group, "contender": contender, "connections": _CONNECTIONS, **wanted}
    rate = figure(rows, "rate", where)
    return 1 / rate if rate else None


def floors(rows: Sequence[Record], library: Record | None) -> list[Floor]:
    """One for each algorithm that new tokens were measured with.

    Args:
        rows: `Row.record` of each.
        library: see `library.read`.
    """
    raw = (library or {}).get("raw", {})
    # Who looks at no token is as fast with any of them, and measured with one alone.
    bare = _time(rows, "warm", _BARE)
    return [
        Floor(
            algorithm,
            bare,
            raw.get(algorithm),
            _time(rows, "new", _OURS, algorithm=algorithm),
            _time(rows, "new", _ENVOY, algorithm=algorithm),
        )
        for algorithm in dict.fromkeys(row["algorithm"] for row in rows if row["group"] == "new")
    ]


def table(found: Sequence[Floor]) -> Table:
    """In microseconds an answer, one core, 64 connections."""
    head = ["every token new", "bare granian us", "signature us", "floor us", "jwtfast us"]
    head += ["Envoy us", "jwtfast over floor", "Envoy over floor: the best ratio"]
    return [head, *([one.algorithm, *_cells(one)] for one in found)]


def _cells(one: Floor) -> Iterator[str]:
    for seconds in (one.bare, one.signature, one.floor, one.ours, one.envoy):
        yield "-" if seconds is None else f"{seconds * 1e6:.1f}"
    for ratio in (one.above, one.best):
        yield "-" if ratio is None else f"{ratio:.2f}x"
