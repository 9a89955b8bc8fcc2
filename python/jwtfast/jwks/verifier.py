"""Verification with the keys of the moment."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypedDict, TypeVar

from jwtfast import (
    ALGORITHMS,
    AlgorithmNotAllowedError,
    JWTError,
    Key,
    KeySet,
    KeysUnavailableError,
    UnknownKeyError,
    Verifier,
)

if TYPE_CHECKING:
    from jwtfast._core import AnyAudience
    from jwtfast.jwks.remote import RemoteKeySet

__all__ = ["RemoteVerifier", "VerifierSettings"]

T = TypeVar("T")

# Settings are checked with it before there are keys.
_ANY_KEY: Final = Key.from_secret(bytes(32), algorithm="HS256")
# An issuer's first key of another algorithm is one that the set of today does not allow.
_MAY_BE_NEW: Final = (UnknownKeyError, AlgorithmNotAllowedError)


class VerifierSettings(TypedDict, total=False):
    """Keyword arguments of `jwtfast.Verifier`."""

    issuer: str | Sequence[str] | None
    audience: "str | Sequence[str] | AnyAudience | None"
    algorithms: Sequence[str] | None
    leeway: float | timedelta | Mapping[str, float | timedelta]
    require: Sequence[str] | None
    require_exp: bool
    token_types: str | Sequence[str] | None
    allow_bound: bool
    max_lifetime: float | timedelta | None
    max_token_bytes: int


class RemoteVerifier:
    """A `jwtfast.Verifier` whose keys change; made by `RemoteKeySet.verifier`.

    Each method also raises `jwtfast.KeysUnavailableError` while there are no keys.
    """

    def __init__(self, remote: "RemoteKeySet", wait: float, settings: VerifierSettings) -> None:
        self._remote = remote
        self._wait = wait
        self._settings = settings
        _check(settings)
        # One reference, so that keys and verifier always belong together.
        self._ready: tuple[KeySet | None, Verifier | None] = (None, None)

    def verify(self, token: str | bytes, *, now: float | None = None) -> dict[str, Any]:
        """The verified claims, as `jwtfast.Verifier.verify`."""
        return self._judged(token, lambda judge: judge.verify(token, now=now))

    def verify_jws(self, token: str | bytes) -> bytes:
        """The payload of a JWS whose signature holds, as `jwtfast.Verifier.verify_jws`."""
        return self._judged(token, lambda judge: judge.verify_jws(token))

    def verify_many(
        self, tokens: Sequence[str | bytes], *, now: float | None = None
    ) -> list[dict[str, Any] | JWTError]:
        """Per token its claims or its error; a key that may be new is asked for without waiting."""
        results = self._today().verify_many(tokens, now=now)
        for token, result in zip(tokens, results, strict=True):
            if isinstance(result, _MAY_BE_NEW):
                self._remote.unknown_kid(_first_part(token))
        return results

    def _judged(self, token: str | bytes, judge: Callable[[Verifier], T]) -> T:
        verifier = self._today()
        try:
            return judge(verifier)
        except _MAY_BE_NEW:
            number = self._remote.ask_for(_first_part(token))
            if number is None or self._wait <= 0 or not self._remote.arrived(number, self._wait):
                raise
            if (renewed := self._today()) is verifier:
                raise
            return judge(renewed)

    def _today(self) -> Verifier:
        keys = self._remote.keys
        known, verifier = self._ready
        if verifier is None or keys is not known:
            try:
                verifier = Verifier(keys, **self._settings)
            except ValueError as error:
                raise KeysUnavailableError(f"the keys of {self._remote.name}: {error}") from error
            self._ready = (keys, verifier)
        return verifier


def _check(settings: VerifierSettings) -> None:
    """Raise what `Verifier` says of settings that no keys could put right."""
    algorithms = settings.get("algorithms")
    fit = algorithms and set(algorithms) <= set(ALGORITHMS)
    # Whether the keys serve them is seen when they come.
    Verifier(_ANY_KEY, **(settings | {"algorithms": None} if fit else settings))


def _first_part(token: str | bytes) -> str | bytes:
    """The header as it is written, which has the `kid` in it: the same words, the same part."""
    return token.partition(".")[0] if isinstance(token, str) else token.partition(b".")[0]
