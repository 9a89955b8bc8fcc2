"""The profile's parts that need no valgrind: reading, grouping, the page, and the paths."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from benches.profile.__main__ import main
from benches.profile.callgrind import Costs, Function, difference, parsed
from benches.profile.groups import GROUPS, group, grouped
from benches.profile.module import COUNTS, COUNTS_IN, ROOT
from benches.profile.page import METHOD, counting, markdown, records, summary, write
from benches.profile.paths import PATHS

GATE = "jwtfast_core::gate::Gate::decide"
ABOUT: dict[str, Any] = {
    "command": "it",
    "machine": {"cores": 2},
    "versions": {},
    "method": METHOD,
    "metrics": {"instructions": 2, "without": 1, "counting": 1},
}
DUMP = f"""\
# callgrind format
version: 1
cmd:  python -m benches.profile.counted
part: 5

desc: Trigger: --dump-before=sched_get_priority_min

positions: line
events: Ir
summary: 1111

ob=/opt/jwtfast/_core.so
fl=rust/core/src/gate.rs
fn={GATE}
0 400
fi=rust/core/src/cache.rs
12 20
fe=rust/core/src/gate.rs
cob=/lib/libc.so.6
cfi=malloc.c
cfn=malloc
calls=3 0
7 90
8 3

fn=walk
9 10
cfn=walk'2
calls=1 0
9 5

fn=walk'2
9 5

ob=/lib/libc.so.6
fl=malloc.c
fn=malloc
0 90
"""


def test_a_function_is_charged_with_its_own_instructions() -> None:
    """Those of inlined lines and of its calls of itself are in it, those of what it calls not."""
    assert parsed(DUMP.splitlines(keepends=True)) == {
        Function("_core.so", GATE): 423,
        Function("_core.so", "walk"): 15,
        Function("libc.so.6", "malloc"): 90,
    }


@pytest.mark.parametrize("text", [DUMP.replace("events: Ir", "events: Ir Dr"), ""])
def test_other_counts_are_refused(text: str) -> None:
    """A file with other events, or none, is no profile."""
    with pytest.raises(ValueError, match="events"):
        parsed(text.splitlines())


def test_what_is_not_repeated_falls_out() -> None:
    """2 N requests less N: what came once is not in it, whether it was with the one or both."""
    loop, once, late = (Function("a", name) for name in ("loop", "once", "late"))
    found = difference({loop: 2010, once: 10, late: 20}, {loop: 1010, once: 10}, 10)
    assert found == {loop: 100, late: 2}


@pytest.mark.parametrize(
    "file, name, expected",
    [
        ("_core.so", "aws_lc_0_47_0_bn_sqr8x_internal", "signature (aws-lc)"),
        ("_core.so", "__ecp_nistz256_mul_montq", "signature (aws-lc)"),
        ("_core.so", "Ledwards25519_scalarmuldouble_alt_epadd", "signature (aws-lc)"),
        ("_core.so", "bn_cmp_words_consttime", "signature (aws-lc)"),
        ("_core.so", "jwtfast_core::cache::recent::Recent::find", "cache"),
        ("_core.so", "jwtfast_core::verifier::Verifier::verify_cached", "cache"),
        ("_core.so", "jwtfast_core::verifier::Verifier::verify", "gate, token, key"),
        ("_core.so", "jwtfast_core::json::value::Value::get", "json"),
        ("_core.so", "_core::json::build", "json"),
        ("_core.so", "jwtfast_core::rule::Rule::verdict", "claims, rules"),
        ("_core.so", "jwtfast_core::identity::Identity::headers", "identity, answer"),
        (
            "_core.so",
            "core::ptr::drop_in_place<jwtfast_core::decision::Decision>",
            "identity, answer",
        ),
        ("_core.so", GATE, "gate, token, key"),
        ("_core.so", "_core::gate::Gate::__pymethod_decide__", "binding"),
        ("_core.so", "pyo3::impl_::trampoline::trampoline", "binding"),
        ("_core.so", "_core::door::wsgi::WsgiDoor::__call__", "front door"),
        ("_core.so", "<std::time::Instant>::elapsed", "clock"),
        ("_core.so", "<std::sys::pal::unix::time::Timespec>::now", "clock"),
        ("_core.so", "_core::clock::system_time", "clock"),
        ("_core.so", "memchr::arch::x86_64::memchr::memchr_raw::find_avx2", "base64, search, hash"),
        ("_core.so", "core::str::converts::from_utf8", "Rust's library"),
        ("libc.so.6", "_int_free", "malloc, free"),
        ("libc.so.6", "__memcmp_avx2_movbe", "copy, compare, fill"),
        ("libc.so.6", "clock_gettime@@GLIBC_2.17", "clock"),
        ("libpython3.11.so.1.0", "_PyObject_Free", "malloc, free"),
        ("libpython3.11.so.1.0", "free_keys_object", "Python"),
        ("python3.13", "_PyEval_EvalFrameDefault", "Python"),
        ("_granian.cpython-311-x86_64-linux-gnu.so", "0x00000000008ea730", "granian"),
        ("libpthread.so.0", "pthread_mutex_lock", "other"),
    ],
)
def test_every_function_has_its_group(file: str, name: str, expected: str) -> None:
    """By its object file and its name; what no rule knows is other."""
    assert group(Function(file, name)) == expected


def test_groups_sum_up_to_the_whole() -> None:
    """Nothing is left out and nothing counted twice."""
    costs = parsed(DUMP.splitlines())
    found = grouped(costs)
    assert found == {"gate, token, key": 423, "malloc, free": 90, "other": 15}
    assert list(found) == [name for name in GROUPS if name in found]
    assert sum(found.values()) == sum(costs.values())


def profile(**changes: Costs) -> Mapping[str, Costs]:
    """A made-up profile: 1000 of the gate in each path, 400 of Python in each baseline."""
    python = {Function("libpython3.so", "_PyEval_EvalFrameDefault"): 400.0}
    gate = {Function("_core.so", GATE): 1000.0}
    found = {path.name: python if path.baseline is None else python | gate for path in PATHS}
    return found | changes


def test_a_path_is_shown_beside_its_baseline() -> None:
    """Its total, the baseline's, and of what the difference is."""
    [head, first, *_] = summary(records(profile()))
    assert head == ["path", "instructions", "baseline", "above it", "most of it"]
    assert first[:4] == ["decide", "1,400", "400", "1,000"]
    assert first[4].startswith("gate, token, key 1,000")


