//! Which headers may carry a claim: none that means something to a proxy, a client or a server.

use std::sync::Arc;

/// With a meaning of their own in an answer, or between two hops: no claim can be right there.
const ANSWER: &[&str] = &[
    "accept-ch",
    "accept-ranges",
    "age",
    "allow",
    "alt-svc",
    "cache-control",
    "clear-site-data",
    "connection",
    "date",
    "etag",
    "expect",
    "expires",
    "http2-settings",
    "keep-alive",
    "last-modified",
    "link",
    "location",
    "nel",
    "origin-agent-cluster",
    "permissions-policy",
    "pragma",
    // HTTP_PROXY in the environment of CGI programs.
    "proxy",
    "referrer-policy",
    "refresh",
    "report-to",
    "reporting-endpoints",
    "retry-after",
    "server",
    "server-timing",
    "service-worker-allowed",
    "set-cookie",
    "set-cookie2",
    "sourcemap",
    "status",
    "strict-transport-security",
    "surrogate-control",
    "te",
    "timing-allow-origin",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
    "via",
    "warning",
    "www-authenticate",
    "x-content-type-options",
    "x-frame-options",
    "x-original-host",
    "x-original-method",
    "x-original-uri",
    "x-original-url",
    "x-reproxy-url",
    "x-rewrite-url",
    "x-robots-tag",
    "x-xss-protection",
];

const ANSWER_PREFIXES: &[&str] = &[
    "access-control-",
    "cdn-",
    "content-",
    "cross-origin-",
    "proxy-",
    "sec-",
    "x-accel-",
    "x-envoy-",
    "x-http-method",
    "x-lighttpd-",
    "x-litespeed-",
    "x-method-override",
    "x-permitted-",
    "x-sendfile",
];

/// With a meaning in a request: whoever writes the configuration may mean it, the query of a
/// subrequest may not.
const REQUEST: &[&str] = &[
    "authorization",
    "cookie",
    "cookie2",
    "early-data",
    "expect",
    "forwarded",
    "from",
    "host",
    "max-forwards",
    "origin",
    "range",
    "referer",
    "true-client-ip",
    "user-agent",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-real-ip",
    "x-request-id",
];

const REQUEST_PREFIXES: &[&str] = &[
    "accept",
    "cf-",
    "fastly-",
    "if-",
    "x-amz",
    "x-forwarded-",
    "x-original-",
    "x-ssl-",
    "x-traefik-",
];

/// Names of users that proxies have under a prefix of the other kind.
const IDENTITY: &[&str] = &[
    "x-forwarded-access-token",
    "x-forwarded-email",
    "x-forwarded-groups",
    "x-forwarded-preferred-username",
    "x-forwarded-user",
];

/// A field name (RFC 9110 section 5.1), in lower case.
pub(crate) fn field_name(name: &str) -> Result<Arc<str>, String> {
    let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if name.is_empty() || !name.bytes().all(token) {
        return Err("expected a header's name: letters, digits and hyphens".into());
    }
    Ok(name.to_ascii_lowercase().into())
}

/// The name of a header that may carry a claim.
pub(super) fn header_name(name: &str) -> Result<Arc<str>, String> {
    let lower = field_name(name)?;
    if is_among(&folded(&lower), ANSWER, ANSWER_PREFIXES) {
        return Err("the header has a meaning of its own in the answer".into());
    }
    Ok(lower)
}

/// Whether the query of a subrequest may name this header: of letters, digits and hyphens, and of no
/// meaning to anybody.
pub(crate) fn is_free(name: &str) -> bool {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let name = folded(&name.to_ascii_lowercase());
    plain && (IDENTITY.contains(&&*name) || !is_among(&name, REQUEST, REQUEST_PREFIXES))
}

/// Whether servers may read two headers as one: CGI and those after it fold case, and all that is
/// neither letter nor digit.
pub(crate) fn are_one(left: &str, right: &str) -> bool {
    let fold = |byte: u8| {
        if byte.is_ascii_alphanumeric() { byte.to_ascii_lowercase() } else { b'-' }
    };
    left.bytes().map(fold).eq(right.bytes().map(fold))
}

/// The name with hyphens for all that is folded into one.
fn folded(lower: &str) -> String {
    lower.chars().map(|one| if one.is_ascii_alphanumeric() { one } else { '-' }).collect()
}

fn is_among(name: &str, names: &[&str], prefixes: &[&str]) -> bool {
    names.contains(&name) || prefixes.iter().any(|prefix| name.starts_with(prefix))
}
