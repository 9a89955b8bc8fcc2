"""What a worker process does before it serves, and until it ends."""

import asyncio
import multiprocessing
import os
import shutil
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any, Final

import structlog

from jwtfast_server import log
from jwtfast_server.app import Application
from jwtfast_server.connections import Connections
from jwtfast_server.flusher import Flusher
from jwtfast_server.listen import Endpoint
from jwtfast_server.log_writer import writer
from jwtfast_server.process_metrics import ProcessReport
from jwtfast_server.published import Follower
from jwtfast_server.run_directory import DRAINING
from jwtfast_server.scheduling import ask_for_short_slices
from jwtfast_server.service import Service
from jwtfast_server.wsgi_pages import stand_in

__all__ = ["load"]

_WATCH_EVERY_S: Final = 0.5
_PATIENCE_S: Final = 2.0
_LAST_WORD_S: Final = 6.0


def load(directory: Path, listen: Endpoint) -> Callable[..., Any]:
    """Build the application in a worker; where that fails, say why in one line, and end."""
    try:
        return _load(directory, listen)
    except Exception as error:
        structlog.get_logger().error("worker not started", **log.error_fields(error))
        log.drain()
        raise SystemExit(1) from error


def _load(directory: Path, listen: Endpoint) -> Callable[..., Any]:
    """Build it, from nothing but what the main process published."""
    draining = directory / DRAINING
    if draining.exists():
        # Too late to start. The signal to end ends the wait, see `signal_handler_interrupt`.
        time.sleep(1)
        os._exit(0)
    # The threads that are started from here on inherit it.
    ask_for_short_slices()
    # A Ctrl-C in a terminal is for the main process, which then stops the workers.
    os.setpgrp()
    published = Follower(directory)
    settings = published.read()
    log.configure(settings.log.level)
    log.take_over()
    service = Service(settings, directory)
    connections = Connections(listen.port, listen.unix and listen.unix.resolve())
    connections.start()
    counts = {
        "connections_closed": lambda: connections.closed,
        "log_lines_dropped": lambda: writer.dropped,
        "unknown_paths": lambda: service.unknown_paths.count,
    }
    flusher = Flusher(directory, (*service.counted, ProcessReport(directory, counts).write))
    flusher.start()
    Finalize(None, flusher.flush, exitpriority=1)
    Finalize(None, log.drain, exitpriority=0)
    service.keys.start()
    service.revocations.start()
    published.start(service.reload)
    if settings.interface == "wsgi":
        stand_in(service.waits)
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
