"""Turns of servers: started on their core, asked, warmed, measured, asked again, stopped."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from benches.http.contenders import Command, Contender, Site, jwtfast_config
from benches.http.load import Load, LoadError, Stream
from benches.http.plan import LOAD_CORE, SERVER_CORE
from benches.http.servers import FailedError, Target, running, wrong_answers
from benches.http.tokens import HOT, pool
from benches.knobs.plan import Door, Level, Options, Settings, Variant, turns
from benches.knobs.server import told

__all__ = ["ALGORITHM", "Row", "run", "serving", "settings_of"]

ALGORITHM: Final = "RS256"


@dataclass
class Row:
    """A variant and what its rounds gave, in their order."""

    variant: Variant
    rates: dict[Level, list[float]] = field(default_factory=dict)
    """Answers a second."""
    p99: dict[Level, list[float]] = field(default_factory=dict)
    """Seconds."""
    problems: list[str] = field(default_factory=list)
    """Why none of it counts, where it does not."""

    def add(self, level: Level, rate: float, p99: float) -> None:
        """Keep what one round gave."""
        self.rates.setdefault(level, []).append(rate)
        self.p99.setdefault(level, []).append(p99)


def _contender(variant: Variant) -> Contender:
    def prepare(site: Site) -> Command:
        path = site.write("jwtfast.yaml", json.dumps(jwtfast_config(site, None)))
        command = [sys.executable, "-m", "benches.knobs.server", json.dumps(variant.settings)]
        command += ["serve", "--config", path, "--interface", variant.door]
        return command, {}

    return Contender(f"{variant.door}, {variant.name}", "ours", prepare, identity=True)


@contextmanager
def serving(variant: Variant) -> Iterator[tuple[Target, Settings]]:
    """Run a variant until the end of the block; it comes with what granian has then.

    Raises:
        FailedError: it did not start.
    """
    with running(_contender(variant), ALGORITHM, SERVER_CORE) as target:
        assert target.process is not None
        yield target, told(target.process.output)


def settings_of(door: Door) -> Settings:
    """What granian has under `serve`.

    Raises:
        FailedError: it did not start, or did not say so.
    """
    with serving(Variant(door)) as (_, has):
        if has:
            return has
    raise FailedError("it did not tell its settings")


def run(planned: Sequence[Variant], options: Options, tell: Callable[[str], None]) -> list[Row]:
    """Measure every variant in every round; what was wrong once is not started again."""
    rows = {variant: Row(variant) for variant in planned}
    for number in range(options.rounds):
        tell(f"round {number + 1}")
        for variant in turns(planned, number):
            row = rows[variant]
            if not row.problems:
                row.problems = _turn(row, options)
                for problem in row.problems:
                    tell(f"  {variant.door}, {variant.name} is wrong: {problem}")
    return list(rows.values())


def _turn(row: Row, options: Options) -> list[str]:
    """One turn; why it does not count, if it does not."""
    variant = row.variant
    try:
        with serving(variant) as (target, has):
            not_taken = [
                f"granian has {name} {has.get(name)} and not {value}"
                for name, value in variant.settings.items()
                if has.get(name) != value
            ]
            return (
                not_taken
                or wrong_answers(target)
                or _measured(target, row, options)
                or wrong_answers(target)
            )
    except (FailedError, LoadError) as error:
        return [str(error)]


def _measured(target: Target, row: Row, options: Options) -> list[str]:
    stream = Stream(pool(ALGORITHM, 1), count=1, first=HOT)
    levels = row.variant.levels(options)
    middle = levels[len(options.connections) // 2]
    # What is not kept of the first, the warm-up, is its figures alone.
    for number, (level, seconds) in enumerate(
        [(middle, options.warm_up), *((level, options.seconds) for level in levels)]
    ):
        if not seconds:
            continue
        load = Load(
            connections=level.connections,
            seconds=seconds,
            cores=LOAD_CORE,
            keepalive=level.keepalive,
        )
        found = load.run(target.url, stream)
        if complaints := found.complaints(new_tokens=False):
            return complaints
        if number:
            row.add(level, found.rate, found.p99)
    return []
