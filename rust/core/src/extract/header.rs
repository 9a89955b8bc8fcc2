//! The token in a request header, behind a scheme or alone.

use super::alike::is_blank;
use super::found::Found;
use crate::error::{Error, Reason};
use crate::request::Once;
use std::borrow::Cow;

/// What stands before the token in a header; `None` where nothing does.
pub type Scheme = Option<Box<str>>;

/// What a header holds behind a scheme; `others` are those that are looked for there, too.
///
/// # Errors
/// `multiple_tokens` for a header that came twice, or as two that were joined; `malformed_token`
/// for a scheme without a token.
pub fn find<'r>(
    sent: Once<'r>,
    scheme: Option<&str>,
    others: &[Scheme],
) -> Result<Found<'r>, Error> {
    let mut found = Found::default();
    let value = match sent {
        Once::Absent => return Ok(found),
        Once::Value(value) => value.trim_ascii(),
        // Whichever a proxy or an upstream would pick, the other one was not checked.
        Once::Several => return Err(Reason::MultipleTokens.into()),
    };
    let Some(token) = behind(value, scheme) else {
        let elsewhere = others.iter().any(|other| behind(value, other.as_deref()).is_some());
        // Between commas stands what may have been a line of its own.
        let mut lines = value.split(|byte| *byte == b',');
        if !elsewhere && scheme.is_some_and(|scheme| lines.any(|line| is_alike(line, scheme))) {
            found.doubt(value);
        }
        return Ok(found);
    };
    if token.is_empty() && scheme.is_some() {
        let detail = "The scheme has no token behind it.";
        return Err(Error::with_detail(Reason::MalformedToken, detail));
    }
    // Some servers join two header lines with a comma, which no token has.
    if memchr::memchr(b',', token).is_some() {
        return Err(Reason::MultipleTokens.into());
    }
    found.take(Cow::Borrowed(token));
    Ok(found)
}

/// What stands behind a scheme and a space (RFC 6750 section 2.1); `None` behind another one.
fn behind<'r>(value: &'r [u8], scheme: Option<&str>) -> Option<&'r [u8]> {
    let Some(scheme) = scheme else { return Some(value) };
    let (name, token) = match memchr::memchr(b' ', value) {
        Some(space) => value.split_at(space),
        None => (value, &[][..]),
    };
    name.eq_ignore_ascii_case(scheme.as_bytes()).then(|| token.trim_ascii_start())
}

/// Whether a reader could find a token in a value that has none as it should be: behind the
/// scheme and something else than a space, behind the scheme wherever it stands
/// (`split('Bearer ')[1]`), or without any scheme (`replace('Bearer ', '')`).
fn is_alike(value: &[u8], scheme: &str) -> bool {
    let scheme = scheme.as_bytes();
    let first = value.iter().take_while(|byte| is_around(**byte)).count();
    let mut places = value.windows(scheme.len().max(1)).enumerate();
    let behind_it = places.any(|(start, window)| {
        let after = || value.get(start.saturating_add(scheme.len()));
        window.eq_ignore_ascii_case(scheme)
            && (start <= first
                || after().is_some_and(|byte| is_blank(*byte) || b"%:".contains(byte)))
    });
    behind_it || is_bare_token(value)
}

/// What some readers take away on both sides.
const fn is_around(byte: u8) -> bool {
    is_blank(byte) || matches!(byte, b'"' | b'\'')
}

/// Whether a value is by itself what a JWT looks like: base64url of an object, and two dots.
fn is_bare_token(value: &[u8]) -> bool {
    let start = value.iter().position(|byte| !is_around(*byte)).unwrap_or_default();
    let end = value.iter().rposition(|byte| !is_around(*byte)).unwrap_or_default();
    let text = value.get(start..=end).unwrap_or_default();
    (text.starts_with(b"ey") || text.starts_with(b"ew"))
        && !text.iter().any(|byte| is_blank(*byte))
        && memchr::memchr_iter(b'.', text).nth(1).is_some()
}
