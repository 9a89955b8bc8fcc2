//! Tests of the core that need more than one module; one binary, so that it links once.

#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "tests"
)]

mod extract;
mod gate;
mod header_memo;
mod identity;
mod json;
mod keyset;
mod original;
mod overrides;
mod routes;
mod rule;
