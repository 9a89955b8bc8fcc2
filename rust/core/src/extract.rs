//! The token out of a request: one token in one place, or a refusal.

use crate::error::{Error, Reason};
use crate::settings::SourceSettings;

/// A place where a token may stand; `index` counts the request headers that the gate asks for.
#[derive(Clone, Debug)]
enum Source {
    Header { index: usize, scheme: Option<Box<str>> },
    Cookie { index: usize, name: Box<str> },
}

/// Where tokens may stand, and which request headers that needs.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    headers: Vec<Box<str>>,
    sources: Vec<Source>,
}

impl Sources {
    /// Compiles the configured places.
    #[must_use]
    pub fn compile(settings: &[SourceSettings]) -> Self {
        let mut compiled = Self::default();
        for place in settings {
            let source = match place {
                SourceSettings::Header { header, scheme } => Source::Header {
                    index: compiled.index(header),
                    scheme: scheme.as_deref().map(Into::into),
                },
                SourceSettings::Cookie { cookie } => {
                    Source::Cookie { index: compiled.index("cookie"), name: cookie.as_str().into() }
                }
            };
            compiled.sources.push(source);
        }
        compiled
    }

    fn index(&mut self, header: &str) -> usize {
        let name = header.to_ascii_lowercase();
        let known = self.headers.iter().position(|one| **one == *name);
        known.unwrap_or_else(|| {
            self.headers.push(name.into());
            self.headers.len().saturating_sub(1)
        })
    }

    /// The request headers, in lower case, whose values `token` wants in this order.
    #[must_use]
    pub fn headers(&self) -> &[Box<str>] {
        &self.headers
    }

    /// The one token; `values` holds every value that came for each of `headers`.
    ///
    /// # Errors
    /// `missing_token`; `multiple_tokens`, also for a header that came twice; `malformed_token`
    /// for a scheme without a token.
    pub fn token<'r>(&self, values: &[Vec<&'r [u8]>]) -> Result<&'r [u8], Error> {
        let mut found = None;
        for source in &self.sources {
            let (Source::Header { index, .. } | Source::Cookie { index, .. }) = source;
            let values = values.get(*index).map_or(&[][..], Vec::as_slice);
            let token = match source {
                Source::Header { scheme, .. } => from_header(values, scheme.as_deref())?,
                Source::Cookie { name, .. } => from_cookie(values, name)?,
            };
            if token.is_some() && found.is_some() {
                return Err(Reason::MultipleTokens.into());
            }
            found = found.or(token);
        }
        found.ok_or_else(|| Reason::MissingToken.into())
    }
}

fn from_header<'r>(values: &[&'r [u8]], scheme: Option<&str>) -> Result<Option<&'r [u8]>, Error> {
    let value = match values {
        [] => return Ok(None),
        [value] => value.trim_ascii(),
        // Whichever a proxy or an upstream would pick, the other one was not checked.
        _ => return Err(Reason::MultipleTokens.into()),
    };
    let Some(scheme) = scheme else {
        return Ok(Some(value).filter(|value| !value.is_empty()));
    };
    let (name, token) = match value.iter().position(|byte| *byte == b' ') {
        Some(space) => value.split_at(space),
        None => (value, &[][..]),
    };
    if !name.eq_ignore_ascii_case(scheme.as_bytes()) {
        return Ok(None);
    }
    let token = token.trim_ascii_start();
    if token.is_empty() {
        return Err(Error::with_detail(
            Reason::MalformedToken,
            "The scheme has no token behind it.",
        ));
    }
    // Some servers join two header lines with a comma, which no token has.
    if token.contains(&b',') {
        return Err(Reason::MultipleTokens.into());
    }
    Ok(Some(token))
}

/// HTTP/2 may split a cookie header (RFC 9113 section 8.2.3), so several lines are one.
fn from_cookie<'r>(values: &[&'r [u8]], name: &str) -> Result<Option<&'r [u8]>, Error> {
    let mut found = None;
    for pair in values.iter().flat_map(|value| value.split(|byte| *byte == b';')) {
        let pair = pair.trim_ascii();
        let Some(equals) = pair.iter().position(|byte| *byte == b'=') else { continue };
        let (key, value) = pair.split_at(equals);
        if key != name.as_bytes() {
            continue;
        }
        if found.is_some() {
            return Err(Reason::MultipleTokens.into());
        }
        found = value.get(1..);
    }
    Ok(found.filter(|token| !token.is_empty()))
}
