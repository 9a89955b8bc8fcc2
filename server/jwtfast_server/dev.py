"""A folder to try jwtfast with: a key, a configuration, tokens that pass and tokens that do not."""

from dataclasses import dataclass
from pathlib import Path

import jwtfast
from jwtfast_server.address import Address
from jwtfast_server.config import Settings
from jwtfast_server.keygen import NewKey, from_private_pem, generate, write_file
from jwtfast_server.mint import timed

__all__ = ["Welcome", "prepare", "welcome"]

_ALGORITHM = "ES256"
_KID = "dev"
_ISSUER = "https://dev.jwtfast.invalid"
_DAY = 86400
_CONFIG = """\
# Made by `jwtfast dev`, which keeps it as you change it.

listen: 127.0.0.1:8080

issuers:
  - name: dev
    issuer: {issuer}
    keys: {{jwks_file: jwks.json}}
    audiences: [api]

policies:
  default:
    issuers: [dev]
    require:
      - {{claim: role, any: [admin, member]}}
    identity: {{X-User: sub}}
"""
# name: the claims that differ, and the seconds that it is good for.
_TOKENS: dict[str, tuple[dict[str, str], int]] = {
    "good": ({"sub": "alice", "role": "member"}, _DAY),
    "denied": ({"sub": "mallory", "role": "guest"}, _DAY),
    "expired": ({"sub": "alice", "role": "member"}, -_DAY),
}
_NGINX = """\
location / {{  # for a trial; every line that decides is in server/deploy/nginx/jwtfast.conf
    auth_request /_jwtfast;
    auth_request_set $jwtfast_user $upstream_http_x_user;
    satisfy all;
    proxy_set_header X-User $jwtfast_user;
    proxy_set_header X_User "";
    proxy_pass http://your_application;
}}
location = /_jwtfast {{
    internal;
    proxy_pass {upstream};
    proxy_pass_request_headers off;
    proxy_pass_request_body off;
    proxy_set_body "";
    proxy_set_header Content-Length "";
    proxy_set_header Authorization $http_authorization;
    error_page 599 =500 /_jwtfast;
    proxy_intercept_errors off;
    proxy_cache off;
    proxy_store off;
}}
"""


def prepare(directory: Path) -> Path:
    """Fill the folder, keeping the key and the configuration that are there; tokens are new.

    Returns:
        The configuration file.

    Raises:
        ValueError: where the key that is there cannot be used.
        OSError: where the folder cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    # Private keys: not for anybody's repository.
    write_file(directory / ".gitignore", "*\n", private=False)
    key = _key(directory / "private.pem")
    for name, text in key.private.items():
        write_file(directory / name, text, private=True)
    for name, text in key.public.items():
        write_file(directory / name, text, private=False)
    signer = jwtfast.Key.from_pem(key.private["private.pem"], algorithm=_ALGORITHM, kid=_KID)
    for name, (claims, seconds) in _TOKENS.items():
        common = {"iss": _ISSUER, "aud": "api"}
        token = jwtfast.encode(timed(common | claims, seconds), signer)
        write_file(directory / f"{name}.jwt", f"{token}\n", private=True)
    config = directory / "jwtfast.yaml"
    if not config.exists():
        write_file(config, _CONFIG.format(issuer=_ISSUER), private=False)
    return config


def _key(private: Path) -> NewKey:
    if not private.exists():
        return generate(_ALGORITHM, _KID)
    try:
        return from_private_pem(private.read_bytes(), _ALGORITHM, _KID)
    except (TypeError, ValueError) as error:
        message = f"{private}: expected a private key for {_ALGORITHM}; remove it to get a new one"
        raise ValueError(message) from error


@dataclass(frozen=True)
class Welcome:
    """What a newcomer sees: commands to try, and the lines for NGINX."""

    directory: str
    tries: tuple[tuple[str, str], ...]
    nginx: str


def welcome(directory: Path, settings: Settings) -> Welcome:
    """What to try against the service that is about to start."""
    target, upstream = _reach(settings.listen, "https" if settings.tls else "http")
    options = "-i -k" if settings.tls else "-i"

    def curl(name: str) -> str:
        token = f'-H "Authorization: Bearer $(cat {directory / name}.jwt)"'
        return f"curl {options} {token} {target}"

    tries = (
        ("200  a good token; X-User says whose it is", curl("good")),
        ("403  a good token, but the policy says no", curl("denied")),
        ("401  an expired token", curl("expired")),
        ("401  no token", f"curl {options} {target}"),
    )
    return Welcome(str(directory), tries, _NGINX.format(upstream=upstream))


def _reach(listen: Address, scheme: str) -> tuple[str, str]:
    """How curl and how NGINX reach the service on this machine."""
    if listen.unix is not None:
        curl = f"--unix-socket {listen.unix} {scheme}://localhost/validate"
        return curl, f"{scheme}://unix:{listen.unix}:/validate"
    local = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - compared with, not bound
    host = f"[{listen.host}]" if ":" in listen.host else listen.host
    url = f"{scheme}://{local.get(listen.host, host)}:{listen.port}/validate"
    return url, url
