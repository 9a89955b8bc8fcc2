//! What a rule is asked about: verified claims, the request, and how much work is left.

use crate::json::Value;
use crate::original::Original;
use crate::request::{Headers, Once};
use std::cell::Cell;

/// One decision may take this many steps, over all its rules and patterns: some 8 ms. A step is
/// what an evaluation of an expression counts, or 16 bytes that a pattern reads.
pub const MAX_WORK: usize = 1 << 18;

/// The claims of a token and the request that it came with, while a policy looks at them.
#[derive(Debug)]
pub struct Subject<'s> {
    /// Every claim.
    pub claims: Value<'s>,
    headers: Headers<'s>,
    original: Option<&'s Original<'s>>,
    left: Cell<usize>,
}

impl<'s> Subject<'s> {
    /// Of a token's claims, in this request.
    #[must_use]
    pub const fn new(
        claims: Value<'s>,
        headers: Headers<'s>,
        original: Option<&'s Original<'s>>,
    ) -> Self {
        Self { claims, headers, original, left: Cell::new(MAX_WORK) }
    }

    /// The original request, where it is told.
    #[must_use]
    pub const fn original(&self) -> Option<&'s Original<'s>> {
        self.original
    }

    /// The text of a request header, where it came. `None` where it cannot be told without doubt:
    /// it came twice, or its value is not printable ASCII.
    #[must_use]
    #[allow(clippy::option_option, reason = "in doubt; not sent")]
    pub fn header(&self, index: usize) -> Option<Option<&'s str>> {
        match self.headers.once(index) {
            Once::Absent => Some(None),
            Once::Several => None,
            Once::Value(value) => {
                let printable = |text: &&str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
                std::str::from_utf8(value).ok().filter(printable).map(Some)
            }
        }
    }

    /// How many steps are left.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.left.get()
    }

    /// Pays before the work is done. Once it failed it always does, so that nothing goes on.
    pub(crate) fn pay(&self, steps: usize) -> Option<()> {
        let left = self.left.get().checked_sub(steps);
        self.left.set(left.unwrap_or(0));
        left.map(|_| ())
    }
}

impl<'s> From<Value<'s>> for Subject<'s> {
    /// Claims alone: no request is known.
    fn from(claims: Value<'s>) -> Self {
        Self::new(claims, Headers::default(), None)
    }
}
