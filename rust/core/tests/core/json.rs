use jwtfast_core::json::{Document, Value, View};
use proptest::prelude::*;

fn parses(text: &str) -> bool {
    Document::parse(text.as_bytes().to_vec()).is_ok()
}

fn serde(value: Value<'_>) -> serde_json::Value {
    match value.view() {
        View::Null => serde_json::Value::Null,
        View::Bool(value) => value.into(),
        View::Number(text, _) => serde_json::from_str(text).unwrap(),
        View::Text(text) => text.into(),
        View::Array(elements) => elements.map(serde).collect(),
        View::Object(members) => {
            let each = members.map(|(name, value)| (name.to_owned(), serde(value)));
            serde_json::Value::Object(each.collect())
        }
    }
}

fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<u64>().prop_map(Into::into),
        // Eighths: serde_json's own reading of doubles is off by a bit for some others.
        any::<i32>().prop_map(|number| (f64::from(number) / 8.0).into()),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Into::into),
            prop::collection::btree_map(any::<String>(), inner, 0..20)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    /// Whatever serde_json writes is read back as the same value, pretty or compact.
    #[test]
    fn agrees_with_serde_on_good_json(value in any_json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) };
        let document = Document::parse(text.unwrap().into_bytes()).unwrap();
        prop_assert_eq!(value, serde(document.root()));
    }

    /// The ASCII form is the same value again, and can stand in a header.
    #[test]
    fn ascii_form_keeps_the_value(value in any_json()) {
        let document = Document::parse(serde_json::to_vec(&value).unwrap()).unwrap();
        let mut ascii = String::new();
        document.root().write_ascii(&mut ascii);
        prop_assert!(ascii.bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
        prop_assert_eq!(value, serde_json::from_str::<serde_json::Value>(&ascii).unwrap());
    }

    /// Nothing is taken that serde_json refuses, however the text was damaged.
    #[test]
    fn never_laxer_than_serde(value in any_json(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut text = serde_json::to_vec(&value).unwrap();
        let at = at.index(text.len());
        text[at] = byte;
        if let Ok(document) = Document::parse(text.clone()) {
            // serde_json refuses numbers that overflow a double; whether they do is asked apart.
            if document.root().numbers_are_finite() {
                prop_assert!(serde_json::from_slice::<serde_json::Value>(&text).is_ok());
            }
        }
    }

    /// Any bytes at all give an answer, and no panic.
    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Document::parse(bytes);
    }

    /// However many members there are and whatever they are called, a name that comes twice is seen.
    #[test]
    fn every_duplicate_is_seen(names in prop::collection::hash_set("[a-c]{0,4}", 1..40), twice in any::<prop::sample::Index>()) {
        let names: Vec<_> = names.into_iter().collect();
        let object = |names: &[String]| {
            let members: Vec<_> = names.iter().map(|name| format!("\"{name}\":1")).collect();
            format!("{{{}}}", members.join(","))
        };
        prop_assert!(parses(&object(&names)));
        let mut doubled = names.clone();
        doubled.push(names[twice.index(names.len())].clone());
        prop_assert!(!parses(&object(&doubled)));
    }
}

/// What RFC 8259 does not have, and what two readers could read differently, is refused.
#[test]
fn strictness() {
    for text in [
        "",
        " ",
        "nul",
        "tru",
        "True",
        "NaN",
        "Infinity",
        "-",
        "-Infinity",
        "01",
        "+1",
        "1.",
        ".5",
        "1e",
        "1e+",
        "0x10",
        "'a'",
        "\"",
        "\"\\",
        "\"\\u12\"",
        "\"\\x41\"",
        "\"a\nb\"",
        "\"\t\"",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[",
        "]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{1:1}",
        "{\"a\":1 \"b\":2}",
        "1 2",
        "[]]",
        "\u{feff}{}",
        "// c\n1",
        r#""\ud800""#,
        r#""\udc00""#,
        r#""\ud800\u0041""#,
        r#""\ud800x""#,
        r#"{"sub":1,"\u0073ub":2}"#,
        r#"{"a":{"b":1,"b":1}}"#,
        r#"[{"":1,"":2}]"#,
    ] {
        assert!(!parses(text), "{text}");
    }
    assert!(Document::parse(vec![b'"', 0xff, b'"']).is_err());
    for text in [
        "0",
        "-0",
        "1e5",
        "-1.5E-3",
        "\"\"",
        r#""\ud83d\ude00""#,
        " [ ] ",
        "{\"a\" : [1 , 2]}",
        "\"\u{7f}\"",
    ] {
        assert!(parses(text), "{text}");
    }
}

/// A string of any length stops at the first quote, backslash or control character.
#[test]
fn strings_of_every_length() {
    for length in 0..40 {
        let plain = "x".repeat(length);
        assert!(parses(&format!("\"{plain}\"")));
        assert!(parses(&format!("\"{plain}\\n{plain}\"")));
        for control in 0..0x20_u8 {
            assert!(!parses(&format!("\"{plain}{}{plain}\"", char::from(control))));
        }
    }
}

/// 32 levels pass and 33 do not, for arrays and objects alike.
#[test]
fn depth_is_bounded() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let nested = |depth| format!("{}1{}", open.repeat(depth), close.repeat(depth));
        assert!(parses(&nested(32)));
        assert!(!parses(&nested(33)));
        assert!(!parses(&open.repeat(100_000)));
    }
}
