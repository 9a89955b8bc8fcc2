"""The load of other tests sees the one answer that is wrong, whatever is wrong about it."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tests.load import Case, Load
from tests.proxies.conftest import RunNginx

SERVER: Final = """
map $http_x_request $is_odd {
    "0-777" yes;
}
server {
    listen 127.0.0.1:PORT;
    set $number $http_x_request;
    set $user alice;
    set $challenge token_expired;
    if ($is_odd) {
        ODD
    }
    add_header X-Request $number always;
    # Not of a refusal.
    add_header X-Seen-User $user;
    add_header WWW-Authenticate $challenge always;
    location / {
        return STATUS;
    }
}
"""
EXPECTED: Final = {
    200: Case("good", 200, user="alice"),
    401: Case("bad", 401, code="token_expired", token="a.b.c"),
}
ENOUGH: Final = 3000

RunLoad = Callable[[int, str], Load]


@pytest.fixture
def run(run_nginx: RunNginx, tmp_path: Path) -> RunLoad:
    """Make a load on a server that gives every request this status, and one an odd answer."""

    def run(status: int, odd: str) -> Load:
        config = SERVER.replace("STATUS", str(status)).replace("ODD", odd)
        return Load(run_nginx(config), tmp_path / "load", [EXPECTED[status]])

    return run


@pytest.mark.parametrize("status", EXPECTED)
def test_right_answers(run: RunLoad, status: int) -> None:
    """Where nothing is odd, all of them are counted, and other cases can follow."""
    with run(status, "") as load:
        load.await_answers(ENOUGH)
        load.send([EXPECTED[status], EXPECTED[status]])
        answers = load.stop()
    assert answers.total >= ENOUGH
    assert answers.passed == (answers.total if status == 200 else 0)


@pytest.mark.parametrize(
    "status,odd,told",
    [
        (200, "return 401;", "good: 401, not 200: token_expired"),
        (200, "return 500;", "good: 500, not 200: token_expired"),
        (200, "set $user bob;", "good: for the application it was 'bob', not 'alice'"),
        (200, 'set $user "";', "good: for the application it was '', not 'alice'"),
        (401, "return 200;", "bad: 200, not 401: token_expired"),
        (401, "set $challenge unknown_key;", "bad: not refused for token_expired: unknown_key"),
        (401, 'set $challenge "";', "bad: not refused for token_expired: "),
        (401, "set $number 0-1;", "401 for no request of ours"),
        (401, 'set $number "";', "401 for no request of ours"),
    ],
)
def test_a_wrong_answer(run: RunLoad, status: int, odd: str, told: str) -> None:
    """One among thousands, and the test fails, with what it was."""
    with run(status, odd) as load, pytest.raises(AssertionError) as failure:
        load.await_answers(ENOUGH)
    assert str(failure.value) == told


def test_a_lost_answer(run: RunLoad) -> None:
    """A connection that ends in place of one answer is told at the end."""
    with run(200, "return 444;") as load:
        load.await_answers(ENOUGH)
        with pytest.raises(AssertionError, match="wrong=0 broken=1"):
            load.stop()
