"""What is profiled: each path as a call that can be repeated, and was seen to answer right.

The settings and the tokens are those of the HTTP comparison.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import jwtfast
from benches.http.contenders import Site, jwtfast_config
from benches.http.peers import bare
from benches.http.tokens import ALGORITHMS, HOT, jwks, token, user
from benches.profile.drivers import DRIVERS, Call
from jwtfast_server.app import Application
from jwtfast_server.config import load
from jwtfast_server.service import Service
from tests.forge import AUDIENCE, ISSUER

__all__ = ["DECIDE", "PATHS", "Profiled", "calls"]

_MAIN: Final = "RS256"


@dataclass(frozen=True)
class Profiled:
    """One path."""

    name: str
    title: str
    baseline: str | None
    """The path that it is compared with; None for a baseline."""
    decides: bool = True
    """Whether each request is a decision, and counted as one."""
    requests: int = 1000
    """N of the difference between N requests and twice as many."""


def _doors() -> Iterator[Profiled]:
    for name in DRIVERS:
        door = name.upper()
        yield Profiled(name, f"a request through the {door} door, its token cached", f"bare {name}")
        yield Profiled(
            f"bare {name}", f"a request through the bare {door} application", None, decides=False
        )


DECIDE: Final = Profiled("decide", "`Gate.decide`, the token cached", "call")
PATHS: Final = (
    Profiled("call", "a call of a C function that does nothing", None, decides=False),
    DECIDE,
    *_doors(),
    *(
        Profiled(
            f"new {name}", f"`Gate.decide`, a new {name} token, no cache", "call", requests=200
        )
        for name in ALGORITHMS
    ),
    Profiled(
        "verify HS256", "`Verifier.verify` of an HS256 token to a dict", "call", decides=False
    ),
)
"""In the order in which they are counted."""


def calls(directory: Path) -> Mapping[str, Call]:
    """By the name of a path, what does it once.

    Args:
        directory: an empty one, which must outlive the calls.
    """
    return dict(_calls(directory))


def _calls(directory: Path) -> Iterator[tuple[str, Call]]:
    yield "call", partial(callable, None)
    text = token(_MAIN, HOT)
    yield DECIDE.name, _decide(directory, _MAIN, jwtfast.TokenCache(1 << 24))
    for name, drive in DRIVERS.items():
        # As in a worker, which serves one interface and remembers its answers.
        (own := directory / name).mkdir()
        application = Application(Service(load(_config(own, _MAIN)), own))
        for prefix, door in (("", application.door(name)), ("bare ", getattr(bare, name))):
            call, answer = drive(door, text)
            call()
            _right(*answer())
            yield f"{prefix}{name}", call
    for algorithm in ALGORITHMS:
        yield f"new {algorithm}", _decide(directory, algorithm, None)
    keys = jwtfast.KeySet.from_jwks(jwks("HS256"))
    verifier = jwtfast.Verifier(keys, issuer=ISSUER, audience=AUDIENCE)
    text = token("HS256", HOT)
    assert verifier.verify(text)["sub"] == user(HOT)
    yield "verify HS256", partial(verifier.verify, text)


def _config(directory: Path, algorithm: str) -> Path:
    path = directory / f"{algorithm}.yaml"
    path.write_text(json.dumps(jwtfast_config(Site(directory, 8080, algorithm), None)))
    return path


def _decide(directory: Path, algorithm: str, cache: jwtfast.TokenCache | None) -> Call:
    settings = load(_config(directory, algorithm)).gate_settings()
    keys = jwtfast.KeySet.from_jwks(jwks(algorithm))
    gate = jwtfast.Gate(settings, {"bench": keys}, cache=cache)
    bearer = f"Bearer {token(algorithm, HOT)}".encode()
    call = partial(gate.decide, None, "GET", b"", [(b"authorization", bearer)])
    decision = call()
    _right(decision.status, decision.headers)
    assert gate.decide(None, "GET", b"", [(b"authorization", bearer[:-8])]).status == 401
    return call


def _right(status: int, headers: Sequence[tuple[str, str]]) -> None:
    found = {name.lower(): value for name, value in headers}
    assert (status, found["x-user"]) == (200, user(HOT)), (status, headers)
