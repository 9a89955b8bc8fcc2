//! The system's time at the price of one clock: a decision reads the monotonic one anyway.

use crate::arguments;
use pyo3::PyResult;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// For how long the two clocks are taken to go alike; a clock that is set is seen after it.
const LOOK_EVERY: Duration = Duration::from_millis(5);

static CLOCK: LazyLock<Clock> = LazyLock::new(|| Clock {
    start: Instant::now(),
    offset: AtomicU64::new(f64::NAN.to_bits()),
    looked: AtomicU64::new(0),
});

struct Clock {
    start: Instant,
    /// The system's time at `start`, in seconds since 1970, as bits of a double.
    offset: AtomicU64,
    /// When it was looked at last, in nanoseconds after `start`.
    looked: AtomicU64,
}

/// The system's time at a moment that just was, in seconds since 1970.
pub fn system_time(moment: Instant) -> PyResult<f64> {
    let clock = &*CLOCK;
    let since = moment.saturating_duration_since(clock.start);
    let nanoseconds = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
    let looked = Duration::from_nanos(clock.looked.load(Ordering::Relaxed));
    let offset = f64::from_bits(clock.offset.load(Ordering::Relaxed));
    if offset.is_finite() && since.saturating_sub(looked) < LOOK_EVERY {
        return Ok(offset + since.as_secs_f64());
    }
    let now = arguments::now(None)?;
    clock.looked.store(nanoseconds, Ordering::Relaxed);
    clock.offset.store((now - since.as_secs_f64()).to_bits(), Ordering::Relaxed);
    Ok(now)
}
