use jwtfast_core::json::Document;
use jwtfast_core::overrides::{Overrides, Refused};
use jwtfast_core::settings::{Mode, QueryOverrides};
use serde_json::json;

fn standard() -> QueryOverrides {
    QueryOverrides { claims: true, regexp: true, headers: true, ..QueryOverrides::default() }
}

fn claims() -> Document {
    let claims = json!({
        "sub": "u", "groups": ["a", "b"], "age": 5, "a.b": "flat", "o": {"p": "deep"}, "mail": "x@example.com"
    });
    Document::parse_object(serde_json::to_vec(&claims).unwrap()).unwrap()
}

fn holds(allowed: QueryOverrides, query: &str) -> Result<bool, Refused> {
    read_as(Mode::Standard, allowed, query)
}

fn read_as(mode: Mode, allowed: QueryOverrides, query: &str) -> Result<bool, Refused> {
    let overrides = Overrides::new(allowed, mode);
    let demands = overrides.demands(query.as_bytes())?;
    // Asked twice: what is kept must say the same.
    let again = overrides.demands(query.as_bytes()).unwrap();
    let claims = claims();
    assert_eq!(demands.hold(&claims.root().into()), again.hold(&claims.root().into()));
    Ok(demands.hold(&claims.root().into()))
}

/// Parameters add up, the values of `claims_any_` are alternatives, types are not converted.
#[test]
fn claims_and_patterns() {
    for (query, expected) in [
        ("", true),
        ("other=x", true),
        ("claims_sub=u", true),
        ("claims_any_sub=v&claims_any_sub=u", true),
        ("claims_any_sub=v&claims_any_sub=w", false),
        ("claims_any_sub=u", true),
        ("claims_any_groups=z&claims_any_groups=b", true),
        ("claims_any_sub=v&claims_any_sub=u&claims_sub=v", false),
        ("claims_sub=u&claims_any_sub=u&claims_regexp_sub=u", true),
        ("claims_any_sub=u&claims_any_groups=z", false),
        ("claims_sub=v", false),
        ("claims_groups=b", true),
        ("claims_groups=b&claims_sub=v", false),
        ("claims_age=5", false),
        ("claims_nothing=", false),
        ("claims_a.b=flat", true),
        ("claims_o.p=deep", true),
        ("claims_/groups/1=b", true),
        ("claims_regexp_mail=.*%40example%5C.com", true),
        ("claims_regexp_mail=example", false),
        ("claims_regexp_groups=a%7Cz", true),
        ("claims_regexp_sub=v&claims_sub=u", false),
        ("claims_regexp_sub=u&claims_sub=v", false),
        ("claims_regexp_sub=v%7Cu&claims_sub=u", true),
        ("claims_sub=u&claims_/sub=v", false),
        ("claims_sub=u;claims_sub=v", false),
        ("claims_sub=u%26claims_sub=v", false),
        ("claims_sub=u%00", false),
        ("claims_sub=u+", false),
    ] {
        assert_eq!(Ok(expected), holds(standard(), query), "{query}");
    }
}

/// What cannot be read without doubt is a no, not a yes, and says what to write.
#[test]
fn broken_queries() {
    for (query, told) in [
        ("claims_=x", "broken claim path"),
        ("claims_any_=x", "broken claim path"),
        ("claims_/a~2=x", "broken claim path"),
        ("claims_regexp_sub=(", "broken pattern"),
        ("headers_X Y=sub", "means something"),
        ("headers_X-A=sub&headers_X-A=o", "a header twice"),
        ("headers_X-A=sub&headers_x-a=o", "a header twice"),
        ("headers_Date=sub", "cannot be sent"),
        ("headers_X-A=/a~2", "cannot be sent"),
        ("claims_sub=u&claims_sub=v", "claims_any_NAME"),
        ("claims_sub=u&claims_sub=u", "claims_any_NAME"),
        ("claims_sub=u&claims%5Fsub=u", "claims_any_NAME"),
        ("claims_regexp_sub=u&claims_regexp_sub=v", "one pattern with |"),
        ("claims_sub=%ff", "not UTF-8"),
        ("claims_s%ff=x", "not UTF-8"),
        ("claims_any_sub=u&claims_any_sub=%c3", "not UTF-8"),
    ] {
        let Refused(sentence) = holds(standard(), query).unwrap_err();
        assert!(sentence.contains(told), "{query}: {sentence}");
    }
    let required = QueryOverrides { required: true, ..standard() };
    let none = Err(Refused("The subrequest names no claim to check."));
    assert_eq!(none, holds(required, "other=x&headers_X-A=sub"));
}

