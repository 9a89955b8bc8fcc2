"""granian's main process, with our ideas of signals, reloads and exit status."""

import os
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic, sleep
from typing import Any, Final

from granian.server.mp import MPServer

from jwtfast_server.listen import Endpoint
from jwtfast_server.reload import Reload
from jwtfast_server.run_directory import DRAINING

__all__ = ["MainProcess"]

_LONGEST_WAIT_S: Final = 0.5
_LOOK_EVERY_S: Final = 0.01


class _Interrupt:
    """What granian's main loop waits for, in place of its `threading.Event`.

    A signal handler sets it. Of an event, that handler may wait for a lock that the code under it
    holds; and a signal that comes just before an endless wait begins is not handled until another
    one comes.
    """

    def __init__(self) -> None:
        self._set = False
        self._news: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        """End the wait of this moment, or the next one."""
        self._set = True
        self._news.put(None)

    def clear(self) -> None:
        """Let the next one wait again."""
        self._set = False

    def wait(self) -> None:
        """Wait until it is set."""
        while not self._set:
            with suppress(Empty):
                self._news.get(timeout=_LONGEST_WAIT_S)


class MainProcess(MPServer):
    """Watches over the workers, and over the configuration."""

    def __init__(
        self,
        directory: Path,
        reload: Reload,
        listen: Endpoint,
        **options: Any,  # noqa: ANN401 - granian's own
    ) -> None:
        """Prepare a server.

        Args:
            directory: what its processes share.
            reload: what keeps its configuration.
            listen: where it listens.
            options: granian's own.
        """
        super().__init__(
            "jwtfast", address=listen.host, port=listen.port, uds=listen.unix, **options
        )
        self._listen = listen
        self.main_loop_interrupt = _Interrupt()  # type: ignore[assignment] # see there
        self._directory = directory
        self._configuration = reload
        self._main_pid = os.getpid()

    def signal_handler_interrupt(self, *args: object, **kwargs: object) -> None:
        """Stop: first tell the workers, so that they are not ready from now on."""
        if os.getpid() != self._main_pid:
            # A worker that has no handlers of its own yet: granian would wait for it in vain.
            os._exit(0)
        # In a full directory, granian's own signal to each worker is all there is.
        with suppress(OSError):
            (self._directory / DRAINING).touch()
        super().signal_handler_interrupt(*args, **kwargs)  # type: ignore[no-untyped-call] # granian's

    def signal_handler_reload(self, *_args: object, **_kwargs: object) -> None:
        """Reload the configuration; the workers stay."""
        self._configuration.ask()

    def _init_shared_socket(self) -> None:
        """Bind; a Unix socket lets nobody in before it has its group and mode."""
        asks = self._listen.group is not None or self._listen.mode is not None
        before = os.umask(0o777) if asks else None
        try:
            super()._init_shared_socket()  # type: ignore[no-untyped-call] # granian's
        finally:
            if before is not None:
                os.umask(before)
        if self._listen.group is not None and self._listen.mode is None:
            self._listen = self._listen._replace(mode=0o777 & ~(before or 0))
        self._listen.give_access()

    def _spawn_workers(self, *args: Any) -> None:  # noqa: ANN401 - granian's own
        super()._spawn_workers(*args)  # type: ignore[no-untyped-call] # granian's
        self._configuration.start()

    def _respawn_workers(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - granian's own
        with self._configuration.held():
            super()._respawn_workers(*args, **kwargs)

    def _stop_workers(self) -> None:
        """Stop them, and wait.

        Another thread of granian's waits for each of them, too. Until it has told what it learnt,
        a worker that ended counts as alive: granian gives it a millisecond and then kills it.
        """
        workers: list[Any] = self.wrks
        for worker in workers:
            worker.terminate()
        end = monotonic() + (self.workers_kill_timeout or 0)
        while any(worker.is_alive() for worker in workers) and monotonic() < end:
            sleep(_LOOK_EVERY_S)
        # What is still there had its time, but for a second.
        self.workers_kill_timeout = 1
        super()._stop_workers()  # type: ignore[no-untyped-call] # granian's

    def shutdown(self, exit_code: int = 0) -> None:
        """End with status 0 where we were asked to stop, whichever process heard it first."""
        try:
            super().shutdown(exit_code)  # type: ignore[no-untyped-call] # granian's
        except SystemExit:
            if not self.interrupt_signal:
                raise
