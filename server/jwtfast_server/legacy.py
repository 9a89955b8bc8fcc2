"""The configuration file of nginx-subrequest-auth-jwt, served with the answers it gave there.

It becomes the same settings as a jwtfast.yaml, so that everything after this is the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, ValidationError

from jwtfast_server.document import Document, parse
from jwtfast_server.problems import KeyPath, Problem, validation_problems
from jwtfast_server.values import Section

__all__ = ["ClaimsSource", "Translation", "is_legacy", "translate"]

ClaimsSource = Literal["static", "queryString"]
_MARKS = {"validationKeys", "claimsSource"}
_ISSUER = "legacy"
_MIXED = "belongs to a jwtfast.yaml, which has no validationKeys and no claimsSource"


def _nothing(value: object) -> object:
    """A key without a value: the empty text, since nothing is typed here."""
    return None if value == "" else value


ClaimSet = Annotated[dict[str, tuple[str, ...]] | None, BeforeValidator(_nothing)]


class ValidationKey(Section):
    """A public key; the PEM itself decides what kind it is, as its type's name may be wrong."""

    model_config = ConfigDict(extra="ignore")

    type: Literal["ecPublicKey", "rsaPublicKey", "ed25519PublicKey"] = Field(
        description="'ecPublicKey', 'rsaPublicKey' or 'ed25519PublicKey'"
    )
    key: str = Field(repr=False, min_length=1, description="a public key as PEM")


class LegacyFile(Section):
    """The whole file. Unknown keys were ignored there, so they are here."""

    model_config = ConfigDict(extra="ignore")

    validation_keys: tuple[ValidationKey, ...] = Field(
        alias="validationKeys", min_length=1, description="a list of public keys"
    )
    claims_source: ClaimsSource = Field(
        alias="claimsSource", description="'static' or 'queryString'"
    )
    claims: Annotated[tuple[ClaimSet, ...] | None, BeforeValidator(_nothing)] = None


def is_legacy(data: object) -> bool:
    """Whether a file is in that service's format."""
    return isinstance(data, dict) and not _MARKS.isdisjoint(data)


@dataclass(frozen=True)
class Translation:
    """The file as a jwtfast.yaml would say it."""

    document: Document
    claims_source: ClaimsSource
    problems: tuple[Problem, ...] = ()
    notes: tuple[str, ...] = ()


def translate(text: str, name: str) -> Translation:
    """Read the file as that service reads it.

    Raises:
        SettingsError: where it is not even YAML; anything else is in `problems`.
    """
    # Claims are compared as text there: a plain 1 or true means the text that was written.
    read = parse(text, name, typed=False)
    try:
        file = LegacyFile.model_validate(read.data)
    except ValidationError as error:
        # As much as can be looked at: the keys, so that what is wrong with them is told too.
        found = validation_problems(LegacyFile, error)
        file = LegacyFile.model_construct(
            validation_keys=(), claims_source="queryString", claims=None
        )
    else:
        found = list(_claim_problems(file))
    found += [((key,), _MIXED) for key in ("issuers", "policies") if key in read.data]
    return Translation(
        Document(name, _settings(read.data, file), read.lines, _written(read.data)),
        file.claims_source,
        tuple(Problem(read.place(path), message) for path, message in found),
        tuple(f"{read.place(path)}: {message}" for path, message in _notes(read.data, file)),
    )


def _notes(data: Mapping[str, Any], file: LegacyFile) -> Iterator[tuple[KeyPath, str]]:
    for key in data:
        if key not in {"validationKeys", "claimsSource", "claims"}:
            yield (key,), "unknown key, ignored"
    if file.claims_source == "queryString" and file.claims:
        yield ("claims",), "not used where claimsSource is queryString"
    if _passes_all(file):
        yield ("claims",), "an empty set lets every good token pass"


def _passes_all(file: LegacyFile) -> bool:
    """A set without claims passes every token, and any one set is enough."""
    return file.claims_source == "static" and not all(file.claims or ())


def _claim_problems(file: LegacyFile) -> Iterator[tuple[KeyPath, str]]:
    if file.claims_source != "static":
        return
    if not file.claims:
        yield ("claims",), "expected at least one set of claims where claimsSource is static"
    for index, claims in enumerate(file.claims or ()):
        for claim, values in (claims or {}).items():
            if not values:
                message = "expected at least one value: without one, no token can pass"
                yield ("claims", index, claim), message


def _keys(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    keys = data.get("validationKeys")
    return [
        {"pem": key.get("key")} if isinstance(key, dict) else {}
        for key in (keys if isinstance(keys, list) else ())
    ]


def _settings(data: Mapping[str, Any], file: LegacyFile) -> dict[str, Any]:
    """The same as a jwtfast.yaml would hold it."""
    # The clocks of those who sign must agree there, to the second.
    issuer = {"name": _ISSUER, "issuer": "any", "audiences": "any", "leeway": 0}
    issuer["keys"] = _keys(data)
    compares = file.claims_source == "static" and not _passes_all(file)
    policy: dict[str, Any] = {"issuers": [_ISSUER]}
    if compares:
        policy["require"] = [_rule(file.claims or ())]
    return {
        "issuers": [issuer],
        "policies": {"default": policy},
    }


def _rule(sets: tuple[Mapping[str, tuple[str, ...]] | None, ...]) -> dict[str, Any]:
    """Any of the sets passes; a set passes where each of its claims has one of its values."""
    return {
        "any_of": [
            # The name is taken as it is: there, a dot in it is no path.
            {
                "all_of": [
                    {"claim": {"name": name}, "any": list(values)}
                    for name, values in claims.items()
                ]
            }
            for claims in sets
            if claims
        ]
    }


def _written(data: Mapping[str, Any]) -> dict[KeyPath, KeyPath]:
    """Where the settings stand in the file itself."""
    written: dict[KeyPath, KeyPath] = {
        ("issuers",): ("validationKeys",),
        ("policies",): ("claims",),
    }
    for index in range(len(_keys(data))):
        written["issuers", 0, "keys", index] = ("validationKeys", index, "key")
    return written
