"""The ways in which a client asks for a tunnel: Upgrade, Connection, CONNECT; their spellings."""

__all__ = ["CONNECTS", "SETTINGS", "UPGRADES", "VALUES", "WEBSOCKET"]

_KEY = ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
WEBSOCKET = [("Upgrade", "websocket"), _KEY, ("Sec-WebSocket-Version", "13")]
"""What a browser sends for a websocket, beside `Connection: Upgrade`."""

SETTINGS = ("HTTP2-Settings", "AAMAAABkAAQAoAAAAAIAAAAA")
"""What comes with an upgrade to h2c (RFC 7540 3.2.1)."""

_CONNECTIONS: list[list[str]] = [
    ["Upgrade, HTTP2-Settings"],
    ["upgrade,http2-settings"],
    ["keep-alive, UPGRADE, HTTP2-Settings"],
    ["Upgrade"],
    ["close, Upgrade"],
    ["HTTP2-Settings", "Upgrade"],
    ["keep-alive"],
    [],
]
VALUES: list[list[str]] = [
    ["h2c"],
    ["H2C"],
    ["h2c", "h2c"],
    ["h2c", "websocket"],
    ["websocket", "h2c"],
    ["websocket", "websocket"],
    ["websocket", "", "h2c"],
    ["websocket, h2c"],
    ["websocket,h2c"],
    ["h2c, websocket"],
    ["h2c,websocket"],
    [", h2c"],
    ["websocket\t,\th2c"],
    ["WebSocket, h2c"],
    ["h2"],
    ["websocket/13"],
    ["h2c/1"],
    ["HTTP/2.0"],
    ["HTTP/1.1"],
    ["TLS/1.0"],
    ["TLS/1.2, HTTP/1.1"],
    ["websockets"],
    ["xwebsocket"],
    ["spdy/3.1"],
    ["SPDY/3.1, websocket"],
    ["tcp"],
    ["connect-udp"],
]
"""Values of Upgrade, each a header of its own."""

UPGRADES = [
    *((["Upgrade, HTTP2-Settings"], values) for values in VALUES),
    *((connection, values) for connection in _CONNECTIONS[1:] for values in VALUES[:1]),
    *((connection, VALUES[4]) for connection in _CONNECTIONS[1:]),
]
"""Values of Connection and of Upgrade, each a header of its own."""

CONNECTS = [
    "auth.example:80",
    "auth.example:443",
    "auth.example",
    "127.0.0.1:3000",
    "admin.example:80",
    "[::1]:80",
    "/",
    "/public/x",
    "http://auth.example/public/x",
    "*",
    "",
]
"""Targets of CONNECT."""
