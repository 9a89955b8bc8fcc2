//! Eight bytes of a string at a time.

#![allow(clippy::arithmetic_side_effects, reason = "constants only")]

/// The high bit of each of eight bytes that a string cannot hold as it is. Bits above the lowest
/// one set may be wrong (a borrow runs upwards), so only that one counts.
pub(super) const fn stop_bits(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let zero_quote = quote.wrapping_sub(ONES) & !quote;
    let zero_backslash = backslash.wrapping_sub(ONES) & !backslash;
    let control = word.wrapping_sub(ONES * 0x20) & !word;
    (zero_quote | zero_backslash | control) & HIGH
}
