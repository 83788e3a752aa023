//! Looks now and then whether the token in use is due for renewal, also by the wall clock.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::token::{Authorization, LiveToken};

use super::Inner;

/// How often the wall clock is looked at while a token is in use: a machine that was suspended shows there only.
const LOOK_EVERY: Duration = Duration::from_secs(10);

impl Inner {
    /// Looks whether a renewal of `token` is due, by the monotonic clock or by the wall clock.
    #[cold]
    pub(super) fn look(
        self: &Arc<Self>,
        token: &Arc<LiveToken>,
        now: Instant,
    ) -> Option<Authorization> {
        if now >= token.expires_at {
            return None;
        }
        if now >= token.renew_at {
            self.renew_in_background(now);
        } else if !self.is_due_by_wall_clock(token) {
            self.replace(token, Self::looked_at(token, now));
            // The runtime of the task that tries again may be gone.
            self.save_later();
        } else if self.replace(token, Self::due(token, now)) {
            tracing::info!(
                name: "auth_core.clock.moved",
                "by the wall clock, the token ends sooner: the machine was suspended, or its clock was set"
            );
            self.changes.send_replace(());
            self.renew_in_background(now);
        }
        Some(token.authorization.clone())
    }

    fn is_due_by_wall_clock(&self, token: &LiveToken) -> bool {
        let window = token.expires_at - token.renew_at;
        let end = token.set.expires_at;
        end.is_some_and(|end| self.clock.utc() + window >= end)
    }

    /// Puts `other` in the place of `token`, if that is still the one in use and nobody else changes it.
    fn replace(&self, token: &Arc<LiveToken>, other: Arc<LiveToken>) -> bool {
        let Ok(_state) = self.state.try_lock() else {
            return false;
        };
        let current = self.current.load();
        let is_current = current
            .as_ref()
            .is_some_and(|current| Arc::ptr_eq(current, token));
        if is_current {
            self.current.store(Some(other));
        }
        is_current
    }

    /// The same token, whose renewal is due from now on: the wall clock need not be asked again.
    fn due(token: &LiveToken, now: Instant) -> Arc<LiveToken> {
        let mut token = token.clone();
        token.renew_at = now;
        token.look_at = now;
        Arc::new(token)
    }

    /// The same token, to be looked at a while from now.
    pub(super) fn looked_at(token: &LiveToken, now: Instant) -> Arc<LiveToken> {
        let mut token = token.clone();
        token.look_at = (now + LOOK_EVERY).min(token.renew_at);
        Arc::new(token)
    }
}
