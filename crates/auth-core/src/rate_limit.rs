//! Keeps calls under a provider's limit: never more than so many in any window of time.
//!
//! Answers: [`RateLimiter`]. Never: sends anything, looks at answers.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::clock::Clock;
use crate::error::Error;

/// A window longer than this is cut to it, so that no sum of times overflows.
const LONGEST_WINDOW: Duration = Duration::from_secs(365 * 24 * 3600);

/// A limit of `calls` in any `window`. Clones share it, so that clients behind one IP address can.
///
/// # Concurrency
/// A short lock for each call; a caller that is dropped while it waits gives its turn back.
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
    /// When the latest `calls` calls were or will be made, in order.
    turns: Mutex<VecDeque<Instant>>,
}

impl RateLimiter {
    /// At most `calls` (at least one) in any `window`.
    pub fn new(calls: usize, window: Duration) -> Self {
        Self(Arc::new(Limit {
            calls: calls.max(1),
            window: window.min(LONGEST_WINDOW),
            turns: Mutex::default(),
        }))
    }

    /// Waits for a turn; where that would take longer than `patience`, fails at once and takes none.
    pub(crate) async fn turn(&self, clock: &dyn Clock, patience: Duration) -> Result<(), Error> {
        let now = clock.now();
        let turn = self.0.take(now, patience).map_err(Error::rate_limited)?;
        if turn.at > now {
            tracing::debug!(wait = ?(turn.at - now), "call waits for the client-side rate limit");
            clock.sleep(turn.at - now).await;
        }
        turn.keep();
        Ok(())
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
    /// The next turn, or how long it would take to get one.
    fn take(&self, now: Instant, patience: Duration) -> Result<Turn<'_>, Duration> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        if turns.len() < self.calls {
            turns.push_back(now);
            return Ok(Turn {
                limit: self,
                at: now,
                replaced: None,
                kept: false,
            });
        }
        let oldest = turns.front().copied().unwrap_or(now);
        let at = (oldest + self.window).max(now);
        if at - now > patience {
            return Err(at - now);
        }
        turns.pop_front();
        turns.push_back(at);
        Ok(Turn {
            limit: self,
            at,
            replaced: Some(oldest),
            kept: false,
        })
    }
}

/// A place in the row; dropped unused, it is given back.
struct Turn<'a> {
    limit: &'a Limit,
    at: Instant,
    replaced: Option<Instant>,
    kept: bool,
}

impl Turn<'_> {
    fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        let mut turns = self
            .limit
            .turns
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = turns.iter().rposition(|at| *at == self.at) {
            turns.remove(place);
            if let Some(oldest) = self.replaced {
                let place = turns.partition_point(|at| *at < oldest);
                turns.insert(place, oldest);
            }
        }
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
    async fn a_caller_that_gives_up_gives_its_turn_back() {
        let clock = ManualClock::new();
        let limit = RateLimiter::new(1, 10 * SECOND);
        limit
            .turn(&clock, Duration::ZERO)
            .await
            .expect("a free turn");
        for _ in 0..5 {
            let mut waiting = Box::pin(limit.turn(&clock, 60 * SECOND));
            let polled = std::future::poll_fn(|context| {
                std::task::Poll::Ready(waiting.as_mut().poll(context))
            })
            .await;
            assert!(polled.is_pending());
        }
        clock.advance(10 * SECOND);
        limit
            .turn(&clock, Duration::ZERO)
            .await
            .expect("five abandoned turns cost nothing");
    }
}
