//! S3-FIFO (Yang et al., SOSP 2023): three queues, of which the first one filters.
//!
//! What is new enters a small queue. Only what was asked for again on its way through reaches the
//! main one, so tokens that come once never wash out those that come often. A hit moves nothing.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};

/// The small queue's share: a tenth.
const SMALL_SHARE: usize = 10;

/// Hits on the way through the small queue that open the main one.
const HITS_TO_STAY: u8 = 1;

/// More hits than this are not told apart.
const MOST_HITS: u8 = 3;

/// Keys are hashes already.
#[derive(Debug, Default)]
pub struct Plain(u64);

impl Hasher for Plain {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Not used by u64, which calls `write_u64`.
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

type PlainHash = BuildHasherDefault<Plain>;

#[derive(Debug)]
struct Slot<V> {
    value: V,
    weight: usize,
    hits: u8,
    in_main: bool,
}

/// A map from hash to value, bounded by the sum of the values' weights.
#[derive(Debug)]
pub struct S3Fifo<V> {
    limit: usize,
    used: usize,
    used_small: usize,
    slots: HashMap<u64, Slot<V>, PlainHash>,
    small: VecDeque<u64>,
    main: VecDeque<u64>,
    /// Hashes that left the small queue without a hit, oldest first.
    ghosts: VecDeque<u64>,
    is_ghost: HashSet<u64, PlainHash>,
}

impl<V> S3Fifo<V> {
    /// An empty one.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            used: 0,
            used_small: 0,
            slots: HashMap::default(),
            small: VecDeque::new(),
            main: VecDeque::new(),
            ghosts: VecDeque::new(),
            is_ghost: HashSet::default(),
        }
    }

    /// The sum of the weights.
    #[must_use]
    pub const fn used(&self) -> usize {
        self.used
    }

    /// How many values there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The value of this hash.
    pub fn get(&mut self, hash: u64) -> Option<&V> {
        let slot = self.slots.get_mut(&hash)?;
        slot.hits = slot.hits.saturating_add(1).min(MOST_HITS);
        Some(&slot.value)
    }

    /// Keeps a value in place of any other one of the same hash; what is too heavy is not kept.
    pub fn insert(&mut self, hash: u64, value: V, weight: usize) {
        if weight > self.limit / 4 {
            return;
        }
        if let Some(slot) = self.slots.get_mut(&hash) {
            let small = if slot.in_main { &mut 0 } else { &mut self.used_small };
            *small = small.saturating_sub(slot.weight).saturating_add(weight);
            self.used = self.used.saturating_sub(slot.weight).saturating_add(weight);
            (slot.value, slot.weight) = (value, weight);
        } else {
            let in_main = self.is_ghost.remove(&hash);
            self.slots.insert(hash, Slot { value, weight, hits: 0, in_main });
            self.used = self.used.saturating_add(weight);
            if in_main {
                self.main.push_back(hash);
            } else {
                self.used_small = self.used_small.saturating_add(weight);
                self.small.push_back(hash);
            }
        }
        while self.used > self.limit && self.make_room() {}
    }

    /// One step of the eviction; whether there was anything to do.
    fn make_room(&mut self) -> bool {
        let small_is_full = self.used_small > self.limit / SMALL_SHARE || self.main.is_empty();
        let queue = if small_is_full { &mut self.small } else { &mut self.main };
        let Some(hash) = queue.pop_front().or_else(|| self.small.pop_front()) else { return false };
        let Some(slot) = self.slots.get_mut(&hash) else { return true };
        if slot.in_main {
            if slot.hits > 0 {
                slot.hits = slot.hits.saturating_sub(1);
                self.main.push_back(hash);
            } else {
                self.used = self.used.saturating_sub(slot.weight);
                self.slots.remove(&hash);
            }
            return true;
        }
        self.used_small = self.used_small.saturating_sub(slot.weight);
        if slot.hits >= HITS_TO_STAY {
            (slot.in_main, slot.hits) = (true, 0);
            self.main.push_back(hash);
        } else {
            self.used = self.used.saturating_sub(slot.weight);
            self.slots.remove(&hash);
            self.remember(hash);
        }
        true
    }

    /// As many ghosts as there are values: a share of the memory that stays the same.
    fn remember(&mut self, hash: u64) {
        self.ghosts.push_back(hash);
        self.is_ghost.insert(hash);
        while self.ghosts.len() > self.slots.len().max(16) {
            if let Some(oldest) = self.ghosts.pop_front() {
                self.is_ghost.remove(&oldest);
            }
        }
    }
}
