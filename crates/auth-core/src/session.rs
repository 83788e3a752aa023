//! Keeps the one live token of one principal.
//!
//! Answers: [`Session::authorization`], [`Session::renew`]. Never: knows a provider, talks HTTP itself (see
//! `endpoint`).
//!
//! # Invariants
//! - At most one renewal is under way (guard: `tests/it/session.rs`, `ten_thousand_first_callers_cost_one_request`).
//! - A 401 kills only the token it was given for (`a_late_401_for_an_old_token_starts_no_second_renewal`).
//! - A token is saved before it is handed out; where saving fails, it is used from memory, and the log says so.
//!
//! # Concurrency
//! A valid token is read without a lock. Everything else goes through one short lock that is never held over an
//! await. A renewal runs in a task of its own from its first instruction: a caller that is dropped ends only its own
//! waiting.

mod arrival;
#[cfg(feature = "conformance")]
mod canned;
mod checkup;
mod failed_call;
mod flight;
mod health;
mod hider;
mod key;
mod landing;
mod locked;
mod look;
mod place;
mod refusals;
mod renewal;
mod seen;
mod source;
mod store_key;
mod turn;
mod unsaved;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use tokio::runtime::{self, Handle};
use tokio::sync::watch;

use crate::clock::{Clock, within};
use crate::endpoint::TokenEndpoint;
use crate::error::Error;
use crate::grant::Grant;
use crate::secret::Scrubber;
use crate::settings::Settings;
use crate::token::{Authorization, Generation, LiveToken, Schedule, TokenSet};

use arrival::{Arrival, Teller, Wait};
pub(crate) use checkup::{Checkup, End, Found, Reached, Standing, Visit, Whose};
use failed_call::FailedCall;
pub(crate) use failed_call::is_of_one_call;
use flight::Flight;
pub use health::{Health, HealthState, HealthWatch};
pub(crate) use hider::Hider;
pub(crate) use place::unless_it_panics;
use refusals::Refusals;
use source::Source;

/// No renewal may start: one is under way.
const UNDER_WAY: u64 = u64::MAX;

/// One principal's sign-in: gives the header that authorizes a request, and keeps its token fresh.
///
/// Cheap to clone; clones are the same session. A client uses it for each call. Use it yourself for a request that the
/// client has no way for, with an HTTP client of your own: only to the provider's own host, for the header is a secret.
///
/// # Examples
/// ```
/// use auth_core::{Authorization, Error, Session};
///
/// /// `send` makes a request with the header and gives the status of its answer.
/// async fn with_one_replay(
///     session: &Session,
///     mut send: impl AsyncFnMut(&Authorization) -> u16,
/// ) -> Result<u16, Error> {
///     let authorization = session.authorization().await?; // waits only where no valid token is at hand
///     let status = send(&authorization).await;
///     if status != 401 || !session.can_renew() {
///         return Ok(status);
///     }
///     let renewed = session.renew(authorization.generation()).await?;
///     if renewed.generation() == authorization.generation() {
///         return Ok(status); // there is no other credential to try
///     }
///     Ok(send(&renewed).await)
/// }
/// ```
///
/// # Source
/// RFC 6749 section 6 (renewal), RFC 6750 section 3 (401).
#[derive(Clone)]
pub struct Session(Arc<Inner>);

pub(crate) struct Inner {
    source: Source,
    clock: Arc<dyn Clock>,
    current: ArcSwapOption<LiveToken>,
    start: Instant,
    /// Nanoseconds after `start` from which on a background renewal may begin, or [`UNDER_WAY`].
    renewable_from: AtomicU64,
    state: Mutex<State>,
    /// Rings whenever the health may be another.
    changes: watch::Sender<()>,
    /// Whether a task tries again to save what could not be saved.
    saves_later: AtomicBool,
    /// The call that failed last, for a diagnosis; a good call does not touch it.
    failed_call: FailedCall,
}

/// A renewal under way, as its waiters know it.
struct UnderWay {
    number: u64,
    began: Instant,
    /// Who drives it.
    runtime: Option<runtime::Id>,
    arrival: Arc<Arrival>,
}

#[derive(Default)]
struct State {
    flight: Option<UnderWay>,
    flights: u64,
    /// The latest tokens, also after their access token was refused: the refresh token is still good.
    known: Option<(Generation, TokenSet)>,
    failures: u32,
    failed: Option<(Error, Instant)>,
    /// Which token was taken into use last, and when.
    in_use_since: Option<(Generation, Instant)>,
    refusals: Refusals,
}

