"""`reasons`: the list of reason codes, the same in Rust, Python and the documents."""

import re

import jwtfast

REASONS = [
    "missing_token",
    "multiple_tokens",
    "token_too_large",
    "malformed_token",
    "unsupported_critical_header",
    "algorithm_not_allowed",
    "unknown_key",
    "invalid_signature",
    "token_expired",
    "token_not_yet_valid",
    "token_issued_in_future",
    "token_lifetime_too_long",
    "invalid_claim",
    "missing_claim",
    "wrong_issuer",
    "wrong_audience",
    "wrong_token_type",
    "token_revoked",
    "policy_denied",
    "no_policy",
    "bad_original_request",
    "keys_unavailable",
    "internal_error",
]
"""The stable codes, as the design lists them."""


def test_codes() -> None:
    """The codes are stable: none is added, renamed or lost unseen."""
    assert [code for code, _, _ in jwtfast.reasons()] == REASONS


def test_sentences() -> None:
    """Each reason is told in one plain sentence that a header can carry (RFC 6750 section 3)."""
    for _, _, sentence in jwtfast.reasons():
        assert re.fullmatch(r"[A-Z][\x20\x21\x23-\x5b\x5d-\x7e]+\.?", sentence)
        assert sentence.count(". ") == 0


def test_statuses() -> None:
    """A reason is 401, 403, or 0 for the unavailable status of the gate."""
    assert {status for _, status, _ in jwtfast.reasons()} == {401, 403, 0}
