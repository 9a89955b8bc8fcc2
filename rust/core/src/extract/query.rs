//! The token in a parameter of the query (RFC 6750 section 2.3).

use super::alike::{Likeness, Name, may_hold_token};
use super::found::Found;
use std::borrow::Cow;

/// What the parameters of a name hold.
pub fn find<'r>(query: &'r [u8], name: &Name) -> Found<'r> {
    let mut found = Found::default();
    for part in query.split(|byte| *byte == b'&') {
        for (index, piece) in part.split(|byte| *byte == b';').enumerate() {
            if index == 0
                && let (key, value) = decoded(piece, part)
                && name.is(key.as_bytes())
            {
                found.take(value);
            } else {
                doubt(&mut found, piece, name);
            }
            if found.is_settled() {
                return found;
            }
        }
    }
    found
}

/// Counts what other readers might take from what stands between two separators: some part
/// parameters by semicolons, too, and some take for the query what follows the last question mark.
fn doubt(found: &mut Found<'_>, piece: &[u8], name: &Name) {
    // At the start, one more question mark than there should be.
    let first = piece.iter().take_while(|byte| **byte == b'?').count();
    for (index, text) in piece.split(|byte| *byte == b'?').enumerate() {
        let Some((key, value)) = form_urlencoded::parse(text).next() else { continue };
        let counts = match name.likeness(key.as_bytes()) {
            Likeness::None => false,
            Likeness::Certain if index <= first => true,
            _ => may_hold_token(value.as_bytes()),
        };
        if counts {
            found.doubt(value.as_bytes());
        }
    }
}

/// The name of a parameter, and the value of one that ends where `part` does; both decoded.
fn decoded<'r>(piece: &'r [u8], part: &'r [u8]) -> (Cow<'r, str>, Cow<'r, [u8]>) {
    let key = form_urlencoded::parse(piece).next().map(|(key, _)| key);
    // A name that a semicolon ends has no value, whatever comes behind that.
    let whole = if memchr::memchr(b'=', piece).is_some() { part } else { piece };
    let value = match form_urlencoded::parse(whole).next() {
        Some((_, Cow::Borrowed(text))) => Cow::Borrowed(text.as_bytes()),
        Some((_, Cow::Owned(text))) => Cow::Owned(text.into_bytes()),
        None => Cow::Borrowed(&[][..]),
    };
    (key.unwrap_or_default(), value)
}
