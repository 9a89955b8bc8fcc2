//! The headers of answers, and those that several answers have in common.

use std::any::Any;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

/// A response header; the name is in lower case.
pub type Header = (Arc<str>, String);

/// Whether servers may read two headers as one by their names: CGI, WSGI and PHP fold case, and all
/// that is neither letter nor digit.
pub(crate) fn are_one(left: &[u8], right: &[u8]) -> bool {
    let folded = |byte: &u8| {
        if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { b'_' }
    };
    left.len() == right.len() && left.iter().map(folded).eq(right.iter().map(folded))
}

/// Headers that are the same in several answers, and what a front door makes of them, once.
#[derive(Debug, Default)]
pub struct Ready {
    headers: Box<[Header]>,
    made: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl Ready {
    /// What was made of these headers when they were asked for first; None where that was of
    /// another type.
    pub fn made<T: Any + Send + Sync + Default>(&self) -> Option<&T> {
        self.made.get_or_init(|| Box::<T>::default()).downcast_ref()
    }

    /// Characters of names and values.
    pub(crate) fn weight(&self) -> usize {
        let lengths =
            self.headers.iter().map(|(name, value)| name.len().saturating_add(value.len()));
        lengths.fold(0, usize::saturating_add)
    }
}

impl From<Vec<Header>> for Ready {
    fn from(headers: Vec<Header>) -> Self {
        Self { headers: headers.into(), made: OnceLock::new() }
    }
}

impl Deref for Ready {
    type Target = [Header];

    fn deref(&self) -> &[Header] {
        &self.headers
    }
}

/// The headers of an answer: of one that is ready-made, or of this one alone.
#[derive(Clone, Debug)]
pub enum Headers {
    /// The same in every such answer.
    Ready(Arc<Ready>),
    /// Made for this one.
    Own(Vec<Header>),
}

impl Headers {
    /// Ready-made from now on.
    pub(crate) fn into_ready(self) -> Arc<Ready> {
        match self {
            Self::Ready(ready) => ready,
            Self::Own(headers) => Arc::new(headers.into()),
        }
    }
}

impl Deref for Headers {
    type Target = [Header];

    fn deref(&self) -> &[Header] {
        match self {
            Self::Ready(ready) => ready,
            Self::Own(headers) => headers,
        }
    }
}
