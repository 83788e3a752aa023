//! Takes a mutex, poisoned or not: a panicking test must not bring the other tests of its process down.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks `mutex`; every holder in this crate leaves its data whole.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
