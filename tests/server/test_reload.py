"""A changed configuration is served without a restart: by every worker, whole, and soon."""

import json
import os
import signal
import ssl
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.forge import AUDIENCE, ISSUER, claims, compact, decode, private_jwk, public_jwk
from tests.forge.keys import Owner
from tests.forge.token import public_key
from tests.processes import LEGACY_COMMAND, free_port, until
from tests.server.certificates import write_pair
from tests.server.reloading import Changing, Start, fill_volume, serving, start
from tests.settings import standard, token
from tests.wire import Connection, raw_request

__all__ = ["start"]

OPEN = {"default": {"issuers": ["corp"]}}
GOOD = [("Authorization", f"Bearer {token()}")]


def pem(owner: Owner) -> bytes:
    """Return the public key of an owner's ES256."""
    return public_key("ES256", owner).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def require(sub: str) -> dict[str, object]:
    """Return policies that let one subject pass."""
    return {"default": {"issuers": ["corp"], "require": [{"claim": "sub", "any": [sub]}]}}


def issuers(keys: object) -> list[dict[str, object]]:
    """Return one issuer with these keys."""
    return [{"name": "corp", "issuer": ISSUER, "audiences": [AUDIENCE], "keys": keys}]


@pytest.mark.parametrize("interface", ["asgi", "rsgi", "wsgi"])
def test_a_changed_file(start: Start, interface: str) -> None:
    """Rules, policies, realm and logging follow behind every front door; processes stay."""
    service = start(interface=interface, workers=2, log={"decisions": "none"})
    workers = service.workers
    assert service.ask(token=token()).status == 200
    assert (service.reloads("success"), service.reloads("failure")) == (0, 0)
    changed = require("user-2") | {"new": {"issuers": ["corp"]}}
    service.change(
        interface=interface, workers=2, realm="other", policies=changed, log={"decisions": "all"}
    )
    service.await_statuses(403, token())
    assert service.ask(token=token(sub="user-2")).status == 200
    assert service.ask(target="/p/new", token=token()).status == 200
    assert service.ask(target="/p/open", token=token()).status == 403
    assert 'realm="other"' in (service.ask().get("www-authenticate") or "")
    codes = {"policy_denied", "no_policy", "missing_token", None}
    until(lambda: codes <= {line.get("code") for line in service.told("decision")}, "all decisions")
    assert service.workers == workers
    assert (service.reloads("success"), service.reloads("failure")) == (1, 0)
    assert len(service.told("configuration reloaded")) == 1


def test_counters_go_on(start: Start) -> None:
    """What was counted stays counted, under policies that are no more, too."""
    service = start()
    service.ask(token=token())
    service.ask(target="/p/open", token=token())
    service.change(policies=OPEN)
    service.await_reloads("success", 1)
    service.await_statuses(403, token(), target="/p/open")
    service.ask(token=token())
    service.change()
    service.await_statuses(200, token(), target="/p/open")
    service.ask(token=token())
    text = service.ask(target="/metrics").body.decode()
    assert 'jwtfast_decisions_total{policy="default",reason="",result="allow"} 3.0' in text


@pytest.mark.parametrize("kind", ["pem_file", "secret_file", "jwks_file"])
def test_a_changed_key_file(start: Start, tmp_path: Path, kind: str) -> None:
    """The key of the moment counts: the one before is 401 in all workers within one reload."""
    algorithm = "HS256" if kind == "secret_file" else "ES256"
    key = tmp_path / "key"
    owners: Sequence[Owner] = ("ours", "strangers")

    def hold(owner: Owner) -> None:
        contents = {
            "pem_file": pem(owner),
            "secret_file": decode(private_jwk("HS256", owner)["k"]),
            "jwks_file": json.dumps({"keys": [public_jwk("ES256", owner)]}).encode(),
        }
        key.write_bytes(contents[kind])

    def signed(owner: Owner) -> str:
        return compact(algorithm, claims(), {}, owner)

    hold("ours")
    source = {kind: str(key)} | ({} if kind == "jwks_file" else {"algorithm": algorithm})
    service = start(workers=2, policies=OPEN, issuers=issuers(source))
    assert [service.ask(token=signed(owner)).status for owner in owners] == [200, 401]
    hold("strangers")
    service.await_statuses(401, signed("ours"))
    assert service.ask(token=signed("strangers")).status == 200
    assert service.reloads("success") == 1


def test_kubernetes_volume(tmp_path: Path) -> None:
    """The swap of its `..data` link is one change of all files in it."""
    config = standard(policies=OPEN, issuers=issuers({"pem_file": "key.pem"}))
    fill_volume(tmp_path, jwtfast_yaml=config, key_pem=pem("ours").decode())
    with serving(tmp_path) as service:
        assert service.ask(token=token()).status == 200
        other = config | {"policies": require("user-2")}
        fill_volume(tmp_path, jwtfast_yaml=other, key_pem=pem("strangers").decode())
        service.await_statuses(401, token())
        assert service.ask(token=token(owner="strangers")).status == 403
        assert service.ask(token=token(owner="strangers", sub="user-2")).status == 200
        assert (service.reloads("success"), service.reloads("failure")) == (1, 0)


