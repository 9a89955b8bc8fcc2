//! One test of one claim, and how tests are combined; compiled once from the configuration.

use crate::claim_path::ClaimPath;
use crate::json::Value;

pub mod cel;
mod compile;
mod operator;
mod pattern;
mod subject;

pub use compile::compile_all;
pub(crate) use operator::any_element;
pub use operator::{Scalar, Test};
pub use pattern::Pattern;
pub use subject::{MAX_WORK, Subject};

/// A condition on verified claims.
#[derive(Clone, Debug)]
pub enum Rule {
    /// Every one must hold.
    All(Vec<Self>),
    /// One must hold.
    Any(Vec<Self>),
    /// It must not hold.
    Not(Box<Self>),
    /// A test of the value at a path.
    Claim {
        /// Where the value stands.
        path: ClaimPath,
        /// What it must fulfil.
        test: Test,
    },
    /// Every one of these scopes must be granted (RFC 8693 section 4.2, RFC 9068 section 2.2.3).
    Scope(Vec<Box<str>>),
    /// An expression must be true.
    Cel(cel::Expression),
    /// A rule with what to tell a client that it denies.
    Told {
        /// The rule.
        rule: Box<Self>,
        /// Safe inside a quoted string.
        message: Box<str>,
    },
}

/// Whether `scope` (space-delimited) or `scp` (the same, or an array) grants a scope.
fn grants(claims: Value<'_>, wanted: &str) -> bool {
    let granted = |value: Value<'_>| {
        value.as_str().is_some_and(|text| text.split(' ').any(|scope| scope == wanted))
    };
    ["scope", "scp"]
        .into_iter()
        .filter_map(|name| claims.get(name))
        .any(|value| any_element(value, |one| Some(granted(one))) == Some(true))
}

impl Rule {
    /// Whether the subject fulfils it.
    #[must_use]
    pub fn holds(&self, subject: &Subject<'_>) -> bool {
        self.verdict(subject) == Some(true)
    }

    /// `None` where it hangs on what cannot be evaluated: neither the rule nor its opposite may let
    /// anybody pass then.
    fn verdict(&self, subject: &Subject<'_>) -> Option<bool> {
        match self {
            Self::All(rules) => Some(!any_verdict(rules, subject, false)?),
            Self::Any(rules) => any_verdict(rules, subject, true),
            Self::Not(rule) => rule.verdict(subject).map(|holds| !holds),
            Self::Claim { path, test } => test.holds(path.find(subject.claims), subject),
            Self::Scope(scopes) => Some(scopes.iter().all(|scope| grants(subject.claims, scope))),
            Self::Cel(expression) => expression.holds(subject),
            Self::Told { rule, .. } => rule.verdict(subject),
        }
    }

    /// Whether it looks at the request too: its verdict on a token is then not always the same.
    #[must_use]
    pub fn looks_at_request(&self) -> bool {
        match self {
            Self::All(rules) | Self::Any(rules) => rules.iter().any(Self::looks_at_request),
            Self::Not(rule) | Self::Told { rule, .. } => rule.looks_at_request(),
            Self::Cel(expression) => expression.looks_at_request(),
            Self::Claim { .. } | Self::Scope(_) => false,
        }
    }

    /// What a client is told whom this rule denied: its own message, or that of the first rule in
    /// it that does not hold.
    #[must_use]
    pub fn message(&self, subject: &Subject<'_>) -> Option<&str> {
        match self {
            Self::Told { message, .. } => Some(message),
            Self::All(rules) | Self::Any(rules) => rules
                .iter()
                .filter(|rule| !rule.holds(subject))
                .find_map(|rule| rule.message(subject)),
            _ => None,
        }
    }

    /// Whether there is a message in it.
    fn tells(&self) -> bool {
        match self {
            Self::Told { .. } => true,
            Self::All(rules) | Self::Any(rules) => rules.iter().any(Self::tells),
            Self::Not(rule) => rule.tells(),
            Self::Claim { .. } | Self::Scope(_) | Self::Cel(_) => false,
        }
    }

    /// The scopes that a client should ask for, where this is a scope rule.
    #[must_use]
    pub fn scopes(&self) -> Option<&[Box<str>]> {
        match self {
            Self::Scope(scopes) => Some(scopes),
            Self::Told { rule, .. } => rule.scopes(),
            _ => None,
        }
    }
}

/// Whether one of the rules has this verdict. Where one has, it does not matter that another has
/// none; otherwise it does.
fn any_verdict(rules: &[Rule], subject: &Subject<'_>, wanted: bool) -> Option<bool> {
    let mut unsure = false;
    for rule in rules {
        match rule.verdict(subject) {
            Some(verdict) if verdict == wanted => return Some(true),
            Some(_) => {}
            None => unsure = true,
        }
    }
    (!unsure).then_some(false)
}
