"""What jwtfast raises.

::

    JWTError                            .code, a stable snake_case reason
    ├── TokenError                      the token (or the request that brings it) is refused
    │   ├── MissingTokenError           missing_token
    │   ├── MultipleTokensError         multiple_tokens
    │   ├── TokenTooLargeError          token_too_large
    │   ├── MalformedTokenError         malformed_token
    │   ├── UnsupportedCriticalHeaderError  unsupported_critical_header
    │   ├── AlgorithmNotAllowedError    algorithm_not_allowed
    │   ├── UnknownKeyError             unknown_key
    │   ├── InvalidSignatureError       invalid_signature
    │   ├── TokenExpiredError           token_expired
    │   ├── TokenNotYetValidError       token_not_yet_valid
    │   ├── TokenIssuedInFutureError    token_issued_in_future
    │   ├── TokenLifetimeTooLongError   token_lifetime_too_long
    │   ├── InvalidClaimError           invalid_claim
    │   ├── MissingClaimError           missing_claim
    │   ├── WrongIssuerError            wrong_issuer
    │   ├── WrongAudienceError          wrong_audience
    │   ├── WrongTokenTypeError         wrong_token_type
    │   └── TokenRevokedError           token_revoked
    ├── PolicyDeniedError               policy_denied
    ├── NoPolicyError                   no_policy
    ├── BadOriginalRequestError         bad_original_request
    ├── KeysUnavailableError            keys_unavailable
    ├── InternalError                   internal_error
    ├── InvalidKeyError                 invalid_key (at load, never for a token)
    └── ConfigError                     invalid_config (at load, never for a token)
"""

from typing import ClassVar

__all__ = [
    "AlgorithmNotAllowedError",
    "BadOriginalRequestError",
    "ConfigError",
    "InternalError",
    "InvalidClaimError",
    "InvalidKeyError",
    "InvalidSignatureError",
    "JWTError",
    "KeysUnavailableError",
    "MalformedTokenError",
    "MissingClaimError",
    "MissingTokenError",
    "MultipleTokensError",
    "NoPolicyError",
    "PolicyDeniedError",
    "TokenError",
    "TokenExpiredError",
    "TokenIssuedInFutureError",
    "TokenLifetimeTooLongError",
    "TokenNotYetValidError",
    "TokenRevokedError",
    "TokenTooLargeError",
    "UnknownKeyError",
    "UnsupportedCriticalHeaderError",
    "WrongAudienceError",
    "WrongIssuerError",
    "WrongTokenTypeError",
]


class JWTError(Exception):
    """Base of everything that jwtfast raises on purpose."""

    code: ClassVar[str] = "jwt_error"
    """The stable reason code, the same in HTTP answers, metrics and logs."""


class TokenError(JWTError):
    """The token is refused; a gateway answers 401."""


class MissingTokenError(TokenError):
    """The request carries no token."""

    code = "missing_token"


class MultipleTokensError(TokenError):
    """The request carries more than one token."""

    code = "multiple_tokens"


class TokenTooLargeError(TokenError):
    """The token is longer than the limit; it was not looked into."""

    code = "token_too_large"


class MalformedTokenError(TokenError):
    """Not a compact JWS of canonical base64url and strict JSON (RFC 7515, RFC 7519)."""

    code = "malformed_token"


class UnsupportedCriticalHeaderError(TokenError):
    """The header carries `crit` or `b64` (RFC 7515 section 4.1.11, RFC 7797)."""

    code = "unsupported_critical_header"


class AlgorithmNotAllowedError(TokenError):
    """The header's `alg` is unknown, or not one that the keys and settings allow."""

    code = "algorithm_not_allowed"


class UnknownKeyError(TokenError):
    """No key of the set fits the token's `kid`."""

    code = "unknown_key"


class InvalidSignatureError(TokenError):
    """The signature does not verify."""

    code = "invalid_signature"


class TokenExpiredError(TokenError):
    """Now is at or after `exp` (RFC 7519 section 4.1.4)."""

    code = "token_expired"


class TokenNotYetValidError(TokenError):
    """Now is before `nbf` (RFC 7519 section 4.1.5)."""

    code = "token_not_yet_valid"


class TokenIssuedInFutureError(TokenError):
    """`iat` lies in the future (RFC 7519 section 4.1.6)."""

    code = "token_issued_in_future"


class TokenLifetimeTooLongError(TokenError):
    """From `iat` to `exp` is longer than the limit."""

    code = "token_lifetime_too_long"


class InvalidClaimError(TokenError):
    """A claim has the wrong type or range, or cannot be sent in a header."""

    code = "invalid_claim"


class MissingClaimError(TokenError):
    """A required claim is absent."""

    code = "missing_claim"


class WrongIssuerError(TokenError):
    """`iss` is not the issuer asked for (RFC 7519 section 4.1.1)."""

    code = "wrong_issuer"


class WrongAudienceError(TokenError):
    """`aud` names none of the audiences asked for (RFC 7519 section 4.1.3)."""

    code = "wrong_audience"


class WrongTokenTypeError(TokenError):
    """The header's `typ` is not one of those asked for (RFC 8725 section 3.11)."""

    code = "wrong_token_type"


class TokenRevokedError(TokenError):
    """The token, its subject or its key was revoked."""

    code = "token_revoked"


class PolicyDeniedError(JWTError):
    """The token is good, and the policy says no."""

    code = "policy_denied"


class NoPolicyError(JWTError):
    """No policy of that name, or no route that fits the request."""

    code = "no_policy"


class BadOriginalRequestError(JWTError):
    """The original request cannot be read without doubt."""

    code = "bad_original_request"


class KeysUnavailableError(JWTError):
    """The issuer's keys were never loaded, or are too old."""

    code = "keys_unavailable"


class InternalError(JWTError):
    """A bug that was caught at the edge."""

    code = "internal_error"


class InvalidKeyError(JWTError, ValueError):
    """A key or key set cannot be used; says which entry, what is wrong, what would be right."""

    code = "invalid_key"


class ConfigError(JWTError, ValueError):
    """Gate settings cannot hold; `errors` lists all of them as (path, message)."""

    code = "invalid_config"

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        """Keep every error, and tell them all in the text."""
        super().__init__("; ".join(f"{path}: {message}" for path, message in errors))
        self.errors = errors
