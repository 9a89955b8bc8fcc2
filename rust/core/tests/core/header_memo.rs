use base64_simd::URL_SAFE_NO_PAD;
use jwtfast_core::algorithm::Algorithm;
use jwtfast_core::header_memo::HeaderMemo;
use jwtfast_core::token::Segments;
use std::sync::Arc;

fn token(kid: usize) -> String {
    let header = format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#);
    format!("{}.e30.", URL_SAFE_NO_PAD.encode_to_string(header))
}

/// A hit is what parsing gives, and only for the very same text, however full the memo is.
#[test]
fn a_hit_is_the_same_header() {
    let memo = HeaderMemo::default();
    for kid in 0..1000 {
        let token = token(kid);
        let segments = Segments::split(token.as_bytes(), 1000).unwrap();
        assert!(memo.find(segments.header_text()).is_none());
        memo.keep(&Arc::new(segments.header().unwrap()));
    }
    let mut hits = 0;
    for kid in 0..1000 {
        let token = token(kid);
        let segments = Segments::split(token.as_bytes(), 1000).unwrap();
        if let Some(header) = memo.find(segments.header_text()) {
            hits += 1;
            assert_eq!(Some(kid.to_string().as_str()), header.kid());
            assert_eq!(Algorithm::HS256, header.algorithm());
        }
    }
    assert!((32..=64).contains(&hits), "{hits}");
}
