//! Issuers, rules and identity headers, compiled together.

use crate::error::{Error, Reason};
use crate::identity::Identity;
use crate::rule::{Rule, Subject};
use crate::verified::Verified;
use crate::verifier::Verifier;

/// Whom to believe, what must hold, and what to tell the upstream.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is one switch of the configuration")]
pub struct Policy {
    /// Its name in the configuration.
    pub name: Box<str>,
    /// Different in every policy that was ever made: answers that were kept are good for one alone.
    pub number: u64,
    /// Verifies tokens of its issuers.
    pub verifier: Verifier,
    /// Every one must hold.
    pub rules: Vec<Rule>,
    /// A rule looks at the request too: no answer to a token is good for another request.
    pub looks_at_request: bool,
    /// What a 200 carries for nobody, and for whom an issuer has none of its own.
    pub identity: Identity,
    /// By an issuer's generation, what a 200 carries for its tokens; empty where none has its own.
    pub by_issuer: Vec<(u64, Identity)>,
    /// What all headers of that may take together.
    pub max_identity_bytes: usize,
    /// A request without a token passes as nobody.
    pub optional: bool,
    /// Every answer is 200.
    pub shadow: bool,
    /// A CORS preflight without a token passes as nobody.
    pub preflight: bool,
}

/// A policy's no, with the scopes that would have made it a yes.
#[derive(Debug)]
pub struct Denial<'p> {
    /// The reason.
    pub error: Error,
    /// Empty unless the rule that failed is a scope rule.
    pub scopes: &'p [Box<str>],
    /// What the rule that failed says of it; safe inside a quoted string.
    pub message: Option<&'p str>,
}

impl From<Error> for Denial<'_> {
    fn from(error: Error) -> Self {
        Self { error, scopes: &[], message: None }
    }
}

impl Policy {
    /// What a 200 carries for this token.
    #[must_use]
    pub fn identity_of(&self, verified: &Verified) -> &Identity {
        let generation = verified.signatory.generation;
        let own = self.by_issuer.iter().find(|(of, _)| *of == generation);
        own.map_or(&self.identity, |(_, identity)| identity)
    }

    /// Checks verified claims, and the request that they came with, against every rule.
    ///
    /// # Errors
    /// `policy_denied`.
    pub fn check(&self, subject: &Subject<'_>) -> Result<(), Denial<'_>> {
        match self.rules.iter().find(|rule| !rule.holds(subject)) {
            None => Ok(()),
            Some(rule) => Err(Denial {
                error: Reason::PolicyDenied.into(),
                scopes: rule.scopes().unwrap_or_default(),
                message: rule.message(subject),
            }),
        }
    }
}
