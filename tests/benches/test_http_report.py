"""The tables and the verdicts, from rows that were made up."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from benches.http.contenders import STANDARD
from benches.http.floor import floors, table
from benches.http.plan import Cell, Options, Setup
from benches.http.report import markdown, method, results, text, write
from benches.http.rows import Row
from benches.http.targets import Line, judged

CONTENDERS = {contender.name: contender for contender in STANDARD}
LIBRARY = {
    "RS256": {"jwtfast": 15e-6},
    "HS256": {"jwtfast": 1e-6, "oxyjwt": 3e-6, "PyJWT": 24e-6},
    "raw": {"RS256": 13e-6},
}
MEMORY = {
    "token_bytes": 600,
    "tokens": 100_000,
    "without": 50 << 20,
    "limited": 120 << 20,
    "roomy": 150 << 20,
    "kept": 100_000,
    "problems": [],
}
ABOUT = {
    "command": "python -m benches.http",
    "machine": {"processor": "one"},
    "versions": {"granian": "2"},
    "method": method(Options()),
}


def row(name: str, rate: float, group: str = "warm", connections: int = 64) -> dict[str, Any]:
    """What a row's record is, of one round that went well."""
    tokens: Any = "new" if group == "new" else "hot"
    cell = Cell(group, Setup(CONTENDERS[name], "RS256"), tokens, connections)
    return Row(cell, [rate], [0.001], [0.002], [1.0]).record()


def wrong(name: str, problem: str) -> dict[str, Any]:
    """What a row's record is where an answer was wrong."""
    cell = Cell("warm", Setup(CONTENDERS[name], "RS256"))
    return Row(cell, [1e6], [0.001], [0.002], [1.0], problems=[problem]).record()


ROWS = [
    row("jwtfast wsgi", 960),
    row("bare granian wsgi", 1000),
    row("envoy, cache", 500),
    row("nginx return 200", 2000),
    row("jwtfast rsgi", 940),
    row("bare granian rsgi", 1000),
    row("jwtfast wsgi", 300, "new", 16),
    row("envoy", 100, "new", 16),
    row("jwtfast wsgi", 40_000, "workers") | {"cpu_us": 19.0},
    row("jwtfast wsgi", 60_000, "workers") | {"workers": 2, "cpu_us": 20.0},
]


