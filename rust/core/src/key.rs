//! One key, bound at load to the algorithms it may verify, parsed once and ready to use.

use crate::algorithm::{Algorithm, AlgorithmSet};
use crate::claims::IssuerName;
use aws_lc_rs::signature::ParsedPublicKey;
use aws_lc_rs::{digest, hmac};
use base64_simd::URL_SAFE_NO_PAD;
use std::fmt;

mod jwk;
mod pem;
mod public;
mod secret;
mod signer;

pub use jwk::{JwkError, MAX_KID_BYTES, Purposes};
pub use public::PublicKey;
pub use signer::SigningError;

use signer::Signer;

/// Why a key cannot be used; what is wrong, and what would be right. Never quotes key material.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeyError(pub String);

impl KeyError {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// What a signature is checked with: parsed, so that a check only computes.
enum Check {
    Hmac(Box<hmac::Key>),
    Public(ParsedPublicKey),
}

/// A key that verifies, and signs where its private half was given. Immutable.
pub struct Key {
    kid: Option<Box<str>>,
    /// The one algorithm it was bound to by name; its type alone binds it otherwise.
    bound: Option<Algorithm>,
    algorithms: AlgorithmSet,
    checks: Vec<(Algorithm, Check)>,
    public: Option<PublicKey>,
    signer: Option<Signer>,
    of_issuer: Option<IssuerName>,
}

impl Key {
    /// Binds a public key: to `algorithm` where given, else to all that its type allows.
    fn from_public(
        public: PublicKey,
        algorithm: Option<Algorithm>,
        kid: Option<&str>,
    ) -> Result<Self, KeyError> {
        let possible = public.algorithms();
        let wanted: Vec<Algorithm> = match algorithm {
            Some(one) if possible.contains(&one) => vec![one],
            Some(one) => return Err(misfit(one, public.kind(), possible)),
            None => possible.to_vec(),
        };
        let algorithms = wanted.iter().copied().collect();
        let checks = wanted
            .into_iter()
            // Both names of Ed25519 are one algorithm, and need one parsed key.
            .filter(|&one| one != Algorithm::Ed25519 || algorithm.is_some())
            .map(|one| Ok((one, Check::Public(public.parse_for(one)?))))
            .collect::<Result<_, KeyError>>()?;
        let kid = checked_kid(kid)?;
        Ok(Self {
            kid,
            bound: algorithm,
            algorithms,
            checks,
            public: Some(public),
            signer: None,
            of_issuer: None,
        })
    }

    fn with_signer(mut self, signer: Signer) -> Self {
        self.signer = Some(signer);
        self
    }

    /// The issuer whose it is alone: the member `issuer` of a JWK, as Entra writes it.
    #[must_use]
    pub const fn of_issuer(&self) -> Option<&IssuerName> {
        self.of_issuer.as_ref()
    }

    /// The key's id.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The one algorithm that it was bound to by name.
    #[must_use]
    pub const fn bound_algorithm(&self) -> Option<Algorithm> {
        self.bound
    }

    /// Every algorithm that a token may name to be checked with this key.
    #[must_use]
    pub const fn algorithms(&self) -> AlgorithmSet {
        self.algorithms
    }

    /// Whether it can sign.
    #[must_use]
    pub const fn is_private(&self) -> bool {
        self.signer.is_some()
    }

    /// Whether it is a shared secret.
    #[must_use]
    pub const fn is_symmetric(&self) -> bool {
        self.public.is_none()
    }

    /// The public half; a secret has none.
    #[must_use]
    pub const fn public(&self) -> Option<&PublicKey> {
        self.public.as_ref()
    }

    /// A text that two keys share where whatever one signs, the other verifies: the thumbprint of
    /// a public key (RFC 7638), and of a secret what nobody can tell it by, never to be shown.
    pub(crate) fn identity(&self) -> String {
        let text = |tag: &[u8]| URL_SAFE_NO_PAD.encode_to_string(tag);
        match (&self.public, self.checks.first()) {
            (Some(public), _) => {
                let members = public.jwk_members().into_iter();
                let members: Vec<_> =
                    members.map(|(name, value)| format!("\"{name}\":\"{value}\"")).collect();
                let jwk = format!("{{{}}}", members.join(","));
                text(digest::digest(&digest::SHA256, jwk.as_bytes()).as_ref())
            }
            (None, Some((_, Check::Hmac(key)))) => text(hmac::sign(key, b"identity").as_ref()),
            (None, _) => String::new(),
        }
    }

    /// Checks a signature. An algorithm that the key is not bound to never verifies.
    ///
    /// # Errors
    /// `SignatureMismatch`, whatever the cause.
    pub fn verify(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), SignatureMismatch> {
        let same = |&&(one, _): &&(Algorithm, Check)| {
            [one].into_iter().collect::<AlgorithmSet>().contains(algorithm)
        };
        match self.checks.iter().find(same) {
            Some((_, Check::Public(key))) => key.verify_sig(message, signature),
            Some((_, Check::Hmac(key))) => hmac::verify(key, message, signature),
            None => return Err(SignatureMismatch),
        }
        .map_err(|_| SignatureMismatch)
    }
}

/// A signature that does not verify; says no more, so that nobody can ask it more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignatureMismatch;

impl fmt::Debug for Key {
    /// Tells what it is, never what it holds.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.algorithms.iter().map(Algorithm::name).collect();
        out.debug_struct("Key")
            .field("kid", &self.kid)
            .field("algorithms", &names)
            .field("private", &self.is_private())
            .finish_non_exhaustive()
    }
}

fn misfit(algorithm: Algorithm, kind: &str, possible: &[Algorithm]) -> KeyError {
    let names: Vec<_> = possible.iter().map(|one| one.name()).collect();
    KeyError(format!("{kind} cannot be used with {algorithm}; it takes {}", names.join(", ")))
}

fn checked_kid(kid: Option<&str>) -> Result<Option<Box<str>>, KeyError> {
    match kid {
        Some(long) if long.len() > MAX_KID_BYTES => {
            Err(KeyError(format!("the kid is longer than {MAX_KID_BYTES} bytes")))
        }
        other => Ok(other.map(Into::into)),
    }
}
