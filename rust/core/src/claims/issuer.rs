//! Who issued a token: an `iss` as it is, or one that a claim of the token fills.

use crate::json::Value;

/// What a token's `iss` is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssuerName {
    /// The very text.
    Exact(Box<str>),
    /// A text around a claim: `https://login.example.com/{tid}/v2.0`.
    Filled {
        /// What stands before the claim's value.
        before: Box<str>,
        /// The claim, by its name.
        claim: Box<str>,
        /// What stands behind it.
        after: Box<str>,
        /// The values to take; any where `None`.
        values: Option<Vec<Box<str>>>,
    },
}

/// What a claim may fill in has so many bytes.
const MAX_VALUE_BYTES: usize = 128;

/// The claim that Entra calls otherwise in its keys than in its tokens.
const ALIAS: (&str, &str) = ("tenantid", "tid");

/// Visible ASCII that cannot end one part of a URL and begin another.
fn is_plain(value: &str) -> bool {
    (1..=MAX_VALUE_BYTES).contains(&value.len())
        && value.bytes().all(|byte| byte.is_ascii_graphic() && !b"/?#%\\".contains(&byte))
}

impl From<&str> for IssuerName {
    fn from(text: &str) -> Self {
        Self::Exact(text.into())
    }
}

impl From<Box<str>> for IssuerName {
    fn from(text: Box<str>) -> Self {
        Self::Exact(text)
    }
}

impl IssuerName {
    /// Reads a text, in which one claim may stand in braces.
    ///
    /// # Errors
    /// What is wrong with it, and what was expected.
    pub fn parse(text: &str, values: Option<&[String]>) -> Result<Self, String> {
        if !text.contains(['{', '}']) {
            return Ok(text.into());
        }
        let parts = text.split_once('{').and_then(|(before, rest)| {
            rest.split_once('}').map(|(claim, after)| (before, claim, after))
        });
        let brace = |part: &str| part.contains(['{', '}']);
        let Some((before, claim, after)) = parts.filter(|(before, claim, after)| {
            !claim.is_empty() && !brace(before) && !brace(claim) && !brace(after)
        }) else {
            return Err("expected one claim in braces, such as {tid}".into());
        };
        if let Some(odd) = values.unwrap_or_default().iter().find(|value| !is_plain(value)) {
            return Err(format!(
                "the value {odd:?} is not plain: expected at most {MAX_VALUE_BYTES} bytes of \
                 visible ASCII without / ? # % and \\"
            ));
        }
        let claim = if claim == ALIAS.0 { ALIAS.1 } else { claim };
        let values = values.map(|all| all.iter().map(|value| value.as_str().into()).collect());
        let (before, claim, after) = (before.into(), claim.into(), after.into());
        Ok(Self::Filled { before, claim, after, values })
    }

    /// Whether it can be this `iss`, by its text alone.
    #[must_use]
    pub fn names(&self, iss: &str) -> bool {
        match self {
            Self::Exact(text) => **text == *iss,
            Self::Filled { .. } => self.value(iss).is_some(),
        }
    }

    /// Whether it is this `iss` in a token with these claims: the claim is what stands there.
    #[must_use]
    pub fn fits(&self, iss: &str, claims: Value<'_>) -> bool {
        match self {
            Self::Exact(text) => **text == *iss,
            Self::Filled { claim, .. } => self.value(iss).is_some_and(|value| {
                claims.get(claim).and_then(Value::as_str).is_some_and(|found| found == value)
            }),
        }
    }

    /// Whether some `iss` could be both.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Exact(text), other) | (other, Self::Exact(text)) => other.names(text),
            (
                Self::Filled { before, after, values: Some(values), .. },
                other @ Self::Filled { .. },
            )
            | (
                other @ Self::Filled { .. },
                Self::Filled { before, after, values: Some(values), .. },
            ) => values.iter().any(|value| other.names(&format!("{before}{value}{after}"))),
            (
                Self::Filled { before, after, .. },
                Self::Filled { before: other_before, after: other_after, .. },
            ) => {
                let (one, two) = (&**before, &**other_before);
                let (end, other_end) = (&**after, &**other_after);
                (one.starts_with(two) || two.starts_with(one))
                    && (end.ends_with(other_end) || other_end.ends_with(end))
            }
        }
    }

    /// What stands in this `iss` where the claim does.
    fn value<'i>(&self, iss: &'i str) -> Option<&'i str> {
        let Self::Filled { before, after, values, .. } = self else { return None };
        let value = iss.strip_prefix(&**before)?.strip_suffix(&**after)?;
        let known = values.as_ref().is_none_or(|all| all.iter().any(|one| **one == *value));
        (known && is_plain(value)).then_some(value)
    }
}
