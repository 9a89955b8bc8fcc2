"""The service beside the path of decisions: readiness, mistakes, a new gate."""

import json
from pathlib import Path

import pytest
import structlog
from prometheus_client import generate_latest

from jwtfast import Decision, Gate
from jwtfast_server import metrics
from jwtfast_server.answers import statuses
from jwtfast_server.config import Settings, load
from jwtfast_server.run_directory import DRAINING
from jwtfast_server.service import Current, Service
from tests.settings import standard, token, write


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The standard settings."""
    return load(write(tmp_path / "jwtfast.yaml", standard()), env={})


@pytest.fixture
def service(settings: Settings, tmp_path: Path) -> Service:
    """A service of these settings."""
    return Service(settings, tmp_path)


def decide(service: Service, bearer: str) -> Decision:
    """Ask the gate of the moment."""
    return service.current.gate.decide(
        None, "GET", b"", [(b"authorization", f"Bearer {bearer}".encode())]
    )


def ready(service: Service) -> tuple[int, object]:
    """What `/readyz` says."""
    page = service.page("/readyz")
    return page.status, json.loads(page.body)


def exposed(service: Service, directory: Path) -> bytes:
    """What a scrape shows of it."""
    service.flush()
    settings = load(directory / "jwtfast.yaml", env={})
    return generate_latest(metrics.exposition(directory, lambda: statuses(settings), "asgi"))


def test_ready(service: Service) -> None:
    """Once gate and keys are there."""
    assert ready(service) == (200, {"status": "ready"})


def test_not_ready_without_keys(service: Service, settings: Settings) -> None:
    """The issuers that have none are told."""
    service.replace(settings, Gate(settings.gate_settings(), {"corp": None}), ("corp",))

    assert ready(service) == (503, {"status": "no usable keys", "issuers": ["corp"]})
    assert decide(service, token()).status == 503
    service.replace(settings, Gate(settings.gate_settings(), settings.key_sets()))
    assert ready(service) == (200, {"status": "ready"})
    assert decide(service, token()).status == 200


def test_not_ready_while_draining(service: Service, tmp_path: Path) -> None:
    """From the moment the main process was told to stop."""
    (tmp_path / DRAINING).touch()

    assert ready(service) == (503, {"status": "draining"})
    assert service.page("/healthz").status == 200


def test_a_mistake_is_told_once_per_place(service: Service, tmp_path: Path) -> None:
    """Each is counted, with the unavailable status; the second of the same place is not logged."""

    def fail(kind: type[BaseException]) -> int:
        with pytest.raises(kind) as caught:
            raise kind(f"bad {token()}")
        return service.failed(caught.value).status

    with structlog.testing.capture_logs() as lines:
        assert [fail(ValueError), fail(ValueError), fail(KeyboardInterrupt)] == [503] * 3

    assert [line["error"] for line in lines] == ["ValueError", "KeyboardInterrupt"]
    assert token() not in str(lines)
    assert b'reason="internal_error",result="error"} 3.0' in exposed(service, tmp_path)


def test_the_unavailable_status(settings: Settings, tmp_path: Path) -> None:
    """403 where so configured, in the body too."""
    changed = settings.model_copy(update={"unavailable_status": 403})
    page = Service(changed, tmp_path).failed(ValueError())

    assert page.status == 403
    assert json.loads(page.body)["status"] == 403


def test_every_denial_has_a_body(service: Service) -> None:
    """RFC 9457: what it is, its code, one sentence."""
    for (status, code), body in service.current.bodies.items():
        problem = json.loads(body)
        assert (problem["status"], problem["code"]) == (status, code)
        assert problem["detail"].endswith(".")
        assert problem["title"]


def test_current_is_swapped_whole(service: Service, settings: Settings) -> None:
    """Gate and door are one reference."""
    before = service.current
    service.replace(settings, Gate(settings.gate_settings(), settings.key_sets()))

    assert isinstance(before, Current)
    assert service.current.gate is not before.gate
    assert service.current.door is not before.door


def test_what_a_replaced_gate_counts(service: Service, settings: Settings, tmp_path: Path) -> None:
    """Its last decisions count, though another gate counts other things by then."""
    before = service.current
    decide(service, token())
    policies = {"default": settings.policies["default"]}
    fewer = settings.model_copy(update={"policies": policies})
    service.replace(fewer, Gate(fewer.gate_settings(), fewer.key_sets()))
    assert service.current.gate is not before.gate
    before.gate.internal_error()

    text = exposed(service, tmp_path)
    assert b'policy="default",reason="",result="allow"} 1.0' in text
    assert b'reason="internal_error",result="error"} 1.0' in text
