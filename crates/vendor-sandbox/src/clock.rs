//! Reads the clock and waits: no other file of this crate does either.

use std::time::{Duration, Instant};

/// The monotonic clock that token and code lifetimes are measured on.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The instant `lifetime` from now, or `None` where the clock cannot hold it, which means never.
pub(crate) fn after(lifetime: Duration) -> Option<Instant> {
    now().checked_add(lifetime)
}

/// Whether an instant made by [`after`] has come.
pub(crate) fn is_past(instant: Option<Instant>) -> bool {
    instant.is_some_and(|instant| now() >= instant)
}

/// Waits; a zero duration does not even yield.
pub(crate) async fn pause(duration: Duration) {
    if !duration.is_zero() {
        tokio::time::sleep(duration).await;
    }
}
