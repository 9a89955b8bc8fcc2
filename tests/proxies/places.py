"""What a proxy's own matchers take a request for, told to the application in `X-Place`."""

import re
from collections.abc import Callable
from typing import Final

import pytest

from tests.processes import Server
from tests.proxies.echo import Seen
from tests.proxies.every_sweep import EverySweep
from tests.proxies.sweep import Case
from tests.wire import Address

__all__ = ["PlacedSweep", "matchers"]

_PLACES: Final = {"admin": "/admin", "partner": "/partner", "public": "/public"}

_ESCAPED: Final = re.compile("%(2[de]|3[0-9]|[46][1-9a-f]|5[0-9af]|7[0-9ae])", re.IGNORECASE)


def matchers(line: str) -> str:
    """The lines that set X-Place, for each place and what is below: `line` with name and prefix."""
    return "".join(line.format(name=name, prefix=prefix) for name, prefix in _PLACES.items())


class PlacedSweep(EverySweep):
    """Every sweep, where the proxy's own matchers must agree with the decision too."""

    @pytest.fixture
    def routed(self, behind: Callable[..., Address], auth: Server) -> Address:
        """The proxy, which tells what it takes a request for."""
        return behind("{}:{}".format(*auth.host_port), "/validate", places=True)

    @pytest.fixture
    def routed_http2(self, behind: Callable[..., Address], auth: Server) -> Address:
        """The same by HTTP/2."""
        return behind("{}:{}".format(*auth.host_port), "/validate", places=True, http2=True)

    def served(self, seen: Seen) -> tuple[str, str]:
        """The path as its matchers read it: letters that are escaped are letters (RFC 3986 6.2)."""
        host, path = super().served(seen)
        return host, _ESCAPED.sub(lambda found: chr(int(found[1], 16)), path)

    def _open(self, case: Case, seen: Seen) -> str | None:
        place = seen.all("x-place")
        if place != ["public"]:
            return f"the proxy took it for {place}"
        return super()._open(case, seen)
