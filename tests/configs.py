"""Configuration files to change one thing in, and what is told of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import orjson

from jwtfast_server.config import Settings, SettingsError, load
from tests.forge.keys import public_jwk

__all__ = ["LEGACY", "MINIMAL", "PEM", "WHOLE", "load_text", "problems_of"]

JWKS: Final = orjson.dumps({"keys": [public_jwk("ES256", kid="a", alg="ES256")]}).decode()

MINIMAL: Final = f"""\
issuers:
  - name: corp
    issuer: https://login.example.com
    keys: {{jwks: {JWKS}}}
    audiences: [api]
policies:
  default: {{issuers: [corp]}}
"""

# Everything of DESIGN.md section 6 that is served today.
WHOLE: Final = (
    """\
listen: 0.0.0.0:8081
workers: 3
realm: api v2
unavailable_status: 403
max_token_bytes: 8KiB
interface: asgi
"""
    + MINIMAL.replace("policies:\n", "")
    .replace("audiences: [api]", "audiences: any")
    .replace("  default: {issuers: [corp]}\n", "")
    + """\
    algorithms: [ES256]
    leeway: 30s
    max_lifetime: 24h
    token_types: [at+jwt, JWT]
    refresh: {every: 5m, cooldown: 30s, max_stale: 24h, timeout: 5s, ca_file: null}
token:
  from: [{header: Authorization, scheme: Bearer}, {header: X-Token}, {cookie: session}, {query: t}]
policies:
  default: {issuers: corp}
  admin:
    issuers: [corp]
    require:
      - {claim: groups, any: [admin, root]}
      - {claim: email, matches: '.*@example\\.com'}
      - any_of: [{claim: age, ge: 18}, {claim: guardian, exists: true}]
      - {scope: [write]}
    identity: {X-User: sub, X-Groups: {claim: groups, as: csv}}
    optional: false
    shadow: true
routes:
  - {host: admin.example.com, policy: admin}
  - {path: /public/, methods: GET, policy: admin}
  - {path: /, policy: default}
original_request: {uri_header: X-Forwarded-Uri, trusted_proxies: [10.0.0.0/8, '::1']}
query_overrides: true
revocation: {redis: {url: 'redis://127.0.0.1:6379/1', key: k, when_away: last_known}}
cache: {max_bytes: 0}
reload: {watch: true}
metrics: {listen: '127.0.0.1:9090'}
log: {level: warn, decisions: none}
"""
)

PEM: Final = """\
-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9
q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==
-----END PUBLIC KEY-----
"""

LEGACY: Final = f"""\
validationKeys:
  - type: ecPublicKey
    key: |
{"".join(f"      {line}" for line in PEM.splitlines(keepends=True))}claimsSource: static
claims:
  - group: [developers, administrators]
    location: [hq]
  - level: [1, true, 007, 0x10]
"""


def load_text(
    directory: Path,
    text: str,
    env: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Settings:
    """The settings in a file `jwtfast.yaml` that holds `text`."""
    path = directory / "jwtfast.yaml"
    path.write_text(text)
    return load(path, env or {}, overrides)


def problems_of(directory: Path, text: str, env: Mapping[str, str] | None = None) -> list[str]:
    """Every problem of such a file as it is printed, without the directory; none where it loads."""
    try:
        load_text(directory, text, env)
    except SettingsError as error:
        return [str(problem).removeprefix(f"{directory}/") for problem in error.problems]
    return []
