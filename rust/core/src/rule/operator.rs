//! What the operators of a rule say of a claim's value.

use super::{Pattern, Subject};
use crate::json::{Number, Value};
use std::cmp::Ordering;

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
    /// The array has this element.
    Contains(Scalar),
    /// The string has this part.
    Substring(Box<str>),
    /// The string, or an element of the array, matches as a whole.
    Matches(Pattern),
    /// The number stands in this order to the limit.
    Compare {
        /// `eq gt ge lt le` as the orders that pass.
        orders: &'static [Ordering],
        /// What it is compared with.
        limit: Number<'static>,
    },
    /// The claim is there, or is not.
    Exists(bool),
}

/// A value in the configuration.
#[derive(Clone, Debug)]
pub enum Scalar {
    /// A string.
    Text(Box<str>),
    /// A number.
    Number(Number<'static>),
    /// A boolean.
    Bool(bool),
}

impl Scalar {
    /// Equal in type and value: `"1"`, `1` and `true` are three different things.
    fn equals(&self, value: Value<'_>) -> bool {
        match self {
            Self::Text(text) => value.as_str() == Some(text),
            Self::Number(number) => {
                value.number().and_then(|value| value.order(number)) == Some(Ordering::Equal)
            }
            Self::Bool(expected) => value.as_bool() == Some(*expected),
        }
    }
}

fn is_among(list: &[Scalar], value: Value<'_>) -> bool {
    list.iter().any(|scalar| scalar.equals(value))
}

/// Whether a predicate holds for the value or, where it is an array, for one of its elements. Where
/// it holds for one, it does not matter that it cannot be told for another; otherwise it does.
pub(crate) fn any_element(
    value: Value<'_>,
    holds: impl Fn(Value<'_>) -> Option<bool>,
) -> Option<bool> {
    let Some(elements) = value.elements() else { return holds(value) };
    let mut unsure = false;
    for element in elements {
        match holds(element) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => unsure = true,
        }
    }
    (!unsure).then_some(false)
}

impl Test {
    /// Whether the value passes; `None` where that cannot be told.
    pub(super) fn holds(&self, value: Option<Value<'_>>, subject: &Subject<'_>) -> Option<bool> {
        let Some(value) = value else {
            return Some(matches!(self, Self::None(_) | Self::Exists(false)));
        };
        match self {
            Self::Is(scalar) => Some(scalar.equals(value)),
            Self::Any(list) => any_element(value, |one| Some(is_among(list, one))),
            Self::All(list) => {
                let has = |scalar: &Scalar| any_element(value, |one| Some(scalar.equals(one)));
                Some(list.iter().all(|scalar| has(scalar) == Some(true)))
            }
            // What cannot be compared must not pass as "not among them".
            Self::None(list) => {
                let among = any_element(value, |one| {
                    let nested = one.members().is_some() || one.elements().is_some();
                    Some(nested || is_among(list, one))
                });
                among.map(|among| !among)
            }
            // Of what is no list, or no text, neither this nor its opposite is known.
            Self::Contains(scalar) => {
                value.elements().map(|mut all| all.any(|one| scalar.equals(one)))
            }
            Self::Substring(part) => value.as_str().map(|text| text.contains(&**part)),
            Self::Matches(pattern) => any_element(value, |one| match one.as_str() {
                None => Some(false),
                Some(text) => pattern.finds(text, subject),
            }),
            Self::Compare { orders, limit } => {
                let order = value.number().and_then(|number| number.order(limit));
                Some(order.is_some_and(|order| orders.contains(&order)))
            }
            Self::Exists(expected) => Some(*expected),
        }
    }
}
