use jwtfast_core::json::Document;
use jwtfast_core::rule::cel::RequestParts;
use jwtfast_core::rule::{Rule, compile_all};
use serde_json::{Value, json};

pub(crate) fn compile(rule: &Value) -> Result<Rule, Vec<(String, String)>> {
    let mut errors = Vec::new();
    let raw = serde_json::value::to_raw_value(rule).unwrap();
    let rules = compile_all(&[raw], "require", &RequestParts::default(), &mut errors);
    if errors.is_empty() { Ok(rules.into_iter().next().unwrap()) } else { Err(errors) }
}

pub(crate) fn holds(rule: &Value, claims: &Value) -> bool {
    let document = Document::parse_object(serde_json::to_vec(claims).unwrap()).unwrap();
    compile(rule).unwrap().holds(&document.root().into())
}

/// Each operator on values that pass and values that do not; types are never converted.
#[test]
fn operators() {
    let table = [
        (
            json!({"claim": "a", "is": "x"}),
            vec![json!("x")],
            vec![json!("X"), json!(["x"]), json!(1), Value::Null],
        ),
        (
            json!({"claim": "a", "is": 1}),
            vec![json!(1), json!(1.0)],
            vec![json!("1"), json!(true), json!(2)],
        ),
        (
            json!({"claim": "a", "is": true}),
            vec![json!(true)],
            vec![json!("true"), json!(1), json!(false)],
        ),
        (
            json!({"claim": "a", "any": ["x", "y"]}),
            vec![json!("x"), json!(["z", "y"])],
            vec![json!("z"), json!([]), json!([["x"]]), json!({"x": 1})],
        ),
        (
            json!({"claim": "a", "all": ["x", "y"]}),
            vec![json!(["y", "z", "x"])],
            vec![json!("x"), json!(["x"]), json!([])],
        ),
        (
            json!({"claim": "a", "none": ["x"]}),
            vec![json!("y"), json!([]), json!(["y"]), Value::Null],
            vec![json!("x"), json!(["y", "x"]), json!({"x": 1}), json!([["x"]])],
        ),
        (
            json!({"claim": "a", "contains": "b"}),
            vec![json!(["b"]), json!(["a", "b"])],
            vec![
                json!("abc"),
                json!("b"),
                json!(["abc"]),
                json!([["b"]]),
                json!({"b": 1}),
                json!(1),
            ],
        ),
        (
            json!({"not": {"claim": "a", "contains": "b"}}),
            vec![json!([]), json!(["abc"]), Value::Null],
            vec![json!(["b"]), json!("b"), json!("abc"), json!("x"), json!(1), json!({"x": 1})],
        ),
        (
            json!({"claim": "a", "substring": "b"}),
            vec![json!("b"), json!("abc")],
            vec![json!("ac"), json!("B"), json!(["b"]), json!(["abc"]), json!({"b": 1}), json!(1)],
        ),
        (
            json!({"not": {"claim": "a", "substring": "b"}}),
            vec![json!("ac"), json!(""), Value::Null],
            vec![json!("abc"), json!(["b"]), json!(["x"]), json!(1), json!({"x": 1})],
        ),
        (
            json!({"claim": "a", "matches": "a|ab"}),
            vec![json!("a"), json!("ab"), json!(["z", "ab"])],
            vec![json!("xab"), json!("abx"), json!("ab\n"), json!(1)],
        ),
        (json!({"claim": "a", "eq": 5}), vec![json!(5), json!(5.0)], vec![json!("5"), json!([5])]),
        (json!({"claim": "a", "gt": 5}), vec![json!(5.5)], vec![json!(5), json!("6")]),
        (json!({"claim": "a", "ge": 5}), vec![json!(5), json!(6)], vec![json!(4.9), json!(true)]),
        (json!({"claim": "a", "lt": 5}), vec![json!(-1)], vec![json!(5), Value::Null]),
        (json!({"claim": "a", "le": 5}), vec![json!(5)], vec![json!(5.1)]),
        (json!({"claim": "a", "exists": true}), vec![json!(""), json!([])], vec![Value::Null]),
        (json!({"claim": "a", "exists": false}), vec![Value::Null], vec![json!(0)]),
        (
            json!({"not": {"claim": "a", "is": "x"}}),
            vec![json!("y"), Value::Null],
            vec![json!("x")],
        ),
        (
            json!({"any_of": [{"claim": "a", "is": "x"}, {"claim": "a", "gt": 5}]}),
            vec![json!("x"), json!(6)],
            vec![json!("y"), json!(5)],
        ),
        (
            json!({"all_of": [{"claim": "a", "gt": 5}, {"claim": "a", "lt": 8}]}),
            vec![json!(6)],
            vec![json!(5), json!(8)],
        ),
        (json!({"claim": "a", "gt": 5, "lt": 8}), vec![json!(6)], vec![json!(5), json!(8)]),
    ];
    for (rule, good, bad) in table {
        for value in good {
            assert!(holds(&rule, &json!({"a": value})), "{rule} {value}");
        }
        for value in bad {
            assert!(!holds(&rule, &json!({"a": value})), "{rule} {value}");
        }
    }
}

