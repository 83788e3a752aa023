//! Looks a session over for a diagnosis: reads what it knows, and visits the store without changing a token.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::clock::{Clock, within};
use crate::error::Error;
use crate::store::{RefreshMark, StoredTokens};
use crate::token::TokenSet;

use super::place::{Place, in_time, surviving};
use super::renewal::is_valid;
use super::source::Source;
use super::{Health, HealthState, Inner, Session, State, no_runtime};

/// What a session knows of itself, and what it found at its store.
pub(crate) struct Checkup {
    pub(crate) sign_in: &'static str,
    pub(crate) health: Health,
    /// How many renewals have failed in a row.
    pub(crate) failures: u32,
    pub(crate) is_renewing: bool,
    /// Whether new tokens are in memory only.
    pub(crate) has_unsaved: bool,
    pub(crate) standing: Standing,
    /// `None` where a key or static token needs no store.
    pub(crate) visit: Option<Visit>,
}

/// How the token at hand stands.
pub(crate) struct Standing {
    /// Whether it is a key or static token, which is never exchanged.
    pub(crate) is_key: bool,
    /// Whether the host has let a call in, and has refused none since for want of a good credential.
    pub(crate) was_let_in: bool,
    /// Whether a sign-in has ever brought tokens, or one was brought along.
    pub(crate) has_signed_in: bool,
    /// For how long this session has used the token at hand; `None` where there is none.
    pub(crate) age: Option<Duration>,
    /// When it ends, or when the last one did.
    pub(crate) end: End,
    /// In how long its renewal is due.
    pub(crate) renewal: Duration,
    /// Whether another can be had without a person.
    pub(crate) can_renew: bool,
}

/// When a token ends.
#[derive(Clone, Copy)]
pub(crate) enum End {
    Ago(Duration),
    In(Duration),
    /// The provider did not say.
    Unsaid,
}

/// What came of a visit to the store.
pub(crate) struct Visit {
    /// What kind of store it is.
    pub(crate) name: &'static str,
    /// Whether others have written it, so that its words can hold anything.
    pub(crate) is_foreign: bool,
    /// The name of the session's place in it.
    pub(crate) key: String,
    pub(crate) outcome: Result<Reached, Error>,
}

/// A store that answered.
pub(crate) enum Reached {
    /// The lock was free: it was taken and given back, and this was read under it.
    Free(Option<Found>),
    /// Another holder had the lock all the time, and nothing is read without it.
    Held,
    /// This session keeps the lock until its tokens are saved.
    Kept,
}

/// Tokens that stand in a store.
pub(crate) struct Found {
    pub(crate) number: u64,
    pub(crate) mark: RefreshMark,
    pub(crate) end: End,
    pub(crate) whose: Whose,
    /// Whether the next call or renewal takes them in the place of what the session has.
    pub(crate) is_news: bool,
}

/// Whose stored tokens are.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Whose {
    /// This session has them.
    Ours,
    /// This session has others, and a renewal of its own under way, which can have saved them.
    OursOrOthers,
    Others,
    /// This session has none yet.
    Unused,
}

/// What a visit found, before it is compared with what the session has.
enum Seen {
    Free(Option<StoredTokens>),
    Held,
    Kept,
}

impl Checkup {
    /// Whether the store holds tokens that the next call takes.
    pub(crate) fn has_news(&self) -> bool {
        let reached = self.visit.as_ref().map(|visit| &visit.outcome);
        matches!(reached, Some(Ok(Reached::Free(Some(found)))) if found.is_news)
    }
}

impl Session {
    /// Looks the session over. Asks nobody but the store, and of that not for more than its lock and what stands there.
    ///
    /// The visit begins at once, in a task of its own, so that a caller that gives up leaves no lock behind.
    pub(crate) fn checkup(&self) -> impl Future<Output = Checkup> {
        let inner = Arc::clone(&self.0);
        let before = self.token_set();
        let visit = (!inner.source.is_static()).then(|| self.begin_visit());
        async move {
            let seen = match visit {
                // Without a driver for time it panics.
                Some(Ok(visit)) => Some(visit.await.unwrap_or_else(|_| Err(no_runtime()))),
                Some(Err(error)) => Some(Err(error)),
                None => None,
            };
            // Only now: a visit takes its time, and a renewal may have landed meanwhile.
            inner.compare(seen, before.as_ref())
        }
    }

    fn begin_visit(&self) -> Result<JoinHandle<Result<Seen, Error>>, Error> {
        let inner = Arc::clone(&self.0);
        let runtime = Handle::try_current().map_err(|_| no_runtime())?;
        Ok(runtime.spawn(async move { inner.source.place.visit(inner.clock.as_ref()).await }))
    }
}

