//! Answers accept or refuse for tokens, as `jsonwebtoken` sees them: an oracle of the differential test.
//!
//! Reads one JSON object a line, `{"alg": ..., "key": {JWK}, "token": ...}`, and writes one line for each: `accept`, or
//! `refuse` and the reason. Settings are as near to ours as `jsonwebtoken` allows: leeway 0, `nbf` checked, and `exp`,
//! `iss` and `aud` required. It cannot be told what time it is, so tokens must expire long ago or far ahead.

use std::collections::HashMap;
use std::io::{self, BufRead, BufWriter, Write};

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;
use serde_json::Value;

const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "api";

#[derive(Deserialize)]
struct Question {
    alg: String,
    key: Value,
    token: String,
}

/// Keys parsed once: a run asks about few keys and many tokens.
type Keys = HashMap<String, Option<DecodingKey>>;

fn answer(question: &Question, keys: &mut Keys) -> Result<(), String> {
    let algorithm: Algorithm =
        question.alg.parse().map_err(|_| "algorithm unsupported".to_owned())?;
    let key = keys
        .entry(question.key.to_string())
        .or_insert_with(|| {
            let jwk: Jwk = serde_json::from_value(question.key.clone()).ok()?;
            DecodingKey::from_jwk(&jwk).ok()
        })
        .as_ref()
        .ok_or("key unsupported")?;
    let mut validation = Validation::new(algorithm);
    validation.leeway = 0;
    validation.validate_nbf = true;
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    decode::<Value>(&question.token, key, &validation).map_err(|error| error.to_string())?;
    Ok(())
}

fn main() -> io::Result<()> {
    let mut keys = Keys::new();
    let mut out = BufWriter::new(io::stdout().lock());
    for line in io::stdin().lock().lines() {
        let question: Question = serde_json::from_str(&line?)?;
        match answer(&question, &mut keys) {
            Ok(()) => writeln!(out, "accept")?,
            Err(reason) => writeln!(out, "refuse {}", reason.replace('\n', " "))?,
        }
    }
    out.flush()
}
