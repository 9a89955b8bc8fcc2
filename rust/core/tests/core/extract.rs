use jwtfast_core::error::Reason;
use jwtfast_core::extract::{HeaderNames, Sources};
use jwtfast_core::request::Headers;
use jwtfast_core::settings::SourceSettings;

fn sources() -> (Sources, HeaderNames) {
    let mut names = HeaderNames::default();
    let places = [
        SourceSettings::Header { header: "Authorization".into(), scheme: Some("Bearer".into()) },
        SourceSettings::Header { header: "X-Token".into(), scheme: None },
        SourceSettings::Cookie { cookie: "session".into(), optional_scheme: None },
        SourceSettings::Query { query: "access_token".into() },
    ];
    (Sources::compile(&places, &mut names), names)
}

type Values<'v> = [&'v [&'v str]; 3];

fn token(values: Values<'_>) -> Result<String, Reason> {
    token_with_query(values, "")
}

fn token_with_query(values: Values<'_>, query: &str) -> Result<String, Reason> {
    let each = values.iter().enumerate();
    let sent: Vec<_> =
        each.flat_map(|(index, all)| all.iter().map(move |one| (index, one.as_bytes()))).collect();
    let (sources, _) = sources();
    let found = sources.token(Headers(&sent), query.as_bytes());
    found.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()).map_err(|error| error.reason())
}

/// The headers are asked for in lower case, each once.
#[test]
fn request_headers() {
    let (_, names) = sources();
    let names: Vec<_> = names.as_slice().iter().map(|name| &**name).collect();
    assert_eq!(vec!["authorization", "x-token", "cookie"], names);
}

/// One token in one place is found, however the scheme is written.
#[test]
fn one_token() {
    for values in [
        [&["Bearer t"][..], &[], &[]],
        [&["bearer t"], &[], &[]],
        [&["BEARER   t "], &[], &[]],
        [&["Basic dTpw"], &["t"], &[]],
        [&[], &[" t "], &[]],
        [&[], &[""], &["a=b; session=t"]],
        [&[], &[], &["session=t;x"]],
        [&[], &[], &["a=b", "session=t"]],
    ] {
        assert_eq!(Ok("t".to_owned()), token(values), "{values:?}");
    }
}

/// A cookie may have a scheme before its token, where that is said; otherwise it is all token.
#[test]
fn cookie_with_a_scheme() {
    let found = |scheme: Option<&str>, value: &str| {
        let source = SourceSettings::Cookie {
            cookie: "session".into(),
            optional_scheme: scheme.map(Into::into),
        };
        let sources = Sources::compile(&[source], &mut HeaderNames::default());
        let sent = [(0, value.as_bytes())];
        let token = sources.token(Headers(&sent), b"").unwrap();
        String::from_utf8(token.to_vec()).unwrap()
    };
    for (value, expected) in [
        ("session=t", "t"),
        ("session=Bearer t", "t"),
        ("session=bearer   t", "t"),
        ("session=Basic t", "Basic t"),
        ("session=Bearer", "Bearer"),
        ("session=b", "b"),
    ] {
        assert_eq!(expected, found(Some("Bearer"), value), "{value}");
    }
    assert_eq!("Bearer t", found(None, "session=Bearer t"));
}

/// What is no credential of ours counts as none.
#[test]
fn no_token() {
    for values in [
        [&[][..], &[], &[]],
        [&["Basic dTpw"], &[], &[]],
        [&["Negotiate t=="], &[], &[]],
        [&[""], &[""], &[""]],
        [&[], &[], &["session="]],
        [&[], &[], &["Session=t; xsession=t; session"]],
    ] {
        assert_eq!(Err(Reason::MissingToken), token(values), "{values:?}");
    }
}

