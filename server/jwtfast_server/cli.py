"""The commands. Exit status: 0 good, 1 the answer is no, 2 usage or configuration error."""

import sys
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

import click
import orjson

import jwtfast
from jwtfast_server import dev as development
from jwtfast_server import keygen as keys
from jwtfast_server import mint as minting
from jwtfast_server.check_command import check
from jwtfast_server.config import Place, Problem, Settings, load_fork
from jwtfast_server.config_models import ConfigFile
from jwtfast_server.console import (
    FILE,
    as_json_option,
    fail,
    json_text,
    or_problems,
    parsed_by,
    reader,
)
from jwtfast_server.report import welcome_text

__all__ = ["legacy_fork_main", "legacy_main", "main"]

_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_LEGACY_LEVELS = ("debug", "info", "warn", "error", "fatal")
_algorithm = click.Choice(jwtfast.ALGORITHMS)


class _Content(click.ParamType[bytes]):
    """A file's name on the command line, its content for the command; - is standard input."""

    name = "file"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> bytes:
        """Read it."""
        try:
            return sys.stdin.buffer.read() if value == "-" else Path(value).read_bytes()
        except OSError as error:
            self.fail(f"{value!r}: {error.strerror}", param, ctx)


_CONTENT = _Content()


_assigned: dict[str, Any] = {
    "multiple": True,
    "metavar": "NAME=VALUE",
    "callback": parsed_by(minting.assignments),
}


@click.group("jwtfast", context_settings=_CONTEXT)
@click.version_option(version("jwtfast-server"), prog_name="jwtfast")
def main() -> None:
    """May this request pass? Answers the auth subrequests of a proxy from their JWT."""


@main.command()
@click.option(
    "--config", type=FILE, default="jwtfast.yaml", envvar="JWTFAST_CONFIG", show_default=True
)
@click.option("--listen", metavar="ADDRESS", help="127.0.0.1:8080, :8080 or unix:/path.")
@click.option("--workers", metavar="N|auto", help="Processes; auto is one a core.")
@click.option(
    "--interface", metavar="auto|asgi|rsgi|wsgi", help="How granian calls the application."
)
@click.option("--log-level", metavar="LEVEL", help="debug, info, warning, error or critical.")
def serve(config: Path, log_level: str | None, **flags: str | None) -> None:
    """Serve a configuration.

    It is a jwtfast.yaml, or a file of nginx-subrequest-auth-jwt.
    """
    read = reader(config, {**flags, "log.level": log_level})
    _serve(or_problems(read), read)


main.add_command(check)


@main.command()
def schema() -> None:
    """Print the JSON Schema of jwtfast.yaml."""
    click.echo(json_text(ConfigFile.schema_document()))


