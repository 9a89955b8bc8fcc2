//! Tests of the core that need more than one module; one binary, so that it links once.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

mod cache;
mod extract;
mod gate;
mod header_memo;
mod identity;
mod json;
mod keyset;
mod original;
mod overrides;
mod preflight;
mod revocation;
mod routes;
mod rule;
mod rule_cel;
mod rule_cel_limits;
mod rule_numbers;
mod rule_patterns;
