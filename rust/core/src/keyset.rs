//! An immutable set of keys, looked up by `kid`.

use crate::algorithm::{Algorithm, AlgorithmSet};
use crate::error::{Error, Reason};
use crate::json::{Document, Value};
use crate::key::{JwkError, Key, KeyError, MAX_KID_BYTES};
use std::collections::HashMap;
use std::sync::Arc;

/// How many keys one token may be tried with, where its `kid` does not choose one.
pub const MAX_TRIES: usize = 8;

/// How a JWKS is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct JwksOptions {
    /// It came over the network: one bad entry must not cost the others, and secrets do not belong.
    pub remote: bool,
    /// Take HMAC secrets shorter than their hash.
    pub allow_weak_hmac: bool,
}

/// Keys of one issuer; all symmetric or all asymmetric.
#[derive(Debug)]
pub struct KeySet {
    keys: Vec<Arc<Key>>,
    by_kid: HashMap<Box<str>, Vec<usize>>,
    /// Keys without a kid: they fit a token of any kid.
    unnamed: Vec<usize>,
    algorithms: AlgorithmSet,
    skipped: Vec<String>,
}

impl KeySet {
    /// Takes keys that are loaded.
    ///
    /// # Errors
    /// `KeyError` for an empty set, for secrets beside public keys, for two keys of one kid and
    /// algorithm, and for more keys without a kid than a token may be tried with.
    pub fn new(keys: Vec<Arc<Key>>) -> Result<Self, KeyError> {
        Self::with_skipped(keys, Vec::new())
    }

    fn with_skipped(keys: Vec<Arc<Key>>, skipped: Vec<String>) -> Result<Self, KeyError> {
        if keys.is_empty() {
            let reasons = if skipped.is_empty() {
                String::new()
            } else {
                format!(": {}", skipped.join("; "))
            };
            return Err(KeyError(format!("there is no key that can be used{reasons}")));
        }
        if keys.iter().any(|key| key.is_symmetric()) && !keys.iter().all(|key| key.is_symmetric()) {
            return Err(KeyError(
                "symmetric and asymmetric keys are mixed; one set must hold only one kind".into(),
            ));
        }
        let mut set = Self {
            by_kid: HashMap::new(),
            unnamed: Vec::new(),
            algorithms: keys
                .iter()
                .fold(AlgorithmSet::default(), |all, key| all.union(key.algorithms())),
            keys,
            skipped,
        };
        for (index, key) in set.keys.iter().enumerate() {
            match key.kid() {
                Some(kid) => set.by_kid.entry(kid.into()).or_default().push(index),
                None => set.unnamed.push(index),
            }
        }
        set.refuse_ambiguity()?;
        Ok(set)
    }

    fn refuse_ambiguity(&self) -> Result<(), KeyError> {
        let twice = |indexes: &Vec<usize>| {
            Algorithm::ALL.iter().any(|&one| self.fitting(indexes, one).count() > 1)
        };
        let mut doubled: Vec<_> =
            self.by_kid.iter().filter(|(_, keys)| twice(keys)).map(|(kid, _)| &**kid).collect();
        doubled.sort_unstable();
        if let Some(first) = doubled.first() {
            return Err(KeyError(format!(
                "the kid {first:?} stands for more than one key of the same algorithm"
            )));
        }
        let crowded = Algorithm::ALL
            .iter()
            .find(|&&one| self.fitting(&self.unnamed, one).count() > MAX_TRIES);
        match crowded {
            Some(algorithm) => Err(KeyError(format!(
                "more than {MAX_TRIES} keys for {algorithm} have no kid; give them one each"
            ))),
            None => Ok(()),
        }
    }

