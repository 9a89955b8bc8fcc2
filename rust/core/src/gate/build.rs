//! Settings and key sets -> a gate, or everything that is wrong with them.

use super::undecided::Shadow;
use super::{DEFAULT_POLICY, Gate, Lasting, index_of};
use crate::counters::Counters;
use crate::decision::Answers;
use crate::extract::{HeaderNames, Sources};
use crate::identity::{Identity, field_name};
use crate::keyset::KeySet;
use crate::original::OriginalHeaders;
use crate::overrides::Overrides;
use crate::policy::Policy;
use crate::preflight::Preflight;
use crate::routes::Routes;
use crate::rule::cel::RequestParts;
use crate::rule::{Rule, compile_all};
use crate::settings::{GateSettings, OriginalSettings, PolicySettings};
use crate::verifier::{Issuer, Verifier};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

mod issuer;

type Errors = Vec<(String, String)>;
type Keys = HashMap<String, Option<Arc<KeySet>>>;

pub(super) fn build(
    settings: &GateSettings,
    keys: &Keys,
    lasting: Lasting,
) -> Result<Gate, Errors> {
    let mut errors = Vec::new();
    if settings.realm.bytes().any(|byte| !matches!(byte, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e)) {
        let message = "expected printable ASCII without quotes and backslashes";
        errors.push(("realm".into(), message.into()));
    }
    if !matches!(settings.unavailable_status, 403 | 503) {
        errors.push(("unavailable_status".into(), "expected 503 or 403".into()));
    }
    if settings.token.is_empty() {
        errors.push(("token.from".into(), "expected at least one place for the token".into()));
    }
    let mut issuers = HashMap::new();
    for (index, one) in settings.issuers.iter().enumerate() {
        let place = format!("issuers[{index}]");
        let built = Arc::new(issuer::build(one, keys.get(&one.name), &place, &mut errors));
        if issuers.insert(one.name.as_str(), built).is_some() {
            errors.push((format!("{place}.name"), "another issuer has this name".into()));
        }
    }
    let limits = (settings.max_token_bytes, settings.max_identity_bytes);
    let mut headers = HeaderNames::default();
    let sources = Sources::compile(&settings.token, &mut headers);
    let policies: Vec<_> = settings
        .policies
        .iter()
        .map(|(name, one)| {
            let place = format!("policies.{name}");
            let parts = request_parts(settings, one, &place, &mut headers, &mut errors);
            policy(name, one, limits, &issuers, &parts, &mut errors)
        })
        .collect();
    let by_name = policies.iter().enumerate();
    let by_name: HashMap<_, _> =
        by_name.map(|(index, policy)| (policy.name.clone(), index)).collect();
    let original = settings
        .original_request
        .as_ref()
        .map(|original| OriginalHeaders::compile(original, &mut headers, &mut errors));
    let preflight = Preflight::compile(policies.iter().any(|one| one.preflight), &mut headers);
    if original.is_none() && (sources.read_query() || !settings.routes.is_empty()) {
        let message =
            "routes and tokens in a query need to know which header tells the original request";
        errors.push(("original_request".into(), message.into()));
    }
    let told = settings.original_request.as_ref();
    let routes = Routes::compile(&settings.routes, &by_name, told, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    let chosen = settings.routes.iter().filter_map(|route| by_name.get(&*route.policy));
    Ok(Gate {
        shadow: Shadow::of_all(&policies, chosen.copied()),
        headers,
        sources,
        original,
        routes: (!settings.routes.is_empty()).then_some(routes),
        default: index_of(&policies, DEFAULT_POLICY),
        counters: Counters::new(policies.len()),
        policies,
        preflight,
        lasting,
        overrides: settings.query_overrides.map(|allowed| Overrides::new(allowed, settings.mode)),
        answers: Answers::new(settings.mode, &settings.realm, settings.unavailable_status),
    })
}

/// What the rules of a policy may ask of the request; its headers are asked of the front door.
fn request_parts(
    settings: &GateSettings,
    policy: &PolicySettings,
    place: &str,
    names: &mut HeaderNames,
    errors: &mut Errors,
) -> RequestParts {
    let original = settings.original_request.as_ref();
    let mut headers: Vec<(Box<str>, usize)> = Vec::new();
    for (index, header) in policy.request_headers.iter().enumerate() {
        match field_name(header) {
            Ok(name) if headers.iter().any(|(known, _)| known.as_ref() == name.as_ref()) => errors
                .push((format!("{place}.request_headers[{index}]"), "stands here twice".into())),
            Ok(name) => headers.push((name.as_ref().into(), names.index(&name))),
            Err(message) => errors.push((format!("{place}.request_headers[{index}]"), message)),
        }
    }
    RequestParts {
        none: false,
        path: original.is_some(),
        host: original.is_some_and(OriginalSettings::tell_host),
        method: original.is_some_and(OriginalSettings::tell_method),
        headers,
    }
}

/// A policy's identity headers with those of its issuers: for nobody, and by generation.
fn identities(
    own: Identity,
    believed: &[Arc<Issuer>],
    place: &str,
    errors: &mut Errors,
) -> (Identity, Vec<(u64, Identity)>) {
    let issuers: Vec<_> = believed.iter().map(|issuer| issuer.identity()).collect();
    if issuers.iter().all(|issuer| issuer.is_empty()) {
        return (own, Vec::new());
    }
    match own.beside(&issuers) {
        Ok((nobody, each)) => {
            let generations = believed.iter().map(|issuer| issuer.generation());
            (nobody, generations.zip(each).collect())
        }
        Err(name) => {
            let message = format!("an issuer has {name} under another name, but for - and _");
            errors.push((format!("{place}.identity"), message));
            (own, Vec::new())
        }
    }
}

static NEXT_POLICY: AtomicU64 = AtomicU64::new(0);

fn policy(
    name: &str,
    settings: &PolicySettings,
    (max_token_bytes, max_identity_bytes): (usize, usize),
    issuers: &HashMap<&str, Arc<Issuer>>,
    parts: &RequestParts,
    errors: &mut Errors,
) -> Policy {
    let place = format!("policies.{name}");
    let mut believed = Vec::new();
    for (index, wanted) in settings.issuers.iter().enumerate() {
        match issuers.get(wanted.as_str()) {
            Some(issuer) => believed.push(issuer.clone()),
            None => {
                errors
                    .push((format!("{place}.issuers[{index}]"), "no issuer has this name".into()));
            }
        }
    }
    if settings.issuers.is_empty() {
        errors.push((format!("{place}.issuers"), "expected at least one issuer".into()));
    }
    let alike = believed.iter().enumerate().any(|(index, issuer)| {
        believed.iter().skip(index.saturating_add(1)).any(|other| issuer.is_like(other))
    });
    if alike {
        let message =
            "issuers of one policy are told apart by iss: each needs an issuer of its own";
        errors.push((format!("{place}.issuers"), message.into()));
    }
    if settings.require.as_ref().is_some_and(Vec::is_empty) {
        let message = "expected at least one rule; leave require out where there are none";
        errors.push((format!("{place}.require"), message.into()));
    }
    let rules = settings.require.as_deref().unwrap_or_default();
    let rules = compile_all(rules, &format!("{place}.require"), parts, errors);
    let identity = Identity::compile(&settings.identity, &format!("{place}.identity"), errors);
    let (identity, by_issuer) = identities(identity, &believed, &place, errors);
    let least = identity.least_bytes();
    if least > max_identity_bytes {
        let message =
            format!("the names alone take {least} bytes, and all may take {max_identity_bytes}");
        errors.push((format!("{place}.identity"), message));
    }
    Policy {
        name: name.into(),
        number: NEXT_POLICY.fetch_add(1, Ordering::Relaxed),
        verifier: Verifier::new(believed, max_token_bytes),
        looks_at_request: rules.iter().any(Rule::looks_at_request),
        rules,
        identity,
        by_issuer,
        max_identity_bytes,
        optional: settings.optional,
        shadow: settings.shadow,
        preflight: settings.preflight,
    }
}
