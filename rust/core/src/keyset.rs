//! An immutable set of keys, looked up by `kid`.

use crate::algorithm::{Algorithm, AlgorithmSet};
use crate::error::{Error, Reason};
use crate::key::{Key, KeyError, MAX_KID_BYTES};
use std::collections::HashMap;
use std::sync::Arc;

mod document;

pub use document::JwksOptions;

/// How many keys one token may be tried with: of those of its `kid`, of those that have none, and
/// of all others where the token names none. Providers publish up to nine at once.
pub const MAX_TRIES: usize = 16;

/// Keys of one issuer; all symmetric or all asymmetric, unless both are asked for.
#[derive(Debug)]
pub struct KeySet {
    keys: Vec<Arc<Key>>,
    by_kid: HashMap<Box<str>, Vec<usize>>,
    /// Keys without a kid: they fit a token of any kid.
    unnamed: Vec<usize>,
    algorithms: AlgorithmSet,
    left_out: LeftOut,
}

/// A sentence for each entry of a document that was left out.
#[derive(Clone, Debug, Default)]
struct LeftOut {
    all: Vec<String>,
    /// Those of `all` that are wrong in themselves, or do not belong there.
    broken: Vec<String>,
}

impl LeftOut {
    fn usual(&mut self, sentence: String) {
        self.all.push(sentence);
    }

    fn broken(&mut self, sentence: String) {
        self.broken.push(sentence.clone());
        self.all.push(sentence);
    }
}

impl KeySet {
    /// Takes keys that are loaded.
    ///
    /// # Errors
    /// `KeyError` for an empty set, for secrets beside public keys, and for more keys of one kid
    /// and algorithm, or without a kid, than a token may be tried with.
    pub fn new(keys: Vec<Arc<Key>>) -> Result<Self, KeyError> {
        Self::with_left_out(keys, LeftOut::default(), false)
    }

    /// As `new`, but secrets may stand beside public keys: each key serves the algorithms that it
    /// is bound to, and those of the two kinds are never the same.
    ///
    /// # Errors
    /// As for `new`.
    pub fn new_mixed(keys: Vec<Arc<Key>>) -> Result<Self, KeyError> {
        Self::with_left_out(keys, LeftOut::default(), true)
    }

    fn with_left_out(
        keys: Vec<Arc<Key>>,
        left_out: LeftOut,
        mixed: bool,
    ) -> Result<Self, KeyError> {
        if keys.is_empty() {
            let reasons = if left_out.all.is_empty() {
                String::new()
            } else {
                format!(": {}", left_out.all.join("; "))
            };
            return Err(KeyError(format!("there is no key that can be used{reasons}")));
        }
        let symmetric = keys.iter().filter(|key| key.is_symmetric()).count();
        if !mixed && symmetric > 0 && symmetric < keys.len() {
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
            left_out,
        };
        for (index, key) in set.keys.iter().enumerate() {
            match key.kid() {
                Some(kid) => set.by_kid.entry(kid.into()).or_default().push(index),
                None => set.unnamed.push(index),
            }
        }
        set.refuse_crowds()?;
        Ok(set)
    }

    fn refuse_crowds(&self) -> Result<(), KeyError> {
        let crowd = |indexes: &[usize]| {
            let crowded = |&&one: &&Algorithm| self.fitting(indexes, one).count() > MAX_TRIES;
            Algorithm::ALL.iter().find(crowded).copied()
        };
        let mut crowded: Vec<_> =
            self.by_kid.iter().filter(|(_, keys)| crowd(keys).is_some()).collect();
        crowded.sort_unstable();
        if let Some((kid, _)) = crowded.first() {
            return Err(KeyError(format!(
                "the kid {kid:?} stands for more than {MAX_TRIES} keys of the same algorithm"
            )));
        }
        match crowd(&self.unnamed) {
            Some(algorithm) => Err(KeyError(format!(
                "more than {MAX_TRIES} keys for {algorithm} have no kid; give them one each"
            ))),
            None => Ok(()),
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
        &self.left_out.all
    }

    /// Those of `skipped` that are broken, or do not belong into the document; the others are for
    /// another use.
    #[must_use]
    pub fn broken(&self) -> &[String] {
        &self.left_out.broken
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
                    "The token names no key, and more keys would fit than are tried.",
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
