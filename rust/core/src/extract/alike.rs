//! What other readers take for one name, or for a token, though a strict one does not.
//!
//! Frameworks read cookies and queries more loosely than the RFCs have them, and each in its own
//! way. Behind a gate that reads more strictly, a second token would pass unseen; so whatever one
//! of them would read counts. docs/decisions/0025 tells who reads what.

use std::borrow::Cow;

/// A name that is looked for, and the other names that are looked for beside it.
#[derive(Clone, Debug)]
pub struct Name {
    name: Box<[u8]>,
    others: Box<[Box<[u8]>]>,
}

/// How sure it is that a reader takes a text for a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likeness {
    /// No reader does.
    None,
    /// Some do; others know a cookie or a parameter of that name, which need not hold a token.
    Loose,
    /// It is the name, but for what surrounds it.
    Certain,
}

impl Name {
    /// A name beside all that are looked for in the same place.
    pub fn new(name: &str, all: &[&str]) -> Self {
        let others = all.iter().filter(|other| **other != name);
        let others = others.map(|other| other.as_bytes().into()).collect();
        Self { name: name.as_bytes().into(), others }
    }

    /// Whether this is the name, to the byte.
    pub fn is(&self, found: &[u8]) -> bool {
        *self.name == *found
    }

    /// How alike a text is that is not the name as it should stand there.
    pub fn likeness(&self, found: &[u8]) -> Likeness {
        let found = trim(before_nul(found));
        if self.is(found) {
            return Likeness::Certain;
        }
        let alike = self.folds_to(found) || self.folds_to(trim(before_brackets(found)));
        // What is looked for itself is found where that is done.
        if alike && !self.others.iter().any(|other| **other == *found) {
            Likeness::Loose
        } else {
            Likeness::None
        }
    }

    fn folds_to(&self, found: &[u8]) -> bool {
        let same = |(one, other): (&u8, &u8)| folded(*one) == folded(*other);
        found.len() == self.name.len() && found.iter().zip(&self.name).all(same)
    }
}

/// A character as the loosest readers compare it: without case (ASP.NET), and with an underscore
/// for what PHP puts one for.
const fn folded(byte: u8) -> u8 {
    match byte {
        b'.' | b'[' => b'_',
        blank if is_blank(blank) => b'_',
        other => other.to_ascii_lowercase(),
    }
}

/// Whether some reader takes this byte, or the character that it is a part of, for a blank:
/// Python's `strip` takes away U+0085 and U+00A0, Java's `trim` every control character.
pub const fn is_blank(byte: u8) -> bool {
    byte <= b' ' || byte >= 0x7f
}

/// Without blanks on either side.
pub fn trim(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| !is_blank(*byte)).unwrap_or(text.len());
    trim_end(text.get(start..).unwrap_or_default())
}

/// Without blanks at the end.
pub fn trim_end(text: &[u8]) -> &[u8] {
    let last = text.iter().rposition(|byte| !is_blank(*byte));
    last.and_then(|last| text.get(..=last)).unwrap_or_default()
}

/// A name written in C ends there.
fn before_nul(name: &[u8]) -> &[u8] {
    memchr::memchr(0, name).and_then(|end| name.get(..end)).unwrap_or(name)
}

/// `name[]`, `name[0]` and `name[a]b` are elements of `name`.
fn before_brackets(name: &[u8]) -> &[u8] {
    let closed = memchr::memchr(b']', name).is_some();
    let start = memchr::memchr(b'[', name).filter(|_| closed);
    start.and_then(|start| name.get(..start)).unwrap_or(name)
}

/// Percent-decoded once; an escape that is broken stays as it is.
pub fn unescaped(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'%', text).is_none() {
        return Cow::Borrowed(text);
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        let escaped = match (first, after) {
            (b'%', [high, low, after @ ..]) => {
                digit(*high).zip(digit(*low)).map(|(high, low)| ((high << 4) | low, after))
            }
            _ => None,
        };
        let (byte, after) = escaped.unwrap_or((first, after));
        bytes.push(byte);
        rest = after;
    }
    Cow::Owned(bytes)
}

/// Whether a token may stand in a value: it has two dots, which may be escaped.
pub fn may_hold_token(value: &[u8]) -> bool {
    // In quotes, Python takes `\056` for a dot.
    if memchr::memchr(b'\\', value).is_some() {
        return true;
    }
    let value = unescaped(value);
    memchr::memchr_iter(b'.', &value).nth(1).is_some()
}
