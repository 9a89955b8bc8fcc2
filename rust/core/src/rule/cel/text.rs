//! String literals: quotes, raw ones, escapes.

/// The text of the literal that `source` begins with, and how many bytes the literal has.
///
/// # Errors
/// Where in `source` it is wrong, and how.
pub(super) fn read(source: &str, raw: bool) -> Result<(Box<str>, usize), (usize, &'static str)> {
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| source.starts_with(quote));
    let quote = quote.ok_or((0, "expected a quote"))?;
    let mut value = String::new();
    let mut at = quote.len();
    loop {
        let rest = source.get(at..).unwrap_or_default();
        if rest.starts_with(quote) {
            return Ok((value.into(), at.saturating_add(quote.len())));
        }
        let next = rest.chars().next().filter(|next| quote.len() == 3 || *next != '\n');
        let next = next.ok_or((0, "the string has no end"))?;
        let length = if next == '\\' && !raw {
            let (character, length) = escape(rest).ok_or((at, "no such escape in a string"))?;
            value.push(character);
            length
        } else {
            value.push(next);
            next.len_utf8()
        };
        at = at.saturating_add(length);
    }
}

/// The character of the escape that `source` begins with, and the escape's length.
fn escape(source: &str) -> Option<(char, usize)> {
    let digits = |from: usize, count: usize, radix: u32| {
        let end = from.checked_add(count)?;
        let digits = source.get(from..end)?;
        // `from_str_radix` would take a sign.
        let plain = digits.chars().all(|digit| digit.is_digit(radix));
        let code = u32::from_str_radix(digits, radix).ok().filter(|_| plain)?;
        Some((char::from_u32(code)?, end))
    };
    let simple = match *source.as_bytes().get(1)? {
        b'a' => '\x07',
        b'b' => '\x08',
        b'f' => '\x0c',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'v' => '\x0b',
        same @ (b'\\' | b'?' | b'"' | b'\'' | b'`') => char::from(same),
        b'x' | b'X' => return digits(2, 2, 16),
        b'u' => return digits(2, 4, 16),
        b'U' => return digits(2, 8, 16),
        b'0'..=b'3' => return digits(1, 3, 8),
        _ => return None,
    };
    Some((simple, 2))
}
