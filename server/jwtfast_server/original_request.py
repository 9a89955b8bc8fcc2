"""How a proxy tells the request of its client, whom to believe it, and which policy it gets."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, model_validator

from jwtfast_server.values import HeaderName, Name, OneOrMore, Section, Text, expected

__all__ = ["OriginalRequest", "Route"]

_METHOD: Final = "X-Original-Method"
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
        description="carries the method; where it does not come, the subrequest's own counts; "
        "default: X-Forwarded-Method beside X-Forwarded-Uri, otherwise X-Original-Method",
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


class Route(Section):
    """Which policy decides; the first route that fits the original request wins."""

    policy: Name = Field(description="the name of a policy")
    host: Text | None = Field(
        None, description="a host, or `*.example.com` for every name below it; default: any"
    )
    path: Text | None = Field(
        None,
        description="a prefix of whole path segments, or a glob where it holds `*`; default: any",
    )
    methods: OneOrMore[Text] | None = Field(None, description="methods in upper case; default: any")
