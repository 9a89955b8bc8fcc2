"""The values that a key source can have beside its place."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, WithJsonSchema

import jwtfast
from jwtfast_server.problems import suggestion
from jwtfast_server.values import expected

__all__ = ["Algorithm", "Headers", "Use", "Variable"]


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
