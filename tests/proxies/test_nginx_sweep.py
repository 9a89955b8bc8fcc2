"""Very many requests through NGINX, which itself says what host and path it served."""

from pathlib import Path

import pytest

from tests.proxies.conftest import RunNginx
from tests.proxies.echo import Echo, Seen
from tests.proxies.every_sweep import EverySweep
from tests.proxies.proxy import Behind, filled
from tests.proxies.test_nginx import with_addresses
from tests.wire import Address

_LINE = "        proxy_set_header X-Forwarded-Proto $scheme;\n"
# NGINX's own reading, for the application.
_TOLD = "proxy_set_header Served-Host $host; proxy_set_header Served-Path $uri;\n"


@pytest.fixture(scope="module")
def behind(run_nginx: RunNginx, recipes: Path, _application: Echo) -> Behind:
    """Start NGINX with the recipe, telling the application what it makes of each request."""
    recipe = (recipes / "nginx" / "jwtfast.conf").read_text()

    def run(
        auth: str, path: str = "/p/default", *, clears_token: bool = False, http2: bool = False
    ) -> Address:
        assert not clears_token
        asked = {"http://jwtfast/validate;": f"http://jwtfast{path};", _LINE: _LINE + _TOLD}
        config = with_addresses(filled(recipe, asked), auth, _application.address)
        return run_nginx(config.replace(":PORT;", ":PORT http2;") if http2 else config)

    return run


class TestNGINXSweep(EverySweep):
    """Every sweep of every proxy, with `$host` and `$uri` as what it served."""

    def served(self, seen: Seen) -> tuple[str, str]:
        """As NGINX says; it must be what the application reads, too."""
        [host], [path] = seen.all("served-host"), seen.all("served-path")
        told, _ = super().served(seen)
        assert told == host
        return host, path
