//! Strict claim types, and the checks of the registered claims (RFC 7519 section 4.1).

use crate::error::{Error, Reason};
use crate::json::{Document, Value, View};

mod audience;
mod issuer;
mod limits;
mod purpose;

pub use audience::Audience;
pub use issuer::IssuerName;
pub use limits::{Leeway, Lifetime, LimitError, MAX_LEEWAY, Skew};
pub use purpose::short_media_type;

/// The largest time that is taken, in the year 5138. In milliseconds it is a day in 1973, so a time
/// above it counts milliseconds, and would never come.
const MAX_TIME: i64 = 100_000_000_000;

/// What registered claims must fulfil.
#[derive(Clone, Debug)]
pub struct Checks {
    /// Accepted issuers; `None` does not compare `iss`.
    pub issuers: Option<Vec<IssuerName>>,
    /// Accepted audiences.
    pub audience: Audience,
    /// By how much clocks may differ.
    pub leeway: Leeway,
    /// The longest time from `iat` to `exp`.
    pub max_lifetime: Option<Lifetime>,
    /// Whether `exp` must be present.
    pub require_exp: bool,
    /// Other claims that must be present.
    pub required: Vec<Box<str>>,
    /// Accepted `typ` header values, in lower case and without `application/`; where `None`, all
    /// but those of another purpose than access.
    pub token_types: Option<Vec<Box<str>>>,
    /// Whether a token that is bound to a key (RFC 7800) is taken from whoever brings it.
    pub allow_bound: bool,
}

/// The times in a token, in seconds since 1970: what a verified token is checked for again.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Times {
    /// From then on it is expired.
    pub exp: Option<f64>,
    /// Until then it is not valid yet.
    pub nbf: Option<f64>,
    /// When it was issued.
    pub iat: Option<f64>,
}

/// The registered claims as they were found.
#[derive(Debug, Default)]
struct Registered<'d> {
    times: Times,
    iss: Option<&'d str>,
    aud: Option<Value<'d>>,
    /// `cnf` is there: the token is good only for whoever proves to hold a key (RFC 7800).
    bound: bool,
    /// It tells of a security event, as a logout token does (RFC 8417).
    event: bool,
}

fn invalid(claim: &str, expected: &str) -> Error {
    Error::with_detail(Reason::InvalidClaim, format!("The claim {claim} must be {expected}."))
}

#[allow(clippy::cast_precision_loss, reason = "every integer up to 10^11 is a double")]
fn time(name: &str, value: Value<'_>) -> Result<Option<f64>, Error> {
    let number = match value.view() {
        // Compared as an integer: one just above the limit would round down to it.
        View::Number(text, true) => {
            let seconds = text.parse().ok().filter(|seconds| (0..=MAX_TIME).contains(seconds));
            seconds.map(|seconds| seconds as f64)
        }
        _ => value.as_f64().filter(|number| (0.0..=MAX_TIME as f64).contains(number)),
    };
    number.map(Some).ok_or_else(|| invalid(name, "a number of seconds from 0 to 10^11"))
}

fn text<'d>(name: &str, value: Value<'d>) -> Result<Option<&'d str>, Error> {
    value.as_str().map(Some).ok_or_else(|| invalid(name, "a string"))
}

impl<'d> Registered<'d> {
    /// Reads them; a wrong type is refused even where nothing compares the claim.
    fn read(claims: Value<'d>) -> Result<Self, Error> {
        let mut found = Self::default();
        for (name, value) in claims.members().into_iter().flatten() {
            match name {
                "exp" => found.times.exp = time(name, value)?,
                "nbf" => found.times.nbf = time(name, value)?,
                "iat" => found.times.iat = time(name, value)?,
                "iss" => found.iss = text(name, value)?,
                "sub" | "jti" => {
                    text(name, value)?;
                }
                "aud" => {
                    audience::check_type(name, value)?;
                    found.aud = Some(value);
                }
                // Of any value, null too: a good issuer writes it only to bind the token.
                "cnf" => found.bound = true,
                "events" => found.event = purpose::is_event(value),
                _ => {}
            }
        }
        Ok(found)
    }
}

/// The claims of a payload, none of them checked yet.
///
/// # Errors
/// `malformed_token` for anything but one strict JSON object.
pub fn parse(payload: Vec<u8>) -> Result<Document, Error> {
    Document::parse_object(payload).map_err(|_| {
        Error::with_detail(Reason::MalformedToken, "The payload is not a strict JSON object.")
    })
}

