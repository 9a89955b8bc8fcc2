"""The configuration that all proxies are tested with."""

import subprocess
from typing import Any

from tests.processes import COMMAND
from tests.proxies.conftest import CONFIG


def test_it_is_accepted(config: dict[str, Any]) -> None:
    """`jwtfast check` takes it: two issuers, four policies."""
    done = subprocess.run([*COMMAND, "check", str(CONFIG)], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (len(config["issuers"]), len(config["policies"])) == (2, 4)
