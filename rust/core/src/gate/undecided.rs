//! Requests that no policy decides on: no route fits, or nobody can say which one does.

use super::{Gate, index_of};
use crate::decision::Decision;
use crate::error::Error;
use crate::headers::Header;
use crate::original::Original;
use crate::policy::Policy;
use crate::request::Request;
use crate::routes::Chosen;
use std::collections::BTreeMap;

/// Policies in shadow mode that stand for one another.
#[derive(Debug)]
pub(super) struct Shadow {
    /// The one that is told.
    policy: usize,
    /// The identity headers of all of them, empty.
    identity: Vec<Header>,
}

impl Shadow {
    /// Where every one of some policies is in shadow mode.
    pub fn of_all(policies: &[Policy], indexes: impl Iterator<Item = usize>) -> Option<Self> {
        let mut first = None;
        let mut identity = BTreeMap::new();
        for index in indexes {
            let policy = policies.get(index).filter(|policy| policy.shadow)?;
            first.get_or_insert(index);
            identity.extend(policy.identity.headers(None).unwrap_or_default());
        }
        Some(Self { policy: first?, identity: identity.into_iter().collect() })
    }
}

impl Gate {
    /// The answer to such a request: a 200 that nobody passes with where every policy that could
    /// have decided promises one, and otherwise a denial.
    pub(super) fn undecided(&self, request: &Request<'_>, error: &Error) -> Decision {
        let one = |index: usize| Shadow::of_all(&self.policies, [index].into_iter());
        let own = match (request.policy, &self.routes) {
            (Some(name), _) => index_of(&self.policies, name).and_then(one),
            (None, None) => self.default.and_then(one),
            (None, Some(_)) => None,
        };
        let routed = self.shadow.as_ref().filter(|_| request.policy.is_none());
        match own.as_ref().or(routed) {
            None => self.answers.deny(None, &error.clone().into()),
            Some(shadow) => {
                let headers = self.answers.allowed(shadow.identity.clone());
                Decision::allowed(shadow.policy, headers).although(error.clone())
            }
        }
    }

    /// The route and the policy that decide on a request of which everything is known; `target` is
    /// its URL, or its path where the host is not known. No route where there are none.
    ///
    /// # Errors
    /// `bad_original_request` or `no_policy`, as `/validate` would answer.
    pub fn route(&self, method: &str, target: &[u8]) -> Result<(Option<usize>, usize), Error> {
        let mut original = Original::read(target, None)?;
        original.method = Some(method);
        match (&self.routes, self.default) {
            (Some(routes), _) => {
                let Chosen { route, policy } = routes.choose(&original)?;
                Ok((Some(route), policy))
            }
            (None, Some(policy)) => Ok((None, policy)),
            (None, None) => Err(crate::error::Reason::NoPolicy.into()),
        }
    }
}
