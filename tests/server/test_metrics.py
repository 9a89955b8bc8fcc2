"""Metrics: summed over workers dead and alive, by the names that dashboards know."""

import os
import re
import signal
from pathlib import Path

from prometheus_client import generate_latest

from jwtfast import Gate
from jwtfast_server import metrics
from jwtfast_server.answers import statuses
from jwtfast_server.config import Settings
from jwtfast_server.counters import Counters
from tests.conftest import Serve
from tests.processes import Server, free_port, until
from tests.settings import token
from tests.wire import ask

LEGACY_BUCKETS = ["1e-07", "3e-07", "9e-07", "2.7e-06", "8.1e-06", "2.43e-05", "+Inf"]


def samples(text: str) -> dict[str, float]:
    """Every sample by its name and labels."""
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def scrape(service: Server) -> dict[str, float]:
    """The samples that a service shows."""
    answer = service.ask(target="/metrics")
    assert answer.status == 200
    assert (answer.get("content-type") or "").startswith("text/plain; version=")
    return samples(answer.body.decode())


def test_names_and_labels(tmp_path: Path, settings: Settings, gate: Gate) -> None:
    """Those of DESIGN section 9 that exist by now, and the drop-in ones."""
    Counters(tmp_path, gate)
    registry = metrics.exposition(tmp_path, lambda: statuses(settings), "asgi")
    text = generate_latest(registry).decode()

    assert re.findall("# TYPE (.*)", text) == [
        "jwtfast_decisions_total counter",
        "jwtfast_decision_seconds histogram",
        "jwtfast_build_info gauge",
        "http_requests_total counter",
        "nginx_subrequest_auth_jwt_token_validation_time_seconds histogram",
        "jwtfast_keys_age_seconds gauge",
        "jwtfast_keys_refresh_total counter",
        "jwtfast_config_reloads_total counter",
        "jwtfast_revocations gauge",
        "jwtfast_revocation_age_seconds gauge",
        "jwtfast_revocation_refresh_total counter",
        "jwtfast_cache_hits_total counter",
        "jwtfast_cache_misses_total counter",
        "jwtfast_cache_bytes gauge",
        "jwtfast_connections_closed_total counter",
        "jwtfast_log_lines_dropped_total counter",
        "jwtfast_unknown_paths_total counter",
    ]
    found = samples(text)
    for status in (200, 401, 405, 500):
        assert found[f'http_requests_total{{status="{status}"}}'] == 0
    legacy = "nginx_subrequest_auth_jwt_token_validation_time_seconds"
    assert re.findall(legacy + '_bucket{le="(.*)"}', text) == LEGACY_BUCKETS
    assert float(re.findall('jwtfast_decision_seconds_bucket{le="(.*)"}', text)[0]) == 1e-6


def test_a_service_counts(serve: Serve) -> None:
    """Every decision, under its policy, result and reason; exactly, at once."""
    service = serve()
    for _ in range(3):
        service.ask(token=token())
    service.ask()
    service.ask(token=token(sub="mallory"))
    service.ask(target="/p/admin/x", token=token())
    service.ask(target="/p/none", token=token())
    service.ask(target="/elsewhere", token=token())
    found = scrape(service)

    def decisions(policy: str, result: str, reason: str = "") -> float:
        labels = f'policy="{policy}",reason="{reason}",result="{result}"'
        return found[f"jwtfast_decisions_total{{{labels}}}"]

    assert decisions("default", "allow") == 3
    assert decisions("default", "deny", "missing_token") == 1
    assert decisions("default", "deny", "policy_denied") == 1
    assert decisions("admin", "deny", "policy_denied") == 1
    assert decisions("", "deny", "no_policy") == 1
    requests = {
        status: found[f'http_requests_total{{status="{status}"}}'] for status in (200, 401, 403)
    }
    assert requests == {200: 3, 401: 1, 403: 3}
    assert found["jwtfast_decision_seconds_count"] == 7
    assert 0 < found["jwtfast_decision_seconds_sum"] < 1


def test_workers_are_summed(serve: Serve) -> None:
    """Any worker shows what all of them counted, at once."""
    service = serve(workers=2)
    for number in range(1, 41):
        service.ask(token=token())
        assert scrape(service)['http_requests_total{status="200"}'] == number


def test_a_dead_worker_still_counts(serve: Serve) -> None:
    """What a worker counted before it was killed stays, and the next one counts on."""
    service = serve(workers=1)
    for _ in range(5):
        service.ask(token=token())
    assert scrape(service)['http_requests_total{status="200"}'] == 5
    [worker] = service.workers
    os.kill(worker, signal.SIGKILL)
    until(lambda: worker not in service.workers and service.is_ready(), "another worker")
    service.ask(token=token())

    assert scrape(service)['http_requests_total{status="200"}'] == 6


def test_a_listener_of_its_own(serve: Serve) -> None:
    """With `metrics.listen`, the metrics are there and not beside the decisions."""
    port = free_port()
    service = serve(metrics={"listen": f"127.0.0.1:{port}"})
    service.ask(token=token())
    text = ask(("127.0.0.1", port), target="/metrics").body.decode()

    assert samples(text)['http_requests_total{status="200"}'] == 1
    assert service.ask(target="/metrics").status == 404
