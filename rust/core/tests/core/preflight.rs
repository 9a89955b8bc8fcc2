use crate::gate::{NOW, settings};
use jwtfast_core::gate::{Gate, Lasting};
use jwtfast_core::request::{Headers, Peer, Request};
use serde_json::json;
use std::collections::HashMap;

type Sent<'h> = &'h [(&'h str, &'h str)];

const ORIGIN: (&str, &str) = ("origin", "https://app.example");
const WANTED: (&str, &str) = ("access-control-request-method", "POST");

fn gate() -> Gate {
    let mut settings = settings();
    settings["policies"]["browser"] =
        json!({"issuers": ["corp"], "preflight": true, "identity": {"X-User": "sub"}});
    let keys = HashMap::from([("corp".to_owned(), None), ("away".to_owned(), None)]);
    let settings = serde_json::from_value(settings).unwrap();
    Gate::build(&settings, &keys, Lasting::default()).unwrap()
}

fn status(policy: &str, method: &str, sent: Sent<'_>) -> u16 {
    let gate = gate();
    let index = |name: &str| gate.request_headers().iter().position(|one| **one == *name).unwrap();
    let sent: Vec<_> = sent.iter().map(|(name, value)| (index(name), value.as_bytes())).collect();
    let headers = Headers(&sent);
    let policy = Some(policy);
    gate.decide(&Request { policy, method, peer: Peer::Untold, query: b"", headers }, NOW).status
}

/// A preflight without a token passes where the policy asks for it, and nothing else does.
#[test]
fn preflights() {
    let token = ("authorization", "Bearer x");
    for (policy, method, sent, expected) in [
        ("browser", "OPTIONS", &[ORIGIN, WANTED][..], 200),
        ("default", "OPTIONS", &[ORIGIN, WANTED], 401),
        ("browser", "GET", &[ORIGIN, WANTED], 401),
        ("browser", "options", &[ORIGIN, WANTED], 401),
        ("browser", "OPTIONS", &[ORIGIN], 401),
        ("browser", "OPTIONS", &[WANTED], 401),
        ("browser", "OPTIONS", &[], 401),
        ("browser", "OPTIONS", &[ORIGIN, WANTED, token], 401),
        ("browser", "OPTIONS", &[ORIGIN, ORIGIN, WANTED], 401),
        ("browser", "OPTIONS", &[ORIGIN, ("access-control-request-method", "")], 401),
    ] {
        assert_eq!(expected, status(policy, method, sent), "{policy} {method} {sent:?}");
    }
}
