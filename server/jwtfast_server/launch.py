"""granian, started from settings: one main process that watches over the workers."""

import resource
import sys
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final, Literal

import structlog
from granian.constants import HTTPModes, Interfaces, Loops, SSLProtocols
from granian.http import HTTP1Settings, HTTP2Settings
from granian.log import LogLevels

import jwtfast
from jwtfast_server import log, metrics, tls, worker
from jwtfast_server.address import Address
from jwtfast_server.answers import statuses
from jwtfast_server.app import wsgi_is_safe
from jwtfast_server.config import Settings
from jwtfast_server.connections import HEADER_TIMEOUT_S
from jwtfast_server.flusher import Flusher
from jwtfast_server.listen import Endpoint, ListenError, endpoint
from jwtfast_server.log_writer import writer
from jwtfast_server.main_process import MainProcess
from jwtfast_server.masking import told
from jwtfast_server.process_metrics import ProcessReport
from jwtfast_server.reload import Reload
from jwtfast_server.run_directory import run_directory
from jwtfast_server.scrapes import Scrapes, listening_at

__all__ = ["serve"]

_INTERFACES: Final = {
    # Without the lifespan protocol: a worker is ready once its application is built.
    "asgi": Interfaces.ASGINL,
    "rsgi": Interfaces.RSGI,
    "wsgi": Interfaces.WSGI,
}
_KILL_TIMEOUT_S: Final = 10
_BACKLOG: Final = 4096
_LEAST_BUFFER: Final = 417_792
# What a request may have beside its token; and a token may come twice, to be refused.
_BESIDE_TOKENS: Final = 65_536
_MOST_NOTES: Final = 100
_LONGEST_NOTE: Final = 1000
_MOST_CONNECTIONS: Final = 65_536
# Files, logs, event loop: what a worker opens beside its connections.
_OTHER_FILES: Final = 64


class StartError(Exception):
    """Serving cannot begin; the text is one line that says why."""


def serve(settings: Settings, load: Callable[[], Settings]) -> int:
    """Serve until SIGTERM or SIGINT.

    Args:
        settings: what was loaded.
        load: loads it again, in the same way.

    Returns:
        The exit status: 0 after a stop that was asked for, 1 where the workers keep dying, 2
        where serving cannot begin.
    """
    log.configure(settings.log.level)
    asked = settings
    interface = _interface(asked)
    settings = _behind(interface, asked)
    try:
        listen = endpoint(settings.listen)
        scrape = _metrics_endpoint(settings.metrics.listen)
        if settings.tls:
            tls.check(settings.tls.cert, settings.tls.key)
    except (ListenError, StartError, tls.CertificateError) as error:
        return _refused(str(error))
    # What `auto` means fits.
    if reason := _unfit(asked):
        return _refused(reason)
    room = (_buffer(settings) - _BESIDE_TOKENS) // 2

    def again() -> Settings:
        return _behind(interface, load())

    try:
        with (
            run_directory() as directory,
            closing(Reload(settings, again, _unfit, room, directory)) as configuration,
        ):
            server = _server(settings, listen, directory, configuration)
            scrapes = _scrapes(configuration, directory, scrape)
            for hook in (
                partial(_tell_start, settings, asked.interface),
                scrapes.start,
                _flusher(configuration, directory).start,
            ):
                server.on_startup(hook)
            with log.taking_over():
                loader = partial(worker.load, directory, listen)
                server.serve(target_loader=loader, wrap_loader=False)
    except SystemExit as end:
        return int(end.code or 0)
    except OSError as error:
        return _refused(f"cannot be started: {error}")
    return 0


def _scrapes(configuration: Reload, directory: Path, scrape: Endpoint | None) -> Scrapes:
    """What answers scrapes in this process."""
    interface = configuration.settings.interface
    registry = metrics.exposition(directory, lambda: statuses(configuration.settings), interface)
    return Scrapes(directory, registry, listening_at(scrape) if scrape else None)


def _flusher(configuration: Reload, directory: Path) -> Flusher:
    """What lets this process tell its own counts."""
    report = ProcessReport(directory, {"log_lines_dropped": lambda: writer.dropped})
    return Flusher(directory, (configuration.flush, report.write))


def _refused(reason: str) -> int:
    sys.stderr.write(f"jwtfast: {reason}\n")
    return 2


def _metrics_endpoint(address: Address | None) -> Endpoint | None:
    if address is not None and address.unix:
        raise StartError(f"{address} cannot be used for metrics: expected host:port")
    return endpoint(address) if address else None


