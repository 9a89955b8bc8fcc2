"""Tokens that are no bearer's access token, in place of the services that took them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pytest

import jwtfast
from jwtfast_server.config import Settings, load, load_fork
from tests.forge import NOW, claims, compact
from tests.server.test_drop_in import public_pem

Load = Callable[[Path, Mapping[str, str]], Settings]
ALLOW: Final = {"JWTFAST_ISSUERS__0__ALLOW_BOUND": "true"}


def by_file(directory: Path, env: Mapping[str, str]) -> Settings:
    """The settings in a file of nginx-subrequest-auth-jwt that asks for one claim."""
    pem = "".join(f"      {line}" for line in public_pem().splitlines(keepends=True))
    text = f"validationKeys:\n  - type: ecPublicKey\n    key: |\n{pem}"
    (directory / "config.yaml").write_text(
        f"{text}claimsSource: static\nclaims: [{{sub: [user-1]}}]"
    )
    return load(directory / "config.yaml", env)


def by_variables(directory: Path, env: Mapping[str, str]) -> Settings:
    """The settings in the variables of nginx-jwt-auth that ask for nothing."""
    (directory / "key.pem").write_text(public_pem())
    path = str(directory / "key.pem")
    return load_fork({"JWKS_PATH": path, "ALLOW_NO_QUERY_REQUIREMENTS": "true", **env})


def status(settings: Settings, bearer: str) -> int:
    """The status of an answer, which has neither headers nor a reason in legacy mode."""
    gate = jwtfast.Gate(settings.gate_settings(), settings.key_sets())
    decision = gate.decide(None, "GET", "", [("authorization", f"Bearer {bearer}")], now=NOW)
    assert decision.headers == []
    return decision.status


TOKENS: Final = [
    (compact("ES256"), 200),
    (compact("ES256", claims(exp=...)), 200),
    (compact("ES256", header={"typ": "JWT"}), 200),
    (compact("ES256", header={"typ": "at+jwt"}), 200),
    (compact("ES256", header={"typ": "logout+jwt"}), 401),
    (compact("ES256", header={"typ": "application/SecEvent+JWT"}), 401),
    (compact("ES256", claims(cnf={"jkt": "x"})), 401),
    (compact("ES256", claims(cnf={"x5t#S256": "x"})), 401),
    (compact("ES256", claims(cnf=None)), 401),
    (compact("ES256", claims(events={"urn:example:event": {}})), 401),
    (compact("ES256", claims(exp=(NOW + 60) * 1000)), 401),
    (compact("ES256", claims(exp=(NOW - 60) * 1000)), 401),
    (compact("ES256", claims(nbf=NOW * 1000)), 401),
]


@pytest.mark.parametrize("read", [by_file, by_variables])
@pytest.mark.parametrize("token, expected", TOKENS, ids=map(str, range(len(TOKENS))))
def test_tokens(tmp_path: Path, read: Load, token: str, expected: int) -> None:
    """What is bound, of another purpose or in milliseconds is a 401; it was a 200 there."""
    assert status(read(tmp_path, {}), token) == expected


@pytest.mark.parametrize("read", [by_file, by_variables])
def test_bound_tokens_may_be_taken(tmp_path: Path, read: Load) -> None:
    """A variable of ours says so, where somebody else checks the proof."""
    settings = read(tmp_path, ALLOW)
    assert status(settings, compact("ES256", claims(cnf={"jkt": "x"}))) == 200
    assert status(settings, compact("ES256", header={"typ": "logout+jwt"})) == 401
