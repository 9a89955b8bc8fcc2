//! Limits in seconds that cannot hold a value which would turn a check off.

/// Clocks that differ by more than this are broken, and no leeway should hide it.
pub const MAX_LEEWAY: f64 = 300.0;

/// Why a number of seconds is no such limit: what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LimitError(&'static str);

/// Seconds by which two clocks may differ: from 0 to `MAX_LEEWAY`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Skew(f64);

impl Skew {
    /// Takes so many seconds.
    ///
    /// # Errors
    /// Below 0, above `MAX_LEEWAY`, or no number.
    pub fn new(seconds: f64) -> Result<Self, LimitError> {
        if (0.0..=MAX_LEEWAY).contains(&seconds) {
            Ok(Self(seconds))
        } else {
            Err(LimitError("expected from 0 to at most 300 seconds"))
        }
    }

    /// The seconds.
    #[must_use]
    pub const fn seconds(self) -> f64 {
        self.0
    }
}

/// By how much clocks may differ, for each of the times in a token.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Leeway {
    /// A token passes for so long after its end.
    pub exp: Skew,
    /// It passes from so long before its start.
    pub nbf: Skew,
    /// It may have been issued so far in the future.
    pub iat: Skew,
}

impl From<Skew> for Leeway {
    /// The same for all three.
    fn from(skew: Skew) -> Self {
        Self { exp: skew, nbf: skew, iat: skew }
    }
}

/// The longest time from `iat` to `exp`: finite and above 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lifetime(f64);

impl Lifetime {
    /// Takes so many seconds.
    ///
    /// # Errors
    /// 0 or less, infinite, or no number.
    pub fn new(seconds: f64) -> Result<Self, LimitError> {
        if seconds.is_finite() && seconds > 0.0 {
            Ok(Self(seconds))
        } else {
            Err(LimitError("expected a finite number of seconds above 0"))
        }
    }

    /// The seconds.
    #[must_use]
    pub const fn seconds(self) -> f64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER: [f64; 5] = [-1.0, -0.000_001, f64::NAN, f64::INFINITY, f64::NEG_INFINITY];

    /// A leeway ends at five minutes, whoever sets it.
    #[test]
    fn leeway_is_from_nothing_to_five_minutes() {
        for seconds in [0.0, -0.0, 0.5, 299.999, 300.0] {
            assert_eq!(Ok(seconds), Skew::new(seconds).map(Skew::seconds));
        }
        for seconds in NEVER.into_iter().chain([300.000_001, 301.0, 1e12, f64::MAX]) {
            assert!(Skew::new(seconds).is_err(), "{seconds}");
        }
    }

    /// A lifetime that is no limit is none.
    #[test]
    fn lifetime_is_finite_and_above_nothing() {
        for seconds in [0.5, 1.0, 1e12] {
            assert_eq!(Ok(seconds), Lifetime::new(seconds).map(Lifetime::seconds));
        }
        for seconds in NEVER.into_iter().chain([0.0, -0.0]) {
            assert!(Lifetime::new(seconds).is_err(), "{seconds}");
        }
    }
}
