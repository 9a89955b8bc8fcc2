"""The configuration that the tests of the service run with, and tokens that fit it."""

import json
from pathlib import Path
from typing import Any

from tests.forge import AUDIENCE, ISSUER, claims, compact, public_jwk
from tests.forge.keys import Owner

__all__ = ["KID", "standard", "token", "write"]

KID = "a"


def standard(**changes: object) -> dict[str, Any]:
    """Return a whole jwtfast.yaml: one issuer, three policies; changed at the top level."""
    config: dict[str, Any] = {
        "workers": 1,
        "issuers": [
            {
                "name": "corp",
                "issuer": ISSUER,
                "audiences": [AUDIENCE],
                "keys": {"jwks": {"keys": [public_jwk("ES256", kid=KID, alg="ES256")]}},
            }
        ],
        "policies": {
            "default": {
                "issuers": ["corp"],
                "require": [{"claim": "sub", "any": ["user-1", "user-2"]}],
                "identity": {"X-User": "sub", "X-Groups": {"claim": "groups", "as": "csv"}},
            },
            "admin": {
                "issuers": ["corp"],
                "require": [{"claim": "groups", "any": ["admin"]}],
                "identity": {"X-User": "sub"},
            },
            "open": {"issuers": ["corp"]},
        },
    }
    return config | changes


def token(algorithm: str = "ES256", owner: Owner = "ours", **changes: object) -> str:
    """Return a token that `standard` accepts, its claims changed; `...` takes a claim away."""
    return compact(algorithm, claims(**changes), {"kid": KID}, owner)


def write(path: Path, config: dict[str, Any]) -> Path:
    """Write a configuration; JSON is YAML."""
    path.write_text(json.dumps(config))
    return path
