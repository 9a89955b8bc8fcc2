use crate::gate::{NOW, bearer, decide, good, key, settings};
use jwtfast_core::cache::{S3Fifo, TokenCache};
use jwtfast_core::decision::Decision;
use jwtfast_core::error::Reason;
use jwtfast_core::gate::{Gate, Lasting};
use jwtfast_core::headers::{Headers, Ready};
use jwtfast_core::keyset::KeySet;
use jwtfast_core::request::{Headers as Sent, Peer, Request};
use jwtfast_core::revocation::RevocationList;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;

const MEBIBYTE: usize = 1 << 20;

fn gate(settings: &Value, cache: &Arc<TokenCache>, revocation: Vec<Arc<RevocationList>>) -> Gate {
    let set = Arc::new(KeySet::new(vec![key()]).unwrap());
    let keys = HashMap::from([("corp".to_owned(), Some(set)), ("away".to_owned(), None)]);
    let lasting = Lasting { revocation, cache: Some(cache.clone()) };
    Gate::build(&serde_json::from_value(settings.clone()).unwrap(), &keys, lasting).unwrap()
}

fn decide_at(gate: &Gate, authorization: &str, now: f64) -> Decision {
    let sent = [(0, authorization.as_bytes())];
    let headers = Sent(&sent);
    gate.decide(
        &Request { policy: None, method: "GET", peer: Peer::Untold, query: b"", headers },
        now,
    )
}

/// The second time a token is found, and the answer is the same.
#[test]
fn a_hit_answers_the_same() {
    let cache = Arc::new(TokenCache::new(MEBIBYTE));
    let gate = gate(&settings(), &cache, Vec::new());
    let token = bearer(&good());
    let first = decide(&gate, None, Some(&token));
    let second = decide(&gate, None, Some(&token));
    assert_eq!((first.status, &*first.headers), (second.status, &*second.headers));
    let found = cache.statistics();
    assert_eq!((1, 1, 1), (found.hits, found.misses, found.tokens));
}

/// A token's times are checked on every hit: at the second of its end it is expired.
#[test]
fn times_are_checked_on_every_hit() {
    let cache = Arc::new(TokenCache::new(MEBIBYTE));
    let gate = gate(&settings(), &cache, Vec::new());
    let mut claims = good();
    claims["nbf"] = json!(NOW);
    claims["iat"] = json!(NOW);
    let token = bearer(&claims);
    for (now, reason) in [
        (NOW, None),
        (NOW + 59.9, None),
        (NOW + 60.0, Some(Reason::TokenExpired)),
        (NOW - 1.0, Some(Reason::TokenNotYetValid)),
        (NOW + 3600.0, Some(Reason::TokenExpired)),
        (-1.0, Some(Reason::TokenNotYetValid)),
        (f64::NAN, Some(Reason::TokenExpired)),
        (NOW, None),
    ] {
        assert_eq!(reason, decide_at(&gate, &token, now).reason, "{now}");
    }
    assert_eq!(1, cache.statistics().misses);
}

/// One policy's yes says nothing about another's: not with other rules, not with other issuers.
#[test]
fn a_hit_is_no_yes_of_another_policy() {
    let cache = Arc::new(TokenCache::new(MEBIBYTE));
    let gate = gate(&settings(), &cache, Vec::new());
    let token = bearer(&good());
    for _ in 0..3 {
        assert_eq!(200, decide(&gate, None, Some(&token)).status);
        assert_eq!(403, decide(&gate, Some("write"), Some(&token)).status);
        assert_eq!(503, decide(&gate, Some("away"), Some(&token)).status);
    }
}

/// A gate finds nothing that another one verified, even one with the same settings and keys.
#[test]
fn generations() {
    let cache = Arc::new(TokenCache::new(MEBIBYTE));
    let token = bearer(&good());
    let before = gate(&settings(), &cache, Vec::new());
    assert_eq!(200, decide(&before, None, Some(&token)).status);
    let mut other = settings();
    other["issuers"][0]["audiences"] = json!(["elsewhere"]);
    let after = gate(&other, &cache, Vec::new());
    for _ in 0..3 {
        assert_eq!(Some(Reason::WrongAudience), decide(&after, None, Some(&token)).reason);
        assert_eq!(200, decide(&before, None, Some(&token)).status);
    }
}

