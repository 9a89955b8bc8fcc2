use jwtfast_core::error::Reason;
use jwtfast_core::json::Document;
use jwtfast_core::overrides::Overrides;
use jwtfast_core::settings::QueryOverrides;
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

fn holds(allowed: QueryOverrides, query: &str) -> Result<bool, Reason> {
    let overrides = Overrides::new(allowed);
    let demands = overrides.demands(query.as_bytes()).map_err(|error| error.reason())?;
    // Asked twice: what is kept must say the same.
    let again = overrides.demands(query.as_bytes()).unwrap();
    let claims = claims();
    assert_eq!(demands.hold(claims.root()), again.hold(claims.root()));
    Ok(demands.hold(claims.root()))
}

/// Values of one parameter are alternatives, parameters add up, types are not converted.
#[test]
fn claims_and_patterns() {
    for (query, expected) in [
        ("", true),
        ("other=x", true),
        ("claims_sub=u", true),
        ("claims_sub=v&claims_sub=u", true),
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
        ("claims_regexp_sub=v&claims_regexp_sub=u", true),
    ] {
        assert_eq!(Ok(expected), holds(standard(), query), "{query}");
    }
}

/// What cannot be read is a no, not a yes.
#[test]
fn broken_queries() {
    for query in [
        "claims_=x",
        "claims_/a~2=x",
        "claims_regexp_sub=(",
        "headers_X Y=sub",
        "headers_X-A=sub&headers_X-A=o",
        "headers_Date=sub",
    ] {
        assert_eq!(Err(Reason::PolicyDenied), holds(standard(), query), "{query}");
    }
    let required = QueryOverrides { required: true, ..standard() };
    assert_eq!(Err(Reason::PolicyDenied), holds(required, "other=x&headers_X-A=sub"));
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
        let overrides = Overrides::new(QueryOverrides { omit_absent, ..standard() });
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
    let overrides = Overrides::new(standard());
    let claims = claims();
    for round in 0..1000 {
        let value = if round % 2 == 0 { "u" } else { "v" };
        let query = format!("claims_sub={value}&n={round}");
        let demands = overrides.demands(query.as_bytes()).unwrap();
        assert_eq!(round % 2 == 0, demands.hold(claims.root()));
    }
}
