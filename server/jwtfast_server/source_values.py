"""The values that a key source can have beside its place."""

import base64
import binascii
import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

import jwtfast
from jwtfast_server.problems import suggestion
from jwtfast_server.values import Text, expected

__all__ = [
    "PLACES",
    "REMOTE",
    "Algorithm",
    "Discovery",
    "Headers",
    "Use",
    "Variable",
    "decoded_base64",
]

PLACES = (
    "pem",
    "pem_file",
    "jwk",
    "jwks",
    "jwks_file",
    "secret",
    "secret_env",
    "secret_file",
    "secret_base64_env",
    "secret_base64_file",
    "jwks_url",
    "discovery",
)
"""The keys that say where the keys of an issuer are."""
REMOTE = ("jwks_url", "discovery")
"""Those of them whose keys are fetched."""


def _algorithm(value: object) -> str:
    """One name of the allow-list; `none` is not on it."""
    if isinstance(value, str) and value in jwtfast.ALGORITHMS:
        return value
    if isinstance(value, str) and value.lower() == "none":
        raise expected("a signature algorithm: a token without a signature proves nothing")
    hint = suggestion(str(value)[:20], jwtfast.ALGORITHMS)
    raise expected(f"the name of a signature algorithm ({hint})")


Algorithm = Annotated[
    str,
    BeforeValidator(_algorithm),
    WithJsonSchema({"type": "string", "enum": list(jwtfast.ALGORITHMS)}),
]


def _pairs(value: object) -> object:
    """A mapping of texts as its pairs, which do not change."""
    if isinstance(value, dict):
        if not all(isinstance(text, str) for pair in value.items() for text in pair):
            raise expected("a mapping of header names, each with its text")
        return tuple(value.items())
    return value


Headers = Annotated[
    tuple[tuple[str, str], ...],
    BeforeValidator(_pairs, json_schema_input_type=dict[str, str]),
    PlainSerializer(dict),
]
"""Request headers by name."""


def _use(value: object) -> object:
    if value in {"enc", "x509-svid"}:
        raise expected("`sig` or `jwt-svid`: other keys sign no tokens")
    return value


Use = Annotated[Literal["sig", "jwt-svid"], BeforeValidator(_use)]
"""What a key of a JWKS is for."""
Variable = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,127}$")]
"""The name of an environment variable."""


def decoded_base64(text: bytes) -> bytes | None:
    """The bytes of a text in base64 of one alphabet, padded or not; None where it is none."""
    bare = text.strip(b"\r\n").rstrip(b"=")
    if not re.fullmatch(rb"[A-Za-z0-9+/]+|[A-Za-z0-9_-]+", bare):
        return None
    try:
        found = base64.urlsafe_b64decode(bare.translate(_URL_SAFE) + b"=" * (-len(bare) % 4))
    except binascii.Error:
        return None
    # Its last character may have bits that are not those of a byte.
    same = base64.urlsafe_b64encode(found).rstrip(b"=") == bare.translate(_URL_SAFE)
    return found if same else None


_URL_SAFE = bytes.maketrans(b"+/", b"-_")


def _true_or_url(value: object) -> object:
    if value is True or (isinstance(value, str) and value):
        return value
    raise expected("true, or the URL of the metadata")


Discovery = Annotated[
    Literal[True] | Text,
    BeforeValidator(_true_or_url, json_schema_input_type=Literal[True] | Text),
]
"""Whether metadata says where the keys are, or where it is itself."""
