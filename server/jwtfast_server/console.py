"""What the commands share: how a file is read, and how what is wrong with it is told."""

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import click
import orjson

from jwtfast_server.config import Problem, Settings, SettingsError, load
from jwtfast_server.report import problem_record

__all__ = ["FILE", "as_json_option", "fail", "json_text", "or_problems", "parsed_by", "reader"]

_USAGE_ERROR = 2
FILE = click.Path(path_type=Path)
as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def parsed_by(parse: Callable[[Any], Any]) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """A click callback: what cannot be parsed is a usage error at its option."""

    def callback(_context: click.Context, _parameter: click.Parameter, value: Any) -> Any:  # noqa: ANN401
        try:
            return None if value is None else parse(value)
        except ValueError as error:
            raise click.BadParameter(str(error)) from None

    return callback


def reader(
    path: Path, flags: Mapping[str, object], names: Mapping[str, str] | None = None
) -> Callable[[], Settings]:
    """What reads the settings in a file, as often as it is called."""
    return partial(load, path, overrides=flags, flags=names)


def or_problems(
    read: Callable[[], Settings], problems: Sequence[Problem] = (), *, as_json: bool = False
) -> Settings:
    """The settings; or all their problems, and the end."""
    found = list(problems)
    try:
        settings = read()
    except SettingsError as error:
        found += error.problems
    if found:
        end_with(found, as_json=as_json)
    for note in settings.notes if not as_json else ():
        click.echo(f"note: {note}", err=True)
    return settings


def end_with(problems: Sequence[Problem], *, as_json: bool = False) -> NoReturn:
    """Tell problems, and end."""
    if as_json:
        records = [problem_record(problem) for problem in problems]
        click.echo(json_text({"ok": False, "problems": records}))
    else:
        click.echo("\n".join(map(str, problems)), err=True)
    sys.exit(_USAGE_ERROR)


def fail(message: str) -> NoReturn:
    """Tell the one thing that is wrong, and end."""
    click.echo(f"error: {message}", err=True)
    sys.exit(_USAGE_ERROR)


def json_text(value: object) -> str:
    """JSON to read."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