    /// Reads a JWKS (RFC 7517 section 5).
    ///
    /// # Errors
    /// `KeyError` naming every broken entry; a remote set skips those. Also as for `new`.
    pub fn from_jwks(text: &[u8], options: JwksOptions) -> Result<Self, KeyError> {
        let document = Document::parse_object(text.to_vec())
            .map_err(|error| KeyError(format!("the JWKS cannot be read: {error}")))?;
        let entries = document.root().get("keys").and_then(Value::elements);
        let entries = entries.ok_or_else(|| {
            KeyError("the JWKS has no keys array; expected {\"keys\": [...]} (RFC 7517)".into())
        })?;
        let mut keys: Vec<Arc<Key>> = Vec::new();
        let (mut skipped, mut broken) = (Vec::new(), Vec::new());
        for (index, entry) in entries.enumerate() {
            let place = place(index, entry);
            match Key::from_jwk_value(entry, options.allow_weak_hmac) {
                Ok(key) if options.remote && key.is_symmetric() => {
                    skipped.push(format!("{place}: a remote key set must not hold secrets"));
                }
                Ok(key) if options.remote && keys.iter().any(|other| same_name(other, &key)) => {
                    skipped.push(format!("{place}: the kid stands for an earlier key already"));
                }
                Ok(key) => keys.push(Arc::new(key)),
                Err(JwkError::Unusable(error)) => skipped.push(format!("{place}: {error}")),
                Err(JwkError::Broken(error)) if options.remote => {
                    skipped.push(format!("{place}: {error}"));
                }
                Err(JwkError::Broken(error)) => broken.push(format!("{place}: {error}")),
            }
        }
        if broken.is_empty() {
            Self::with_skipped(keys, skipped)
        } else {
            Err(KeyError(broken.join("; ")))
        }
    }

    /// The keys, in the order they came.
    #[must_use]
    pub fn keys(&self) -> &[Arc<Key>] {
        &self.keys
    }

    /// A sentence for each entry that was left out.
    #[must_use]
    pub fn skipped(&self) -> &[String] {
        &self.skipped
    }

    /// Every algorithm that one of the keys serves.
    #[must_use]
    pub const fn algorithms(&self) -> AlgorithmSet {
        self.algorithms
    }

    fn fitting<'s>(
        &'s self,
        indexes: &'s [usize],
        algorithm: Algorithm,
    ) -> impl Iterator<Item = (usize, &'s Key)> {
        let key = |index: &usize| self.keys.get(*index).map(|key| (*index, &**key));
        let keys = indexes.iter().filter_map(key);
        keys.filter(move |(_, key)| key.algorithms().contains(algorithm))
    }

    /// Checks a signature with the key that the token names, or with the few that fit. Gives the
    /// index of the key that verified.
    ///
    /// # Errors
    /// `unknown_key`, `algorithm_not_allowed` where the key named serves other algorithms,
    /// `invalid_signature`.
    pub fn verify(
        &self,
        kid: Option<&str>,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<usize, Error> {
        let named = match kid {
            Some(kid) if kid.len() > MAX_KID_BYTES => return Err(Reason::UnknownKey.into()),
            Some(kid) => self.by_kid.get(kid).map_or(&[][..], Vec::as_slice),
            None => &[],
        };
        let holds = |key: &Key| key.verify(algorithm, message, signature).is_ok();
        let mut tries = 0_usize;
        let unnamed = self.fitting(&self.unnamed, algorithm);
        for (index, key) in self.fitting(named, algorithm).chain(unnamed) {
            tries = tries.saturating_add(1);
            if holds(key) {
                return Ok(index);
            }
        }
        if kid.is_none() {
            let with_kid = || self.keys.iter().enumerate().filter(|(_, key)| key.kid().is_some());
            let fits = || with_kid().filter(|(_, key)| key.algorithms().contains(algorithm));
            // A large set must not make a token without a kid expensive.
            if fits().take(MAX_TRIES.saturating_add(1)).count() > MAX_TRIES {
                return Err(Error::with_detail(
                    Reason::UnknownKey,
                    "The token names no key, and too many keys would fit.",
                ));
            }
            for (index, key) in fits() {
                tries = tries.saturating_add(1);
                if holds(key) {
                    return Ok(index);
                }
            }
        }
        Err(match (tries, named) {
            (0, []) => Reason::UnknownKey,
            (0, _) => Reason::AlgorithmNotAllowed,
            _ => Reason::InvalidSignature,
        }
        .into())
    }
}

/// Whether both keys would answer to one kid and algorithm.
fn same_name(one: &Key, other: &Key) -> bool {
    one.kid().is_some()
        && one.kid() == other.kid()
        && !one.algorithms().intersection(other.algorithms()).is_empty()
}

/// Names an entry so that its owner finds it.
fn place(index: usize, entry: Value<'_>) -> String {
    match entry.get("kid").and_then(Value::as_str) {
        Some(kid) if kid.len() <= MAX_KID_BYTES => format!("keys[{index}] (kid {kid:?})"),
        _ => format!("keys[{index}]"),
    }
}
