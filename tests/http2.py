"""HTTP/2 by a strict client: what it must not be sent raises."""

import socket
import ssl
from collections.abc import Iterable
from typing import Self

import h2.events
from h2.config import H2Configuration
from h2.connection import H2Connection

from tests.wire import Address, Answer, Connection

__all__ = ["Http2"]


class Http2:
    """One connection; requests go one after the other, each in a stream of its own."""

    def __init__(self, address: Address, tls: ssl.SSLContext | None = None) -> None:
        """Connect: with prior knowledge, or by the name that TLS agrees on."""
        self._connection = Connection(address, tls)
        if tls is not None:
            assert isinstance(self._connection.socket, ssl.SSLSocket)
            assert self._connection.socket.selected_alpn_protocol() == "h2"
        self._h2 = H2Connection(H2Configuration(client_side=True, header_encoding="latin-1"))
        self._h2.initiate_connection()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    @property
    def socket(self) -> socket.socket:
        """The socket below it."""
        return self._connection.socket

    def ask(
        self,
        method: str = "GET",
        target: str = "/validate",
        headers: Iterable[tuple[str, str]] = (),
    ) -> Answer:
        """Send one request, and read its answer to the end of the stream."""
        stream = self._h2.get_next_available_stream_id()
        first = [
            (":method", method),
            (":scheme", "http"),
            (":authority", "auth.example"),
            (":path", target),
        ]
        given = [(name.lower(), value) for name, value in headers]
        self._h2.send_headers(stream, first + given, end_stream=True)
        found: list[tuple[str, str]] = []
        body, ended = b"", False
        while not ended:
            self.socket.sendall(self._h2.data_to_send())
            data = self.socket.recv(65536)
            assert data, "the connection ended"
            for event in self._h2.receive_data(data):
                if isinstance(event, h2.events.ResponseReceived):
                    found = [(str(name), str(value)) for name, value in event.headers]
                elif isinstance(event, h2.events.DataReceived):
                    body += event.data
                elif isinstance(event, h2.events.StreamEnded):
                    ended = True
                else:
                    assert not isinstance(event, h2.events.StreamReset), "the stream was reset"
        status = int(dict(found)[":status"])
        return Answer(status, [(name, value) for name, value in found if name[0] != ":"], body)
