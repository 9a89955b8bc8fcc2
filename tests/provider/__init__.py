"""A real OpenID provider, `oidc-provider` from npm, whose keys a test rotates."""

import base64
import json
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlencode

from tests.forge import decode
from tests.processes import free_port
from tests.proxies.proxy import found, missing, started
from tests.wire import ask

__all__ = ["AUDIENCE", "Provider", "claim"]

AUDIENCE: Final = "api.example"
"""The audience of the API, and the name of the one client, which asks as the API itself."""

_FOLDER: Final = Path(__file__).parent
_CLIENT: Final = base64.b64encode(f"{AUDIENCE}:a-secret-of-the-tests".encode()).decode()
_ALGORITHMS: Final = {"es": "ES256", "rs": "RS256"}


def claim(token: str, name: str) -> object:
    """Read a claim of a token, unverified."""
    return json.loads(decode(token.split(".")[1]))[name]


class Provider:
    """It begins with the keys `es-1` and `rs-1`: a key's name begins with its algorithm."""

    def __init__(self, directory: Path) -> None:
        """Start it, for the length of a `with`."""
        self._node = found("node", "on Debian, apt install nodejs npm")
        if not (_FOLDER / "node_modules" / "oidc-provider").is_dir():
            missing("oidc-provider is not installed: npm ci in tests/provider")
        self._directory = directory
        self._address = ("127.0.0.1", free_port())
        self.issuer: Final = "http://{}:{}".format(*self._address)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it at its address; also again, with the keys of the beginning made anew."""
        port = self._address[1]
        command = [self._node, str(_FOLDER / "provider.mjs"), str(port)]
        self._process = started(command, self._directory, port)

    def stop(self) -> None:
        """Stop it; its address refuses from now on."""
        self._process.stop()

    def rotate(self, *kids: str) -> None:
        """Publish these keys and no others; the first of each algorithm signs from now on."""
        keys = [{"kid": kid, "alg": _ALGORITHMS[kid[:2]]} for kid in kids]
        answer = ask(self._address, "PUT", "/keys", body=json.dumps(keys).encode())
        assert answer.status == 204, answer

    def access_token(
        self, algorithm: str = "ES256", *, audience: str = AUDIENCE, ttl: int = 3600
    ) -> str:
        """Get an access token with the client's credentials (RFC 6749 section 4.4)."""
        form = {
            "grant_type": "client_credentials",
            "resource": f"https://{audience}/{algorithm}?ttl={ttl}",
        }
        headers = [
            ("Authorization", f"Basic {_CLIENT}"),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ]
        answer = ask(self._address, "POST", "/token", headers, urlencode(form).encode())
        assert answer.status == 200, answer.body
        token: str = json.loads(answer.body)["access_token"]
        return token

    def id_token(self) -> str:
        """Get an ID token for the client."""
        return ask(self._address, "GET", "/id_token").body.decode()

    def trusted(self, **refresh: str) -> dict[str, Any]:
        """Return what jwtfast is told of it; the identity of a request is the token's `jti`."""
        return {
            "issuers": [
                {
                    "name": "corp",
                    "issuer": self.issuer,
                    "audiences": [AUDIENCE],
                    "token_types": ["at+jwt"],
                    "keys": {"discovery": True},
                    "refresh": {"every": "1s", "cooldown": "1s", **refresh},
                }
            ],
            "policies": {"default": {"issuers": ["corp"], "identity": {"X-User": "jti"}}},
        }
