use jwtfast_core::algorithm::Algorithm;
use jwtfast_core::decision::Decision;
use jwtfast_core::error::Reason;
use jwtfast_core::gate::{Gate, Lasting};
use jwtfast_core::key::Key;
use jwtfast_core::keyset::KeySet;
use jwtfast_core::request::{Headers, Peer, Request};
use jwtfast_core::token;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

pub const NOW: f64 = 1_800_000_000.0;

pub fn key() -> Arc<Key> {
    Arc::new(Key::from_secret(&[7; 32], Algorithm::HS256, None, false).unwrap())
}

pub fn settings() -> Value {
    json!({
        "realm": "api", "unavailable_status": 503, "max_token_bytes": 4096,
        "issuers": [
            {"name": "corp", "issuer": "https://corp", "algorithms": null, "audiences": ["api"],
             "leeway": 0, "max_lifetime": null, "token_types": null},
            {"name": "away", "issuer": "https://away", "algorithms": null, "audiences": null,
             "leeway": 0, "max_lifetime": null, "token_types": null}
        ],
        "token": [{"header": "Authorization", "scheme": "Bearer"}],
        "policies": {
            "default": {"issuers": ["corp"], "identity": {"X-User": "sub"}},
            "write": {"issuers": ["corp", "away"], "require": [{"scope": ["write"]}]},
            "open": {"issuers": ["corp"], "optional": true, "identity": {"X-User": "sub"}},
            "trial": {"issuers": ["corp"], "shadow": true, "identity": {"X-User": "sub"}},
            "away": {"issuers": ["away"]}
        }
    })
}

fn build(settings: &Value) -> Result<Gate, Vec<(String, String)>> {
    let set = Arc::new(KeySet::new(vec![key()]).unwrap());
    let keys = HashMap::from([("corp".to_owned(), Some(set)), ("away".to_owned(), None)]);
    Gate::build(&serde_json::from_value(settings.clone()).unwrap(), &keys, Lasting::default())
}

pub fn bearer(claims: &Value) -> String {
    let payload = serde_json::to_vec(claims).unwrap();
    let token = token::sign(br#"{"alg":"HS256"}"#, &payload, &key(), Algorithm::HS256).unwrap();
    format!("Bearer {token}")
}

pub fn good() -> Value {
    json!({"iss": "https://corp", "aud": "api", "sub": "u", "exp": NOW + 60.0})
}

pub fn decide(gate: &Gate, policy: Option<&str>, authorization: Option<&str>) -> Decision {
    let sent: Vec<_> = authorization.map(|value| (0, value.as_bytes())).into_iter().collect();
    let headers = Headers(&sent);
    let request = Request { policy, method: "GET", peer: Peer::Untold, query: b"", headers };
    gate.decide(&request, NOW)
}

fn header<'d>(decision: &'d Decision, name: &str) -> Option<&'d str> {
    decision.headers.iter().find(|(found, _)| **found == *name).map(|(_, value)| value.as_str())
}

/// Each case of the design's table of answers: status, reason and challenge.
#[test]
fn answers() {
    let gate = build(&settings()).unwrap();
    let (token, expired) =
        (bearer(&good()), bearer(&json!({"iss": "https://corp", "aud": "api", "exp": 1})));
    let elsewhere = bearer(&json!({"iss": "https://away", "exp": NOW + 60.0}));
    for (policy, sent, status, reason, challenge) in [
        (None, Some(&token), 200, None, None),
        (None, None, 401, Some(Reason::MissingToken), Some("Bearer realm=\"api\"".to_owned())),
        (
            None,
            Some(&expired),
            401,
            Some(Reason::TokenExpired),
            Some(described("invalid_token", Reason::TokenExpired)),
        ),
        (
            Some("write"),
            Some(&token),
            403,
            Some(Reason::PolicyDenied),
            Some(described("insufficient_scope", Reason::PolicyDenied) + ", scope=\"write\""),
        ),
        (Some("write"), Some(&elsewhere), 503, Some(Reason::KeysUnavailable), None),
        (Some("away"), Some(&elsewhere), 503, Some(Reason::KeysUnavailable), None),
        (Some("nowhere"), Some(&token), 403, Some(Reason::NoPolicy), None),
    ] {
        let decision = decide(&gate, policy, sent.map(String::as_str));
        assert_eq!(status, decision.status, "{policy:?}");
        assert_eq!(reason, decision.reason, "{policy:?}");
        assert_eq!(challenge.as_deref(), header(&decision, "www-authenticate"), "{policy:?}");
        assert_eq!(Some("no-store"), header(&decision, "cache-control"));
        let problem = (status != 200).then_some("application/problem+json");
        assert_eq!(problem, header(&decision, "content-type"));
    }
}

