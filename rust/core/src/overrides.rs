//! What the subrequest's own query demands, where the settings allow it: `claims_NAME=value`,
//! `claims_regexp_NAME=pattern`, `headers_NAME=claim`.

use crate::claim_path::ClaimPath;
use crate::error::{Error, Reason};
use crate::headers::Header;
use crate::identity::Identity;
use crate::json::Value;
use crate::rule::{any_element, pattern};
use crate::settings::{IdentitySettings, QueryOverrides};
use regex::Regex;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

/// How many different queries are kept compiled; a proxy's configuration has a handful.
const MAX_QUERIES: usize = 256;

/// Longer queries are compiled anew each time.
const MAX_KEPT_BYTES: usize = 1024;

/// What would do for a claim.
#[derive(Debug)]
enum Wanted {
    Value(Box<str>),
    Match(Regex),
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
    known: RwLock<HashMap<Box<[u8]>, Arc<Demands>>>,
}

fn denied(detail: impl Into<Box<str>>) -> Error {
    Error::with_detail(Reason::PolicyDenied, detail)
}

impl Overrides {
    /// Takes what the settings allow.
    #[must_use]
    pub fn new(allowed: QueryOverrides) -> Self {
        Self { allowed, known: RwLock::default() }
    }

    /// The demands of a query string (application/x-www-form-urlencoded).
    ///
    /// # Errors
    /// `policy_denied` where a demand is required and none is made, or one cannot be read.
    pub fn demands(&self, query: &[u8]) -> Result<Arc<Demands>, Error> {
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

    fn read(&self, query: &[u8]) -> Result<Demands, Error> {
        let mut claims: Vec<(Box<str>, ClaimPath, Vec<Wanted>)> = Vec::new();
        let mut identity = BTreeMap::new();
        for (key, value) in form_urlencoded::parse(query) {
            let (name, wanted) = match self.kind(&key) {
                None => continue,
                Some((Kind::Header, name)) => {
                    let claim = IdentitySettings::Claim(value.into());
                    if identity.insert(name.to_owned(), claim).is_some() {
                        return Err(denied("The subrequest names a header twice."));
                    }
                    continue;
                }
                Some((Kind::Claim, name)) => (name, Wanted::Value(value.into())),
                Some((Kind::Pattern, name)) => {
                    let regex = pattern(&value, !self.allowed.search);
                    let regex =
                        regex.map_err(|_| denied("The subrequest names a broken pattern."))?;
                    (name, Wanted::Match(regex))
                }
            };
            // Values of one parameter are alternatives; a pattern beside them is a demand of its own.
            match claims.iter_mut().find(|(known, ..)| **known == *key) {
                Some((.., all)) => all.push(wanted),
                None => claims.push((key.as_ref().into(), self.path(name)?, vec![wanted])),
            }
        }
        if claims.is_empty() && self.allowed.required {
            return Err(denied("The subrequest names no claim to check."));
        }
        let mut errors = Vec::new();
        let identity = Identity::compile(&identity, "headers", &mut errors);
        match errors.first() {
            Some(_) => Err(denied("The subrequest names a header that cannot be sent.")),
            None => Ok(Demands { claims, identity }),
        }
    }

    /// What a parameter is for. `claims_regexp_` comes first, for it begins with `claims_` too.
    fn kind<'k>(&self, key: &'k str) -> Option<(Kind, &'k str)> {
        let all = [
            ("claims_regexp_", Kind::Pattern, self.allowed.regexp),
            ("claims_", Kind::Claim, self.allowed.claims),
            ("headers_", Kind::Header, self.allowed.headers),
        ];
        let mut allowed = all.into_iter().filter(|(_, _, allowed)| *allowed);
        allowed.find_map(|(prefix, kind, _)| Some((kind, key.strip_prefix(prefix)?)))
    }

    fn path(&self, name: &str) -> Result<ClaimPath, Error> {
        if self.allowed.names_only {
            return Ok(ClaimPath::Name(name.into()));
        }
        ClaimPath::parse(name).map_err(|_| denied("The subrequest names a broken claim path."))
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

enum Kind {
    Claim,
    Pattern,
    Header,
}

impl Demands {
    /// Whether any claim is demanded.
    #[must_use]
    pub const fn name_claims(&self) -> bool {
        !self.claims.is_empty()
    }

    /// Whether every claim named has what its parameter names, itself or in its array.
    #[must_use]
    pub fn hold(&self, claims: Value<'_>) -> bool {
        let fits = |one: Value<'_>, wanted: &[Wanted]| {
            one.as_str().is_some_and(|text| {
                wanted.iter().any(|wanted| match wanted {
                    Wanted::Value(value) => **value == *text,
                    Wanted::Match(regex) => regex.is_match(text),
                })
            })
        };
        self.claims.iter().all(|(_, path, wanted)| {
            path.find(claims).is_some_and(|value| any_element(value, |one| fits(one, wanted)))
        })
    }
}
