"""`jwtfast check`: what is wrong with a file, what its sources have, what it would answer."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from jwtfast_server.config import Settings
from jwtfast_server.console import FILE, as_json_option, fail, json_text, or_problems, parsed_by
from jwtfast_server.console import reader as reader_of
from jwtfast_server.expanded import expanded_text
from jwtfast_server.rehearsal import Rehearsal
from jwtfast_server.report import summary, summary_record
from jwtfast_server.route_answers import answer_text, route_answers
from jwtfast_server.source_answers import source_records, source_text
from jwtfast_server.token_answer import header_of, request_headers, token_record, token_text

__all__ = ["check"]

_FAILED = 2


@click.command()
@click.argument("file", type=FILE)
@click.option(
    "--route", "asked", nargs=2, multiple=True, metavar="METHOD URL", help="Say what decides on it."
)
@click.option("--expand", is_flag=True, help="Print the file with its presets written out.")
@click.option("--fetch", is_flag=True, help="Ask each remote source of keys once.")
@click.option("--token", metavar="TOKEN|-", help="Say what is answered to it; - is standard input.")
@click.option("--policy", metavar="NAME", help="The policy for --token; default: what routes pick.")
@click.option(
    "--header",
    "headers",
    multiple=True,
    metavar="'NAME: VALUE'",
    callback=parsed_by(lambda texts: [header_of(text) for text in texts]),
    help="One more header of the request with --token.",
)
@as_json_option
def check(
    file: Path,
    asked: Sequence[tuple[str, str]],
    *,
    expand: bool,
    fetch: bool,
    token: str | None,
    as_json: bool,
    **request: Any,  # noqa: ANN401 - click's
) -> None:
    """Say everything that is wrong with FILE, or that it is good."""
    if token is None and (request["policy"] or request["headers"]):
        fail("--policy and --header belong to --token")
    if expand and (token is not None or fetch or asked):
        fail("--expand stands alone")
    settings = or_problems(reader_of(file, {}), as_json=as_json)
    if expand:
        _expand(file)
        return
    if token is not None:
        _answer(settings, token, asked, as_json=as_json, **request)
    if fetch:
        _fetch(settings, as_json=as_json)
    elif asked:
        answers = route_answers(settings, asked)
        click.echo(json_text(answers) if as_json else "\n".join(map(answer_text, answers)))
        sys.exit(int(any(answer["code"] for answer in answers)))
    else:
        record = summary_record(settings)
        click.echo(json_text(record) if as_json else summary(record))


def _expand(file: Path) -> None:
    """Print a good file in ordinary keys."""
    try:
        click.echo(expanded_text(file), nl=False)
    except ValueError as error:
        fail(str(error))


def _fetch(settings: Settings, *, as_json: bool) -> None:
    """Tell what each source has; the status is 2 where one of them fails."""
    with Rehearsal(settings) as rehearsal:
        records = source_records(rehearsal.asked)
    if as_json:
        click.echo(json_text({"ok": all(one["ok"] for one in records), "sources": records}))
    else:
        click.echo("\n".join(map(source_text, records)) or "no keys are fetched")
    sys.exit(0 if all(one["ok"] for one in records) else _FAILED)


def _answer(
    settings: Settings,
    token: str,
    asked: Sequence[tuple[str, str]],
    *,
    as_json: bool,
    policy: str | None,
    headers: Sequence[tuple[str, str]],
) -> None:
    """Tell what is answered to a token; the status is 1 where it does not pass."""
    if len(asked) > 1:
        fail("--token takes one --route")
    if policy is not None and policy not in settings.policies:
        fail(f"there is no policy {policy}: expected one of {', '.join(settings.policies)}")
    text = (sys.stdin.read() if token == "-" else token).strip()  # noqa: S105 - standard input
    url = asked[0] if asked else None
    try:
        given = request_headers(settings, text, url)
    except ValueError as error:
        fail(str(error))
    with Rehearsal(settings) as rehearsal:
        method = url[0] if url else "GET"
        record = token_record(rehearsal, [*given, *headers], policy, method)
        failed = [one for one in source_records(rehearsal.asked) if not one["ok"]]
    for one in failed:
        click.echo(f"note: {source_text(one)}", err=True)
    click.echo(json_text(record) if as_json else token_text(record))
    sys.exit(0 if record["status"] == 200 else 1)  # noqa: PLR2004 - as in token_record
