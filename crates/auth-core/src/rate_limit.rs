//! Keeps calls under a provider's limit: never more than so many in any window of time.
//!
//! Answers: [`RateLimiter`]. Never: sends anything, looks at answers.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

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
    turns: Mutex<Turns>,
    /// How many callers are in the row.
    waiting: AtomicUsize,
    /// The head of the row.
    head: tokio::sync::Mutex<()>,
    /// Rings where a turn was spent or given back, for the head waits by what it knew before.
    changed: Notify,
}

/// The turns that are not free: never more than `calls` together.
#[derive(Default)]
struct Turns {
    /// When the latest calls were made, in order.
    made: VecDeque<Instant>,
    /// How many are taken for calls that are still to be made.
    taken: usize,
}

impl RateLimiter {
    /// At most `calls` (at least one) in any `window`.
    pub fn new(calls: usize, window: Duration) -> Self {
        Self(Arc::new(Limit {
            calls: calls.max(1),
            window: window.min(LONGEST_WINDOW),
            turns: Mutex::default(),
            waiting: AtomicUsize::new(0),
            head: tokio::sync::Mutex::default(),
            changed: Notify::new(),
        }))
    }

    /// Waits for a turn; where that would take longer than `patience`, fails at once and takes none.
    pub(crate) async fn turn(&self, clock: &dyn Clock, patience: Duration) -> Result<(), Error> {
        let turn = self.reserve(clock, patience).await?;
        turn.spend(clock.now());
        Ok(())
    }

    /// The same, for a call that is made later, or not at all.
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
        let turn = within(clock, patience, self.wait_in_row(clock)).await;
        turn.ok_or_else(|| Error::rate_limited(self.0.expected_wait(clock.now())))
    }

    /// A turn, if one is free and nobody waits for it.
    pub(crate) fn free(&self, clock: &dyn Clock) -> Option<Turn> {
        if self.0.waiting.load(Ordering::Relaxed) > 0 {
            return None;
        }
        self.take(clock.now()).ok()
    }

    /// How long whoever comes now would wait.
    pub(crate) fn expected_wait(&self, clock: &dyn Clock) -> Duration {
        self.0.expected_wait(clock.now())
    }

    /// Says whether there is a clone of it.
    pub(crate) fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// Takes a turn, or says how long none gets free, unless one is given back.
    fn take(&self, now: Instant) -> Result<Turn, Duration> {
        self.0.take(now)?;
        Ok(Turn {
            limit: self.clone(),
            made: None,
        })
    }

    async fn wait_in_row(&self, clock: &dyn Clock) -> Turn {
        let _place = Place::take(&self.0.waiting);
        let _head = self.0.head.lock().await;
        loop {
            let wait = match self.take(clock.now()) {
                Ok(turn) => return turn,
                Err(wait) => wait,
            };
            tracing::debug!(
                name: "auth_core.rate_limit.waiting",
                ?wait,
                "call or token request waits for the client-side rate limit"
            );
            within(clock, wait, self.0.changed.notified()).await;
        }
    }
}

/// A turn that was taken. It counts for as long as it lives, and from the moment at which it is spent for a window;
/// dropped without having been spent, it is free again.
pub(crate) struct Turn {
    limit: RateLimiter,
    /// When it was spent.
    made: Option<Instant>,
}

impl Turn {
    /// Uses it up for a call that is made now.
    pub(crate) fn spend(mut self, now: Instant) {
        self.made = Some(now);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let limit = &self.limit.0;
        let mut turns = limit.turns();
        turns.taken -= 1;
        turns.made.extend(self.made);
        drop(turns);
        limit.changed.notify_one();
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
    fn turns(&self) -> MutexGuard<'_, Turns> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How long a caller that comes now would wait behind those in the row.
    fn expected_wait(&self, now: Instant) -> Duration {
        let turns = self.turns();
        let ahead = self.waiting.load(Ordering::Relaxed);
        let free = self.calls - turns.made.len() - turns.taken;
        let Some(behind) = ahead.checked_sub(free) else {
            return Duration::ZERO;
        };
        // The n-th that waits gets the n-th turn that runs out, those for calls to be made as if they were made now; after
        // all have, the row begins again a window later.
        let rounds = u32::try_from(behind / self.calls + 1).unwrap_or(u32::MAX);
        let base = turns.made.get(behind % self.calls).copied().unwrap_or(now);
        let at = self
            .window
            .checked_mul(rounds)
            .and_then(|wait| base.checked_add(wait));
        at.map_or(Duration::MAX, |at| at.saturating_duration_since(now))
    }

    /// Counts a call that is to be made, or says how long there is no turn for it.
    fn take(&self, now: Instant) -> Result<(), Duration> {
        let mut turns = self.turns();
        if turns.made.len() + turns.taken == self.calls {
            // Without a call that was made, there is a turn once one is given back.
            let Some(oldest) = turns.made.front() else {
                return Err(LONGEST_WINDOW);
            };
            let wait = (*oldest + self.window).saturating_duration_since(now);
            if !wait.is_zero() {
                return Err(wait);
            }
            turns.made.pop_front();
        }
        turns.taken += 1;
        Ok(())
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
    use futures_util::FutureExt as _;

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
        second.spend(clock.now());
        let again = limit.free(&clock).expect("the first one");
        again.spend(clock.now());
        assert!(limit.free(&clock).is_none());
        // The first would be over by now; the second and its successor are not.
        clock.advance(9 * SECOND);
        assert!(limit.free(&clock).is_none());
    }

    #[tokio::test]
    async fn a_turn_counts_from_its_call_on_however_long_ago_it_was_taken() {
        let clock = ManualClock::new();
        let limit = RateLimiter::new(1, 10 * SECOND);
        let turn = limit.free(&clock).expect("a free turn");
        for _ in 0..3 {
            clock.advance(9 * SECOND);
            assert!(limit.free(&clock).is_none(), "its call is still to come");
        }
        turn.spend(clock.now());
        clock.advance(9 * SECOND);
        assert!(limit.free(&clock).is_none(), "its call is nine seconds old");
        assert_eq!(limit.expected_wait(&clock), SECOND);
        clock.advance(SECOND);
        assert!(limit.free(&clock).is_some());
    }

    #[tokio::test]
    async fn a_turn_that_is_given_back_or_spent_wakes_the_head_of_the_row() {
        let clock = ManualClock::new();
        let limit = RateLimiter::new(1, 10 * SECOND);
        for is_spent in [false, true] {
            let turn = limit.free(&clock).expect("a free turn");
            let mut row = Box::pin(limit.reserve(&clock, Duration::MAX));
            assert!(row.as_mut().now_or_never().is_none());
            if is_spent {
                turn.spend(clock.now());
                assert!(row.as_mut().now_or_never().is_none());
                clock.advance(10 * SECOND);
            } else {
                drop(turn);
            }
            let turn = row.as_mut().now_or_never().expect("its turn");
            drop(turn.expect("patience"));
        }
    }
}
