//! Values while an expression is evaluated; what comes from the claims is borrowed from them.

use super::tree::Type;
use crate::json::{Value, View};
use std::cmp::Ordering;
use std::ops::Deref;
use std::rc::Rc;

#[derive(Clone, Debug)]
pub(super) enum Datum<'v> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Double(f64),
    Text(Text<'v>),
    List(List<'v>),
    /// An object of the claims: expressions make none.
    Map(Value<'v>),
    Type(Type),
    Optional(Option<Rc<Self>>),
}

/// A string of the claims or of the expression, or one that was made; cheap to clone.
#[derive(Clone, Debug)]
pub(super) enum Text<'v> {
    Borrowed(&'v str),
    Made(Rc<str>),
}

/// An array of the claims, or a list that was made; cheap to clone.
#[derive(Clone, Debug)]
pub(super) enum List<'v> {
    Json(Value<'v>),
    Made(Rc<[Datum<'v>]>),
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Self::Borrowed(text) => text,
            Self::Made(text) => text,
        }
    }
}

impl<'v> List<'v> {
    pub(super) fn items(&self) -> impl Iterator<Item = Datum<'v>> {
        let (json, made) = match self {
            Self::Json(value) => (value.elements(), &[][..]),
            Self::Made(items) => (None, &**items),
        };
        json.into_iter().flatten().map(Datum::from).chain(made.iter().cloned())
    }
}

impl<'v> From<Value<'v>> for Datum<'v> {
    /// An integer by its form is an int, a uint where it is beyond one, and otherwise a double.
    fn from(value: Value<'v>) -> Self {
        match value.view() {
            View::Null => Self::Null,
            View::Bool(value) => Self::Bool(value),
            View::Number(text, integer) => {
                let int = || text.parse().map(Self::Int).or_else(|_| text.parse().map(Self::Uint));
                // Claims whose numbers no double can hold were refused before.
                let double = || Self::Double(text.parse().unwrap_or(f64::NAN));
                if integer { int().unwrap_or_else(|_| double()) } else { double() }
            }
            View::Text(text) => Self::Text(Text::Borrowed(text)),
            View::Array(_) => Self::List(List::Json(value)),
            View::Object(_) => Self::Map(value),
        }
    }
}

impl Datum<'_> {
    pub(super) fn made_text(text: impl Into<Rc<str>>) -> Self {
        Self::Text(Text::Made(text.into()))
    }

    pub(super) const fn kind(&self) -> Type {
        match self {
            Self::Null => Type::Null,
            Self::Bool(_) => Type::Bool,
            Self::Int(_) => Type::Int,
            Self::Uint(_) => Type::Uint,
            Self::Double(_) => Type::Double,
            Self::Text(_) => Type::Text,
            Self::List(_) => Type::List,
            Self::Map(_) => Type::Map,
            Self::Type(_) => Type::Meta,
            Self::Optional(_) => Type::Optional,
        }
    }

    /// The order of two numbers, across their types too; `None` for a NaN and for other values.
    pub(super) fn numeric_order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Double(left), Self::Double(right)) => left.partial_cmp(right),
            (Self::Double(left), _) => order(other.integer()?, *left).map(Ordering::reverse),
            (_, Self::Double(right)) => order(self.integer()?, *right),
            _ => Some(self.integer()?.cmp(&other.integer()?)),
        }
    }

    fn integer(&self) -> Option<i128> {
        match self {
            Self::Int(number) => Some((*number).into()),
            Self::Uint(number) => Some((*number).into()),
            _ => None,
        }
    }
}

/// An integer of 64 bits beside a double, exactly: neither is rounded to the other's type.
fn order(integer: i128, double: f64) -> Option<Ordering> {
    const BEYOND: f64 = 18_446_744_073_709_551_616.0;
    if double >= BEYOND {
        return Some(Ordering::Less);
    }
    if double <= -BEYOND {
        return Some(Ordering::Greater);
    }
    #[allow(clippy::cast_possible_truncation, reason = "it is whole and far from the limits")]
    let whole = double.trunc() as i128;
    Some(integer.cmp(&whole).then(0.0.partial_cmp(&double.fract())?))
}
