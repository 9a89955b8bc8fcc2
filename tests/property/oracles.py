"""Three other libraries asked the same question, set as near to our settings as each allows."""

import json
import os
import subprocess
import warnings
from collections.abc import Iterable
from datetime import datetime, tzinfo
from functools import cache
from pathlib import Path
from typing import Final
from unittest import mock

import joserfc.errors
import jwt
from joserfc import jwt as joserfc_jwt
from joserfc.jwk import Key, import_key
from joserfc.jws import JWSRegistry
from joserfc.jwt import JWTClaimsRegistry

from tests.forge import AUDIENCE, ISSUER, NOW, public_jwk
from tests.property.corpus import Sample

ROOT: Final = Path(__file__).parents[2]

LIBRARIES: Final = ("PyJWT", "joserfc", "jsonwebtoken")
UNSUPPORTED: Final[dict[str, frozenset[str]]] = {
    "PyJWT": frozenset({"Ed25519"}),
    "joserfc": frozenset(),
    "jsonwebtoken": frozenset({"ES512", "ES256K", "Ed25519"}),
}
"""Algorithms that a library does not have at all."""


class _Now(datetime):
    """PyJWT takes no `now`: this is its clock."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "_Now":
        return cls.fromtimestamp(NOW, tz)


@cache
def _pyjwt_key(algorithm: str) -> jwt.PyJWK:
    return jwt.PyJWK(public_jwk(algorithm, alg=algorithm))


def pyjwt(sample: Sample) -> bool:
    """Say whether PyJWT accepts a token."""
    if sample.algorithm in UNSUPPORTED["PyJWT"]:
        return False
    try:
        jwt.decode(
            sample.token,
            _pyjwt_key(sample.algorithm),
            algorithms=[sample.algorithm],
            audience=AUDIENCE,
            issuer=ISSUER,
            options={"require": ["exp", "iss", "aud"]},
        )
    except jwt.InvalidTokenError:
        return False
    return True


@cache
def _joserfc_settings(algorithm: str) -> tuple[Key, JWSRegistry]:
    registry = JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    registry.max_header_length = registry.max_signature_length = 65536
    return import_key({**public_jwk(algorithm, alg=algorithm)}), registry


_JOSERFC_CLAIMS: Final = JWTClaimsRegistry(
    now=NOW,
    leeway=0,
    exp={"essential": True},
    iss={"essential": True, "value": ISSUER},
    aud={"essential": True, "value": AUDIENCE},
)


def joserfc_(sample: Sample) -> bool:
    """Say whether joserfc accepts a token."""
    key, registry = _joserfc_settings(sample.algorithm)
    try:
        token = joserfc_jwt.decode(sample.token, key, registry=registry)
        _JOSERFC_CLAIMS.validate(token.claims)
    except (joserfc.errors.JoseError, ValueError, TypeError, AttributeError, RecursionError):
        return False
    return True


@cache
def jsonwebtoken_program() -> Path:
    """Return the program around Rust's jsonwebtoken, built where it is not there yet."""
    given = os.environ.get("JWTFAST_ORACLE")
    if given:
        return Path(given)
    build = ["cargo", "build", "--release", "--locked", "--quiet", "--example", "oracle"]
    subprocess.run(build, cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / "release" / "examples" / "oracle"


def jsonwebtoken(samples: Iterable[Sample]) -> list[bool]:
    """Say of each token whether jsonwebtoken accepts it."""
    questions = [
        json.dumps({"alg": s.algorithm, "key": public_jwk(s.algorithm), "token": s.token})
        for s in samples
    ]
    # As bytes: a reason may quote a carriage return, and text would make a line's end of it.
    program = [jsonwebtoken_program()]
    done = subprocess.run(
        program, input="\n".join(questions).encode(), stdout=subprocess.PIPE, check=True
    )
    answers = done.stdout.removesuffix(b"\n").split(b"\n")
    assert len(answers) == len(questions)
    return [answer == b"accept" for answer in answers]


def ask(samples: list[Sample]) -> list[dict[str, bool]]:
    """Return, for each token, which library accepts it."""
    with warnings.catch_warnings(action="ignore"), mock.patch("jwt.api_jwt.datetime", _Now):
        python = [(pyjwt(sample), joserfc_(sample)) for sample in samples]
    rust = jsonwebtoken(samples)
    return [
        dict(zip(LIBRARIES, (*answers, last), strict=True))
        for answers, last in zip(python, rust, strict=True)
    ]