def _read(settings: Settings) -> tuple[str, ...]:
    """The names of the headers that decisions need."""
    return jwtfast.Gate(settings.gate_settings(), dict.fromkeys(settings.material)).request_headers


def _interface(settings: Settings) -> Literal["asgi", "rsgi", "wsgi"]:
    """The front door to serve behind; the choice of `auto` is explained in docs/decisions/0010."""
    if settings.interface in {"asgi", "rsgi"}:
        return settings.interface
    # To WSGI, a header that is empty and one with bytes above ASCII are the same, which matters
    # where a request without a token passes.
    if any(policy.optional for policy in settings.policies.values()):
        return "asgi"
    if settings.interface == "wsgi":
        return "wsgi"
    return "wsgi" if wsgi_is_safe(_read(settings)) and not _looks_at_headers(settings) else "asgi"


def _looks_at_headers(settings: Settings) -> bool:
    """Whether rules look at request headers, of which each value counts, and how many there are."""
    return any(policy.request_headers for policy in settings.policies.values())


def _behind(interface: Literal["asgi", "rsgi", "wsgi"], settings: Settings) -> Settings:
    """Settings with the front door that `auto` means, or `wsgi`, in this process."""
    if settings.interface in {"asgi", "rsgi"}:
        return settings
    return settings.model_copy(update={"interface": interface})


def _unfit(settings: Settings) -> str | None:
    """Why settings cannot be served behind this front door: it merges what a gate tells apart."""
    if settings.interface in {"wsgi", "rsgi"} and _looks_at_headers(settings):
        return (
            f"interface {settings.interface} cannot be used with request_headers: it hides some of "
            "the values of a header; start with asgi, or auto"
        )
    if settings.interface != "wsgi" or wsgi_is_safe(names := _read(settings)):
        return None
    return (
        "interface wsgi cannot be used: it does not tell apart the headers that this "
        f"configuration reads ({', '.join(names)}); start with asgi, or auto"
    )


def _tell_start(settings: Settings, asked: str) -> None:
    logger = structlog.get_logger()
    for note in told(settings.notes, _MOST_NOTES, _LONGEST_NOTE):
        logger.warning("configuration", note=note)
    if settings.interface == "rsgi":
        logger.warning("interface rsgi hides header values that are not ASCII; use asgi")
    if (asked, settings.interface) == ("wsgi", "asgi"):
        logger.warning("interface wsgi cannot read for optional policies; asgi serves instead")
    logger.info(
        "listening",
        address=str(settings.listen),
        tls=settings.tls is not None,
        workers=settings.workers,
        interface=settings.interface,
        mode=settings.mode,
        version=jwtfast.__version__,
    )


def _server(settings: Settings, listen: Endpoint, directory: Path, reload: Reload) -> MainProcess:
    debug = settings.log.level == "debug"
    return MainProcess(
        directory,
        reload,
        listen,
        interface=_INTERFACES[settings.interface],
        workers=settings.workers,
        blocking_threads=1,
        loop=Loops.uvloop,
        # In HTTP/1 a connection that sends nothing is closed; of a Unix socket nothing else tells.
        http=HTTPModes.http1 if listen.unix else HTTPModes.auto,
        websockets=False,
        backlog=_BACKLOG,
        backpressure=_connections(),
        http1_settings=HTTP1Settings(
            # hyper also closes a connection that was idle for so long, see `connections`.
            header_read_timeout=HEADER_TIMEOUT_S * 1000,
            max_buffer_size=_buffer(settings),
        ),
        http2_settings=HTTP2Settings(
            keep_alive_interval=30_000, keep_alive_timeout=10, max_headers_size=_LEAST_BUFFER
        ),
        log_level=LogLevels.info if debug else LogLevels.warning,
        log_dictconfig=log.granian_logging(),
        ssl_cert=Path(settings.tls.cert) if settings.tls else None,
        ssl_key=Path(settings.tls.key) if settings.tls else None,
        ssl_protocol_min=SSLProtocols.tls12,
        respawn_failed_workers=True,
        workers_kill_timeout=_KILL_TIMEOUT_S,
    )


def _buffer(settings: Settings) -> int:
    return max(_LEAST_BUFFER, 2 * settings.max_token_bytes + _BESIDE_TOKENS)


def _connections() -> int:
    """Connections a worker may hold: as many as it may open files.

    granian stops to accept at this number, and a proxy's idle connections count.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_CONNECTIONS + _OTHER_FILES
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
    return max(1, limit - _OTHER_FILES)