/// The `iss` of claims that are not checked yet, to choose whose keys must check them.
///
/// # Errors
/// `missing_claim`, `invalid_claim`.
pub fn issuer(claims: &Document) -> Result<&str, Error> {
    let iss = claims.root().get("iss").ok_or_else(|| missing("iss"))?;
    iss.as_str().ok_or_else(|| invalid("iss", "a string"))
}

impl Checks {
    /// Checks claims whose signature holds; `now` is in seconds since 1970.
    ///
    /// # Errors
    /// The reason of the first check that fails: types, presence, times, issuer, audience,
    /// lifetime, token type. The times are given back: they alone may fail another time.
    pub fn check(&self, claims: &Document, typ: Option<&str>, now: f64) -> Result<Times, Error> {
        let root = claims.root();
        let found = Registered::read(root)?;
        if !root.numbers_are_finite() {
            return Err(Error::with_detail(
                Reason::MalformedToken,
                "The payload holds a number that no double can hold.",
            ));
        }
        let absent = |name: &str| match name {
            "exp" => found.times.exp.is_none(),
            other => root.get(other).is_none(),
        };
        if self.require_exp && found.times.exp.is_none() {
            return Err(missing("exp"));
        }
        if let Some(name) = self.required.iter().find(|name| absent(name)) {
            return Err(missing(name));
        }
        self.check_times(found.times, now)?;
        self.check_issuer(&found, root)?;
        self.audience.check(found.aud, root)?;
        self.check_lifetime(found.times)?;
        self.check_type(typ)?;
        self.check_purpose(&found, typ)?;
        Ok(found.times)
    }

    /// Checks the times alone; `now` is in seconds since 1970.
    ///
    /// # Errors
    /// `token_expired`, `token_not_yet_valid`, `token_issued_in_future`.
    pub fn check_times(&self, found: Times, now: f64) -> Result<(), Error> {
        let Leeway { exp: late, nbf: early, iat: fast } = self.leeway;
        // Each asks whether the token is good: a clock that is no number makes none good.
        if !found.exp.is_none_or(|exp| now - late.seconds() < exp) {
            return Err(Reason::TokenExpired.into());
        }
        if !found.nbf.is_none_or(|nbf| nbf <= now + early.seconds()) {
            return Err(Reason::TokenNotYetValid.into());
        }
        if !found.iat.is_none_or(|iat| iat <= now + fast.seconds()) {
            return Err(Reason::TokenIssuedInFuture.into());
        }
        Ok(())
    }

    fn check_issuer(&self, found: &Registered<'_>, claims: Value<'_>) -> Result<(), Error> {
        let Some(issuers) = &self.issuers else { return Ok(()) };
        let iss = found.iss.ok_or_else(|| missing("iss"))?;
        if issuers.iter().any(|issuer| issuer.fits(iss, claims)) {
            Ok(())
        } else {
            Err(Reason::WrongIssuer.into())
        }
    }

    fn check_lifetime(&self, found: Times) -> Result<(), Error> {
        let Some(longest) = self.max_lifetime else { return Ok(()) };
        let exp = found.exp.ok_or_else(|| missing("exp"))?;
        let iat = found.iat.ok_or_else(|| missing("iat"))?;
        if exp - iat <= longest.seconds() {
            Ok(())
        } else {
            Err(Reason::TokenLifetimeTooLong.into())
        }
    }

    fn check_type(&self, typ: Option<&str>) -> Result<(), Error> {
        let Some(accepted) = &self.token_types else { return Ok(()) };
        let short = typ.map(short_media_type);
        if short.is_some_and(|typ| accepted.iter().any(|one| **one == *typ)) {
            Ok(())
        } else {
            Err(Reason::WrongTokenType.into())
        }
    }

    /// A bearer's access token passes: not one for whoever holds a key, not one for another purpose.
    fn check_purpose(&self, found: &Registered<'_>, typ: Option<&str>) -> Result<(), Error> {
        if found.bound && !self.allow_bound {
            return Err(Error::with_detail(
                Reason::WrongTokenType,
                "The token is bound to a key (cnf), which is not proven here; see allow_bound.",
            ));
        }
        let other = match &self.token_types {
            // Its type is one of those that were asked for.
            Some(accepted) => found.event && !purpose::takes_events(accepted),
            None => found.event || typ.is_some_and(purpose::is_other),
        };
        if other {
            return Err(Error::with_detail(
                Reason::WrongTokenType,
                "The token was made for another purpose than access; see token_types.",
            ));
        }
        Ok(())
    }
}

fn missing(claim: &str) -> Error {
    Error::with_detail(Reason::MissingClaim, format!("The claim {claim} is required and absent."))
}
