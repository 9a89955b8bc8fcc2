"""Where an issuer's keys come from: PEM, JWK, JWKS and secrets, inline, in files and variables.

A source is read at load into `KeyMaterial`, and workers build their keys from that; a changed
file is loaded anew, with the whole configuration. What is behind a URL is fetched by each worker.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal, Unpack

import orjson
from pydantic import Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

import jwtfast
from jwtfast.jwks import Options, RemoteKeySet
from jwtfast_server.changes.regular import read_regular
from jwtfast_server.masking import SECRET_FILES, shown_file, shown_variable
from jwtfast_server.source_values import (
    PLACES,
    REMOTE,
    Algorithm,
    Discovery,
    Headers,
    Use,
    Variable,
    decoded_base64,
)
from jwtfast_server.values import FileName, OneOrMore, Section

__all__ = [
    "Algorithm",
    "KeyMaterial",
    "KeySource",
    "SourceError",
    "Variable",
    "content",
    "key_set",
    "read",
    "remote",
]

_MAX_BYTES = 1 << 20


class KeySource(Section):
    """One place that keys come from: exactly one of the keys that name a place."""

    pem: str | None = Field(None, repr=False, description="a public key or certificate")
    pem_file: FileName | None = Field(None, description="a file with such a PEM")
    jwk: dict[str, JsonValue] | None = Field(None, repr=False, description="one JWK")
    jwks: dict[str, JsonValue] | None = Field(None, repr=False, description="a JWKS")
    jwks_file: FileName | None = Field(None, description="a file with a JWKS")
    secret: str | None = Field(None, repr=False, description="an HMAC secret")
    secret_env: Variable | None = Field(None, description="a variable that holds one")
    secret_file: FileName | None = Field(None, description="a file that holds one")
    secret_base64_env: Variable | None = Field(
        None, description="a variable that holds one in base64"
    )
    secret_base64_file: FileName | None = Field(None, description="a file that holds one in base64")
    jwks_url: str | None = Field(None, min_length=1, description="where a JWKS is fetched")
    discovery: Discovery | None = Field(
        None,
        description="OpenID Connect discovery: `true`, or the URL of the metadata, which must name "
        "the issuer",
    )
    algorithm: Algorithm | None = Field(None, description="the one algorithm of a PEM or secret")
    kid: str | None = Field(None, max_length=256, description="the key id of a PEM or secret")
    allow_weak_hmac: bool = Field(
        default=False, description="take an HMAC secret shorter than its hash"
    )
    allow_http: bool = Field(
        default=False, description="fetch from http:// too, not from this machine alone"
    )

    bearer_token_file: FileName | None = Field(
        None, description="a file whose content is the bearer token to fetch with, read anew"
    )
    headers: Headers = Field(
        (), repr=False, description="request headers to fetch with, for the URL's own host alone"
    )
    use: OneOrMore[Use] | None = Field(
        None, description="the values of a key's `use` to take; default: `sig`"
    )
    ignore_key_ops: bool = Field(
        default=False, description="take keys whatever their `key_ops` say, as Oracle's"
    )

    @model_validator(mode="after")
    def _one_place(self) -> "KeySource":
        given = [place for place in PLACES if getattr(self, place) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            message = f"expected exactly one of {', '.join(PLACES)}, found {found}"
            raise PydanticCustomError("rule", "{message}", {"message": message})
        if (self.algorithm or self.kid) and given[0].startswith(("jwk", "discovery")):
            message = "a JWK carries its own alg and kid: leave out algorithm and kid"
            raise PydanticCustomError("rule", "{message}", {"message": message})
        if self.allow_http and not self.is_remote:
            message = f"allow_http belongs to {' and '.join(REMOTE)} only"
            raise PydanticCustomError("rule", "{message}", {"message": message})
        if (self.bearer_token_file or self.headers) and not self.is_remote:
            message = f"bearer_token_file and headers belong to {' and '.join(REMOTE)} only"
            raise PydanticCustomError("rule", "{message}", {"message": message})
        if (self.use or self.ignore_key_ops) and not given[0].startswith(("jwks", "discovery")):
            message = "use and ignore_key_ops belong to documents of several keys only"
            raise PydanticCustomError("rule", "{message}", {"message": message})
        return self

    @property
    def is_remote(self) -> bool:
        """Whether the keys are fetched, by each worker."""
        return self.place in REMOTE

    @property
    def file(self) -> str | None:
        """The file that the keys are in, as it is written."""
        return self.pem_file or self.jwks_file or self.secret_file or self.secret_base64_file

    @property
    def place(self) -> str:
        """The key that says where the keys come from."""
        return next(place for place in PLACES if getattr(self, place) is not None)


class KeyMaterial(Section):
    """What a source held when it was read; everything that a key is made of."""

    kind: Literal["pem", "jwk", "jwks", "secret"]
    content: bytes = Field(repr=False)
    algorithm: str | None = None
    kid: str | None = None
    allow_weak_hmac: bool = False
    uses: tuple[str, ...] | None = None
    ignore_key_ops: bool = False

    def keys(self) -> tuple[list[jwtfast.Key], tuple[str, ...]]:
        """The keys, and a sentence for each entry of a JWKS that was left out.

        Raises:
            jwtfast.InvalidKeyError: where a key cannot be used.
        """
        match self.kind:
            case "pem":
                pem = jwtfast.Key.from_pem(self.content, algorithm=self.algorithm, kid=self.kid)
                return [pem], ()
            case "jwk":
                jwk = jwtfast.Key.from_jwk(self.content, allow_weak_hmac=self.allow_weak_hmac)
                return [jwk], ()
            case "jwks":
                found = jwtfast.KeySet.from_jwks(
                    self.content,
                    allow_weak_hmac=self.allow_weak_hmac,
                    # As tolerant as what is fetched, and `check` warns.
                    skip_broken=True,
                    uses=self.uses,
                    ignore_key_ops=self.ignore_key_ops,
                )
                return list(found), found.skipped
            case "secret":
                secret = jwtfast.Key.from_secret(
                    self.content,
                    algorithm=self.algorithm or "",
                    kid=self.kid,
                    allow_weak_hmac=self.allow_weak_hmac,
                )
                return [secret], ()


class SourceError(Exception):
    """A key source that cannot be read; `place` is the key that is wrong, without its value."""

    def __init__(self, place: str, message: str) -> None:
        """Keep the place beside the message."""
        super().__init__(message)
        self.place = place


def read(
    source: KeySource,
    *,
    env: Mapping[str, str],
    directory: Path,
    algorithms: Iterable[str] | None = None,
) -> KeyMaterial:
    """Read a source.

    Args:
        source: a source other than a URL.
        env: the environment variables.
        directory: what relative paths start from.
        algorithms: what the issuer allows; a secret without an algorithm takes the only one.

    Raises:
        SourceError: where it cannot be read, or lacks its algorithm.
    """
    place = source.place
    kind, value = place.partition("_")[0], getattr(source, place)
    algorithm = source.algorithm
    if kind == "secret" and algorithm is None:
        allowed = list(algorithms or ())
        if len(allowed) != 1:
            raise SourceError(place, "a secret needs its algorithm: HS256, HS384 or HS512")
        algorithm = allowed[0]
    return KeyMaterial.model_validate(
        {
            "kind": kind,
            "content": _decoded(place, content(place, value, env, directory)),
            "algorithm": algorithm,
            "kid": source.kid,
            "allow_weak_hmac": source.allow_weak_hmac,
            "uses": source.use,
            "ignore_key_ops": source.ignore_key_ops,
        }
    )


def remote(source: KeySource, issuer: str | None, **options: Unpack[Options]) -> RemoteKeySet:
    """The keys behind a URL, not fetched yet.

    Args:
        source: a source that is remote.
        issuer: the issuer's own URL, which discovery starts from.
        options: as for `jwtfast.jwks.RemoteKeySet`.

    Raises:
        SourceError: where the URL cannot be used.
    """
    options["allow_http"] = source.allow_http
    options["headers"] = dict(source.headers)
    options["bearer_token_file"] = source.bearer_token_file
    options["uses"] = source.use
    options["ignore_key_ops"] = source.ignore_key_ops
    try:
        if source.jwks_url is not None:
            return RemoteKeySet(source.jwks_url, **options)
        if issuer is None:
            message = (
                "discovery needs the URL of the issuer, not `any`, a list or a claim: give jwks_url"
            )
            raise SourceError(source.place, message)
        metadata_url = source.discovery if isinstance(source.discovery, str) else None
        return RemoteKeySet.discover(issuer, metadata_url=metadata_url, **options)
    except ValueError as error:
        raise SourceError(source.place, str(error)) from error


def content(place: str, value: Any, env: Mapping[str, str], directory: Path) -> bytes:  # noqa: ANN401
    """Read what a key such as `secret_env`, `secret_file` or `jwk` stands for.

    Args:
        place: the key.
        value: its value.
        env: the environment variables.
        directory: what relative paths start from.

    Raises:
        SourceError: where it cannot be read, or the variable is empty.
    """
    if place.endswith("_env"):
        if not env.get(value):
            message = f"the environment variable {shown_variable(value)} is not set, or is empty"
            raise SourceError(place, message)
        return env[value].encode()
    if place.endswith("_file"):
        read = _file(place, directory / value, shown_file(place, directory, value))
        # `echo secret > file` ends in a newline that is not meant.
        return read.removesuffix(b"\n").removesuffix(b"\r") if place in SECRET_FILES else read
    return orjson.dumps(value) if isinstance(value, dict) else str(value).encode()


def _decoded(place: str, found: bytes) -> bytes:
    if not place.startswith("secret_base64_"):
        return found
    secret = decoded_base64(found)
    if not secret:
        raise SourceError(place, "what it names is not a secret in base64, of either alphabet")
    return secret


def _file(place: str, path: Path, shown: str) -> bytes:
    try:
        content = read_regular(path, _MAX_BYTES)
    except OSError as error:
        raise SourceError(place, f"{shown} cannot be read: {error.strerror}") from error
    if len(content) > _MAX_BYTES:
        raise SourceError(place, f"{shown} is larger than {_MAX_BYTES >> 20} MiB")
    return content


def key_set(material: Iterable[KeyMaterial]) -> jwtfast.KeySet | None:
    """One key set of all sources of an issuer; None where it has no source that is read at load.

    Raises:
        jwtfast.InvalidKeyError: where a key, or the keys together, cannot be used.
    """
    keys = [key for source in material for key in source.keys()[0]]
    return jwtfast.KeySet(keys, mixed=True) if keys else None
