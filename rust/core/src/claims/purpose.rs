//! What a token was made for: tokens of another purpose than access are no bearer tokens
//! (RFC 8725 section 3.11), though their issuer signs them with the same keys.

use crate::json::Value;

/// What `typ` may begin with, and need not (RFC 7515 section 4.1.9).
const PREFIX: &str = "application/";

/// Types of access tokens among those with a suffix for JWT (RFC 9068; Okta's own servers).
const ACCESS: &[&str] = &["at+jwt", "okta-internal-at+jwt"];

/// Suffixes of types that name a purpose: `logout+jwt`, `dpop+jwt`, `vc+sd-jwt`.
const SUFFIXES: &[&str] = &["+jwt", "+sd-jwt"];

/// Types without such a suffix that are no access token (RFC 8225, RFC 9901, RFC 9635; `pop` is
/// Microsoft's signed request).
const OTHERS: &[&str] = &["passport", "sd-jwt", "gnap-binding-jws", "gnap-binding-jwsd", "pop"];

/// Types whose name takes security events (RFC 8417; `OpenID` Connect Back-Channel Logout 1.0).
const EVENTS: &[&str] = &["logout+jwt", "secevent+jwt"];

/// A media type without the prefix that `typ` may leave out (RFC 7515 section 4.1.9).
#[must_use]
pub fn short_media_type(typ: &str) -> String {
    let lower = typ.to_ascii_lowercase();
    match lower.strip_prefix(PREFIX) {
        Some(short) => short.into(),
        None => lower,
    }
}

/// Whether a `typ` names another purpose than access, as the most generous reader would take it.
pub(super) fn is_other(typ: &str) -> bool {
    if matches!(typ, "JWT" | "at+jwt") {
        return false; // What most tokens say.
    }
    let lower = typ.to_ascii_lowercase();
    let essence = lower.split(';').next().unwrap_or_default();
    let name = essence.rsplit('/').next().unwrap_or_default().trim();
    OTHERS.contains(&name)
        || (SUFFIXES.iter().any(|suffix| name.ends_with(suffix)) && !ACCESS.contains(&name))
}

/// Whether a list of accepted types takes security events.
pub(super) fn takes_events(accepted: &[Box<str>]) -> bool {
    accepted.iter().any(|one| EVENTS.contains(&&**one))
}

/// Whether the claim `events` is that of a security event: an object with a URI among its names
/// (RFC 8417 section 2.2). Older providers send logout tokens without a type of their own.
pub(super) fn is_event(events: Value<'_>) -> bool {
    events.members().into_iter().flatten().any(|(name, _)| is_uri(name))
}

/// Whether a text begins with a scheme (RFC 3986 section 3.1).
fn is_uri(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, _)| {
        scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme.chars().all(|one| one.is_ascii_alphanumeric() || "+-.".contains(one))
    })
}
