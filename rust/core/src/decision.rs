//! The answer to one request: status, reason, headers.

use crate::error::{Error, Reason};
use crate::headers::{Header, Headers, Ready};
use crate::policy::Denial;
use crate::settings::Mode;
use std::sync::Arc;

/// What the gate answers.
#[derive(Clone, Debug)]
pub struct Decision {
    /// 200, 401, 403 or the unavailable status.
    pub status: u16,
    /// Why it is not 200 (in shadow mode: would not have been).
    pub reason: Option<Reason>,
    /// What is known of that beyond the reason, in one sentence; nothing of the token.
    pub detail: Option<Box<str>>,
    /// The index of the policy that decided, in the gate's order.
    pub policy: Option<usize>,
    /// Every header of the answer.
    pub headers: Headers,
}

impl Decision {
    /// A 200 of a policy.
    pub(crate) const fn allowed(policy: usize, headers: Headers) -> Self {
        Self { status: 200, reason: None, detail: None, policy: Some(policy), headers }
    }

    /// The same, with why it should not have been.
    pub(crate) fn although(self, error: Error) -> Self {
        Self { reason: Some(error.reason()), detail: error.into_detail(), ..self }
    }
}

/// Writes the answers of one gate; what does not depend on the token is made once.
#[derive(Debug)]
pub struct Answers {
    mode: Mode,
    realm: String,
    unavailable_status: u16,
    /// Headers of each reason, in the order of `Reason::ALL`.
    denials: Vec<Arc<Ready>>,
    /// Headers of a 200 without identity.
    allowed: Arc<Ready>,
}

/// A challenge names scopes that take so much at most: a proxy buffers the whole head.
const MAX_SCOPE_BYTES: usize = 4096;

fn header(name: &str, value: impl Into<String>) -> Header {
    (name.into(), value.into())
}

impl Answers {
    /// `realm` must be safe inside a quoted string.
    pub(crate) fn new(mode: Mode, realm: &str, unavailable_status: u16) -> Self {
        let allowed = match mode {
            Mode::Standard => vec![header("cache-control", "no-store")],
            Mode::Legacy => vec![],
        };
        let allowed = Arc::new(allowed.into());
        let mut answers =
            Self { mode, realm: realm.into(), unavailable_status, denials: Vec::new(), allowed };
        let denial = |&reason| Arc::new(answers.denial_headers(reason, &[], None).into());
        answers.denials = Reason::ALL.iter().map(denial).collect();
        answers
    }

    fn denial_headers(
        &self,
        reason: Reason,
        scopes: &[Box<str>],
        message: Option<&str>,
    ) -> Vec<Header> {
        if self.mode == Mode::Legacy {
            return Vec::new();
        }
        let mut headers = vec![
            header("cache-control", "no-store"),
            header("content-type", "application/problem+json"),
        ];
        if let Some(challenge) = self.challenge(reason, scopes, message) {
            headers.push(header("www-authenticate", challenge));
        }
        headers
    }

    /// RFC 6750 section 3: who sent nothing is told no error, who sent a token is told which.
    fn challenge(
        &self,
        reason: Reason,
        scopes: &[Box<str>],
        message: Option<&str>,
    ) -> Option<String> {
        let error = match (reason, reason.status()) {
            (Reason::MissingToken, _) => return Some(format!("Bearer realm=\"{}\"", self.realm)),
            (Reason::PolicyDenied, _) => "insufficient_scope",
            (_, 401) => "invalid_token",
            _ => return None,
        };
        let scopes = scopes.join(" ");
        let scope = if scopes.is_empty() || scopes.len() > MAX_SCOPE_BYTES {
            String::new()
        } else {
            format!(", scope=\"{scopes}\"")
        };
        Some(format!(
            "Bearer realm=\"{}\", error=\"{error}\", error_description=\"{}: {}\"{scope}",
            self.realm,
            reason.code(),
            message.unwrap_or(reason.sentence())
        ))
    }

    /// The headers of a 200 with this identity.
    pub(crate) fn allowed(&self, identity: Vec<Header>) -> Headers {
        if identity.is_empty() {
            return Headers::Ready(self.allowed.clone());
        }
        let mut headers = identity;
        headers.extend_from_slice(&self.allowed);
        Headers::Own(headers)
    }

    pub(crate) fn deny(&self, policy: Option<usize>, denial: &Denial<'_>) -> Decision {
        let Denial { error, scopes, message } = denial;
        let message = message.or_else(|| error.told_detail());
        let reason = error.reason();
        let status = match (self.mode, error.status()) {
            (_, 0) => self.unavailable_status,
            (Mode::Legacy, _) => 401,
            (Mode::Standard, status) => status,
        };
        let headers = match self.denials.get(reason.index()) {
            // A claim that cannot be sent is not the token's fault: no challenge would help.
            _ if status == 403 && reason == Reason::InvalidClaim => {
                Headers::Own(self.denial_headers(Reason::NoPolicy, &[], None))
            }
            Some(ready) if scopes.is_empty() && message.is_none() => Headers::Ready(ready.clone()),
            _ => Headers::Own(self.denial_headers(reason, scopes, message)),
        };
        let detail = error.detail().map(Into::into);
        Decision { status, reason: Some(reason), detail, policy, headers }
    }
}
