//! Values while an expression is evaluated; what comes from the claims is borrowed from them.

use super::tree::Type;
use crate::json::{Number, Value, View};
use std::cmp::Ordering;
use std::ops::Deref;
use std::rc::Rc;

#[derive(Clone, Debug)]
pub(super) enum Datum<'v> {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    /// An integer of the claims beyond 64 bits: it is compared, and nothing else.
    Large(Number<'v>),
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
    /// An integer by its form is an int, a uint where it is beyond one, and whatever else it is
    /// never rounded; any other number is a double.
    fn from(value: Value<'v>) -> Self {
        match value.view() {
            View::Null => Self::Null,
            View::Bool(value) => Self::Bool(value),
            View::Number(..) => match value.number() {
                Some(Number::Double(number)) => Self::Double(number),
                Some(Number::Small(number)) => i64::try_from(number)
                    .map(Self::Int)
                    .or_else(|_| u64::try_from(number).map(Self::Uint))
                    .unwrap_or(Self::Large(Number::Small(number))),
                Some(large) => Self::Large(large),
                // Claims whose numbers no double can hold were refused before.
                None => Self::Double(f64::NAN),
            },
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

    /// Its type; an integer beyond 64 bits has none.
    pub(super) const fn kind(&self) -> Option<Type> {
        Some(match self {
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
            Self::Large(_) => return None,
        })
    }

    /// The order of two numbers, across their types too; `None` for a NaN and for other values.
    pub(super) fn numeric_order(&self, other: &Self) -> Option<Ordering> {
        self.number()?.order(&other.number()?)
    }

    fn number(&self) -> Option<Number<'_>> {
        match self {
            Self::Int(number) => Some(Number::Small((*number).into())),
            Self::Uint(number) => Some(Number::Small((*number).into())),
            Self::Double(number) => Some(Number::Double(*number)),
            Self::Large(number) => Some(number.clone()),
            _ => None,
        }
    }

    /// How many steps it takes to compare it beyond the one of every comparison.
    pub(super) fn digits(&self) -> usize {
        match self {
            Self::Large(Number::Large { digits, .. }) => digits.len(),
            _ => 0,
        }
    }
}
