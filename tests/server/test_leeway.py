"""How far clocks may differ: what the service takes unless it is told, and what it is told."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import orjson
import pytest

import jwtfast
from jwtfast_server.config import Settings, load, load_fork
from tests.configs import LEGACY, MINIMAL, load_text
from tests.forge import NOW, claims, compact
from tests.settings import KID, standard

DEFAULT: Final = {"exp": 0.0, "nbf": 30.0, "iat": 30.0}

FORMS: Final[list[tuple[object, Mapping[str, float]]]] = [
    ("0s", {"exp": 0, "nbf": 0, "iat": 0}),
    (0, {"exp": 0, "nbf": 0, "iat": 0}),
    ("1m", {"exp": 60, "nbf": 60, "iat": 60}),
    ({}, DEFAULT),
    ({"exp": "5s"}, {**DEFAULT, "exp": 5}),
    ({"nbf": 0}, {**DEFAULT, "nbf": 0}),
    ({"iat": "5m"}, {**DEFAULT, "iat": 300}),
    ({"exp": "1s", "nbf": "2s", "iat": "3s"}, {"exp": 1, "nbf": 2, "iat": 3}),
]
"""What may be written, and what it means."""


def of(settings: Settings) -> Mapping[str, float]:
    """What the gate is given."""
    [issuer] = orjson.loads(settings.gate_settings())["issuers"]
    found: Mapping[str, float] = issuer["leeway"]
    return found


def corp(**keys: object) -> str:
    """A configuration of one issuer with these keys."""
    whole = standard()
    [issuer] = whole["issuers"]
    return orjson.dumps({**whole, "issuers": [issuer | keys]}).decode()


@pytest.mark.parametrize("written, meant", FORMS, ids=str)
def test_forms(tmp_path: Path, written: object, meant: Mapping[str, float]) -> None:
    """One duration is for all three; in a mapping, what is not named keeps its default."""
    settings = load_text(tmp_path, corp(leeway=written))
    assert of(settings) == meant
    assert of(Settings.from_json(settings.to_json())) == meant


@pytest.mark.parametrize("cached", [False, True], ids=["not cached", "cached"])
@pytest.mark.parametrize(
    "change, code",
    [
        ({"iat": NOW + 2, "nbf": NOW + 2}, None),
        ({"iat": NOW + 30}, None),
        ({"iat": NOW + 30.001}, "token_issued_in_future"),
        ({"nbf": NOW + 30}, None),
        ({"nbf": NOW + 30.001}, "token_not_yet_valid"),
        ({"exp": NOW + 0.001}, None),
        ({"exp": NOW}, "token_expired"),
    ],
    ids=str,
)
def test_unless_told(
    tmp_path: Path, change: Mapping[str, float], code: str | None, *, cached: bool
) -> None:
    """A clock that is half a minute fast is usual; a token that has ended has ended."""
    settings = load_text(tmp_path, corp())
    cache = jwtfast.TokenCache(1 << 20) if cached else None
    gate = jwtfast.Gate(settings.gate_settings(), settings.key_sets(), cache=cache)
    token = compact("ES256", claims(**change), {"kid": KID})
    for _ in range(3):
        headers = [("authorization", f"Bearer {token}")]
        assert gate.decide(None, "GET", "", headers, now=NOW).code == code


def test_replaced_services_have_none(tmp_path: Path) -> None:
    """The drop-ins compare to the second, as the services that they replace."""
    assert of(load_text(tmp_path, LEGACY)) == {"exp": 0, "nbf": 0, "iat": 0}
    fork = load_fork({"JWKS_URL": "https://login.example.com/jwks"})
    assert of(fork) == {"exp": 0, "nbf": 0, "iat": 0}


@pytest.mark.parametrize(
    "name, value, meant",
    [
        ("LEEWAY", "10s", {"exp": 10, "nbf": 10, "iat": 10}),
        ("LEEWAY", "{exp: 10s}", {**DEFAULT, "exp": 10}),
        ("LEEWAY__IAT", "10s", {**DEFAULT, "iat": 10}),
    ],
)
def test_variables(tmp_path: Path, name: str, value: str, meant: Mapping[str, float]) -> None:
    """A variable sets all three, or one."""
    path = tmp_path / "jwtfast.yaml"
    path.write_text(MINIMAL)
    assert of(load(path, {f"JWTFAST_ISSUERS__0__{name}": value})) == meant
