//! Locks of the cache, which a panic leaves usable.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Nothing behind one is half done when a panic passes through: what is there may be used.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
