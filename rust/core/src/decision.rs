//! The answer to one request: status, reason, headers.

use crate::error::Reason;
use crate::policy::Denial;
use crate::settings::Mode;
use std::ops::Deref;
use std::sync::Arc;

/// A response header; the name is in lower case.
pub type Header = (Arc<str>, String);

/// The headers of an answer: of one that is ready-made, or of this one alone.
#[derive(Clone, Debug)]
pub enum Headers {
    /// The same in every such answer.
    Ready(Arc<[Header]>),
    /// Made for this one.
    Own(Vec<Header>),
}

impl Deref for Headers {
    type Target = [Header];

    fn deref(&self) -> &[Header] {
        match self {
            Self::Ready(headers) => headers,
            Self::Own(headers) => headers,
        }
    }
}

/// What the gate answers.
#[derive(Clone, Debug)]
pub struct Decision {
    /// 200, 401, 403 or the unavailable status.
    pub status: u16,
    /// Why it is not 200 (in shadow mode: would not have been).
    pub reason: Option<Reason>,
    /// The index of the policy that decided, in the gate's order.
    pub policy: Option<usize>,
    /// Every header of the answer.
    pub headers: Headers,
    /// Where the headers are the same in every such answer: which one this is, of
    /// `Answers::READY`.
    pub ready: Option<usize>,
}

/// Writes the answers of one gate; what does not depend on the token is made once.
#[derive(Debug)]
pub struct Answers {
    mode: Mode,
    realm: String,
    unavailable_status: u16,
    /// Headers of each reason, in the order of `Reason::ALL`.
    denials: Vec<Arc<[Header]>>,
    /// Headers of a 200 without identity.
    allowed: Arc<[Header]>,
}

fn header(name: &str, value: impl Into<String>) -> Header {
    (name.into(), value.into())
}

impl Answers {
    /// How many answers are ready-made: one for each reason, and the 200 without identity.
    pub const READY: usize = Reason::ALL.len().saturating_add(1);

    /// `realm` must be safe inside a quoted string.
    pub(crate) fn new(mode: Mode, realm: &str, unavailable_status: u16) -> Self {
        let allowed: Arc<[Header]> = match mode {
            Mode::Standard => [header("cache-control", "no-store")].into(),
            Mode::Legacy => [].into(),
        };
        let mut answers =
            Self { mode, realm: realm.into(), unavailable_status, denials: Vec::new(), allowed };
        answers.denials =
            Reason::ALL.iter().map(|&reason| answers.denial_headers(reason, &[], None)).collect();
        answers
    }

    fn denial_headers(
        &self,
        reason: Reason,
        scopes: &[Box<str>],
        message: Option<&str>,
    ) -> Arc<[Header]> {
        if self.mode == Mode::Legacy {
            return [].into();
        }
        let mut headers = vec![
            header("cache-control", "no-store"),
            header("content-type", "application/problem+json"),
        ];
        if let Some(challenge) = self.challenge(reason, scopes, message) {
            headers.push(header("www-authenticate", challenge));
        }
        headers.into()
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
        let scope = if scopes.is_empty() {
            String::new()
        } else {
            format!(", scope=\"{}\"", scopes.join(" "))
        };
        Some(format!(
            "Bearer realm=\"{}\", error=\"{error}\", error_description=\"{}: {}\"{scope}",
            self.realm,
            reason.code(),
            message.unwrap_or(reason.sentence())
        ))
    }

    pub(crate) fn allow(&self, policy: usize, identity: Vec<Header>) -> Decision {
        let (headers, ready) = if identity.is_empty() {
            (Headers::Ready(self.allowed.clone()), Some(Reason::ALL.len()))
        } else {
            let mut headers = identity;
            headers.extend_from_slice(&self.allowed);
            (Headers::Own(headers), None)
        };
        Decision { status: 200, reason: None, policy: Some(policy), headers, ready }
    }

    pub(crate) fn deny(&self, policy: Option<usize>, denial: &Denial<'_>) -> Decision {
        let Denial { error, scopes, message } = denial;
        let reason = error.reason();
        let status = match (self.mode, error.status()) {
            (_, 0) => self.unavailable_status,
            (Mode::Legacy, _) => 401,
            (Mode::Standard, status) => status,
        };
        let index = reason.index();
        let (headers, ready) = match self.denials.get(index) {
            // A claim that cannot be sent is not the token's fault: no challenge would help.
            _ if status == 403 && reason == Reason::InvalidClaim => {
                (Headers::Ready(self.denial_headers(Reason::NoPolicy, &[], None)), None)
            }
            Some(ready) if scopes.is_empty() && message.is_none() => {
                (Headers::Ready(ready.clone()), Some(index))
            }
            _ => (Headers::Ready(self.denial_headers(reason, scopes, *message)), None),
        };
        Decision { status, reason: Some(reason), policy, headers, ready }
    }
}
