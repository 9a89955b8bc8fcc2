"""A secret that stands in a configuration, in its place or not, is in nothing that is printed."""

import json
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
import structlog
from click.testing import CliRunner
from pydantic import BaseModel

from jwtfast_server.cli import main
from jwtfast_server.config_revocation import RedisSet
from jwtfast_server.keysources import KeySource
from jwtfast_server.masking import KNOWN_KEYS, masked, shown_variable
from tests.configs import MINIMAL
from tests.server.watching import Watch

SECRETS: Final = {
    "as a name of a variable": "hunter22_is_a_secret_of_32_octets",
    "in capitals": "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    "no name at all": "hunter22-is-a-secret-of-32-octets",
    "base64": "hunt/r22+is/a/secret/of+32/octets",
    "an absolute path": "/hunter22/is/a/secret/of/32/octets",
    "short": "hunter22",
    "long": "hunter22" * 30,
}
KEYS: Final = MINIMAL.splitlines()[3]

# One entry of `keys`; `%s` is the secret.
SOURCES: Final = (
    "{secret_env: '%s', algorithm: HS256}",
    "{secret_env: ['%s'], algorithm: HS256}",
    "{secret_file: '%s', algorithm: HS256}",
    "{secret: '%s', algorithm: '%s'}",
    "{secret: '%s', algorithm: HS256, kid: 7}",
    "{secret: ['%s'], algorithm: HS256}",
    "{secret: '%s', pem: '%s'}",
    "{secret: '%s', algorithm: HS512, kid: '%s'}, {secret: '%s', algorithm: HS512, kid: '%s'}",
    "{pem: '%s'}",
    "{pem_file: '%s'}",
    "{jwks_file: '%s'}",
    "{jwk: '%s'}",
    "{jwk: {kty: oct, k: '%s!'}}",
    "{jwk: {kty: oct, '%s': x}}",
    "{jwks: {keys: ['%s']}}",
    "{jwks: {keys: {k: '%s'}}}",
    "{jwks_url: '%s'}",
    "{jwks_url: 'http://me:%s@login.example.com/'}",
    "{jwks_url: 'https://login.example.com/?token=%s#a'}",
    "{jwks_url: 'ftp://login.example.com/?token=%s'}",
    "{jwks_url: ['https://login.example.com/?token=%s']}",
    "{discovery: '%s'}",
    "{algorithm: '%s', pem: x}",
    "{'%s': x}",
    "{'%s'}",
    "{'%s': x, '%s': y}",
    "'%s'",
    "['%s']",
    "{allow_http: '%s', pem: x}",
    "{kid: ['%s'], pem: x}",
)
# The section `revocation.redis`.
REDIS: Final = (
    "{url: 'redis://localhost', password_env: '%s'}",
    "{url: 'redis://localhost', password_file: '%s'}",
    "{url: 'redis://me:%s@localhost', password_env: '%s'}",
    "{url: 'redis://me:%s@localhost:x'}",
    "{url: 'redis://localhost/?password=%s'}",
    "{url: '%s'}",
    "{url: ['%s']}",
    "{url: 'redis://localhost', password: '%s'}",
    "{url: 'redis://localhost', '%s': x}",
    "{url: 'redis://localhost', ca_file: '%s'}",
    "'%s'",
)
CASES: Final = [
    *(MINIMAL.replace(KEYS, f"    keys: [{source}]") for source in SOURCES),
    *(f"{MINIMAL}revocation: {{redis: {section}}}\n" for section in REDIS),
    f"{MINIMAL}tls: {{cert: '%s', key: '%s'}}\n",
    MINIMAL.replace(KEYS, "    keys: {secret: '%s'"),
    MINIMAL.replace(KEYS, "    keys: {secret: *%s}"),
    MINIMAL.replace(KEYS, "    keys: {secret: !%s x}"),
    MINIMAL.replace(KEYS, "    keys: !%s x"),
]


# What names a file that holds no secret: a short name there is one.
FILES: Final = ("pem_file", "jwks_file", "ca_file", "tls:")


