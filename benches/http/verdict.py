"""What a decision costs without HTTP: `Gate.decide` for one token that is in the cache.

    python -m benches.http.verdict DIRECTORY

with `jwtfast.yaml` and `token` in it, prints the seconds of one call.
"""

import subprocess
import sys
import tempfile
import timeit
from pathlib import Path
from typing import Final

from benches.http.contenders import Site, jwtfast
from benches.http.load import LoadError, pinned
from benches.http.plan import SERVER_CORE
from benches.http.tokens import HOT, token
from jwtfast_server.config import load
from jwtfast_server.service import Service

__all__ = ["measure"]

_CALLS: Final = 20_000
_REPEATS: Final = 15


def measure(algorithm: str) -> float:
    """Seconds of one call, in a process of its own on the server's core.

    Raises:
        LoadError: the token did not pass.
    """
    with tempfile.TemporaryDirectory(prefix="jwtfast-bench-") as name:
        site = Site(Path(name), 8080, algorithm)
        prepare = jwtfast("asgi").prepare
        assert prepare is not None
        prepare(site)
        site.write("token", token(algorithm, HOT))
        command = [sys.executable, "-m", "benches.http.verdict", name]
        ended = subprocess.run(
            pinned(command, SERVER_CORE), capture_output=True, text=True, check=False
        )
    if ended.returncode:
        raise LoadError(f"the verdict could not be timed: {ended.stderr[-300:]}")
    return float(ended.stdout)


def _time(directory: Path) -> float:
    service = Service(load(directory / "jwtfast.yaml"), directory)
    decide = service.current.gate.decide
    bearer = b"Bearer " + (directory / "token").read_bytes()
    headers = [(b"authorization", bearer)]
    assert decide(None, "GET", b"", headers).status == 200
    assert decide(None, "GET", b"", [(b"authorization", bearer[:-8])]).status == 401
    timed = timeit.repeat(lambda: decide(None, "GET", b"", headers), number=_CALLS, repeat=_REPEATS)
    # The lambda's own call is not the gate's.
    empty = timeit.repeat(lambda: None, number=_CALLS, repeat=_REPEATS)
    return (min(timed) - min(empty)) / _CALLS


if __name__ == "__main__":
    print(_time(Path(sys.argv[1])))
