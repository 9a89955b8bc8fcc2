"""What granian hands over with one request: a token in one header, as in the HTTP comparison.

An ASGI and an RSGI scope are granian's own objects, kept from a request that it really got. Its
WSGI server cannot run inside another process: an environ is what granian 2.8 puts into one.
"""

import asyncio
import http.client
import socket
from functools import partial
from typing import Any, Final

from granian.constants import Interfaces
from granian.server.embed import Server

from tests.processes import free_port, until

__all__ = ["environ", "scope"]

_TIMEOUT: Final = 60.0


def environ(token: str) -> dict[str, object]:
    """What granian adds for one request to the environ that all requests share."""
    return {
        "SERVER_PROTOCOL": "HTTP/1.1",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8080",
        "REMOTE_ADDR": "127.0.0.1",
        "REQUEST_METHOD": "GET",
        "PATH_INFO": "/validate",
        "QUERY_STRING": "",
        "wsgi.url_scheme": "http",
        "wsgi.input": object(),
        "HTTP_HOST": "127.0.0.1:8080",
        "HTTP_AUTHORIZATION": f"Bearer {token}",
    }


def scope(interface: Interfaces, token: str) -> Any:  # noqa: ANN401 - a class that has no name
    """The scope of one request that granian got."""
    kept: list[Any] = []

    async def rsgi(scope: object, protocol: Any) -> None:  # noqa: ANN401 - as above
        kept.append(scope)
        protocol.response_empty(200, [])

    async def asgi(scope: object, _receive: object, send: Any) -> None:  # noqa: ANN401 - as above
        kept.append(scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    application = rsgi if interface is Interfaces.RSGI else asgi
    asyncio.run(_serve_once(application, interface, token))
    return kept[0]


async def _serve_once(application: object, interface: Interfaces, token: str) -> None:
    port = free_port()
    server: Any = Server(
        application, port=port, interface=interface, websockets=False, log_enabled=False
    )
    serving = asyncio.create_task(server.serve())
    await asyncio.to_thread(_ask, port, token)
    server.stop()
    await serving


def _ask(port: int, token: str) -> None:
    until(partial(_listens, port), "granian listens", _TIMEOUT)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT)
    connection.putrequest("GET", "/validate", skip_accept_encoding=True)
    connection.putheader("authorization", f"Bearer {token}")
    connection.endheaders()
    status = connection.getresponse().status
    assert status == 200, status
    connection.close()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True
