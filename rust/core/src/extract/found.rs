//! What one place of a request holds.

use super::alike::trim;
use crate::error::{Error, Reason};
use std::borrow::Cow;

/// The tokens of one place, as far as they must be told apart.
#[derive(Debug, Default)]
pub struct Found<'r> {
    token: Option<Cow<'r, [u8]>>,
    is_doubtful: bool,
    times: usize,
}

impl<'r> Found<'r> {
    /// Counts what is read as the token; an empty value is none, unless there is another.
    pub fn take(&mut self, token: Cow<'r, [u8]>) {
        self.times = self.times.saturating_add(1);
        self.token = Some(token).filter(|token| !token.is_empty());
    }

    /// Counts what another reader might take for the token.
    pub fn doubt(&mut self, value: &[u8]) {
        self.times = self.times.saturating_add(1);
        self.is_doubtful |= !trim(value).is_empty();
    }

    /// Whether nothing more can change what came of it.
    pub const fn is_settled(&self) -> bool {
        self.times > 1
    }

    /// What came of it.
    ///
    /// # Errors
    /// `multiple_tokens`.
    pub fn place(self) -> Result<Place<'r>, Error> {
        match (self.times, self.token) {
            (0 | 1, Some(token)) => Ok(Place::Token(token)),
            (0 | 1, None) if self.is_doubtful => Ok(Place::Doubtful),
            (0 | 1, None) => Ok(Place::Empty),
            _ => Err(Reason::MultipleTokens.into()),
        }
    }
}

/// What a place holds.
#[derive(Debug)]
pub enum Place<'r> {
    /// Nothing.
    Empty,
    /// One token, as it should be.
    Token(Cow<'r, [u8]>),
    /// Something that is no token here, and may be one to another reader.
    Doubtful,
}
