use jwtfast_core::json::Document;
use jwtfast_core::rule::cel::{Expression, RequestParts};
use serde_json::{Value, json};

fn document(claims: &Value) -> Document {
    Document::parse_object(serde_json::to_vec(claims).unwrap()).unwrap()
}

fn compile(text: &str) -> Expression {
    Expression::compile(text, &RequestParts::default())
        .unwrap_or_else(|message| panic!("{text}: {message}"))
}

fn claims() -> Value {
    json!({
        "sub": "u1", "exp": 1_800_003_600, "iat": 1_800_000_000, "email": "Ann@example.com",
        "email_verified": true, "groups": ["dev", "admin"], "none": [], "nothing": null,
        "realm_access": {"roles": ["reader", "writer"], "level": 3}, "kubernetes.io": {"a": 1},
        "age": 17.5, "whole": 5.0, "big": 18_446_744_073_709_551_615_u64, "least": i64::MIN,
        "matrix": [[1, 2], [3]], "name": "Zoë", "orgs": [{"id": 1}, {"id": 2, "admin": true}],
        "namespace": "prod", "text": "5",
        "wider": {"roles": ["reader", "writer"], "level": 3, "more": 1}
    })
}

/// Every expression of a list has this outcome; `None` is one that cannot be evaluated.
fn all_are(expected: Option<bool>, expressions: &[&str]) {
    let document = document(&claims());
    for text in expressions {
        assert_eq!(expected, compile(text).holds(&document.root().into()), "{text}");
    }
}

/// What people write in Kubernetes' claimValidationRules holds here too.
#[test]
fn the_way_kubernetes_users_write_it() {
    all_are(
        Some(true),
        &[
            "claims.groups.exists(g, g == 'admin')",
            "'admin' in claims.groups && !('guest' in claims.groups)",
            "claims.exp - claims.iat <= 86400",
            "claims.?email_verified.orValue(true) == true",
            "claims.?absent.orValue(true) == true",
            "claims.email.endsWith('@example.com')",
            "claims.email.split('@')[1] == 'example.com'",
            "claims.sub.startsWith('u') ? claims.groups.size() == 2 : false",
            "has(claims.realm_access) && claims.realm_access.roles.all(r, r.matches('^(read|writ)er$'))",
            "claims.orgs.exists(o, has(o.admin) && o.admin)",
            "claims.`kubernetes.io`.a == 1 && claims['kubernetes.io']['a'] == 1",
            "type(claims.groups) == list && type(claims.sub) == string",
            "claims.namespace == 'prod' // a reserved word is a good field\n",
        ],
    );
}

/// Operators and literals, as the specification has them.
#[test]
fn operators() {
    all_are(
        Some(true),
        &[
            "1 + 2 * 3 == 7 && (1 + 2) * 3 == 9 && 7 - 2 - 1 == 4 && -7 / 2 == -3 && -7 % 3 == -1",
            "1.5 + 1.5 == 3.0 && 1.0 / 4.0 == .25 && 1e3 == 1000.0 && -(1.5) < -1.0",
            "2u + 3u == 5u && 0x10 == 16 && 0XfFu == 255u && -0x10 == -16",
            "-9223372036854775808 == claims.least && 18446744073709551615u == claims.big",
            "1 == 1.0 && 1u == 1 && 2 > 1.5 && 3u <= 3.0 && claims.whole == 5",
            "9007199254740993 > 9007199254740992.0 && claims.big < 18446744073709551616.0",
            "'a' < 'b' && false < true && 'a' + 'b' == 'ab' && [1] + [2] == [1, 2]",
            "1 != '1' && null == claims.nothing && [1, 'a', null,] == [1.0, 'a', null]",
            "claims.realm_access == claims.realm_access && claims.realm_access != claims.orgs[0]",
            "!false && !!true && (false || true) && true ? true : false",
            "1 in [1, 2] && !(3 in [1, 2]) && claims.sub in ['u0', 'u1'] && 'sub' in claims",
            "[3] in claims.matrix && claims.matrix[0][1] == 2 && !('x' in claims.realm_access)",
            "claims.realm_access != claims.wider && claims.wider != claims.realm_access",
            "claims.age < 18 && claims.age >= 17.5 && 17 < claims.age && -17 > -claims.age",
            "false ? claims.absent : true",
            "true || claims.absent",
            "claims.absent || true",
            "!(claims.absent && false)",
        ],
    );
}

/// The forms of string literals.
#[test]
fn strings() {
    all_are(
        Some(true),
        &[
            r#"'a\'b' == "a'b" && "\x41\u0042\U00000043\104" == 'ABCD'"#,
            r#"'''a'b''' == "a'b" && """a"b""" == 'a"b' && '' == "" && '''''' == ''"#,
            r"r'\d' == '\\d' && R'a\n'.size() == 3 && '\a\b\f\n\r\t\v\?\`'.size() == 9",
            "'''a\nb''' == 'a\\nb'",
            "claims.name == 'Zo\\u00eb' && claims.name.size() == 3 && size('Zoë') == 3",
        ],
    );
}