/// An absent claim passes only what asks for its absence.
#[test]
fn absent_claims() {
    for (rule, expected) in [
        (json!({"claim": "a", "is": "x"}), false),
        (json!({"claim": "a", "any": ["x"]}), false),
        (json!({"claim": "a", "all": ["x"]}), false),
        (json!({"claim": "a", "none": ["x"]}), true),
        (json!({"claim": "a", "matches": ".*"}), false),
        (json!({"claim": "a", "lt": 5}), false),
        (json!({"claim": "a", "exists": false}), true),
        (json!({"claim": "a", "contains": ""}), false),
    ] {
        assert_eq!(expected, holds(&rule, &json!({"b": 1})), "{rule}");
    }
}

/// Names, dotted paths and JSON pointers reach what they say and nothing else.
#[test]
fn claim_paths() {
    let claims = json!({
        "a.b": 1, "a": {"b": 2, "c": {"d": 3}}, "l": [{"x": 4}, 5], "s/t": 6, "m~n": 7, "": 8
    });
    for (path, expected) in [
        ("a.b", Some(1)),
        ("a.c.d", Some(3)),
        ("a.c.x", None),
        ("/a/b", Some(2)),
        ("/l/0/x", Some(4)),
        ("/l/1", Some(5)),
        ("/l/01", None),
        ("/l/-", None),
        ("/l/2", None),
        ("/s~1t", Some(6)),
        ("/m~0n", Some(7)),
        ("/", Some(8)),
        ("l.0.x", None),
    ] {
        let rule = json!({"claim": path, "eq": expected.unwrap_or(0)});
        assert_eq!(expected.is_some(), holds(&rule, &claims), "{path}");
        assert_eq!(
            expected.is_some(),
            holds(&json!({"claim": path, "exists": true}), &claims),
            "{path}"
        );
    }
}

/// Scopes are read from `scope` and `scp`, as a list with spaces or an array, whole words only.
#[test]
fn scopes() {
    let rule = json!({"scope": ["write", "read"]});
    for claims in [
        json!({"scope": "read write"}),
        json!({"scp": ["write", "read"]}),
        json!({"scope": "read", "scp": "write"}),
        json!({"scp": ["read write"]}),
    ] {
        assert!(holds(&rule, &claims), "{claims}");
    }
    for claims in [
        json!({}),
        json!({"scope": "read"}),
        json!({"scope": "reads writes"}),
        json!({"scope": {"read": 1, "write": 1}}),
        json!({"scope": "read,write"}),
        json!({"scope": "READ WRITE"}),
    ] {
        assert!(!holds(&rule, &claims), "{claims}");
    }
}

/// What cannot hold is refused at load, with its place.
#[test]
fn errors_have_their_place() {
    for (rule, place) in [
        (json!("x"), "require[0]"),
        (json!({}), "require[0]"),
        (json!({"claim": "a"}), "require[0]"),
        (json!({"claim": 5, "is": 1}), "require[0].claim"),
        (json!({"claim": "", "is": 1}), "require[0].claim"),
        (json!({"claim": "/a~2", "is": 1}), "require[0].claim"),
        (json!({"claim": "a", "equals": 1}), "require[0].equals"),
        (json!({"claim": "a", "is": []}), "require[0].is"),
        (json!({"claim": "a", "any": []}), "require[0].any"),
        (json!({"claim": "a", "any": "x"}), "require[0].any"),
        (json!({"claim": "a", "substring": ""}), "require[0].substring"),
        (json!({"claim": "a", "substring": 5}), "require[0].substring"),
        (json!({"claim": "a", "substring": ["x"]}), "require[0].substring"),
        (json!({"claim": "a", "contains": ["x"]}), "require[0].contains"),
        (json!({"claim": "a", "gt": "5"}), "require[0].gt"),
        (json!({"claim": "a", "exists": "yes"}), "require[0].exists"),
        (json!({"claim": "a", "matches": "("}), "require[0].matches"),
        (json!({"claim": "a", "matches": "a)|(b"}), "require[0].matches"),
        (json!({"claim": "a", "matches": "(?x)a # b"}), "require[0].matches"),
        (json!({"claim": "a", "matches": "(a{1000}){1000}"}), "require[0].matches"),
        (json!({"not": []}), "require[0].not"),
        (json!({"any_of": []}), "require[0].any_of"),
        (json!({"any_of": [{"claim": "a", "is": null}]}), "require[0].any_of[0].is"),
        (json!({"scope": ["a b"]}), "require[0].scope[0]"),
        (json!({"scope": []}), "require[0].scope"),
    ] {
        let errors = compile(&rule).unwrap_err();
        assert_eq!(
            vec![place],
            errors.iter().map(|(place, _)| place.as_str()).collect::<Vec<_>>(),
            "{rule}"
        );
    }
}
