use jwtfast_core::algorithm::{Algorithm, AlgorithmSet};
use jwtfast_core::claims::{Audience, Checks, Leeway};
use jwtfast_core::error::Reason;
use jwtfast_core::key::Key;
use jwtfast_core::keyset::KeySet;
use jwtfast_core::revocation::RevocationList;
use jwtfast_core::token;
use jwtfast_core::verifier::{Issuer, Verifier};
use serde_json::{Value, json};
use std::sync::Arc;

const NOW: f64 = 1_800_000_000.0;

fn list(revoked: &Value) -> Result<RevocationList, Vec<(String, String)>> {
    let list = RevocationList::default();
    let document = json!({ "revoked": revoked });
    list.replace(document.to_string().as_bytes()).map(|()| list)
}

/// Checks a token of a key that has this kid, or none; the token says neither.
fn check(list: &RevocationList, claims: &Value, kid: Option<&str>) -> Result<(), Reason> {
    let key = Arc::new(Key::from_secret(&[1; 32], Algorithm::HS256, kid, false).unwrap());
    let text = claims.to_string();
    let token = token::sign(br#"{"alg":"HS256"}"#, text.as_bytes(), &key, Algorithm::HS256);
    let checks = Checks {
        issuers: None,
        audience: Audience::Any,
        leeway: Leeway::default(),
        max_lifetime: None,
        require_exp: false,
        required: Vec::new(),
        token_types: None,
        allow_bound: true,
    };
    let keys = Arc::new(KeySet::new(vec![key]).unwrap());
    let issuer = Issuer::new(Some(keys), AlgorithmSet::ALL, checks);
    let verifier = Verifier::new(vec![Arc::new(issuer)], 1 << 16);
    let found = verifier.verify(token.unwrap().as_bytes(), NOW).unwrap();
    list.check(&found, NOW).map_err(|error| error.reason())
}

/// Each entry names the tokens that it says, and no others.
#[test]
fn entries() {
    let token = json!({"iss": "https://a", "sub": "u", "jti": "j", "iat": NOW - 60.0});
    for (entry, revoked) in [
        (json!({"jti": "j"}), true),
        (json!({"jti": "u"}), false),
        (json!({"sub": "u"}), true),
        (json!({"sub": "U"}), false),
        (json!({"kid": "k"}), true),
        (json!({"kid": "j"}), false),
        (json!({"jti": "j", "iss": "https://a"}), true),
        (json!({"jti": "j", "iss": "https://b"}), false),
        (json!({"sub": "u", "issued_before": NOW}), true),
        (json!({"sub": "u", "issued_before": NOW - 60.0}), false),
        (json!({"jti": "j", "expires": NOW + 1.0}), true),
        (json!({"jti": "j", "expires": NOW}), false),
    ] {
        let list = list(&json!([entry])).unwrap();
        assert_eq!(revoked, check(&list, &token, Some("k")).is_err(), "{entry}");
        assert_eq!(Ok(()), check(&list, &json!({"sub": "other"}), None), "{entry}");
    }
}

/// A token that does not say when it was issued was issued before any time.
#[test]
fn without_iat() {
    let list = list(&json!([{"sub": "u", "issued_before": 1}])).unwrap();
    assert_eq!(Err(Reason::TokenRevoked), check(&list, &json!({"sub": "u"}), None));
}

/// Of several entries for one name, each counts.
#[test]
fn several_entries_of_one_name() {
    let entries = json!([{"sub": "u", "expires": 1}, {"sub": "u", "iss": "b"}, {"sub": "u"}]);
    let list = list(&entries).unwrap();
    assert_eq!(3, list.len());
    assert_eq!(Err(Reason::TokenRevoked), check(&list, &json!({"sub": "u"}), None));
}

/// A document that cannot be read changes nothing; everything wrong with its entries is told.
#[test]
fn bad_documents() {
    let list = list(&json!([{"jti": "j"}])).unwrap();
    for text in
        ["", "{}", "[]", r#"{"revoked": [{"jti": 1}]}"#, r#"{"revoked": [{"jti": "a", "x": 1}]}"#]
    {
        assert!(list.replace(text.as_bytes()).is_err(), "{text}");
    }
    let wrong =
        r#"{"revoked": [{"jti": "a", "sub": "b"}, {"jti": "a"}, {}, {"kid": "a", "expires": -1}]}"#;
    let places: Vec<_> =
        list.replace(wrong.as_bytes()).unwrap_err().into_iter().map(|(place, _)| place).collect();
    assert_eq!(vec!["revoked[0]", "revoked[2]", "revoked[3]"], places);
    assert_eq!(Err(Reason::TokenRevoked), check(&list, &json!({"jti": "j"}), None));
}

/// While the content cannot be relied on, no token passes.
#[test]
fn unavailable() {
    let list = RevocationList::default();
    assert_eq!(Ok(()), check(&list, &json!({}), None));
    list.set_available(false);
    assert_eq!(Err(Reason::KeysUnavailable), check(&list, &json!({}), None));
    list.set_available(true);
    assert_eq!(Ok(()), check(&list, &json!({}), None));
}
