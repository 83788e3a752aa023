//! Waits for a turn at the token endpoint, so that all sessions together keep to its rate limit.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::clock::Clock;
use crate::error::Error;
use crate::rate_limit::Turn;

use super::locked::{Locked, Waiting};
use super::source::Source;

/// So long a renewal waits for its turn: as long as a call may take by default.
const LONGEST_WAIT: Duration = Duration::from_secs(120);

impl Source {
    /// Says whether a request may be made under this lock, and takes a turn for it if there is none at hand.
    pub(super) fn may_ask(&self, locked: &mut Locked<'_>, clock: &dyn Clock) -> bool {
        let Some(limiter) = &self.endpoint.budget.limiter else {
            return true;
        };
        if locked.turn.is_none() {
            locked.turn = limiter.free(clock);
        }
        locked.turn.is_some()
    }

    /// Waits for a turn; fails at once where that would take too long.
    pub(super) async fn turn(&self, clock: &dyn Clock) -> Result<Option<Turn>, Error> {
        let Some(limiter) = &self.endpoint.budget.limiter else {
            return Ok(None);
        };
        let _waiting = Waiting::new(&self.waits_for_turn);
        let turn = limiter.reserve(clock, LONGEST_WAIT).await;
        turn.map(Some)
            .map_err(|_| self.endpoint.no_turn(clock, false))
    }

    /// Says whether a turn is being waited for.
    pub(super) fn waits_for_turn(&self) -> bool {
        self.waits_for_turn.load(Ordering::Relaxed) > 0
    }

    /// How long a renewal can take with all its waits: a task that takes longer is lost.
    pub(super) fn longest_renewal(&self) -> Duration {
        let longest = self.place.longest_renewal();
        match self.endpoint.budget.limiter {
            // After the wait the lock is asked for once more.
            Some(_) => longest + LONGEST_WAIT + self.place.lock_limit() + self.place.timeout * 2,
            None => longest,
        }
    }
}
