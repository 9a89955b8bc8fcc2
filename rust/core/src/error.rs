//! Why a request is refused: one enum, a stable code for every variant.

use std::fmt;

/// Declares the reasons, so that the list, the codes and the sentences cannot drift apart.
macro_rules! reasons {
    ($($variant:ident $code:literal $status:literal $sentence:literal)*) => {
        /// The stable name of a refusal: exception class, metric label and log field follow it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[allow(missing_docs, reason = "each variant's code and sentence stand in its line")]
        pub enum Reason { $($variant),* }

        impl Reason {
            /// Every reason, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Its place in `ALL`.
            #[must_use]
            pub const fn index(self) -> usize {
                self as usize
            }

            /// The `snake_case` code.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),* }
            }

            /// The HTTP status; 0 stands for the gate's own "unavailable" status.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status),* }
            }

            /// One plain sentence for the client, free of quotes and of anything it sent.
            #[must_use]
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence),* }
            }
        }
    };
}

reasons! {
    MissingToken "missing_token" 401 "The request carries no token."
    MultipleTokens "multiple_tokens" 401 "The request carries more than one token."
    TokenTooLarge "token_too_large" 401 "The token is longer than the limit."
    MalformedToken "malformed_token" 401 "The token is not a well-formed JWS in compact form."
    UnsupportedCriticalHeader "unsupported_critical_header" 401
        "The token asks for an extension that is not supported."
    AlgorithmNotAllowed "algorithm_not_allowed" 401 "The token's algorithm is not allowed."
    UnknownKey "unknown_key" 401 "No key fits the token."
    InvalidSignature "invalid_signature" 401 "The token's signature does not verify."
    TokenExpired "token_expired" 401 "The token has expired."
    TokenNotYetValid "token_not_yet_valid" 401 "The token is not valid yet."
    TokenIssuedInFuture "token_issued_in_future" 401 "The token was issued in the future."
    TokenLifetimeTooLong "token_lifetime_too_long" 401
        "The token is valid for longer than the limit."
    InvalidClaim "invalid_claim" 401 "A claim has a value that it must not have."
    MissingClaim "missing_claim" 401 "A required claim is absent."
    WrongIssuer "wrong_issuer" 401 "The token comes from another issuer."
    WrongAudience "wrong_audience" 401 "The token is meant for another audience."
    WrongTokenType "wrong_token_type" 401 "The token is of another type."
    TokenRevoked "token_revoked" 401 "The token was revoked."
    PolicyDenied "policy_denied" 403 "The token does not grant access here."
    NoPolicy "no_policy" 403 "No policy covers this request."
    BadOriginalRequest "bad_original_request" 403
        "The original request cannot be read without doubt."
    KeysUnavailable "keys_unavailable" 0 "The keys to check the token with are not available."
    InternalError "internal_error" 0 "The request could not be checked."
}

/// A refusal: its reason, and what is known beyond it. Never holds anything of the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    reason: Reason,
    detail: Option<Box<str>>,
    status: u16,
    /// Whether the client is told the detail too.
    is_told: bool,
}

impl Error {
    /// A refusal with more to say than its reason's sentence.
    #[must_use]
    pub fn with_detail(reason: Reason, detail: impl Into<Box<str>>) -> Self {
        Self { detail: Some(detail.into()), ..Self::from(reason) }
    }

    /// The same, told to the client too: it knows what its token says.
    #[must_use]
    pub fn told(reason: Reason, detail: impl Into<Box<str>>) -> Self {
        Self { is_told: true, ..Self::with_detail(reason, detail) }
    }

    /// A verified claim that cannot be sent upstream: not the token's fault, so 403 and not 401.
    #[must_use]
    pub fn unsendable_claim(detail: impl Into<Box<str>>) -> Self {
        Self { status: 403, ..Self::with_detail(Reason::InvalidClaim, detail) }
    }

    /// The reason.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        self.reason
    }

    /// The HTTP status; 0 stands for the gate's own "unavailable" status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// What is known beyond the reason, in one sentence.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// What the client is told of that, where it stands safely in a quoted string.
    #[must_use]
    pub fn told_detail(&self) -> Option<&str> {
        let safe = |byte: u8| matches!(byte, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        self.detail().filter(|text| self.is_told && text.bytes().all(safe))
    }

    /// The detail, taken out.
    #[must_use]
    pub fn into_detail(self) -> Option<Box<str>> {
        self.detail
    }
}

impl From<Reason> for Error {
    fn from(reason: Reason) -> Self {
        Self { reason, detail: None, status: reason.status(), is_told: false }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.detail.as_deref().unwrap_or(self.reason.sentence()))
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client is never answered anything but 401, 403 or the unavailable status.
    #[test]
    fn every_reason_has_a_status_that_a_proxy_understands() {
        for reason in Reason::ALL {
            assert!(matches!(reason.status(), 401 | 403 | 0), "{}", reason.code());
        }
    }

    /// A sentence goes into a quoted string of `WWW-Authenticate` as it is (RFC 6750 section 3).
    #[test]
    fn every_sentence_is_safe_inside_quotes() {
        for reason in Reason::ALL {
            let safe = |byte: u8| (0x20..=0x7e).contains(&byte) && byte != b'"' && byte != b'\\';
            assert!(reason.sentence().bytes().all(safe), "{}", reason.code());
        }
    }
}
