//! Paths, decoded once, where no server could see another one in them.

use super::refused;
use crate::error::Error;
use std::borrow::Cow;

/// The path that a raw one means.
///
/// # Errors
/// `bad_original_request` where two servers could read it differently.
pub fn plain_path(raw: &str) -> Result<Cow<'_, str>, Error> {
    if !raw.starts_with('/') {
        return Err(refused("The original path does not begin with a slash."));
    }
    let path = if raw.contains('%') { Cow::Owned(decode(raw)?) } else { Cow::Borrowed(raw) };
    // Servers cut at `;`, turn `\` into `/`, merge `//`, and resolve dot segments: not all of them.
    let split = path.chars().any(|one| matches!(one, ';' | '\\' | '\0'..='\x1f' | '\x7f'));
    let dots = |segment: &str| segment == "." || segment == "..";
    if split || path.contains("//") || path.split('/').any(dots) {
        return Err(refused("The original path can be read in more than one way."));
    }
    Ok(path)
}

/// Percent-decodes; what stands for a separator, or hides a second encoding, is refused.
fn decode(raw: &str) -> Result<String, Error> {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        if first != b'%' {
            bytes.push(first);
            rest = after;
            continue;
        }
        let byte = after.get(..2).and_then(hex);
        let byte = byte.ok_or_else(|| refused("The original path holds a broken escape."))?;
        // `%2f` is a slash to one server and a letter to the next; so are the others.
        if matches!(byte, b'/' | b'\\' | b'.' | b';' | b'#' | b'?' | 0) {
            return Err(refused("The original path hides a separator in an escape."));
        }
        bytes.push(byte);
        rest = after.get(2..).unwrap_or_default();
    }
    let text = String::from_utf8(bytes).map_err(|_| refused("The original path is not UTF-8."))?;
    let twice = |(at, _): (usize, _)| {
        text.as_bytes().get(at.saturating_add(1)..at.saturating_add(3)).and_then(hex).is_some()
    };
    if text.match_indices('%').any(twice) {
        return Err(refused("The original path is encoded twice."));
    }
    Ok(text)
}

fn hex(digits: &[u8]) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    match digits {
        [high, low] => u8::try_from((digit(high)? << 4) | digit(low)?).ok(),
        _ => None,
    }
}