/// Functions and macros, alone and together.
#[test]
fn functions() {
    all_are(
        Some(true),
        &[
            "claims.email.contains('example') && claims.email.lowerAscii() == 'ann@example.com'",
            "'aZë'.upperAscii() == 'AZë' && ' x\\t'.trim() == 'x'",
            "'a,b,'.split(',') == ['a', 'b', ''] && 'aë'.split('') == ['a', 'ë'] && ''.split(',') == ['']",
            "'héllo'.indexOf('l') == 2 && 'a'.indexOf('b') == -1 && 'a'.indexOf('') == 0",
            "'héllo'.substring(1) == 'éllo' && 'héllo'.substring(1, 3) == 'él' && 'a'.substring(1) == ''",
            "matches('abc', 'b') && 'abc'.matches('^a') && !'abc'.matches('^b')",
            "size([1, 2]) == 2 && claims.realm_access.size() == 2 && claims.none.size() == 0",
            "int('5') == 5 && int(5.9) == 5 && int(-5.9) == -5 && uint(5) == 5u && double(5) == 5.0",
            "int(claims.text) == 5 && string(5) == '5' && string(true) == 'true' && bool('false') == false",
            "type(1) == int && type(1u) == uint && type(1.0) == double && type(null) == null_type",
            "type(claims) == map && type(true) == bool && type(int) == type && type(dyn('a')) == string",
            "claims.none.all(x, false) && !claims.none.exists(x, true)",
            "claims.groups.exists_one(g, g == 'dev') && !claims.groups.existsOne(g, true)",
            "claims.groups.filter(g, g != 'dev') == ['admin']",
            "claims.groups.map(g, g + '!') == ['dev!', 'admin!']",
            "claims.groups.map(g, g == 'dev', 'x') == ['x']",
            "claims.realm_access.exists(key, key == 'level') && claims.realm_access.all(key, key in claims.realm_access)",
            "claims.matrix.exists(row, row.exists(cell, cell == 3 && row.size() == 1))",
            "claims.groups.map(claims, claims.size()) == [3, 5]",
            // One item that decides makes up for one that cannot be evaluated.
            "[1, 'a', 2].exists(x, x + 1 == 3) && ![1, 'a'].all(x, x + 1 == 3)",
        ],
    );
}

/// Optional fields, elements and what becomes of them.
#[test]
fn optionals() {
    all_are(
        Some(true),
        &[
            "claims.?realm_access.level.orValue(0) == 3 && claims.?a.b.c.orValue('x') == 'x'",
            "claims.groups[?0].value() == 'dev' && !claims.groups[?9].hasValue()",
            "claims[?'sub'].hasValue() && claims.?a.or(claims.?sub).value() == 'u1'",
            "claims.?sub == claims[?'sub'] && claims.?a == claims.?b && claims.?a != claims.?sub",
            "claims.?sub.orValue(claims.absent) == 'u1'",
            "!has(claims.absent) && !has(claims.?a.b) && has(claims.nothing) && has(claims.?realm_access.level)",
        ],
    );
}

/// What is false, and is no error: a `not` around it holds.
#[test]
fn false_ones() {
    all_are(
        Some(false),
        &[
            "claims.groups.exists(g, g == 'root')",
            "claims.sub == 1",
            "1 in claims",
            "claims.email_verified != true",
            "true && claims.absent && false",
            "'A' == 'a' || 'e\\u0301' == '\\u00e9'",
        ],
    );
}

/// A missing claim, another type, an overflow, no boolean: there is no answer.
#[test]
fn unevaluable_ones() {
    all_are(
        None,
        &[
            "claims.absent == 1",
            "claims.absent != 1",
            "!claims.absent",
            "claims.sub.x == 1",
            "has(claims.sub.x)",
            "has(claims.a.b)",
            "claims.nothing.x == 1",
            "claims.groups[2] == 'x'",
            "claims.groups[-1] == 'x'",
            "claims.groups['0'] == 'x'",
            "claims.groups.x == 'x'",
            "claims[0] == 'x'",
            "claims.sub",
            "claims.groups[0]",
            "claims.sub && true",
            "claims.absent || false",
            "claims.sub < 5",
            "claims.groups < claims.groups",
            "claims.sub + 1 == 1",
            "claims.age + 1 == 18.5",
            "1 + 1u == 2",
            "1.0 % 1.0 == 0.0",
            "9223372036854775807 + 1 > 0",
            "claims.least - 1 < 0",
            "-claims.least > 0",
            "claims.least / -1 > 0",
            "claims.least % -1 == 0",
            "1u - 2u > 0u",
            "-1u == 1u",
            "claims.big * 2u > 0u",
            "1 / 0 == 1",
            "1 % 0 == 1",
            "0.0 / 0.0 < 1.0",
            "int('x') == 0",
            "int('+5') == 5",
            "int(1e19) > 0",
            "int(claims.big) > 0",
            "uint(-1) > 0u",
            "bool('yes')",
            "string(1.5) == '1.5'",
            "claims.?a.value() == 1",
            "claims.sub.hasValue()",
            "claims.sub.orValue(true)",
            "claims.?a.or(1) == 1",
            "'a'.substring(2) == ''",
            "'abc'.substring(2, 1) == ''",
            "claims.age.contains('1')",
            "claims.groups.contains('dev')",
            "claims.age.matches('1')",
            "claims.sub.exists(x, true)",
            "1 in claims.sub",
            "null in claims",
            "claims.groups in claims",
            "[1, 'a'].all(x, x + 1 > 0)",
            "[1, 'a'].exists(x, x + 1 < 0)",
            "[1, 'a'].exists_one(x, x + 1 == 2)",
            "claims.groups.all(g, g)",
            "claims.absent ? true : true",
        ],
    );
}

