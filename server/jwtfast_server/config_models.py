"""The shape of jwtfast.yaml; `jwtfast schema` prints it. What the keys mean is in the descriptions.

Rules and identity headers are passed on as they are: the gate compiles them, and says what is
wrong with them.
"""

import os
from math import ceil
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    JsonValue,
    PlainSerializer,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from jwtfast_server.keysources import Algorithm, KeySource
from jwtfast_server.values import (
    Address,
    AnyNumber,
    Duration,
    FileName,
    OneOrMore,
    Section,
    Size,
    expected,
)

__all__ = ["ConfigFile", "Issuer", "Log", "Policy", "Tls", "TokenSource"]

_DAY = 86400.0
_NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
_HEADER = r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}$"

Name = Annotated[str, Field(pattern=_NAME)]
Text = Annotated[str, Field(min_length=1, max_length=2048)]
JsonObject = dict[str, JsonValue]


def _claim(value: object) -> object:
    """A header's claim may be written alone."""
    return {"claim": value} if isinstance(value, str) else value


def _any_or_given(value: object) -> object:
    """`any` becomes None: not checked."""
    if value is None:
        raise expected("a list, or the word `any` where it is really not to be checked")
    return None if value == "any" else value


def _any_or_text(value: object) -> object:
    if value is None:
        raise expected("the token's `iss`, or the word `any` where it is really not to be checked")
    return None if value == "any" else value


def _workers(value: object) -> object:
    return cores() if value == "auto" else value


def _status(value: object) -> object:
    """A number may come as text from a variable."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


def _level(value: object) -> object:
    """The names that other services use for the same levels."""
    return (
        {"warn": "warning", "fatal": "critical"}.get(value, value)
        if isinstance(value, str)
        else value
    )


def cores(quota: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """The processors this process may use: its affinity, and its container's quota."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        share, period = quota.read_text().split()
        allowed = min(allowed or 1, ceil(int(share) / int(period)))
    except (OSError, ValueError):
        pass  # No quota: outside a container, or "max".
    return max(1, allowed or 1)


_WRITE_ANY = PlainSerializer(lambda value: "any" if value is None else value)
Audiences = Annotated[
    OneOrMore[Text] | None,
    BeforeValidator(_any_or_given, json_schema_input_type=OneOrMore[Text]),
    _WRITE_ANY,
]
IssuerUrl = Annotated[
    Text | None, BeforeValidator(_any_or_text, json_schema_input_type=Text), _WRITE_ANY
]
Workers = Annotated[
    int,
    Field(ge=1, le=1024),
    BeforeValidator(_workers),
    WithJsonSchema({"anyOf": [{"const": "auto"}, {"type": "integer", "minimum": 1}]}),
]
_LEVELS = Literal["debug", "info", "warning", "error", "critical"]
Level = Annotated[
    _LEVELS, BeforeValidator(_level, json_schema_input_type=_LEVELS | Literal["warn", "fatal"])
]


class Tls(Section):
    """A certificate chain and its key (PKCS#1, SEC1 or PKCS#8), as PEM files."""

    cert: FileName = Field(description="the file of the certificate and its chain")
    key: FileName = Field(description="the file of the private key")


class Refresh(Section):
    """How fetched keys are kept fresh."""

    every: Annotated[float, Duration(at_most=7 * _DAY, at_least=1)] = 300.0
    cooldown: Annotated[float, Duration(at_most=_DAY, at_least=1)] = 30.0
    max_stale: Annotated[float, Duration(at_most=30 * _DAY)] = _DAY
    timeout: Annotated[float, Duration(at_most=60, at_least=0.1)] = 5.0
    ca_file: FileName | None = None


class Issuer(Section):
    """Who signs tokens, with which keys, and what must hold for all its tokens."""

    name: Name = Field(description="the name that policies use")
    issuer: IssuerUrl = Field(description="the token's `iss`, or the word `any`")
    keys: OneOrMore[KeySource] = Field(description="a source of keys, or a list of them")
    algorithms: OneOrMore[Algorithm] | None = Field(
        None, description="default: every asymmetric one that the keys allow"
    )
    audiences: Audiences = Field(
        description="the audiences to accept, or the word `any` where a token's `aud` is really "
        "not to be checked"
    )
    leeway: Annotated[float, Duration(at_most=300)] = 0.0
    max_lifetime: Annotated[float, Duration(at_most=3660 * _DAY, at_least=1)] | None = None
    token_types: OneOrMore[Text] | None = Field(
        None, description="the values of the header's `typ` to accept; default: all"
    )
    refresh: Refresh = Refresh()

    @field_validator("algorithms", mode="after")
    @classmethod
    def _one_kind(cls, algorithms: tuple[str, ...] | None) -> tuple[str, ...] | None:
        """A public key taken for an HMAC secret lets anyone sign."""
        if len({name.startswith("HS") for name in algorithms or ()}) > 1:
            raise expected("either HMAC (HS...) or asymmetric algorithms, never both")
        return algorithms


