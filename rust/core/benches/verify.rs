//! What a verification costs above the signature check itself; each answer is asserted first.

#![allow(missing_docs, clippy::unwrap_used, clippy::missing_panics_doc, reason = "a benchmark")]

use aws_lc_rs::signature::{self, KeyPair, ParsedPublicKey, VerificationAlgorithm};
use aws_lc_rs::{hmac, rand};
use base64_simd::URL_SAFE_NO_PAD;
use criterion::{Criterion, criterion_group, criterion_main};
use jwtfast_core::algorithm::{Algorithm, AlgorithmSet};
use jwtfast_core::claims::{Audience, Checks, Leeway};
use jwtfast_core::json::Document;
use jwtfast_core::key::Key;
use jwtfast_core::keyset::KeySet;
use jwtfast_core::token;
use jwtfast_core::verifier::{Issuer, Verifier};
use std::hint::black_box;
use std::sync::Arc;

const NOW: f64 = 1_800_000_000.0;
const CLAIMS: &str = r#"{"iss":"https://login.example.com","aud":"api","sub":"user-0123456789","exp":1800003600,"iat":1800000000,"nbf":1800000000,"jti":"0b2e7c1a-55d0-4c4e-9f3b-7f0f2f6f8f11","scope":"read write","groups":["admin","ops"],"email":"someone@example.com"}"#;

fn pem(der: &[u8]) -> String {
    pem::encode(&pem::Pem::new("PRIVATE KEY", der))
}

/// A private key for the algorithm, its raw public key, and how raw aws-lc checks with it.
fn material(algorithm: Algorithm) -> (String, Vec<u8>, &'static dyn VerificationAlgorithm) {
    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    let rng = rand::SystemRandom::new();
    match algorithm {
        Algorithm::RS256 => {
            let pair = signature::RsaKeyPair::generate(aws_lc_rs::rsa::KeySize::Rsa2048).unwrap();
            let der: Pkcs8V1Der<'_> = pair.as_der().unwrap();
            (
                pem(der.as_ref()),
                pair.public_key().as_ref().to_vec(),
                &signature::RSA_PKCS1_2048_8192_SHA256,
            )
        }
        Algorithm::ES256 => {
            let signing = &signature::ECDSA_P256_SHA256_FIXED_SIGNING;
            let der = signature::EcdsaKeyPair::generate_pkcs8(signing, &rng).unwrap();
            let pair = signature::EcdsaKeyPair::from_pkcs8(signing, der.as_ref()).unwrap();
            (
                pem(der.as_ref()),
                pair.public_key().as_ref().to_vec(),
                &signature::ECDSA_P256_SHA256_FIXED,
            )
        }
        _ => {
            let der = signature::Ed25519KeyPair::generate_pkcs8v1(&rng).unwrap();
            let pair = signature::Ed25519KeyPair::from_pkcs8(der.as_ref()).unwrap();
            (pem(der.as_ref()), pair.public_key().as_ref().to_vec(), &signature::ED25519)
        }
    }
}

fn verifier(key: Key) -> Verifier {
    let checks = Checks {
        issuers: Some(vec!["https://login.example.com".into()]),
        audience: Audience::OneOf(vec!["api".into()]),
        leeway: Leeway::default(),
        max_lifetime: None,
        require_exp: true,
        required: Vec::new(),
        token_types: None,
        allow_bound: false,
    };
    let keys = Arc::new(KeySet::new(vec![Arc::new(key)]).unwrap());
    let issuer = Issuer::new(Some(keys), AlgorithmSet::ALL, checks);
    Verifier::new(vec![Arc::new(issuer)], 16_384)
}

fn sign(key: &Key, algorithm: Algorithm) -> String {
    let header = format!(r#"{{"alg":"{algorithm}","typ":"JWT","kid":"a"}}"#);
    token::sign(header.as_bytes(), CLAIMS.as_bytes(), key, algorithm).unwrap()
}

fn compare(criterion: &mut Criterion, algorithm: Algorithm) {
    let (pem, public, raw) = material(algorithm);
    let key = Key::from_pem(pem.as_bytes(), Some(algorithm), Some("a")).unwrap();
    let token = sign(&key, algorithm);
    let (signed, encoded) = token.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode_to_vec(encoded).unwrap();
    let parsed = ParsedPublicKey::new(raw, &public).unwrap();
    parsed.verify_sig(signed.as_bytes(), &signature).unwrap();
    let verifier = verifier(key);
    assert!(verifier.verify(token.as_bytes(), NOW).is_ok());
    let mut group = criterion.benchmark_group(algorithm.name());
    group.bench_function("raw aws-lc", |bench| {
        bench.iter(|| parsed.verify_sig(black_box(signed.as_bytes()), &signature));
    });
    group.bench_function("verify", |bench| {
        bench.iter(|| verifier.verify(black_box(token.as_bytes()), NOW));
    });
    group.finish();
}

fn compare_hmac(criterion: &mut Criterion) {
    let secret = [7; 32];
    let key = Key::from_secret(&secret, Algorithm::HS256, Some("a"), false).unwrap();
    let token = sign(&key, Algorithm::HS256);
    let (signed, encoded) = token.rsplit_once('.').unwrap();
    let tag = URL_SAFE_NO_PAD.decode_to_vec(encoded).unwrap();
    let raw = hmac::Key::new(hmac::HMAC_SHA256, &secret);
    hmac::verify(&raw, signed.as_bytes(), &tag).unwrap();
    let verifier = verifier(key);
    assert!(verifier.verify(token.as_bytes(), NOW).is_ok());
    let mut group = criterion.benchmark_group("HS256");
    group.bench_function("raw aws-lc", |bench| {
        bench.iter(|| hmac::verify(&raw, black_box(signed.as_bytes()), &tag));
    });
    group.bench_function("verify", |bench| {
        bench.iter(|| verifier.verify(black_box(token.as_bytes()), NOW));
    });
    group.bench_function("parse the claims", |bench| {
        bench.iter(|| Document::parse_object(black_box(CLAIMS).as_bytes().to_vec()));
    });
    group.finish();
}

fn benchmarks(criterion: &mut Criterion) {
    compare_hmac(criterion);
    for algorithm in [Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA] {
        compare(criterion, algorithm);
    }
}

criterion_group!(benches, benchmarks);
criterion_main!(benches);
