use jwtfast_core::error::Reason;
use jwtfast_core::identity::Identity;
use jwtfast_core::json::Document;
use jwtfast_core::settings::{Form, IdentitySettings};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeMap;

fn identity(form: Form) -> Identity {
    let entry = IdentitySettings::Form { claim: "a".into(), form };
    let settings = BTreeMap::from([("X-A".to_owned(), entry)]);
    Identity::compile(&settings, "identity", &mut Vec::new())
}

fn header(form: Form, value: &serde_json::Value) -> Result<String, (Reason, u16)> {
    let claims = serde_json::to_vec(&json!({"a": value})).unwrap();
    let document = Document::parse_object(claims).unwrap();
    let headers = identity(form).headers(Some(document.root()));
    let headers = headers.map_err(|error| (error.reason(), error.status()))?;
    assert_eq!(1, headers.len());
    assert_eq!("x-a", &*headers[0].0);
    Ok(headers[0].1.clone())
}

/// Each form writes what its name says.
#[test]
fn forms() {
    for (form, value, expected) in [
        (Form::Text, json!("x y"), "x y"),
        (Form::Text, json!(5), "5"),
        (Form::Text, json!(true), "true"),
        (Form::Text, json!(null), ""),
        (Form::Text, json!(["x", 1]), r#"["x",1]"#),
        (Form::Csv, json!(["x", "y"]), "x,y"),
        (Form::Csv, json!("x"), "x"),
        (Form::Csv, json!([]), ""),
        (Form::Json, json!("é\n"), r#""\u00e9\u000a""#),
        (Form::Json, json!({"b": [1]}), r#"{"b":[1]}"#),
        (Form::Base64, json!("é"), "w6k="),
    ] {
        assert_eq!(Ok(expected.to_owned()), header(form, &value), "{value}");
    }
}

/// What a header cannot carry as it is, is refused with 403, never sent and never a 5xx.
#[test]
fn unsendable() {
    let long = json!("x".repeat(4000));
    for (form, value) in [
        (Form::Text, json!("a\r\nX-Admin: 1")),
        (Form::Text, json!("a\0")),
        (Form::Text, json!("é")),
        (Form::Text, json!(" a")),
        (Form::Text, json!("a ")),
        (Form::Text, long.clone()),
        (Form::Csv, json!(["a,b"])),
        (Form::Csv, json!(["a", "b\n"])),
        (Form::Csv, json!("a,b")),
        (Form::Json, long.clone()),
        (Form::Base64, long),
    ] {
        assert_eq!(Err((Reason::InvalidClaim, 403)), header(form, &value), "{value}");
    }
}

proptest! {
    /// Whatever a claim holds, what is sent is printable ASCII without spaces at its ends.
    #[test]
    fn always_sendable(text in any::<String>(), form in prop::sample::select(vec![Form::Text, Form::Csv, Form::Json, Form::Base64])) {
        if let Ok(value) = header(form, &json!(text)) {
            prop_assert!(value.bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
            prop_assert_eq!(value.trim(), &value);
        }
    }
}

/// Every header is sent, empty for a claim that is absent and for nobody.
#[test]
fn always_emitted() {
    let document = Document::parse_object(b"{}".to_vec()).unwrap();
    for claims in [Some(document.root()), None] {
        let headers = identity(Form::Text).headers(claims).unwrap();
        assert_eq!(vec![("x-a".into(), String::new())], headers);
    }
}

/// A name that is no header, is reserved, or is an alias of another is refused at load.
#[test]
fn bad_names() {
    for names in [
        &["X A"][..],
        &[""],
        &["X-A:"],
        &["Content-Length"],
        &["WWW-Authenticate"],
        &["X-A", "x_a"],
    ] {
        let claim = || IdentitySettings::Claim("a".into());
        let settings = names.iter().map(|&name| (name.to_owned(), claim())).collect();
        let mut errors = Vec::new();
        Identity::compile(&settings, "identity", &mut errors);
        assert_eq!(1, errors.len(), "{names:?}");
    }
}
