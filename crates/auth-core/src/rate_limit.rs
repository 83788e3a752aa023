//! Keeps calls under a provider's limit: never more than so many in any window of time.
//!
//! Answers: [`RateLimiter`]. Never: sends anything, looks at answers.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::clock::{Clock, within};
use crate::error::Error;

/// A window longer than this is cut to it, so that no sum of times overflows.
const LONGEST_WINDOW: Duration = Duration::from_secs(365 * 24 * 3600);

/// A limit of `calls` in any `window`. Clones share it, so that clients behind one IP address can.
///
/// # Concurrency
/// Callers wait in a row, first come, first served; one that is dropped leaves the row and costs nothing.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// let limit = auth_core::RateLimiter::new(300, Duration::from_secs(300));
/// let first = auth_core::Settings::new().rate_limiter(limit.clone());
/// let second = auth_core::Settings::new().rate_limiter(limit);
/// ```
#[derive(Clone)]
pub struct RateLimiter(Arc<Limit>);

struct Limit {
    calls: usize,
    window: Duration,
    /// When the latest `calls` calls were made, in order.
    made: Mutex<VecDeque<Instant>>,
    /// How many callers are in the row.
    waiting: AtomicUsize,
    /// The head of the row.
    head: tokio::sync::Mutex<()>,
}

impl RateLimiter {
    /// At most `calls` (at least one) in any `window`.
    pub fn new(calls: usize, window: Duration) -> Self {
        Self(Arc::new(Limit {
            calls: calls.max(1),
            window: window.min(LONGEST_WINDOW),
            made: Mutex::default(),
            waiting: AtomicUsize::new(0),
            head: tokio::sync::Mutex::default(),
        }))
    }

    /// Waits for a turn; where that would take longer than `patience`, fails at once and takes none.
    pub(crate) async fn turn(&self, clock: &dyn Clock, patience: Duration) -> Result<(), Error> {
        self.reserve(clock, patience).await.map(Turn::spend)
    }

    /// The same, and the turn can still be given back.
    pub(crate) async fn reserve(
        &self,
        clock: &dyn Clock,
        patience: Duration,
    ) -> Result<Turn, Error> {
        if let Some(turn) = self.free(clock) {
            return Ok(turn);
        }
        let wait = self.0.expected_wait(clock.now());
        if wait > patience {
            return Err(Error::rate_limited(wait));
        }
        let turn = within(clock, patience, self.0.wait_in_row(clock)).await;
        let turn = turn.map(|at| self.taken(at));
        turn.ok_or_else(|| Error::rate_limited(self.0.expected_wait(clock.now())))
    }

    /// A turn, if one is free and nobody waits for it.
    pub(crate) fn free(&self, clock: &dyn Clock) -> Option<Turn> {
        let _head = self.0.head.try_lock().ok()?;
        let at = self.0.make_call(clock.now()).ok()?;
        Some(self.taken(at))
    }

    /// How long whoever comes now would wait.
    pub(crate) fn expected_wait(&self, clock: &dyn Clock) -> Duration {
        self.0.expected_wait(clock.now())
    }

    /// Says whether there is a clone of it.
    pub(crate) fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    fn taken(&self, at: Instant) -> Turn {
        Turn {
            limit: Some(self.clone()),
            at,
        }
    }
}

/// A turn that was taken; dropped without having been spent, it is free again.
pub(crate) struct Turn {
    limit: Option<RateLimiter>,
    at: Instant,
}

impl Turn {
    /// Uses it up.
    pub(crate) fn spend(mut self) {
        self.limit = None;
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(limit) = &self.limit {
            let mut made = limit.0.made();
            if let Some(place) = made.iter().rposition(|at| *at == self.at) {
                made.remove(place);
            }
        }
    }
}

impl fmt::Debug for RateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimiter")
            .field("calls", &self.0.calls)
            .field("window", &self.0.window)
            .finish()
    }
}