class TokenSource(Section):
    """One place of the request that a token may be in."""

    header: Annotated[str, Field(pattern=_HEADER)] | None = None
    scheme: Text | None = Field(None, description="what precedes the token in the header")
    cookie: Annotated[str, Field(pattern=_HEADER)] | None = None
    query: Text | None = Field(None, description="a parameter of the original URI")

    @model_validator(mode="after")
    def _one_place(self) -> "TokenSource":
        given = [name for name in ("header", "cookie", "query") if getattr(self, name)]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            message = f"expected exactly one of header, cookie, query, found {found}"
            raise PydanticCustomError("rule", "{message}", {"message": message})
        if self.scheme and not self.header:
            raise PydanticCustomError("rule", "scheme belongs to a header only")
        return self


class Token(Section):
    """Where tokens are looked for; two tokens in one request are refused."""

    sources: OneOrMore[TokenSource] = Field(
        (TokenSource(header="Authorization", scheme="Bearer"),), alias="from"
    )


class IdentityHeader(Section):
    """What a response header tells the upstream; empty where the claim is absent."""

    claim: Text = Field(description="the name or path of a claim")
    form: Literal["csv", "json", "base64"] | None = Field(None, alias="as")


Identity = Annotated[
    IdentityHeader, BeforeValidator(_claim, json_schema_input_type=Text | IdentityHeader)
]


class Policy(Section):
    """What a good token must also fulfil, and what the upstream is told of it."""

    issuers: OneOrMore[Name] = Field(description="the names of the issuers whose tokens may pass")
    require: AnyNumber[JsonObject] = Field((), description="rules that must all hold")
    identity: dict[str, Identity] = Field(
        default_factory=dict, description="response headers, each with the claim that it carries"
    )
    optional: bool = Field(default=False, description="no token passes; a bad one still fails")
    shadow: bool = Field(default=False, description="answer 200, and count what would be denied")


class Route(Section):
    """Which policy decides; the first route that matches the original request wins."""

    policy: Name = Field(description="the name of a policy")
    host: Text | None = None
    path: Text | None = None
    methods: OneOrMore[Text] | None = None


class OriginalRequest(Section):
    """Which header tells the original URI, and whom to believe it."""

    uri_header: Literal["X-Original-URL", "X-Original-URI", "X-Forwarded-Uri"]
    trusted_proxies: OneOrMore[Text]


class Revocation(Section):
    """A file of revoked tokens, by `jti`, `sub` and `kid`."""

    file: FileName = Field(description="a JSON file")


class Cache(Section):
    """The store of verified tokens; 0 turns it off."""

    max_bytes: Annotated[int, Size(at_most=1 << 40)] = 64 << 20


class Reload(Section):
    """Whether a changed file is served without a restart."""

    watch: bool = True


class Metrics(Section):
    """Where `/metrics` is answered; null: beside the rest."""

    listen: Address | None = None


class Log(Section):
    """What is logged, as JSON; never a token."""

    level: Level = "info"
    decisions: Literal["none", "denied", "all"] = "denied"


class ConfigFile(Section):
    """The whole jwtfast.yaml."""

    listen: Address = Address.model_validate("0.0.0.0:8080")
    tls: Tls | None = None
    workers: Workers = Field("auto", validate_default=True)
    interface: Literal["asgi", "rsgi", "wsgi"] = "asgi"
    realm: Annotated[str, Field(pattern=r"^[ !#-\[\]-~]{1,128}$")] = "api"
    unavailable_status: Annotated[Literal[503, 403], BeforeValidator(_status)] = 503
    max_token_bytes: Annotated[int, Size(at_most=1 << 20, at_least=256)] = 16384
    issuers: tuple[Issuer, ...] = Field(min_length=1, description="a list of issuers")
    token: Token = Token()
    policies: dict[Name, Policy] = Field(
        min_length=1, description="a mapping of policies, one of them called `default`"
    )
    routes: tuple[Route, ...] = ()
    original_request: OriginalRequest | None = None
    query_overrides: bool = Field(
        default=False, description="let the query of /validate steer the check"
    )
    revocation: Revocation | None = None
    cache: Cache = Cache()
    reload: Reload = Reload()
    metrics: Metrics = Metrics()
    log: Log = Log()

    @classmethod
    def schema_document(cls) -> dict[str, Any]:
        """The JSON Schema of the file."""
        schema = cls.model_json_schema(by_alias=True)
        return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema
