//! What the subrequest's own query demands, where the settings allow it: `claims_NAME=value`,
//! `claims_any_NAME=value`, `claims_regexp_NAME=pattern`, `headers_NAME=claim`.
//!
//! Proxies paste values into queries, also such as hold `&`: what they then say may only demand more,
//! so a parameter stands once. `claims_any_NAME` alone is made to be repeated.

use crate::claim_path::ClaimPath;
use crate::error::{Error, Reason};
use crate::headers::{Header, are_one};
use crate::identity::{Identity, is_free};
use crate::json::Value;
use crate::policy::Denial;
use crate::rule::{Pattern, Subject, any_element};
use crate::settings::{IdentitySettings, Mode, QueryOverrides};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

/// How many different queries are kept compiled; a proxy's configuration has a handful.
const MAX_QUERIES: usize = 256;

/// Longer queries are compiled anew each time.
const MAX_KEPT_BYTES: usize = 1024;

/// Patterns are compiled while a client waits.
const MAX_PATTERNS: usize = 16;

/// What would do for a claim.
#[derive(Debug)]
enum Wanted {
    Value(Box<str>),
    Match(Pattern),
}

/// Everything that one query demands.
#[derive(Debug, Default)]
pub struct Demands {
    /// By parameter, the claim and what would do; every parameter must be fulfilled.
    claims: Vec<(Box<str>, ClaimPath, Vec<Wanted>)>,
    identity: Identity,
}

/// Reads queries, and keeps what it read: the same few come with every request.
#[derive(Debug)]
pub struct Overrides {
    allowed: QueryOverrides,
    /// Read as the services that we replace do: a parameter that is repeated means any of its
    /// values (one that is pasted into the query may then take its demand away), bytes that are no
    /// UTF-8 are replaced, and headers with a meaning in a request may be named.
    lenient: bool,
    known: RwLock<HashMap<Box<[u8]>, Arc<Demands>>>,
}

/// Why a query is denied; safe inside a quoted string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused(pub &'static str);

impl From<Refused> for Denial<'_> {
    fn from(Refused(sentence): Refused) -> Self {
        let error = Error::with_detail(Reason::PolicyDenied, sentence);
        Self { error, scopes: &[], message: Some(sentence) }
    }
}

impl Overrides {
    /// Takes what the settings allow.
    #[must_use]
    pub fn new(allowed: QueryOverrides, mode: Mode) -> Self {
        Self { allowed, lenient: mode == Mode::Legacy, known: RwLock::default() }
    }

    /// The demands of a query string (application/x-www-form-urlencoded).
    ///
    /// # Errors
    /// Where a demand is required and none is made, or one cannot be read without doubt.
    pub fn demands(&self, query: &[u8]) -> Result<Arc<Demands>, Refused> {
        if let Some(known) = self.known.read().unwrap_or_else(PoisonError::into_inner).get(query) {
            return Ok(known.clone());
        }
        let demands = Arc::new(self.read(query)?);
        if query.len() <= MAX_KEPT_BYTES {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            if known.len() < MAX_QUERIES {
                known.insert(query.into(), demands.clone());
            }
        }
        Ok(demands)
    }