fn described(error: &str, reason: Reason) -> String {
    let (code, sentence) = (reason.code(), reason.sentence());
    format!("Bearer realm=\"api\", error=\"{error}\", error_description=\"{code}: {sentence}\"")
}

/// A rule's message stands in the challenge in the place of our own sentence.
#[test]
fn messages() {
    let mut settings = settings();
    settings["policies"]["default"]["require"] = json!([
        {"cel": "claims.sub == 'u'"},
        {"cel": "claims.groups.exists(g, g == 'admin')", "message": "only admins"},
        {"scope": ["write"], "message": "ask for write"},
    ]);
    let gate = build(&settings).unwrap();
    let ours = Reason::PolicyDenied.sentence();
    for (changes, description, scope) in [
        (json!({"sub": "v"}), ours, ""),
        (json!({}), "only admins", ""),
        (json!({"groups": "admin"}), "only admins", ""),
        (json!({"groups": ["admin"]}), "ask for write", ", scope=\"write\""),
    ] {
        let mut claims = good();
        claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let decision = decide(&gate, None, Some(&bearer(&claims)));
        assert_eq!((403, Some(Reason::PolicyDenied)), (decision.status, decision.reason));
        let expected = described("insufficient_scope", Reason::PolicyDenied);
        let expected = expected.replace(ours, description) + scope;
        assert_eq!(Some(&*expected), header(&decision, "www-authenticate"), "{claims}");
    }
    let mut claims = good();
    claims["groups"] = json!(["admin"]);
    claims["scope"] = json!("write");
    assert_eq!(200, decide(&gate, None, Some(&bearer(&claims))).status);
}

/// An optional policy lets nobody pass as nobody, and still refuses a bad token.
#[test]
fn optional() {
    let gate = build(&settings()).unwrap();
    let nobody = decide(&gate, Some("open"), None);
    assert_eq!((200, Some("")), (nobody.status, header(&nobody, "x-user")));
    assert_eq!(401, decide(&gate, Some("open"), Some("Bearer x")).status);
    let somebody = decide(&gate, Some("open"), Some(&bearer(&good())));
    assert_eq!((200, Some("u")), (somebody.status, header(&somebody, "x-user")));
}

/// Nobody passes an optional policy where the query demands a claim; to name a header is no demand.
#[test]
fn optional_and_demands() {
    let mut settings = settings();
    settings["query_overrides"] = json!({"claims": true, "regexp": true, "headers": true});
    let gate = build(&settings).unwrap();
    for (query, status) in [
        ("", 200),
        ("headers_X-A=sub", 200),
        ("claims_sub=u", 401),
        ("claims_regexp_sub=.*", 401),
        ("claims_regexp_sub=(", 403),
    ] {
        let query = query.as_bytes();
        let headers = Headers::default();
        let request =
            Request { policy: Some("open"), method: "GET", peer: Peer::Untold, query, headers };
        assert_eq!(status, gate.decide(&request, NOW).status, "{query:?}");
    }
}

