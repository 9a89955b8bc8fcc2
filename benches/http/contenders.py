"""Who is compared, and how each is configured and started."""

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias
from urllib.parse import urlsplit

from benches.http.tokens import ROLE, jwks
from tests.forge import AUDIENCE, ISSUER
from tests.proxies.proxy import filled

__all__ = [
    "CACHE_TOKENS",
    "OURS",
    "STANDARD",
    "Contender",
    "MissingError",
    "Role",
    "Site",
    "jwtfast",
    "nginx_config",
    "peer",
    "program",
]

Role: TypeAlias = Literal["ours", "ceiling", "limit", "peer"]
"""The ceiling and the limit look at no token; ours and the peers must refuse bad ones."""

ROOT: Final = Path(__file__).parents[2]
PEERS: Final = Path(__file__).with_name("peers")
CACHE_TOKENS: Final = 100_000
"""Room in Envoy's cache; by itself it keeps 100 tokens."""

_BACKLOG: Final = 4096
_CONNECTIONS: Final = 16_384


class MissingError(Exception):
    """A program is not installed; the text says which."""


def program(name: str) -> str:
    """The path of a program: beside the interpreter, on PATH, or where Debian puts servers."""
    for folder in (str(Path(sys.executable).parent), None, "/usr/sbin"):
        path = shutil.which(name, path=folder)
        if path is not None:
            return path
    raise MissingError(f"{name} is not installed")


@dataclass(frozen=True)
class Site:
    """Where a server runs and what it is to check."""

    directory: Path
    port: int
    algorithm: str
    workers: int = 1

    @property
    def address(self) -> str:
        """The address to listen on."""
        return f"127.0.0.1:{self.port}"

    def write(self, name: str, content: str) -> str:
        """Write a file of its configuration; its path."""
        path = self.directory / name
        path.write_text(content)
        return str(path)


Command: TypeAlias = tuple[list[str], Mapping[str, str]]
"""A command, and what is added to its environment."""


@dataclass(frozen=True)
class Contender:
    """One of those that are compared."""

    name: str
    role: Role
    prepare: Callable[[Site], Command] | None = None
    """Write the configuration and say what is to be run; None where it runs already."""
    url: str | None = None
    """Where it runs already, otherwise None."""
    identity: bool = False
    """Whether it must answer who it is, in `X-User`."""
    caches: bool = field(default=False)
    """Whether it remembers tokens."""

    @property
    def checks(self) -> bool:
        """Whether it must refuse bad tokens."""
        return self.role in {"ours", "peer"}

    @property
    def target(self) -> str:
        """The path and query to ask."""
        if self.url is None:
            return "/validate"
        parts = urlsplit(self.url)
        return f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"


def jwtfast_config(site: Site, cache_bytes: int | None) -> dict[str, Any]:
    """What a user would write: one issuer, one claim asked for, one identity header."""
    config: dict[str, Any] = {
        "listen": site.address,
        "workers": site.workers,
        "issuers": [
            {
                "name": "bench",
                "issuer": ISSUER,
                "audiences": [AUDIENCE],
                "algorithms": [site.algorithm],
                "keys": {"jwks": jwks(site.algorithm)},
            }
        ],
        "policies": {
            "default": {
                "issuers": ["bench"],
                "require": [{"claim": "role", "any": [ROLE]}],
                "identity": {"X-User": "sub"},
            }
        },
    }
    return config if cache_bytes is None else config | {"cache": {"max_bytes": cache_bytes}}


def jwtfast(interface: str, name: str | None = None, cache_bytes: int | None = None) -> Contender:
    """Our own service through one of its front doors.

    Args:
        interface: asgi, rsgi or wsgi.
        name: what it is called in the results; default: by its interface.
        cache_bytes: the size of its cache; None for the default, 0 for none.
    """

    def prepare(site: Site) -> Command:
        path = site.write("jwtfast.yaml", json.dumps(jwtfast_config(site, cache_bytes)))
        command = [sys.executable, "-m", "jwtfast_server", "serve", "--config", path]
        return [*command, "--interface", interface], {}

    caches = cache_bytes != 0
    return Contender(name or f"jwtfast {interface}", "ours", prepare, identity=True, caches=caches)


