//! Request to decision: the whole hot path, in one call. A gate is immutable.

use crate::cache::TokenCache;
use crate::counters::{Counters, Label};
use crate::decision::{Answers, Decision};
use crate::error::{Error, Reason};
use crate::extract::{HeaderNames, Sources};
use crate::headers::{Header, Headers, are_one};
use crate::identity::check_sum;
use crate::keyset::KeySet;
use crate::original::{Original, OriginalHeaders};
use crate::overrides::{Demands, Overrides, Refused};
use crate::policy::{Denial, Policy};
use crate::preflight::Preflight;
use crate::request::Request;
use crate::revocation::RevocationList;
use crate::routes::Routes;
use crate::rule::Subject;
use crate::settings::GateSettings;
use crate::verified::Verified;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;
use undecided::Shadow;

mod build;
mod undecided;

/// Decides on requests.
#[derive(Debug)]
pub struct Gate {
    headers: HeaderNames,
    sources: Sources,
    original: Option<OriginalHeaders>,
    routes: Option<Routes>,
    /// The policy that stands for all routes where every one of them leads to one in shadow mode.
    shadow: Option<Shadow>,
    /// In the order of their names.
    policies: Vec<Policy>,
    default: Option<usize>,
    overrides: Option<Overrides>,
    preflight: Preflight,
    lasting: Lasting,
    answers: Answers,
    counters: Counters,
}

/// What outlives a gate.
#[derive(Clone, Debug, Default)]
pub struct Lasting {
    /// Each of them is asked about every token that verifies.
    pub revocation: Vec<Arc<RevocationList>>,
    /// Where verified tokens are kept.
    pub cache: Option<Arc<TokenCache>>,
}

/// The policy of a request that names none.
const DEFAULT_POLICY: &str = "default";

impl Gate {
    /// Compiles the settings with each issuer's key set, `None` where it was never loaded.
    ///
    /// # Errors
    /// Everything that is wrong, as (path, message).
    pub fn build(
        settings: &GateSettings,
        keys: &HashMap<String, Option<Arc<KeySet>>>,
        lasting: Lasting,
    ) -> Result<Self, Vec<(String, String)>> {
        build::build(settings, keys, lasting)
    }

    /// The request headers that a decision needs, and their aliases.
    #[must_use]
    pub const fn header_names(&self) -> &HeaderNames {
        &self.headers
    }

    /// Names, in lower case, of the request headers that a decision needs.
    #[must_use]
    pub fn request_headers(&self) -> &[Box<str>] {
        self.headers.as_slice()
    }

    /// The policies' names; a decision's `policy` is an index into them.
    pub fn policies(&self) -> impl Iterator<Item = &str> {
        self.policies.iter().map(|policy| &*policy.name)
    }

    /// What each decision counter counts, in the order of a snapshot.
    #[must_use]
    pub fn counter_labels(&self) -> Vec<Label> {
        Counters::labels(self.policies.iter().map(|policy| (&*policy.name, policy.shadow)))
    }

    /// Counts a decision; whoever has a clock says how long it took.
    pub fn count(&self, decision: &Decision, took: Duration) {
        self.counters.count(decision.policy, decision.reason, took);
    }

    /// The counters.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Decides; `now` is in seconds since 1970. Whatever the request holds, there is an answer:
    /// a panic is caught and answered with the unavailable status.
    #[must_use]
    pub fn decide(&self, request: &Request<'_>, now: f64) -> Decision {
        catch_unwind(AssertUnwindSafe(|| self.answer(request, now)))
            .unwrap_or_else(|_| self.answers.deny(None, &Error::from(Reason::InternalError).into()))
    }

    /// The answer of a front door that failed itself.
    #[must_use]
    pub fn internal_error(&self) -> Decision {
        self.answers.deny(None, &Error::from(Reason::InternalError).into())
    }

    /// Whether a decision needs to know who sent the subrequest.
    #[must_use]
    pub const fn needs_peer(&self) -> bool {
        self.original.is_some()
    }

    fn answer(&self, request: &Request<'_>, now: f64) -> Decision {
        let original = self.original.as_ref().map(|headers| headers.read(request));
        let original = match original.transpose() {
            Ok(original) => original.flatten(),
            Err(error) => return self.undecided(request, &error),
        };
        let index = match self.choose(request, original.as_ref()) {
            Ok(index) => index,
            Err(error) => return self.undecided(request, &error),
        };
        let Some(policy) = self.policies.get(index) else {
            return self.answers.deny(None, &Error::from(Reason::NoPolicy).into());
        };
        match self.check(policy, request, original.as_ref(), now) {
            Ok(headers) => Decision::allowed(index, headers),
            Err(denial) if policy.shadow => {
                // Identity headers are sent empty: a request that was not let in is nobody's.
                let identity = policy.identity.headers(None).unwrap_or_default();
                let headers = self.answers.allowed(identity);
                Decision::allowed(index, headers).although(denial.error)
            }
            Err(denial) => self.answers.deny(Some(index), &denial),
        }
    }

