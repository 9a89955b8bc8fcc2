"""Durations, sizes and addresses: every way to write them, and what is none."""

from typing import Annotated

import pytest
from pydantic import TypeAdapter, ValidationError

from jwtfast_server.values import (
    Duration,
    Size,
    duration_text,
    is_file_name,
    seconds_of,
)

SHORT: TypeAdapter[float] = TypeAdapter(Annotated[float, Duration(at_most=300, at_least=1)])
SMALL: TypeAdapter[int] = TypeAdapter(Annotated[int, Size(at_most=1 << 30, at_least=256)])


@pytest.mark.parametrize(
    "text,seconds",
    [
        ("30s", 30),
        ("5m", 300),
        ("24h", 86400),
        ("1h30m", 5400),
        ("1d12h", 129600),
        ("1.5s", 1.5),
        ("250ms", 0.25),
        ("0", 0),
        ("90", 90),
        (91, 91),
        (0.5, 0.5),
    ],
)
def test_duration(text: object, seconds: float) -> None:
    """A duration is a number of seconds, or numbers with units, largest unit first."""
    assert seconds_of(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "value",
    [
        *["", "s", "5 m", "30m1h", "-5m", "1h-5m", "٣s", "5M", "1e3"],
        *[True, -1, float("inf"), float("nan"), None, [], {}],
    ],
)
def test_no_duration(value: object) -> None:
    """Anything else is no duration: nothing is guessed."""
    assert seconds_of(value) is None


@pytest.mark.parametrize(
    "value,message",
    [
        ("10m", "expected a duration of at most 5m"),
        ("0s", "expected a duration of at least 1s"),
        ("soon", "expected a duration of at most 5m, such as 30s, 5m or 1h30m"),
    ],
)
def test_duration_bounds(value: str, message: str) -> None:
    """A duration outside its bounds is refused with the bound it passed."""
    with pytest.raises(ValidationError) as raised:
        SHORT.validate_python(value)
    assert raised.value.errors()[0]["msg"] == message


@pytest.mark.parametrize(
    "seconds,text", [(300, "5m"), (86400, "1d"), (5400, "90m"), (1.5, "1.5s"), (0, "0s")]
)
def test_duration_text(seconds: float, text: str) -> None:
    """A bound is told in the unit a person would use."""
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    "value,size",
    [("64MiB", 64 << 20), ("16KiB", 16384), ("1GB", 10**9), ("16384", 16384), (16385, 16385)],
)
def test_size(value: object, size: int) -> None:
    """A size is a number of bytes, or one with a binary or decimal unit."""
    assert SMALL.validate_python(value) == size


@pytest.mark.parametrize("value", ["64 MiB", "1.5MiB", "64mib", "", True, 16384.0, -1, 255, "2GiB"])
def test_no_size(value: object) -> None:
    """Anything else, and what is out of bounds, is refused."""
    with pytest.raises(ValidationError):
        SMALL.validate_python(value)


@pytest.mark.parametrize(
    "value,expected",
    [
        ("keys/a.pem", True),
        ("", False),
        ("-----BEGIN KEY-----\nMII", False),
        ("a\0b", False),
        ("x" * 1025, False),
        (7, False),
    ],
)
def test_file_name(value: object, expected: object) -> None:
    """The content of a file, where its name should be, is told apart and never opened."""
    assert is_file_name(value) is expected