def _granian(interface: str) -> Contender:
    def prepare(site: Site) -> Command:
        # The settings of `jwtfast serve`, as far as they have to do with speed.
        command = [program("granian"), "--host", "127.0.0.1", "--port", str(site.port)]
        command += ["--interface", {"asgi": "asginl"}.get(interface, interface)]
        command += ["--workers", str(site.workers), "--blocking-threads", "1", "--loop", "uvloop"]
        command += ["--no-ws", "--backlog", str(_BACKLOG), "--backpressure", str(_CONNECTIONS)]
        command += ["--http1-header-read-timeout", "5000", "--log-level", "warning"]
        command += ["--working-dir", str(ROOT), f"benches.http.peers.bare:{interface}"]
        return command, {}

    return Contender(f"bare granian {interface}", "ceiling", prepare)


def nginx_config(site: Site, http: str) -> Command:
    """NGINX with what is inside `http { }`."""
    content = filled((PEERS / "nginx.conf").read_text(), {"    # HTTP\n": http})
    path = site.write("nginx.conf", content)
    return [program("nginx"), "-e", "stderr", "-p", str(site.directory), "-c", path], {}


def _nginx(site: Site) -> Command:
    server = f"server {{ listen {site.address} backlog={_BACKLOG}; location / {{ return 200; }} }}"
    return nginx_config(site, f"{server}\n")


def _envoy(*, cache: bool) -> Contender:
    def prepare(site: Site) -> Command:
        places = {
            "port_value: PORT": f"port_value: {site.port}",
            "'KEYS'": f"'{json.dumps(jwks(site.algorithm))}'",
            "issuer: ISSUER": f"issuer: {ISSUER}",
            "[AUDIENCE]": f"[{AUDIENCE}]",
        }
        if cache:
            places["# CACHE"] = f"jwt_cache_config: {{jwt_cache_size: {CACHE_TOKENS}}}"
        content = filled((PEERS / "envoy.yaml").read_text(), places)
        command = [program("envoy"), "-c", site.write("envoy.yaml", content)]
        # Without hot restart nothing is shared with another Envoy of this machine.
        command += ["--concurrency", str(site.workers), "--disable-hot-restart"]
        return [*command, "--log-level", "error"], {}

    return Contender("envoy, cache" if cache else "envoy", "peer", prepare, caches=cache)


def _written_by_hand(site: Site) -> Command:
    environment = {
        "BENCH_ALGORITHM": site.algorithm,
        "BENCH_JWKS": site.write("jwks.json", json.dumps(jwks(site.algorithm))),
    }
    command = [sys.executable, "-m", "uvicorn", "--host", "127.0.0.1", "--port", str(site.port)]
    command += ["--workers", str(site.workers), "--loop", "uvloop", "--http", "httptools"]
    command += ["--no-access-log", "--log-level", "warning", "--backlog", str(_BACKLOG)]
    command += ["--app-dir", str(ROOT), "benches.http.peers.written_by_hand:application"]
    return command, environment


def peer(name: str, url: str) -> Contender:
    """A service that runs already, with the keys of `tokens.write_keys`, and pinned by its user."""
    return Contender(name, "peer", url=url, caches=True)


INTERFACES: Final = ("asgi", "rsgi", "wsgi")

OURS: Final = tuple(jwtfast(interface) for interface in INTERFACES)

STANDARD: Final = (
    *OURS,
    jwtfast("asgi", "jwtfast asgi, no cache", 0),
    *(_granian(interface) for interface in INTERFACES),
    Contender("nginx return 200", "limit", _nginx),
    _envoy(cache=True),
    _envoy(cache=False),
    Contender("uvicorn, PyJWT", "peer", _written_by_hand, identity=True),
)
