//! The rule language as the configuration writes it -> compiled rules, with every error's place.

use super::{Rule, Scalar, Test, cel};
use crate::claim_path::ClaimPath;
use regex::{Regex, RegexBuilder};
use serde_json::{Map, Value};
use std::cmp::Ordering::{Equal, Greater, Less};

/// Compiled regular expressions may take this many bytes each.
const REGEX_BYTES: usize = 1 << 20;

const OPERATORS: &str = "is, any, all, none, contains, matches, eq, gt, ge, lt, le, exists";

/// A message may have this many bytes.
const MESSAGE_BYTES: usize = 200;

/// Collects (path, message) pairs.
pub type Errors = Vec<(String, String)>;

/// Compiles the rules of a list; `place` is the list's path in the configuration.
pub fn compile_all(rules: &[Value], place: &str, errors: &mut Errors) -> Vec<Rule> {
    let each = rules.iter().enumerate();
    each.filter_map(|(index, rule)| compile(rule, &format!("{place}[{index}]"), errors)).collect()
}

fn compile(rule: &Value, place: &str, errors: &mut Errors) -> Option<Rule> {
    let Some(members) = rule.as_object() else {
        errors.push((place.into(), format!("expected a rule, found {}", kind(rule))));
        return None;
    };
    let mut members = members.clone();
    let message = members.remove("message");
    let message = message.map(|message| told(&message, &format!("{place}.message"), errors));
    let rule = untold(&members, place, errors)?;
    match message {
        None => Some(rule),
        Some(message) => message.map(|message| Rule::Told { rule: Box::new(rule), message }),
    }
}

