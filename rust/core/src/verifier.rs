//! The one path from a token's text to verified claims.

use crate::algorithm::AlgorithmSet;
use crate::cache::TokenCache;
use crate::claims::{self, Checks};
use crate::error::{Error, Reason};
use crate::header_memo::HeaderMemo;
use crate::identity::Identity;
use crate::json::Document;
use crate::keyset::KeySet;
use crate::rule::{Rule, Subject};
use crate::signatory::Signatory;
use crate::token::{Header, Segments};
use crate::verified::Verified;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Whom to believe: an issuer's keys, and what its tokens must fulfil.
#[derive(Debug)]
pub struct Issuer {
    /// Different in every issuer that was ever made: the same settings with other keys, or of
    /// another gate, are another issuer. What is cached is good for one alone.
    generation: u64,
    keys: Option<Arc<KeySet>>,
    /// What is told of each of the keys, in their order.
    signatories: Box<[Arc<Signatory>]>,
    algorithms: AlgorithmSet,
    checks: Checks,
    /// What its tokens must fulfil besides. No rule looks at a request: what verified is kept.
    rules: Vec<Rule>,
    /// What its policies tell the upstream besides.
    identity: Identity,
}

impl Issuer {
    /// Takes its keys (`None` while they were never loaded), the algorithms that are allowed of
    /// those that the keys are bound to, and what registered claims must fulfil.
    #[must_use]
    pub fn new(keys: Option<Arc<KeySet>>, algorithms: AlgorithmSet, checks: Checks) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let generation = NEXT.fetch_add(1, Ordering::Relaxed);
        let signatories = keys.as_ref().map(|keys| Signatory::of_keys(keys, &checks, generation));
        let signatories = signatories.unwrap_or_default();
        Self {
            generation,
            keys,
            signatories,
            algorithms,
            checks,
            rules: Vec::new(),
            identity: Identity::default(),
        }
    }

    /// The same, whose tokens must fulfil rules too; one that looks at a request holds for none.
    #[must_use]
    pub fn with_rules(self, rules: Vec<Rule>) -> Self {
        Self { rules, ..self }
    }

    /// The same, with identity headers of its own.
    #[must_use]
    pub fn with_identity(self, identity: Identity) -> Self {
        Self { identity, ..self }
    }

    /// The identity headers that its policies add to their own.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// See there.
    pub(crate) const fn generation(&self) -> u64 {
        self.generation
    }

    /// What its tokens must fulfil.
    #[must_use]
    pub const fn checks(&self) -> &Checks {
        &self.checks
    }

    /// Checks the signature, and nothing else; tells whose it is.
    fn verify_signature(
        &self,
        segments: &Segments<'_>,
        header: &Header,
    ) -> Result<&Arc<Signatory>, Error> {
        let keys = self.keys.as_ref().ok_or(Reason::KeysUnavailable)?;
        let algorithm = header.algorithm();
        if !self.algorithms.intersection(keys.algorithms()).contains(algorithm) {
            return Err(Reason::AlgorithmNotAllowed.into());
        }
        let index =
            keys.verify(header.kid(), algorithm, segments.signed(), &segments.signature()?)?;
        self.signatories.get(index).ok_or_else(|| Reason::UnknownKey.into())
    }

    /// Checks its rules: a token that misses one was not made for us.
    fn check_rules(&self, claims: &Document) -> Result<(), Error> {
        if self.rules.is_empty() {
            return Ok(());
        }
        let subject = Subject::from(claims.root());
        let missed = self.rules.iter().enumerate().find(|(_, rule)| !rule.holds(&subject));
        let Some((index, rule)) = missed else { return Ok(()) };
        Err(match rule.message(&subject) {
            Some(message) => Error::told(Reason::WrongAudience, message),
            None => Error::with_detail(
                Reason::WrongAudience,
                format!("The rule require[{index}] of the issuer does not hold."),
            ),
        })
    }

    fn is_symmetric(&self) -> bool {
        self.keys.as_ref().is_some_and(|keys| keys.keys().iter().all(|key| key.is_symmetric()))
    }

    /// Whether an `iss` could name either.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        let names = (&self.checks.issuers, &other.checks.issuers);
        let (Some(own), Some(others)) = names else { return true };
        own.iter().any(|one| others.iter().any(|other| one.meets(other)))
    }

    fn is_named(&self, iss: &str) -> bool {
        let accepted = self.checks.issuers.as_deref();
        accepted.is_some_and(|all| all.iter().any(|one| one.names(iss)))
    }
}

/// Verifies tokens of one issuer, or of several that `iss` tells apart.
#[derive(Debug)]
pub struct Verifier {
    issuers: Vec<Arc<Issuer>>,
    max_token_bytes: usize,
    symmetric: bool,
    headers: HeaderMemo,
}

