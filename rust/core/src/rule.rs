//! One test of one claim, and how tests are combined; compiled once from the configuration.

use crate::claim_path::ClaimPath;
use crate::json::Value;
use regex::Regex;
use std::cmp::Ordering;

pub mod cel;
mod compile;

pub use compile::compile_all;
pub(crate) use compile::pattern;

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

/// A test of one value. An absent claim passes only `none` and `exists: false`.
#[derive(Clone, Debug)]
pub enum Test {
    /// The value equals this one.
    Is(Scalar),
    /// The value, or an element of it, is one of these.
    Any(Vec<Scalar>),
    /// Each of these is the value or an element of it.
    All(Vec<Scalar>),
    /// Neither the value nor an element of it is one of these.
    None(Vec<Scalar>),
    /// The array has this element, or the string has this part.
    Contains(Scalar),
    /// The string, or an element of the array, matches as a whole.
    Matches(Regex),
    /// The number stands in this order to the limit.
    Compare {
        /// `eq gt ge lt le` as the orders that pass.
        orders: &'static [Ordering],
        /// What it is compared with.
        limit: f64,
    },
    /// The claim is there, or is not.
    Exists(bool),
}

/// A value in the configuration.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// A string.
    Text(Box<str>),
    /// A number.
    Number(f64),
    /// A boolean.
    Bool(bool),
}

impl Scalar {
    /// Equal in type and value: `"1"`, `1` and `true` are three different things.
    fn equals(&self, value: Value<'_>) -> bool {
        match self {
            Self::Text(text) => value.as_str() == Some(text),
            #[allow(
                clippy::float_cmp,
                reason = "the configuration and the token name the same double"
            )]
            Self::Number(number) => value.as_f64() == Some(*number),
            Self::Bool(expected) => value.as_bool() == Some(*expected),
        }
    }
}

fn is_among(list: &[Scalar], value: Value<'_>) -> bool {
    list.iter().any(|scalar| scalar.equals(value))
}

/// Whether a predicate holds for the value or, where it is an array, for one of its elements.
pub(crate) fn any_element(value: Value<'_>, holds: impl Fn(Value<'_>) -> bool) -> bool {
    match value.elements() {
        Some(mut elements) => elements.any(holds),
        None => holds(value),
    }
}

impl Test {
    fn holds(&self, value: Option<Value<'_>>) -> bool {
        let Some(value) = value else { return matches!(self, Self::None(_) | Self::Exists(false)) };
        match self {
            Self::Is(scalar) => scalar.equals(value),
            Self::Any(list) => any_element(value, |one| is_among(list, one)),
            Self::All(list) => {
                list.iter().all(|scalar| any_element(value, |one| scalar.equals(one)))
            }
            // What cannot be compared must not pass as "not among them".
            Self::None(list) => !any_element(value, |one| {
                one.members().is_some() || one.elements().is_some() || is_among(list, one)
            }),
            Self::Contains(scalar) => match (value.as_str(), scalar) {
                (Some(text), Scalar::Text(part)) => text.contains(&**part),
                _ => value.elements().is_some_and(|mut all| all.any(|one| scalar.equals(one))),
            },
            Self::Matches(regex) => {
                any_element(value, |one| one.as_str().is_some_and(|text| regex.is_match(text)))
            }
            Self::Compare { orders, limit } => {
                let order = value.as_f64().and_then(|number| number.partial_cmp(limit));
                order.is_some_and(|order| orders.contains(&order))
            }
            Self::Exists(expected) => *expected,
        }
    }
}

/// Whether `scope` (space-delimited) or `scp` (the same, or an array) grants a scope.
fn grants(claims: Value<'_>, wanted: &str) -> bool {
    let granted = |value: Value<'_>| {
        value.as_str().is_some_and(|text| text.split(' ').any(|scope| scope == wanted))
    };
    ["scope", "scp"]
        .into_iter()
        .filter_map(|name| claims.get(name))
        .any(|value| any_element(value, granted))
}

impl Rule {
    /// Whether the claims fulfil it.
    #[must_use]
    pub fn holds(&self, claims: Value<'_>) -> bool {
        self.verdict(claims) == Some(true)
    }

    /// `None` where it hangs on an expression that cannot be evaluated: neither the rule nor its
    /// opposite may let anybody pass then.
    fn verdict(&self, claims: Value<'_>) -> Option<bool> {
        match self {
            Self::All(rules) => Some(!any_verdict(rules, claims, false)?),
            Self::Any(rules) => any_verdict(rules, claims, true),
            Self::Not(rule) => rule.verdict(claims).map(|holds| !holds),
            Self::Claim { path, test } => Some(test.holds(path.find(claims))),
            Self::Scope(scopes) => Some(scopes.iter().all(|scope| grants(claims, scope))),
            Self::Cel(expression) => expression.holds(claims),
            Self::Told { rule, .. } => rule.verdict(claims),
        }
    }

    /// What a client is told whom this rule denied: its own message, or that of the first rule in
    /// it that does not hold.
    #[must_use]
    pub fn message(&self, claims: Value<'_>) -> Option<&str> {
        match self {
            Self::Told { message, .. } => Some(message),
            Self::All(rules) | Self::Any(rules) => rules
                .iter()
                .filter(|rule| !rule.holds(claims))
                .find_map(|rule| rule.message(claims)),
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
fn any_verdict(rules: &[Rule], claims: Value<'_>, wanted: bool) -> Option<bool> {
    let mut unsure = false;
    for rule in rules {
        match rule.verdict(claims) {
            Some(verdict) if verdict == wanted => return Some(true),
            Some(_) => {}
            None => unsure = true,
        }
    }
    (!unsure).then_some(false)
}
