"""docs/capacity.md says what the results say, and the formula is right."""

import json
from dataclasses import replace
from typing import Any

import pytest

from benches.growth.measure import Timed
from benches.growth.page import FILE, PARTS, read, with_parts
from benches.growth.pods import Rates, mixed, pods, rates, scaling
from benches.growth.report import curve, duration, judged, text, write

PAGE = FILE.read_text()


def row(group: str, rate: float, **changes: object) -> dict[str, Any]:
    """A row of the HTTP comparison, as far as the page reads it."""
    return {
        "group": group,
        "contender": "jwtfast wsgi",
        "algorithm": "ES256",
        "connections": 64,
        "tokens": "hot",
        "workers": 1,
        "rate": rate,
        "p99": 0.004,
        "busy": 0.5,
        "cpu_us": 25.0,
        **changes,
    }


MACHINE = {
    "processor": "one",
    "cores": 2,
    "kernel": "6",
    "python": "3.11",
    "load_before": 0.1,
    "when": "2026-01-02T03:04:05",
}
HTTP = {
    "command": "python -m benches.http",
    "machine": MACHINE,
    "rows": [
        row("warm", 10_000, connections=16),
        row("warm", 40_000),
        row("warm", 80_000, contender="nginx return 200"),
        row("zipf", 30_000),
        row("new", 10_000),
        row("nginx", 20_000),
        row("openloop", 20_000, p99=0.001),
        row("workers", 20_000, cpu_us=18.0),
        # Fewer than 0.9 of twice as many: the load took its part.
        row("workers", 28_000, workers=2, cpu_us=20.0),
        row("workers", 5000, tokens="new", cpu_us=80.0),
    ],
    "memory": {"without": 50 << 20, "tokens": 100_000, "token_bytes": 600, "roomy": 150 << 20},
}


def points(name: str, *costs: float) -> list[Timed]:
    """A curve of four sizes."""
    return [
        Timed(name, n, one, one, 0.01) for n, one in zip((1, 10, 100, 1000), costs, strict=True)
    ]


GROWTH = {
    "command": "python -m benches.growth",
    "machine": MACHINE,
    "curves": {
        "routes": curve(
            "routes",
            "routes",
            [
                *points("paths, last", 900, 901, 902, 903),
                *points("patterns, last", 900, 2e3, 2e4, 2e5),
            ],
            bound=True,
        ),
        "size": curve("size", "bytes", points("from the cache", 350, 360, 370, 600)),
        "scrape": curve("a scrape", "policies", points("1 worker", 1e6, 2e6, 2e7, 2e8)),
    },
    "found": curve("cached tokens", "tokens", points("one of them at random", 400, 410, 500, 900)),
    "held": [{"tokens": 1000, "token_bytes": 294, "counted": 1_003_000, "resident": 900_000}],
    "full": [
        {"max_bytes": 1 << 20, "given": 9, "kept": 4, "counted": 1 << 20, "resident": size}
        for size in (1 << 20, 2 << 20)
    ],
    "hits": [
        {"popularity": "zipf", "users": 1000, "max_bytes": 1 << 20, "kept": 9, "hit_rate": 0.875}
    ],
    "workers": [{"kind": "ES256, new", "one": 1000.0, "two": 1900.0}],
}


def part(name: str, growth: dict[str, Any] = GROWTH, http: dict[str, Any] = HTTP) -> str:
    """What is written at one mark."""
    return "\n".join(PARTS[name](growth, http))


def test_the_page_has_todays_figures() -> None:
    """`python -m benches.growth --page` writes them, after a bench has run."""
    assert with_parts(PAGE, read("growth"), read("http")) == PAGE


def test_the_page_has_every_part_once() -> None:
    """What is made is shown, and no mark stays open."""
    marks = [line.split()[1].rstrip(",") for line in PAGE.splitlines() if ", by python -m" in line]
    assert sorted(marks) == sorted(PARTS)
    assert PAGE.count("<!-- end -->") == len(marks)


def test_writing_twice_is_writing_once() -> None:
    """The parts are replaced, and what is around them stays."""
    once = with_parts(PAGE, GROWTH, HTTP)
    assert once != PAGE
    assert with_parts(once, GROWTH, HTTP) == once
    assert with_parts(once, read("growth"), read("http")) == PAGE


@pytest.mark.parametrize("name", PARTS)
def test_what_was_not_measured_has_no_figures(name: str) -> None:
    """It says which command measures it; the order of what breaks is known without."""
    found = part(name, {}, {})
    assert "`make bench-" in found if name != "breaks" else found.startswith("1. ")


def test_a_mark_that_names_nothing_is_an_error() -> None:
    """Otherwise a part would stay as it is for ever."""
    with pytest.raises(KeyError):
        with_parts(PAGE.replace("<!-- pods,", "<!-- pots,"), {}, {})


