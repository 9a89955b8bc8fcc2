"""A key server on loopback that does as it is told: right, wrong, slow, or nothing at all."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Self, TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from tests.forge import claims, compact, public_jwk
from tests.forge.keys import Owner

__all__ = [
    "DEADLINE",
    "KeyServer",
    "Request",
    "answer",
    "entry",
    "jwks",
    "pems",
    "read_request",
    "signed",
]

DEADLINE: Final = 20.0
"""Seconds after which something that must happen is taken not to."""


@dataclass(frozen=True)
class Request:
    """What came in: the target, and the headers with their names in lower case."""

    target: str
    headers: Mapping[str, str]


Page: TypeAlias = bytes | Callable[[socket.socket, Request], bytes]
"""The bytes of an answer, or what talks to the connection first and gives them then."""


def _owner(kid: str) -> Owner:
    return "strangers" if kid == "b" else "ours"


def entry(kid: str, /, **members: str) -> dict[str, str]:
    """Return the public key `a` (ours) or `b` (strangers'), as an entry of a set."""
    return public_jwk("ES256", _owner(kid)) | {"kid": kid, "alg": "ES256", "use": "sig"} | members


def signed(kid: str, **changes: object) -> str:
    """Return a good token of the key `a` or `b`."""
    return compact("ES256", claims(**changes), {"kid": kid}, _owner(kid))


def jwks(*kids: str, **headers: str) -> bytes:
    """Return the answer with these keys."""
    return answer(json.dumps({"keys": [entry(kid) for kid in kids]}).encode(), 200, **headers)


def answer(body: bytes = b"", status: int = 200, **headers: str) -> bytes:
    """Return an answer; `cache_control="..."` is the header Cache-Control."""
    given = {"content_length": str(len(body))} | headers
    lines = [f"HTTP/1.1 {status} X", "connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in given.items() if value]
    return "\r\n".join([*lines, "", ""]).encode() + body


@dataclass
class KeyServer:
    """One listener; `pages` says what each target is answered with."""

    pages: dict[str, Page] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    requests: list[Request] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._came = threading.Condition()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        # To shut it wakes the thread; to close it alone would not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._accepting.join(DEADLINE)
        self._listener.close()
        with self._came:
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(DEADLINE)

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        address: tuple[str, int] = self._listener.getsockname()
        return address

    @property
    def port(self) -> int:
        """The port of it."""
        return self.address[1]

    def url(self, target: str = "/jwks", host: str = "127.0.0.1") -> str:
        """Return the URL of a target."""
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{target}"

    def count(self, target: str = "/jwks") -> int:
        """Return how often a target was asked for."""
        return sum(request.target == target for request in self.requests)

    def await_count(self, count: int, target: str = "/jwks") -> None:
        """Wait until a target was asked for so often."""
        with self._came:
            assert self._came.wait_for(lambda: self.count(target) >= count, DEADLINE), (
                f"{target} was asked for {self.count(target)} times, not {count}"
            )

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._came:
                self._open.add(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, plain: socket.socket) -> None:
        connection = plain
        with suppress(OSError, ValueError):
            if self.tls:
                connection = self.tls.wrap_socket(plain, server_side=True)
                with self._came:
                    self._open.add(connection)
            if request := read_request(connection):
                with self._came:
                    self.requests.append(request)
                    self._came.notify_all()
                page = self.pages.get(request.target, answer(b"no such page", 404))
                connection.sendall(page if isinstance(page, bytes) else page(connection, request))
        with self._came:
            self._open -= {plain, connection}
        connection.close()
        plain.close()


def read_request(connection: socket.socket) -> Request | None:
    """Read one request without a body; None where the connection ends before."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return None
        data += more
    first, *lines = data.decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    return Request(first.split(" ")[1], {name.lower(): value for name, _, value in pairs})


def pems(directory: Path, *hosts: str) -> tuple[Path, ssl.SSLContext]:
    """Make a CA and a certificate of it for some hosts.

    Returns:
        The file of the CA's certificate, and what a server for those hosts takes.
    """
    ca_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a CA of the tests")])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hosts[0])])
    ca = _builder(ca_name, ca_name, ca_key).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    ca_certificate = ca.add_extension(usage, critical=True).sign(ca_key, hashes.SHA256())
    certificate = (
        _builder(name, ca_name, key)
        .add_extension(x509.SubjectAlternativeName(list(map(x509.DNSName, hosts))), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    ca_path, path = directory / "ca.pem", directory / "server.pem"
    ca_path.write_bytes(ca_certificate.public_bytes(Encoding.PEM))
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return ca_path, context


def _builder(
    name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return x509.CertificateBuilder(
        issuer_name=issuer,
        subject_name=name,
        public_key=key.public_key(),
        serial_number=x509.random_serial_number(),
        not_valid_before=now - timedelta(days=1),
        not_valid_after=now + timedelta(days=1),
    )
