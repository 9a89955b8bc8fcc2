use jwtfast_core::json::Document;
use jwtfast_core::rule::cel::RequestParts;
use jwtfast_core::rule::{Rule, compile_all};

/// Claims beyond 53 bits are told apart by every operator, whatever their type and the limit's.
#[test]
fn numbers_are_exact() {
    let large = "1234567890123456789012345678901234567890";
    for (left, right, order) in [
        ("1234567890123456788", "1234567890123456789", -1),
        ("9007199254740993", "9007199254740992.0", 1),
        ("9007199254740992", "9007199254740993.0", 0),
        ("-9007199254740993", "-9007199254740992.0", -1),
        ("18446744073709551616", "18446744073709551615", 1),
        ("18446744073709551616", "18446744073709551616.0", 0),
        (large, "1234567890123456789012345678901234567891", -1),
        (large, "1.2345678901234568e39", -1),
        (large, "1e39", 1),
        (large, "0.5", 1),
        (large, "-1e300", 1),
        ("-1234567890123456789012345678901234567890", "1e-300", -1),
        ("1e308", large, 1),
        ("1e23", "100000000000000000000000", -1),
        ("1e22", "10000000000000000000000", 0),
        ("-0", "0", 0),
        ("-0.0", "0", 0),
        ("1e3", "1000", 0),
        ("0.1", "0.1", 0),
        ("0.1", "0", 1),
        ("-0.1", "0", -1),
    ] {
        for (left, right, order) in [(left, right, order), (right, left, -order)] {
            let text = format!("{{\"a\": {left}, \"l\": [\"x\", {left}]}}");
            let document = Document::parse_object(text.into()).unwrap();
            for (operator, expected) in [
                ("is", order == 0),
                ("eq", order == 0),
                ("gt", order > 0),
                ("ge", order >= 0),
                ("lt", order < 0),
                ("le", order <= 0),
            ] {
                let rule = format!("{{\"claim\": \"a\", \"{operator}\": {right}}}");
                assert_eq!(
                    expected,
                    written(&rule).holds(&document.root().into()),
                    "{left} {rule}"
                );
            }
            for (operator, claim) in [("any", "a"), ("all", "a"), ("any", "l"), ("all", "l")] {
                let rule = format!("{{\"claim\": \"{claim}\", \"{operator}\": [{right}]}}");
                assert_eq!(
                    order == 0,
                    written(&rule).holds(&document.root().into()),
                    "{left} {rule}"
                );
            }
            for claim in ["a", "l"] {
                let rule = format!("{{\"claim\": \"{claim}\", \"none\": [{right}]}}");
                assert_eq!(
                    order != 0,
                    written(&rule).holds(&document.root().into()),
                    "{left} {rule}"
                );
            }
            let rule = format!("{{\"claim\": \"l\", \"contains\": {right}}}");
            assert_eq!(order == 0, written(&rule).holds(&document.root().into()), "{left} {rule}");
        }
    }
}

/// A rule as its text has it.
fn written(rule: &str) -> Rule {
    let raw = serde_json::value::RawValue::from_string(rule.into()).unwrap();
    let mut errors = Vec::new();
    let rules = compile_all(&[raw], "require", &RequestParts::default(), &mut errors);
    assert_eq!(Vec::<(String, String)>::new(), errors);
    rules.into_iter().next().unwrap()
}