impl State {
    /// Says whether the flight of this number is the one that is waited for.
    fn is_under_way(&self, number: u64) -> bool {
        self.flight
            .as_ref()
            .is_some_and(|flight| flight.number == number)
    }
}

impl Session {
    /// Makes a session; no I/O. With `tokens` it goes on where an earlier one stopped.
    pub(crate) fn new(
        endpoint: TokenEndpoint,
        tokens: Option<TokenSet>,
        settings: &Settings,
    ) -> Result<Self, Error> {
        let clock = Arc::clone(&settings.clock);
        let source = Source::new(endpoint, settings)?;
        let session = Self(Arc::new(Inner {
            source,
            current: ArcSwapOption::empty(),
            start: clock.now(),
            clock,
            renewable_from: AtomicU64::new(0),
            state: Mutex::default(),
            changes: watch::channel(()).0,
            saves_later: AtomicBool::new(false),
            failed_call: FailedCall::default(),
        }));
        if let Some(tokens) = tokens {
            let inner = &session.0;
            let token = inner.revive(Generation::default(), tokens)?;
            inner.take_into_use(&token, inner.clock.now(), &mut inner.state());
        }
        Ok(session)
    }

    /// The header that authorizes a request now.
    ///
    /// A valid token is given at once; if its renewal is due, one begins in the background. Without a valid token,
    /// all callers wait for one renewal and share its outcome.
    ///
    /// # Errors
    /// [`ErrorKind::Unauthorized`](crate::ErrorKind::Unauthorized) where the credentials are refused,
    /// [`ErrorKind::Reauthorize`](crate::ErrorKind::Reauthorize) where a person must sign in again, or what kept the
    /// token endpoint from being asked.
    pub async fn authorization(&self) -> Result<Authorization, Error> {
        if let Some(ready) = self.ready() {
            return Ok(ready);
        }
        let boarding = {
            let mut state = self.0.state();
            // A flight may have landed between the look and the lock.
            if let Some(usable) = self.0.usable() {
                return Ok(usable);
            }
            self.0.board(&mut state)?
        };
        self.0.outcome(boarding.launch()?).await
    }

    /// The header, if a valid token is at hand: no lock, no allocation, no waiting. `None` before the first sign-in and
    /// after the token's end; then [`authorization`](Self::authorization) gets one.
    pub fn ready(&self) -> Option<Authorization> {
        let current = self.0.current.load();
        let token = current.as_ref()?;
        let now = self.0.clock.now();
        if now >= token.look_at {
            return self.0.look(token, now);
        }
        Some(token.authorization.clone())
    }

    /// Renews after a request with the token of generation `seen` was answered with 401, unless that token has been
    /// replaced already. The new generation is greater than `seen`, but for a key whose provider gave the same again, and
    /// where several tokens in a row were refused as soon as they were there: then the next one waits a while.
    ///
    /// # Errors
    /// As for [`authorization`](Self::authorization).
    pub async fn renew(&self, seen: Generation) -> Result<Authorization, Error> {
        let mut is_killed = false;
        let boarding = {
            let mut state = self.0.state();
            if let Some(usable) = self.0.usable() {
                if usable.generation() > seen {
                    return Ok(usable);
                }
                let known = state.known.as_ref().map(|(_, tokens)| tokens);
                let now = self.0.clock.now();
                let is_pausing = state.failed.as_ref().is_some_and(|(_, until)| now < *until);
                if is_pausing && !self.0.source.is_static() {
                    // No renewal may begin yet, and without this token every call would fail.
                    return Ok(usable);
                }
                // Without means it stays in use: what was called may have reasons of its own to refuse, and nothing
                // but the store can have another.
                if !self.0.source.is_static() && self.0.source.has_means(known) {
                    if !state.refusals.call_for_renewal(seen, now) {
                        return Ok(usable);
                    }
                    // While the renewal has to wait for its turn, only whoever was refused waits with it.
                    let clock = self.0.clock.as_ref();
                    let has_turn = self.0.source.expected_wait(clock).is_zero();
                    is_killed = has_turn && self.0.kill(seen);
                }
            }
            self.0.board(&mut state)
        };
        if is_killed {
            self.0.changes.send_replace(());
            tracing::info!(
                name: "auth_core.token.refused",
                generation = seen.0,
                "token was refused and is out of use"
            );
        }
        self.0.outcome(boarding?.launch()?).await
    }