@main.command()
@click.option("--algorithm", type=_algorithm, default="ES256", show_default=True)
@click.option("--kid", help="The key's id; default: its thumbprint (RFC 7638).")
@click.option("--out", type=FILE, metavar="DIR", help="Write files there, instead of printing.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
@as_json_option
def keygen(
    algorithm: str, kid: str | None, out: Path | None, *, force: bool, as_json: bool
) -> None:
    """Make a key pair, or an HMAC secret.

    The private key is PEM (PKCS#8), the public one PEM and JWKS.
    """
    key = keys.generate(algorithm, kid)
    contents = key.private | key.public
    if out is None:
        described = {"algorithm": algorithm, "kid": key.kid, **_by_stem(contents)}
        click.echo(json_text(described) if as_json else "\n".join(contents.values()).rstrip())
        return
    try:
        files = [str(path) for path in keys.write(key, out, force=force)]
    except FileExistsError as error:
        fail(f"{error} is there already: --force replaces it")
    except OSError as error:
        fail(f"{out} cannot be written: {error.strerror}")
    created = {"algorithm": algorithm, "kid": key.kid, "files": files}
    click.echo(json_text(created) if as_json else "\n".join(files))


@main.command()
@click.option("--key", type=_CONTENT, required=True, help="PEM, JWK, JWKS or HMAC secret.")
@click.option("--algorithm", type=_algorithm, help="Default: what the key is for.")
@click.option("--kid", help="The key's id, for the header.")
@click.option("--claim", "claims", **_assigned, help="JSON, or text.")
@click.option("--claims-file", type=_CONTENT, help="A JSON object; - is standard input.")
@click.option("--iss", help="Who the token is from.")
@click.option("--sub", help="Who it is about.")
@click.option("--aud", multiple=True, help="Who it is for; may be given several times.")
@click.option(
    "--expires-in",
    metavar="DURATION",
    callback=parsed_by(minting.duration),
    help="1h (the default), or -1h: expired.",
)
@click.option("--header", "headers", **_assigned, help="JSON, or text.")
def mint(
    key: bytes,
    algorithm: str | None,
    kid: str | None,
    expires_in: float | None,
    **given: Any,  # noqa: ANN401 - click's
) -> None:
    """Print a token."""
    try:
        signer = minting.signing_key(key, algorithm, kid)
        file = given["claims_file"]
        claims = {} if file is None else minting.claims_from(file)
        claims |= given["claims"] | minting.registered(given["iss"], given["sub"], given["aud"])
        click.echo(jwtfast.encode(minting.timed(claims, expires_in), signer, given["headers"]))
    except (ValueError, jwtfast.JWTError) as error:
        fail(str(error))


@main.command()
@click.option("--listen", metavar="ADDRESS", help="Default: what its jwtfast.yaml says.")
@click.option("--dir", "directory", type=FILE, default=".jwtfast-dev", show_default=True)
def dev(listen: str | None, directory: Path) -> None:
    """Make keys and tokens to try, and serve them.

    What is in the folder already stays; only the tokens are new each time.
    """
    try:
        config = development.prepare(directory)
    except ValueError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{directory} cannot be written: {error.strerror}")
    read = reader(config, {"listen": listen})
    settings = or_problems(read)
    click.echo(welcome_text(development.welcome(directory, settings)))
    _serve(settings, read)


@click.command("nginx-subrequest-auth-jwt", context_settings=_CONTEXT)
@click.option(
    "--config", type=FILE, default="config.yaml", show_default=True, help="The configuration file."
)
@click.option("--log-level", default="info", show_default=True, type=click.Choice(_LEGACY_LEVELS))
@click.option("--tls-key", help="File of the private key, for TLS.")
@click.option("--tls-cert", help="File of the certificate, for TLS.")
@click.option("--addr", default=":8443", show_default=True, help="Where to listen with TLS.")
@click.option(
    "--insecure",
    is_flag=False,
    flag_value=True,
    default=False,
    type=bool,
    metavar="",
    help="Serve plain HTTP.",
)
@click.option(
    "--insecure-addr", default=":8080", show_default=True, help="Where to listen with --insecure."
)
def legacy_main(config: Path, log_level: str, *, insecure: bool, **flags: str | None) -> None:
    """Serve a file of nginx-subrequest-auth-jwt, as that service does."""
    problems: list[Problem] = []
    if insecure:
        address, files = "insecure_addr", {}
    else:
        address, files = "addr", {"tls.key": flags["tls_key"], "tls.cert": flags["tls_cert"]}
        problems = [
            Problem(Place(f"--tls-{name}"), "must be given, or else --insecure")
            for name in ("key", "cert")
            if not flags[f"tls_{name}"]
        ]
    values = {"log.level": log_level, "listen": flags[address]} | ({} if problems else files)
    names = {"listen": f"--{address.replace('_', '-')}"}
    read = reader(config, values, names)
    _serve(or_problems(read, problems), read)


@click.command("nginx-jwt-auth", context_settings=_CONTEXT)
def legacy_fork_main() -> None:
    """Serve what nginx-jwt-auth serves, from the same variables.

    LOG_LEVEL, PORT, JWKS_URL, JWKS_PATH, COOKIE_NAME, ALLOW_NO_QUERY_REQUIREMENTS, CACERT_PATH.
    """
    _serve(or_problems(load_fork), load_fork)


def _serve(settings: Settings, read: Callable[[], Settings]) -> NoReturn:
    # The other commands need no granian, and start faster without it.
    from jwtfast_server import launch  # noqa: PLC0415

    sys.exit(launch.serve(settings, read))


def _by_stem(files: Mapping[str, str]) -> dict[str, Any]:
    """The contents of files by name without its ending; those in JSON as what they hold."""
    return {
        Path(name).stem: orjson.loads(text) if name.endswith(".json") else text
        for name, text in files.items()
    }
