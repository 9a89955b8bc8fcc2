//! The key that verified a token and its issuer: what the keys call themselves, not the token.

use crate::claims::Checks;
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
    issuers: Option<Arc<[Box<str>]>>,
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
        let signatory = |identity: &String| Self {
            generation,
            names: names.get(identity.as_str()).cloned().unwrap_or_default(),
            issuers: issuers.clone(),
            leeway: checks.leeway.exp.seconds(),
        };
        identities.iter().map(signatory).map(Arc::new).collect()
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
        self.issuers.as_deref().is_none_or(|all| all.iter().any(|one| **one == *iss))
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