impl Verifier {
    /// Takes the issuers; where there are several, each must name its `iss`.
    #[must_use]
    pub fn new(issuers: Vec<Arc<Issuer>>, max_token_bytes: usize) -> Self {
        let symmetric = issuers.iter().all(|issuer| issuer.is_symmetric());
        Self { issuers, max_token_bytes, symmetric, headers: HeaderMemo::default() }
    }

    /// Verifies a token; `now` is in seconds since 1970.
    ///
    /// # Errors
    /// The reason of the first check that fails: size and form, header, algorithm, key,
    /// signature, then the claims as `Checks::check` orders them.
    pub fn verify(&self, token: &[u8], now: f64) -> Result<Verified, Error> {
        let segments = Segments::split(token, self.max_token_bytes)?;
        let (header, known) = self.header(&segments)?;
        let (issuer, signatory, claims) = match self.issuers.as_slice() {
            [only] => {
                let signatory = self.check_signature(&segments, only, &header, known)?;
                (only, signatory, claims::parse(segments.payload()?)?)
            }
            // The claim is read before the signature holds, only to choose whose keys must check it.
            several => {
                let claims = claims::parse(segments.payload()?)?;
                let iss = claims::issuer(&claims)?;
                let issuer = several.iter().find(|issuer| issuer.is_named(iss));
                let issuer = issuer.ok_or(Reason::WrongIssuer)?;
                let signatory = self.check_signature(&segments, issuer, &header, known)?;
                (issuer, signatory, claims)
            }
        };
        let times = issuer.checks.check(&claims, header.typ(), now)?;
        signatory.check_issuer(&claims)?;
        issuer.check_rules(&claims)?;
        Ok(Verified { claims, header, times, signatory: signatory.clone() })
    }

    /// Verifies a token, or finds that one of these issuers verified it before (then the flag is
    /// true): its times are checked again, for they alone can have changed the verdict.
    ///
    /// # Errors
    /// As `verify`.
    pub fn verify_cached(
        &self,
        cache: &TokenCache,
        token: &[u8],
        now: f64,
    ) -> Result<(Arc<Verified>, bool), Error> {
        let sized = token.len() <= self.max_token_bytes;
        if let Some(verified) = sized.then(|| cache.find(token)).flatten()
            && let Some(issuer) = self.issuer_of(&verified)
        {
            issuer.checks.check_times(verified.times, now)?;
            return Ok((verified, true));
        }
        Ok((cache.keep(token, self.verify(token, now)?), false))
    }

    /// Checks the times of a token that one of these issuers verified.
    ///
    /// # Errors
    /// As `Checks::check_times`; `unknown_key` for another issuer's.
    pub fn check_again(&self, verified: &Verified, now: f64) -> Result<(), Error> {
        let issuer = self.issuer_of(verified).ok_or(Reason::UnknownKey)?;
        issuer.checks.check_times(verified.times, now)
    }

    fn issuer_of(&self, verified: &Verified) -> Option<&Arc<Issuer>> {
        self.issuers.iter().find(|issuer| issuer.generation == verified.signatory.generation)
    }

    /// Verifies only the signature, for payloads that are not claims (RFC 7515 section 5.2).
    ///
    /// # Errors
    /// As `verify`, up to `invalid_signature`.
    pub fn verify_jws(&self, token: &[u8]) -> Result<Vec<u8>, Error> {
        let segments = Segments::split(token, self.max_token_bytes)?;
        let issuer = self.issuers.first().ok_or(Reason::UnknownKey)?;
        let (header, known) = self.header(&segments)?;
        self.check_signature(&segments, issuer, &header, known)?;
        segments.payload()
    }

    /// The header, and whether it stood under a signature that held before.
    fn header(&self, segments: &Segments<'_>) -> Result<(Arc<Header>, bool), Error> {
        match self.headers.find(segments.header_text()) {
            Some(header) => Ok((header, true)),
            None => Ok((Arc::new(segments.header()?), false)),
        }
    }

    /// Checks the signature over a header, and keeps the header where it is new.
    fn check_signature<'i>(
        &self,
        segments: &Segments<'_>,
        issuer: &'i Issuer,
        header: &Arc<Header>,
        known: bool,
    ) -> Result<&'i Arc<Signatory>, Error> {
        let signatory = issuer.verify_signature(segments, header)?;
        if !known {
            self.headers.keep(header);
        }
        Ok(signatory)
    }

    /// Whether checking is cheap: a shared secret, not a public key.
    #[must_use]
    pub const fn is_symmetric(&self) -> bool {
        self.symmetric
    }
}
