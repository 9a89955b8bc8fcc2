"""What the bench of granian's settings changes, plans and concludes."""

import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from granian.constants import RuntimeModes
from granian.http import HTTP1Settings

from benches.http.servers import wrong_answers
from benches.knobs import __main__ as command
from benches.knobs.measure import Row, run, serving, settings_of
from benches.knobs.plan import (
    DOORS,
    KNOBS,
    NEW,
    QUICK,
    Door,
    Level,
    Options,
    Variant,
    turns,
    variants,
)
from benches.knobs.report import Found, markdown, method, results, text
from benches.knobs.server import TYPES, changed, told
from benches.knobs.verdict import beside, judged
from tests.proxies.proxy import found

HAS = {knob.name: knob.values[0] for knob in KNOBS} | {"backpressure": 16_384}
LOADS = (Level(16), Level(64))
BACKLOG = Variant("wsgi", (("backlog", 1024),))
HTTP_1 = Variant("wsgi", (("http", "1"),))


def row(variant: Variant, *factors: float, p99: float = 0.002, rounds: int = 3) -> Row:
    """A row whose rates are 1000 times the factor of each load, the rounds ever slower."""
    kept = Row(variant)
    for level, factor in zip(LOADS, factors, strict=True):
        for number in range(rounds):
            kept.add(level, 1000 * factor / (number + 1), p99)
    return kept


def base_and_again(again: float = 1.0) -> list[Row]:
    """`serve` as it is, twice."""
    return [row(Variant("wsgi"), 1, 1), row(Variant("wsgi", again=True), again, 1)]


def test_only_what_is_named_is_changed() -> None:
    """By itself, or inside a group of settings; what `serve` gave stays as it was."""
    given: dict[str, Any] = {"backlog": 4096, "http1_settings": HTTP1Settings(5000), "uds": None}
    options = changed(
        given, {"http1_settings.pipeline_flush": True, "runtime_mode": "st", "backlog": 128}
    )
    assert options == {
        "backlog": 128,
        "http1_settings": HTTP1Settings(5000, pipeline_flush=True),
        "runtime_mode": RuntimeModes.st,
        "uds": None,
    }
    assert given["backlog"] == 4096
    assert given["http1_settings"] == HTTP1Settings(5000)


def test_a_setting_that_is_not_known_is_not_ignored() -> None:
    """A misspelt one would be measured as what it is not."""
    with pytest.raises(KeyError, match="backlogs"):
        changed({}, {"backlogs": 1})


def test_every_planned_setting_can_be_changed() -> None:
    """To each of its values, as granian's own type."""
    for knob in KNOBS:
        assert [TYPES[knob.name](value) for value in knob.values]
        assert len(set(knob.values)) == len(knob.values)
    assert {knob.name for knob in KNOBS} == set(TYPES)


def test_what_a_server_has_is_found_among_its_output() -> None:
    """Whatever else it wrote; a server that says nothing has nothing."""
    output = b'{"event": "listening"}\ngranian has {"backlog": 7, "http": "1"}\n'
    assert told(output) == {"backlog": 7, "http": "1"}
    assert told(b"granian is silent\n") == {}


@pytest.mark.parametrize("door", DOORS)
def test_one_setting_is_changed_at_a_time(door: Door) -> None:
    """To a value that `serve` does not have; and what nobody changed is there twice."""
    planned = variants(door, HAS, Options())
    assert len(set(planned)) == len(planned)
    assert planned[0] == Variant(door)
    assert [one.again for one in planned].count(True) == 1
    alone = [one for one in planned[1:] if not one.again]
    assert all(len(one.changes) == 1 for one in alone)
    assert all(HAS[name] != value for one in alone for name, value in one.changes)
    names = {name for one in alone for name in one.settings}
    expected = {knob.name for knob in KNOBS if door in knob.doors}
    # With a newer Python there is but one.
    assert names | {"task_impl"} == expected | {"task_impl"}


def test_what_serve_takes_over_is_tried_no_more() -> None:
    """The former default is tried in its place."""
    has = HAS | {"runtime_mode": "st", "http": "1"}
    options = Options(knobs=["runtime_mode", "http"])
    tried = [dict(one.changes) for one in variants("wsgi", has, options) if one.changes]
    assert tried == [{"runtime_mode": "mt"}, {"http": "auto"}]


