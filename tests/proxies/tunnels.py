"""An application that agrees to every tunnel: HTTP/2 by upgrade, websockets, CONNECT, anything."""

import base64
import contextlib
import hashlib
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import RequestReceived
from h2.exceptions import ProtocolError

__all__ = ["Heard", "frame", "opened"]

Heard = Callable[[str, str, list[tuple[str, str]]], None]
"""Takes the method, the target and the headers of a request that came through a tunnel."""

_ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def opened(handler: BaseHTTPRequestHandler, heard: Heard) -> bool:
    """Open the tunnel that a request asks for, and serve it; False where it asks for none.

    Whatever is neither HTTP/2 nor a websocket goes on as HTTP/1.1, each request in it answered by
    the handler as any other: so does a server that takes TLS or a protocol of its own.
    """
    if handler.command == "CONNECT":
        handler.send_response(200)
        handler.end_headers()
        return True
    offered = list(_tokens(handler.headers.get_all("upgrade") or []))
    if not offered:
        return False
    wanted = [token for token in ("h2c", "h2", "websocket") if token in offered]
    protocol = [*wanted, *offered][0]
    handler.send_response(101)
    handler.send_header("Connection", "Upgrade")
    handler.send_header("Upgrade", protocol)
    if protocol == "websocket":
        key = (handler.headers.get("sec-websocket-key") or "").encode()
        accept = base64.b64encode(hashlib.sha1(key + _ACCEPT).digest())  # noqa: S324 # RFC 6455
        handler.send_header("Sec-WebSocket-Accept", accept.decode())
    handler.end_headers()
    handler.wfile.flush()
    if protocol in {"h2c", "h2"}:
        _serve_http2(handler, heard)
    elif protocol == "websocket":
        _serve_websocket(handler)
    return True


def _tokens(values: list[str]) -> Iterator[str]:
    for value in values:
        yield from filter(None, (token.strip().lower() for token in value.split(",")))


def frame(text: bytes) -> bytes:
    """A text frame of a websocket's client, masked with zeros."""
    return bytes([0x81, 0x80 | len(text)]) + bytes(4) + text


def _serve_websocket(handler: BaseHTTPRequestHandler) -> None:
    """Send each short text frame back, until the connection ends."""
    handler.close_connection = True
    while len(head := handler.rfile.read(2)) == 2:
        mask, text = handler.rfile.read(4), handler.rfile.read(head[1] & 0x7F)
        back = bytes(byte ^ mask[index % 4] for index, byte in enumerate(text))
        with contextlib.suppress(OSError):
            handler.wfile.write(bytes([0x81, len(back)]) + back)
            handler.wfile.flush()


def _serve_http2(handler: BaseHTTPRequestHandler, heard: Heard) -> None:
    """Answer each stream with 200, until the connection ends."""
    handler.close_connection = True
    http2 = H2Connection(H2Configuration(client_side=False, header_encoding="latin-1"))
    http2.initiate_upgrade_connection(b"AAMAAABkAAQAoAAAAAIAAAAA")
    http2.send_headers(1, [(":status", "200")], end_stream=True)
    with contextlib.suppress(OSError, ProtocolError):
        while True:
            handler.wfile.write(http2.data_to_send())
            handler.wfile.flush()
            data = handler.connection.recv(65536)
            if not data:
                return
            for event in http2.receive_data(data):
                if isinstance(event, RequestReceived) and event.stream_id is not None:
                    headers = [(str(name), str(value)) for name, value in event.headers or []]
                    told = dict(headers)
                    heard(told.get(":method", ""), told.get(":path", ""), headers)
                    http2.send_headers(event.stream_id, [(":status", "200")], end_stream=True)