    fn read(&self, query: &[u8]) -> Result<Demands, Refused> {
        let mut claims: Vec<(Box<str>, ClaimPath, Vec<Wanted>)> = Vec::new();
        let mut identity: BTreeMap<String, IdentitySettings> = BTreeMap::new();
        let mut patterns = 0_usize;
        for (key, value) in form_urlencoded::parse(query) {
            let Some((kind, name)) = self.kind(&key) else { continue };
            // What is no UTF-8 was replaced, and so different values became one.
            if !self.lenient && [&key, &value].iter().any(|text| text.contains('\u{fffd}')) {
                return Err(Refused("A parameter of the subrequest is not UTF-8."));
            }
            let wanted = match kind {
                Kind::Header => {
                    if identity.keys().any(|known| are_one(known.as_bytes(), name.as_bytes())) {
                        return Err(Refused("The subrequest names a header twice."));
                    }
                    if !self.lenient && !is_free(name) {
                        return Err(Refused("The subrequest names a header that means something."));
                    }
                    identity.insert(name.into(), IdentitySettings::Claim(value.into()));
                    continue;
                }
                Kind::Claim | Kind::AnyClaim => Wanted::Value(value.into()),
                Kind::Pattern => {
                    patterns = patterns.saturating_add(1);
                    if patterns > MAX_PATTERNS && !self.lenient {
                        return Err(Refused("The subrequest names more than 16 patterns."));
                    }
                    let pattern = Pattern::compile(&value, !self.allowed.search);
                    Wanted::Match(
                        pattern.map_err(|_| Refused("The subrequest names a broken pattern."))?,
                    )
                }
            };
            match claims.iter_mut().find(|(known, ..)| **known == *key) {
                Some((.., all)) if self.lenient || kind == Kind::AnyClaim => {
                    all.push(wanted);
                }
                Some(_) => return Err(twice(kind)),
                None => claims.push((key.as_ref().into(), self.path(name)?, vec![wanted])),
            }
        }
        if claims.is_empty() && self.allowed.required {
            return Err(Refused("The subrequest names no claim to check."));
        }
        let mut errors = Vec::new();
        let identity = Identity::compile(&identity, "headers", &mut errors);
        match errors.first() {
            Some(_) => Err(Refused("The subrequest names a header that cannot be sent.")),
            None => Ok(Demands { claims, identity }),
        }
    }

    /// What a parameter is for. `claims_` comes after the others that begin like it.
    fn kind<'k>(&self, key: &'k str) -> Option<(Kind, &'k str)> {
        let any = self.allowed.claims && !self.lenient;
        let all = [
            ("claims_regexp_", Kind::Pattern, self.allowed.regexp),
            ("claims_any_", Kind::AnyClaim, any),
            ("claims_", Kind::Claim, self.allowed.claims),
            ("headers_", Kind::Header, self.allowed.headers),
        ];
        let mut allowed = all.into_iter().filter(|(_, _, allowed)| *allowed);
        allowed.find_map(|(prefix, kind, _)| Some((kind, key.strip_prefix(prefix)?)))
    }

    fn path(&self, name: &str) -> Result<ClaimPath, Refused> {
        if self.allowed.names_only {
            return Ok(ClaimPath::Name(name.into()));
        }
        ClaimPath::parse(name).map_err(|_| Refused("The subrequest names a broken claim path."))
    }

    /// The identity headers that a query asks for.
    ///
    /// # Errors
    /// `invalid_claim` with status 403 for a value that cannot be sent.
    pub fn headers(
        &self,
        demands: &Demands,
        claims: Option<Value<'_>>,
    ) -> Result<Vec<Header>, Error> {
        let mut headers = demands.identity.headers(claims)?;
        if self.allowed.omit_absent {
            headers.retain(|(_, value)| !value.is_empty());
        }
        Ok(headers)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Claim,
    AnyClaim,
    Pattern,
    Header,
}

/// What to write instead of a parameter that stands twice.
const fn twice(kind: Kind) -> Refused {
    Refused(match kind {
        Kind::Pattern => {
            "A claims_regexp_NAME stands twice in the subrequest; write one pattern with |."
        }
        _ => {
            "A claims_NAME stands twice in the subrequest; write claims_any_NAME for any of several."
        }
    })
}

impl Demands {
    /// Whether any claim is demanded.
    #[must_use]
    pub const fn name_claims(&self) -> bool {
        !self.claims.is_empty()
    }

    /// Whether every claim named has what its parameter names, itself or in its array.
    #[must_use]
    pub fn hold(&self, subject: &Subject<'_>) -> bool {
        let fits = |text: &str, wanted: &Wanted| match wanted {
            Wanted::Value(value) => **value == *text,
            Wanted::Match(pattern) => pattern.finds(text, subject) == Some(true),
        };
        let any = |one: Value<'_>, wanted: &[Wanted]| {
            let text = one.as_str();
            Some(text.is_some_and(|text| wanted.iter().any(|wanted| fits(text, wanted))))
        };
        self.claims.iter().all(|(_, path, wanted)| {
            let value = path.find(subject.claims);
            value.and_then(|value| any_element(value, |one| any(one, wanted))) == Some(true)
        })
    }
}
