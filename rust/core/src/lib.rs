//! The core of jwtfast: strict verification of JWTs, and the decision on a proxy's request.
//!
//! There is no I/O in here and no clock: `now` comes in. What exists is valid: keys, key sets,
//! verifiers, policies and gates are parsed once into immutable values.

pub mod algorithm;
pub mod cache;
pub mod claim_path;
pub mod claims;
pub mod counters;
pub mod decision;
pub mod error;
pub mod extract;
pub mod gate;
pub mod header_memo;
pub mod headers;
pub mod identity;
pub mod json;
pub mod key;
pub mod keyset;
pub mod original;
pub mod overrides;
pub mod policy;
pub mod preflight;
pub mod request;
pub mod revocation;
pub mod routes;
pub mod rule;
pub mod settings;
pub mod signatory;
pub mod token;
pub mod verified;
pub mod verifier;