    /// Waits until no renewal is under way and nothing is left to be saved. For the end of a program: a renewal that began
    /// in the background and is cut off there may have spent the refresh token, and a person must sign in again.
    ///
    /// # Errors
    /// [`ErrorKind::Store`](crate::ErrorKind::Store) where new tokens still can't be saved. A renewal that fails is no
    /// error here.
    ///
    /// # Examples
    /// ```
    /// # use auth_core::{ApiClient, Error, Method};
    /// async fn run_once(client: &ApiClient) -> Result<(), Error> {
    ///     client.request(Method::GET, "/v1/orders").send().await?;
    ///     client.session().settle().await
    /// }
    /// ```
    pub async fn settle(&self) -> Result<(), Error> {
        let landing = {
            let state = self.0.state();
            let flight = state.flight.as_ref();
            flight.map(|flight| flight.arrival.wait())
        };
        let clock = self.0.clock.as_ref();
        if let Some(landing) = landing {
            within(clock, self.0.longest_flight(), landing).await;
        }
        if self.0.source.place.has_unsaved() {
            let saved = self.0.source.place.save_again(clock).await;
            saved.map_err(|error| self.hidden(error))?;
            self.0.changes.send_replace(());
        }
        Ok(())
    }

    /// Says whether a refused token can be replaced: not where it is a key known by value.
    pub fn can_renew(&self) -> bool {
        self.0.source.can_renew()
    }

    /// The latest tokens, to be exported with [`TokenSet::export`]; `None` before the first sign-in and where there is
    /// nothing but a key.
    pub fn token_set(&self) -> Option<TokenSet> {
        self.0
            .state()
            .known
            .as_ref()
            .map(|(_, tokens)| tokens.clone())
    }

    /// The failure of a caller whose time ran out while it waited for a token; `sent` says whether the call had left.
    pub(crate) fn waited_too_long(&self, sent: bool) -> Error {
        if self.0.source.place.waits_for_lock() {
            let error = Error::store(
                "lock",
                "another holder is renewing, and the call's time ran out",
            );
            error.or_sent(sent)
        } else if self.0.source.waits_for_turn() {
            self.0.source.endpoint.no_turn(self.0.clock.as_ref(), sent)
        } else {
            Error::timeout("waiting for a token", sent)
        }
    }

    /// What must not be seen in anything that a provider sends back.
    pub(crate) fn scrubber(&self) -> Scrubber {
        let mut scrubber = self.0.source.scrubber();
        if let Some(token) = self.0.current.load().as_ref() {
            scrubber.add(token.authorization.credential());
            scrubber.add(token.set.access_token.expose());
        }
        scrubber
    }

    /// The failure without this session's secrets: the words of a store are foreign, and can hold what it was given.
    fn hidden(&self, error: Error) -> Error {
        error.hiding(|text| self.scrubber().scrub(text))
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let current = self.0.current.load();
        f.debug_struct("Session")
            .field("source", &self.0.source)
            .field(
                "generation",
                &current
                    .as_ref()
                    .map(|token| token.authorization.generation()),
            )
            .finish_non_exhaustive()
    }
}

impl Inner {
    /// No foreign code runs under this lock, so a poisoned one is as good as any other.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The current token's header, if it has not ended.
    fn usable(&self) -> Option<Authorization> {
        let current = self.current.load();
        let token = current.as_ref()?;
        (self.clock.now() < token.expires_at).then(|| token.authorization.clone())
    }

    /// Takes the token of generation `seen` out of use; says whether it was in use. A key stays: the provider is asked
    /// for another all the same.
    fn kill(&self, seen: Generation) -> bool {
        let current = self.current.load();
        let is_seen = current
            .as_ref()
            .is_some_and(|token| token.authorization.generation() == seen);
        let is_killed = is_seen && !self.source.is_static();
        if is_killed {
            self.current.store(None);
        }
        is_killed
    }

    fn next_generation(&self) -> Generation {
        let state = self.state();
        Generation::after(state.known.as_ref().map(|(generation, _)| *generation))
    }

    /// Begins a renewal that nobody waits for, if none is under way and the last failure is long enough ago.
    fn renew_in_background(self: &Arc<Self>, now: Instant) {
        let is_due = || self.since_start(now) >= self.renewable_from.load(Ordering::Acquire);
        if !is_due() {
            return;
        }
        let boarding = {
            let mut state = self.state();
            // Another caller may have been quicker.
            if !is_due() {
                return;
            }
            self.prepare(&mut state)
        };
        if let Err(error) = boarding.launch() {
            tracing::warn!(
                name: "auth_core.renewal.not_begun",
                error = %error.with_causes(),
                "background renewal can't begin"
            );
        }
    }