def run(
    rows: list[dict[str, Any]],
    memory: dict[str, Any] | None = None,
    verdict: float | None = None,
    library: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """What is kept of a run, as far as it is judged and shown."""
    when = {"when": "2026-01-02T03:04:05+00:00", "load_before": 0.1}
    its = {"rows": rows, "memory": memory, "verdict": verdict, "library": library}
    return {**its, "runs": [when]}


def line(lines: list[Line], what: str) -> Line:
    """The only promise with this in its name."""
    [found] = [line for line in lines if what in line.what]
    return found


@pytest.mark.parametrize(
    "what, ratio, holds",
    [
        ("warm, 64 connections: wsgi over bare granian", 0.96, True),
        ("warm, 64 connections: rsgi over bare granian", 0.94, False),
        ("warm, 64 connections: asgi over bare granian", None, None),
        ("warm, 64 connections: wsgi over Envoy", 1.92, False),
        ("warm, 64 connections: wsgi over nginx", 0.48, False),
        ("new, RS256, 16 connections: wsgi over Envoy", 3.0, True),
        ("new, RS256, 16 connections: wsgi over the Go service", None, None),
        ("two workers over one, hot tokens, beside", 1.5, False),
        ("two workers over one, hot tokens, by CPU", 1.9, True),
        ("two workers over one, new tokens, by CPU", None, None),
        ("above raw aws-lc, RS256", 2 / 3, True),
        ("above raw aws-lc, EdDSA", None, None),
        ("HS256 over oxyjwt", 3.0, True),
        ("HS256 over PyJWT", 24.0, False),
        ("verdict from cache", 0.8, True),
        ("memory of a worker", 150 / 160, True),
        ("growth with a cache", 70 / 70.4, True),
    ],
)
def test_every_promise_is_judged(what: str, ratio: float | None, holds: bool | None) -> None:  # noqa: FBT001 - a column
    """By the ratio, and not at all where one of the two was not measured."""
    found = line(judged([run(ROWS, MEMORY, 0.2e-6, LIBRARY)]), what)
    assert found.ratio == pytest.approx(ratio)
    assert found.holds is holds


def test_a_wrong_answer_is_no_rate_to_compare_with() -> None:
    """A promise is not kept by beating somebody who answers wrong, nor by answering wrong."""
    for ours, theirs in (
        (wrong("jwtfast wsgi", "no"), row("envoy, cache", 1)),
        (row("jwtfast wsgi", 1e6), wrong("envoy, cache", "no")),
    ):
        lines = judged([run([ours, theirs, row("nginx return 200", 1)])])
        assert line(lines, "warm, 64 connections: wsgi over Envoy").holds is None


def test_a_promise_is_judged_by_the_median_of_the_runs() -> None:
    """Of the ratios within each, whatever the rates; the least and the largest are shown."""
    what = "warm, 64 connections: wsgi over bare granian"
    pairs = [(50, 100), (970, 1000), (96, 100)]
    runs = [
        run([row("jwtfast wsgi", ours), row("bare granian wsgi", theirs)]) for ours, theirs in pairs
    ]
    found = line(judged(runs), what)
    assert (found.ratio, found.least, found.most) == pytest.approx((0.96, 0.5, 0.97))
    assert (found.holds, found.shown) == (True, "0.96 (0.50 to 0.97)")
    assert found.measured == "96/s of 100/s"
    assert line(judged(runs[:1]), what).shown == "0.50"
    slow = [run([row("jwtfast wsgi", 94), row("bare granian wsgi", 100)])] * 2
    assert line(judged([*runs, *slow]), what).holds is False


def test_what_was_not_measured_in_every_run_is_not_judged() -> None:
    """Two good runs do not stand for three."""
    bare = row("bare granian wsgi", 100)
    runs = [run([row("jwtfast wsgi", 100), bare]), run([wrong("jwtfast wsgi", "no"), bare])]
    found = line(judged(runs), "warm, 64 connections: wsgi over bare granian")
    assert (found.measured, found.ratio, found.holds) == ("nothing of 100/s", None, None)
    memories = [run([], MEMORY), run([], MEMORY | {"problems": ["it answered wrong"]})]
    assert line(judged(memories), "memory of a worker").holds is None


def test_the_floor_is_the_bare_server_and_the_bare_signature() -> None:
    """With 64 connections, in microseconds; what was not measured leaves a gap."""
    rows = [
        row("bare granian wsgi", 1e6 / 20, connections=16),
        row("bare granian wsgi", 1e6 / 10),
        row("jwtfast wsgi", 1e6 / 30, "new"),
        row("envoy", 1e6 / 40, "new"),
    ]
    [one] = floors(rows, LIBRARY)
    assert (one.floor, one.above, one.best) == pytest.approx((23e-6, 30 / 23, 40 / 23))
    [cells] = table([one])[1:]
    assert cells == ["RS256", "10.0", "13.0", "23.0", "30.0", "40.0", "1.30x", "1.74x"]
    [empty] = table(floors(rows[2:3], None))[1:]
    assert empty == ["RS256", "-", "-", "-", "30.0", "-", "-", "-"]
    assert "| RS256 | 10.0 | 13.0 | 23.0 |" in markdown(ABOUT | run(rows, None, None, LIBRARY), [])


def test_tokens_that_were_not_kept_need_no_memory() -> None:
    """A cache that forgot them does not show that they are small."""
    lines = judged([run([], MEMORY | {"kept": 0})])
    assert line(lines, "memory of a worker").holds is False


def test_the_table_says_who_was_wrong_and_why() -> None:
    """In the place of a figure, and never silently left out."""
    rows = [row("jwtfast wsgi", 100), wrong("envoy", "a stranger's signature got 200")]
    shown = text(run(rows), [])
    [told] = [line for line in shown.splitlines() if line.startswith("envoy ")]
    assert "WRONG" in told
    assert "1,000,000" not in shown
    assert "envoy, RS256: a stranger's signature got 200" in shown


def test_ratios_are_of_our_default_door_under_the_same_load() -> None:
    """A rate with 16 connections is not compared with one with 64."""
    rows = [row("jwtfast wsgi", 100), row("envoy", 50), row("envoy", 75, connections=16)]
    lines = [line for line in text(run(rows), []).splitlines() if "envoy" in line]
    assert [re.findall(r"\S+x\b", line) for line in lines] == [["0.50x"], []]


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    """JSON with every row and promise, and a page with machine, versions and method."""
    its = run(ROWS, MEMORY, None, LIBRARY)
    lines = judged([its])
    found = ABOUT | its
    data, page = write(found, lines, tmp_path)

    content = json.loads(data.read_text())
    assert [one["rate"] for one in content["rows"]] == [one["rate"] for one in ROWS]
    assert [one["verdict"] for one in content["targets"]] == [one.verdict for one in lines]
    assert content == json.loads(json.dumps(results(found, lines)))
    assert page.read_text() == markdown(found, lines)
    for word in (
        "python -m benches.http",
        "processor: one",
        "granian: 2",
        "| jwtfast wsgi | RS256 |",
        "- 2026-01-02T03:04:05+00:00, load before it 0.10",
    ):
        assert word in page.read_text()
