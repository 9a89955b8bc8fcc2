//! What a gate is built from: a document that the server writes from its configuration.

use crate::identity::MAX_SUM_BYTES;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::collections::BTreeMap;

mod issuer;

pub use issuer::{IssuerSettings, LeewaySettings, Names};

/// Everything a gate needs beside the key sets.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GateSettings {
    /// Whose answers to give.
    #[serde(default)]
    pub mode: Mode,
    /// The protection space named in `WWW-Authenticate` (RFC 6750 section 3).
    pub realm: String,
    /// The status of an answer when keys are missing or a bug was caught.
    pub unavailable_status: u16,
    /// Longer tokens are refused unread.
    pub max_token_bytes: usize,
    /// What all headers of an answer's identity may take together.
    #[serde(default = "sum_of_identity")]
    pub max_identity_bytes: usize,
    /// Whom policies may believe.
    pub issuers: Vec<IssuerSettings>,
    /// Where the token may stand.
    pub token: Vec<SourceSettings>,
    /// By name.
    pub policies: BTreeMap<String, PolicySettings>,
    /// Which policy an original request gets; the default one where there are none.
    #[serde(default)]
    pub routes: Vec<RouteSettings>,
    /// How the proxy tells the original request.
    #[serde(default)]
    pub original_request: Option<OriginalSettings>,
    /// What the subrequest's own query may demand; nothing where absent.
    #[serde(default)]
    pub query_overrides: Option<QueryOverrides>,
}

/// Whose answers to give.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// jwtfast's own: 403 for a policy's no, `WWW-Authenticate`, `Cache-Control`.
    #[default]
    Standard,
    /// Those of nginx-subrequest-auth-jwt: 401 for everything, no headers.
    Legacy,
}

/// How the proxy tells the original request.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OriginalSettings {
    /// Carries the URL, or the path and query.
    pub uri_header: String,
    /// Carries the host, where `uri_header` has only the path.
    #[serde(default)]
    pub host_header: Option<String>,
    /// Carries the method; `SUBREQUEST` where the proxy asks with its client's own.
    #[serde(default)]
    pub method_header: Option<String>,
    /// Carries the path and query once more: it must agree with `uri_header` wherever it comes.
    #[serde(default)]
    pub confirm_header: Option<String>,
    /// It must come.
    #[serde(default)]
    pub confirm_required: bool,
    /// Whether paths are compared in their case.
    #[serde(default)]
    pub case: Case,
    /// Networks whose peers may tell it; a Unix socket's peer always may.
    pub trusted_proxies: Vec<String>,
}

impl OriginalSettings {
    /// Whether any request can tell its host.
    #[must_use]
    pub fn tell_host(&self) -> bool {
        self.host_header.is_some() || self.uri_header.eq_ignore_ascii_case("x-original-url")
    }

    /// Whether any request can tell its method.
    #[must_use]
    pub const fn tell_method(&self) -> bool {
        self.method_header.is_some()
    }
}

/// Instead of the name of a header: the subrequest has the method of the original request.
pub const SUBREQUEST: &str = "subrequest";

/// How a proxy compares paths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Case {
    /// `/A` and `/a` are two paths.
    #[default]
    Sensitive,
    /// They are one.
    Insensitive,
}

/// One route as the configuration writes it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RouteSettings {
    /// `admin.example.com`, or `*.example.com` for every name below it; any host where absent.
    #[serde(default)]
    pub host: Option<String>,
    /// Any path where absent.
    #[serde(default)]
    pub path: Option<PathSettings>,
    /// Any method where absent.
    #[serde(default)]
    pub methods: Option<Vec<String>>,
    /// The policy's name.
    pub policy: String,
}

/// What a route's path takes.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum PathSettings {
    /// A glob where it holds `*`, otherwise a prefix.
    Text(String),
    /// This path alone.
    Exact {
        /// The path.
        exact: String,
    },
    /// This path and what is below it.
    Prefix {
        /// The path, with or without a slash at its end.
        prefix: String,
    },
    /// Paths of these elements: `*` within one, `**` for any number of them.
    Glob {
        /// The pattern.
        glob: String,
    },
}

const fn sum_of_identity() -> usize {
    MAX_SUM_BYTES
}

/// A member that may be absent, and is not null.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// A place where a token may stand.
#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum SourceSettings {
    /// A request header, behind a scheme or alone.
    Header {
        /// The header's name, in any case.
        header: String,
        /// `Bearer`, say; where null the whole value is the token.
        #[serde(default)]
        scheme: Option<String>,
    },
    /// A cookie (RFC 6265 section 4.2).
    Cookie {
        /// The cookie's name, to the byte.
        cookie: String,
        /// What may precede the token, where anything may.
        #[serde(default)]
        optional_scheme: Option<String>,
    },
    /// A parameter of the original request's query (RFC 6750 section 2.3).
    Query {
        /// The parameter's name, to the byte.
        query: String,
    },
}

/// One policy.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicySettings {
    /// Names of the issuers it believes.
    pub issuers: Vec<String>,
    /// Rules that must all hold, as they were written; see `crate::rule`. Absent where there are
    /// none.
    #[serde(default, deserialize_with = "given")]
    pub require: Option<Vec<Box<RawValue>>>,
    /// Names of the request headers that rules look at.
    #[serde(default)]
    pub request_headers: Vec<String>,
    /// Response headers and the claims they carry.
    #[serde(default)]
    pub identity: BTreeMap<String, IdentitySettings>,
    /// A request without a token passes as nobody.
    #[serde(default)]
    pub optional: bool,
    /// Every answer is 200; what would have been denied is only told.
    #[serde(default)]
    pub shadow: bool,
    /// A CORS preflight without a token passes as nobody.
    #[serde(default)]
    pub preflight: bool,
}

/// What an identity header carries.
#[derive(Debug, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum IdentitySettings {
    /// A claim, as text.
    Claim(String),
    /// A claim, in a form of its own.
    Form {
        /// The claim.
        claim: String,
        /// How it is written.
        #[serde(default, rename = "as")]
        form: Form,
    },
}

/// How a claim is written into a header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// A string as it is, anything else as JSON.
    #[default]
    Text,
    /// Elements with commas between them; one that has a comma is refused.
    Csv,
    /// The same, each element percent-encoded where it must be (RFC 3986 section 2.1).
    CsvPercent,
    /// A List of Strings of structured fields (RFC 8941 section 3.1).
    SfList,
    /// Compact JSON in ASCII.
    Json,
    /// Base64 (RFC 4648 section 4) of what `text` would write.
    Base64,
}

/// What the subrequest's own query may demand.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[allow(clippy::struct_excessive_bools, reason = "each is one switch of the configuration")]
#[serde(default, deny_unknown_fields)]
pub struct QueryOverrides {
    /// `claims_NAME=value` and, but in legacy mode, `claims_any_NAME=value`.
    pub claims: bool,
    /// `claims_regexp_NAME=pattern`, for the whole value.
    pub regexp: bool,
    /// `headers_NAME=claim`, sent beside the policy's identity headers.
    pub headers: bool,
    /// A query without any claim to check is denied.
    pub required: bool,
    /// A pattern may match a part of the value, as the services that we replace have it.
    pub search: bool,
    /// NAME is a top-level name, never a path.
    pub names_only: bool,
    /// A header whose claim is absent is left out instead of sent empty.
    pub omit_absent: bool,
}
