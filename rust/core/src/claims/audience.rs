//! Whom a token is for: `aud`, or another claim where the issuer has it there.

use super::{invalid, missing};
use crate::error::{Error, Reason};
use crate::json::{Elements, Value};

/// What a token's audience is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Not compared.
    Any,
    /// The token must not have one: it was meant for somebody else.
    Absent,
    /// Its `aud` must name one of these.
    OneOf(Vec<Box<str>>),
    /// As `aud` would have to, in other claims.
    In {
        /// Their names. One must be there, and each that is there must fit: a token for another
        /// audience does not become ours by the client that it was issued to.
        claims: Vec<Box<str>>,
        /// One of these must be named.
        accepted: Vec<Box<str>>,
    },
}

impl Audience {
    /// Checks them; `aud` is what was found of it.
    pub(super) fn check(&self, aud: Option<Value<'_>>, claims: Value<'_>) -> Result<(), Error> {
        match (self, aud) {
            (Self::Any, _) | (Self::Absent, None) => Ok(()),
            (Self::OneOf(_), None) => Err(missing("aud")),
            (Self::Absent, Some(_)) => Err(Error::with_detail(
                Reason::WrongAudience,
                "The token names an audience, and none is expected here.",
            )),
            (Self::OneOf(accepted), Some(aud)) if names_one(aud, accepted) => Ok(()),
            (Self::OneOf(_), Some(aud)) if is_empty(aud) => Err(nobody("aud")),
            (Self::OneOf(_), Some(_)) => Err(Reason::WrongAudience.into()),
            (Self::In { claims: names, accepted }, _) => check_in(claims, names, accepted),
        }
    }
}

fn check_in(claims: Value<'_>, names: &[Box<str>], accepted: &[Box<str>]) -> Result<(), Error> {
    let mut any = false;
    for name in names {
        let Some(value) = claims.get(name) else { continue };
        check_type(name, value)?;
        if is_empty(value) {
            return Err(nobody(name));
        }
        if !names_one(value, accepted) {
            return Err(Error::told(
                Reason::WrongAudience,
                format!("The claim {name} is meant for another audience."),
            ));
        }
        any = true;
    }
    match names {
        _ if any => Ok(()),
        [name] => Err(missing(name)),
        several => Err(Error::with_detail(
            Reason::MissingClaim,
            format!("One of the claims {} is required, and all are absent.", several.join(", ")),
        )),
    }
}

/// A string or strings, wherever it stands.
pub(super) fn check_type(name: &str, value: Value<'_>) -> Result<(), Error> {
    let strings = |mut list: Elements<'_>| list.all(|one| one.as_str().is_some());
    if value.as_str().is_some() || value.elements().is_some_and(strings) {
        return Ok(());
    }
    Err(invalid(name, "a string or an array of strings"))
}

fn names_one(value: Value<'_>, accepted: &[Box<str>]) -> bool {
    let fits =
        |one: Value<'_>| one.as_str().is_some_and(|one| accepted.iter().any(|it| &**it == one));
    fits(value) || value.elements().into_iter().flatten().any(fits)
}

fn is_empty(value: Value<'_>) -> bool {
    value.elements().is_some_and(|mut list| list.next().is_none())
}

/// Told apart: whoever reads it looks for a mistake at the issuer, not in the audiences.
fn nobody(name: &str) -> Error {
    let detail = format!("The claim {name} is an empty list: the token is meant for nobody.");
    Error::told(Reason::WrongAudience, detail)
}
