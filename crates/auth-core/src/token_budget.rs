//! Says what may be spent at one token endpoint, and who shares it.
//!
//! Answers: [`TokenBudgets`]. Never: sends anything, waits.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::rate_limit::RateLimiter;
use crate::retry_budget::RetryBudget;

/// So many token requests leave in any [`WINDOW`] by default. Ten thousand sessions that start at once are then signed in
/// after a hundred seconds, which is within the deadline that a call has by default.
const REQUESTS: usize = 100;
const WINDOW: Duration = Duration::from_secs(1);
/// From so many budgets on, those that no client has any more are dropped now and then.
const FEW: usize = 1000;

/// What may be spent at one token endpoint. Clones share it.
#[derive(Clone)]
pub(crate) struct TokenBudget {
    pub(crate) limiter: Option<RateLimiter>,
    pub(crate) retries: RetryBudget,
}

impl Default for TokenBudget {
    fn default() -> Self {
        Self {
            limiter: Some(RateLimiter::new(REQUESTS, WINDOW)),
            retries: RetryBudget::default(),
        }
    }
}

impl TokenBudget {
    /// How long whoever needs a token request now would wait for its turn.
    pub(crate) fn expected_wait(&self, clock: &dyn Clock) -> Duration {
        let limiter = self.limiter.as_ref();
        let wait = limiter.map(|limiter| limiter.expected_wait(clock));
        wait.unwrap_or_default()
    }
}

/// A token endpoint's origin, and the client id where there is one.
type Key = (String, Option<String>);

/// The budgets of whoever shares this, one for each token endpoint and client id. Clones are the same.
#[derive(Clone, Default)]
pub(crate) struct TokenBudgets(Arc<Mutex<Known>>);

#[derive(Default)]
struct Known {
    budgets: HashMap<Key, TokenBudget>,
    /// How many there were after the last clearing.
    cleared: usize,
}

impl TokenBudgets {
    /// The budget of `client_id` at `origin`.
    pub(crate) fn of(&self, origin: String, client_id: Option<String>) -> TokenBudget {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.budgets.len() >= FEW.max(known.cleared * 2) {
            // Each part by itself: a client can have a limit of its own, or none.
            known.budgets.retain(|_, budget| {
                let limiter = budget.limiter.as_ref();
                budget.retries.is_shared() || limiter.is_some_and(RateLimiter::is_shared)
            });
            known.cleared = known.budgets.len();
        }
        let budget = known.budgets.entry((origin, client_id)).or_default();
        budget.clone()
    }
}

impl fmt::Debug for TokenBudgets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenBudgets")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_has_any_more_is_dropped_and_what_somebody_has_stays() {
        let budgets = TokenBudgets::default();
        let mut held = Vec::new();
        for n in 0..20_000 {
            let mut budget = budgets.of("https://login.example".to_owned(), Some(n.to_string()));
            if n % 20 == 0 {
                budget.limiter = None;
            }
            if n % 10 == 0 {
                held.push(budget);
            }
        }
        let known = budgets.0.lock().expect("no test panics here");
        let len = known.budgets.len();
        assert!((2000..6000).contains(&len), "{len}");
        for n in (0..20_000).step_by(10) {
            let key = ("https://login.example".to_owned(), Some(n.to_string()));
            assert!(known.budgets.contains_key(&key), "{n}");
        }
    }
}