/// Where the services that we replace are stood in for, a parameter means what it means there.
#[test]
fn lenient_queries() {
    for (query, expected) in [
        ("claims_sub=v&claims_sub=u", true),
        ("claims_sub=v&claims_sub=w", false),
        ("claims_regexp_sub=v&claims_regexp_sub=u", true),
        ("claims_any_sub=u", false),
        ("claims_sub=%ff", false),
        ("headers_Authorization=sub&claims_sub=u", true),
    ] {
        assert_eq!(Ok(expected), read_as(Mode::Legacy, standard(), query), "{query}");
    }
    for name in ["Set-Cookie", "Location", "X-Accel-Redirect", "Content-Length", "x_accel_redirect"]
    {
        assert!(
            read_as(Mode::Legacy, standard(), &format!("headers_{name}=sub")).is_err(),
            "{name}"
        );
    }
}

/// The query may name headers that mean nothing to anybody, in one spelling.
#[test]
fn names_of_headers() {
    for name in [
        "X-Tenant",
        "x-user",
        "X-Forwarded-User",
        "X-Auth-Request-Email",
        "Remote-User",
        "Tenant",
        "Email",
    ] {
        assert_eq!(Ok(true), holds(standard(), &format!("headers_{name}=sub")), "{name}");
    }
    for name in [
        "set-cookie",
        "Set-Cookie2",
        "LOCATION",
        "Refresh",
        "Link",
        "X-Accel-Redirect",
        "X-Accel-Buffering",
        "X-Sendfile",
        "X-Sendfile-Type",
        "Content-Type",
        "Content-Location",
        "Content-Security-Policy",
        "Content-Encoding",
        "Cache-Control",
        "CDN-Cache-Control",
        "Expires",
        "Clear-Site-Data",
        "Strict-Transport-Security",
        "Access-Control-Allow-Origin",
        "WWW-Authenticate",
        "Proxy-Authenticate",
        "Proxy-Connection",
        "Proxy",
        "Connection",
        "Keep-Alive",
        "Transfer-Encoding",
        "TE",
        "Trailer",
        "Upgrade",
        "Sec-WebSocket-Accept",
        "Alt-Svc",
        "X-Envoy-Auth-Headers-To-Remove",
        "X-Original-URL",
        "X-Original-User",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Real-IP",
        "Forwarded",
        "Via",
        "Host",
        "Cookie",
        "Authorization",
        "X-HTTP-Method-Override",
        "X-Rewrite-URL",
        "Server",
        "Date",
        "ETag",
        "Vary",
        "Status",
        "Age",
        "X-Frame-Options",
        "Referrer-Policy",
        "Origin",
        "Accept",
        "Accept-Encoding",
        "If-None-Match",
        "Range",
        "X-Auth-Request-Redirect",
        "X-Request-Id",
        "X-Requested-With",
        "Traceparent",
        "SSL-Client-Verify",
        "X-Scheme",
        "Remote_User",
        "X_Tenant",
        "X.Tenant",
        "X~Tenant",
        "set_cookie",
        "x.accel.redirect",
        "",
        "X Tenant",
    ] {
        assert!(holds(standard(), &format!("headers_{name}=sub")).is_err(), "{name}");
    }
}

/// What is not allowed is not read.
#[test]
fn switches() {
    assert_eq!(Ok(true), holds(QueryOverrides::default(), "claims_sub=v&claims_regexp_sub=("));
    let search = QueryOverrides { search: true, ..standard() };
    assert_eq!(Ok(true), holds(search, "claims_regexp_mail=example"));
    let names = QueryOverrides { names_only: true, ..standard() };
    assert_eq!(Ok(false), holds(names, "claims_o.p=deep"));
    // Without patterns, `regexp_sub` is a claim's name like any other.
    let plain = QueryOverrides { claims: true, ..QueryOverrides::default() };
    assert_eq!(Ok(false), holds(plain, "claims_regexp_sub=u"));
}

/// A header that the query asks for is sent empty for an absent claim, or left out where that is asked.
#[test]
fn headers() {
    for (omit_absent, expected) in
        [(false, vec![("x-a", "u"), ("x-b", "")]), (true, vec![("x-a", "u")])]
    {
        let overrides =
            Overrides::new(QueryOverrides { omit_absent, ..standard() }, Mode::Standard);
        let demands = overrides.demands(b"headers_X-A=sub&headers_X-B=nothing").unwrap();
        let headers = overrides.headers(&demands, Some(claims().root())).unwrap();
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| (&**name, value.as_str())).collect();
        assert_eq!(expected, headers);
    }
}

/// However many different queries come, each is answered by what it says.
#[test]
fn many_queries() {
    let overrides = Overrides::new(standard(), Mode::Standard);
    let claims = claims();
    for round in 0..1000 {
        let value = if round % 2 == 0 { "u" } else { "v" };
        let query = format!("claims_sub={value}&n={round}");
        let demands = overrides.demands(query.as_bytes()).unwrap();
        assert_eq!(round % 2 == 0, demands.hold(&claims.root().into()));
    }
}
