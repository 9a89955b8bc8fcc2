"""The environment variables of nginx-jwt-auth, a fork of nginx-subrequest-auth-jwt.

They become the same settings as a jwtfast.yaml; docs/decisions/ has what is answered otherwise.
"""

from collections.abc import Mapping
from typing import Final

from jwtfast.jwks.address import checked, is_loopback
from jwtfast_server.layers import Layers
from jwtfast_server.problems import Place, Problem, SettingsError

__all__ = ["lay_environment", "query_of"]

_ISSUER: Final = "legacy"
_SKIP: Final = (
    "keys that come over an unverified connection may be anyone's: name the certificate of your "
    "own authority in CACERT_PATH instead"
)


def query_of(env: Mapping[str, str]) -> dict[str, bool]:
    """What the query of /validate may demand there."""
    return {
        "claims": True,
        "regexp": True,
        "headers": True,
        "required": env.get("ALLOW_NO_QUERY_REQUIREMENTS") != "true",
        # A pattern may match a part of the value, as it does in that service.
        "search": True,
        "names_only": True,
        "omit_absent": True,
    }


def lay_environment(
    layers: Layers, env: Mapping[str, str]
) -> tuple[list[Problem], tuple[str, ...]]:
    """Lay the variables as settings; an empty one is none, as there.

    Returns:
        What is wrong with them, and what is worth knowing.

    Raises:
        SettingsError: where no variable says where keys are.
    """
    given = {name: value for name, value in env.items() if value}
    urls = [url.strip() for url in given.get("JWKS_URL", "").split(",") if url.strip()]
    problems, notes = [], []
    # With both, that service reads the file only.
    keys: object = [{"jwks_url": url} for url in urls]
    variable = "JWKS_URL"
    if "JWKS_PATH" in given:
        keys, variable = {"pem_file": given["JWKS_PATH"]}, "JWKS_PATH"
        if urls:
            notes.append("JWKS_URL: not used where JWKS_PATH is given")
            urls = []
    elif not urls:
        raise SettingsError([Problem(Place("JWKS_URL"), "must be given, or else JWKS_PATH")])
    if given.get("INSECURE_SKIP_VERIFY") == "true":
        if not all(map(_is_local, urls)):
            problems.append(Problem(Place("INSECURE_SKIP_VERIFY"), _SKIP))
        else:
            notes.append("INSECURE_SKIP_VERIFY: not needed here, ignored")
    layers.lay(("listen",), f":{given.get('PORT', '8080')}", "PORT")
    layers.lay(("log",), {"level": given.get("LOG_LEVEL", "info")}, "LOG_LEVEL")
    issuer = {"name": _ISSUER, "issuer": "any", "audiences": "any", "leeway": 0, "keys": keys}
    layers.lay(("issuers",), [issuer], variable)
    layers.lay(("policies",), {"default": {"issuers": [_ISSUER]}}, variable)
    if "CACERT_PATH" in given:
        layers.lay(("issuers", 0, "refresh"), {}, "CACERT_PATH")
        layers.lay(("issuers", 0, "refresh", "ca_file"), given["CACERT_PATH"], "CACERT_PATH")
    if "COOKIE_NAME" in given:
        places = [
            {"header": "Authorization", "scheme": "Bearer"},
            {"cookie": given["COOKIE_NAME"]},
        ]
        layers.lay(("token",), {"from": places}, "COOKIE_NAME")
    return problems, tuple(notes)


def _is_local(url: str) -> bool:
    try:
        return is_loopback(checked(url, "JWKS_URL", allow_http=True))
    except ValueError:
        return False
