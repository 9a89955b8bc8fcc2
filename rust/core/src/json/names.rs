//! Whether a member name stood in its object before: almost always told without comparing names.

#![allow(clippy::arithmetic_side_effects, reason = "indexes stay below 256")]

/// Tells at once that most names are new; where it cannot, all names are compared.
#[derive(Default)]
pub(super) struct NameFilter([u64; 4]);

impl NameFilter {
    /// Adds a name's fingerprint; whether one like it was there already.
    pub(super) fn add(&mut self, fingerprint: usize) -> bool {
        let bit = 1 << (fingerprint % 64);
        let Some(word) = self.0.get_mut(fingerprint / 64 % 4) else { return true };
        let known = *word & bit != 0;
        *word |= bit;
        known
    }
}

/// A number that equal names share, and different ones rarely do.
pub(super) fn fingerprint(name: &[u8]) -> usize {
    let byte = |index: usize| name.get(index).map_or(0, |byte| usize::from(*byte));
    let last = byte(name.len().wrapping_sub(1));
    name.len() ^ byte(0) << 3 ^ byte(1) << 1 ^ last << 2 ^ byte(name.len() / 2) << 4
}
