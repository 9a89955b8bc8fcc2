"""The values of the configuration: durations, sizes, names, and what their errors say."""

import math
import re
from dataclasses import dataclass
from typing import Annotated, Any, TypeGuard, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

__all__ = [
    "AnyNumber",
    "Duration",
    "FileName",
    "HeaderName",
    "Name",
    "OneOrMore",
    "Section",
    "Size",
    "Text",
    "duration_text",
    "expected",
    "is_file_name",
    "seconds_of",
]

_DURATION = re.compile(
    r"(?:(?P<d>\d+)d)?(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m)?(?:(?P<s>\d+(?:\.\d+)?)s)?(?:(?P<ms>\d+)ms)?",
    re.ASCII,
)
_SECONDS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_SIZE = re.compile(r"(?P<number>\d+)(?P<unit>|B|kB|KB|MB|GB|KiB|MiB|GiB)", re.ASCII)
_BYTES = {"": 1, "B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9}
_BYTES |= {"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_LONGEST_PATH = 1024


class Section(BaseModel):
    """A mapping of the configuration: frozen, and without room for unknown keys."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_by_name=True,
        validate_by_alias=True,
        # A stray traceback must not show what may be a secret.
        hide_input_in_errors=True,
        ser_json_bytes="base64",
        val_json_bytes="base64",
    )


def expected(what: str) -> PydanticCustomError:
    """The error of a value that is not `what`; the value found is added where it is told."""
    return PydanticCustomError("expected", "expected {what}", {"what": what})


def is_file_name(value: object) -> TypeGuard[str]:
    """Whether a text can be a path: the content of a PEM file, given by mistake, cannot."""
    return isinstance(value, str) and value.isprintable() and 0 < len(value) <= _LONGEST_PATH


def _file_name(value: str) -> str:
    if not is_file_name(value):
        raise expected("the name of a file")
    return value


FileName = Annotated[str, AfterValidator(_file_name)]
"""The path of a file."""
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
"""What an issuer or a policy is called."""
HeaderName = Annotated[str, Field(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$")]
"""A token of HTTP (RFC 9110 section 5.6.2): what a header or a cookie is called."""
Text = Annotated[str, Field(min_length=1, max_length=2048)]
"""Text that is not empty."""


def seconds_of(value: object) -> float | None:
    """The seconds in a number, or in a text such as `30s` or `1h30m`; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return float(value) if math.isfinite(value) and value >= 0 else None
    if not isinstance(value, str):
        return None
    if _NUMBER.fullmatch(value):
        return float(value)
    match = _DURATION.fullmatch(value)
    if match is None or not value:
        return None
    parts = match.groupdict(default="0")
    return sum(float(parts[unit]) * factor for unit, factor in _SECONDS.items())


def duration_text(seconds: float) -> str:
    """A duration in the largest unit that says it in whole numbers."""
    for unit in ("d", "h", "m"):
        if seconds and seconds % _SECONDS[unit] == 0:
            return f"{seconds / _SECONDS[unit]:.0f}{unit}"
    return f"{seconds:g}s"


@dataclass(frozen=True)
class Duration:
    """Marks a float as seconds that may be written as a duration, between two bounds."""

    at_most: float
    at_least: float = 0.0

    def parse(self, value: object) -> float:
        """Seconds within the bounds, or the error that says what they are."""
        seconds = seconds_of(value)
        if seconds is None:
            what = f"a duration of at most {duration_text(self.at_most)}, such as 30s, 5m or 1h30m"
            raise expected(what)
        if seconds > self.at_most:
            raise expected(f"a duration of at most {duration_text(self.at_most)}")
        if seconds < self.at_least:
            raise expected(f"a duration of at least {duration_text(self.at_least)}")
        return seconds

    def __get_pydantic_core_schema__(
        self, _source: type[Any], _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Validate by `parse`."""
        return core_schema.no_info_plain_validator_function(self.parse)

    def __get_pydantic_json_schema__(
        self, _schema: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Seconds, or a text with units."""
        pattern = r"^(\d+(\.\d+)?|(\d+d)?(\d+h)?(\d+m)?(\d+(\.\d+)?s)?(\d+ms)?)$"
        number = {"type": "number", "minimum": self.at_least, "maximum": self.at_most}
        text = {"type": "string", "pattern": pattern, "minLength": 1}
        return {"anyOf": [text, number], "x-kind": "a duration"}


@dataclass(frozen=True)
class Size:
    """Marks an int as bytes that may be written as `64MiB`, between two bounds."""

    at_most: int
    at_least: int = 0

    def parse(self, value: object) -> int:
        """Bytes within the bounds, or the error that says what they are."""
        match = _SIZE.fullmatch(value) if isinstance(value, str) else None
        if match:
            size = int(match["number"]) * _BYTES[match["unit"]]
        elif isinstance(value, int) and not isinstance(value, bool):
            size = value
        else:
            raise expected("a number of bytes, such as 16384, 16KiB or 64MiB")
        if not self.at_least <= size <= self.at_most:
            raise expected(f"a number of bytes from {self.at_least} to {self.at_most}")
        return size

    def __get_pydantic_core_schema__(
        self, _source: type[Any], _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Validate by `parse`."""
        return core_schema.no_info_plain_validator_function(self.parse)

    def __get_pydantic_json_schema__(
        self, _schema: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Bytes, or a text with a unit."""
        text = {"type": "string", "pattern": r"^\d+(B|kB|KB|MB|GB|KiB|MiB|GiB)?$"}
        number = {"type": "integer", "minimum": self.at_least, "maximum": self.at_most}
        return {"anyOf": [text, number], "x-kind": "a size"}


class _OneOrMore:
    """Lets one item stand without its list."""

    def __get_pydantic_core_schema__(
        self, source: type[Any], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Put it into a list."""
        return core_schema.no_info_before_validator_function(self._listed, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """An item, or a list of them."""
        listed = handler(schema)
        return {"anyOf": [listed["items"], listed]}

    @staticmethod
    def _listed(value: object) -> object:
        return [value] if isinstance(value, str | dict) else value


Item = TypeVar("Item")
OneOrMore = Annotated[tuple[Item, ...], Field(min_length=1), _OneOrMore()]
"""A list that is not empty; one item may stand for it."""
AnyNumber = Annotated[tuple[Item, ...], _OneOrMore()]
"""A list; one item may stand for it."""
