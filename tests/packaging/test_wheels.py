"""Both wheels, installed into an empty environment outside the repository, work."""

import contextlib
import sys
import time
import zipfile
from email.parser import Parser
from pathlib import Path

import jwt

from tests.packaging.environment import Environment, run
from tests.processes import Process, free_port, until
from tests.wire import ask

SECRET = "a secret of thirty-two octets...."

VERIFY = """
import sys
import jwtfast

token, secret = sys.argv[1:]
verifier = jwtfast.Verifier(jwtfast.Key.from_secret(secret, algorithm="HS256"), audience="api")
print(verifier.verify(token)["sub"])
try:
    verifier.verify(token[:-4] + "AAAA")
except jwtfast.InvalidSignatureError as error:
    print(error.code)
"""

TYPED = """
from typing import assert_type
import jwtfast

assert_type(jwtfast.Key.from_secret("", algorithm="HS256").is_symmetric, bool)
assert_type(jwtfast.TokenError().code, str)
"""

CONFIG = """
issuers:
  - name: corp
    issuer: https://login.example.com
    audiences: [api]
    keys: {jwks_file: jwks.json}
policies:
  default: {issuers: [corp]}
"""


def token() -> str:
    """A token of PyJWT's making."""
    claims = {"sub": "ann", "aud": "api", "exp": int(time.time()) + 60}
    return jwt.encode(claims, SECRET, algorithm="HS256")


def answers(service: Process, address: tuple[str, int]) -> bool:
    """Whether the service is ready; a service that ended never will be."""
    assert service.popen.poll() is None, service.output.decode()
    with contextlib.suppress(OSError):
        return ask(address, target="/readyz").status == 200
    return False


def metadata(wheel: Path) -> dict[str, list[str]]:
    """The fields of a wheel's METADATA."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        message = Parser().parsestr(archive.read(name).decode())
    return {field: message.get_all(field, []) for field in message}


def names(wheel: Path) -> set[str]:
    """The files in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_library_has_no_runtime_dependency(library_wheel: Path) -> None:
    """The library comes alone; its server is an extra, of the same version."""
    fields = metadata(library_wheel)
    (version,) = fields["Version"]
    assert f"jwtfast-server=={version} ; extra == 'server'" in fields["Requires-Dist"]
    assert [line for line in fields["Requires-Dist"] if "; extra ==" not in line] == []
    assert fields["Requires-Python"] == [">=3.11"]


def test_library_brings_types_and_licence(library_wheel: Path) -> None:
    """Types marker, stub and licence are in the wheel, and nothing beside the package."""
    files = names(library_wheel)
    assert {"jwtfast/py.typed", "jwtfast/_core.pyi", "jwtfast/__init__.py"} <= files
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in files)
    assert {name.split("/")[0].split("-")[0] for name in files} == {"jwtfast"}


def test_library_verifies_in_an_empty_environment(
    library_wheel: Path, environment: Environment
) -> None:
    """The library alone verifies a token of PyJWT's, and refuses a forged one."""
    environment.install("--no-deps", library_wheel)
    assert environment.names() == {"jwtfast"}
    printed = environment.run("python", "-I", "-c", VERIFY, token(), SECRET)
    assert printed.split() == ["ann", "invalid_signature"]


def test_library_is_typed_for_its_users(library_wheel: Path, environment: Environment) -> None:
    """A type checker sees the types of the installed package, strictly."""
    environment.install("--no-deps", library_wheel)
    user = environment.folder / "user.py"
    user.write_text(TYPED)
    mypy = (sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-incremental")
    run(*mypy, "--python-executable", environment.python, user, cwd=environment.folder)


def test_server_is_pure_python_with_recipes(server_wheel: Path) -> None:
    """One wheel for every machine, with the types marker, the licence and the proxy recipes."""
    assert server_wheel.name.endswith("-py3-none-any.whl")
    files = names(server_wheel)
    assert "jwtfast_server/py.typed" in files
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in files)
    assert any(name.startswith("jwtfast_server/deploy/nginx/") for name in files)


def test_server_serves_from_an_empty_environment(
    library_wheel: Path,
    server_wheel: Path,
    wheelhouse: Path,
    environment: Environment,
    tmp_path: Path,
) -> None:
    """`jwtfast[server]` brings all that the commands need, from a new key to a first 200."""
    folders = (library_wheel.parent, server_wheel.parent, wheelhouse)
    environment.install(*(f"--find-links={folder}" for folder in folders), "jwtfast[server]")
    assert {"jwtfast", "jwtfast-server", "granian", "uvloop"} <= environment.names()
    assert "--insecure-addr" in environment.run("nginx-subrequest-auth-jwt", "--help")
    assert "JWKS_URL" in environment.run("nginx-jwt-auth", "--help")

    (environment.folder / "jwtfast.yaml").write_text(CONFIG)
    environment.run("jwtfast", "keygen", "--out", environment.folder)
    environment.run("jwtfast", "check", "jwtfast.yaml")
    claims = ("--iss", "https://login.example.com", "--aud", "api")
    good = environment.run("jwtfast", "mint", "--key", "private.pem", *claims).strip()
    address = ("127.0.0.1", free_port())
    listen = ("--workers", "1", "--listen", f"127.0.0.1:{address[1]}")
    service = Process(
        ["env", "-C", str(environment.folder), "bin/jwtfast", "serve", *listen], tmp_path
    )
    try:
        until(lambda: answers(service, address), "the service answers")
        bearer = [("Authorization", f"Bearer {good}")]
        assert ask(address, target="/validate", headers=bearer).status == 200
        assert ask(address, target="/validate").status == 401
    finally:
        assert service.stop() == 0
