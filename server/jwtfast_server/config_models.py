"""The shape of jwtfast.yaml; `jwtfast schema` prints it. What the keys mean is in the descriptions.

Rules and identity headers are passed on as they are: the gate compiles them, and says what is
wrong with them.
"""

from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    JsonValue,
    model_validator,
)
from pydantic_core import PydanticCustomError

from jwtfast_server.address import Address
from jwtfast_server.config_identity import Identity
from jwtfast_server.config_issuer import Issuer
from jwtfast_server.config_revocation import Revocation
from jwtfast_server.config_server import Cache, Log, Metrics, Reload, Tls, Workers
from jwtfast_server.original_request import OriginalRequest, Route
from jwtfast_server.presets import with_presets
from jwtfast_server.values import (
    AnyNumber,
    HeaderName,
    Name,
    OneOrMore,
    Section,
    Size,
    Text,
)

__all__ = ["ConfigFile", "Issuer", "Policy", "TokenSource"]

JsonObject = dict[str, JsonValue]


def _status(value: object) -> object:
    """A number may come as text from a variable."""
    return int(value) if isinstance(value, str) and value.isdecimal() else value


class TokenSource(Section):
    """One place of the request that a token may be in."""

    header: HeaderName | None = Field(None, description="a request header")
    scheme: Text | None = Field(None, description="what precedes the token in the header")
    cookie: HeaderName | None = Field(None, description="a cookie")
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
        (TokenSource(header="Authorization", scheme="Bearer"),),
        alias="from",
        description="a place, or a list of them",
    )


class Policy(Section):
    """What a good token must also fulfil, and what the upstream is told of it."""

    issuers: OneOrMore[Name] = Field(description="the names of the issuers whose tokens may pass")
    require: AnyNumber[JsonObject] = Field((), description="rules that must all hold")
    request_headers: OneOrMore[HeaderName] | None = Field(
        None, description="the request headers that `cel` rules look at"
    )
    identity: dict[str, Identity] = Field(
        default_factory=dict, description="response headers, each with the claim that it carries"
    )
    optional: bool = Field(default=False, description="no token passes; a bad one still fails")
    shadow: bool = Field(default=False, description="answer 200, and count what would be denied")
    preflight: bool = Field(
        default=False, description="a CORS preflight without a token passes as nobody"
    )


class ConfigFile(Section):
    """The whole jwtfast.yaml."""

    listen: Address = Field(
        Address.model_validate("0.0.0.0:8080"), description="where requests are answered"
    )
    tls: Tls | None = Field(None, description="serve HTTPS")
    workers: Workers = Field(
        "auto", validate_default=True, description="processes; `auto` is one a processor"
    )
    interface: Literal["auto", "asgi", "rsgi", "wsgi"] = Field(
        "auto",
        description="how granian calls the application; `auto` is wsgi, the fastest, where it can "
        "tell apart the headers that are read and no policy is optional, and else asgi",
    )
    realm: Annotated[str, Field(pattern=r"^[ !#-\[\]-~]{1,128}$")] = Field(
        "api", description="the realm of `WWW-Authenticate`"
    )
    unavailable_status: Annotated[Literal[503, 403], BeforeValidator(_status)] = Field(
        503, description="the answer where keys are missing, or we made a mistake"
    )
    max_token_bytes: Annotated[int, Size(at_most=1 << 20, at_least=256)] = Field(
        16384, description="longer tokens are refused unread"
    )
    max_identity_bytes: Annotated[int, Size(at_most=1 << 16, at_least=256)] = Field(
        7168,
        description="what all identity headers of an answer may take together; more is a 403. "
        "NGINX's `proxy_buffer_size` must be 1 KiB larger",
    )
    issuers: tuple[Issuer, ...] = Field(min_length=1, description="a list of issuers")
    token: Token = Field(Token(), description="where tokens are looked for")
    policies: dict[Name, Policy] = Field(
        min_length=1, description="a mapping of policies, one of them called `default`"
    )
    routes: tuple[Route, ...] = Field(
        (), description="which policy an original request gets; the first that fits"
    )
    original_request: OriginalRequest | None = Field(
        None, description="how the proxy tells its client's request"
    )
    query_overrides: bool = Field(
        default=False, description="let the query of /validate steer the check"
    )
    revocation: Revocation | None = Field(None, description="tokens that pass no more")
    cache: Cache = Field(Cache(), description="the store of verified tokens")
    reload: Reload = Field(Reload(), description="whether a changed file is served")
    metrics: Metrics = Field(Metrics(), description="where metrics are answered")
    log: Log = Field(Log(), description="what is logged")

    @classmethod
    def schema_document(cls) -> dict[str, Any]:
        """The JSON Schema of the file."""
        schema = cls.model_json_schema(by_alias=True)
        schema["$defs"]["Issuer"] = with_presets(schema["$defs"]["Issuer"])
        return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema
