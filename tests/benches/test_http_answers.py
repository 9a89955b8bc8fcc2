"""Who answers wrong is reported as wrong, however fast: real servers, real wrk."""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from benches.http.contenders import STANDARD, Command, Contender, Site, peer
from benches.http.open_loop import Constant, measure, whole
from benches.http.plan import Cell, Options, Setup
from benches.http.rounds import Rounds
from benches.http.rows import Row
from benches.http.servers import behind_nginx, running, wrong_answers
from benches.http.tokens import HOT, bad_tokens, pool, token
from tests.proxies.proxy import found

ALGORITHM = "EdDSA"
"""Its signatures are no matter of chance: a peer can know the one good token."""

OPTIONS = Options(rounds=1, seconds=1, warm_up=1, new_tokens=20_000)
PROGRAMS = {"envoy": "envoy", "envoy, cache": "envoy", "nginx return 200": "nginx"}
# uvicorn is installed by `make bench` alone.
TESTED = [contender for contender in STANDARD if contender.name != "uvicorn, PyJWT"]
TWO_CORES = pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core for each side")

Judge = Callable[[int, str | None], int]
"""The status for the n-th request with this Authorization."""


@contextmanager
def tiny(judge: Judge) -> Iterator[str]:
    """A small peer; its address."""
    count = iter(range(1_000_000_000))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # The whole answer in one segment: otherwise it waits for a delayed acknowledgement.
        wbufsize = -1

        def do_GET(self) -> None:
            self.send_response(judge(next(count), self.headers.get("Authorization")))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/validate"
        finally:
            server.shutdown()
            thread.join()


def right(_number: int, authorization: str | None) -> int:
    """The status that a token must get."""
    return 200 if authorization == f"Bearer {token(ALGORITHM, HOT)}" else 401


@pytest.fixture(scope="module")
def signed() -> None:
    """The tokens are there, and so is wrk."""
    found("wrk", "on Debian, apt install wrk")
    pool(ALGORITHM, OPTIONS.tokens(ALGORITHM))


def measured(contender: Contender, group: str = "warm") -> Row:
    """What the comparison says of a contender."""
    cell = Cell(group, Setup(contender, ALGORITHM), connections=4)
    told: list[str] = []
    [row] = Rounds(OPTIONS, told.append).rows([cell])
    assert any(contender.name in line for line in told)
    return row


@TWO_CORES
@pytest.mark.usefixtures("signed")
def test_a_peer_that_answers_right_has_a_rate() -> None:
    """Otherwise the tests below would show nothing."""
    with tiny(right) as url:
        row = measured(peer("right", url))
    assert row.problems == []
    assert row.rate is not None
    assert row.rate > 0


@TWO_CORES
@pytest.mark.usefixtures("signed")
@pytest.mark.parametrize(
    "judge, problem",
    [
        (lambda _number, _authorization: 200, "no token got 200"),
        (lambda _number, _authorization: 401, f"a good {ALGORITHM} token got 401"),
        (lambda _number, given: 200 if given else 401, "a stranger's signature got 200"),
        # Right when it is looked at, wrong under load: only the load sees it.
        (
            lambda number, given: 503 if 20 <= number < 25 else right(number, given),
            "not 200 but 503",
        ),
        (
            lambda number, given: 204 if 20 <= number < 25 else right(number, given),
            "not 200 but 204",
        ),
    ],
    ids=[
        "passes all",
        "refuses all",
        "looks at no signature",
        "fails at times",
        "says 204 at times",
    ],
)
def test_a_peer_that_answers_wrong_is_reported_as_wrong(judge: Judge, problem: str) -> None:
    """It has no rate, and the table says why."""
    with tiny(judge) as url:
        row = measured(peer("wrong", url))
    assert row.rate is None
    assert any(problem in one for one in row.problems), row.problems


def test_a_peer_that_is_not_there_is_reported() -> None:
    """Not left out."""
    row = measured(peer("nobody", "http://127.0.0.1:1/validate"))
    assert row.rate is None
    assert "no HTTP answer" in row.problems[0]


@TWO_CORES
@pytest.mark.usefixtures("signed")
def test_new_tokens_that_run_out_are_reported() -> None:
    """A token that came twice was not new."""
    few = Options(rounds=1, seconds=1, warm_up=1, new_tokens=10)
    with tiny(lambda number, given: 200 if number > 15 else right(number, given)) as url:
        cell = Cell("new", Setup(peer("any", url), ALGORITHM), "new", connections=4)
        [row] = Rounds(few, lambda _line: None).rows([cell])
    assert any("new tokens" in one for one in row.problems), row.problems


