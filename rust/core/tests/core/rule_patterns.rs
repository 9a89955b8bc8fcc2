use crate::rule::{compile, holds};
use jwtfast_core::json::Document;
use serde_json::json;

/// A pattern that is too large says whether Unicode made it so, and what to write.
#[test]
fn large_patterns_are_explained() {
    for (pattern, told) in [
        (r"\w{1,100}", r"write (?-u:\w) or [0-9A-Za-z_]"),
        (r"(?:\w*\d*){30}x", r"write (?-u:\w) or [0-9A-Za-z_]"),
        ("(a{1000}){1000}", "repetitions such as {1000} are written out"),
    ] {
        let errors = compile(&json!({"claim": "a", "matches": pattern})).unwrap_err();
        let (_, message) = &errors[0];
        assert!(message.contains(told) && message.contains("is too large"), "{message}");
        assert!(message.contains(&format!("{pattern:?}")), "{message}");
    }
    for pattern in [r"(?-u:\w){1,100}", "[0-9A-Za-z_]{1,100}"] {
        assert!(holds(&json!({"claim": "a", "matches": pattern}), &json!({"a": "abc_1"})));
    }
}

/// All patterns of a decision share what it may cost: beyond that nobody passes, `not` or no.
#[test]
fn the_work_of_patterns_is_bounded() {
    let text = "ab".repeat(6000);
    let document = Document::parse_object(json!({"a": text, "b": "x"}).to_string().into()).unwrap();
    let slow =
        |index: usize| json!({"claim": "a", "matches": format!("[ab]*a[ab]{{{}}}c", 60 + index)});
    let many: Vec<_> = (0..40).map(slow).collect();
    for (rule, expected) in [
        (json!({"any_of": many.clone()}), false),
        (json!({"not": {"any_of": many.clone()}}), false),
        (json!({"any_of": [{"not": {"any_of": many.clone()}}, {"claim": "b", "is": "x"}]}), true),
    ] {
        let subject = document.root().into();
        let rule = compile(&rule).unwrap();
        assert_eq!(expected, rule.holds(&subject));
        assert_eq!(0, subject.left());
        // What comes behind it cannot pass by a pattern either.
        let light = json!({"claim": "b", "matches": "x"});
        assert!(!compile(&light).unwrap().holds(&subject));
        assert!(!compile(&json!({"not": light})).unwrap().holds(&subject));
    }
    // Patterns whose states fit into memory are read at their pace: hundreds of them do no harm.
    let light = |index: usize| json!({"claim": "a", "matches": format!("[ab]*|{index}")});
    let rule = json!({"all_of": (0..200).map(light).collect::<Vec<_>>()});
    assert!(compile(&rule).unwrap().holds(&document.root().into()));
}
