//! The token out of a request: one token in one place, or a refusal.

use crate::error::{Error, Reason};
use crate::request::{Headers, Once};
use crate::settings::SourceSettings;
use std::borrow::Cow;

/// A place where a token may stand; `index` counts the request headers that the gate asks for.
#[derive(Clone, Debug)]
enum Source {
    Header { index: usize, scheme: Option<Box<str>> },
    Cookie { index: usize, name: Box<str>, scheme: Option<Box<str>> },
    Query { name: Box<str> },
}

/// The request headers that a gate asks for; what needs one keeps its index.
#[derive(Clone, Debug, Default)]
pub struct HeaderNames(Vec<Box<str>>);

impl HeaderNames {
    /// The index of a header, added where it is new.
    pub fn index(&mut self, header: &str) -> usize {
        let name = header.to_ascii_lowercase();
        let known = self.0.iter().position(|one| **one == *name);
        known.unwrap_or_else(|| {
            self.0.push(name.into());
            self.0.len().saturating_sub(1)
        })
    }

    /// The names in lower case.
    #[must_use]
    pub fn as_slice(&self) -> &[Box<str>] {
        &self.0
    }
}

/// Where tokens may stand.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// Compiles the configured places.
    #[must_use]
    pub fn compile(settings: &[SourceSettings], names: &mut HeaderNames) -> Self {
        let source = |place: &SourceSettings| match place {
            SourceSettings::Header { header, scheme } => Source::Header {
                index: names.index(header),
                scheme: scheme.as_deref().map(Into::into),
            },
            SourceSettings::Cookie { cookie, optional_scheme } => Source::Cookie {
                index: names.index("cookie"),
                name: cookie.as_str().into(),
                scheme: optional_scheme.as_deref().map(Into::into),
            },
            SourceSettings::Query { query } => Source::Query { name: query.as_str().into() },
        };
        Self(settings.iter().map(source).collect())
    }

    /// Whether a token may stand in the query of the original request.
    #[must_use]
    pub fn read_query(&self) -> bool {
        self.0.iter().any(|source| matches!(source, Source::Query { .. }))
    }

    /// The one token; `query` is the original request's.
    ///
    /// # Errors
    /// `missing_token`; `multiple_tokens`, also for a header that came twice; `malformed_token`
    /// for a scheme without a token.
    pub fn token<'r>(&self, headers: Headers<'r>, query: &'r [u8]) -> Result<Cow<'r, [u8]>, Error> {
        let mut found = None;
        for source in &self.0 {
            let token = match source {
                Source::Header { index, scheme } => {
                    from_header(headers.once(*index), scheme.as_deref())?.map(Cow::Borrowed)
                }
                Source::Cookie { index, name, scheme } => from_cookie(headers.all(*index), name)?
                    .map(|value| without_scheme(value, scheme.as_deref()))
                    .map(Cow::Borrowed),
                Source::Query { name } => from_query(query, name)?,
            };
            if token.is_some() && found.is_some() {
                return Err(Reason::MultipleTokens.into());
            }
            found = found.or(token);
        }
        found.ok_or_else(|| Reason::MissingToken.into())
    }
}

fn from_header<'r>(sent: Once<'r>, scheme: Option<&str>) -> Result<Option<&'r [u8]>, Error> {
    let value = match sent {
        Once::Absent => return Ok(None),
        Once::Value(value) => value.trim_ascii(),
        // Whichever a proxy or an upstream would pick, the other one was not checked.
        Once::Several => return Err(Reason::MultipleTokens.into()),
    };
    let Some(scheme) = scheme else {
        return Ok(Some(value).filter(|value| !value.is_empty()));
    };
    let (name, token) = match memchr::memchr(b' ', value) {
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
    if memchr::memchr(b',', token).is_some() {
        return Err(Reason::MultipleTokens.into());
    }
    Ok(Some(token))
}

/// HTTP/2 may split a cookie header (RFC 9113 section 8.2.3), so several lines are one.
fn from_cookie<'r>(
    values: impl Iterator<Item = &'r [u8]>,
    name: &str,
) -> Result<Option<&'r [u8]>, Error> {
    let mut found = None;
    for pair in values.flat_map(|value| value.split(|byte| *byte == b';')) {
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

/// A cookie's token without the scheme that some services write before it.
fn without_scheme<'r>(value: &'r [u8], scheme: Option<&str>) -> &'r [u8] {
    let Some(scheme) = scheme else { return value };
    match value.iter().position(|byte| *byte == b' ').map(|space| value.split_at(space)) {
        Some((name, token)) if name.eq_ignore_ascii_case(scheme.as_bytes()) => {
            token.trim_ascii_start()
        }
        _ => value,
    }
}

/// RFC 6750 section 2.3.
fn from_query<'r>(query: &'r [u8], name: &str) -> Result<Option<Cow<'r, [u8]>>, Error> {
    let mut tokens = form_urlencoded::parse(query).filter(|(key, _)| key == name);
    let found = tokens.next().map(|(_, value)| match value {
        Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
        Cow::Owned(text) => Cow::Owned(text.into_bytes()),
    });
    if tokens.next().is_some() {
        return Err(Reason::MultipleTokens.into());
    }
    Ok(found.filter(|token| !token.is_empty()))
}
