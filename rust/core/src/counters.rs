//! Decisions and their durations, counted in atomics; whoever serves metrics reads a snapshot.

use crate::error::Reason;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the buckets in nanoseconds: those of `jwtfast_decision_seconds` (from 1 us)
/// and of the drop-in histogram (100 ns, times 3, 6 of them) together.
pub const BOUNDS: [u64; 20] = [
    100,
    300,
    900,
    1_000,
    2_000,
    2_700,
    5_000,
    8_100,
    10_000,
    20_000,
    24_300,
    50_000,
    100_000,
    200_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    100_000_000,
];

/// One counter for an allowed request, one for each reason.
const OUTCOMES: usize = Reason::ALL.len().saturating_add(1);

/// What one decision counter counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The policy's name, empty where none was found.
    pub policy: String,
    /// `allow`, `deny`, `error`, or `shadow` for a denial that was not made.
    pub result: &'static str,
    /// The reason code, empty for `allow`.
    pub reason: &'static str,
}

/// The counters of one gate: decisions, buckets (the last one for slower ones), sum of durations.
#[derive(Debug)]
pub struct Counters {
    cells: Vec<AtomicU64>,
    decisions: usize,
}

impl Counters {
    pub(crate) fn new(policies: usize) -> Self {
        let decisions = policies.saturating_add(1).saturating_mul(OUTCOMES);
        let length = decisions.saturating_add(BOUNDS.len()).saturating_add(2);
        Self { cells: (0..length).map(|_| AtomicU64::new(0)).collect(), decisions }
    }

    /// The labels of the decision counters, for policies as (name, whether in shadow mode).
    pub(crate) fn labels<'p>(policies: impl Iterator<Item = (&'p str, bool)>) -> Vec<Label> {
        let outcome = |policy: &str, shadow: bool, reason: Option<Reason>| Label {
            policy: policy.into(),
            result: match reason {
                None => "allow",
                Some(_) if shadow => "shadow",
                Some(reason) if reason.status() == 0 => "error",
                Some(_) => "deny",
            },
            reason: reason.map_or("", Reason::code),
        };
        let all = || Reason::ALL.iter().copied().map(Some);
        policies
            .chain([("", false)])
            .flat_map(|(name, shadow)| {
                [None].into_iter().chain(all()).map(move |reason| outcome(name, shadow, reason))
            })
            .collect()
    }

    pub(crate) fn count(&self, policy: Option<usize>, reason: Option<Reason>, took: Duration) {
        let none = (self.decisions / OUTCOMES).saturating_sub(1);
        let row = policy.unwrap_or(none).saturating_mul(OUTCOMES);
        let index = reason.map_or(0, |reason| reason.index().saturating_add(1));
        self.add(row.saturating_add(index), 1);
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.partition_point(|bound| *bound < nanoseconds);
        self.add(self.decisions.saturating_add(bucket), 1);
        self.add(self.decisions.saturating_add(BOUNDS.len()).saturating_add(1), nanoseconds);
    }

    fn add(&self, index: usize, amount: u64) {
        if let Some(cell) = self.cells.get(index) {
            cell.fetch_add(amount, Ordering::Relaxed);
        }
    }

    /// Every counter as it stands now.
    pub fn snapshot(&self) -> impl Iterator<Item = u64> {
        self.cells.iter().map(|cell| cell.load(Ordering::Relaxed))
    }
}
