"""The commands. Exit status: 0 good, 1 the answer is no, 2 usage or configuration error."""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

import click
import orjson

import jwtfast
from jwtfast_server import dev as development
from jwtfast_server import keygen as keys
from jwtfast_server import mint as minting
from jwtfast_server.config import Place, Problem, Settings, SettingsError, load, load_fork
from jwtfast_server.config_models import ConfigFile
from jwtfast_server.report import problem_record, summary, summary_record, welcome_text
from jwtfast_server.route_answers import answer_text, route_answers

__all__ = ["legacy_fork_main", "legacy_main", "main"]

_USAGE_ERROR = 2
_CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
_LEGACY_LEVELS = ("debug", "info", "warn", "error", "fatal")
_FILE = click.Path(path_type=Path)
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
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


def _parsed_by(parse: Callable[[Any], Any]) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """A click callback: what cannot be parsed is a usage error at its option."""

    def callback(_context: click.Context, _parameter: click.Parameter, value: Any) -> Any:  # noqa: ANN401
        try:
            return None if value is None else parse(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return callback


_assigned: dict[str, Any] = {
    "multiple": True,
    "metavar": "NAME=VALUE",
    "callback": _parsed_by(minting.assignments),
}


@click.group("jwtfast", context_settings=_CONTEXT)
@click.version_option(version("jwtfast-server"), prog_name="jwtfast")
def main() -> None:
    """May this request pass? Answers the auth subrequests of a proxy from their JWT."""


@main.command()
@click.option(
    "--config", type=_FILE, default="jwtfast.yaml", envvar="JWTFAST_CONFIG", show_default=True
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
    read = _reader(config, {**flags, "log.level": log_level})
    _serve(_or_problems(read), read)


@main.command()
@click.argument("file", type=_FILE)
@click.option(
    "--route", "asked", nargs=2, multiple=True, metavar="METHOD URL", help="Say what decides on it."
)
@_as_json
def check(file: Path, asked: Sequence[tuple[str, str]], *, as_json: bool) -> None:
    """Say everything that is wrong with FILE, or that it is good."""
    settings = _or_problems(_reader(file, {}), as_json=as_json)
    if asked:
        answers = route_answers(settings, asked)
        click.echo(_json(answers) if as_json else "\n".join(map(answer_text, answers)))
        sys.exit(int(any(answer["code"] for answer in answers)))
    record = summary_record(settings)
    click.echo(_json(record) if as_json else summary(record))


@main.command()
def schema() -> None:
    """Print the JSON Schema of jwtfast.yaml."""
    click.echo(_json(ConfigFile.schema_document()))


@main.command()
@click.option("--algorithm", type=_algorithm, default="ES256", show_default=True)
@click.option("--kid", help="The key's id; default: its thumbprint (RFC 7638).")
@click.option("--out", type=_FILE, metavar="DIR", help="Write files there, instead of printing.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
@_as_json
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
        click.echo(_json(described) if as_json else "\n".join(contents.values()).rstrip())
        return
    try:
        files = [str(path) for path in keys.write(key, out, force=force)]
    except FileExistsError as error:
        _fail(f"{error} is there already: --force replaces it")
    except OSError as error:
        _fail(f"{out} cannot be written: {error.strerror}")
    created = {"algorithm": algorithm, "kid": key.kid, "files": files}
    click.echo(_json(created) if as_json else "\n".join(files))


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
    callback=_parsed_by(minting.duration),
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
        _fail(str(error))


@main.command()
@click.option("--listen", metavar="ADDRESS", help="Default: what its jwtfast.yaml says.")
@click.option("--dir", "directory", type=_FILE, default=".jwtfast-dev", show_default=True)
def dev(listen: str | None, directory: Path) -> None:
    """Make keys and tokens to try, and serve them.

    What is in the folder already stays; only the tokens are new each time.
    """
    try:
        config = development.prepare(directory)
    except ValueError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"{directory} cannot be written: {error.strerror}")
    read = _reader(config, {"listen": listen})
    settings = _or_problems(read)
    click.echo(welcome_text(development.welcome(directory, settings)))
    _serve(settings, read)


@click.command("nginx-subrequest-auth-jwt", context_settings=_CONTEXT)
@click.option(
    "--config", type=_FILE, default="config.yaml", show_default=True, help="The configuration file."
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
    read = _reader(config, values, names)
    _serve(_or_problems(read, problems), read)


@click.command("nginx-jwt-auth", context_settings=_CONTEXT)
def legacy_fork_main() -> None:
    """Serve what nginx-jwt-auth serves, from the same variables.

    LOG_LEVEL, PORT, JWKS_URL, JWKS_PATH, COOKIE_NAME, ALLOW_NO_QUERY_REQUIREMENTS, CACERT_PATH.
    """
    _serve(_or_problems(load_fork), load_fork)


def _reader(
    path: Path, flags: Mapping[str, object], names: Mapping[str, str] | None = None
) -> Callable[[], Settings]:
    """What reads the settings in a file, as often as it is called."""
    return partial(load, path, overrides=flags, flags=names)


def _or_problems(
    read: Callable[[], Settings], problems: Sequence[Problem] = (), *, as_json: bool = False
) -> Settings:
    """The settings; or all their problems, and the end."""
    found = list(problems)
    try:
        settings = read()
    except SettingsError as error:
        found += error.problems
    if found:
        if as_json:
            records = [problem_record(problem) for problem in found]
            click.echo(_json({"ok": False, "problems": records}))
        else:
            click.echo("\n".join(map(str, found)), err=True)
        sys.exit(_USAGE_ERROR)
    for note in settings.notes if not as_json else ():
        click.echo(f"note: {note}", err=True)
    return settings


def _serve(settings: Settings, read: Callable[[], Settings]) -> NoReturn:
    # The other commands need no granian, and start faster without it.
    from jwtfast_server import launch  # noqa: PLC0415

    sys.exit(launch.serve(settings, read))


def _fail(message: str) -> NoReturn:
    click.echo(f"error: {message}", err=True)
    sys.exit(_USAGE_ERROR)


def _by_stem(files: Mapping[str, str]) -> dict[str, Any]:
    """The contents of files by name without its ending; those in JSON as what they hold."""
    return {
        Path(name).stem: orjson.loads(text) if name.endswith(".json") else text
        for name, text in files.items()
    }


def _json(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
