"""HTTP/2 by hand: any pseudo-header and header, many streams over one connection, trailers."""

import socket
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    RemoteSettingsChanged,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes

from tests.wire import Answer

__all__ = ["Http2", "request_headers"]

_TIMEOUT = 10.0
Given = tuple[str | bytes, str | bytes]


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("latin-1")


def request_headers(
    method: str = "GET",
    target: str | bytes = "/",
    headers: Iterable[Given] = (),
    authority: str | bytes = "auth.example",
) -> list[Given]:
    """The pseudo-headers of an ordinary request, then others with their names in lower case."""
    pseudo: list[Given] = [
        (":method", method),
        (":scheme", "http"),
        (":path", target),
        (":authority", authority),
    ]
    return [*pseudo, *((_bytes(name).lower(), value) for name, value in headers)]


@dataclass
class _Stream:
    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    ended: bool = False
    reset: bool = False


class Http2:
    """One connection by prior knowledge, whose headers are sent as they are given."""

    def __init__(self, address: tuple[str, int]) -> None:
        """Connect, and say so."""
        self.socket = socket.create_connection(address, timeout=_TIMEOUT)
        config = H2Configuration(
            header_encoding=None,
            validate_outbound_headers=False,
            normalize_outbound_headers=False,
            validate_inbound_headers=False,
        )
        self._h2 = H2Connection(config)
        self._streams: dict[int, _Stream] = {}
        self.over = self._told = False
        self._h2.initiate_connection()
        self._flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    @property
    def connects(self) -> bool:
        """Whether the server takes extended CONNECT (RFC 8441)."""
        return self._h2.remote_settings.get(SettingCodes.ENABLE_CONNECT_PROTOCOL) == 1

    def send(self, headers: Iterable[Given], *, end: bool = True) -> int:
        """Open a stream with these headers; its number."""
        stream = self._h2.get_next_available_stream_id()
        self._streams[stream] = _Stream()
        pairs = [(_bytes(name), _bytes(value)) for name, value in headers]
        self._h2.send_headers(stream, pairs, end_stream=end)
        self._flush()
        return stream

    def data(self, stream: int, data: bytes, *, end: bool = False) -> None:
        """Send a body, or a part of it, within the first window of 64 KiB."""
        size = self._h2.max_outbound_frame_size
        frames = [data[at : at + size] for at in range(0, len(data), size)] or [b""]
        for index, frame in enumerate(frames):
            try:
                self._h2.send_data(stream, frame, end_stream=end and index == len(frames) - 1)
            except ProtocolError:
                # The other side has ended the stream or the connection before it had all.
                return
            self._flush()

    def trailers(self, stream: int, headers: Iterable[Given]) -> None:
        """End a stream with trailers."""
        pairs = [(_bytes(name), _bytes(value)) for name, value in headers]
        try:
            self._h2.send_headers(stream, pairs, end_stream=True)
        except ProtocolError:
            return
        self._flush()

    def _flush(self) -> None:
        try:
            self.socket.sendall(self._h2.data_to_send())
        except (BrokenPipeError, ConnectionResetError):
            self.over = True

    def _more(self) -> None:
        try:
            data = self.socket.recv(65536)
            events = self._h2.receive_data(data) if data else []
        except (ConnectionResetError, ProtocolError):
            data, events = b"", []
        self.over |= not data
        for event in events:
            self._take(event)
        self._flush()

    def _take(self, event: Event) -> None:
        match event:
            case RemoteSettingsChanged():
                self._told = True
            case ConnectionTerminated():
                self.over = True
            case ResponseReceived(stream_id=int(number), headers=headers):
                stream = self._streams[number]
                pairs = [(bytes(name).decode(), bytes(value)) for name, value in headers or []]
                stream.status = int(dict(pairs)[":status"])
                stream.headers = [(name, value.decode("latin-1")) for name, value in pairs]
            case DataReceived(stream_id=int(number), data=data):
                self._streams[number].body += data or b""
                self._h2.acknowledge_received_data(event.flow_controlled_length or 0, number)
            case StreamEnded(stream_id=int(number)):
                self._streams[number].ended = True
            case StreamReset(stream_id=int(number)):
                self._streams[number].reset = True
            case _:
                pass

    def settled(self) -> None:
        """Wait for the server's settings."""
        while not (self.over or self._told):
            self._more()

    def answered(self, stream: int) -> Answer:
        """What came as soon as a status came; status 0 where the server refused the stream."""
        found = self._streams[stream]
        while not (found.status or found.reset or self.over):
            self._more()
        return Answer(found.status, found.headers, found.body)

    def some(self, stream: int) -> bytes:
        """The part of the body that comes first."""
        found = self._streams[stream]
        while not (found.body or found.ended or found.reset or self.over):
            self._more()
        return found.body

    def answer(self, stream: int) -> Answer:
        """The whole answer; status 0 where the server refused the stream or the connection."""
        found = self._streams[stream]
        while not (found.ended or found.reset or self.over):
            self._more()
        return Answer(found.status, found.headers, found.body)

    def ask(self, headers: Iterable[Given]) -> Answer:
        """One request without a body, and its answer."""
        return self.answer(self.send(headers))
