"""The shape of an identity header in jwtfast.yaml."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from jwtfast_server.values import Section, Text

__all__ = ["Identity"]


def _claim(value: object) -> object:
    """A header's claim may be written alone."""
    return {"claim": value} if isinstance(value, str) else value


class IdentityHeader(Section):
    """What a response header tells the upstream; empty where the claim is absent."""

    claim: Text = Field(description="the name or path of a claim")
    form: Literal["csv", "csv_percent", "sf_list", "json", "base64"] | None = Field(
        None, alias="as", description="default: text as it is, anything else as JSON"
    )


Identity = Annotated[
    IdentityHeader, BeforeValidator(_claim, json_schema_input_type=Text | IdentityHeader)
]
