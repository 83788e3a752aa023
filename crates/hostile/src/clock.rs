//! A clock on which nobody waits.

use std::time::{Duration, Instant, SystemTime};

use auth_core::integrator::async_trait;
use auth_core::{Clock, ManualClock};

/// A wait as long as this is a limit on something else, not a pause between two tries.
const LIMIT: Duration = Duration::from_secs(60);

/// Pauses pass at once, and limits never ring; those of the transport are real.
#[derive(Clone, Debug, Default)]
pub(crate) struct HastyClock(ManualClock);

impl HastyClock {
    pub(crate) fn advance(&self, duration: Duration) {
        self.0.advance(duration);
    }
}

#[async_trait]
impl Clock for HastyClock {
    fn now(&self) -> Instant {
        self.0.now()
    }

    fn utc(&self) -> SystemTime {
        self.0.utc()
    }

    async fn sleep(&self, duration: Duration) {
        if duration >= LIMIT {
            return std::future::pending().await;
        }
        self.0.advance(duration);
    }
}
