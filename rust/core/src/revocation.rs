//! Tokens that pass no more although they verify: by `jti`, by `sub`, by the key's `kid`.

use crate::error::{Error, Reason};
use crate::json::Value;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

/// The document that a list is made from.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RevokedDocument {
    revoked: Vec<Entry>,
}

/// One entry as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    jti: Option<Box<str>>,
    sub: Option<Box<str>>,
    kid: Option<Box<str>>,
    iss: Option<Box<str>>,
    issued_before: Option<f64>,
    expires: Option<f64>,
}

/// What an entry demands beyond the name that it stands under.
#[derive(Debug)]
struct Condition {
    iss: Option<Box<str>>,
    issued_before: Option<f64>,
    expires: Option<f64>,
}

type Names = HashMap<Box<str>, Vec<Condition>>;

/// What one list holds at a time.
#[derive(Debug, Default)]
struct Revoked {
    jti: Names,
    sub: Names,
    kid: Names,
    entries: usize,
}

/// A list of revoked tokens that outlives gates: its content is replaced whole, while it is asked.
#[derive(Debug)]
pub struct RevocationList {
    content: RwLock<Arc<Revoked>>,
    available: AtomicBool,
}

impl Default for RevocationList {
    fn default() -> Self {
        Self { content: RwLock::default(), available: AtomicBool::new(true) }
    }
}

impl RevocationList {
    /// Replaces the content: `{"revoked": [{"jti": ...}, {"sub": ...}, {"kid": ...}]}`, each entry
    /// with `iss`, `issued_before` and `expires` where it has conditions (seconds since 1970).
    ///
    /// # Errors
    /// Everything that is wrong, as (path, message); the content is then what it was.
    pub fn replace(&self, document: &[u8]) -> Result<(), Vec<(String, String)>> {
        let read: RevokedDocument = serde_json::from_slice(document)
            .map_err(|error| vec![(String::new(), error.to_string())])?;
        let revoked = Arc::new(Revoked::new(read.revoked)?);
        *self.content.write().unwrap_or_else(PoisonError::into_inner) = revoked;
        Ok(())
    }

    /// How many entries it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.content().entries
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the content may be relied on.
    #[must_use]
    pub fn is_available(&self) -> bool {
        self.available.load(Ordering::Acquire)
    }

    /// Says whether the content may be relied on; while it may not, no token passes.
    pub fn set_available(&self, available: bool) {
        self.available.store(available, Ordering::Release);
    }

    fn content(&self) -> Arc<Revoked> {
        self.content.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Checks verified claims and the header's `kid`; `now` is in seconds since 1970.
    ///
    /// # Errors
    /// `token_revoked`; `keys_unavailable` while the content cannot be relied on.
    pub fn check(&self, claims: Value<'_>, kid: Option<&str>, now: f64) -> Result<(), Error> {
        if !self.is_available() {
            let detail = "The list of revoked tokens is not available.";
            return Err(Error::with_detail(Reason::KeysUnavailable, detail));
        }
        if self.content().names(claims, kid, now) {
            return Err(Reason::TokenRevoked.into());
        }
        Ok(())
    }
}

impl Revoked {
    fn new(entries: Vec<Entry>) -> Result<Self, Vec<(String, String)>> {
        let mut revoked = Self { entries: entries.len(), ..Self::default() };
        let mut errors = Vec::new();
        for (index, entry) in entries.into_iter().enumerate() {
            let times = [entry.issued_before, entry.expires];
            if times.into_iter().flatten().any(|time| !(0.0..=9e15).contains(&time)) {
                let message = "expected times in seconds since 1970";
                errors.push((format!("revoked[{index}]"), message.into()));
            }
            let condition = Condition {
                iss: entry.iss,
                issued_before: entry.issued_before,
                expires: entry.expires,
            };
            let (names, name) = match (entry.jti, entry.sub, entry.kid) {
                (Some(jti), None, None) => (&mut revoked.jti, jti),
                (None, Some(sub), None) => (&mut revoked.sub, sub),
                (None, None, Some(kid)) => (&mut revoked.kid, kid),
                _ => {
                    let message = "expected exactly one of jti, sub, kid";
                    errors.push((format!("revoked[{index}]"), message.into()));
                    continue;
                }
            };
            names.entry(name).or_default().push(condition);
        }
        if errors.is_empty() { Ok(revoked) } else { Err(errors) }
    }

    /// Whether any entry that has not ended names the token.
    fn names(&self, claims: Value<'_>, kid: Option<&str>, now: f64) -> bool {
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        let found = |names: &Names, name: Option<&str>| {
            // Looked up only where there is anything: most lists name tokens alone.
            let conditions = name.filter(|_| !names.is_empty()).and_then(|name| names.get(name));
            conditions.is_some_and(|all| all.iter().any(|one| one.holds(claims, now)))
        };
        found(&self.jti, text("jti")) || found(&self.sub, text("sub")) || found(&self.kid, kid)
    }
}

impl Condition {
    fn holds(&self, claims: Value<'_>, now: f64) -> bool {
        let iat = || claims.get("iat").and_then(Value::as_f64);
        // Each asks whether the token escapes: a clock that is no number lets none escape.
        let ended = self.expires.is_some_and(|expires| expires <= now);
        let elsewhere = self.iss.as_deref().is_some_and(|iss| {
            claims.get("iss").and_then(Value::as_str).is_none_or(|found| found != iss)
        });
        let later = self.issued_before.is_some_and(|time| iat().is_some_and(|iat| iat >= time));
        !(ended || elsewhere || later)
    }
}
