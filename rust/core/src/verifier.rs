//! The one path from a token's text to verified claims.

use crate::algorithm::AlgorithmSet;
use crate::claims::{self, Checks};
use crate::error::{Error, Reason};
use crate::json::{Document, Value};
use crate::keyset::KeySet;
use crate::token::{Header, Segments};
use std::sync::Arc;

/// Whom to believe: an issuer's keys, and what its tokens must fulfil.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// Its keys; `None` while they were never loaded.
    pub keys: Option<Arc<KeySet>>,
    /// Algorithms allowed beyond what the keys themselves are bound to.
    pub algorithms: AlgorithmSet,
    /// What registered claims must fulfil.
    pub checks: Checks,
}

impl Issuer {
    /// Checks the signature, and nothing else.
    fn verify_signature(&self, segments: &Segments<'_>, header: &Header) -> Result<(), Error> {
        let keys = self.keys.as_ref().ok_or(Reason::KeysUnavailable)?;
        let algorithm = header.algorithm();
        if !self.algorithms.intersection(keys.algorithms()).contains(algorithm) {
            return Err(Reason::AlgorithmNotAllowed.into());
        }
        keys.verify(header.kid(), algorithm, segments.signed(), &segments.signature()?)
    }

    fn is_named(&self, iss: Option<&str>) -> bool {
        let accepted = self.checks.issuers.as_deref();
        iss.is_some_and(|iss| accepted.is_some_and(|all| all.iter().any(|one| &**one == iss)))
    }
}

/// A token whose signature and registered claims hold.
#[derive(Clone, Debug)]
pub struct Verified {
    claims: Document,
    header: Header,
}

impl Verified {
    /// Every claim.
    #[must_use]
    pub const fn claims(&self) -> &Document {
        &self.claims
    }

    /// The header that the signature covers.
    #[must_use]
    pub const fn header(&self) -> &Header {
        &self.header
    }
}

/// Verifies tokens of one issuer, or of several that `iss` tells apart.
#[derive(Clone, Debug)]
pub struct Verifier {
    issuers: Vec<Arc<Issuer>>,
    max_token_bytes: usize,
}

impl Verifier {
    /// Takes the issuers; where there are several, each must name its `iss`.
    #[must_use]
    pub const fn new(issuers: Vec<Arc<Issuer>>, max_token_bytes: usize) -> Self {
        Self { issuers, max_token_bytes }
    }

    /// Verifies a token; `now` is in seconds since 1970.
    ///
    /// # Errors
    /// The reason of the first check that fails: size and form, header, algorithm, key,
    /// signature, then the claims as `Checks::check` orders them.
    pub fn verify(&self, token: &[u8], now: f64) -> Result<Verified, Error> {
        let segments = Segments::split(token, self.max_token_bytes)?;
        let header = segments.header()?;
        let (issuer, claims) = match self.issuers.as_slice() {
            [only] => {
                only.verify_signature(&segments, &header)?;
                (only, claims::parse(segments.payload()?)?)
            }
            // The claim is read before the signature holds, only to choose whose keys must check it.
            several => {
                let claims = claims::parse(segments.payload()?)?;
                let iss = claims.root().get("iss").and_then(Value::as_str);
                let issuer = several.iter().find(|issuer| issuer.is_named(iss));
                let issuer = issuer.ok_or(Reason::WrongIssuer)?;
                issuer.verify_signature(&segments, &header)?;
                (issuer, claims)
            }
        };
        issuer.checks.check(&claims, header.typ(), now)?;
        Ok(Verified { claims, header })
    }

    /// Verifies only the signature, for payloads that are not claims (RFC 7515 section 5.2).
    ///
    /// # Errors
    /// As `verify`, up to `invalid_signature`.
    pub fn verify_jws(&self, token: &[u8]) -> Result<Vec<u8>, Error> {
        let segments = Segments::split(token, self.max_token_bytes)?;
        let header = segments.header()?;
        let issuer = self.issuers.first().ok_or(Reason::UnknownKey)?;
        issuer.verify_signature(&segments, &header)?;
        segments.payload()
    }

    /// Whether checking is cheap: a shared secret, not a public key.
    #[must_use]
    pub fn is_symmetric(&self) -> bool {
        let symmetric = |issuer: &Arc<Issuer>| {
            issuer
                .keys
                .as_ref()
                .is_some_and(|keys| keys.keys().iter().all(|key| key.is_symmetric()))
        };
        self.issuers.iter().all(symmetric)
    }
}
