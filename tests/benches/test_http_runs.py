"""Several runs are one result, and none of them is lost."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from benches.http.__main__ import main
from benches.http.contenders import STANDARD
from benches.http.joined import JoinError, joined, middle
from benches.http.machine import cpu_seconds, digest, ticks_of, tree, versions
from benches.http.plan import Cell, Options, Setup
from benches.http.report import method
from benches.http.rows import Row
from benches.http.runs import keep, read
from tests.processes import Process, until

MEMORY = {"token_bytes": 600, "tokens": 9, "without": 1, "limited": 2, "roomy": 3, "kept": 9}


def row(name: str, rate: float, *problems: str) -> dict[str, Any]:
    """What is kept of a row whose figures all follow from its rate."""
    [contender] = [one for one in STANDARD if one.name == name]
    figures = [1 / rate], [2 / rate], [0.9], [3 / rate]
    return Row(
        Cell("warm", Setup(contender, "RS256")), [rate, rate], *figures, problems=[*problems]
    ).record()


def run(rate: float, when: str = "2026-01-02T03:04:05+00:00", *problems: str) -> dict[str, Any]:
    """What is kept of a run with two rows, one of them of so many answers a second."""
    machine = {"processor": "one", "cores": 2, "kernel": "6", "python": "3.11"}
    return {
        "command": "python -m benches.http",
        "machine": {**machine, "when": when, "load_before": 0.1},
        "versions": {"granian": "2"},
        "method": method(Options()),
        "whole": False,
        "library": {"RS256": {"jwtfast": 1 / rate, "oxyjwt": 2 / rate}, "raw": {"RS256": 1e-5}},
        "verdict": 1 / rate,
        "rows": [row("jwtfast wsgi", rate, *problems), row("bare granian wsgi", 100.0)],
        "memory": {**MEMORY, "roomy": int(rate), "problems": []},
    }


def test_each_figure_is_the_median_of_the_runs() -> None:
    """A run that was disturbed changes the spread alone."""
    found = joined([run(100.0), run(10.0), run(80.0)])
    [ours, bare] = found["rows"]
    assert (ours["rate"], ours["p50"], ours["p99"]) == pytest.approx((80, 1 / 80, 2 / 80))
    assert (ours["cpu_us"], ours["busy"]) == pytest.approx((3 / 80, 0.9))
    assert ours["spread"] == pytest.approx(90 / 80)
    assert (ours["rates"], bare["spread"]) == ([100, 10, 80], 0)
    assert found["verdict"] == pytest.approx(1 / 80)
    assert found["library"]["RS256"] == pytest.approx({"jwtfast": 1 / 80, "oxyjwt": 2 / 80})
    assert found["memory"] == {**MEMORY, "roomy": 80, "problems": []}
    assert len(found["runs"]) == 3


def test_one_run_is_what_it_is() -> None:
    """Its spread is that of its rounds."""
    one = run(100.0)
    found = joined([one])
    assert found["rows"] == one["rows"]
    assert (found["memory"], found["verdict"]) == (one["memory"], one["verdict"])


def test_what_was_wrong_in_one_run_has_no_figures() -> None:
    """However fast it was in the others."""
    again = run(90.0, "2026-01-02T03:20:00+00:00", "a stranger's signature got 200")
    [ours, bare] = joined([run(100.0), again])["rows"]
    assert (ours["rate"], ours["p99"], ours["spread"], ours["cpu_us"]) == (None,) * 4
    assert ours["problems"] == ["a stranger's signature got 200"]
    assert bare["rate"] == 100


def test_what_one_run_has_not_measured_has_no_median() -> None:
    """Two do not stand for three."""
    assert middle([1.0, None, 3.0]) is None
    assert middle([]) is None
    other = run(100.0) | {"memory": None, "verdict": None, "library": None}
    found = joined([run(100.0), other])
    assert (found["memory"], found["verdict"]) == (None, None)
    assert not any(found["library"].values())


def test_runs_of_different_things_are_not_joined() -> None:
    """Another machine, other versions, other seconds or other cells."""
    one = run(100.0)
    elsewhere = [one["rows"][0] | {"connections": 16}, one["rows"][1]]
    for change in (
        {"machine": one["machine"] | {"cores": 4}},
        {"versions": {"granian": "3"}},
        {"method": method(Options(seconds=9))},
        {"rows": one["rows"][:1]},
        {"rows": elsewhere},
    ):
        with pytest.raises(JoinError):
            joined([one, one | change])


def test_runs_that_were_kept_are_joined_by_the_command(tmp_path: Path) -> None:
    """From a directory and from files, in the order in which they were made."""
    whens = [f"2026-01-02T03:{minute}:05+00:00" for minute in (30, 10, 20)]
    runs = [run(rate, when) for rate, when in zip((100.0, 10.0, 80.0), whens, strict=True)]
    first = keep(runs[0], tmp_path / "first")
    others = [keep(one, tmp_path / "others") for one in runs[1:]]
    assert len({first, *others}) == 3
    assert read([first, tmp_path / "others"]) == [runs[1], runs[2], runs[0]]

    given = ["--join", str(first), "--join", str(tmp_path / "others"), "--out", str(tmp_path)]
    ended = CliRunner().invoke(main, given, catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    content = json.loads((tmp_path / "http.json").read_text())
    assert [one["when"] for one in content["runs"]] == sorted(whens)
    assert content["rows"][0]["rate"] == 80
    assert "0.80 (0.10 to 1.00)" in ended.output
    assert ": medians of 3 runs." in (tmp_path / "http.md").read_text()


def test_there_must_be_something_to_join(tmp_path: Path) -> None:
    """And it must be of one kind; the command says so, and writes nothing."""
    out = tmp_path / "out"
    kept = [keep(run(100.0), tmp_path / "a"), keep(run(100.0) | {"versions": {}}, tmp_path / "b")]
    (tmp_path / "none").mkdir()
    for paths, status in (([tmp_path / "none"], 2), (kept, 1)):
        given = [word for path in paths for word in ("--join", str(path))]
        ended = CliRunner().invoke(main, [*given, "--out", str(out)])
        assert (ended.exit_code, "Error: " in ended.output) == (status, True)
    assert not out.exists()


def test_a_peer_of_your_own_is_started_anew_for_each_run() -> None:
    """Its tokens would not be new in the second one."""
    ended = CliRunner().invoke(main, ["--runs", "2", "--peer", "go=http://127.0.0.1:1/validate"])
    assert ended.exit_code == 2
    assert "before each run" in ended.output


def test_another_build_is_another_version(tmp_path: Path) -> None:
    """So that runs before and after a change are not taken for runs of the same thing."""
    for name in ("a.py", "b.so", "c.txt"):
        (tmp_path / name).write_text(name)
    first = digest([tmp_path])
    (tmp_path / "c.txt").write_text("not a module")
    assert digest([tmp_path]) == first == digest([tmp_path])
    (tmp_path / "b.so").write_text("B.so")
    assert digest([tmp_path]) != first
    assert versions()["build"] != first


def test_a_process_is_named_as_it_likes() -> None:
    """Brackets and spaces in its name move no figure."""
    numbers = " ".join(str(number) for number in range(3, 53))
    assert ticks_of(f"7 (python) S {numbers.removeprefix('3 ')}") == 14 + 15
    assert ticks_of(f"7 (a) R 1 (b) S {numbers.removeprefix('3 ')}") == 14 + 15


SPIN = """
import sys, time, threading
def work():
    while time.thread_time() < 0.2: pass
threads = [threading.Thread(target=work) for _ in range(2)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print("done", flush=True)
sys.stdin.read()
"""
PARENT = f"""
import subprocess, sys
subprocess.Popen([sys.executable, "-c", {SPIN!r}], stdin=subprocess.PIPE).wait()
"""


def test_the_cpu_time_of_a_server_is_that_of_all_its_processes(tmp_path: Path) -> None:
    """Of their threads too, those that have ended among them; of one that is gone, none."""
    process = Process([sys.executable, "-c", PARENT], tmp_path)
    pid = process.popen.pid
    try:
        until(lambda: b"done" in process.output, "the child worked")
        [child] = process.workers
        assert tree(pid) == [pid, child]
        # Ten milliseconds are one tick.
        assert 0.4 - 0.02 <= cpu_seconds(child) <= cpu_seconds(pid)
    finally:
        process.stop()
    assert tree(pid) == []
    assert cpu_seconds(pid) == 0
