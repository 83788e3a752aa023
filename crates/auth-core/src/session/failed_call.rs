//! Remembers the call that failed last, for a diagnosis.

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
pub(super) struct FailedCall(Mutex<Option<(Error, Instant)>>);

impl Session {
    /// Remembers a failure of a call. Only calls that fail come here.
    #[cold]
    pub(crate) fn call_failed(&self, error: &Error) {
        let now = self.0.clock.now();
        let last = &self.0.failed_call.0;
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        let outranks = |(last, _): &(Error, Instant)| {
            is_of_one_call(error.kind()) && !is_of_one_call(last.kind())
        };
        if !last.as_ref().is_some_and(outranks) {
            *last = Some((error.clone(), now));
        }
    }

    /// The failure that is told, and how long ago it was.
    pub(crate) fn failed_call(&self) -> Option<(Error, Duration)> {
        let last = &self.0.failed_call.0;
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
