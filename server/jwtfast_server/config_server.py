"""The sections of jwtfast.yaml about how the service runs, not about who may pass."""

import os
from math import ceil
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from jwtfast_server.address import Address
from jwtfast_server.values import FileName, Section, Size

__all__ = ["Cache", "Log", "Metrics", "Reload", "Tls", "Workers", "cores"]


def _workers(value: object) -> object:
    return cores() if value == "auto" else value


def _level(value: object) -> object:
    """The names that other services use for the same levels."""
    return (
        {"warn": "warning", "fatal": "critical"}.get(value, value)
        if isinstance(value, str)
        else value
    )


def cores(quota: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """The processors this process may use: its affinity, and its container's quota."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        share, period = quota.read_text().split()
        allowed = min(allowed or 1, ceil(int(share) / int(period)))
    except (OSError, ValueError):
        pass  # No quota: outside a container, or "max".
    return max(1, allowed or 1)


Workers = Annotated[
    int,
    Field(ge=1, le=1024),
    BeforeValidator(_workers),
    WithJsonSchema({"anyOf": [{"const": "auto"}, {"type": "integer", "minimum": 1}]}),
]
_LEVELS = Literal["debug", "info", "warning", "error", "critical"]
Level = Annotated[
    _LEVELS, BeforeValidator(_level, json_schema_input_type=_LEVELS | Literal["warn", "fatal"])
]


class Tls(Section):
    """A certificate chain and its key (PKCS#1, SEC1 or PKCS#8), as PEM files."""

    cert: FileName = Field(description="the file of the certificate and its chain")
    key: FileName = Field(description="the file of the private key")


class Cache(Section):
    """The store of verified tokens; 0 turns it off."""

    max_bytes: Annotated[int, Size(at_most=1 << 40)] = Field(
        64 << 20, description="how much a worker may keep"
    )


class Reload(Section):
    """Whether a changed file is served without a restart."""

    watch: bool = Field(default=True, description="watch the file; SIGHUP always reloads")
    require_end: bool = Field(
        default=False,
        description="refuse a file that does not end with a line `...`, as one that was cut off",
    )


class Metrics(Section):
    """Where `/metrics` is answered; null: beside the rest."""

    listen: Address | None = Field(None, description="an address of its own for `/metrics`")


class Log(Section):
    """What is logged, as JSON; never a token."""

    level: Level = Field("info", description="what is below it is not logged")
    decisions: Literal["none", "denied", "all"] = Field(
        "denied", description="which decisions have their line"
    )
