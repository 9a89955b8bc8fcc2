"""What is logged, and what never is."""

from types import SimpleNamespace
from typing import cast

import pytest
import structlog

from jwtfast import Decision
from jwtfast_server.log import DecisionLog, error_fields
from tests.conftest import Serve
from tests.processes import Server, until
from tests.settings import token

DENIED = cast(
    "Decision",
    SimpleNamespace(policy="default", code="token_expired", detail=None, status=401, seconds=2e-6),
)
ALLOWED = cast(
    "Decision", SimpleNamespace(policy="default", code=None, detail=None, status=200, seconds=1e-6)
)


def test_one_denied_request() -> None:
    """Policy, code, status, method and duration; nothing else."""
    with structlog.testing.capture_logs() as lines:
        DecisionLog("denied").write(DENIED, "GET")

    [line] = lines
    assert line.pop("duration_us") == 2.0
    assert line == {
        "event": "decision",
        "log_level": "info",
        "policy": "default",
        "code": "token_expired",
        "status": 401,
        "method": "GET",
    }


def test_a_token_as_method() -> None:
    """A client may write anything there: it is not told."""
    with structlog.testing.capture_logs() as lines:
        DecisionLog("denied").write(DENIED, token())

    assert [line["method"] for line in lines] == ["other"]


def test_a_flood_is_bounded() -> None:
    """So many lines a second; then how many were left out."""
    now = 0.0
    log = DecisionLog("denied", per_second=3, clock=lambda: now)
    with structlog.testing.capture_logs() as lines:
        for _ in range(10):
            log.write(DENIED, "GET")
        now = 1.0
        log.write(DENIED, "GET")
        log.flush()

    assert [line["event"] for line in lines] == [
        *["decision"] * 3,
        "decisions left out",
        "decision",
    ]
    assert lines[3]["count"] == 7


def test_the_end_of_a_flood_is_told() -> None:
    """Also when nothing comes afterwards."""
    log = DecisionLog("denied", per_second=1)
    with structlog.testing.capture_logs() as lines:
        for _ in range(5):
            log.write(DENIED, "GET")
        until(lambda: any(line["event"] == "decisions left out" for line in lines), "told")

    assert sum(line["event"] == "decision" for line in lines) + lines[-1]["count"] == 5


def test_modes() -> None:
    """`none` writes nothing; `all` has no bound."""
    with structlog.testing.capture_logs() as lines:
        DecisionLog("none").write(DENIED, "GET")
        assert lines == []
        everything = DecisionLog("all", per_second=1)
        for _ in range(100):
            everything.write(ALLOWED, "GET")

    assert everything.writes_allowed
    assert len(lines) == 100


def test_an_error_without_what_it_holds() -> None:
    """Type, places, and a text from which long words are cut."""
    with pytest.raises(ValueError, match="cannot read") as caught:
        raise ValueError(f"cannot read {token()!r} of Bearer {token()}")
    fields = error_fields(caught.value)

    assert fields["error"] == "ValueError"
    assert fields["message"] == "cannot read '[cut]' of Bearer [cut]"
    assert "test_log.py" in str(fields["frames"])


@pytest.fixture(scope="module")
def talkative(serve: Serve) -> Server:
    """A service that logs every decision."""
    return serve(log={"decisions": "all", "level": "debug"})


def test_a_service_that_logs_everything(talkative: Server) -> None:
    """JSON lines on stderr with each decision; `Server.stop` sees to it that no token is there."""
    for bearer in (token(), token(exp=1), token(owner="strangers"), "nonsense", None):
        talkative.ask("POST" if bearer else "GET", token=bearer)
    talkative.ask(token(), target=f"/p/{token()}?access_token={token()}", token=token())

    def decisions() -> list[tuple[object, ...]]:
        lines = [line for line in talkative.log if line["event"] == "decision"]
        return [(line["policy"], line["code"], line["status"], line["method"]) for line in lines]

    until(lambda: len(decisions()) >= 6, "six decisions in the log")
    assert decisions() == [
        ("default", None, 200, "POST"),
        ("default", "token_expired", 401, "POST"),
        ("default", "invalid_signature", 401, "POST"),
        ("default", "malformed_token", 401, "POST"),
        ("default", "missing_token", 401, "GET"),
        ("", "no_policy", 403, "other"),
    ]


def test_a_service_logs_denials_only(serve: Serve) -> None:
    """By default a 200 leaves no line."""
    service = serve()
    service.ask(token=token())
    service.ask()
    until(lambda: any(line["event"] == "decision" for line in service.log), "a decision")

    codes = [line.get("code") for line in service.log if line["event"] == "decision"]
    assert codes == ["missing_token"]
