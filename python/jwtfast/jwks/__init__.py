"""Keys of an issuer, fetched from its JWKS URL or found by discovery, and kept fresh.

::

    with jwtfast.jwks.RemoteKeySet("https://login.example.com/jwks.json") as keys:
        verifier = keys.verifier(issuer="https://login.example.com", audience="api")
        claims = verifier.verify(token)

A thread of its own fetches, so that nothing else waits for the network. The last good keys serve
until `max_stale`. Needs urllib3: ``pip install "jwtfast[jwks]"``.
"""

try:
    import urllib3 as _urllib3  # noqa: F401 - to say what is missing before anything else fails
except ImportError as error:
    raise ImportError('jwtfast.jwks needs urllib3: pip install "jwtfast[jwks]"') from error

from jwtfast.jwks.options import Options
from jwtfast.jwks.remote import RemoteKeySet
from jwtfast.jwks.source import FetchError, Loaded, Source
from jwtfast.jwks.state import Status
from jwtfast.jwks.verifier import RemoteVerifier, VerifierSettings

__all__ = [
    "FetchError",
    "Loaded",
    "Options",
    "RemoteKeySet",
    "RemoteVerifier",
    "Source",
    "Status",
    "VerifierSettings",
]