impl Inner {
    /// What the session knows of itself at one moment, and what was `seen` in the store in the light of that. `before` is
    /// what it had when the visit began.
    fn compare(&self, seen: Option<Result<Seen, Error>>, before: Option<&TokenSet>) -> Checkup {
        let state = self.state();
        let known = state.known.as_ref().map(|(_, tokens)| tokens);
        let whose = |stored: &TokenSet| {
            let mut ours = before.into_iter().chain(known);
            match known {
                _ if ours.any(|ours| ours.is_same(stored)) => Whose::Ours,
                _ if state.flight.is_some() => Whose::OursOrOthers,
                Some(_) => Whose::Others,
                None => Whose::Unused,
            }
        };
        let found = |stored: StoredTokens| Found {
            number: stored.generation.number(),
            mark: stored.mark,
            end: wall_clock_end(&stored.tokens, self.clock.utc()),
            whose: whose(&stored.tokens),
            is_news: self.source.takes(&stored, known, self.clock.as_ref()),
        };
        let place = &self.source.place;
        let visit = seen.map(|seen| Visit {
            name: place.name,
            is_foreign: place.is_foreign,
            key: place.key.id(),
            outcome: seen.map(|seen| match seen {
                Seen::Free(stored) => Reached::Free(stored.map(found)),
                Seen::Held => Reached::Held,
                Seen::Kept => Reached::Kept,
            }),
        });
        let health = self.health_of(&state).0;
        Checkup {
            sign_in: self.source.endpoint.principal.grant.name(),
            standing: self.standing(&state, health.state == HealthState::NeedsPerson),
            health,
            failures: state.failures,
            is_renewing: state.flight.is_some(),
            has_unsaved: place.has_unsaved(),
            visit,
        }
    }

    fn standing(&self, state: &State, needs_person: bool) -> Standing {
        let (now, utc) = (self.clock.now(), self.clock.utc());
        let known = state.known.as_ref().map(|(_, tokens)| tokens);
        let current = self.current.load();
        let current = current.as_ref();
        let valid = current.filter(|token| now < token.expires_at);
        let since = valid.and(state.in_use_since);
        let end = match (current, known) {
            (Some(token), _) if token.set.expires_at.is_none() => End::Unsaid,
            (Some(token), _) => end(&token.set, token.expires_at, now, utc),
            (None, Some(tokens)) => wall_clock_end(tokens, utc),
            (None, None) => End::Unsaid,
        };
        Standing {
            is_key: self.source.is_static(),
            was_let_in: self.failed_call.was_let_in(),
            has_signed_in: known.is_some(),
            age: since.map(|(_, since)| now.saturating_duration_since(since)),
            end,
            renewal: valid.map_or(Duration::ZERO, |token| {
                token.renew_at.saturating_duration_since(now)
            }),
            can_renew: !needs_person && self.source.has_means(known),
        }
    }
}

impl Source {
    /// Says whether a look into the store would end with the tokens that stand there, or with their refresh token.
    fn takes(&self, stored: &StoredTokens, known: Option<&TokenSet>, clock: &dyn Clock) -> bool {
        self.newer(stored, known).is_some_and(|newer| {
            let refresh_token = newer.refresh_token.as_ref();
            is_valid(&newer, clock)
                || stored.mark != RefreshMark::Spent
                    && refresh_token.is_some_and(|token| self.is_usable(token))
        })
    }
}

impl Place {
    /// Takes the lock, reads what stands there, and gives the lock back, each in limited time: its lease is long enough for
    /// that and no longer. A store is read under the lock or not at all.
    async fn visit(&self, clock: &dyn Clock) -> Result<Seen, Error> {
        if self.kept().is_some() {
            return Ok(Seen::Kept);
        }
        let asking = surviving("lock", async {
            self.store.lock(&self.key, self.timeout * 3).await
        });
        let Some(lock) = within(clock, self.timeout, asking).await else {
            return Ok(Seen::Held);
        };
        let lock = lock?;
        let stored = self.load(clock).await;
        let released = in_time(clock, self.timeout, "unlock", lock.release()).await;
        // What a load says is of more use.
        let stored = stored?;
        released?;
        Ok(Seen::Free(stored))
    }
}

/// When a token ends or ended, by whichever clock says so first.
fn end(set: &TokenSet, expires_at: Instant, now: Instant, utc: SystemTime) -> End {
    let left = expires_at.saturating_duration_since(now);
    let over = now.saturating_duration_since(expires_at);
    match wall_clock_end(set, utc) {
        End::In(by_wall_clock) if !left.is_zero() => End::In(left.min(by_wall_clock)),
        // The wall clock may be the one that is wrong: the token is still given out.
        _ if !left.is_zero() => End::In(Duration::ZERO),
        End::Ago(by_wall_clock) => End::Ago(over.max(by_wall_clock)),
        _ => End::Ago(over),
    }
}

/// When tokens end by the wall clock, which is all that is known of stored ones.
fn wall_clock_end(tokens: &TokenSet, utc: SystemTime) -> End {
    let Some(at) = tokens.expires_at else {
        return End::Unsaid;
    };
    match at.duration_since(utc) {
        Ok(left) => End::In(left),
        Err(over) => End::Ago(over.duration()),
    }
}
