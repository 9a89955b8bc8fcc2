"""In place of nginx-subrequest-auth-jwt: its file, flags, answers and metrics (PEERS.md)."""

import re
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.forge import claims, compact, decode, public_jwk
from tests.processes import LEGACY_COMMAND, Server, free_port
from tests.server.certificates import write_pair
from tests.wire import Answer

DropIn = Callable[..., Server]

# The sample of that service's README.
STATIC = """
claimsSource: static
claims:
  - group:
      - developers
      - administrators
  - deviceClass:
      - server
      - networkEquipment
    location:
      - hq
"""
QUERY = "claimsSource: queryString\n"


def public_pem() -> str:
    """The key that verifies, as PEM."""
    jwk = public_jwk("ES256")
    x, y = (int.from_bytes(decode(jwk[name]), "big") for name in ("x", "y"))
    key = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def bearer(**changes: object) -> str:
    """A token as the users of that service have them."""
    return compact("ES256", claims(iss=..., aud=..., **changes))


@pytest.fixture(scope="module")
def drop_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DropIn]:
    """Start it with a file of that service and its own flags."""
    started: list[Server] = []

    def start(config: str, tls: tuple[Path, Path] | None = None) -> Server:
        directory = tmp_path_factory.mktemp("drop-in")
        indented = public_pem().replace("\n", "\n      ").rstrip()
        path = directory / "config.yaml"
        keys = f"validationKeys:\n  - type: ecPublicKey\n    key: |\n      {indented}\n"
        path.write_text(keys + config)
        port = free_port()
        flags = ["--config", str(path), "--log-level", "info"]
        context = None
        if tls:
            cert, key = tls
            flags += ["--tls-cert", str(cert), "--tls-key", str(key), "--addr", f"127.0.0.1:{port}"]
            context = ssl.create_default_context(cafile=cert)
            context.check_hostname = False
        else:
            flags += ["--insecure", "--insecure-addr", f"127.0.0.1:{port}"]
        server = Server(flags, directory, ("127.0.0.1", port), command=LEGACY_COMMAND, tls=context)
        started.append(server)
        return server

    yield start
    assert [server.stop() for server in started] == [0] * len(started)


@pytest.fixture(scope="module")
def static(drop_in: DropIn) -> Server:
    """With claims in the file."""
    return drop_in(STATIC)


@pytest.fixture(scope="module")
def query(drop_in: DropIn) -> Server:
    """With claims in the query."""
    return drop_in(QUERY)


def test_metrics_are_there_from_the_start(drop_in: DropIn) -> None:
    """All four statuses at zero, and the histogram with its buckets."""
    text = drop_in(STATIC).ask(target="/metrics").body.decode()

    assert re.findall(r"^http_requests_total\{(.*)\} (.*)$", text, re.MULTILINE) == [
        (f'status="{status}"', "0.0") for status in (200, 401, 405, 500)
    ]
    name = "nginx_subrequest_auth_jwt_token_validation_time_seconds"
    assert re.findall(name + r'_bucket\{le="(.*)"\} (.*)', text) == [
        (bound, "0.0")
        for bound in ("1e-07", "3e-07", "9e-07", "2.7e-06", "8.1e-06", "2.43e-05", "+Inf")
    ]


STATIC_CASES = {
    "first set": ({"group": "developers"}, 200),
    "first set, other value": ({"group": "administrators"}, 200),
    "second set": ({"deviceClass": "server", "location": "hq"}, 200),
    "half of the second set": ({"deviceClass": "server"}, 401),
    "other value": ({"group": "guests"}, 401),
    "no claim": ({}, 401),
    "an array with the value": ({"group": ["guests", "developers"]}, 200),
    "an array without it": ({"group": ["guests"]}, 401),
    "a number": ({"group": 7}, 401),
    "an object": ({"group": {"developers": True}}, 401),
    "null": ({"group": None}, 401),
    "a part of the value": ({"group": "developer"}, 401),
    "expired": ({"group": "developers", "exp": 1}, 401),
    "not yet valid": ({"group": "developers", "nbf": 3_999_999_999}, 401),
    "issued in the future": ({"group": "developers", "iat": 3_999_999_999}, 401),
    "without exp": ({"group": "developers", "exp": ...}, 200),
    "without any time": ({"group": "developers", "exp": ..., "nbf": ..., "iat": ...}, 200),
}


