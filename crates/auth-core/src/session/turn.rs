//! Waits for a turn at the token endpoint, so that all sessions together keep to its rate limit.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::clock::{Clock, until};
use crate::error::Error;
use crate::rate_limit::Turn;

use super::landing::LONGEST_MEMORY;
use super::locked::{Locked, Waiting};
use super::renewal::{Known, is_valid};
use super::source::Source;

impl Source {
    /// Says whether a request may be made under this lock, and takes a turn for it if there is none at hand. Asked only
    /// once a request is sure to be needed: a turn that is taken counts, whatever it waits for.
    pub(super) fn may_ask(&self, locked: &mut Locked<'_>, clock: &dyn Clock) -> bool {
        let Some(limiter) = &self.endpoint.budget.limiter else {
            return true;
        };
        if locked.turn.is_none() {
            locked.turn = limiter.free(clock);
        }
        locked.turn.is_some()
    }

    /// Waits for a turn, or for valid tokens in the store, which need none; fails at once where the turn would take longer
    /// than `patience`.
    pub(super) async fn turn(
        &self,
        known: Known<'_>,
        patience: Duration,
        clock: &dyn Clock,
    ) -> Result<Option<Turn>, Error> {
        let Some(limiter) = &self.endpoint.budget.limiter else {
            return Ok(None);
        };
        let _waiting = Waiting::new(&self.waits_for_turn);
        let waiting = limiter.reserve(clock, patience);
        let turn = until(self.others_renew(known, clock), waiting).await;
        turn.transpose()
            .map_err(|_| self.endpoint.no_turn(clock, false))
    }

    /// Looks into the store now and then, without its lock, until another holder has renewed or nobody waits any more.
    async fn others_renew(&self, known: Known<'_>, clock: &dyn Clock) {
        loop {
            clock.sleep(LONGEST_MEMORY).await;
            let Ok(known) = known() else { return };
            // A store that fails is asked again, and once the turn has come.
            let Ok(Some(stored)) = self.place.load(clock).await else {
                continue;
            };
            let newer = self.newer(&stored, known.as_ref());
            if newer.is_some_and(|newer| is_valid(&newer, clock)) {
                return;
            }
        }
    }

    /// How long a renewal that begins now would wait for its turn.
    pub(super) fn expected_wait(&self, clock: &dyn Clock) -> Duration {
        self.endpoint.budget.expected_wait(clock)
    }

    /// Says whether a turn is being waited for.
    pub(super) fn waits_for_turn(&self) -> bool {
        self.waits_for_turn.load(Ordering::Relaxed) > 0
    }
}
