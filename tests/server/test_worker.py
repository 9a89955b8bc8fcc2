"""A worker process before it serves."""

import os
from pathlib import Path

import pytest
import structlog

from jwtfast_server import worker
from jwtfast_server.listen import Endpoint


def test_a_worker_that_cannot_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line says why, and it ends with status 1 for the main process to see."""
    monkeypatch.setattr(os, "setpgrp", lambda: None)
    monkeypatch.setattr(worker, "ask_for_short_slices", lambda: None)
    with structlog.testing.capture_logs() as lines, pytest.raises(SystemExit) as ended:
        worker.load(tmp_path / "gone", Endpoint("127.0.0.1", 1))

    assert ended.value.code == 1
    [line] = lines
    assert (line["event"], line["error"]) == ("worker not started", "FileNotFoundError")
