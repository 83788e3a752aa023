//! Remembers the call that failed last, and whether the credential has proved good, for a diagnosis.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind};

use super::Session;

/// The failure that is told, and when it was.
///
/// It is the latest of those that somebody has to do something about. One that says no more than that this one call was
/// wrong takes the place of another of its sort only. What these hold of secrets was hidden where they arose: a provider's
/// words when they were read, a store's when its renewal landed.
#[derive(Default)]
pub(super) struct FailedCall {
    last: Mutex<Option<(Error, Instant)>>,
    /// Whether the host has let a call in, and has refused none since for want of a good credential.
    was_let_in: AtomicBool,
}

impl FailedCall {
    /// Whether the host has taken the credential, and not refused it since.
    pub(super) fn was_let_in(&self) -> bool {
        self.was_let_in.load(Ordering::Relaxed)
    }
}

impl Session {
    /// Remembers a failure of a call. Only calls that fail come here.
    #[cold]
    pub(crate) fn call_failed(&self, error: &Error) {
        let now = self.0.clock.now();
        let FailedCall { last, was_let_in } = &self.0.failed_call;
        match error.kind() {
            ErrorKind::Unauthorized | ErrorKind::Reauthorize => {
                was_let_in.store(false, Ordering::Relaxed);
            }
            // Whoever is told so was let in.
            ErrorKind::Invalid | ErrorKind::NotFound | ErrorKind::Permission
                if error.status().is_some() =>
            {
                was_let_in.store(true, Ordering::Relaxed);
            }
            _ => {}
        }
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        let outranks = |(last, _): &(Error, Instant)| {
            is_of_one_call(error.kind()) && !is_of_one_call(last.kind())
        };
        if !last.as_ref().is_some_and(outranks) {
            *last = Some((error.clone(), now));
        }
    }

    /// Remembers that a call worked; all but the first cost one look.
    pub(crate) fn call_worked(&self) {
        let was_let_in = &self.0.failed_call.was_let_in;
        if !was_let_in.load(Ordering::Relaxed) {
            was_let_in.store(true, Ordering::Relaxed);
        }
    }

    /// The failure that is told, and how long ago it was.
    pub(crate) fn failed_call(&self) -> Option<(Error, Duration)> {
        let last = &self.0.failed_call.last;
        let last = last.lock().unwrap_or_else(PoisonError::into_inner);
        let (error, at) = last.as_ref()?;
        let now = self.0.clock.now();
        Some((error.clone(), now.saturating_duration_since(*at)))
    }
}

/// Whether a failure says something of one call, and nothing of the client.
pub(crate) fn is_of_one_call(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::File | ErrorKind::Invalid | ErrorKind::NotFound
    )
}
