//! The rule language as the configuration writes it -> compiled rules, with every error's place.

use super::cel::{Expression, RequestParts};
use super::{Pattern, Rule, Scalar, Test};
use crate::claim_path::ClaimPath;
use crate::json::{Document, Value, View};
use serde_json::value::RawValue;
use std::cmp::Ordering::{Equal, Greater, Less};

const OPERATORS: &str =
    "is, any, all, none, contains, substring, matches, eq, gt, ge, lt, le, exists";

/// A message may have this many bytes.
const MESSAGE_BYTES: usize = 200;

/// Collects (path, message) pairs.
pub type Errors = Vec<(String, String)>;

/// A name in a rule, and what stands behind it.
type Member<'v> = (&'v str, Value<'v>);

/// Compiles the rules of a list, as they were written: numbers keep their digits. `place` is the
/// list's path in the configuration, `parts` what expressions may ask of the request.
pub fn compile_all(
    rules: &[Box<RawValue>],
    place: &str,
    parts: &RequestParts,
    errors: &mut Errors,
) -> Vec<Rule> {
    let each = rules.iter().enumerate();
    each.filter_map(|(index, rule)| {
        let place = format!("{place}[{index}]");
        match Document::parse(rule.get().into()) {
            Ok(document) => compile(document.root(), &place, parts, errors),
            Err(malformed) => {
                errors.push((place, malformed.to_string()));
                None
            }
        }
    })
    .collect()
}

fn compile(
    rule: Value<'_>,
    place: &str,
    parts: &RequestParts,
    errors: &mut Errors,
) -> Option<Rule> {
    let Some(members) = rule.members() else {
        errors.push((place.into(), format!("expected a rule, found {}", kind(rule))));
        return None;
    };
    let message = rule.get("message");
    let message = message.map(|message| told(message, &format!("{place}.message"), errors));
    let members: Vec<_> = members.filter(|(name, _)| *name != "message").collect();
    let rule = untold(&members, place, parts, errors)?;
    match message {
        None => Some(rule),
        Some(message) => message.map(|message| Rule::Told { rule: Box::new(rule), message }),
    }
}