@pytest.mark.parametrize("changes,status", STATIC_CASES.values(), ids=STATIC_CASES)
def test_static_claims(static: Server, changes: dict[str, object], status: int) -> None:
    """A token passes if any set passes; a set if every claim has one of its values."""
    assert_bare(static.ask(token=bearer(**changes)), status)


QUERY_CASES = {
    "one value": ("claims_group=developers", 200),
    "any of several values": ("claims_group=x&claims_group=developers", 200),
    "every claim": ("claims_group=developers&claims_location=hq", 200),
    "one claim that is another": ("claims_group=developers&claims_location=x", 401),
    "a claim that is not there": ("claims_other=x", 401),
    "another value": ("claims_group=x", 401),
    "no claims": ("", 401),
    "only other parameters": ("group=developers", 401),
    "other parameters beside it": ("other=x&claims_group=developers&y", 200),
    "encoded": ("claims%5Fgroup=developer%73", 200),
}


@pytest.mark.parametrize("parameters,status", QUERY_CASES.values(), ids=QUERY_CASES)
def test_claims_in_the_query(query: Server, parameters: str, status: int) -> None:
    """Every named claim must have one of its values; without any claim nothing passes."""
    good = bearer(group="developers", location="hq")

    assert_bare(query.ask(target=f"/validate?{parameters}", token=good), status)


def test_query_of_a_static_service(static: Server) -> None:
    """It changes nothing there."""
    answer = static.ask(target="/validate?claims_group=guests", token=bearer(group="developers"))

    assert_bare(answer, 200)


def assert_bare(answer: Answer, status: int) -> None:
    """The status, no body, and no header of ours."""
    assert (answer.status, answer.body) == (status, b"")
    assert {name for name, _ in answer.headers} == {"server", "date", "content-length"}


@pytest.mark.parametrize("value", [None, "Basic eDp5", "Bearer", "Bearer x", "Bearer a.b.c"])
def test_no_good_token(static: Server, value: str | None) -> None:
    """401, whatever is wrong."""
    headers = [] if value is None else [("Authorization", value)]

    assert_bare(static.ask(headers=headers), 401)


def test_a_strangers_token(static: Server) -> None:
    """401 for a signature of another key."""
    forged = compact("ES256", claims(iss=..., aud=..., group="developers"), owner="strangers")

    assert_bare(static.ask(token=forged), 401)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"])
def test_other_methods(static: Server, method: str) -> None:
    """405 for anything but GET, with a good token too; counted."""
    answer = static.ask(method, token=bearer(group="developers"))

    assert (answer.status, answer.body, answer.get("allow")) == (405, b"", "GET")


def test_counting(drop_in: DropIn) -> None:
    """Each answer of `/validate` under its status; the histogram times validations."""
    service = drop_in(STATIC)
    for changes in ({"group": "developers"}, {"group": "developers"}, {"group": "guests"}):
        service.ask(token=bearer(**changes))
    service.ask("POST")
    text = service.ask(target="/metrics").body.decode()

    assert re.findall(r'^http_requests_total\{status="(.*)"\} (.*)$', text, re.MULTILINE) == [
        ("200", "2.0"),
        ("401", "1.0"),
        ("405", "1.0"),
        ("500", "0.0"),
    ]
    name = "nginx_subrequest_auth_jwt_token_validation_time_seconds"
    assert f"{name}_count 3.0" in text
    [total] = re.findall(f"{name}_sum (.*)", text)
    assert float(total) > 0


def test_paths(static: Server) -> None:
    """`/healthz` says OK; there is nothing else."""
    health = static.ask(target="/healthz")

    assert (health.status, health.body) == (200, b"OK")
    for target in ("/", "/p/default", "/validate/", "/other"):
        assert static.ask(target=target, token=bearer(group="developers")).status == 404


@pytest.mark.parametrize("kind", ["PKCS#1", "PKCS#8 RSA", "SEC1 P-256", "PKCS#8 P-256"])
def test_tls(drop_in: DropIn, tmp_path: Path, kind: str) -> None:
    """Without --insecure it is TLS, with any common form of key."""
    service = drop_in(STATIC, tls=write_pair(tmp_path, kind))

    assert_bare(service.ask(token=bearer(group="developers")), 200)
    assert_bare(service.ask(token=bearer(group="guests")), 401)
