//! The token out of a request: one token in one place, or a refusal.

use crate::error::{Error, Reason};
use crate::request::Headers;
use crate::settings::SourceSettings;
use alike::Name;
use found::Place;
use header::Scheme;
use std::borrow::Cow;

mod alike;
mod cookie;
mod found;
mod header;
mod names;
mod query;

pub use names::HeaderNames;

/// A place where a token may stand; `index` counts the request headers that the gate asks for.
#[derive(Clone, Debug)]
enum Source {
    Header { index: usize, aliases: usize, scheme: Scheme, others: Box<[Scheme]> },
    Cookie { index: usize, name: Name, scheme: Scheme },
    Query { name: Name },
}

/// Where tokens may stand.
#[derive(Clone, Debug, Default)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// Compiles the configured places.
    #[must_use]
    pub fn compile(settings: &[SourceSettings], names: &mut HeaderNames) -> Self {
        let all = |name: fn(&SourceSettings) -> Option<&str>| -> Vec<&str> {
            settings.iter().filter_map(name).collect()
        };
        let cookies = all(|place| match place {
            SourceSettings::Cookie { cookie, .. } => Some(cookie),
            _ => None,
        });
        let parameters = all(|place| match place {
            SourceSettings::Query { query } => Some(query),
            _ => None,
        });
        let source = |place: &SourceSettings| match place {
            SourceSettings::Header { header, scheme } => {
                let (index, aliases) = names.with_aliases(header);
                let others = schemes(settings, header, scheme.as_deref());
                let scheme = scheme.as_deref().map(Into::into);
                Source::Header { index, aliases, scheme, others }
            }
            SourceSettings::Cookie { cookie, optional_scheme } => Source::Cookie {
                index: names.index("cookie"),
                name: Name::new(cookie, &cookies),
                scheme: optional_scheme.as_deref().map(Into::into),
            },
            SourceSettings::Query { query } => {
                Source::Query { name: Name::new(query, &parameters) }
            }
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
    /// `missing_token`; `multiple_tokens`, also for a header that came twice, and for a token
    /// beside what another reader might take for one; `malformed_token` for that alone, and for
    /// a scheme without a token.
    pub fn token<'r>(&self, headers: Headers<'r>, query: &'r [u8]) -> Result<Cow<'r, [u8]>, Error> {
        let mut all = Place::Empty;
        for source in &self.0 {
            let found = match source {
                Source::Header { index, aliases, scheme, others } => {
                    let sent = headers.once(*index);
                    let mut found = header::find(sent, scheme.as_deref(), others)?;
                    headers.all(*aliases).for_each(|value| found.doubt(value));
                    found
                }
                Source::Cookie { index, name, .. } => cookie::find(headers.all(*index), name),
                Source::Query { name } => query::find(query, name),
            };
            let place = match (found.place()?, source) {
                (Place::Token(value), Source::Cookie { scheme: Some(scheme), .. }) => {
                    Place::Token(cookie::without_scheme(value, scheme))
                }
                (other, _) => other,
            };
            all = match (all, place) {
                (Place::Empty, one) | (one, Place::Empty) => one,
                _ => return Err(Reason::MultipleTokens.into()),
            };
        }
        match all {
            Place::Token(token) => Ok(token),
            Place::Empty => Err(Reason::MissingToken.into()),
            Place::Doubtful => {
                let detail = "What may be a token does not stand as a token should.";
                Err(Error::with_detail(Reason::MalformedToken, detail))
            }
        }
    }
}

/// The schemes, but for this one, behind which a header is looked at.
fn schemes(settings: &[SourceSettings], name: &str, but: Option<&str>) -> Box<[Scheme]> {
    let scheme = |place: &SourceSettings| match place {
        SourceSettings::Header { header, scheme } if header.eq_ignore_ascii_case(name) => {
            (scheme.as_deref() != but).then(|| scheme.as_deref().map(Into::into))
        }
        _ => None,
    };
    settings.iter().filter_map(scheme).collect()
}