def test_times_add_up_and_rates_do_not() -> None:
    """Half at 40,000 and half at 10,000 are 16,000, not 25,000."""
    assert mixed(40_000, 10_000, 0.5) == pytest.approx(16_000)
    assert mixed(40_000, 10_000, 1) == 40_000
    assert mixed(40_000, 10_000, 0) == 10_000
    assert Rates("ES256", 40_000, None, 10_000).at(0.5) == pytest.approx(16_000)
    assert Rates("ES256", 40_000, None, None).at(0.5) is None


def test_pods_are_rounded_up() -> None:
    """There is no half of a pod, and what is exact needs no other."""
    assert pods(1_000_000, 25_000, 0.5, cores=4) == 20
    assert pods(1_000_001, 25_000, 0.5, cores=4) == 21
    assert pods(1_000_000, 25_000, 0.5, cores=4, scaling=0.8) == 25


def test_rates_are_those_of_our_default_door_with_64_connections() -> None:
    """Not those of a peer, nor of fewer connections."""
    assert rates(HTTP["rows"]) == [Rates("ES256", 40_000, 30_000, 10_000)]  # type: ignore[arg-type]
    assert scaling(HTTP["rows"]) == pytest.approx(0.9)  # type: ignore[arg-type]
    assert scaling([]) is None


@pytest.mark.parametrize(
    "name, words",
    [
        ("rates", ["| one hot token | 40,000 |", "| 50% remembered, by the formula | 16,000 |"]),
        ("pods", ["gives 0.90 of", "| ES256 | hot | 40,000 | 28 | 12 | 14 |"]),
        ("pods", ["| ES256 | all new | 10,000 | 112 | 47 | 56 |"]),
        ("example", ["= 30,769 a second and core", "= 19 pods of 4 cores"]),
        ("hits", ["| 1,000 | zipf | 87.5% |"]),
        ("memory", ["| 1,000 | 1,003 bytes | 900 bytes | 0.9 MiB |", "takes 50 MiB"]),
        ("growth", ["| patterns, last | 900 ns at 1 | 200 us at 1,000 | 199 ns | no |"]),
        ("growth", ["so many times as often as one: 1.90 (ES256, new)."]),
        ("breaks", ["shortest token: from the cache, 350 ns."]),
        ("breaks", ["passes 20,000 requests a second on while jwtfast's core is 50% busy"]),
        ("breaks", ["takes 12 cores", "p99 is 4.00 ms", "half of that rate 1.00 ms", "ES256 4.0."]),
        ("breaks", ["1,000 policies and 1 worker take 200 ms", "2.00 of its limit at most"]),
        ("origin", ["`python -m benches.http` on 2026-01-02: one, 2 cores"]),
    ],
)
def test_the_parts_say_what_was_measured(name: str, words: list[str]) -> None:
    """Each figure from its own row."""
    found = part(name)
    assert [word for word in words if word not in found] == []


def test_promises_about_growth_are_judged() -> None:
    """Only bound curves, and full caches by their limit."""
    lines = {line.what: line.verdict for line in judged(GROWTH)}
    assert lines == {
        "routes: paths, last, 1 to 1,000": "holds",
        "routes: patterns, last, 1 to 1,000": "does not hold",
        "growth of a process with a full cache of 1 MiB": "does not hold",
    }
    table = text(GROWTH)
    assert "does not hold" in table
    assert "one of them at random" in table


def test_results_are_read_as_they_were_written(tmp_path: Any) -> None:  # noqa: ANN401
    """Nothing is lost on the way; what never ran is empty."""
    assert read("growth", tmp_path) == {}
    assert write(GROWTH, tmp_path / "new") == tmp_path / "new" / "growth.json"
    assert read("growth", tmp_path / "new") == json.loads(json.dumps(GROWTH))


@pytest.mark.parametrize(
    "nanoseconds, written",
    [(0.25, "0.25 ns"), (999.4, "999 ns"), (999.6, "1 us"), (2.34e6, "2.34 ms"), (5e9, "5 s")],
)
def test_durations_have_the_unit_that_fits(nanoseconds: float, written: str) -> None:
    """Three digits, never an exponent."""
    assert duration(nanoseconds) == written


def test_growth_is_judged_by_what_was_not_disturbed() -> None:
    """A round that lost the processor to others makes no curve steeper."""
    *quiet, last = points("a", 900, 901, 902, 903)
    found = curve("any", "n", [*quiet, replace(last, nanoseconds=50_000)])["series"]["a"]
    assert found["at_most_logarithmic"]
    assert found["nanoseconds"][-1] == 50_000
