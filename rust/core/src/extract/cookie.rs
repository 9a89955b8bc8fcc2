//! The token in a cookie (RFC 6265 section 4.2.1).

use super::alike::{Likeness, Name, is_blank, may_hold_token, trim_end, unescaped};
use super::found::Found;
use std::borrow::Cow;

/// What the cookies of a name hold. HTTP/2 may split a cookie header (RFC 9113 section 8.2.3), so
/// several lines are one.
pub fn find<'r>(values: impl Iterator<Item = &'r [u8]>, name: &Name) -> Found<'r> {
    let mut found = Found::default();
    for pair in values.flat_map(|value| value.split(|byte| *byte == b';')) {
        let mut first = true;
        let mut holds = None;
        for equals in memchr::memchr_iter(b'=', pair) {
            let (key, value) = pair.split_at(equals);
            let value = value.get(1..).unwrap_or_default();
            if first && name.is(key.trim_ascii_start()) {
                found.take(Cow::Borrowed(value.trim_ascii_end()));
            } else {
                match likeness(key, first, name) {
                    Likeness::Certain => found.doubt(value),
                    // Looked at once, however many equals signs it has.
                    Likeness::Loose if *holds.get_or_insert_with(|| may_hold_token(pair)) => {
                        found.doubt(value);
                    }
                    _ => {}
                }
            }
            if found.is_settled() {
                return found;
            }
            first = false;
        }
    }
    found
}

/// A cookie's token without the scheme that some services write before it.
pub fn without_scheme<'r>(value: Cow<'r, [u8]>, scheme: &str) -> Cow<'r, [u8]> {
    let Some(space) = memchr::memchr(b' ', &value) else { return value };
    if !value.get(..space).is_some_and(|name| name.eq_ignore_ascii_case(scheme.as_bytes())) {
        return value;
    }
    match value {
        Cow::Borrowed(text) => {
            Cow::Borrowed(text.get(space..).unwrap_or_default().trim_ascii_start())
        }
        Cow::Owned(text) => {
            text.get(space..).unwrap_or_default().trim_ascii_start().to_vec().into()
        }
    }
}

/// Whether readers take what stands before an equals sign of a pair for the name: after blanks,
/// which part cookies in Python's `SimpleCookie`; after a comma, as in RFC 2965; some of them,
/// maybe, after anything that no name holds.
fn likeness(key: &[u8], first: bool, name: &Name) -> Likeness {
    let end = trim_end(key);
    let start =
        end.iter().rposition(|byte| !is_of_name(*byte)).map_or(0, |at| at.saturating_add(1));
    let (before, last) = end.split_at(start);
    match unescaped_likeness(last, name) {
        Likeness::Certain if !before.last().is_none_or(|byte| parts(*byte)) => Likeness::Loose,
        // PHP writes underscores for blanks within a name.
        Likeness::None if first && start > 0 => unescaped_likeness(end, name),
        other => other,
    }
}

fn unescaped_likeness(text: &[u8], name: &Name) -> Likeness {
    match name.likeness(text) {
        // PHP before 7.4.11 decodes names.
        Likeness::None if memchr::memchr(b'%', text).is_some() => name.likeness(&unescaped(text)),
        found => found,
    }
}

/// What may stand in a cookie's name (RFC 6265 section 4.1.1), and square brackets, for PHP.
const fn is_of_name(byte: u8) -> bool {
    let brackets = matches!(byte, b'(' | b')' | b'<' | b'>' | b'{' | b'}');
    let separator = matches!(byte, b'@' | b',' | b':' | b'\\' | b'"' | b'/' | b'?' | b'=');
    !(brackets || separator || is_blank(byte))
}

const fn parts(byte: u8) -> bool {
    byte == b',' || is_blank(byte)
}
