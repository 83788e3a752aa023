//! Keeps retries a small part of all requests, so that a provider that is down is not asked several times as often.
//!
//! Answers: [`RetryBudget`]. Never: sends anything, decides what may be sent again.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::error::Error;

/// What a retry after a failure costs: what so many good answers give back.
pub(crate) const RETRY: u64 = 10;
/// What a replay after a 401 costs: it carries another token, and a good answer to it makes up for it.
pub(crate) const REPLAY: u64 = 1;

/// An empty budget is full again after this time, also without a good answer.
const RECOVERY: Duration = Duration::from_secs(100);
/// How many retries a client has by default.
const DEFAULT: u32 = 100;

/// What a client may spend on sending calls again: so many retries at once, and from then on one for ten good answers.
///
/// A retry takes one, a replay after a 401 a tenth of one. A good answer gives a tenth back, and time a hundredth of the
/// whole in each second, so that a client with few calls recovers too. Where nothing is left, the failure is told as it
/// is and not tried again. So N calls that meet an outage together are by default N requests, a hundred more, and one
/// for each second that the outage lasts, not the threefold.
///
/// Clones share it: give one to several clients of the same host. A new client has one of its own.
///
/// # Concurrency
/// A good answer costs one relaxed load while the budget is full, and one more addition while it is not.
///
/// # Examples
/// ```
/// use auth_core::{RetryBudget, Settings};
/// let shared = RetryBudget::new(20);
/// let first = Settings::new().retry_budget(shared.clone());
/// let second = Settings::new().retry_budget(shared);
/// ```
///
/// # Source
/// The defaults are those of others: a hundred retries at once are what the AWS SDKs' standard retry mode has (500
/// tokens, 5 for a retry), and a tenth is the usual `tokenRatio` of gRPC's retry throttling (gRFC A6).
#[derive(Clone)]
pub struct RetryBudget(Arc<Budget>);

struct Budget {
    /// What is left of `full`; many good answers at once can raise it a little above.
    left: AtomicU64,
    full: u64,
    /// Up to when time has given back.
    given: Mutex<Option<Instant>>,
}

impl RetryBudget {
    /// A budget of `retries` at once; zero means that nothing is ever sent again, after a 401 neither.
    pub fn new(retries: u32) -> Self {
        let full = u64::from(retries) * RETRY;
        Self(Arc::new(Budget {
            left: AtomicU64::new(full),
            full,
            given: Mutex::default(),
        }))
    }

    /// Gives back for a good answer.
    pub(crate) fn answered_well(&self) {
        self.give_back(1);
    }

    /// Gives back `cost`, as for what was paid and then not sent.
    pub(crate) fn give_back(&self, cost: u64) {
        if self.0.left.load(Ordering::Relaxed) < self.0.full {
            self.0.left.fetch_add(cost, Ordering::Relaxed);
        }
    }

    /// Says whether there is a clone of it.
    pub(crate) fn is_shared(&self) -> bool {
        Arc::strong_count(&self.0) > 1
    }

    /// Takes what sending again after `error` costs; where that is not there, nothing is taken and the log says so.
    pub(crate) fn take(&self, cost: u64, error: &Error, now: Instant) -> bool {
        let given_back = self.0.given_back(now);
        let pay = |left: u64| {
            let left = left.saturating_add(given_back).min(self.0.full);
            Some(left.checked_sub(cost).unwrap_or(left))
        };
        let before = self
            .0
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, pay);
        let before = before.unwrap_or_else(|left| left);
        let is_paid = before.saturating_add(given_back).min(self.0.full) >= cost;
        if !is_paid {
            tracing::debug!(
                name: "auth_core.retry_budget.empty",
                error = %error.with_causes(),
                "nothing is sent again for lack of a retry budget"
            );
        }
        is_paid
    }
}

impl Default for RetryBudget {
    /// A hundred retries.
    fn default() -> Self {
        Self::new(DEFAULT)
    }
}

impl fmt::Debug for RetryBudget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryBudget")
            .field("retries", &(self.0.full / RETRY))
            .finish_non_exhaustive()
    }
}

impl Budget {
    /// What time has given back since this was last asked; a part that is not whole is left for the next time.
    fn given_back(&self, now: Instant) -> u64 {
        let mut given = self.given.lock().unwrap_or_else(PoisonError::into_inner);
        // Nothing was taken before, so nothing is to be given back.
        let since = *given.get_or_insert(now);
        let passed = now.saturating_duration_since(since);
        if passed >= RECOVERY {
            *given = Some(now);
            return self.full;
        }
        let Some(each) = RECOVERY.as_nanos().checked_div(u128::from(self.full)) else {
            return 0;
        };
        let whole = passed.as_nanos() / each;
        let rest = u64::try_from(passed.as_nanos() % each).unwrap_or_default();
        *given = Some(now - Duration::from_nanos(rest));
        u64::try_from(whole).unwrap_or(self.full)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock as _, ManualClock};

    fn takes(budget: &RetryBudget, cost: u64, clock: &ManualClock) -> usize {
        let error = Error::timeout("a test", true);
        (0..10_000)
            .take_while(|_| budget.take(cost, &error, clock.now()))
            .count()
    }

    #[test]
    fn so_many_at_once_and_then_one_for_ten_good_answers() {
        let clock = ManualClock::new();
        let budget = RetryBudget::new(7);
        for _ in 0..1000 {
            budget.answered_well();
        }
        assert_eq!(takes(&budget, RETRY, &clock), 7);
        for _ in 0..29 {
            budget.answered_well();
        }
        assert_eq!(takes(&budget, RETRY, &clock), 2);
        assert_eq!(takes(&budget, REPLAY, &clock), 9);
    }

    #[test]
    fn time_fills_it_again_whatever_its_size_and_however_often_it_is_asked() {
        for retries in [1, 3, 100, 1_000_000] {
            let clock = ManualClock::new();
            let budget = RetryBudget::new(retries);
            let all = u64::from(retries) * RETRY;
            let error = Error::timeout("a test", true);
            assert!(budget.take(all, &error, clock.now()));
            for _ in 0..99 {
                clock.advance(Duration::from_secs(1));
                assert!(!budget.take(all, &error, clock.now()), "{retries}");
            }
            clock.advance(Duration::from_secs(1));
            assert!(budget.take(all, &error, clock.now()), "{retries}");
            clock.advance(RECOVERY * 50);
            assert!(budget.take(all, &error, clock.now()), "{retries}");
            assert!(!budget.take(REPLAY, &error, clock.now()), "{retries}");
        }
    }

    #[test]
    fn one_of_none_never_pays() {
        let clock = ManualClock::new();
        let budget = RetryBudget::new(0);
        budget.answered_well();
        clock.advance(RECOVERY * 2);
        assert_eq!(takes(&budget, REPLAY, &clock), 0);
    }
}
