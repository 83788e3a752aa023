//! Clocks for tests that would otherwise wait.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use auth_core::{Clock, ManualClock, SystemClock};

/// A wait as long as this is a limit on something else, not a pause between two tries.
const LIMIT: Duration = Duration::from_secs(60);

/// A clock on which pauses pass at once and are written down, and limits never ring.
#[derive(Clone, Debug, Default)]
pub(crate) struct HastyClock {
    time: ManualClock,
    pauses: Arc<Mutex<Vec<Duration>>>,
}

impl HastyClock {
    /// The pauses so far, in order.
    pub(crate) fn pauses(&self) -> Vec<Duration> {
        self.pauses.lock().expect("no test panics here").clone()
    }

    /// Moves the time without a pause.
    pub(crate) fn advance(&self, duration: Duration) {
        self.time.advance(duration);
    }
}

#[async_trait]
impl Clock for HastyClock {
    fn now(&self) -> Instant {
        self.time.now()
    }

    fn utc(&self) -> SystemTime {
        self.time.utc()
    }

    async fn sleep(&self, duration: Duration) {
        if duration >= LIMIT {
            return std::future::pending().await;
        }
        self.pauses
            .lock()
            .expect("no test panics here")
            .push(duration);
        self.time.advance(duration);
        // A task that does nothing but pause would keep all others from their turn.
        tokio::task::yield_now().await;
    }
}

/// The machine's clock, for the few figures that are about real time.
pub(crate) fn real() -> SystemClock {
    SystemClock::default()
}

/// Looks a thousand times a second, for ten seconds at most, whether `fact` has come true.
pub(crate) async fn eventually(what: &str, mut fact: impl FnMut() -> bool) {
    let mut ticks = tokio::time::interval(Duration::from_millis(1));
    for _ in 0..10_000 {
        if fact() {
            return;
        }
        ticks.tick().await;
    }
    panic!("it never came true that {what}");
}