@TWO_CORES
@pytest.mark.usefixtures("signed")
def test_tokens_are_new_to_a_peer_in_every_round() -> None:
    """Nobody starts it anew, so what it has seen is not sent again."""
    bad = {f"Bearer {given}" for given in bad_tokens(ALGORITHM).values()}
    seen: list[str | None] = []
    pause = threading.Event()

    def judge(_number: int, given: str | None) -> int:
        # Slow enough for its tokens to last.
        pause.wait(0.005)
        seen.append(given)
        return 401 if given is None or given in bad else 200

    options = replace(OPTIONS, rounds=2, groups=["new"])
    with tiny(judge) as url:
        cell = Cell("new", Setup(peer("any", url), ALGORITHM), "new", connections=4)
        [row] = Rounds(options, lambda _line: None).rows([cell])
    assert (row.problems, len(row.rates), row.cpu_us) == ([], 2, [])
    good = [given for given in seen if given not in {*bad, None, f"Bearer {token(ALGORITHM, HOT)}"}]
    assert len(good) > 10
    assert len(set(good)) == len(good)


SLOW = """
import pathlib, sys, threading, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

class Handler(BaseHTTPRequestHandler):
    protocol_version, wbufsize = "HTTP/1.1", -1
    lock = threading.Lock()

    def do_GET(self):
        time.sleep(0.05)
        with self.lock, pathlib.Path(sys.argv[2]).open("a") as file:
            print(self.headers.get("Authorization"), file=file)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@TWO_CORES
@pytest.mark.usefixtures("signed")
def test_every_token_is_new_to_its_server(tmp_path: Path) -> None:
    """One that has seen too many for its next figure is started anew, and begins with the first."""
    files: list[Path] = []

    def prepare(site: Site) -> Command:
        files.append(tmp_path / str(len(files)))
        return [sys.executable, "-c", SLOW, str(site.port), str(files[-1])], {}

    setup = Setup(Contender("slow", "limit", prepare), ALGORITHM)
    # A figure takes about 80 of them: four connections, 50 ms an answer.
    few = Options(rounds=1, seconds=1, warm_up=1, new_tokens=100)
    cells = [Cell("new", setup, "new", connections) for connections in (4, 3)]
    rows = Rounds(few, lambda _line: None).rows(cells)
    assert [row.problems for row in rows] == [[], []]
    assert [row.cpu_us[0] > 0 for row in rows] == [True, True]
    assert len(files) == 2
    hot = f"Bearer {token(ALGORITHM, HOT)}"
    for file in files:
        sent = [line for line in file.read_text().splitlines() if line not in {hot, "None"}]
        assert len(sent) > 10
        assert len(set(sent)) == len(sent)


@pytest.mark.parametrize("contender", TESTED, ids=lambda contender: contender.name)
def test_what_is_compared_answers_right(contender: Contender) -> None:
    """Each as it is configured here, by itself and behind NGINX."""
    if contender.name in PROGRAMS:
        found(PROGRAMS[contender.name], "see `make proxies`")
    found("nginx", "on Debian, apt install nginx-light")
    with running(contender, ALGORITHM, "0") as target:
        assert wrong_answers(target) == []
        with behind_nginx(target, "0") as proxy:
            assert wrong_answers(proxy, through_proxy=True) == []


@pytest.mark.parametrize("interface", ["asgi", "rsgi", "wsgi"])
def test_the_ceiling_answers_what_jwtfast_answers(interface: str) -> None:
    """The same status, headers and body: what is left between them is jwtfast."""
    answers = []
    for name in (f"jwtfast {interface}", f"bare granian {interface}"):
        [contender] = [one for one in STANDARD if one.name == name]
        with running(contender, ALGORITHM, "0") as target:
            answer = target.ask(token(ALGORITHM, HOT))
        headers = sorted(pair for pair in answer.headers if pair[0] != "date")
        answers.append((answer.status, headers, answer.body))
    assert answers[0] == answers[1]


def constant(url: str, requests: int, rate: float | None, connections: int) -> Constant:
    """A constant rate for a tiny peer."""
    port = urlsplit(url).port or 0
    tokens = str(pool(ALGORITHM, 10))
    return Constant("127.0.0.1", port, "/validate", tokens, 1, requests, rate, connections)


def test_latency_counts_from_when_a_request_was_due() -> None:
    """Where all are due at once and one waits for the other, the last one waited for all."""
    pause = threading.Event()

    def slow(_number: int, _authorization: str | None) -> int:
        pause.wait(0.01)
        return 200

    with tiny(slow) as url:
        found = measure(constant(url, requests=20, rate=100_000.0, connections=1))
    assert (found.requests, found.wrong, found.broken) == (20, 0, 0)
    assert found.p99 >= 0.19
    assert found.p50 >= 0.09


def test_a_constant_rate_sees_wrong_answers() -> None:
    """Each of them."""
    with tiny(lambda number, _authorization: 503 if number % 2 else 200) as url:
        found = measure(constant(url, requests=10, rate=None, connections=2))
    assert (found.requests, found.wrong) == (10, 5)
    assert any("not 200" in one for one in found.complaints(0))


@pytest.mark.parametrize(
    "data, is_whole",
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\na", False),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nab", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", True),
        (b"HTTP/1.1 200 OK\r\n", False),
    ],
)
def test_an_answer_is_whole_once_its_body_is(data: bytes, is_whole: bool) -> None:  # noqa: FBT001 - a column
    """By its length, or by its last chunk."""
    assert whole(data) is is_whole