/// Whatever one character of a kept token becomes, it is refused as it was before it was kept.
#[test]
fn every_edit_of_a_kept_token_is_refused() {
    let cache = Arc::new(TokenCache::new(MEBIBYTE));
    let gate = gate(&settings(), &cache, Vec::new());
    let token = bearer(&good());
    assert_eq!(200, decide(&gate, None, Some(&token)).status);
    let text = token.strip_prefix("Bearer ").unwrap().as_bytes();
    for at in 0..text.len() {
        for with in [b'A', b'w', b'_', b'.', b'='] {
            let mut edited = text.to_vec();
            if edited[at] == with {
                continue;
            }
            edited[at] = with;
            let edited = format!("Bearer {}", String::from_utf8(edited).unwrap());
            assert_eq!(401, decide(&gate, None, Some(&edited)).status, "{at} {with}");
        }
    }
    for edited in [format!("{token}A"), token[..token.len() - 1].to_owned(), format!("{token}=")] {
        assert_eq!(401, decide(&gate, None, Some(&edited)).status);
    }
    assert_eq!((0, 1), (cache.statistics().hits, cache.statistics().tokens));
}

/// Only what verified is kept.
#[test]
fn nothing_else_is_kept() {
    let cache = Arc::new(TokenCache::new(MEBIBYTE));
    let gate = gate(&settings(), &cache, Vec::new());
    let mut expired = good();
    expired["exp"] = json!(NOW);
    let elsewhere = json!({"iss": "https://elsewhere", "aud": "api", "exp": NOW + 60.0});
    for claims in [&expired, &elsewhere] {
        assert_eq!(401, decide(&gate, None, Some(&bearer(claims))).status);
    }
    let forged = bearer(&good()).replace("Bearer ey", "Bearer eY");
    assert_eq!(401, decide(&gate, None, Some(&forged)).status);
    assert_eq!(0, cache.statistics().tokens);
}

