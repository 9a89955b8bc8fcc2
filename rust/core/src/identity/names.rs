//! Which headers may carry a claim: none that means something to a proxy, a client or a server.

use std::sync::Arc;

/// With a meaning of their own in an answer, or between two hops: no claim can be right there.
const ANSWER: &[&str] = &[
    "accept-ch",
    "accept-patch",
    "accept-post",
    "accept-ranges",
    "age",
    "allow",
    "alt-svc",
    "cache-control",
    "clear-site-data",
    "connection",
    "critical-ch",
    "date",
    "delta-base",
    "document-policy",
    "etag",
    "expect",
    "expect-ct",
    "expires",
    "feature-policy",
    "http2-settings",
    "im",
    "keep-alive",
    "last-modified",
    "link",
    "location",
    "nel",
    "no-vary-search",
    "observe-browsing-topics",
    "origin-agent-cluster",
    "permissions-policy",
    "pragma",
    "priority",
    // HTTP_PROXY in the environment of CGI programs.
    "proxy",
    "public-key-pins",
    "public-key-pins-report-only",
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
    "set-login",
    "sourcemap",
    "speculation-rules",
    "status",
    "strict-transport-security",
    "supports-loading-mode",
    "surrogate-control",
    "te",
    "timing-allow-origin",
    "tk",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
    "via",
    "warning",
    "www-authenticate",
    "x-content-security-policy",
    "x-content-type-options",
    "x-dns-prefetch-control",
    "x-download-options",
    "x-frame-options",
    "x-original-host",
    "x-original-method",
    "x-original-uri",
    "x-original-url",
    "x-powered-by",
    "x-reproxy-url",
    "x-rewrite-url",
    "x-robots-tag",
    "x-ua-compatible",
    "x-webkit-csp",
    "x-xss-protection",
];

const ANSWER_PREFIXES: &[&str] = &[
    "access-control-",
    "attribution-reporting-",
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
    "baggage",
    "cookie",
    "cookie2",
    "depth",
    "destination",
    "dnt",
    "early-data",
    "expect",
    "forwarded",
    "from",
    "front-end-https",
    "host",
    "idempotency-key",
    "last-event-id",
    "lock-token",
    "max-forwards",
    "origin",
    "overwrite",
    "range",
    "referer",
    "timeout",
    "traceparent",
    "tracestate",
    "translate",
    "true-client-ip",
    "upgrade-insecure-requests",
    "user-agent",
    "x-auth-request-redirect",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-correlation-id",
    "x-csrf-token",
    "x-host",
    "x-http-host-override",
    "x-real-ip",
    "x-remote-addr",
    "x-remote-ip",
    "x-scheme",
    "x-url-scheme",
];

const REQUEST_PREFIXES: &[&str] = &[
    "accept",
    "cf-",
    "fastly-",
    "if-",
    "ssl-client-",
    "x-amz",
    "x-arr-",
    "x-azure-",
    "x-b3-",
    "x-client-cert",
    "x-forwarded-",
    "x-original-",
    "x-request",
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

/// The name with hyphens for all that is folded into one.
fn folded(lower: &str) -> String {
    lower.chars().map(|one| if one.is_ascii_alphanumeric() { one } else { '-' }).collect()
}

fn is_among(name: &str, names: &[&str], prefixes: &[&str]) -> bool {
    names.contains(&name) || prefixes.iter().any(|prefix| name.starts_with(prefix))
}
