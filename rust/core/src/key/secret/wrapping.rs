//! What copying puts around a key: marks, escapes, comments, a name before it, base64, hexadecimal.

/// Shorter texts wrap no key.
pub(super) const LEAST_WRAPPED: usize = 32;

/// The text out of each wrapping that it may have.
pub(super) fn unwrappings(bytes: &[u8], text: &[u8]) -> Vec<Vec<u8>> {
    let narrow = || bytes.iter().copied().filter(|byte| *byte != 0).collect::<Vec<u8>>();
    let all = [
        // UTF-16 and UTF-32: what a key is written in is ASCII.
        bytes.contains(&0).then(narrow),
        Some(unescaped(text)),
        Some(without_comments(text)),
        Some(value_of(text).to_vec()),
        from_base64(text),
        from_hex(text),
    ];
    let wrapped = |one: &Vec<u8>| one.len() >= LEAST_WRAPPED && one.as_slice() != text;
    all.into_iter().flatten().filter(wrapped).collect()
}

/// Escapes of ASCII as JSON, C and URLs have them.
fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    loop {
        let hex = |digits: &[u8]| {
            let digits = std::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 16).ok()
        };
        let (byte, after) = match rest {
            [] => return out,
            [b'\\', b'n', after @ ..] => (b'\n', after),
            [b'\\', b'r', after @ ..] => (b'\r', after),
            [b'\\', b't' | b'f' | b'v' | b'b', after @ ..] => (b'\t', after),
            [b'\\', b'u', b'0', b'0', high, low, after @ ..]
            | [b'\\', b'x', high, low, after @ ..]
            | [b'%', high, low, after @ ..] => match (hex(&[*high, *low]), rest) {
                (Some(byte), _) => (byte, after),
                (None, [first, after @ ..]) => (*first, after),
                (None, []) => return out,
            },
            [b'\\', quoted, after @ ..] => (*quoted, after),
            [byte, after @ ..] => (*byte, after),
        };
        out.push(byte);
        rest = after;
    }
}

/// The lines that are no comment.
fn without_comments(text: &[u8]) -> Vec<u8> {
    const SIGNS: [&[u8]; 4] = [b"#", b"//", b"/*", b";"];
    let comment = |line: &&[u8]| {
        let line = line.trim_ascii_start();
        SIGNS.iter().any(|sign| line.starts_with(sign))
    };
    let lines: Vec<_> = text.split(|byte| *byte == b'\n').filter(|line| !comment(line)).collect();
    lines.join(&b'\n')
}

/// What stands behind the last `:`, `=`, comma or quote of the first line: `KEY="MIIB...`.
fn value_of(text: &[u8]) -> &[u8] {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    // Padding is no assignment.
    let padding = |byte: &u8| b"=\r \t\"'".contains(byte);
    let end = line.iter().rposition(|byte| !padding(byte)).unwrap_or_default();
    let head = line.get(..end).unwrap_or_default();
    let sign = head.iter().rposition(|byte| b":=,;\"'".contains(byte));
    sign.and_then(|at| text.get(at.saturating_add(1)..)).unwrap_or_default()
}

/// Base64 in either alphabet, with or without padding; lines of other text around it are left out.
fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let letter = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(byte);
    let lines = text.split(|byte| matches!(byte, b'\n' | b'\r')).map(<[u8]>::trim_ascii);
    let joined: Vec<u8> = lines
        .filter(|line| line.iter().all(|byte| letter(byte) || byte.is_ascii_whitespace()))
        .flatten()
        .filter(|byte| letter(byte) && **byte != b'=')
        .map(|byte| match byte {
            b'-' => b'+',
            b'_' => b'/',
            other => *other,
        })
        .collect();
    base64_simd::forgiving_decode_to_vec(&joined).ok()
}

/// Hexadecimal digits, with or without what tools write between them.
fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let between = |byte: &u8| byte.is_ascii_whitespace() || b":,-".contains(byte);
    let packed: Vec<u8> = text.iter().copied().filter(|byte| !between(byte)).collect();
    let mut digits = Vec::with_capacity(packed.len());
    let mut rest = packed.as_slice();
    while let [byte, after @ ..] = rest {
        if let [b'0', b'x' | b'X', after @ ..] = rest {
            rest = after;
        } else {
            digits.push(*byte);
            rest = after;
        }
    }
    let (pairs, rest) = digits.as_chunks::<2>();
    let byte = |pair: &[u8; 2]| {
        let pair = std::str::from_utf8(pair).ok().filter(|pair| pair.is_ascii())?;
        u8::from_str_radix(pair, 16).ok()
    };
    if rest.is_empty() { pairs.iter().map(byte).collect() } else { None }
}