/// A token that is revoked passes no more, although it was kept; also while nobody knows.
#[test]
fn revocation_is_checked_on_every_hit() {
    let cache = Arc::new(TokenCache::new(MEBIBYTE));
    let list = Arc::new(RevocationList::default());
    let gate = gate(&settings(), &cache, vec![list.clone()]);
    let token = bearer(&good());
    assert_eq!(200, decide(&gate, None, Some(&token)).status);
    list.replace(br#"{"revoked": [{"sub": "u"}]}"#).unwrap();
    assert_eq!(Some(Reason::TokenRevoked), decide(&gate, None, Some(&token)).reason);
    list.replace(br#"{"revoked": []}"#).unwrap();
    assert_eq!(200, decide(&gate, None, Some(&token)).status);
    list.set_available(false);
    assert_eq!(503, decide(&gate, None, Some(&token)).status);
}

/// The bound holds, whatever comes; a cache without room answers all the same.
#[test]
fn bounded() {
    for bytes in [0, 1, 10_000, MEBIBYTE] {
        let cache = Arc::new(TokenCache::new(bytes));
        let gate = gate(&settings(), &cache, Vec::new());
        for number in 0..3000 {
            let mut claims = good();
            claims["jti"] = json!(number.to_string());
            assert_eq!(200, decide(&gate, None, Some(&bearer(&claims))).status);
            assert!(cache.statistics().bytes <= bytes);
        }
        assert_eq!(bytes >= 10_000, cache.statistics().tokens > 0);
    }
}

/// What comes once never washes out what comes again and again.
#[test]
fn scans_leave_the_hot_set() {
    let mut cache = S3Fifo::new(1000);
    for key in 0..500 {
        cache.insert(key, key, 1);
        assert_eq!(Some(&key), cache.get(key));
    }
    for key in 1_000_000..1_100_000 {
        cache.insert(key, key, 1);
        cache.get(key % 500);
        assert!(cache.used() <= 1000);
    }
    let kept = (0..500).filter(|key| cache.get(*key).is_some()).count();
    assert!(kept > 490, "{kept}");
}

/// A value in place of another one weighs what it weighs, and one too heavy is not kept.
#[test]
fn weights() {
    let mut cache = S3Fifo::new(100);
    cache.insert(1, "a", 10);
    cache.insert(1, "b", 20);
    assert_eq!((20, 1, Some(&"b")), (cache.used(), cache.len(), cache.get(1)));
    cache.insert(2, "c", 26);
    assert_eq!((20, None), (cache.used(), cache.get(2)));
    for key in 3..100 {
        cache.insert(key, "d", 7);
        assert!(cache.used() <= 100);
    }
}

fn ready(decision: &Decision) -> Option<&Arc<Ready>> {
    match &decision.headers {
        Headers::Ready(ready) => Some(ready),
        Headers::Own(_) => None,
    }
}

/// The answer to a token is kept from the second time on, and the same one is given from then on.
#[test]
fn the_answer_to_a_token_that_came_again_is_kept() {
    let cache = Arc::new(TokenCache::new(MEBIBYTE));
    let gate = gate(&settings(), &cache, Vec::new());
    let token = bearer(&good());
    let answers: Vec<_> = (0..4).map(|_| decide(&gate, None, Some(&token))).collect();
    let [once, again, third, fourth] = &*answers else { panic!("four answers") };
    assert!(ready(once).is_none(), "a token that came once may never come again");
    let kept = ready(again).unwrap();
    assert!([third, fourth].iter().all(|one| Arc::ptr_eq(kept, ready(one).unwrap())));
    assert_eq!(&*once.headers, &*fourth.headers);
    assert_eq!(3, cache.statistics().hits);
}

/// In the smallest cache there is room for one answer: the one that came most keeps it, and loses
/// it to another one that comes while it does not.
#[test]
fn the_answer_that_comes_most_keeps_its_place() {
    let cache = Arc::new(TokenCache::new(MEBIBYTE / 16));
    let gate = gate(&settings(), &cache, Vec::new());
    let token = |name: &str| {
        let mut claims = good();
        claims["sub"] = json!(name);
        bearer(&claims)
    };
    let (hot, other) = (token("hot"), token("other"));
    let asked = |token: &str| decide(&gate, None, Some(token));
    let often = |token: &str, times: usize| {
        let mut answers: Vec<_> = (0..times).map(|_| asked(token)).collect();
        answers.pop().unwrap()
    };
    let kept = often(&hot, 6);
    for _ in 0..3 {
        asked(&other);
        assert!(Arc::ptr_eq(ready(&kept).unwrap(), ready(&asked(&hot)).unwrap()));
    }
    let last = often(&other, 20);
    assert!(Arc::ptr_eq(ready(&last).unwrap(), ready(&asked(&other)).unwrap()));
    assert!(!Arc::ptr_eq(ready(&kept).unwrap(), ready(&asked(&hot)).unwrap()));
}

/// What would take too much room for one answer is answered all the same.
#[test]
fn a_long_token_has_no_answer_kept() {
    let cache = Arc::new(TokenCache::new(MEBIBYTE));
    let gate = gate(&settings(), &cache, Vec::new());
    let mut claims = good();
    claims["padding"] = json!("x".repeat(1600));
    let token = bearer(&claims);
    let answers: Vec<_> = (0..4).map(|_| decide(&gate, None, Some(&token))).collect();
    assert!(answers.iter().all(|one| one.status == 200));
    let [.., third, fourth] = &*answers else { panic!("four answers") };
    assert!(!Arc::ptr_eq(ready(third).unwrap(), ready(fourth).unwrap()));
}
