//! Writes down how a renewal ended: what it brought goes into use, or the next one waits.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use crate::error::{Error, ErrorKind};
use crate::store::StoredTokens;
use crate::token::LiveToken;

use super::{Inner, State};

/// The first pause after a failed renewal; it doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// The longest pause while a valid token is still in use.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The longest time for which a caller without a token is told the last failure instead of asking again, where the
/// failure may pass.
pub(super) const LONGEST_MEMORY: Duration = Duration::from_secs(5);
/// The longest wait that a token endpoint may ask for.
const LONGEST_ASKED: Duration = Duration::from_secs(15 * 60);

/// A pause after the `n`th failure in a row, from one on: it doubles.
pub(super) fn pause(n: u32) -> Duration {
    FIRST_PAUSE
        .saturating_mul(1 << n.saturating_sub(1).min(10))
        .min(LONGEST_PAUSE)
}

impl Inner {
    /// Writes down how a flight ended, with `stored` in the store. One that was given up for lost changes nothing, and is
    /// told so by `false`: what it got is in the store or among the unsaved, where the next one finds it.
    pub(super) fn land(
        &self,
        number: u64,
        outcome: &Result<Arc<LiveToken>, Error>,
        stored: Option<StoredTokens>,
    ) -> bool {
        let now = self.clock.now();
        let mut state = self.state();
        if !state.is_under_way(number) {
            return false;
        }
        state.flight = None;
        match outcome {
            Ok(token) => {
                self.source.place.saw(stored);
                self.take_into_use(token, now, &mut state);
                drop(state);
            }
            Err(error) => {
                let wait = self.back_off(error, now, &mut state);
                let failures = state.failures;
                drop(state);
                tracing::warn!(
                    name: "auth_core.renewal.failed",
                    error = %error.with_causes(),
                    error.type = ?error.kind(),
                    failures,
                    ?wait,
                    "renewal failed"
                );
            }
        }
        self.changes.send_replace(());
        true
    }

    /// Makes `token` the one in use.
    pub(super) fn take_into_use(&self, token: &LiveToken, now: Instant, state: &mut State) {
        state.failures = 0;
        state.failed = None;
        state.refusals.renewed(token.authorization.generation());
        if !self.source.is_static() {
            let known = (token.authorization.generation(), token.set.clone());
            state.known = Some(known);
        }
        let generation = token.authorization.generation();
        if state
            .in_use_since
            .is_none_or(|(since, _)| since != generation)
        {
            state.in_use_since = Some((generation, now));
        }
        self.source.seen.add(&token.set);
        self.current.store(Some(Self::looked_at(token, now)));
        self.renewable_from.store(0, Ordering::Release);
    }

    /// Writes down a failure, and says how long no renewal begins in the background.
    fn back_off(&self, error: &Error, now: Instant, state: &mut State) -> Duration {
        state.failures = state.failures.saturating_add(1);
        // While our own limit is used up, the store can be looked into all the same.
        let asked = error.retry_after().filter(|_| !error.is_own_limit());
        let asked = asked.unwrap_or_default().min(LONGEST_ASKED);
        let pause = pause(state.failures).mul_f64(0.5 + fastrand::f64() / 2.0);
        // What is refused today is refused in a minute, unless someone may change the secrets meanwhile.
        let may_pass = error.is_retryable() || error.kind() == ErrorKind::Provider;
        // Somebody may sign in again in another process at any time, and to look into the store costs no request.
        let is_final = error.kind() != ErrorKind::Reauthorize && !may_pass;
        let lasts = is_final && !self.source.secrets_can_change();
        let memory = if lasts {
            pause
        } else {
            pause.min(LONGEST_MEMORY)
        };
        state.failed = Some((error.clone(), now + memory.max(asked)));
        let wait = pause.max(asked);
        let renewable_from = self.since_start(now + wait);
        self.renewable_from.store(renewable_from, Ordering::Release);
        wait
    }

    /// Forgets a flight that ended without an outcome. Foreign code that panics counts as a failure, or each caller
    /// would set it off again; a runtime that went away does not.
    pub(super) fn crash(&self, number: u64) {
        if std::thread::panicking() {
            self.land(number, &Err(Error::cancelled()), None);
            return;
        }
        let mut state = self.state();
        if !state.is_under_way(number) {
            return;
        }
        state.flight = None;
        let next = self.since_start(self.clock.now() + FIRST_PAUSE);
        self.renewable_from.store(next, Ordering::Release);
        drop(state);
        self.changes.send_replace(());
    }
}
