//! Numbers that are compared as they are: integers at any size, doubles as doubles.

use super::{Value, View};
use std::borrow::Cow;
use std::cmp::Ordering;

/// So many digits always fit into an `i128`.
const SMALL_DIGITS: usize = 38;

/// A JSON number: an integer by its form, or the double that stands for a fraction or an exponent.
#[derive(Clone, Debug)]
pub enum Number<'t> {
    /// An integer of at most 38 digits.
    Small(i128),
    /// A longer integer: its sign, and its digits without leading zeros.
    Large {
        /// Whether it is below zero.
        negative: bool,
        /// More than 38 of them.
        digits: Cow<'t, str>,
    },
    /// Everything else.
    Double(f64),
}

impl<'t> Number<'t> {
    /// Reads a JSON number; `integer` where it has no fraction and no exponent. `None` for one that
    /// no double can hold.
    fn read(text: &'t str, integer: bool) -> Option<Self> {
        if !integer {
            return text.parse().ok().filter(|number: &f64| number.is_finite()).map(Self::Double);
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.len() <= SMALL_DIGITS {
            // Most fit into a register, and are read much faster there.
            return match text.parse::<i64>() {
                Ok(number) => Some(Self::Small(number.into())),
                Err(_) => text.parse().ok().map(Self::Small),
            };
        }
        // What rounds to infinity was refused with the claims, and is no limit either.
        text.parse::<f64>().ok().filter(|number| number.is_finite())?;
        let negative = digits.len() < text.len();
        Some(Self::Large { negative, digits: Cow::Borrowed(digits) })
    }

    /// The same number, which borrows from nothing.
    #[must_use]
    pub fn into_owned(self) -> Number<'static> {
        match self {
            Self::Small(number) => Number::Small(number),
            Self::Large { negative, digits } => {
                Number::Large { negative, digits: Cow::Owned(digits.into_owned()) }
            }
            Self::Double(number) => Number::Double(number),
        }
    }

    /// The order of two numbers by their exact values: neither is rounded to the other's type.
    /// `None` beside a NaN.
    #[must_use]
    pub fn order(&self, other: &Number<'_>) -> Option<Ordering> {
        match (self, other) {
            (Self::Double(left), Number::Double(right)) => left.partial_cmp(right),
            (Self::Double(left), integer) => integer.beside(*left).map(Ordering::reverse),
            (integer, Number::Double(right)) => integer.beside(*right),
            (Self::Small(left), Number::Small(right)) => Some(left.cmp(right)),
            (Self::Small(_), Number::Large { negative, .. }) => Some(below(!*negative)),
            (Self::Large { negative, .. }, Number::Small(_)) => Some(below(*negative)),
            (
                Self::Large { negative, digits },
                Number::Large { negative: other_negative, digits: other_digits },
            ) => Some(match (negative, other_negative) {
                (false, false) => magnitudes(digits, other_digits),
                (true, true) => magnitudes(other_digits, digits),
                _ => below(*negative),
            }),
        }
    }

    /// The order of this integer to a double.
    fn beside(&self, double: f64) -> Option<Ordering> {
        // Beyond every integer of 38 digits, and far within an `i128`.
        const BEYOND: f64 = 1e38;
        match self {
            Self::Small(integer) if double.abs() <= BEYOND => {
                #[allow(clippy::cast_possible_truncation, reason = "it is whole and fits")]
                let whole = double.trunc() as i128;
                Some(integer.cmp(&whole).then(0.0.partial_cmp(&double.fract())?))
            }
            Self::Small(_) => Some(below(double.partial_cmp(&0.0)?.is_gt())),
            Self::Large { negative, digits } => {
                let towards_zero = double.abs().partial_cmp(&BEYOND)?.is_lt();
                if towards_zero || double.is_sign_negative() != *negative {
                    return Some(below(*negative));
                }
                if double.is_infinite() {
                    return Some(below(!*negative));
                }
                // Doubles of this size are whole: these are all their digits.
                let order = magnitudes(digits, &format!("{:.0}", double.abs()));
                Some(if *negative { order.reverse() } else { order })
            }
            Self::Double(number) => number.partial_cmp(&double),
        }
    }
}

const fn below(is_below: bool) -> Ordering {
    if is_below { Ordering::Less } else { Ordering::Greater }
}

/// The order of two integers by their digits.
fn magnitudes(left: &str, right: &str) -> Ordering {
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

impl<'d> Value<'d> {
    /// The number, exactly.
    #[must_use]
    pub fn number(self) -> Option<Number<'d>> {
        match self.view() {
            View::Number(text, integer) => Number::read(text, integer),
            _ => None,
        }
    }
}
