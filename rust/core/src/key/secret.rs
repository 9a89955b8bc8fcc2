//! HMAC secrets (RFC 7518 section 3.2), and what must not be taken for one.

use super::signer::Signer;
use super::{Check, Key, KeyError, checked_kid};
use crate::algorithm::Algorithm;
use aws_lc_rs::hmac;

mod disguise;
mod wrapping;

impl Key {
    /// Takes the octets of a shared secret.
    ///
    /// # Errors
    /// `KeyError` for an asymmetric algorithm, for a public key given as a secret (key
    /// confusion), and for a secret shorter than the hash unless `allow_weak` is set.
    pub fn from_secret(
        secret: &[u8],
        algorithm: Algorithm,
        kid: Option<&str>,
        allow_weak: bool,
    ) -> Result<Self, KeyError> {
        let Some(least) = algorithm.secret_length() else {
            return Err(KeyError(format!(
                "a secret cannot be used with {algorithm}; it takes HS256, HS384 or HS512"
            )));
        };
        refuse_key_material(secret)?;
        if secret.is_empty() {
            return Err(KeyError::new("the secret is empty"));
        }
        if secret.len() < least && !allow_weak {
            return Err(KeyError(format!(
                "the secret has {} bytes, and {algorithm} needs at least {least} (RFC 7518 section 3.2)",
                secret.len()
            )));
        }
        Self::from_secret_for(secret, &[algorithm], Some(algorithm), kid)
    }

    /// Takes a secret whose JWK names no algorithm: it serves those that its length allows.
    pub(super) fn from_unbound_secret(
        secret: &[u8],
        kid: Option<&str>,
        allow_weak: bool,
    ) -> Result<Self, KeyError> {
        refuse_key_material(secret)?;
        let fits = |one: &Algorithm| one.secret_length().is_some_and(|least| least <= secret.len());
        let all = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
        let possible: Vec<_> = all.into_iter().filter(fits).collect();
        if possible.is_empty() {
            return Self::from_secret(secret, Algorithm::HS256, kid, allow_weak);
        }
        Self::from_secret_for(secret, &possible, None, kid)
    }

    fn from_secret_for(
        secret: &[u8],
        algorithms: &[Algorithm],
        bound: Option<Algorithm>,
        kid: Option<&str>,
    ) -> Result<Self, KeyError> {
        let check = |&one: &Algorithm| {
            let digest = match one {
                Algorithm::HS384 => hmac::HMAC_SHA384,
                Algorithm::HS512 => hmac::HMAC_SHA512,
                _ => hmac::HMAC_SHA256,
            };
            (one, Check::Hmac(Box::new(hmac::Key::new(digest, secret))))
        };
        Ok(Self {
            kid: checked_kid(kid)?,
            bound,
            algorithms: algorithms.iter().copied().collect(),
            checks: algorithms.iter().map(check).collect(),
            public: None,
            signer: Some(Signer::from_secret(secret)),
            of_issuer: None,
        })
    }
}

/// A public key is no secret, nor is anything else that a key is written in.
fn refuse_key_material(secret: &[u8]) -> Result<(), KeyError> {
    disguise::key_material(secret).map_or(Ok(()), |what| {
        Err(KeyError(format!(
            "{what} was given as an HMAC secret; load it as a key, or use random bytes as the secret"
        )))
    })
}