/// What stands in the quoted string of an `error_description` (RFC 6750 section 3).
fn told(message: &Value, place: &str, errors: &mut Errors) -> Option<Box<str>> {
    let safe = |byte: u8| matches!(byte, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    let good = message
        .as_str()
        .filter(|text| (1..=MESSAGE_BYTES).contains(&text.trim().len()) && text.bytes().all(safe));
    if good.is_none() {
        errors.push((
            place.into(),
            format!(
                "expected up to {MESSAGE_BYTES} characters of printable ASCII without quotes and \
                 backslashes"
            ),
        ));
    }
    good.map(Into::into)
}

/// A rule whose message was taken out.
fn untold(members: &Map<String, Value>, place: &str, errors: &mut Errors) -> Option<Rule> {
    let single = match members.keys().next().map(String::as_str) {
        Some(name @ ("not" | "any_of" | "all_of" | "scope" | "cel")) if members.len() == 1 => {
            Some(name)
        }
        _ => None,
    };
    match single {
        None => claim_rule(members, place, errors),
        Some(name) => {
            let inner = format!("{place}.{name}");
            let value = members.get(name)?;
            match name {
                "not" => {
                    let rule = compile(value, &inner, errors)?;
                    if rule.tells() {
                        let message = "a message inside not is never told; write it beside not";
                        errors.push((inner, message.into()));
                    }
                    Some(Rule::Not(Box::new(rule)))
                }
                "scope" => scopes(value, &inner, errors).map(Rule::Scope),
                "cel" => expression(value)
                    .map_err(|message| errors.push((inner, message)))
                    .ok()
                    .map(Rule::Cel),
                _ => {
                    let list = list(value, &inner, errors)?;
                    let rules = compile_all(list, &inner, errors);
                    Some(if name == "any_of" { Rule::Any(rules) } else { Rule::All(rules) })
                }
            }
        }
    }
}

fn expression(value: &Value) -> Result<cel::Expression, String> {
    let text = value.as_str();
    let text = text.ok_or_else(|| format!("expected an expression, found {}", kind(value)))?;
    cel::Expression::compile(text)
}

fn claim_rule(members: &Map<String, Value>, place: &str, errors: &mut Errors) -> Option<Rule> {
    let Some(claim) = members.get("claim") else {
        let message =
            "expected claim with an operator, or one of not, any_of, all_of, scope, cel alone";
        errors.push((place.into(), message.into()));
        return None;
    };
    let path =
        claim_path(claim).map_err(|message| errors.push((format!("{place}.claim"), message))).ok();
    let mut rules = Vec::new();
    for (name, value) in members.iter().filter(|(name, _)| *name != "claim") {
        match (test(name, value), &path) {
            (Ok(test), Some(path)) => rules.push(Rule::Claim { path: path.clone(), test }),
            (Ok(_), None) => {}
            (Err(message), _) => errors.push((format!("{place}.{name}"), message)),
        }
    }
    if members.len() == 1 {
        errors.push((place.into(), format!("expected an operator beside claim: {OPERATORS}")));
    }
    if rules.len() > 1 { Some(Rule::All(rules)) } else { rules.pop() }
}

/// `{"name": ...}` takes a top-level name as it is, dots and all.
fn claim_path(claim: &Value) -> Result<ClaimPath, String> {
    match (claim, claim.get("name").and_then(Value::as_str)) {
        (Value::String(text), _) => ClaimPath::parse(text),
        (_, Some(name)) => Ok(ClaimPath::Name(name.into())),
        _ => Err(format!("expected a claim's name or path, found {}", kind(claim))),
    }
}

fn test(name: &str, value: &Value) -> Result<Test, String> {
    let compare = |orders| {
        let limit =
            value.as_f64().ok_or_else(|| format!("expected a number, found {}", kind(value)))?;
        Ok(Test::Compare { orders, limit })
    };
    match name {
        "is" => scalar(value).map(Test::Is),
        "any" => scalars(value).map(Test::Any),
        "all" => scalars(value).map(Test::All),
        "none" => scalars(value).map(Test::None),
        "contains" => scalar(value).map(Test::Contains),
        "matches" => {
            let text = value.as_str();
            let text = text
                .ok_or_else(|| format!("expected a regular expression, found {}", kind(value)))?;
            pattern(text, true).map(Test::Matches)
        }
        "eq" => compare(&[Equal]),
        "gt" => compare(&[Greater]),
        "ge" => compare(&[Greater, Equal]),
        "lt" => compare(&[Less]),
        "le" => compare(&[Less, Equal]),
        "exists" => {
            let expected = value.as_bool();
            expected
                .map(Test::Exists)
                .ok_or_else(|| format!("expected true or false, found {}", kind(value)))
        }
        _ => Err(format!("unknown operator; expected one of {OPERATORS}")),
    }
}

/// A linear-time regular expression, for the whole value or for a part of it.
pub(crate) fn pattern(text: &str, whole: bool) -> Result<Regex, String> {
    let build = |text: &str| {
        RegexBuilder::new(text).size_limit(REGEX_BYTES).build().map_err(|error| {
            // The last line of the error names the cause; those before it draw a picture.
            let message = error.to_string();
            let cause = message.lines().last().unwrap_or_default().trim();
            format!("bad regular expression: {}", cause.trim_start_matches("error: "))
        })
    };
    // Compiled alone first, so that a stray bracket cannot close the anchors' group.
    let alone = build(text)?;
    if whole { build(&format!(r"\A(?:{text})\z")) } else { Ok(alone) }
}

fn scopes(value: &Value, place: &str, errors: &mut Errors) -> Option<Vec<Box<str>>> {
    // The characters of a scope-token (RFC 6749 section 3.3); they also stand in WWW-Authenticate.
    let is_scope = |text: &&str| {
        !text.is_empty()
            && text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
    };
    let list = list(value, place, errors)?;
    let mut scopes = Vec::new();
    for (index, entry) in list.iter().enumerate() {
        match entry.as_str().filter(is_scope) {
            Some(scope) => scopes.push(scope.into()),
            None => errors.push((
                format!("{place}[{index}]"),
                "expected a scope: printable ASCII without space, quote and backslash".into(),
            )),
        }
    }
    Some(scopes)
}

/// A list that is not empty: an empty one would hold always or never, and nobody means that.
fn list<'v>(value: &'v Value, place: &str, errors: &mut Errors) -> Option<&'v Vec<Value>> {
    let list = value.as_array().filter(|list| !list.is_empty());
    if list.is_none() {
        errors.push((
            place.into(),
            format!("expected a list with at least one entry, found {}", kind(value)),
        ));
    }
    list
}

fn scalars(value: &Value) -> Result<Vec<Scalar>, String> {
    let list = value.as_array().filter(|list| !list.is_empty());
    let list = list
        .ok_or_else(|| format!("expected a list with at least one entry, found {}", kind(value)))?;
    list.iter().map(scalar).collect()
}

fn scalar(value: &Value) -> Result<Scalar, String> {
    match value {
        Value::String(text) => Ok(Scalar::Text(text.as_str().into())),
        Value::Bool(boolean) => Ok(Scalar::Bool(*boolean)),
        Value::Number(number) => {
            let number = number.as_f64().filter(|number| number.is_finite());
            number.map(Scalar::Number).ok_or_else(|| "the number is too large".into())
        }
        other => Err(format!("expected a string, number or boolean, found {}", kind(other))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(list) if list.is_empty() => "an empty list",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}
