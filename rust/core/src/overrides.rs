//! What the subrequest's own query demands: `claims_NAME=value`, where the settings allow it.

use crate::claim_path::ClaimPath;
use crate::error::{Error, Reason};
use crate::json::Value;
use crate::settings::{Mode, QueryOverrides};

/// Claims that a query names, each with the values that would do.
#[derive(Debug, Default)]
pub struct Demands(Vec<(ClaimPath, Vec<String>)>);

impl Demands {
    /// Reads a query string (application/x-www-form-urlencoded).
    ///
    /// # Errors
    /// `policy_denied` where a demand is required and none is made, or one cannot be read.
    pub fn read(query: &[u8], allowed: QueryOverrides, mode: Mode) -> Result<Self, Error> {
        let mut demands: Vec<(String, Vec<String>)> = Vec::new();
        for (key, value) in form_urlencoded::parse(query) {
            let Some(name) = key.strip_prefix("claims_").filter(|_| allowed.claims) else {
                continue;
            };
            match demands.iter_mut().find(|(known, _)| known == name) {
                Some((_, values)) => values.push(value.into()),
                None => demands.push((name.into(), vec![value.into()])),
            }
        }
        if demands.is_empty() && allowed.required {
            return Err(denied("The subrequest names no claim to check."));
        }
        let path = |name: String| match mode {
            Mode::Legacy => Ok(ClaimPath::Name(name.into())),
            Mode::Standard => ClaimPath::parse(&name)
                .map_err(|_| denied("The subrequest names a broken claim path.")),
        };
        demands
            .into_iter()
            .map(|(name, values)| Ok((path(name)?, values)))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether every claim named has one of its values, itself or in its array.
    #[must_use]
    pub fn hold(&self, claims: Value<'_>) -> bool {
        self.0.iter().all(|(path, values)| {
            let fits = |one: Value<'_>| {
                one.as_str().is_some_and(|text| values.iter().any(|it| it == text))
            };
            path.find(claims).is_some_and(|value| match value.elements() {
                Some(mut elements) => elements.any(fits),
                None => fits(value),
            })
        })
    }
}

fn denied(detail: &'static str) -> Error {
    Error::with_detail(Reason::PolicyDenied, detail)
}
