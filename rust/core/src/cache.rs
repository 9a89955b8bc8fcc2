//! Bounded store of verified tokens.
//!
//! Only tokens that verified are kept, so nobody without a key can fill it, and a forged token
//! costs what it always costs. A token is found by a hash of its signature's end, and then it is
//! compared to the last character. What is found is good for the issuer of the gate that verified
//! it; its times are checked each time, and so is the policy unless its answer is kept, see `recent`.

use crate::error::Error;
use crate::headers::Ready;
use crate::token::encodes;
use crate::verified::Verified;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::{Arc, Mutex};

mod lock;
mod recent;
mod s3_fifo;

use lock::lock;
use recent::Recent;
pub use s3_fifo::S3Fifo;

/// A part below this size is not worth a lock of its own.
const LEAST_PART_BYTES: usize = 1 << 20;

const MOST_PARTS: usize = 16;

/// What an entry takes beyond signature and claims: itself, its place in the index and the
/// queues with their spare room, a ghost's, and what an allocator puts around four blocks.
const ENTRY_BYTES: usize = 360;

/// One answer is kept for so many bytes of tokens.
const BYTES_AN_ANSWER: usize = 1 << 16;

/// Characters that are hashed: 24 bytes of signature.
const TAIL: usize = 32;

/// A token that verified, in the parts that take the least room: the header's text is shared with
/// other tokens, and the payload's is that of the claims.
#[derive(Debug)]
struct Kept {
    verified: Arc<Verified>,
    /// As it stands in the token, with the dot before it.
    signature: Box<[u8]>,
}

impl Kept {
    /// Whether this is the token, to the last character.
    fn is(&self, token: &[u8]) -> bool {
        let header = self.verified.header().text();
        let rest = token.strip_prefix(header).and_then(|rest| rest.strip_prefix(b"."));
        let payload = rest.and_then(|rest| rest.strip_suffix(&*self.signature));
        payload.is_some_and(|text| encodes(self.verified.claims().text().as_bytes(), text))
    }
}

#[derive(Debug)]
struct Part {
    tokens: S3Fifo<Kept>,
    hits: u64,
    misses: u64,
}

/// How a cache is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Tokens that were found.
    pub hits: u64,
    /// Tokens that were not.
    pub misses: u64,
    /// Bytes that are taken.
    pub bytes: usize,
    /// Tokens that are kept.
    pub tokens: usize,
}

/// A store of verified tokens that outlives gates.
#[derive(Debug)]
pub struct TokenCache {
    parts: Box<[Mutex<Part>]>,
    recent: Recent,
    seeds: [u64; 4],
}

impl TokenCache {
    /// An empty one that takes at most so many bytes.
    #[must_use]
    pub fn new(max_bytes: usize) -> Self {
        let count = (max_bytes / LEAST_PART_BYTES).clamp(1, MOST_PARTS);
        let share = max_bytes.checked_div(count).unwrap_or_default();
        let part = |_| Mutex::new(Part { tokens: S3Fifo::new(share), hits: 0, misses: 0 });
        let random = RandomState::new();
        Self {
            parts: (0..count).map(part).collect(),
            recent: Recent::new(max_bytes / BYTES_AN_ANSWER),
            // Odd, so that multiplying loses nothing.
            seeds: [1_u64, 2, 3, 4].map(|number| random.hash_one(number) | 1),
        }
    }

    /// How it is doing.
    #[must_use]
    pub fn statistics(&self) -> Statistics {
        let recent = Statistics { hits: self.recent.hits(), ..Statistics::default() };
        self.parts.iter().fold(recent, |sum, part| {
            let part = lock(part);
            Statistics {
                hits: sum.hits.saturating_add(part.hits),
                misses: sum.misses.saturating_add(part.misses),
                bytes: sum.bytes.saturating_add(part.tokens.used()),
                tokens: sum.tokens.saturating_add(part.tokens.len()),
            }
        })
    }

    /// What verifying this very token gave.
    pub(crate) fn find(&self, token: &[u8]) -> Option<Arc<Verified>> {
        let hash = self.hash(token)?;
        let mut part = lock(self.part(hash)?);
        let found = part.tokens.get(hash).filter(|kept| kept.is(token));
        let found = found.map(|kept| kept.verified.clone());
        let count = if found.is_some() { &mut part.hits } else { &mut part.misses };
        *count = count.saturating_add(1);
        found
    }

    /// Keeps a token that verified.
    pub(crate) fn keep(&self, token: &[u8], mut verified: Verified) -> Arc<Verified> {
        verified.shrink();
        let verified = Arc::new(verified);
        let dot = memchr::memrchr(b'.', token).unwrap_or_default();
        let signature = token.get(dot..).unwrap_or_default();
        let weight = verified.weight().saturating_add(signature.len());
        // An eighth more, for what an allocator cannot use between blocks that come and go.
        let weight = ENTRY_BYTES.saturating_add(weight / 8).saturating_add(weight);
        if let Some(hash) = self.hash(token)
            && let Some(part) = self.part(hash)
        {
            let kept = Kept { verified: verified.clone(), signature: signature.into() };
            lock(part).tokens.insert(hash, kept, weight);
        }
        verified
    }

    /// A policy's answer to this very token, or why `again` says that it is good no more.
    pub(crate) fn recall(
        &self,
        token: &[u8],
        policy: u64,
        again: impl FnOnce(&Verified) -> Result<(), Error>,
    ) -> Option<Result<Arc<Ready>, Error>> {
        self.recent.find(self.hash(token)?, token, policy, again)
    }

    /// Keeps a policy's answer to a token that came again.
    pub(crate) fn remember(
        &self,
        token: &[u8],
        policy: u64,
        verified: &Arc<Verified>,
        ready: &Arc<Ready>,
    ) {
        if let Some(hash) = self.hash(token) {
            self.recent.keep(hash, token, policy, verified, ready);
        }
    }

    /// A signature's end is random, and only an issuer can choose it.
    fn hash(&self, token: &[u8]) -> Option<u64> {
        let (words, _) = token.last_chunk::<TAIL>()?.as_chunks::<8>();
        let mixed = words.iter().zip(&self.seeds).fold(0_u64, |hash, (word, seed)| {
            (hash ^ u64::from_le_bytes(*word)).wrapping_mul(*seed).rotate_left(29)
        });
        Some(mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (mixed >> 32))
    }

    fn part(&self, hash: u64) -> Option<&Mutex<Part>> {
        // Other bits than those that the index looks at first.
        let index = usize::try_from(hash >> 40).ok()?.checked_rem(self.parts.len())?;
        self.parts.get(index)
    }
}