def test_what_metrics_cost_is_told() -> None:
    """What a build that counts no decisions does not need, and its share of each path."""
    uncounted = {Function("_core.so", GATE): 1393.0}
    found = counting(profile()["decide"], uncounted)
    assert found == {"instructions": 1400, "without": 1393, "counting": 7}
    text = markdown(ABOUT | {"metrics": found}, records(profile()))
    assert "| decide | 1,400 | 0.50% |" in text
    assert "| call | 400 | 1.75% |" not in text


def test_where_decisions_are_counted_is_known() -> None:
    """What the second build leaves out is there, once."""
    assert (ROOT / COUNTS_IN).read_text().count(COUNTS) == 1


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    """JSON with every path and its groups, and a page with each comparison and the method."""
    rows = records(profile())
    data, page = write(ABOUT, rows, tmp_path / "results")
    content = json.loads(data.read_text())
    assert [row["name"] for row in content["paths"]] == [path.name for path in PATHS]
    assert content["paths"][1]["groups"] == {"gate, token, key": 1000, "Python": 400}
    text = page.read_text()
    assert text.count("\n## ") == sum(path.baseline is not None for path in PATHS) + 5
    assert METHOD["groups"] in text


def test_every_path_answers_right() -> None:
    """Each is run as under callgrind, and each answer was looked at before it was repeated."""
    names = [path.name for path in PATHS]
    command = [sys.executable, "-m", "benches.profile.counted", *names]
    ended = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_without_valgrind_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, before anything is built."""
    monkeypatch.setenv("PATH", os.devnull)
    monkeypatch.setattr("shutil.which", lambda *_args, **_options: None)
    ended = CliRunner().invoke(main, [])
    assert ended.exit_code == 1
    assert ended.output == ("Error: valgrind is not installed: on Debian, apt install valgrind\n")