/// Shadow mode answers 200 and tells what it would have denied, without an identity.
#[test]
fn shadow() {
    let gate = build(&settings()).unwrap();
    for (sent, reason, user) in [
        (Some(bearer(&good())), None, "u"),
        (Some("Bearer x".to_owned()), Some(Reason::MalformedToken), ""),
        (None, Some(Reason::MissingToken), ""),
    ] {
        let decision = decide(&gate, Some("trial"), sent.as_deref());
        assert_eq!((200, reason), (decision.status, decision.reason));
        assert_eq!(Some(user), header(&decision, "x-user"));
    }
}

/// Legacy mode answers 401 to every no, without any header.
#[test]
fn legacy() {
    let mut settings = settings();
    settings["mode"] = json!("legacy");
    let gate = build(&settings).unwrap();
    for (policy, sent, status) in [(None, None, 401), (Some("write"), Some(bearer(&good())), 401)] {
        let decision = decide(&gate, policy, sent.as_deref());
        assert_eq!(status, decision.status);
        assert!(decision.headers.is_empty());
    }
}

/// One policy's yes says nothing about another's, in whatever order they are asked.
#[test]
fn verdicts_do_not_leak_between_policies() {
    let gate = build(&settings()).unwrap();
    let token = bearer(&good());
    for _ in 0..3 {
        assert_eq!(200, decide(&gate, None, Some(&token)).status);
        assert_eq!(403, decide(&gate, Some("write"), Some(&token)).status);
    }
}

/// A decision is counted under its policy and reason, and nowhere else.
#[test]
fn counters() {
    let gate = build(&settings()).unwrap();
    for policy in [None, Some("write"), Some("nowhere")] {
        let decision = decide(&gate, policy, Some(&bearer(&good())));
        gate.count(&decision, Duration::from_micros(3));
    }
    let labels = gate.counter_labels();
    let counts: Vec<u64> = gate.counters().snapshot().collect();
    let mut counted: Vec<_> = labels
        .iter()
        .zip(&counts)
        .filter(|(_, count)| **count > 0)
        .map(|(label, count)| (label.policy.as_str(), label.result, label.reason, *count))
        .collect();
    counted.sort_unstable();
    let expected = vec![
        ("", "deny", "no_policy", 1),
        ("default", "allow", "", 1),
        ("write", "deny", "policy_denied", 1),
    ];
    assert_eq!(expected, counted);
    assert_eq!(Some(&9000), counts.last());
    assert_eq!(3, counts[labels.len()..counts.len() - 1].iter().sum::<u64>());
}

/// Everything that is wrong is told at once, with its place.
#[test]
fn all_errors_at_once() {
    let mut broken = settings();
    broken["realm"] = json!("a\"b");
    broken["unavailable_status"] = json!(200);
    broken["issuers"][0]["algorithms"] = json!(["none", "RS256"]);
    broken["issuers"][1]["name"] = json!("corp");
    broken["policies"]["default"]["issuers"] = json!(["nobody"]);
    broken["policies"]["write"] =
        json!({"issuers": [], "require": [{"claim": "a", "matches": "("}]});
    let places: Vec<_> = build(&broken).unwrap_err().into_iter().map(|(place, _)| place).collect();
    for place in [
        "realm",
        "unavailable_status",
        "issuers[0].algorithms[0]",
        "issuers[0].algorithms",
        "issuers[1].name",
        "policies.default.issuers[0]",
        "policies.write.issuers",
        "policies.write.require[0].matches",
    ] {
        assert!(places.iter().any(|found| found == place), "{place} {places:?}");
    }
}

/// Issuers of one policy must be told apart by `iss`.
#[test]
fn issuers_need_an_iss_of_their_own() {
    for iss in [Value::Null, json!("https://corp")] {
        let mut broken = settings();
        broken["issuers"][1]["issuer"] = iss;
        assert!(build(&broken).is_err());
    }
}