def cases(kind: str) -> list[str]:
    """Return the configurations to try with a kind of secret."""
    return [text for text in CASES if kind != "short" or not any(name in text for name in FILES)]


def filled(text: str, secret: str) -> str:
    """Put a secret into each place of a text."""
    return text.replace("%s", secret)


def is_told(secret: str, output: str) -> bool:
    """Whether more of a secret is told than its beginning."""
    return secret in output or secret[: len(secret) // 2 + 1] in output or secret[5:] in output


@pytest.mark.parametrize("kind, text", [(kind, text) for kind in SECRETS for text in cases(kind)])
def test_check(tmp_path: Path, kind: str, text: str) -> None:
    """`check` says what is wrong, for people and for scripts, and at most how a secret begins."""
    secret = SECRETS[kind]
    path = tmp_path / "jwtfast.yaml"
    path.write_text(filled(text, secret))
    for options in ([], ["--json"]):
        result = CliRunner().invoke(main, ["check", str(path), *options], env={})
        assert result.output
        assert not is_told(secret, result.output), result.output


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize(
    "variable",
    [
        "ISSUERS__0__KEYS__SECRET_ENV",
        "ISSUERS__0__KEYS__SECRET_FILE",
        "ISSUERS__0__KEYS__JWKS_URL",
        "ISSUERS__0__KEYS",
        "REVOCATION__REDIS",
        "REVOCATION__REDIS__URL",
        "REVOCATION__REDIS__PASSWORD_ENV",
        "REVOCATION__REDIS__PASSWORD_FILE",
    ],
)
def test_variables(tmp_path: Path, kind: str, variable: str) -> None:
    """What came by a variable is told as little."""
    secret = SECRETS[kind]
    path = tmp_path / "jwtfast.yaml"
    path.write_text(MINIMAL)
    env = {f"JWTFAST_{variable}": secret}
    result = CliRunner().invoke(main, ["check", str(path)], env=env)
    assert result.exit_code == 2
    assert not is_told(secret, result.output), result.output


@pytest.mark.parametrize("kind", SECRETS)
def test_a_reload(tmp_path: Path, kind: str) -> None:
    """The log says of a bad reload, or of one that is held, what `check` says."""
    secret = SECRETS[kind]
    with structlog.testing.capture_logs() as lines:
        watch = Watch(tmp_path, MINIMAL)
        for text in cases(kind):
            watch.path.write_text(filled(text, secret))
            watch.wait(3)
    assert len(lines) >= len(CASES) // 2
    assert not is_told(secret, json.dumps(lines))


def test_a_good_secret(tmp_path: Path) -> None:
    """Nor does the summary of a configuration that is good, with its kid where that is one."""
    secret = SECRETS["as a name of a variable"]
    source = f"    keys: {{secret: '{secret}', algorithm: HS256, kid: '{secret}'}}"
    path = tmp_path / "jwtfast.yaml"
    path.write_text(MINIMAL.replace(KEYS, source))
    for options in ([], ["--json"]):
        result = CliRunner().invoke(main, ["check", str(path), *options], env={})
        assert result.exit_code == 0
        assert not is_told(secret, result.output)


@pytest.mark.parametrize(
    "text, expected",
    [
        ("", ""),
        ("abc", "abc"),
        ("abcd", "a... (4 characters)"),
        ("hunter22", "hu... (8 characters)"),
        ("x" * 1000, "xxxx... (1000 characters)"),
    ],
)
def test_what_is_shown(text: str, expected: str) -> None:
    """The first characters, never more than a quarter, and the length."""
    assert masked(text) == expected
    assert shown_variable("X") == "X"


def fields(model: type[BaseModel]) -> Iterator[str]:
    """The keys that a section can have."""
    for name, field in model.model_fields.items():
        yield field.alias or name
        for inner in typing.get_args(field.annotation):
            if isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from fields(inner)


def test_known_keys() -> None:
    """What is told of a section with secrets by its name are all of its keys."""
    assert {*fields(KeySource), *fields(RedisSet)} <= KNOWN_KEYS
