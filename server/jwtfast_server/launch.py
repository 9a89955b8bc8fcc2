"""granian, started from settings: one main process that watches over the workers."""

import asyncio
import multiprocessing
import os
import resource
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any, Final, Literal

import structlog
from granian.constants import HTTPModes, Interfaces, Loops, SSLProtocols
from granian.http import HTTP1Settings, HTTP2Settings
from granian.log import LogLevels
from prometheus_client import start_http_server

import jwtfast
from jwtfast_server import log, metrics, tls
from jwtfast_server.answers import statuses
from jwtfast_server.app import Application, wsgi_is_safe
from jwtfast_server.config import Settings
from jwtfast_server.connections import HEADER_TIMEOUT_S, Connections
from jwtfast_server.counters import Flusher
from jwtfast_server.listen import Endpoint, ListenError, endpoint
from jwtfast_server.main_process import MainProcess
from jwtfast_server.published import Follower
from jwtfast_server.reload import Reload
from jwtfast_server.run_directory import DRAINING, run_directory
from jwtfast_server.scheduling import ask_for_short_slices
from jwtfast_server.service import Service
from jwtfast_server.values import Address

__all__ = ["serve"]

_INTERFACES: Final = {
    # Without the lifespan protocol: a worker is ready once its application is built.
    "asgi": Interfaces.ASGINL,
    "rsgi": Interfaces.RSGI,
    "wsgi": Interfaces.WSGI,
}
_KILL_TIMEOUT_S: Final = 10
_WATCH_EVERY_S: Final = 0.5
_PATIENCE_S: Final = 2.0
_LAST_WORD_S: Final = 6.0
_BACKLOG: Final = 4096
_LEAST_BUFFER: Final = 417_792
# What a request may have beside its token; and a token may come twice, to be refused.
_BESIDE_TOKENS: Final = 65_536
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

    with (
        run_directory() as directory,
        closing(Reload(settings, again, _unfit, room, directory)) as configuration,
    ):
        if scrape:
            registry = metrics.exposition(
                directory, lambda: statuses(configuration.settings), settings.interface
            )
            start_http_server(scrape.port, scrape.host, registry)
        server = _server(settings, listen, directory, configuration)
        server.on_startup(partial(_tell_start, settings))
        try:
            server.serve(target_loader=partial(_load, directory, listen), wrap_loader=False)
        except SystemExit as end:
            return int(end.code or 0)
    return 0


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
    if settings.interface != "auto":
        return settings.interface
    return "wsgi" if wsgi_is_safe(_read(settings)) else "asgi"


def _behind(interface: Literal["asgi", "rsgi", "wsgi"], settings: Settings) -> Settings:
    """Settings with the front door that `auto` means, in this process."""
    if settings.interface != "auto":
        return settings
    return settings.model_copy(update={"interface": interface})


def _unfit(settings: Settings) -> str | None:
    """Why settings cannot be served behind this front door: it merges what a gate tells apart."""
    if settings.interface != "wsgi" or wsgi_is_safe(names := _read(settings)):
        return None
    return (
        "interface wsgi cannot be used: it does not tell apart the headers that this "
        f"configuration reads ({', '.join(names)}); start with asgi, or auto"
    )


def _tell_start(settings: Settings) -> None:
    logger = structlog.get_logger()
    for note in settings.notes:
        logger.warning("configuration", note=note)
    if settings.interface == "rsgi":
        logger.warning("interface rsgi hides header values that are not ASCII; use asgi")
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
        address=listen.host,
        port=listen.port,
        uds=listen.unix,
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


def _load(directory: Path, listen: Endpoint) -> Callable[..., Any]:
    """Build the application in a worker, from nothing but what the main process published."""
    draining = directory / DRAINING
    if draining.exists():
        # Too late to start. The signal to end ends the wait, see `signal_handler_interrupt`.
        time.sleep(1)
        os._exit(0)
    # The threads that are started from here on inherit it.
    ask_for_short_slices()
    # A Ctrl-C in a terminal is for the main process, which then stops the workers.
    os.setpgrp()
    # granian's WSGI puts the environment under each request's headers.
    for name in [name for name in os.environ if name.startswith("HTTP_")]:
        del os.environ[name]
    published = Follower(directory)
    settings = published.read()
    log.configure(settings.log.level)
    service = Service(settings, directory)
    Flusher(directory, service.flush).start()
    Connections(listen.port, listen.unix and listen.unix.resolve()).start()
    Finalize(None, service.flush, exitpriority=0)
    service.keys.start()
    service.revocations.start()
    published.start(service.reload)
    if settings.interface == "wsgi":
        _watch(draining, misses_signals=True)
    else:
        # From when the loop runs: uvloop loses a signal that comes before.
        loop = asyncio.get_event_loop()
        loop.call_soon(lambda: _watch(draining, misses_signals=draining.exists()))
    return Application(service).door(settings.interface)


def _watch(draining: Path, *, misses_signals: bool) -> None:
    """End this worker once its main process is gone, or where it does not stop when it should."""

    def run() -> None:
        parent = multiprocessing.parent_process()
        if parent is None:
            return
        while parent.is_alive() and not draining.exists():
            parent.join(_WATCH_EVERY_S)
        if not parent.is_alive():
            shutil.rmtree(draining.parent, ignore_errors=True)
        elif not misses_signals:
            # The main process sends a signal of its own; on a busy machine it may get lost.
            parent.join(_PATIENCE_S)
        # Once only: the third signal would block granian's own handler for ever.
        time.sleep(_WATCH_EVERY_S)
        os.kill(os.getpid(), signal.SIGTERM)
        # Whoever is still asking has had his time; the main process would kill us next.
        time.sleep(_LAST_WORD_S)
        os._exit(0)

    threading.Thread(target=run, name="watch", daemon=True).start()
