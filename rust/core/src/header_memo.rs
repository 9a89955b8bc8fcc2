//! Headers seen before: the same header text comes with every token of an issuer.
//!
//! Parsing is a function of the text alone, so a hit cannot change a verdict. Only headers under
//! a signature that held are kept: nobody without a key can fill the memo.

use crate::token::Header;
use std::sync::{Arc, OnceLock};

/// Slots; an issuer has a handful of keys, and a header or two for each.
const SLOTS: usize = 64;

/// Longer header texts are parsed every time.
const MAX_BYTES: usize = 512;

type Slot = OnceLock<Arc<Header>>;

/// A bounded map from header text to parsed header; a slot once taken stays as it is.
#[derive(Debug)]
pub struct HeaderMemo {
    slots: [Slot; SLOTS],
}

impl Default for HeaderMemo {
    fn default() -> Self {
        Self { slots: [const { OnceLock::new() }; SLOTS] }
    }
}

impl HeaderMemo {
    fn slot(&self, text: &[u8]) -> Option<&Slot> {
        const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
        let (words, _) = text.as_chunks::<8>();
        let mix = |hash: u64, word: &[u8; 8]| (hash ^ u64::from_le_bytes(*word)).wrapping_mul(MIX);
        let hash = words.iter().fold(text.len() as u64, mix);
        usize::try_from(hash >> 58).ok().and_then(|index| self.slots.get(index))
    }

    /// The parsed header of this text, where it is known.
    #[must_use]
    pub fn find(&self, text: &[u8]) -> Option<Arc<Header>> {
        let header = self.slot(text)?.get()?;
        (header.text() == text).then(|| header.clone())
    }

    /// Keeps a header whose signature held.
    pub fn keep(&self, header: &Arc<Header>) {
        if header.text().len() <= MAX_BYTES
            && let Some(slot) = self.slot(header.text())
        {
            // A slot that is taken means another header of the same hash: that one stays.
            let _ = slot.set(header.clone());
        }
    }
}
