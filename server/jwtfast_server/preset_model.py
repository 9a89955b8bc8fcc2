"""What a preset is made of."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Keys", "Needs", "Parameter", "Preset"]

Keys = Mapping[str, Any]


@dataclass(frozen=True)
class Parameter:
    """What a user must know of his provider."""

    description: str
    pattern: str
    """What the whole value must match."""
    example: str
    required: bool = True
    instead_of: str | None = None
    """The ordinary key that may be written instead."""
    many: bool = False
    """Whether it may be a list."""


@dataclass(frozen=True)
class Needs:
    """Claims of which a policy must ask for one."""

    claims: tuple[str, ...]
    why: str
    issuer: str | None = None
    """Where that is so of one issuer of the provider only."""


@dataclass(frozen=True)
class Preset:
    """One provider."""

    title: str
    parameters: Mapping[str, Parameter]
    fixed: Keys
    """What makes it this provider: the user may not say otherwise."""
    keys: Keys
    """What holds unless the user writes it himself."""
    variants: Mapping[str, Mapping[str | None, Keys]] = field(default_factory=dict)
    """By parameter and its value (None: not given), what is laid over `fixed` or `keys`."""
    needs: Needs | None = None
    """Where its tokens are not only for us, whatever their audience."""