/// What stands in the quoted string of an `error_description` (RFC 6750 section 3).
fn told(message: Value<'_>, place: &str, errors: &mut Errors) -> Option<Box<str>> {
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
fn untold(
    members: &[Member<'_>],
    place: &str,
    parts: &RequestParts,
    errors: &mut Errors,
) -> Option<Rule> {
    let [(name @ ("not" | "any_of" | "all_of" | "scope" | "cel"), value)] = *members else {
        return claim_rule(members, place, errors);
    };
    let inner = format!("{place}.{name}");
    match name {
        "not" => {
            let rule = compile(value, &inner, parts, errors)?;
            if rule.tells() {
                let message = "a message inside not is never told; write it beside not";
                errors.push((inner, message.into()));
            }
            Some(Rule::Not(Box::new(rule)))
        }
        "scope" => scopes(value, &inner, errors).map(Rule::Scope),
        "cel" => {
            let expression = expression(value, parts);
            expression.map_err(|message| errors.push((inner, message))).ok().map(Rule::Cel)
        }
        _ => {
            let list = list(value).map_err(|message| errors.push((inner.clone(), message))).ok()?;
            let each = list.iter().enumerate();
            let rules = each
                .filter_map(|(index, rule)| {
                    compile(*rule, &format!("{inner}[{index}]"), parts, errors)
                })
                .collect();
            Some(if name == "any_of" { Rule::Any(rules) } else { Rule::All(rules) })
        }
    }
}

fn expression(value: Value<'_>, parts: &RequestParts) -> Result<Expression, String> {
    let text = value.as_str();
    let text = text.ok_or_else(|| format!("expected an expression, found {}", kind(value)))?;
    Expression::compile(text, parts)
}

fn claim_rule(members: &[Member<'_>], place: &str, errors: &mut Errors) -> Option<Rule> {
    let Some((_, claim)) = members.iter().find(|(name, _)| *name == "claim") else {
        let message =
            "expected claim with an operator, or one of not, any_of, all_of, scope, cel alone";
        errors.push((place.into(), message.into()));
        return None;
    };
    let path =
        claim_path(*claim).map_err(|message| errors.push((format!("{place}.claim"), message))).ok();
    let mut rules = Vec::new();
    for (name, value) in members.iter().filter(|(name, _)| *name != "claim") {
        match (test(name, *value), &path) {
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
fn claim_path(claim: Value<'_>) -> Result<ClaimPath, String> {
    match (claim.as_str(), claim.get("name").and_then(Value::as_str)) {
        (Some(text), _) => ClaimPath::parse(text),
        (_, Some(name)) => Ok(ClaimPath::Name(name.into())),
        _ => Err(format!("expected a claim's name or path, found {}", kind(claim))),
    }
}

fn test(name: &str, value: Value<'_>) -> Result<Test, String> {
    let expected = |what: &str| format!("expected {what}, found {}", kind(value));
    let compare = |orders| {
        let limit = value.number().ok_or_else(|| expected("a number"))?.into_owned();
        Ok(Test::Compare { orders, limit })
    };
    match name {
        "is" => scalar(value).map(Test::Is),
        "any" => scalars(value).map(Test::Any),
        "all" => scalars(value).map(Test::All),
        "none" => scalars(value).map(Test::None),
        "contains" => scalar(value).map(Test::Contains),
        "substring" => match value.as_str() {
            Some("") => Err("expected a text, found an empty one, which every text has".into()),
            Some(part) => Ok(Test::Substring(part.into())),
            None => Err(expected("a text")),
        },
        "matches" => {
            let text = value.as_str().ok_or_else(|| expected("a regular expression"))?;
            Pattern::compile(text, true).map(Test::Matches)
        }
        "eq" => compare(&[Equal]),
        "gt" => compare(&[Greater]),
        "ge" => compare(&[Greater, Equal]),
        "lt" => compare(&[Less]),
        "le" => compare(&[Less, Equal]),
        "exists" => value.as_bool().map(Test::Exists).ok_or_else(|| expected("true or false")),
        _ => Err(format!("unknown operator; expected one of {OPERATORS}")),
    }
}

fn scopes(value: Value<'_>, place: &str, errors: &mut Errors) -> Option<Vec<Box<str>>> {
    // The characters of a scope-token (RFC 6749 section 3.3); they also stand in WWW-Authenticate.
    let is_scope = |text: &&str| {
        !text.is_empty()
            && text.bytes().all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
    };
    let list = list(value).map_err(|message| errors.push((place.into(), message))).ok()?;
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
fn list(value: Value<'_>) -> Result<Vec<Value<'_>>, String> {
    let list: Vec<_> = value.elements().into_iter().flatten().collect();
    if list.is_empty() {
        Err(format!("expected a list with at least one entry, found {}", kind(value)))
    } else {
        Ok(list)
    }
}

fn scalars(value: Value<'_>) -> Result<Vec<Scalar>, String> {
    list(value)?.into_iter().map(scalar).collect()
}

fn scalar(value: Value<'_>) -> Result<Scalar, String> {
    match value.view() {
        View::Text(text) => Ok(Scalar::Text(text.into())),
        View::Bool(boolean) => Ok(Scalar::Bool(boolean)),
        View::Number(..) => {
            let number = value.number().ok_or("the number is too large")?;
            Ok(Scalar::Number(number.into_owned()))
        }
        _ => Err(format!("expected a string, number or boolean, found {}", kind(value))),
    }
}

fn kind(value: Value<'_>) -> &'static str {
    match value.view() {
        View::Null => "nothing",
        View::Bool(_) => "a boolean",
        View::Number(..) => "a number",
        View::Text(_) => "a string",
        View::Array(list) if list.clone().next().is_none() => "an empty list",
        View::Array(_) => "a list",
        View::Object(_) => "a mapping",
    }
}
