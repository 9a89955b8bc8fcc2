"""What each remote source of keys answered, for `jwtfast check --fetch`."""

from collections.abc import Sequence
from typing import Any

from jwtfast_server.rehearsal import Asked

__all__ = ["source_records", "source_text"]


def source_records(asked: Sequence[Asked]) -> list[dict[str, Any]]:
    """One record for each source, for `--json`."""
    return [
        {
            "issuer": one.issuer,
            "source": one.name,
            "ok": one.is_good,
            "seconds": one.status.seconds,
            "keys": [
                {"kid": key.kid, "algorithms": list(key.algorithms)}
                for key in (one.keys if one.is_good else ())
            ],
            "left_out": list(one.status.skipped),
            "error": _error(one),
        }
        for one in asked
    ]


def _error(one: Asked) -> str | None:
    if one.is_good:
        return None
    return one.status.error or "it did not answer in time"


def source_text(record: dict[str, Any]) -> str:
    """One source: a line, and one for each key and each entry that was left out."""
    took = "" if record["seconds"] is None else f" in {record['seconds'] * 1000:.0f} ms"
    kept, left_out = record["keys"], record["left_out"]
    head = f"issuer {record['issuer']}: {record['source']}"
    if not record["ok"]:
        return f"{head}: failed{took}: {record['error']}"
    lines = [f"{head}: {_number(kept, 'key')}{took}, {len(left_out)} left out"]
    lines += [f"  kid {_shown(key['kid'])}: {' '.join(key['algorithms'])}" for key in kept]
    lines += [f"  left out: {sentence}" for sentence in left_out]
    return "\n".join(lines)


def _shown(kid: str | None) -> str:
    """A kid for a terminal: whoever serves the keys chose it."""
    if kid is None:
        return "none"
    return kid if kid.isprintable() else ascii(kid)


def _number(items: Sequence[object], word: str) -> str:
    return f"{len(items)} {word}{'' if len(items) == 1 else 's'}"
