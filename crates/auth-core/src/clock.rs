//! Makes time a dependency, so that tests never sleep.
//!
//! Answers: [`Clock`], [`SystemClock`], [`ManualClock`]. Never: decides how long something may take.

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};

use async_trait::async_trait;
use tokio::sync::watch;

/// Tells the time and waits.
///
/// Token lifetimes are counted on [`now`](Clock::now), which never jumps; [`utc`](Clock::utc) is asked only where
/// a time leaves or enters the process. A client's clock is [`Settings::clock`](crate::Settings::clock); tests give it a
/// [`ManualClock`].
///
/// # Examples
/// A machine whose calendar is wrong, to see what a test makes of it:
/// ```
/// use std::time::{Duration, Instant, SystemTime};
/// use auth_core::{Clock, ManualClock, Settings, async_trait};
///
/// const DAY: Duration = Duration::from_secs(86_400);
///
/// #[derive(Debug)]
/// struct DayAhead(ManualClock);
///
/// #[async_trait]
/// impl Clock for DayAhead {
///     fn now(&self) -> Instant {
///         self.0.now()
///     }
///
///     fn utc(&self) -> SystemTime {
///         self.0.utc() + DAY
///     }
///
///     async fn sleep(&self, duration: Duration) {
///         self.0.sleep(duration).await; // one that returned at once would let every time limit run out
///     }
/// }
///
/// let clock = ManualClock::new();
/// assert_eq!(DayAhead(clock.clone()).utc(), clock.utc() + DAY);
/// let settings = Settings::new().clock(DayAhead(clock));
/// ```
#[async_trait]
pub trait Clock: fmt::Debug + Send + Sync {
    /// The monotonic time.
    fn now(&self) -> Instant;

    /// The wall-clock time.
    fn utc(&self) -> SystemTime;

    /// Returns when `duration` has passed.
    async fn sleep(&self, duration: Duration);
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct SystemClock;

#[async_trait]
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that asks the machine for the time"
)]
impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn utc(&self) -> SystemTime {
        SystemTime::now()
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A clock that stands still until it is told to move.
///
/// # Examples
/// ```
/// use auth_core::{Clock, ManualClock};
/// use std::time::Duration;
///
/// let clock = ManualClock::new();
/// let before = clock.now();
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now() - before, Duration::from_secs(60));
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Manual>);

#[derive(Debug)]
struct Manual {
    start: Instant,
    start_utc: SystemTime,
    passed: watch::Sender<Duration>,
}

impl ManualClock {
    /// A clock that shows the machine's present time and stays there.
    pub fn new() -> Self {
        let (passed, _) = watch::channel(Duration::ZERO);
        Self(Arc::new(Manual {
            start: SystemClock.now(),
            start_utc: SystemClock.utc(),
            passed,
        }))
    }

    /// Moves both times forward and wakes whoever waited for it.
    pub fn advance(&self, duration: Duration) {
        self.0.passed.send_modify(|passed| *passed += duration);
    }

    fn passed(&self) -> Duration {
        *self.0.passed.borrow()
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Instant {
        self.0.start + self.passed()
    }

    fn utc(&self) -> SystemTime {
        self.0.start_utc + self.passed()
    }

    async fn sleep(&self, duration: Duration) {
        let until = self.passed().saturating_add(duration);
        // The sender lives in `self`, so the channel is never closed while this waits.
        let _ = self
            .0
            .passed
            .subscribe()
            .wait_for(|passed| *passed >= until)
            .await;
    }
}

/// A moment that has come as soon as one of the two times has reached it: the monotonic one stands still while a machine
/// is suspended, and the wall clock can be set back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    at: Instant,
    at_utc: SystemTime,
}

impl Deadline {
    /// The moment `limit` from now.
    pub(crate) fn after(clock: &dyn Clock, limit: Duration) -> Self {
        Self {
            at: clock.now() + limit,
            at_utc: clock.utc() + limit,
        }
    }

    /// The moment on the wall clock.
    pub(crate) fn utc(&self) -> SystemTime {
        self.at_utc
    }

    /// How much time is left.
    pub(crate) fn left(&self, clock: &dyn Clock) -> Duration {
        let left_utc = self.at_utc.duration_since(clock.utc()).unwrap_or_default();
        let left = self.at.saturating_duration_since(clock.now());
        left.min(left_utc)
    }
}

/// Runs `work` until it is done or `limit` has passed on `clock`; `None` means that time ran out.
pub(crate) async fn within<T>(
    clock: &dyn Clock,
    limit: Duration,
    work: impl Future<Output = T>,
) -> Option<T> {
    until(clock.sleep(limit), work).await
}

/// Runs `work` until it is done or `bell` rings; `None` means that it rang first.
pub(crate) async fn until<T>(
    bell: impl Future<Output = ()>,
    work: impl Future<Output = T>,
) -> Option<T> {
    let mut work = pin!(work);
    let mut bell = pin!(bell);
    poll_fn(|context| {
        if let Poll::Ready(value) = work.as_mut().poll(context) {
            return Poll::Ready(Some(value));
        }
        bell.as_mut().poll(context).map(|()| None)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn manual_clock_wakes_a_sleeper_only_when_its_time_has_come() {
        let clock = ManualClock::new();
        let sleeper = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep(Duration::from_secs(10)).await }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(9));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(1));
        assert!(sleeper.await.is_ok());
    }

    #[tokio::test]
    async fn within_gives_up_at_the_limit() {
        let clock = ManualClock::new();
        let waiting = tokio::spawn({
            let clock = clock.clone();
            async move { within(&clock, Duration::from_secs(1), std::future::pending::<()>()).await }
        });
        tokio::task::yield_now().await;
        clock.advance(Duration::from_secs(1));
        assert!(matches!(waiting.await, Ok(None)));
    }
}