impl Limit {
    fn made(&self) -> MutexGuard<'_, VecDeque<Instant>> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long a caller that comes now would wait behind those in the row.
    fn expected_wait(&self, now: Instant) -> Duration {
        let made = self.made();
        let ahead = self.waiting.load(Ordering::Relaxed);
        let free = self.calls - made.len();
        let Some(behind) = ahead.checked_sub(free) else {
            return Duration::ZERO;
        };
        // The n-th that waits gets the n-th turn that runs out; after all have, the row begins again a window later.
        let rounds = u32::try_from(behind / self.calls + 1).unwrap_or(u32::MAX);
        let base = made.get(behind % self.calls).copied().unwrap_or(now);
        let at = self
            .window
            .checked_mul(rounds)
            .and_then(|wait| base.checked_add(wait));
        at.map_or(Duration::MAX, |at| at.saturating_duration_since(now))
    }

    async fn wait_in_row(&self, clock: &dyn Clock) -> Instant {
        let _place = Place::take(&self.waiting);
        let _head = self.head.lock().await;
        loop {
            let wait = match self.make_call(clock.now()) {
                Ok(at) => return at,
                Err(wait) => wait,
            };
            tracing::debug!(
                name: "auth_core.rate_limit.waiting",
                ?wait,
                "call or token request waits for the client-side rate limit"
            );
            clock.sleep(wait).await;
        }
    }

    /// Counts a call that is made now, or says how long to wait for the next turn.
    fn make_call(&self, now: Instant) -> Result<Instant, Duration> {
        let mut made = self.made();
        if made.len() == self.calls {
            let oldest = made.front().copied().unwrap_or(now);
            let wait = (oldest + self.window).saturating_duration_since(now);
            if !wait.is_zero() {
                return Err(wait);
            }
            made.pop_front();
        }
        made.push_back(now);
        Ok(now)
    }
}

/// A place in the row, given back when it is dropped.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize) -> Self {
        waiting.fetch_add(1, Ordering::Relaxed);
        Self(waiting)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test]
    async fn no_window_ever_holds_more_than_the_limit() {
        let clock = ManualClock::new();
        let limit = RateLimiter::new(3, 10 * SECOND);
        for _ in 0..3 {
            limit
                .turn(&clock, Duration::ZERO)
                .await
                .expect("a free turn");
            clock.advance(SECOND);
        }
        let error = limit
            .turn(&clock, 6 * SECOND)
            .await
            .expect_err("no turn within six seconds");
        assert_eq!(error.kind(), crate::ErrorKind::RateLimited);
        assert_eq!(error.retry_after(), Some(7 * SECOND));
        clock.advance(7 * SECOND);
        limit
            .turn(&clock, Duration::ZERO)
            .await
            .expect("the first turn is over");
        assert!(
            limit.turn(&clock, Duration::ZERO).await.is_err(),
            "the second is not"
        );
    }

    #[tokio::test]
    async fn callers_that_give_up_leave_the_row_in_any_order() {
        let clock = ManualClock::new();
        let limit = RateLimiter::new(1, 10 * SECOND);
        limit
            .turn(&clock, Duration::ZERO)
            .await
            .expect("a free turn");
        let mut row: VecDeque<_> = (0..11)
            .map(|_| Box::pin(limit.turn(&clock, Duration::MAX)))
            .collect();
        for waiting in &mut row {
            let polled = std::future::poll_fn(|context| {
                std::task::Poll::Ready(waiting.as_mut().poll(context))
            });
            assert!(polled.await.is_pending());
        }
        let error = limit
            .turn(&clock, 60 * SECOND)
            .await
            .expect_err("eleven are ahead");
        assert_eq!(error.retry_after(), Some(120 * SECOND));
        while row.pop_front().is_some() {}
        clock.advance(10 * SECOND);
        limit
            .turn(&clock, Duration::ZERO)
            .await
            .expect("eleven that gave up cost nothing");
    }

    #[tokio::test]
    async fn a_turn_that_was_not_spent_is_free_again_and_a_spent_one_is_not() {
        let clock = ManualClock::new();
        let limit = RateLimiter::new(2, 10 * SECOND);
        let first = limit.free(&clock).expect("a free turn");
        clock.advance(SECOND);
        let second = limit.free(&clock).expect("another");
        assert!(limit.free(&clock).is_none());
        drop(first);
        second.spend();
        limit.free(&clock).expect("the first one").spend();
        assert!(limit.free(&clock).is_none());
        // The first would be over by now; the second and its successor are not.
        clock.advance(9 * SECOND);
        assert!(limit.free(&clock).is_none());
    }
}
