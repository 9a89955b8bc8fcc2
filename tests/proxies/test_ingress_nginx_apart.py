"""Routes behind ingress-nginx where the recipe's auth-snippet tells host and URI apart."""

import pytest

from tests.processes import Server
from tests.proxies.conftest import ServeConfig
from tests.proxies.every_route import EveryRoute
from tests.proxies.test_ingress_nginx import behind, recipe

__all__ = ["behind", "recipe"]


@pytest.fixture(scope="module")
def auth(serve_config: ServeConfig) -> Server:
    """The service with the file of all proxies as it stands."""
    return serve_config({})


class TestIngressNGINXRoutesApart(EveryRoute):
    """Every case of routes, by host too."""