/// What another reader might take for a token is no token, and a second one beside a token.
#[test]
fn doubtful() {
    for (values, query) in [
        ([&["Bearerx t"][..], &[], &[]], ""),
        ([&["Bearer\tt"], &[], &[]], ""),
        ([&["Digest a=\"b\", bEARER t"], &[], &[]], ""),
        ([&["eyJhIjoxfQ.e30.t"], &[], &[]], ""),
        ([&[], &[], &["session =t"]], ""),
        ([&[], &[], &["a=b,session=t"]], ""),
        ([&[], &[], &["Session=a.b.c"]], ""),
        ([&[], &[], &["se%73sion=t"]], ""),
        ([&[], &[], &[]], "a=1;access_token=t"),
        ([&[], &[], &[]], "access.token[x]=a.b.c"),
        ([&[], &[], &[]], "+access_token=t"),
    ] {
        assert_eq!(Err(Reason::MalformedToken), token_with_query(values, query), "{values:?}");
        let beside = [values[0], &["t"], values[2]];
        assert_eq!(Err(Reason::MultipleTokens), token_with_query(beside, query), "{values:?}");
    }
}

/// A name that is looked for by itself is no other one's likeness; nor is a scheme.
#[test]
fn names_that_are_alike() {
    let cookie =
        |cookie: &str| SourceSettings::Cookie { cookie: cookie.into(), optional_scheme: None };
    let header = |scheme: Option<&str>| SourceSettings::Header {
        header: "Authorization".into(),
        scheme: scheme.map(Into::into),
    };
    let query = |query: &str| SourceSettings::Query { query: query.into() };
    let places = [
        cookie("session"),
        cookie("Session"),
        header(Some("Bearer")),
        header(Some("BearerX")),
        query("t"),
        query("T"),
    ];
    let sources = Sources::compile(&places, &mut HeaderNames::default());
    let found = |cookies: &str, header: &str, query: &str| {
        let sent = [(0, cookies.as_bytes()), (1, header.as_bytes())];
        let found = sources.token(Headers(&sent), query.as_bytes());
        found.map(|bytes| bytes.to_vec()).map_err(|error| error.reason())
    };
    let token = || Ok(b"a.b.c".to_vec());
    for name in ["session", "Session"] {
        assert_eq!(token(), found(&format!("{name}=a.b.c"), "", ""));
    }
    for scheme in ["Bearer", "bearerx"] {
        assert_eq!(token(), found("", &format!("{scheme} a.b.c"), ""));
    }
    for name in ["t", "T"] {
        assert_eq!(token(), found("", "", &format!("{name}=a.b.c")));
    }
    let both = Err(Reason::MultipleTokens);
    assert_eq!(both, found("session=a.b.c; Session=a.b.c", "", ""));
    assert_eq!(both, found("session=a.b.c; SESSION=a.b.c", "", ""));
}

/// Two tokens are refused wherever they stand: one of them would go unchecked.
#[test]
fn two_tokens() {
    for values in [
        [&["Bearer t", "Bearer t"][..], &[], &[]],
        [&["Bearer t", "Basic dTpw"], &[], &[]],
        [&["Bearer t, Bearer u"], &[], &[]],
        [&["Bearer t,u"], &[], &[]],
        [&["Bearer t"], &["u"], &[]],
        [&["Bearer t"], &[], &["session=u"]],
        [&[], &["t", "u"], &[]],
        [&[], &["t"], &["session=u"]],
        [&[], &[], &["session=t; session=u"]],
        [&[], &[], &["session=t", "session=t"]],
    ] {
        assert_eq!(Err(Reason::MultipleTokens), token(values), "{values:?}");
    }
}

/// A scheme alone is a broken credential, not an absent one.
#[test]
fn scheme_alone() {
    for value in ["Bearer", "Bearer ", "bearer   "] {
        assert_eq!(Err(Reason::MalformedToken), token([&[value], &[], &[]]), "{value:?}");
    }
}

/// A parameter of the query counts like any other place, and only once.
#[test]
fn query() {
    let none = [&[][..], &[], &[]];
    assert_eq!(Ok("t".to_owned()), token_with_query(none, "a=b&access_token=t"));
    assert_eq!(Ok("t.t".to_owned()), token_with_query(none, "access_token=t%2Et"));
    assert_eq!(Err(Reason::MissingToken), token_with_query(none, "access_token=&Access_Token=t"));
    for (values, query) in
        [(none, "access_token=t&access_token=t"), ([&["Bearer t"], &[], &[]], "access_token=t")]
    {
        assert_eq!(Err(Reason::MultipleTokens), token_with_query(values, query));
    }
}