def test_new_connections_are_for_what_has_to_do_with_them() -> None:
    """And for what that is compared with; a quick run has none."""
    planned = variants("wsgi", HAS, Options(knobs=["backlog", "loop", "runtime_mode"]))
    names = [one.name for one in planned if NEW in one.levels(Options())]
    assert names == ["as it is", "as it is, again", "backlog 4096"]
    assert not any(NEW in one.levels(QUICK) for one in planned)


def test_every_round_has_everyone_once() -> None:
    """One door after the other, each round in another order."""
    planned = [one for door in DOORS[:2] for one in variants(door, HAS, Options())]
    orders = [turns(planned, number) for number in range(4)]
    assert all(len(order) == len(planned) and set(order) == set(planned) for order in orders)
    assert len({tuple(order) for order in orders}) == len(orders)
    for order in orders:
        doors = [one.door for one in order]
        assert sum(one != other for one, other in pairwise(doors)) == 1
    # The later ones are the earlier ones of the next round.
    assert [order[0].door for order in orders] == ["wsgi", "asgi"] * 2
    assert turns([], 1) == []


def test_a_ratio_is_of_one_round() -> None:
    """A machine that gets slower changes the rates and their spread, and no ratio."""
    first, second = beside(row(BACKLOG, 1.5, 0.5), row(Variant("wsgi"), 1, 1)).values()
    assert first.ratios == pytest.approx((1.5,) * 3)
    assert second.ratios == pytest.approx((0.5,) * 3)
    assert (first.rate, first.p99, first.p99_ratio) == (750, 0.002, 1)
    assert first.spread == pytest.approx((1500 - 500) / 750)


def test_what_was_wrong_once_has_no_figures() -> None:
    """Neither alone nor where everything is compared with it."""
    good, wrong = row(Variant("wsgi"), 1, 1), row(BACKLOG, 2, 2)
    assert beside(wrong, good)
    wrong.problems.append("a stranger's signature got 200")
    assert beside(wrong, good) == beside(good, wrong) == {}


@pytest.mark.parametrize(
    "rows, taken",
    [
        ([], ()),
        ([row(BACKLOG, 1.1, 1.1)], (("backlog", 1024),)),
        ([row(BACKLOG, 1.01, 1.01)], ()),
        ([row(BACKLOG, 1.5, 0.9)], ()),
        ([row(BACKLOG, 1.5, 0.99)], (("backlog", 1024),)),
        ([row(BACKLOG, 1.1, 1.1, p99=0.003)], ()),
        (
            [row(BACKLOG, 1.1, 1.1), row(Variant("wsgi", (("backlog", 128),)), 1.2, 1.2)],
            (("backlog", 128),),
        ),
        (
            [row(BACKLOG, 1.1, 1.1), row(HTTP_1, 1.2, 1.2)],
            (("backlog", 1024), ("http", "1")),
        ),
    ],
    ids=["none", "faster", "noise", "slower", "not slower", "late", "best of one", "both"],
)
def test_the_best_of_each_is_taken(
    rows: Sequence[Row], taken: tuple[tuple[str, object], ...]
) -> None:
    """Faster beyond the noise, slower under no load, and not at the cost of the p99."""
    assert judged("wsgi", [*base_and_again(), *rows]).taken == taken


def test_noise_is_what_differs_without_a_difference() -> None:
    """Where `serve` is 15 % from itself, 10 % more say nothing."""
    rows = [*base_and_again(0.85), row(BACKLOG, 1.1, 1.1)]
    verdict = judged("wsgi", rows)
    assert verdict.noise == pytest.approx(0.15)
    assert (verdict.taken, verdict.together) == ((), None)
    assert judged("wsgi", [*base_and_again(), row(BACKLOG, 1.1, 1.1)]).together == BACKLOG


def test_a_wrong_variant_is_never_taken() -> None:
    """However fast it is; nor is any where `serve` itself was wrong, once or again."""
    for number in range(3):
        rows = [*base_and_again(), row(BACKLOG, 2, 2)]
        rows[number].problems.append("an expired token got 200")
        assert judged("wsgi", rows).taken == ()


