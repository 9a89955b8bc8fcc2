//! CORS preflights (Fetch Standard, section 3.2): a browser asks before it sends, without a token.

use crate::extract::HeaderNames;
use crate::original::Original;
use crate::request::{Once, Request};

/// Recognises preflights.
#[derive(Debug, Default)]
pub struct Preflight {
    /// `Origin` and `Access-Control-Request-Method`; none where no policy asks.
    headers: Vec<usize>,
}

impl Preflight {
    /// Asks for the headers where they are wanted.
    #[must_use]
    pub fn compile(wanted: bool, names: &mut HeaderNames) -> Self {
        let headers = if wanted { &["origin", "access-control-request-method"][..] } else { &[] };
        Self { headers: headers.iter().map(|name| names.index(name)).collect() }
    }

    /// Whether the original request is one, as far as it is told: the method, and each of the
    /// headers exactly once.
    #[must_use]
    pub fn is(&self, request: &Request<'_>, original: Option<&Original<'_>>) -> bool {
        let method = original.and_then(|original| original.method).unwrap_or(request.method);
        let once = |index: &usize| matches!(request.headers.once(*index), Once::Value(value) if !value.is_empty());
        method == "OPTIONS" && !self.headers.is_empty() && self.headers.iter().all(once)
    }
}
