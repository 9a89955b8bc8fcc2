"""The tokens that are sent, and the keys that they are signed with.

Tokens of one algorithm are all of one length, so that a reader can go to the n-th of a file. They
are signed once and kept under `target/`; the keys are the fixed ones of the tests, so that a peer
of your own can be given the public ones beforehand (`python -m benches.http --write-keys DIR`).
"""

import json
import os
import random
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from itertools import accumulate
from multiprocessing import get_context
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization

import jwtfast
from tests.forge import AUDIENCE, ISSUER, SYMMETRIC, claims, decode, private_jwk, public_jwk
from tests.forge.keys import Owner
from tests.forge.token import public_key

__all__ = [
    "ALGORITHMS",
    "HOT",
    "KID",
    "ROLE",
    "bad_tokens",
    "jwks",
    "pool",
    "secret_or_pem",
    "token",
    "user",
    "write_keys",
    "zipf_order",
]

ALGORITHMS: Final = ("RS256", "ES256", "EdDSA", "HS256")
KID: Final = "bench"
ROLE: Final = "staff"
HOT: Final = 0
"""The number of the token that is sent again and again where one is hot."""

_STORE: Final = Path(__file__).parents[2] / "target" / "bench-http"
_LAYOUT: Final = 1
"""Part of the file names: to be raised where the claims or the keys change."""

_CHUNK: Final = 2000


def user(number: int) -> str:
    """The subject of the n-th token."""
    return f"user-{number:06}"


@cache
def _signing_key(algorithm: str, owner: Owner) -> jwtfast.Key:
    return jwtfast.Key.from_jwk(private_jwk(algorithm, owner, alg=algorithm, kid=KID))


def token(algorithm: str, number: int, owner: Owner = "ours", **changes: object) -> str:
    """The n-th token: about 600 bytes with RS256, 340 with ES256; its claims changed."""
    content = claims(sub=user(number), jti=f"{number:06}", role=ROLE)
    return jwtfast.encode(content | changes, _signing_key(algorithm, owner))


def _filled_token(algorithm: str, number: int, size: int) -> str:
    """The n-th token with a claim more, so that it has that many bytes or one or two above."""
    # A claim without a value needs 10 bytes of JSON, and 3 bytes are 4 in base64url.
    missing = size - len(token(algorithm, number)) - 14
    return token(algorithm, number, groups="g" * (-(-missing * 3 // 4)))


def bad_tokens(algorithm: str) -> dict[str, str | None]:
    """What whoever checks tokens must refuse, by name; None is a request without a token."""
    good = token(algorithm, HOT)
    return {
        "no token": None,
        "a stranger's signature": token(algorithm, HOT, "strangers"),
        "an expired token": token(
            algorithm, HOT, iat=900_000_000, nbf=900_000_000, exp=1_000_000_000
        ),
        "a cut-off signature": good[:-8],
    }


def jwks(algorithm: str) -> dict[str, list[dict[str, str]]]:
    """The key set for whoever checks, with the one key of an algorithm."""
    return {"keys": [public_jwk(algorithm, alg=algorithm, kid=KID, use="sig")]}


def secret_or_pem(algorithm: str) -> bytes:
    """The key for whoever checks: the bytes of a secret, or a public key as PEM."""
    if algorithm in SYMMETRIC:
        return decode(public_jwk(algorithm)["k"])
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    return public_key(algorithm).public_bytes(serialization.Encoding.PEM, spki)


def write_keys(directory: Path) -> list[Path]:
    """Write what a peer needs to accept the tokens: for each algorithm JWKS, PEM, good token."""
    directory.mkdir(parents=True, exist_ok=True)
    files: dict[Path, bytes] = {}
    for algorithm in ALGORITHMS:
        files[directory / f"{algorithm}.jwks.json"] = json.dumps(jwks(algorithm)).encode()
        files[directory / f"{algorithm}.good.jwt"] = token(algorithm, HOT).encode()
        kind = "secret" if algorithm in SYMMETRIC else "pem"
        files[directory / f"{algorithm}.{kind}"] = secret_or_pem(algorithm)
    about = {"issuer": ISSUER, "audience": AUDIENCE, "role": ROLE}
    files[directory / "claims.json"] = json.dumps(about).encode()
    for path, content in files.items():
        path.write_bytes(content)
    return list(files)


def _signed(algorithm: str, size: int, first: int, last: int) -> str:
    numbers = range(first, last)
    if size:
        return "".join(f"{_filled_token(algorithm, number, size)}\n" for number in numbers)
    return "".join(f"{token(algorithm, number)}\n" for number in numbers)


def pool(algorithm: str, count: int, size: int = 0) -> Path:
    """A file with `count` different tokens, one a line, the first of them the hot one.

    The first call for an algorithm signs them, on all cores.

    Args:
        algorithm: what they are signed with.
        count: how many.
        size: the bytes that each has, or one or two more; 0 for as many as it needs.
    """
    path = _STORE / f"{algorithm}-{count}-{size}-{_LAYOUT}.tokens"
    if path.is_file():
        return path
    begins = range(0, count, _CHUNK)
    ends = [min(begin + _CHUNK, count) for begin in begins]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as workers:
        parts = workers.map(partial(_signed, algorithm, size), begins, ends)
        return _written(path, parts)


def zipf_order(count: int, draws: int = 1 << 18) -> Path:
    """A file of numbers below `count`, one a line: the n-th most popular comes 1/n as often.

    Fixed, so that every server sees the same; a reader begins anywhere and goes round.
    """
    path = _STORE / f"zipf-{count}-{draws}-{_LAYOUT}.order"
    if path.is_file():
        return path
    popularity = list(accumulate(1 / rank for rank in range(1, count + 1)))
    source = random.Random(1)  # noqa: S311 - the same draws for everybody, no secret
    drawn = source.choices(range(count), cum_weights=popularity, k=draws)
    return _written(path, (f"{number}\n" for number in drawn))


def _written(path: Path, parts: Iterable[str]) -> Path:
    """Write a file that is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    with unfinished.open("w") as file:
        file.writelines(parts)
    unfinished.replace(path)
    return path