    /// The index of the policy that decides.
    fn choose(
        &self,
        request: &Request<'_>,
        original: Option<&Original<'_>>,
    ) -> Result<usize, Error> {
        let found = match (request.policy, &self.routes) {
            (Some(name), _) => index_of(&self.policies, name),
            (None, None) => self.default,
            (None, Some(routes)) => {
                let original = original.ok_or_else(|| {
                    let detail = "The proxy does not tell the original request.";
                    Error::with_detail(Reason::BadOriginalRequest, detail)
                })?;
                Some(routes.choose(original)?.policy)
            }
        };
        found.ok_or_else(|| Reason::NoPolicy.into())
    }

    /// The headers of the 200, if it is one.
    fn check<'p>(
        &self,
        policy: &'p Policy,
        request: &Request<'_>,
        original: Option<&Original<'_>>,
        now: f64,
    ) -> Result<Headers, Denial<'p>> {
        let query = original.map_or(&[][..], |original| original.query);
        let identity = match self.sources.token(request.headers, query) {
            Ok(token) => return self.check_token(policy, request, original, &token, now),
            Err(error) if error.reason() != Reason::MissingToken => return Err(error.into()),
            Err(_) if policy.preflight && self.preflight.is(request, original) => {
                policy.identity.headers(None)?
            }
            Err(error) if policy.optional => {
                let demands = self.demands(request)?;
                // Nobody has none of the claims that the proxy asks for.
                if demands.as_ref().is_some_and(|(_, demands)| demands.name_claims()) {
                    return Err(error.into());
                }
                identity(policy, demands.as_ref(), None)?
            }
            Err(error) => return Err(error.into()),
        };
        Ok(self.answers.allowed(identity))
    }

    fn check_token<'p>(
        &self,
        policy: &'p Policy,
        request: &Request<'_>,
        original: Option<&Original<'_>>,
        token: &[u8],
        now: f64,
    ) -> Result<Headers, Denial<'p>> {
        // What the query asks for is in no answer that was kept, nor what a rule says of a request.
        let alike = self.overrides.is_none() && !policy.looks_at_request;
        let recent = self.lasting.cache.as_ref().filter(|_| alike);
        let again = |verified: &Verified| self.check_again(policy, verified, now);
        if let Some(answer) = recent.and_then(|cache| cache.recall(token, policy.number, again)) {
            return Ok(Headers::Ready(answer?));
        }
        let (verified, known) = match &self.lasting.cache {
            Some(cache) => policy.verifier.verify_cached(cache, token, now)?,
            None => (Arc::new(policy.verifier.verify(token, now)?), false),
        };
        self.check_revocation(&verified, now)?;
        let claims = verified.claims().root();
        let subject = Subject::new(claims, request.headers, original);
        policy.check(&subject)?;
        // Read late: a bad token costs no reading, and whoever sends one hears of the token.
        let demands = self.demands(request)?;
        if demands.as_ref().is_some_and(|(_, demands)| !demands.hold(&subject)) {
            return Err(Error::from(Reason::PolicyDenied).into());
        }
        let headers = self.answers.allowed(identity(policy, demands.as_ref(), Some(&verified))?);
        match recent {
            // A token that came once may never come again.
            Some(cache) if known => {
                let ready = headers.into_ready();
                cache.remember(token, policy.number, &verified, &ready);
                Ok(Headers::Ready(ready))
            }
            _ => Ok(headers),
        }
    }

    /// What the query asks for.
    fn demands(
        &self,
        request: &Request<'_>,
    ) -> Result<Option<(&Overrides, Arc<Demands>)>, Refused> {
        let overrides = self.overrides.as_ref();
        overrides.map(|all| Ok((all, all.demands(request.query)?))).transpose()
    }

    /// Whether a token that a policy let in is good still.
    fn check_again(&self, policy: &Policy, verified: &Verified, now: f64) -> Result<(), Error> {
        policy.verifier.check_again(verified, now)?;
        self.check_revocation(verified, now)
    }

    fn check_revocation(&self, verified: &Verified, now: f64) -> Result<(), Error> {
        let mut lists = self.lasting.revocation.iter();
        lists.try_for_each(|list| list.check(verified, now))
    }
}

/// The index of a policy among those in the order of their names.
fn index_of(policies: &[Policy], name: &str) -> Option<usize> {
    policies.binary_search_by(|policy| (*policy.name).cmp(name)).ok()
}

/// The policy's identity headers, and those that the query asks for.
fn identity<'p>(
    policy: &'p Policy,
    demands: Option<&(&Overrides, Arc<Demands>)>,
    verified: Option<&Verified>,
) -> Result<Vec<Header>, Denial<'p>> {
    let claims = verified.map(|verified| verified.claims().root());
    let own = verified.map_or(&policy.identity, |verified| policy.identity_of(verified));
    let mut headers = own.headers(claims)?;
    if let Some((overrides, demands)) = demands {
        for (name, value) in overrides.headers(demands, claims)? {
            // The policy's own headers cannot be redefined from outside, under no name.
            if headers.iter().any(|(known, _)| are_one(known.as_bytes(), name.as_bytes())) {
                return Err(Refused("The subrequest names a header that the policy sets.").into());
            }
            headers.push((name, value));
        }
    }
    check_sum(&headers, policy.max_identity_bytes)?;
    Ok(headers)
}
