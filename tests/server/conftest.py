"""One service behind each front door, for all tests of a session."""

import pytest

from tests.conftest import Serve
from tests.processes import Server

DOORS = ("asgi", "rsgi", "wsgi")


@pytest.fixture(scope="session", params=DOORS)
def service(request: pytest.FixtureRequest, serve: Serve) -> Server:
    """The standard service, once behind each front door."""
    return serve(interface=request.param)