def test_the_page_has_every_row_and_what_was_wrong() -> None:
    """With what `serve` has and what was tried; JSON keeps the figures of each round."""
    wrong = row(HTTP_1, 1, 1)
    wrong.problems.append("an expired token got 200")
    rows = [*base_and_again(), row(BACKLOG, 1.1, 1.1), wrong]
    wsgi = Found(HAS | {"backlog": 4096}, rows, judged("wsgi", rows))
    about = {"command": "x", "machine": {}, "versions": {}, "method": method(Options())}
    page = markdown(about, [wsgi])
    assert "| backlog | 4096 | 1024 | 550 " in page
    assert "| 1.10x (1.10 to 1.10) |" in page
    assert "| http | auto | 1 | WRONG | - |" in page
    assert "- wsgi, http 1: an expired token got 200" in page
    assert "Faster by more than the noise, 2.0%: backlog 1024." in text([wsgi])
    [kept] = results(about, [wsgi])["doors"]
    assert [one["problems"] for one in kept["rows"]][2:] == [[], ["an expired token got 200"]]
    assert len(kept["rows"][2]["loads"][0]["ratios"]) == 3


def test_a_server_has_what_was_changed_and_answers() -> None:
    """The threads are there, the rest is what `serve` has, and tokens get their answers."""
    has = settings_of("wsgi")
    assert set(has) == set(TYPES)
    for threads in (1, 3):
        with serving(Variant("wsgi", (("runtime_threads", threads),))) as (target, its):
            assert its == {**has, "runtime_threads": threads}
            assert wrong_answers(target) == []
            assert target.process is not None
            [worker] = target.process.workers
            names = [task.read_text() for task in Path(f"/proc/{worker}/task").glob("*/comm")]
            assert sum(name.startswith("tokio") for name in names) == threads


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core for each side")
def test_every_round_of_every_load_is_kept() -> None:
    """Of a variant that takes and answers what it must: real servers, real wrk."""
    found("wrk", "on Debian, apt install wrk")
    options = Options(rounds=2, seconds=1, warm_up=1, connections=(4,))
    lines: list[str] = []
    [measured] = run([HTTP_1], options, lines.append)
    assert measured.problems == []
    expected = dict.fromkeys((Level(4), NEW), 2)
    assert {level: len(rates) for level, rates in measured.rates.items()} == expected
    assert {level: len(late) for level, late in measured.p99.items()} == expected
    assert all(rate > 0 for rates in measured.rates.values() for rate in rates)
    assert lines == ["round 1", "round 2"]


def test_what_granian_did_not_take_is_not_measured() -> None:
    """Here it takes 128, its least."""
    [measured] = run([Variant("wsgi", (("backlog", 1),))], Options(rounds=2), lambda _line: None)
    assert measured.problems == ["granian has backlog 128 and not 1"]
    assert measured.rates == {}


def test_the_best_of_each_is_measured_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside `serve` again, in rounds of their own, behind the doors that have any."""
    asked: list[list[Variant]] = []

    def fast(planned: Sequence[Variant], *_: object) -> list[Row]:
        asked.append(list(planned))
        better = {("http", "1"), ("backlog", 1024)}
        wsgi = [bool(better & set(one.changes)) and one.door == "wsgi" for one in planned]
        return [row(one, 1 + its, 1 + its) for one, its in zip(planned, wsgi, strict=True)]

    monkeypatch.setattr(command, "run", fast)
    monkeypatch.setattr(command, "settings_of", lambda _door: HAS | {"backlog": 4096})
    wsgi, asgi = command.measured(Options())
    assert {one.door for one in asked[0]} == {"wsgi", "asgi"}
    both = Variant("wsgi", (("http", "1"), ("backlog", 1024)))
    assert asked[1:] == [[Variant("wsgi"), both]]
    assert [one.variant for one in wsgi.together] == asked[1]
    assert (asgi.verdict.taken, asgi.together) == ((), [])


@pytest.mark.parametrize(
    "arguments, place",
    [
        ([], "whole"),
        (["--rounds", "5", "--doors", "wsgi,asgi,rsgi"], "whole"),
        (["--quick"], "part"),
        (["--doors", "wsgi"], "part"),
        (["--knobs", "http"], "part"),
        (["--connections", "64"], "part"),
    ],
)
def test_a_partial_run_never_replaces_the_results(
    arguments: list[str], place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a whole one is worth to be committed."""
    rows = base_and_again()
    monkeypatch.setattr(
        command, "measured", lambda _options: [Found(HAS, rows, judged("wsgi", rows))]
    )
    monkeypatch.setattr(command, "versions", dict)
    monkeypatch.setattr(command, "RESULTS", tmp_path / "whole")
    monkeypatch.setattr(command, "PARTIAL", tmp_path / "part")
    ended = CliRunner().invoke(command.main, arguments, catch_exceptions=False)
    assert ended.exit_code == 0
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")} == {
        f"{place}/knobs.json",
        f"{place}/knobs.md",
    }
