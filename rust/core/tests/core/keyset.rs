use jwtfast_core::algorithm::Algorithm;
use jwtfast_core::error::Reason;
use jwtfast_core::key::Key;
use jwtfast_core::keyset::{KeySet, MAX_TRIES};
use std::sync::Arc;

fn key(byte: u8, kid: Option<&str>) -> Arc<Key> {
    Arc::new(Key::from_secret(&[byte; 32], Algorithm::HS256, kid, false).unwrap())
}

fn verify(set: &KeySet, kid: Option<&str>, signer: &Key) -> Result<(), Reason> {
    use base64_simd::URL_SAFE_NO_PAD;
    let signature = signer.sign(Algorithm::HS256, b"m").unwrap();
    let signature = URL_SAFE_NO_PAD.decode_to_vec(signature).unwrap();
    let verified = set.verify(kid, Algorithm::HS256, b"m", &signature);
    verified.map(drop).map_err(|error| error.reason())
}

/// A kid chooses exactly its key; keys without one serve any kid.
#[test]
fn lookup() {
    let (a, b) = (key(1, Some("a")), key(2, Some("b")));
    let set = KeySet::new(vec![a.clone(), b.clone()]).unwrap();
    assert_eq!(Ok(()), verify(&set, Some("a"), &a));
    assert_eq!(Err(Reason::InvalidSignature), verify(&set, Some("b"), &a));
    assert_eq!(Err(Reason::UnknownKey), verify(&set, Some("A"), &a));
    assert_eq!(Err(Reason::UnknownKey), verify(&set, Some(""), &a));
    assert_eq!(Ok(()), verify(&set, None, &b));
    let unnamed = KeySet::new(vec![key(1, None)]).unwrap();
    assert_eq!(Ok(()), verify(&unnamed, Some("whatever"), &a));
    assert_eq!(Err(Reason::UnknownKey), verify(&unnamed, Some(&"k".repeat(257)), &a));
}

/// A token without a kid costs at most a few checks, however large the set.
#[test]
fn tries_are_bounded() {
    let named = |count: usize| {
        let keys = (0..count).map(|n| key(u8::try_from(n).unwrap(), Some(&n.to_string())));
        KeySet::new(keys.collect()).unwrap()
    };
    assert_eq!(Ok(()), verify(&named(MAX_TRIES), None, &key(0, None)));
    assert_eq!(Err(Reason::UnknownKey), verify(&named(MAX_TRIES + 1), None, &key(0, None)));
    let unnamed = (0..=MAX_TRIES).map(|n| key(u8::try_from(n).unwrap(), None)).collect();
    assert!(KeySet::new(unnamed).is_err());
}

/// Each key of a kid is tried, and there are at most so many.
#[test]
fn keys_of_one_kid() {
    let same = |count: usize| -> Vec<_> {
        (0..count).map(|n| key(u8::try_from(n).unwrap(), Some("a"))).collect()
    };
    let set = KeySet::new(same(MAX_TRIES)).unwrap();
    for signer in same(MAX_TRIES) {
        assert_eq!(Ok(()), verify(&set, Some("a"), &signer));
    }
    assert_eq!(Err(Reason::InvalidSignature), verify(&set, Some("a"), &key(99, Some("a"))));
    assert_eq!(Err(Reason::UnknownKey), verify(&set, Some("b"), &key(0, Some("a"))));
    assert!(KeySet::new(same(MAX_TRIES + 1)).is_err());
}

/// Sets that could mean two things do not exist.
#[test]
fn ambiguous_sets() {
    assert!(KeySet::new(Vec::new()).is_err());
    let pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
    let public = Arc::new(Key::from_pem(pem.as_bytes(), None, None).unwrap());
    assert!(KeySet::new(vec![public, key(1, Some("a"))]).is_err());
}
