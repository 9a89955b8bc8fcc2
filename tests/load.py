"""wrk as clients that never stop asking, with an eye on every single answer: see `load.lua`."""

import re
import signal
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Final, NamedTuple, Self

from tests.processes import Process, until
from tests.proxies.proxy import found
from tests.wire import Address

__all__ = ["Answers", "Case", "Load"]

_SCRIPT: Final = Path(__file__).with_suffix(".lua")
_THREADS: Final = 2
_CONNECTIONS: Final = 16
_TIMEOUT: Final = 30
_LEAST_PER_SECOND: Final = 100


@dataclass(frozen=True)
class Case:
    """One request, and what it must get."""

    name: str
    """What it is called where its answer is wrong."""
    status: int
    user: str = ""
    """The identity that the application must be told; empty where it must not be asked."""
    code: str = ""
    """What must be in the challenge."""
    token: str = ""


class Answers(NamedTuple):
    """How many there were, all of them right."""

    total: int
    passed: int


class Load:
    """Requests through a proxy, for the length of a `with`.

    Every answer must echo the header X-Request. The application says in X-Seen-User which identity
    it was told.
    """

    def __init__(self, address: Address, directory: Path, cases: Iterable[Case]) -> None:
        """Prepare to send these cases, by chance, each as often as any other."""
        assert isinstance(address, tuple)
        self._command = [
            found("wrk", "on Debian, apt install wrk"),
            *(f"--threads={_THREADS}", f"--connections={_CONNECTIONS}", f"--timeout={_TIMEOUT}s"),
            # It is told to stop long before.
            *("--duration=24h", f"--script={_SCRIPT}"),
            "http://{}:{}/".format(*address),
            *("--", str(directory)),
        ]
        self._directory = directory
        self._phase = 0
        directory.mkdir()
        self._write(cases)

    def __enter__(self) -> Self:
        self._process = Process(self._command, self._directory / "wrk")
        until(lambda: all(path.exists() for path in self._reports()), "each thread sends")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stop(signal.SIGINT)

    @property
    def answered(self) -> int:
        """How many answers there were so far, all of them right."""
        assert self._process.popen.poll() is None, self._process.output.decode()
        return sum(answered for _, answered in self._read())

    def send(self, cases: Iterable[Case]) -> None:
        """Send these cases from now on; wait until whatever was sent before is answered."""
        self._write(cases)
        until(
            lambda: all(oldest == self._phase for oldest, _ in self._read()),
            "only the new cases are under way",
            _TIMEOUT,
        )

    def await_answers(self, count: int) -> None:
        """Wait until there were so many answers, all of them right."""
        deadline = _TIMEOUT + count / _LEAST_PER_SECOND
        until(lambda: self.answered >= count, f"{count} answers", deadline)

    def stop(self) -> Answers:
        """Stop; all answers that there were, none of them wrong and none lost."""
        assert self._process.stop(signal.SIGINT) == 0
        self._read()
        output = self._process.output.decode()
        found = re.search(r"answers=(\d+) seen=\1 passed=(\d+) wrong=0 broken=0\n", output)
        assert found, output
        return Answers(int(found[1]), int(found[2]))

    def _write(self, cases: Iterable[Case]) -> None:
        self._phase += 1
        lines = [str(self._phase), *("\t".join(map(str, astuple(case))) for case in cases)]
        new = self._directory / "cases.new"
        new.write_text("\n".join([*lines, ""]))
        new.rename(self._directory / "cases")

    def _reports(self) -> list[Path]:
        return [self._directory / f"thread-{number}" for number in range(_THREADS)]

    def _read(self) -> Iterator[tuple[int, int]]:
        """Read of each thread the phase of its oldest request under way, and its answers."""
        reports = [path.read_text().splitlines() for path in self._reports()]
        wrong = [line for _, _, *lines in reports for line in lines]
        assert not wrong, "\n".join(wrong)
        return ((int(oldest), int(answered)) for oldest, answered, *_ in reports)
