use crate::rule::compile;
use jwtfast_core::json::Document;
use jwtfast_core::rule::cel::{Expression, MAX_STEPS, RequestParts};
use proptest::prelude::*;
use serde_json::{Value, json};

fn document(claims: &Value) -> Document {
    Document::parse_object(serde_json::to_vec(claims).unwrap()).unwrap()
}

fn expression(text: &str) -> Result<Expression, String> {
    Expression::compile(text, &RequestParts::default())
}

fn nested(before: &str, inside: &str, behind: &str, times: usize) -> String {
    format!("{}{inside}{}", before.repeat(times), behind.repeat(times))
}

/// Expressions that grow in every way that the grammar has: each of this many levels.
fn grown(times: usize) -> Vec<String> {
    vec![
        nested("(", "true", ")", times),
        nested("[", "1", "]", times) + " == [1]",
        nested("!", "true", "", times),
        nested("- ", "(1)", "", times) + " == 1",
        nested("true ? true : ", "true", "", times),
        nested("true ? (", "true", ") : true", times),
        nested("claims[", "'a'", "]", times) + " == 1",
        nested("size(", "'a'", ")", times) + " == 1",
        nested("'a'.contains(", "'a'", ")", times),
        nested("has(claims.a) && (", "true", ")", times),
        "1".to_owned() + &" + 1".repeat(times) + " == 1",
        "1".to_owned() + &" < 1".repeat(times),
        "claims".to_owned() + &".a".repeat(times),
        "claims".to_owned() + &".?a".repeat(times) + ".value()",
        "claims".to_owned() + &"['a']".repeat(times) + " == 1",
        "'a'".to_owned() + &".trim()".repeat(times) + " == 'a'",
        "claims.l".to_owned() + &".map(x, x)".repeat(times) + " == []",
        "[".to_owned() + &nested("dyn(", "1", ")", times) + "] == [1]",
    ]
}

