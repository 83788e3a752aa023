//! Tells how a session is doing, and when that changes.

use std::fmt;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::clock::within;
use crate::error::{Error, ErrorKind};

use super::{Inner, Session, State, UNDER_WAY};

/// How a session stands at one moment. Holds no secret.
///
/// # Examples
/// ```
/// use auth_core::{Health, HealthState};
///
/// /// What a status page shows.
/// fn line(health: &Health) -> String {
///     let state = match health.state {
///         HealthState::Fresh => "signed in".to_owned(),
///         HealthState::Stale => "the next call signs in or renews".to_owned(),
///         HealthState::BackingOff { .. } => "the provider or the store is failing".to_owned(),
///         HealthState::NeedsPerson => "someone must sign in again".to_owned(),
///         _ => "unknown".to_owned(),
///     };
///     match &health.error {
///         Some(error) => format!("{state} ({error})"),
///         None => state,
///     }
/// }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Health {
    /// The state in a word.
    pub state: HealthState,
    /// Whether a call made now has a valid token at hand.
    pub has_token: bool,
    /// Whether the latest tokens stand in the store. If not, they are in memory only, and are lost with the process.
    pub is_saved: bool,
    /// What the last renewal failed with; `None` after one that succeeded.
    pub error: Option<Error>,
}

/// What a session does next.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum HealthState {
    /// A valid token is at hand, and no renewal is due.
    Fresh,
    /// There is no valid token, or its renewal is due: the next call signs in, renews, or waits for a renewal that is
    /// under way.
    Stale,
    /// The last renewal failed, and none begins before `until`, a time of the session's clock.
    BackingOff {
        /// When the next try may begin.
        until: Instant,
    },
    /// A person must sign in again: the next call fails with [`ErrorKind::Reauthorize`], or will as soon as the present
    /// token has ended.
    NeedsPerson,
}

/// Waits for a session's health to change. Made by [`Session::watch_health`].
pub struct HealthWatch {
    session: Session,
    changes: watch::Receiver<()>,
    last: Seen,
}

/// What counts as a change.
type Seen = (HealthState, bool, bool);

impl Session {
    /// How the session stands now. Asks nobody.
    pub fn health(&self) -> Health {
        self.0.health().0
    }

    /// Follows the health from now on; no task runs for it.
    ///
    /// # Examples
    /// ```
    /// use auth_core::{HealthState, Session};
    ///
    /// /// Calls for someone as soon as the sign-in is over for good.
    /// async fn guard(session: &Session, mut alarm: impl FnMut()) {
    ///     let mut watch = session.watch_health();
    ///     loop {
    ///         if watch.changed().await.state == HealthState::NeedsPerson {
    ///             alarm();
    ///         }
    ///     }
    /// }
    /// ```
    pub fn watch_health(&self) -> HealthWatch {
        let changes = self.0.changes.subscribe();
        let last = seen(&self.health());
        HealthWatch {
            session: self.clone(),
            changes,
            last,
        }
    }
}

impl HealthWatch {
    /// Waits until the state, the token at hand, or the saving of tokens is other than when this was last asked, and
    /// gives the health then. Changes in between may be passed over.
    pub async fn changed(&mut self) -> Health {
        let inner = &self.session.0;
        loop {
            self.changes.mark_unchanged();
            let (health, lasts) = inner.health();
            let now = seen(&health);
            if now != self.last {
                self.last = now;
                return health;
            }
            // The sender lives in the session, so the channel is never closed while this waits.
            let bell = self.changes.changed();
            let _rung = match lasts {
                Some(lasts) => within(inner.clock.as_ref(), lasts, bell).await,
                None => Some(bell.await),
            };
        }
    }
}

impl fmt::Debug for HealthWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HealthWatch")
            .field("last", &self.last)
            .finish_non_exhaustive()
    }
}

fn seen(health: &Health) -> Seen {
    (health.state, health.has_token, health.is_saved)
}

impl Inner {
    /// The health, and how long it lasts if nothing happens.
    fn health(&self) -> (Health, Option<Duration>) {
        self.health_of(&self.state())
    }

    /// The health in this state, and how long it lasts.
    pub(super) fn health_of(&self, state: &State) -> (Health, Option<Duration>) {
        let now = self.clock.now();
        let current = self.current.load();
        let valid = current.as_ref().filter(|token| now < token.expires_at);
        let failed = state.failed.as_ref();
        let error = failed.map(|(error, _)| error.clone());
        let next_try = match valid {
            // A token that is still good is renewed in the background, after a pause of its own.
            Some(_) => match self.renewable_from.load(Ordering::Acquire) {
                UNDER_WAY => None,
                nanos => Some(self.start + Duration::from_nanos(nanos)),
            },
            None => failed.map(|(_, until)| *until),
        };
        let known = state.known.as_ref();
        let is_unsaved = known.is_some_and(|(_, tokens)| self.source.place.is_unsaved(tokens));
        let is_due = valid.is_none_or(|token| now >= token.renew_at);
        let needs_person = |error: &Error| error.kind() == ErrorKind::Reauthorize;
        let health = match (&error, next_try) {
            (Some(error), _) if needs_person(error) => HealthState::NeedsPerson,
            (Some(_), Some(until)) if now < until => HealthState::BackingOff { until },
            _ if is_due => HealthState::Stale,
            _ => HealthState::Fresh,
        };
        let times = [
            valid.map(|token| token.renew_at),
            valid.map(|token| token.expires_at),
            next_try,
        ];
        let next = times.into_iter().flatten().filter(|at| *at > now).min();
        let health = Health {
            state: health,
            has_token: valid.is_some(),
            is_saved: !is_unsaved,
            error,
        };
        (health, next.map(|at| at - now))
    }
}
