"""How a proxy tells the request of its client, whom to believe it, and which policy it gets."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    Field,
    PlainSerializer,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from jwtfast_server.values import HeaderName, Name, OneOrMore, Section, Text, expected

__all__ = ["OriginalRequest", "Route"]

_METHOD: Final = "X-Original-Method"
_CONFIRM: Final = "X-Auth-Request-Redirect"
# By the header that tells the URI: those that tell the host and the method beside it.
_BESIDE: Final[dict[object, dict[str, str | None]]] = {
    "X-Original-URL": {"host_header": None, "method_header": _METHOD},
    "X-Original-URI": {"host_header": None, "method_header": _METHOD},
    "X-Forwarded-Uri": {
        "host_header": "X-Forwarded-Host",
        "method_header": "X-Forwarded-Method",
    },
}
_MAPPED: Final = IPv6Network("::ffff:0:0/96")


def _network(text: str) -> str:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        raise expected("an address or a network, such as 10.0.0.0/8") from None
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        raise expected("an IPv4 network in its own form, such as 10.0.0.0/8")
    _refuse_all([network])
    return text


def _networks(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Two halves of all addresses are all addresses."""
    networks = [ip_network(text, strict=False) for text in texts]
    _refuse_all(collapse_addresses(one for one in networks if isinstance(one, IPv4Network)))
    _refuse_all(collapse_addresses(one for one in networks if isinstance(one, IPv6Network)))
    return texts


def _refuse_all(networks: Iterable[IPv4Network | IPv6Network]) -> None:
    if any(network.prefixlen == 0 for network in networks):
        raise expected("the networks of your proxies: who is trusted may name any host and path")


class OriginalRequest(Section):
    """Which headers tell the client's request, and which peers are believed.

    The proxy must set each of these headers itself, whatever the client sent under its name.
    """

    uri_header: Literal["X-Original-URL", "X-Original-URI", "X-Forwarded-Uri"] = Field(
        description="carries the URL, or the path and query"
    )
    host_header: HeaderName | None = Field(
        None,
        description="carries the host where the URI has none; "
        "default: X-Forwarded-Host beside X-Forwarded-Uri, otherwise none",
    )
    method_header: HeaderName | None = Field(
        None,
        description="carries the method, which must come where routes have `methods`; or the word "
        "`subrequest`: the proxy asks with its client's own method; "
        "default: X-Forwarded-Method beside X-Forwarded-Uri, otherwise X-Original-Method",
    )
    confirm_header: HeaderName | None = Field(
        "auto",
        description="carries path and query again, which must come and agree; `auto` is "
        "X-Auth-Request-Redirect beside an X-Original-URL with a host, where it comes",
    )
    case: Literal["sensitive", "insensitive"] | None = Field(
        None, description="whether the proxy tells `/A` and `/a` apart; default: `sensitive`"
    )
    trusted_proxies: Annotated[
        OneOrMore[Annotated[Text, AfterValidator(_network)]], AfterValidator(_networks)
    ] = Field(
        description="the addresses and networks of the proxies; never all addresses; "
        "who comes over a Unix socket is trusted"
    )

    @model_validator(mode="before")
    @classmethod
    def _beside(cls, data: Any) -> Any:  # noqa: ANN401 - any YAML value
        """The other headers follow the first one, where they are not given; null is none."""
        if not isinstance(data, dict) or not isinstance(data.get("uri_header"), str):
            return data
        return _BESIDE.get(data["uri_header"], {}) | data

    @property
    def is_composed(self) -> bool:
        """Whether host and URI come as one URL."""
        return self.uri_header == "X-Original-URL" and self.host_header is None

    @property
    def is_confirmed(self) -> bool:
        """Whether the URI must come a second time, without the host."""
        return self.confirm_header not in {"auto", None}

    def gate_settings(self) -> dict[str, Any]:
        """What the gate takes."""
        found = self.model_dump() | {"case": self.case or "sensitive"}
        if self.confirm_header == "auto":
            found["confirm_header"] = _CONFIRM if self.is_composed else None
        return found | {"confirm_required": self.is_confirmed}


class PathKind(Section):
    """One path of a route, by the kind of its comparison: exactly one of these keys."""

    exact: Text | None = Field(None, description="this path alone")
    prefix: Text | None = Field(
        None, description="this path and what is below it, with or without a slash at its end"
    )
    glob: Text | None = Field(
        None, description="`*` within an element, `**` for any number of elements, none too"
    )

    @model_validator(mode="after")
    def _one_kind(self) -> "PathKind":
        given = list(self.model_dump(exclude_none=True))
        if len(given) != 1:
            found = " and ".join(given) or "none"
            message = f"expected exactly one of exact, prefix, glob, found {found}"
            raise PydanticCustomError("rule", "{message}", {"message": message})
        return self


_LONGEST_PATH: Final = 2048


def _path(value: object, handler: ValidatorFunctionWrapHandler) -> object:
    """A path alone is a text; the gate reads it as a prefix, or as a glob where it has a `*`."""
    if isinstance(value, str):
        if not 0 < len(value) <= _LONGEST_PATH:
            raise expected(f"text of 1 to {_LONGEST_PATH} characters")
        return value
    if not isinstance(value, dict | PathKind):
        raise expected("a path, or a mapping with exact, prefix or glob")
    return handler(value)


RoutePath = Annotated[
    PathKind,
    WrapValidator(_path, json_schema_input_type=Text | PathKind),
    PlainSerializer(
        lambda path: path if isinstance(path, str) else path.model_dump(exclude_none=True)
    ),
]


class Route(Section):
    """Which policy decides; the first route that fits the original request wins."""

    policy: Name = Field(description="the name of a policy")
    host: Text | None = Field(
        None, description="a host, or `*.example.com` for every name below it; default: any"
    )
    path: RoutePath | None = Field(
        None,
        description="this path and what is below it, or a glob where it has a `*`; default: any",
    )
    methods: OneOrMore[Text] | None = Field(None, description="methods in upper case; default: any")