/// Whatever its form, an expression that nests deeply is refused at load, on a small stack too.
#[test]
fn deep_expressions_are_refused() {
    let check = || {
        for times in [50, 100, 400] {
            for text in grown(times) {
                let refused = expression(&text).unwrap_err();
                assert!(refused.ends_with("more than 48 levels"), "{refused}: {text}");
            }
        }
        // Those that are too long are not even looked at.
        for times in [9000, 100_000] {
            for text in grown(times) {
                let refused = expression(&text).unwrap_err();
                assert_eq!("the expression is longer than 8192 bytes", refused);
            }
        }
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(check).unwrap().join().unwrap();
}

/// The deepest ones that are taken are evaluated on a small stack, values as deep among them.
#[test]
fn the_deepest_expressions_fit_the_stack() {
    let check = || {
        let deepest = nested("[", "1", "]", 32);
        let text = format!("{{\"l\": {}}}", nested("[", "[]", "]", 30));
        let document = Document::parse_object(text.into_bytes()).unwrap();
        for text in grown(40) {
            if let Ok(expression) = expression(&text) {
                let _ = expression.holds(&document.root().into());
            }
        }
        let made = format!("{deepest} == {deepest} && claims.l == claims.l");
        assert_eq!(Some(true), expression(&made).unwrap().holds(&document.root().into()));
    };
    std::thread::Builder::new().stack_size(1 << 20).spawn(check).unwrap().join().unwrap();
}

/// A long chain is no depth: a policy may list many alternatives.
#[test]
fn long_chains_are_taken() {
    let document = document(&json!({"sub": "u399"}));
    let each = |index| format!("claims.sub == 'u{index}'");
    let chain = (0..400).map(each).collect::<Vec<_>>();
    let any = chain.join(" || ");
    let text = if any.len() > 8192 { chain[200..].join(" || ") } else { any };
    assert_eq!(Some(true), expression(&text).unwrap().holds(&document.root().into()));
}

/// Macros multiply: two inside one another are taken, three are not.
#[test]
fn macros_inside_one_another() {
    let text = "claims.l.all(a, claims.l.all(b, claims.l.all(c, a + b + c == 0)))";
    let refused = expression(text).unwrap_err();
    assert_eq!("column 42: more than 2 macros inside one another", refused);
    assert!(expression("claims.l.all(a, claims.l.all(b, a == b))").is_ok());
    let beside = "claims.l.map(a, a).map(b, b).all(c, true) && claims.l.all(d, true)";
    assert!(expression(beside).is_ok());
}

/// The claims of a token of 1 MiB that an expression would never be done with.
fn hostile() -> Value {
    let many = |item: Value| vec![item; 20_000];
    let name = |index| (format!("{}{index:03}", "n".repeat(2000)), json!(1));
    let names: serde_json::Map<String, Value> = (0..100).map(name).collect();
    json!({
        "n": (0..20_000).collect::<Vec<u32>>(), "t": many(json!("ab")), "s": "a".repeat(200_000),
        "e": many(json!([])), "names": names, "deep": many(json!([[[[]]]])),
    })
}

/// However large the claims, an evaluation ends within its steps, and then denies.
#[test]
fn steps_are_bounded() {
    let document = document(&hostile());
    for text in [
        "claims.n.exists(a, claims.n.exists(b, a == b + 20000))",
        "claims.n.all(a, claims.n.all(b, a + b >= 0))",
        "claims.n.map(a, claims.n.map(b, [a, b])).size() >= 0",
        "claims.t.map(a, claims.t.map(b, a + b)).size() >= 0",
        "claims.t.exists_one(a, claims.t.filter(b, b == a).size() == 1)",
        "claims.n + claims.n + claims.n + claims.n == []",
        "(claims.s + claims.s + claims.s + claims.s) + claims.s + claims.s == 'a'",
        "claims.s.split('').size() >= 0",
        "claims.s.matches('b$')",
        "claims.t.exists(a, claims.s.lowerAscii() == a)",
        "claims.t.exists(a, claims.s == claims.s && claims.s > claims.s + 'a')",
        "claims.names.exists(a, claims.names.exists(b, claims.names[a] != 1))",
        "claims.names.exists(a, claims.names == claims.names && a == '')",
        "claims.deep == claims.deep && claims.e == claims.e",
        "claims.deep + [1] in [claims.deep + [2], claims.deep + [3]]",
    ] {
        let expression = expression(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((None, MAX_STEPS), expression.evaluate(&document.root().into()), "{text}");
    }
    // Each of these must be paid for by itself: the few rounds around it are not the cost.
    for each in [
        "claims.n[19999] == -a",
        "claims.n.size() == a",
        "-a in claims.n",
        "(claims.n + [a]).size() == a",
        "claims.e == claims.e + [a]",
        "claims.s.size() == a",
        "claims.s.contains('b')",
        "claims.s.endsWith('b') || claims.s.startsWith('b')",
        "claims.s.indexOf('b') == a",
        "'a'.contains(claims.s)",
        "claims.s.substring(100000) == 'a'",
        "claims.s.upperAscii() == 'a'",
        "claims.s + 'b' == 'b'",
        "claims.s > claims.s",
        "claims.s != claims.s",
        "(claims.names == claims.names) != true",
    ] {
        let text = format!("[1, 2, 3, 4, 5, 6, 7, 8].exists(a, {each})");
        let expression = expression(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!((None, MAX_STEPS), expression.evaluate(&document.root().into()), "{text}");
    }
}

/// What people really write takes few of the steps, with hundreds of groups too.
#[test]
fn ordinary_rules_are_far_from_the_limit() {
    let groups: Vec<_> = (0..500).map(|index| format!("team-{index:04}-members")).collect();
    let document = document(&json!({"sub": "u", "exp": 9, "iat": 1, "groups": groups}));
    for (text, expected, most) in [
        ("claims.exp - claims.iat <= 86400", true, 16),
        ("claims.groups.exists(g, g == 'admin')", false, 4000),
        ("claims.groups.all(g, g.matches('^team-[0-9]+-members$'))", true, 16_000),
        ("claims.groups.exists(g, g in ['a', 'b', 'c', 'd', 'e'])", false, 15_000),
    ] {
        let (holds, steps) = expression(text).unwrap().evaluate(&document.root().into());
        assert_eq!(Some(expected), holds, "{text}");
        assert!(steps <= most, "{text}: {steps}");
    }
}

/// An expression that cannot be evaluated lets nobody pass, whatever stands around it.
#[test]
fn what_cannot_be_evaluated_denies_everywhere() {
    let broken = json!({"cel": "claims.absent == 'x'"});
    let (yes, no) = (json!({"cel": "true"}), json!({"cel": "false"}));
    let claims = document(&json!({"sub": "u"}));
    for (rule, expected) in [
        (json!({"cel": "claims.sub == 'u'"}), true),
        (json!({"not": {"cel": "claims.sub == 'x'"}}), true),
        (broken.clone(), false),
        (json!({"not": broken}), false),
        (json!({"not": {"not": broken}}), false),
        (json!({"any_of": [broken, no]}), false),
        (json!({"not": {"any_of": [broken, no]}}), false),
        (json!({"all_of": [broken, yes]}), false),
        (json!({"not": {"all_of": [broken, yes]}}), false),
        (json!({"not": {"not": {"any_of": [no, broken]}}}), false),
        (json!({"not": {"cel": "claims.sub"}}), false),
        (json!({"not": {"cel": "claims.sub == 'u' ? claims.sub : 'x'"}}), false),
        // Here the broken one decides nothing: the answer is the same whatever it would be.
        (json!({"any_of": [broken, yes]}), true),
        (json!({"not": {"all_of": [broken, no]}}), true),
        (json!({"any_of": [broken, {"claim": "sub", "is": "u"}]}), true),
    ] {
        assert_eq!(
            expected,
            compile(&rule).is_ok_and(|rule| rule.holds(&claims.root().into())),
            "{rule}"
        );
    }
}

/// A denial carries the message of the rule that failed, the outermost one first.
#[test]
fn messages() {
    let claims = document(&json!({"sub": "u"}));
    let told = |message: &str| json!({"cel": "false", "message": message});
    for (rule, expected) in [
        (told("only admins"), Some("only admins")),
        (json!({"claim": "sub", "is": "x", "message": "not you"}), Some("not you")),
        (json!({"scope": ["write"], "message": "ask for write"}), Some("ask for write")),
        (json!({"not": {"cel": "true"}, "message": "no"}), Some("no")),
        (json!({"all_of": [{"cel": "true", "message": "a"}, told("b")]}), Some("b")),
        (json!({"any_of": [{"cel": "false"}, told("b"), told("c")]}), Some("b")),
        (json!({"any_of": [told("a")], "message": "outer"}), Some("outer")),
        (json!({"cel": "claims.absent", "message": "say who you are"}), Some("say who you are")),
        (json!({"cel": "false"}), None),
    ] {
        let compiled = compile(&rule).unwrap();
        assert!(!compiled.holds(&claims.root().into()), "{rule}");
        assert_eq!(expected, compiled.message(&claims.root().into()), "{rule}");
    }
    let scoped = compile(&json!({"scope": ["write"], "message": "ask for write"})).unwrap();
    assert_eq!(Some(1), scoped.scopes().map(<[_]>::len));
}

/// What is wrong with an expression or a message has the rule's place.
#[test]
fn errors_have_their_place() {
    let long = "a".repeat(201);
    for (rule, place, message) in [
        (json!({"cel": "claims.a =="}), "require[0].cel", "column 12: expected a value"),
        (json!({"cel": 5}), "require[0].cel", "expected an expression, found a number"),
        (json!({"any_of": [{"cel": "x"}]}), "require[0].any_of[0].cel", "column 1: unknown var"),
        (json!({"not": {"cel": "x"}}), "require[0].not.cel", "column 1: unknown variable"),
        (json!({"cel": "true", "claim": "a"}), "require[0].cel", "unknown operator"),
        (json!({"message": "x"}), "require[0]", "expected claim with an operator"),
        (json!({"cel": "true", "message": 5}), "require[0].message", "expected up to 200"),
        (json!({"cel": "true", "message": ""}), "require[0].message", "expected up to 200"),
        (json!({"cel": "true", "message": "a\"b"}), "require[0].message", "expected up to 200"),
        (json!({"cel": "true", "message": "a\\b"}), "require[0].message", "expected up to 200"),
        (json!({"cel": "true", "message": "a\nb"}), "require[0].message", "expected up to 200"),
        (json!({"cel": "true", "message": "ä"}), "require[0].message", "expected up to 200"),
        (json!({"cel": "true", "message": long}), "require[0].message", "expected up to 200"),
        (
            json!({"not": {"any_of": [{"cel": "true", "message": "m"}]}}),
            "require[0].not",
            "a message inside not is never told",
        ),
    ] {
        let errors = compile(&rule).unwrap_err();
        assert_eq!(vec![place], errors.iter().map(|(place, _)| &**place).collect::<Vec<_>>());
        assert!(errors[0].1.starts_with(message), "{rule}: {}", errors[0].1);
    }
    assert!(compile(&json!({"cel": "true", "message": "a".repeat(200)})).is_ok());
}

proptest! {
    /// Whatever the text, there is an answer: an expression or one line that says what is wrong.
    #[test]
    fn any_text_is_answered(text in "[ -~ëa-c.?:()\\[\\]'\"0-9&|=!<>+*/%\\\\\n]{0,60}") {
        match expression(&text) {
            Ok(_) => {}
            Err(message) => prop_assert!(message.contains("column ") && !message.contains('\n')),
        }
    }

    /// Pieces of the language in any order, over claims of every type: never a panic, and as many
    /// steps as are allowed at most.
    #[test]
    fn any_words_are_answered(words in prop::collection::vec(prop::sample::select(vec![
        "claims.l", "claims.m", "claims.s", "claims.n", "claims.d", "x", ".exists(x, ", ".map(x, ",
        ")", "(", "[", "]", " + ", " - ", " * ", " / ", " % ", " == ", " < ", " in ", " && ",
        " || ", "!", "-", "1", "2u", "'a'", "1.5", "size(", "int(", "string(", ".split('')",
        ".substring(1)", " ? ", " : ", ".?a", "[?0]", ".orValue(", "null", "true", "0",
    ]), 1..14)) {
        let claims = document(&json!({
            "l": [1, "a", null, [1], {"a": 2}], "m": {"a": {"b": [1.5]}}, "s": "aë", "n": -1, "d": 0.5
        }));
        let text = words.concat() + " == claims.n";
        if let Ok(expression) = expression(&text) {
            prop_assert!(expression.evaluate(&claims.root().into()).1 <= MAX_STEPS);
        }
    }
}
