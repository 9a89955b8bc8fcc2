"""Every byte at every place of hosts, paths and names through ingress-nginx, with its one URL."""

from tests.proxies.every_sweep import EverySweep
from tests.proxies.test_ingress_nginx import auth, behind, recipe

__all__ = ["auth", "behind", "recipe"]


class TestIngressNGINXSweep(EverySweep):
    """Every sweep of every proxy."""
