"""Applications that are reached otherwise than by HTTP/1: uwsgi, SCGI and gRPC's HTTP/2."""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived

__all__ = ["GATEWAYS", "Pairs", "gateway"]

Pairs = list[tuple[str, str]]
"""The names and values that an application gets, as they come."""

Tell = Callable[[Pairs], object]
"""Is told what came, before it is answered."""

_OK = b"200 OK\r\nContent-Length: 2\r\n\r\nok"


def _uwsgi(client: socket.socket, tell: Tell) -> None:
    with client.makefile("rb") as stream:
        _, size, _ = struct.unpack("<BHB", stream.read(4))
        left, texts = stream.read(size), []
    while left:
        length = int.from_bytes(left[:2], "little")
        texts.append(left[2 : 2 + length].decode("latin-1"))
        left = left[2 + length :]
    tell(list(zip(texts[::2], texts[1::2], strict=True)))
    client.sendall(b"HTTP/1.1 " + _OK)


def _scgi(client: socket.socket, tell: Tell) -> None:
    with client.makefile("rb") as stream:
        size = b""
        while (one := stream.read(1)) != b":":
            size += one
        texts = stream.read(int(size)).decode("latin-1").split("\0")[:-1]
    tell(list(zip(texts[::2], texts[1::2], strict=True)))
    client.sendall(b"Status: " + _OK)


def _grpc(client: socket.socket, tell: Tell) -> None:
    http2 = H2Connection(H2Configuration(client_side=False, header_encoding="latin-1"))
    http2.initiate_connection()
    client.sendall(http2.data_to_send())
    while data := client.recv(65536):
        for event in http2.receive_data(data):
            if isinstance(event, RequestReceived):
                assert event.stream_id is not None
                tell([(str(name), str(value)) for name, value in event.headers or []])
                http2.send_headers(event.stream_id, [(":status", "200")], end_stream=True)
                client.sendall(http2.data_to_send())
                return
        client.sendall(http2.data_to_send())


GATEWAYS: dict[str, Callable[[socket.socket, Tell], None]] = {
    "uwsgi_pass": _uwsgi,
    "scgi_pass": _scgi,
    "grpc_pass": _grpc,
}
"""By the directive of NGINX that reaches it, how a connection is served."""


@contextmanager
def gateway(name: str) -> Iterator[tuple[str, list[Pairs]]]:
    """Serve one request a connection; its address, and what came."""
    seen: list[Pairs] = []

    def answer(client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            GATEWAYS[name](client, seen.append)
            client.shutdown(socket.SHUT_WR)
            while client.recv(65536):
                pass

    def serve(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=answer, args=(client,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        try:
            yield f"127.0.0.1:{listener.getsockname()[1]}", seen
        finally:
            listener.shutdown(socket.SHUT_RDWR)
