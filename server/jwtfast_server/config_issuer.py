"""The shape of an issuer in jwtfast.yaml: whose tokens, with which keys, and what must hold."""

from typing import Annotated

from pydantic import BeforeValidator, Field, JsonValue, PlainSerializer

from jwtfast_server.config_identity import Identity
from jwtfast_server.keysources import Algorithm, KeySource
from jwtfast_server.values import (
    AnyNumber,
    Duration,
    FileName,
    Name,
    OneOrMore,
    Section,
    Text,
    expected,
)

__all__ = ["Issuer", "Leeway", "Refresh"]

_DAY = 86400.0

JsonObject = dict[str, JsonValue]


def _any_or_given(value: object) -> object:
    """`any` becomes None: not checked."""
    if value is None:
        raise expected("a list, or the word `any` where it is really not to be checked")
    return None if value == "any" else value


def _any_or_text(value: object) -> object:
    if value is None:
        raise expected("the token's `iss`, or the word `any` where it is really not to be checked")
    if isinstance(value, list) and "any" in value:
        raise expected("names of issuers, or the word `any` alone")
    return None if value == "any" else value


_WRITE_ANY = PlainSerializer(lambda value: "any" if value is None else value)
Audiences = Annotated[
    OneOrMore[Text] | None,
    BeforeValidator(_any_or_given, json_schema_input_type=OneOrMore[Text]),
    _WRITE_ANY,
]
IssuerNames = Annotated[
    OneOrMore[Text] | None,
    BeforeValidator(_any_or_text, json_schema_input_type=OneOrMore[Text]),
    _WRITE_ANY,
]


_SKEW = Duration(at_most=300)
Skew = Annotated[float, _SKEW]


class Refresh(Section):
    """How fetched keys are kept fresh."""

    every: Annotated[float, Duration(at_most=7 * _DAY, at_least=1)] = Field(
        300.0, description="how often at least; a shorter `max-age` of the server counts"
    )
    cooldown: Annotated[float, Duration(at_most=_DAY, at_least=1)] = Field(
        30.0,
        description="the shortest time between two fetches for an unknown `kid`, or by `max-age`",
    )
    max_stale: Annotated[float, Duration(at_most=30 * _DAY, at_least=1)] = Field(
        _DAY, description="how old keys may become where fetching fails"
    )
    timeout: Annotated[float, Duration(at_most=60, at_least=0.1)] = Field(
        5.0, description="how long one fetch may take"
    )
    ca_file: FileName | None = Field(
        None, description="PEM certificates to trust instead of the system's"
    )


class Leeway(Section):
    """How far clocks may differ, for each of the times in a token."""

    exp: Skew = Field(0.0, description="a token passes for so long after its end")
    nbf: Skew = Field(30.0, description="it passes from so long before its start")
    iat: Skew = Field(30.0, description="it may have been issued so far in the future")

    @classmethod
    def same(cls, value: object) -> object:
        """One duration is for all three."""
        if isinstance(value, dict | Leeway):
            return value
        seconds = _SKEW.parse(value)
        return cls(exp=seconds, nbf=seconds, iat=seconds)


LeewayOfAll = Annotated[Leeway, BeforeValidator(Leeway.same, json_schema_input_type=Skew | Leeway)]


class Issuer(Section):
    """Who signs tokens, with which keys, and what must hold for all its tokens."""

    name: Name = Field(description="the name that policies use")
    issuer: IssuerNames = Field(
        description="the token's `iss`, any of a list of them, or the word `any`; in one a claim "
        "of the token may stand in braces (`https://login.microsoftonline.com/{tid}/v2.0`)"
    )
    issuer_values: OneOrMore[Text] | None = Field(
        None, description="the values of the claim in braces; default: any plain one"
    )
    keys: OneOrMore[KeySource] = Field(description="a source of keys, or a list of them")
    algorithms: OneOrMore[Algorithm] | None = Field(
        None, description="default: every asymmetric one that the keys allow"
    )
    audiences: Audiences = Field(
        description="the audiences to accept, or the word `any` where a token's `aud` is really "
        "not to be checked"
    )
    audience_claim: OneOrMore[Text] | None = Field(
        None,
        description="the claims that `audiences` are compared with; default: `aud`. One must be "
        "there, and each that is there must fit",
    )
    require: AnyNumber[JsonObject] = Field(
        (),
        description="rules on claims that must all hold for its tokens, before those of a policy; "
        "a token that misses one is a 401, as one for another audience is",
    )
    identity: dict[str, Identity] = Field(
        default_factory=dict,
        description="response headers beside those of its policies, which win; empty for the "
        "tokens of other issuers",
    )
    leeway: LeewayOfAll = Field(
        Leeway(), description="how far clocks may differ: for every time in a token, or for each"
    )
    max_lifetime: Annotated[float, Duration(at_most=3660 * _DAY, at_least=1)] | None = Field(
        None, description="the longest time from `iat` to `exp`; both must then be there"
    )
    token_types: OneOrMore[Text] | None = Field(
        None,
        description="the values of the header's `typ` to accept; default: all but those of another "
        "purpose than access, such as `logout+jwt`",
    )
    allow_bound: bool = Field(
        default=False,
        description="take tokens that are bound to a key by `cnf` (DPoP, mTLS) without its proof",
    )
    refresh: Refresh = Field(Refresh(), description="how fetched keys are kept fresh")

    @property
    def iss(self) -> str | tuple[str, ...] | None:
        """What `iss` is compared with, as it may be written; None where it is not."""
        return self.issuer[0] if self.issuer and len(self.issuer) == 1 else self.issuer

    @property
    def url(self) -> str | None:
        """Where discovery starts from: the only `iss`, where no claim is in it."""
        return self.iss if isinstance(self.iss, str) and "{" not in self.iss else None

    @property
    def is_fetched(self) -> bool:
        """Whether any of its keys are behind a URL."""
        return any(source.is_remote for source in self.keys)