/// What cannot be evaluated for any claims is refused at load, with the place in one line.
#[test]
fn refused_at_load() {
    for (text, expected) in [
        ("", "column 1: expected a value, found the end"),
        ("claims.", "column 8: expected a field's name, found the end"),
        ("claims.a ==", "column 12: expected a value, found the end"),
        ("claims.a = 1", "column 10: unexpected '='; equality is =="),
        ("claims.a & true", "column 10: unexpected '&'; and is &&"),
        ("claims.a | true", "column 10: unexpected '|'; or is ||"),
        ("claims.a == 1 claims", "column 15: expected an operator or the end, found \"claims\""),
        ("(claims.a == 1", "column 15: expected ), found the end"),
        ("claim.a == 1", "column 1: unknown variable \"claim\"; there is claims, and request"),
        (
            "true &&\n  user == 1",
            "line 2, column 3: unknown variable \"user\"; there is claims, and request",
        ),
        (
            "[1].all(x, true) && x",
            "column 21: unknown variable \"x\"; there is claims, and request",
        ),
        ("claims.a.foo()", "column 10: unknown function \"foo\""),
        ("'ë' == now()", "column 8: unknown function \"now\""),
        ("timestamp('x') == 1", "column 1: unknown function \"timestamp\""),
        ("contains('a', 'b')", "column 1: contains is called as x.contains(...)"),
        ("claims.a.int() == 1", "column 10: int is called as int(x)"),
        ("claims.a.size(1) == 1", "column 10: size with a wrong number of arguments"),
        ("matches('a')", "column 1: matches with a wrong number of arguments"),
        ("'a'.matches(claims.re)", "column 20: the pattern must be a string literal"),
        ("'a'.matches('(')", "column 13: bad regular expression: unclosed group"),
        ("1.matches('a')", "column 1: expected a string, found int"),
        ("claims.sub.size()", "column 12: expected a bool, found int"),
        ("'true'", "column 1: expected a bool, found string"),
        ("claims", "column 1: expected a bool, found map"),
        ("claims.?a", "column 9: expected a bool, found optional_type"),
        ("1 && true", "column 1: expected a bool, found int"),
        ("!claims.sub.size()", "column 13: expected a bool, found int"),
        ("claims.a ? 1 : 2", "column 1: expected a bool, found int"),
        ("[1].exists(x, x + 1)", "column 17: expected a bool, found int"),
        ("[1].all(1, true)", "column 9: expected the name of a variable, found a number"),
        ("[1].all(true, true)", "column 9: expected the name of a variable, found \"true\""),
        ("[1].all(x)", "column 10: expected ,, found )"),
        ("[1].all(x, true, true)", "column 5: all with a wrong number of arguments"),
        ("has(claims)", "column 5: has takes a field, like has(claims.email)"),
        ("{'a': 1}.a == 1", "column 1: map literals are not supported"),
        ("b'a' == b'a'", "column 1: bytes are not supported"),
        ("'a", "column 1: the string has no end"),
        ("'a\n' == 'b'", "column 1: the string has no end"),
        (r"'a\q' == 'b'", "column 3: no such escape in a string"),
        (r"'\ud800' == 'b'", "column 2: no such escape in a string"),
        (r"'\u+123' == 'b'", "column 2: no such escape in a string"),
        ("9223372036854775808 == 1", "column 1: the integer is beyond 64 bits"),
        ("18446744073709551616u == 1u", "column 1: the unsigned integer is beyond 64 bits"),
        ("1e999 == 1.0", "column 1: this is no number that a double can hold"),
        ("1e == 1.0", "column 1: this is no number that a double can hold"),
        ("0x == 1", "column 1: the integer is beyond 64 bits"),
        ("1a == 1", "column 1: a number runs into a name"),
        ("f(1,) == 1", "column 5: expected a value, found )"),
        ("claims.`a", "column 8: a name between backticks has letters, digits, _ . - / and spaces"),
    ] {
        assert_eq!(
            expected,
            Expression::compile(text, &RequestParts::default()).err().unwrap_or_default(),
            "{text}"
        );
    }
}
