//! An issuer as the server writes it.

use super::IdentitySettings;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// One issuer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerSettings {
    /// The name that policies use.
    pub name: String,
    /// The `iss` of its tokens; not compared where null, which must be said.
    #[serde(deserialize_with = "Option::deserialize")]
    pub issuer: Option<Names>,
    /// The values of the claim that stands in braces in `issuer`; null takes any.
    #[serde(default)]
    pub issuer_values: Option<Vec<String>>,
    /// Allowed algorithms; null allows what the keys are bound to.
    pub algorithms: Option<Vec<String>>,
    /// Accepted audiences; null, which must be said, does not compare `aud`.
    #[serde(deserialize_with = "Option::deserialize")]
    pub audiences: Option<Vec<String>>,
    /// The claims that audiences are compared with; null is `aud`.
    #[serde(default)]
    pub audience_claim: Option<Vec<String>>,
    /// Rules that its tokens must fulfil, on claims alone; see `crate::rule`.
    #[serde(default)]
    pub rules: Vec<Box<RawValue>>,
    /// Response headers beside those of its policies, and the claims that they carry.
    #[serde(default)]
    pub identity: BTreeMap<String, IdentitySettings>,
    /// Seconds, at most 300 each.
    pub leeway: LeewaySettings,
    /// Seconds from `iat` to `exp`.
    pub max_lifetime: Option<f64>,
    /// Accepted `typ` header values; null takes all but those of another purpose than access.
    pub token_types: Option<Vec<String>>,
    /// Claims that must be present beside `exp`.
    #[serde(default)]
    pub require: Vec<String>,
    /// Whether `exp` must be present.
    #[serde(default = "yes")]
    pub require_exp: bool,
    /// Whether tokens that are bound to a key (RFC 7800) are taken from whoever brings them.
    #[serde(default)]
    pub allow_bound: bool,
}

/// A name, or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Names {
    /// One.
    One(String),
    /// Any of these.
    Several(Vec<String>),
}

impl Names {
    /// Each of them.
    #[must_use]
    pub const fn all(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => names.as_slice(),
        }
    }
}

/// By how many seconds clocks may differ.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum LeewaySettings {
    /// For every time in a token.
    All(f64),
    /// For each of them, none where it is not named.
    Each {
        /// After its end.
        #[serde(default)]
        exp: f64,
        /// Before its start.
        #[serde(default)]
        nbf: f64,
        /// Before it was issued.
        #[serde(default)]
        iat: f64,
    },
}

const fn yes() -> bool {
    true
}
