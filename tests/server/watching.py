"""A configuration file, the code that reloads it, and a clock that is moved by hand."""

from pathlib import Path
from typing import Final

from jwtfast_server.config import Settings, load
from jwtfast_server.reload import Reload
from jwtfast_server.reload_metrics import ReloadsCollector
from tests.clock import Clock
from tests.configs import JWKS

__all__ = ["EXPRESSION", "ISSUERS", "NEW_POLICY", "POLICIES", "ROUTES", "WHOLE", "Watch", "data_of"]

ISSUERS: Final = f"""\
issuers:
  - name: corp
    issuer: https://login.example.com
    keys: {{jwks: {JWKS}}}
    audiences: [api]
    algorithms: [ES256]
    max_lifetime: 24h
    token_types: [at+jwt]
"""
POLICIES: Final = """\
policies:
  default:
    issuers: [corp]
    require:
      - {claim: groups, any: [staff]}
      - claim: tenant
        is: 7
  admin:
    issuers:
      - corp
    identity:
      X-User: sub
      X-Groups: groups
    require:
      - {claim: groups, any: [admin]}
      - not: {claim: groups, any: [guest]}
      - {scope: [write]}
"""
ROUTES: Final = """\
original_request: {uri_header: X-Original-URI, trusted_proxies: [10.0.0.0/8]}
routes:
  - {path: /admin, policy: admin}
  - path: /
    policy: default
"""
EXPRESSION: Final = """\
policies:
  default:
    issuers: [corp]
    require:
      - cel: >-
          claims.sub == 'a'
          && claims.tenant == 7
"""
NEW_POLICY: Final = """\
  other:
    issuers: corp
    require:
      - {claim: groups, any: [others]}
"""
WHOLE: Final = ISSUERS + POLICIES


class Watch:
    """The code that reloads a file, under a clock that is moved by hand."""

    def __init__(self, directory: Path, text: str) -> None:
        """Serve a text."""
        self.path = directory / "jwtfast.yaml"
        self.path.write_text(text)
        self.clock = Clock()
        shared = directory / "shared"
        shared.mkdir()
        settings = self.read()
        self.reload = Reload(settings, self.read, lambda _: None, 1 << 20, shared, self.clock)
        (self._metric,) = [ReloadsCollector(shared)]

    def read(self) -> Settings:
        """Load the file."""
        return load(self.path, env={})

    def wait(self, seconds: float) -> None:
        """Let time go by, and look as often as the service does."""
        for _ in range(round(seconds / 0.1)):
            self.clock.advance(0.1)
            self.reload.look()

    @property
    def served(self) -> object:
        """What is served, as it was written."""
        return self.reload.settings.written.data

    def count(self, result: str) -> float:
        """How many reloads ended so."""
        (family,) = self._metric.collect()
        return next(one.value for one in family.samples if one.labels["result"] == result)


def data_of(text: str, directory: Path) -> object:
    """What a text holds."""
    path = directory / "whole.yaml"
    path.write_text(text)
    return load(path, env={}).written.data