def test_hang_up(start: Start) -> None:
    """SIGHUP reloads what is not watched, changed or not; without it nothing is reloaded."""
    watching, service = start(), start(workers=2, reload={"watch": False})
    workers = service.workers
    service.change(workers=2, reload={"watch": False}, policies=require("user-2"))
    for count in (1, 2):
        # By then a watch would have seen it, too.
        watching.change(realm=f"{count}")
        watching.await_reloads("success", count)
    assert (service.ask(token=token()).status, service.reloads("success")) == (200, 0)
    for count in (1, 2):
        service.popen.send_signal(signal.SIGHUP)
        service.await_reloads("success", count)
        service.await_statuses(403, token())
    assert service.workers == workers
    service.change(workers=2, reload={"watch": True})
    service.popen.send_signal(signal.SIGHUP)
    service.await_statuses(200, token())
    service.change(workers=2, policies=require("user-2"))
    service.await_statuses(403, token())


def test_a_new_worker(start: Start) -> None:
    """One that takes the place of another begins with the settings of the moment."""
    service = start(policies=OPEN)
    service.change(policies=require("user-2"))
    service.await_statuses(403, token())
    (victim,) = service.workers
    os.kill(victim, signal.SIGKILL)
    until(lambda: service.workers not in ([], [victim]), "another worker")
    until(service.is_ready, "ready")
    assert service.ask(token=token()).status == 403
    service.change(policies=OPEN)
    service.await_statuses(200, token())


def test_no_request_fails(start: Start) -> None:
    """Under reload after reload each answer is of one configuration or the other, none is lost."""
    service = start(policies=OPEN, reload={"watch": False})
    policies = [OPEN, require("user-2")]
    seen: list[set[int]] = [set(), set()]
    ended = threading.Event()

    def ask(statuses: set[int]) -> None:
        request = raw_request(headers=GOOD)
        with Connection(service.address) as connection:
            while not ended.is_set():
                connection.send(request)
                statuses.add(connection.answer().status)

    clients = [threading.Thread(target=ask, args=(statuses,)) for statuses in seen]
    for client in clients:
        client.start()
    try:
        for count in range(1, 13):
            service.change(policies=policies[count % 2], reload={"watch": False})
            service.popen.send_signal(signal.SIGHUP)
            service.await_statuses(403 if count % 2 else 200, token())
    finally:
        ended.set()
        for client in clients:
            client.join()
    assert seen == [{200, 403}, {200, 403}]
    assert (service.reloads("success"), service.reloads("failure")) == (12, 0)


def test_legacy_file(tmp_path: Path) -> None:
    """A file of nginx-subrequest-auth-jwt is reloaded as well, by the flags of the start."""
    port = free_port()
    path = tmp_path / "config.yaml"
    key = "".join(f"      {line}\n" for line in pem("ours").decode().splitlines())

    def hold(sub: str) -> None:
        path.write_text(
            f"validationKeys:\n  - type: ecPublicKey\n    key: |\n{key}"
            f"claimsSource: static\nclaims:\n  - sub: [{sub}]\n"
        )

    hold("user-1")
    arguments = ("--config", str(path), "--insecure", "--insecure-addr", f"127.0.0.1:{port}")
    service = Changing(path, arguments, port, command=LEGACY_COMMAND)
    assert service.ask(token=token()).status == 200
    hold("user-2")
    service.await_statuses(401, token())
    assert service.ask(token=token(sub="user-2")).status == 200
    path.write_text(json.dumps(standard()))
    service.await_reloads("failure", 1)
    assert service.ask(token=token(sub="user-2")).status == 200
    assert "the other needs a restart" in str(service.told("configuration not reloaded"))
    assert service.stop() == 0


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_amid_reloads(start: Start, signum: int) -> None:
    """However many are under way, the service ends as well and as soon as without them."""
    service = start(workers=2)
    for _ in range(20):
        service.popen.send_signal(signal.SIGHUP)
    service.popen.send_signal(signum)
    service.popen.send_signal(signal.SIGHUP)
    assert service.wait() == 0
    assert [line for line in service.log if line["level"] == "error"] == []


def test_settings_that_need_a_restart(start: Start) -> None:
    """They are named in a warning, and stay as they are; the rest is served."""
    service = start()
    service.change(
        workers=2,
        metrics={"listen": "127.0.0.1:1"},
        max_token_bytes="1MiB",
        policies=require("user-2"),
    )
    service.await_statuses(403, token())
    (line,) = service.told("configuration: needs a restart")
    expected = ("warning", ["workers", "metrics", "max_token_bytes"])
    assert (line["level"], line["keys"]) == expected
    assert service.ask(token=token(padding="x" * 20_000)).status == 401
    assert len(service.workers) == 1
    assert service.reloads("success") == 1


def test_a_renewed_certificate(tmp_path: Path) -> None:
    """It is told, since only a restart serves it; nothing else changes."""
    cert, key = write_pair(tmp_path, "SEC1 P-256")
    client = ssl.create_default_context(cafile=cert)
    client.check_hostname = False
    tls = {"cert": str(cert), "key": str(key)}
    with serving(tmp_path, client=client, tls=tls) as service:
        write_pair(tmp_path, "SEC1 P-256")
        service.await_reloads("success", 1)
        (line,) = service.told("configuration: needs a restart")
        assert line["keys"] == ["tls"]
        assert service.ask(token=token()).status == 200


def test_a_burst_of_writes(start: Start) -> None:
    """Many in a row are few reloads, and the last one counts."""
    service = start()
    for count in range(50):
        service.change(realm=f"{count}")
    service.await_header("www-authenticate", 'Bearer realm="49"')
    assert 1 <= service.reloads("success") <= 10
    assert service.reloads("failure") == 0
