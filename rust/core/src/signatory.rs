//! The key that verified a token and its issuer: what the keys call themselves, not the token.

use crate::claims::{Checks, IssuerName};
use crate::error::{Error, Reason};
use crate::json::{Document, Value};
use crate::key::Key;
use crate::keyset::KeySet;
use std::collections::HashMap;
use std::sync::Arc;

/// A key of one issuer, as far as revocation and the cache ask about it.
#[derive(Debug)]
pub struct Signatory {
    /// The issuer's, see there.
    pub(crate) generation: u64,
    /// Every name of the key: its thumbprint, and each `kid` that the set has it under.
    names: Arc<[Box<str>]>,
    /// What the token's `iss` was compared with; `None` where it was not.
    issuers: Option<Arc<[IssuerName]>>,
    /// Whose the key is alone, where its document says so.
    of_issuer: Option<IssuerName>,
    /// Seconds by which its tokens outlive their `exp`.
    leeway: f64,
}

impl Signatory {
    /// One for each key of an issuer's set, in the order of the set.
    pub(crate) fn of_keys(keys: &KeySet, checks: &Checks, generation: u64) -> Box<[Arc<Self>]> {
        let issuers: Option<Arc<[_]>> = checks.issuers.as_deref().map(Into::into);
        let identities: Vec<_> = keys.keys().iter().map(|key| key.identity()).collect();
        let mut names: HashMap<&str, Vec<Box<str>>> = HashMap::new();
        for (key, identity) in keys.keys().iter().zip(&identities) {
            let names = names.entry(identity).or_insert_with(|| thumbprint(key, identity));
            names.extend(key.kid().map(Into::into));
        }
        let names: HashMap<_, Arc<[_]>> =
            names.into_iter().map(|(identity, names)| (identity, names.into())).collect();
        let signatory = |(key, identity): (&Arc<Key>, &String)| Self {
            generation,
            names: names.get(identity.as_str()).cloned().unwrap_or_default(),
            issuers: issuers.clone(),
            of_issuer: key.of_issuer().cloned(),
            leeway: checks.leeway.exp.seconds(),
        };
        keys.keys().iter().zip(&identities).map(signatory).map(Arc::new).collect()
    }

    /// Every name of the key.
    #[must_use]
    pub fn names(&self) -> &[Box<str>] {
        &self.names
    }

    /// Whether the key is one of the issuer that this `iss` names. Where `iss` was not compared
    /// it is: whoever has the key could have written anything there.
    #[must_use]
    pub fn is_of(&self, iss: &str) -> bool {
        self.issuers.as_deref().is_none_or(|all| all.iter().any(|one| one.names(iss)))
    }

    /// Checks that a token names the issuer whose the key is: a document for many has the keys of
    /// some that must not sign for the others.
    pub(crate) fn check_issuer(&self, claims: &Document) -> Result<(), Error> {
        let Some(issuer) = &self.of_issuer else { return Ok(()) };
        let claims = claims.root();
        let iss = claims.get("iss").and_then(Value::as_str);
        if iss.is_some_and(|iss| issuer.fits(iss, claims)) {
            return Ok(());
        }
        let detail = "The key is of another issuer than the token names, by its document.";
        Err(Error::with_detail(Reason::WrongIssuer, detail))
    }

    /// Seconds by which its tokens outlive their `exp`.
    #[must_use]
    pub const fn leeway(&self) -> f64 {
        self.leeway
    }
}

/// The thumbprint as the first name; a secret has none that may be told.
fn thumbprint(key: &Key, identity: &str) -> Vec<Box<str>> {
    key.public().map(|_| identity.into()).into_iter().collect()
}
