//! Tokens that pass no more although they verify: by `jti`, by `sub`, by the key's `kid`.

use crate::error::{Error, Reason};
use crate::json::Value;
use crate::signatory::Signatory;
use crate::verified::Verified;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::{mem, thread};

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

/// Freeing so many entries takes less than a millisecond.
const FREED_AT_ONCE: usize = 1000;

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
///
/// The lock is held for a look at one token, or to swap a pointer. A large content is neither made
/// nor freed under it, nor ever freed by who asks.
#[derive(Debug)]
pub struct RevocationList {
    content: RwLock<Box<Revoked>>,
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
        let revoked = Box::new(Revoked::new(read.revoked)?);
        let before = {
            let mut content = self.content.write().unwrap_or_else(PoisonError::into_inner);
            mem::replace(&mut *content, revoked)
        };
        drop(before);
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

    /// No shared copy of it: the last one to let go of that would free it, amid a decision.
    fn content(&self) -> RwLockReadGuard<'_, Box<Revoked>> {
        self.content.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Checks a token that verified; `now` is in seconds since 1970.
    ///
    /// # Errors
    /// `token_revoked`; `keys_unavailable` while the content cannot be relied on.
    pub fn check(&self, verified: &Verified, now: f64) -> Result<(), Error> {
        if !self.is_available() {
            let detail = "The list of revoked tokens is not available.";
            return Err(Error::with_detail(Reason::KeysUnavailable, detail));
        }
        let token = Token {
            claims: verified.claims().root(),
            kid: verified.header().kid(),
            signatory: verified.signatory(),
            now,
        };
        if self.content().names(&token) {
            return Err(Reason::TokenRevoked.into());
        }
        Ok(())
    }
}

impl Drop for RevocationList {
    /// Frees a large content in a thread of its own: the last to let go may be a front door.
    fn drop(&mut self) {
        let content = self.content.get_mut().unwrap_or_else(PoisonError::into_inner);
        let content = mem::take(content);
        if content.entries > FREED_AT_ONCE {
            // Where there is no thread to be had, it is freed here.
            let _ = thread::Builder::new().spawn(move || drop(content));
        }
    }
}

/// What entries are held against.
struct Token<'v> {
    claims: Value<'v>,
    /// What the token calls its key.
    kid: Option<&'v str>,
    signatory: &'v Signatory,
    now: f64,
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
    fn names(&self, token: &Token<'_>) -> bool {
        // Looked up only where there is anything: most lists name tokens alone.
        let by_claim = |names: &Names, claim: &str| {
            let name = || token.claims.get(claim).and_then(Value::as_str);
            let conditions = (!names.is_empty()).then(name).flatten().and_then(|it| names.get(it));
            conditions.is_some_and(|all| all.iter().any(|one| one.holds(token, By::Claim)))
        };
        by_claim(&self.jti, "jti") || by_claim(&self.sub, "sub") || self.names_key(token)
    }

    /// Whether an entry names the key that verified, or the one that the token itself names: its
    /// word for another key saves no token, but is taken against it.
    fn names_key(&self, token: &Token<'_>) -> bool {
        if self.kid.is_empty() {
            return false;
        }
        let names = token.signatory.names().iter().map(|name| &**name).chain(token.kid);
        let mut conditions = names.filter_map(|name| self.kid.get(name)).flatten();
        conditions.any(|one| one.holds(token, By::Key))
    }
}

/// What an entry found a token by.
#[derive(Clone, Copy)]
enum By {
    Claim,
    Key,
}

impl Condition {
    fn holds(&self, token: &Token<'_>, by: By) -> bool {
        let claims = token.claims;
        let iat = || claims.get("iat").and_then(Value::as_f64);
        // Each asks whether the token escapes: a clock that is no number lets none escape. The
        // end is that of the token, which leeway lets pass as long.
        let now = token.now - token.signatory.leeway();
        let ended = self.expires.is_some_and(|expires| expires <= now);
        let elsewhere = self.iss.as_deref().is_some_and(|iss| match by {
            By::Claim => claims.get("iss").and_then(Value::as_str).is_none_or(|found| found != iss),
            // Whoever has a revoked key writes into a token whatever helps.
            By::Key => !token.signatory.is_of(iss),
        });
        let later = self.issued_before.is_some_and(|time| iat().is_some_and(|iat| iat >= time));
        !(ended || elsewhere || later)
    }
}
