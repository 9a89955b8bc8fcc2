//! Answers to tokens that came again: the front part of the cache.
//!
//! What a policy says of a token depends on its text alone, but for times and revocation, which
//! are checked at every hit. A slot holds one answer and is given to another token only once its
//! own has come no more than others that wanted the slot.

use super::lock::lock;
use crate::error::Error;
use crate::headers::Ready;
use crate::verified::Verified;
use std::sync::{Arc, Mutex};

/// What is longer than this, token and headers together, is made anew each time.
const MOST_BYTES: usize = 2048;

/// How often others may want the slot of a token that comes all the time.
const MOST_WORTH: u8 = 8;

#[derive(Debug)]
struct Answer {
    token: Box<[u8]>,
    /// The policy's, see there.
    policy: u64,
    verified: Arc<Verified>,
    ready: Arc<Ready>,
    worth: u8,
}

#[derive(Debug, Default)]
struct Slot {
    answer: Option<Answer>,
    hits: u64,
}

/// As many answers as there are slots, at most.
#[derive(Debug)]
pub struct Recent {
    slots: Box<[Mutex<Slot>]>,
}

impl Recent {
    /// An empty one.
    #[must_use]
    pub fn new(slots: usize) -> Self {
        Self { slots: (0..slots.next_power_of_two()).map(|_| Mutex::default()).collect() }
    }

    /// How often an answer was found.
    #[must_use]
    pub fn hits(&self) -> u64 {
        self.slots.iter().map(|slot| lock(slot).hits).fold(0, u64::saturating_add)
    }

    /// This policy's answer to this very token, or why the token is good no more.
    pub fn find(
        &self,
        hash: u64,
        token: &[u8],
        policy: u64,
        again: impl FnOnce(&Verified) -> Result<(), Error>,
    ) -> Option<Result<Arc<Ready>, Error>> {
        let mut slot = lock(self.slot(hash, policy)?);
        let Slot { answer, hits } = &mut *slot;
        let answer = answer.as_mut().filter(|one| one.policy == policy && *one.token == *token)?;
        *hits = hits.saturating_add(1);
        answer.worth = answer.worth.saturating_add(1).min(MOST_WORTH);
        Some(again(&answer.verified).map(|()| answer.ready.clone()))
    }

    /// Keeps an answer, unless the one in its place came more often.
    pub fn keep(
        &self,
        hash: u64,
        token: &[u8],
        policy: u64,
        verified: &Arc<Verified>,
        ready: &Arc<Ready>,
    ) {
        if token.len().saturating_add(ready.weight()) > MOST_BYTES {
            return;
        }
        let Some(mut slot) = self.slot(hash, policy).map(lock) else { return };
        if let Some(other) = &mut slot.answer
            && other.worth > 0
        {
            other.worth = other.worth.saturating_sub(1);
            return;
        }
        let (verified, ready) = (verified.clone(), ready.clone());
        slot.answer = Some(Answer { token: token.into(), policy, verified, ready, worth: 0 });
    }

    fn slot(&self, hash: u64, policy: u64) -> Option<&Mutex<Slot>> {
        // Other bits than those that choose a part of the store behind.
        let index = usize::try_from((hash >> 16) ^ policy).ok()?;
        self.slots.get(index & self.slots.len().checked_sub(1)?)
    }
}
