"""The configuration that all proxies are tested with."""

import os
import subprocess
from typing import Any

import pytest

from tests.processes import COMMAND
from tests.proxies.conftest import COMPOSED, CONFIG, FORWARDED


@pytest.mark.parametrize("env", [{}, FORWARDED, COMPOSED], ids=["apart", "forwarded", "one URL"])
def test_it_is_accepted(config: dict[str, Any], env: dict[str, str]) -> None:
    """`jwtfast check` takes it, with the variables for the others too: two issuers."""
    command = [*COMMAND, "check", str(CONFIG)]
    done = subprocess.run(command, capture_output=True, check=False, env=os.environ | env)
    assert (done.returncode, done.stderr) == (0, b"")
    assert (len(config["issuers"]), len(config["policies"])) == (2, 4)


def test_every_policy_has_a_route(config: dict[str, Any]) -> None:
    """Whatever the original request chooses by, it can choose each of them."""
    assert {route["policy"] for route in config["routes"]} == set(config["policies"])
    assert {key for route in config["routes"] for key in route} >= {"host", "path", "methods"}
