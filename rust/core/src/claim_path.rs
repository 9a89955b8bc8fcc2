//! Where in a token's claims a value stands.

use crate::json::Value;

/// A top-level name, a dotted path, or a JSON pointer (RFC 6901).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimPath {
    /// A top-level claim of exactly this name.
    Name(Box<str>),
    /// `realm_access.roles`; a top-level claim of the whole name comes first.
    Dotted(Box<str>),
    /// `/realm_access/roles/0`, its tokens unescaped.
    Pointer(Vec<Box<str>>),
}

impl ClaimPath {
    /// Reads a path as the configuration writes it.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("expected a claim's name, found an empty text".into());
        }
        if let Some(pointer) = text.strip_prefix('/') {
            let unescape = |token: &str| {
                let bare = token.replace("~0", "").replace("~1", "");
                if bare.contains('~') {
                    return Err("a ~ in a JSON pointer must be ~0 or ~1 (RFC 6901)".to_owned());
                }
                Ok(token.replace("~1", "/").replace("~0", "~").into_boxed_str())
            };
            return pointer.split('/').map(unescape).collect::<Result<_, _>>().map(Self::Pointer);
        }
        Ok(if text.contains('.') { Self::Dotted(text.into()) } else { Self::Name(text.into()) })
    }

    /// The value at this path; an explicit null counts as absent.
    #[must_use]
    pub fn find<'d>(&self, claims: Value<'d>) -> Option<Value<'d>> {
        let found = match self {
            Self::Name(name) => claims.get(name),
            Self::Dotted(path) => {
                claims.get(path).or_else(|| path.split('.').try_fold(claims, Value::get))
            }
            Self::Pointer(tokens) => {
                tokens.iter().try_fold(claims, |value, token| step(value, token))
            }
        };
        found.filter(|value| !value.is_null())
    }
}

/// One token of a JSON pointer: a member's name, or an array's index without leading zeros.
fn step<'d>(value: Value<'d>, token: &str) -> Option<Value<'d>> {
    let Some(mut elements) = value.elements() else { return value.get(token) };
    let canonical = token == "0" || !token.starts_with(['0', '+']);
    token.parse().ok().filter(|_| canonical).and_then(|index| elements.nth(index))
}
