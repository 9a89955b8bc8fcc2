//! One issuer's settings and keys -> an issuer, or everything that is wrong with them.

use super::Errors;
use crate::algorithm::{Algorithm, AlgorithmSet};
use crate::claims::{Audience, Checks, IssuerName, Leeway, Lifetime, Skew, short_media_type};
use crate::identity::Identity;
use crate::keyset::KeySet;
use crate::rule::cel::RequestParts;
use crate::rule::{Rule, compile_all};
use crate::settings::{IssuerSettings, LeewaySettings, Names};
use crate::verifier::Issuer;
use serde_json::value::RawValue;
use std::sync::Arc;

/// Builds one issuer; its place is for errors.
pub(super) fn build(
    settings: &IssuerSettings,
    keys: Option<&Option<Arc<KeySet>>>,
    place: &str,
    errors: &mut Errors,
) -> Issuer {
    let keys = keys.cloned().unwrap_or_else(|| {
        errors.push((format!("{place}.keys"), "no key set was given for this issuer".into()));
        None
    });
    let lists = [
        ("algorithms", &settings.algorithms),
        ("audiences", &settings.audiences),
        ("audience_claim", &settings.audience_claim),
        ("token_types", &settings.token_types),
    ];
    for (name, list) in lists {
        if list.as_ref().is_some_and(Vec::is_empty) {
            errors.push((format!("{place}.{name}"), "expected at least one, or null".into()));
        }
    }
    let leeway = leeway(settings.leeway, &format!("{place}.leeway"), errors);
    let max_lifetime = settings.max_lifetime.map(Lifetime::new).transpose();
    let max_lifetime = max_lifetime.unwrap_or_else(|error| {
        errors.push((format!("{place}.max_lifetime"), error.to_string()));
        None
    });
    let checks = Checks {
        issuers: settings.issuer.as_ref().map(|names| self::names(settings, names, place, errors)),
        audience: audience(settings, place, errors),
        leeway,
        max_lifetime,
        require_exp: settings.require_exp,
        required: boxed(&settings.require),
        allow_bound: settings.allow_bound,
        token_types: settings
            .token_types
            .as_deref()
            .map(|types| types.iter().map(|typ| short_media_type(typ).into()).collect()),
    };
    let rules = rules(&settings.rules, &format!("{place}.require"), errors);
    let identity = Identity::compile(&settings.identity, &format!("{place}.identity"), errors);
    let place = format!("{place}.algorithms");
    let algorithms = algorithms(settings.algorithms.as_deref(), keys.as_deref(), &place, errors);
    Issuer::new(keys, algorithms, checks).with_rules(rules).with_identity(identity)
}

fn boxed(list: &[String]) -> Vec<Box<str>> {
    list.iter().map(|text| text.as_str().into()).collect()
}

fn names(
    settings: &IssuerSettings,
    names: &Names,
    place: &str,
    errors: &mut Errors,
) -> Vec<IssuerName> {
    let values = settings.issuer_values.as_deref();
    if names.all().is_empty() {
        errors.push((format!("{place}.issuer"), "expected at least one, or null".into()));
    }
    if values.is_some_and(<[_]>::is_empty) {
        errors.push((format!("{place}.issuer_values"), "expected at least one, or null".into()));
    }
    let mut found = Vec::new();
    for (index, name) in names.all().iter().enumerate() {
        match IssuerName::parse(name, values) {
            Ok(name) => found.push(name),
            Err(why) => errors.push(match names {
                Names::One(_) => (format!("{place}.issuer"), why),
                Names::Several(_) => (format!("{place}.issuer[{index}]"), why),
            }),
        }
    }
    let filled = found.iter().any(|name| matches!(name, IssuerName::Filled { .. }));
    if values.is_some() && !filled && found.len() == names.all().len() {
        let message = "belongs to an issuer with a claim in braces, such as {tid}";
        errors.push((format!("{place}.issuer_values"), message.into()));
    }
    found
}

fn audience(settings: &IssuerSettings, place: &str, errors: &mut Errors) -> Audience {
    let place = format!("{place}.audience_claim");
    match (settings.audiences.as_deref(), settings.audience_claim.as_deref()) {
        (None, None) => Audience::Any,
        (None, Some(_)) => {
            let message = "is compared with audiences, which take any: name them there";
            errors.push((place, message.into()));
            Audience::Any
        }
        (Some(all), None) => Audience::OneOf(boxed(all)),
        (Some(all), Some(claims)) => {
            for (index, claim) in claims.iter().enumerate() {
                if claim.is_empty() || claims.iter().take(index).any(|other| other == claim) {
                    let message = "expected the name of a claim, each once";
                    errors.push((format!("{place}[{index}]"), message.into()));
                }
            }
            Audience::In { claims: boxed(claims), accepted: boxed(all) }
        }
    }
}

/// Rules on claims alone: what an issuer's token says is judged once, whatever it comes for.
fn rules(rules: &[Box<RawValue>], place: &str, errors: &mut Errors) -> Vec<Rule> {
    let parts = RequestParts { none: true, ..RequestParts::default() };
    compile_all(rules, place, &parts, errors)
}

fn leeway(settings: LeewaySettings, place: &str, errors: &mut Errors) -> Leeway {
    let mut skew = |seconds, place: String| {
        Skew::new(seconds).unwrap_or_else(|error| {
            errors.push((place, error.to_string()));
            Skew::default()
        })
    };
    match settings {
        LeewaySettings::All(seconds) => skew(seconds, place.into()).into(),
        LeewaySettings::Each { exp, nbf, iat } => Leeway {
            exp: skew(exp, format!("{place}.exp")),
            nbf: skew(nbf, format!("{place}.nbf")),
            iat: skew(iat, format!("{place}.iat")),
        },
    }
}

fn algorithms(
    names: Option<&[String]>,
    keys: Option<&KeySet>,
    place: &str,
    errors: &mut Errors,
) -> AlgorithmSet {
    let Some(names) = names else { return AlgorithmSet::ALL };
    if names.is_empty() {
        return AlgorithmSet::default();
    }
    for (index, name) in names.iter().enumerate() {
        if Algorithm::from_name(name).is_none() {
            let known = Algorithm::ALL.map(Algorithm::name).join(", ");
            errors.push((format!("{place}[{index}]"), format!("expected one of {known}")));
        }
    }
    let set: AlgorithmSet = names.iter().filter_map(|name| Algorithm::from_name(name)).collect();
    if keys.is_some_and(|keys| set.intersection(keys.algorithms()).is_empty()) {
        errors.push((place.into(), "none of these is one that the keys serve".into()));
    }
    set
}
