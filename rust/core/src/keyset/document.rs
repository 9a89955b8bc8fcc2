//! Documents that keys are published in: a JWKS, or an object of PEM texts by kid.

use super::{KeySet, LeftOut, MAX_TRIES};
use crate::json::{Document, Malformed, Value};
use crate::key::{JwkError, Key, KeyError, MAX_KID_BYTES, Purposes};
use std::sync::Arc;

/// How a JWKS is read.
#[derive(Clone, Debug, Default)]
pub struct JwksOptions {
    /// It came over the network: one bad entry must not cost the others, and secrets do not belong.
    pub remote: bool,
    /// Leave out broken entries, as in a remote set, instead of refusing all.
    pub skip_broken: bool,
    /// Take HMAC secrets shorter than their hash.
    pub allow_weak_hmac: bool,
    /// What its keys must be for.
    pub purposes: Purposes,
}

impl KeySet {
    /// Reads a JWKS (RFC 7517 section 5), or an object whose members are PEM texts, each with a
    /// public key or a certificate, by their kid.
    ///
    /// # Errors
    /// `KeyError` naming every broken entry; a remote set skips those. Also as for `new`.
    pub fn from_jwks(text: &[u8], options: &JwksOptions) -> Result<Self, KeyError> {
        let unread = |error: Malformed| KeyError(format!("the JWKS cannot be read: {error}"));
        let (document, doubled) = Document::parse_telling_doubles(text.to_vec()).map_err(unread)?;
        let root = document.root();
        let Some(entries) = root.get("keys").and_then(Value::elements) else {
            // Nothing here stands for itself.
            let document = Document::parse_object(text.to_vec()).map_err(unread)?;
            return Self::from_pem_by_kid(document.root(), options);
        };
        let inside = |node: usize| entries.clone().any(|entry| entry.holds(node));
        if !doubled.iter().all(|&node| inside(node)) {
            return Err(unread(Malformed("a member name stands twice")));
        }
        let mut found = Found::new(options);
        for (index, entry) in entries.enumerate() {
            let is_doubled = doubled.iter().any(|&node| entry.holds(node));
            let key = if is_doubled {
                Err(JwkError::Broken(KeyError("a member name stands twice".into())))
            } else {
                Key::from_jwk_value(entry, options.allow_weak_hmac, &options.purposes)
            };
            let place = || if is_doubled { format!("keys[{index}]") } else { place(index, entry) };
            found.take(place, key);
        }
        found.finish()
    }

    fn from_pem_by_kid(root: Value<'_>, options: &JwksOptions) -> Result<Self, KeyError> {
        let is_pem = |value: Value<'_>| {
            value.as_str().is_some_and(|text| text.trim_start().starts_with("-----BEGIN "))
        };
        let mut members = root.members().into_iter().flatten().peekable();
        if members.peek().is_none() || !members.clone().all(|(_, value)| is_pem(value)) {
            return Err(KeyError(
                "the JWKS has no keys array; expected {\"keys\": [...]} (RFC 7517), or an object \
                 of PEM texts by their kid"
                    .into(),
            ));
        }
        let mut found = Found::new(options);
        for (kid, value) in members {
            let pem = value.as_str().unwrap_or_default();
            let key = Key::from_pem(pem.as_bytes(), None, Some(kid));
            let key = key.and_then(|key| {
                let private = "it holds a private key; expected a public key or a certificate";
                if key.is_private() { Err(KeyError(private.into())) } else { Ok(key) }
            });
            let shown = if kid.len() <= MAX_KID_BYTES { kid } else { "..." };
            found.take(|| format!("the PEM of kid {shown:?}"), key.map_err(JwkError::Broken));
        }
        found.finish()
    }
}

/// What was found in a document so far.
struct Found<'o> {
    options: &'o JwksOptions,
    keys: Vec<Arc<Key>>,
    left_out: LeftOut,
    refused: Vec<String>,
}

impl<'o> Found<'o> {
    fn new(options: &'o JwksOptions) -> Self {
        Self { options, keys: Vec::new(), left_out: LeftOut::default(), refused: Vec::new() }
    }

    fn take(&mut self, place: impl FnOnce() -> String, key: Result<Key, JwkError>) {
        let forgiving = self.options.remote || self.options.skip_broken;
        match key {
            Ok(key) if self.options.remote && key.is_symmetric() => {
                let sentence = "a remote key set must not hold secrets";
                self.left_out.broken(format!("{}: {sentence}", place()));
            }
            Ok(key) if forgiving && self.is_crowded(&key) => {
                let sentence = format!("the kid stands for {MAX_TRIES} earlier keys already");
                self.left_out.broken(format!("{}: {sentence}", place()));
            }
            Ok(key) => self.keys.push(Arc::new(key)),
            Err(JwkError::Unusable(error)) => self.left_out.usual(format!("{}: {error}", place())),
            Err(JwkError::Broken(error)) if forgiving => {
                self.left_out.broken(format!("{}: {error}", place()));
            }
            Err(JwkError::Broken(error)) => self.refused.push(format!("{}: {error}", place())),
        }
    }

    fn finish(self) -> Result<KeySet, KeyError> {
        if self.refused.is_empty() {
            KeySet::with_left_out(self.keys, self.left_out, false)
        } else {
            Err(KeyError(self.refused.join("; ")))
        }
    }

    /// Whether its kid stands for as many keys of one algorithm as a token may be tried with.
    fn is_crowded(&self, key: &Key) -> bool {
        let same = |other: &&Arc<Key>| {
            key.kid().is_some()
                && other.kid() == key.kid()
                && !other.algorithms().intersection(key.algorithms()).is_empty()
        };
        self.keys.iter().filter(same).count() >= MAX_TRIES
    }
}

/// Names an entry so that its owner finds it.
fn place(index: usize, entry: Value<'_>) -> String {
    match entry.get("kid").and_then(Value::as_str) {
        Some(kid) if kid.len() <= MAX_KID_BYTES => format!("keys[{index}] (kid {kid:?})"),
        _ => format!("keys[{index}]"),
    }
}