    /// The flight under way, or a new one; not while the last failure is fresh.
    fn board(self: &Arc<Self>, state: &mut State) -> Result<Boarding, Error> {
        // A task that nobody drives any more, for its runtime stands still, is not waited for.
        let is_alive = |flight: &&UnderWay| self.clock.now() < flight.began + self.longest_flight();
        if let Some(flight) = state.flight.as_ref().filter(is_alive) {
            return Ok(Boarding {
                arrival: Arc::clone(&flight.arrival),
                runtime: flight.runtime,
                flight: None,
                lost: None,
            });
        }
        if let Some((error, until)) = &state.failed {
            let now = self.clock.now();
            if now < *until {
                let mut wait = *until - now;
                if error.is_own_limit() {
                    wait = wait.max(self.source.expected_wait(self.clock.as_ref()));
                }
                return Err(error.again_after(wait));
            }
        }
        Ok(self.prepare(state))
    }

    /// A new flight, to be launched after the lock is gone: on a runtime that is shutting down, a task is dropped
    /// right where it is spawned, and a flight that is dropped takes the lock.
    fn prepare(self: &Arc<Self>, state: &mut State) -> Boarding {
        let arrival = Arc::new(Arrival::default());
        let runtime = current_runtime();
        state.flights += 1;
        let under_way = UnderWay {
            number: state.flights,
            began: self.clock.now(),
            runtime,
            arrival: Arc::clone(&arrival),
        };
        let lost = state.flight.replace(under_way);
        self.renewable_from.store(UNDER_WAY, Ordering::Release);
        let teller = Teller(Arc::clone(&arrival));
        let flight = Flight::new(Arc::clone(self), state.flights, teller);
        Boarding {
            arrival,
            runtime,
            flight: Some(flight),
            lost: lost.map(|lost| Teller(lost.arrival)),
        }
    }

    /// Waits for a flight to land, but not for one that nobody drives: whoever waits on the flight's own runtime sees by
    /// that alone that it is driven, and needs no timer of its own.
    async fn outcome(&self, boarded: Boarded) -> Result<Authorization, Error> {
        if boarded.is_driven {
            return boarded.landing.await;
        }
        let landed = within(self.clock.as_ref(), self.longest_flight(), boarded.landing);
        // Boxed, so that what few need is not part of each caller's future.
        Box::pin(landed).await.unwrap_or(Err(Error::cancelled()))
    }

    /// How long a flight can take.
    fn longest_flight(&self) -> Duration {
        self.source.longest_renewal()
    }

    /// Readies tokens that came from elsewhere.
    fn revive(&self, generation: Generation, tokens: TokenSet) -> Result<Arc<LiveToken>, Error> {
        let now = self.clock.now();
        let left = tokens
            .expires_at
            .map(|at| at.duration_since(self.clock.utc()).unwrap_or_default());
        let mut schedule = Schedule::new(now, now, left, fastrand::f64());
        if left.is_some_and(|left| left.is_zero()) {
            // Known to be over: unlike a token that was just issued, it is not even tried.
            schedule = Schedule {
                renew_at: now,
                expires_at: now,
            };
        }
        self.source.live(generation, tokens, schedule)
    }

    fn since_start(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.start).as_nanos()).unwrap_or(UNDER_WAY - 1)
    }
}

/// A place on a flight, which may still have to be launched.
struct Boarding {
    arrival: Arc<Arrival>,
    runtime: Option<runtime::Id>,
    flight: Option<Flight>,
    /// That of the flight which this one replaces: whoever waits for it is told when this is dropped.
    lost: Option<Teller>,
}

/// A place on a flight in the air.
struct Boarded {
    landing: Wait,
    /// Whether the flight is driven by whoever drives the caller.
    is_driven: bool,
}

impl Boarding {
    /// Starts the flight, if it is a new one, in a task of its own.
    fn launch(self) -> Result<Boarded, Error> {
        drop(self.lost);
        if let Some(flight) = self.flight {
            let runtime = Handle::try_current().map_err(|_| no_runtime())?;
            let span = flight.span();
            runtime.spawn(flight.run(span));
        }
        Ok(Boarded {
            landing: self.arrival.wait(),
            is_driven: self.runtime.is_some() && self.runtime == current_runtime(),
        })
    }
}

/// What is told where there is no runtime, or one without what is needed.
pub(crate) fn no_runtime() -> Error {
    let problem = "the call needs a tokio runtime with time and I/O enabled";
    Error::config("runtime", problem)
}

/// The runtime that drives the caller.
fn current_runtime() -> Option<runtime::Id> {
    Handle::try_current().ok().map(|runtime| runtime.id())
}

/// Says whether a sign-in with this grant can be shared by name alone.
fn names_its_account(grant: &Grant) -> bool {
    grant.is_repeatable()
}
