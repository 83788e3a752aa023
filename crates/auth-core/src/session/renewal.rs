//! Renews under the store's lock: what is sent, in which order, and what is written down before and after.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::clock::Clock;
use crate::dialect::Refresh;
use crate::endpoint::{Exchange, Issued};
use crate::error::{Error, ErrorKind};
use crate::grant::Grant;
use crate::store::{RefreshMark, Saved, StoredTokens};
use crate::token::{LiveToken, TokenSet};

use super::locked::Locked;
use super::place::LOST;
use super::source::Source;

/// So long a renewal waits for its turns: as long as a call may take by default.
const LONGEST_WAIT: Duration = Duration::from_secs(120);

/// What a look for a token brought.
pub(super) enum Obtained {
    /// A key that is what it was, or another key.
    Same(Arc<LiveToken>),
    /// Tokens that another holder of the store has renewed, or a flight that did not land; and what stands in the store.
    Found(TokenSet, Option<StoredTokens>),
    /// Fresh tokens, and what stands in the store: these, if they could be saved.
    Issued(Issued, Option<StoredTokens>),
}

/// The latest set of this session, or that nobody waits for another any more.
pub(super) type Known<'a> = &'a (dyn Fn() -> Result<Option<TokenSet>, Error> + Sync);

/// Why a renewal under the lock came to nothing.
enum Stop {
    /// The lock was lost before anything was sent: others have it now, and may have renewed.
    Lost,
    /// A request is needed, and the budget has no turn for it now: a first grant, if a refresh token was no good.
    NoTurn(Option<NoRefresh>),
    Failed(Error),
    NoRefresh(NoRefresh),
}

/// Why no refresh token is used.
enum NoRefresh {
    /// Nothing is known, nothing is stored.
    NoTokens,
    /// There are tokens, but no refresh token among them.
    NoToken,
    Spent,
    /// The store can't be told that it is being sent, and others could send it too.
    Unmarked(Error),
    Refused(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl NoRefresh {
    /// What a session says that has nothing else to sign in with.
    fn reauthorize(self) -> Error {
        match self {
            Self::NoTokens => Error::reauthorize(
                "no tokens of this account are known or stored; a person must sign in",
                None,
            ),
            Self::NoToken => Error::reauthorize(
                "the access token is no longer good and there is no refresh token; a person must sign in again",
                None,
            ),
            Self::Spent => Error::reauthorize(
                "the refresh token was refused before, or its renewal was cut off twice; a person must sign in again",
                None,
            ),
            Self::Unmarked(error) => error,
            Self::Refused(error) => Error::reauthorize(
                "the refresh token was refused; a person must sign in again",
                Some(&error),
            ),
        }
    }
}

impl Source {
    /// How long a renewal can take with all its waits: a task that takes longer is lost.
    pub(super) fn longest_renewal(&self) -> Duration {
        let longest = self.place.longest_renewal();
        match self.endpoint.budget.limiter {
            // The lock is asked for once more after the wait for a refresh and after that for a first grant.
            Some(_) => {
                longest + LONGEST_WAIT + (self.place.lock_limit() + self.place.timeout * 2) * 2
            }
            None => longest,
        }
    }

    /// Looks for a token; `current` is the one in use.
    pub(super) async fn obtain(
        &self,
        known: Known<'_>,
        current: Option<Arc<LiveToken>>,
        clock: &dyn Clock,
    ) -> Result<Obtained, Error> {
        match &self.endpoint.principal.grant {
            Grant::StaticToken(source) => {
                return self.key("token", source, None, current, clock).await;
            }
            Grant::Basic { username, key } => {
                return self.key("key", key, Some(username), current, clock).await;
            }
            _ => {}
        }
        let is_in_use = || {
            let current = current.as_ref();
            current.is_some_and(|token| clock.now() < token.expires_at)
        };
        let mut is_last = false;
        let mut turn = None;
        let mut refused = None;
        let mut patience = LONGEST_WAIT;
        loop {
            let mut locked = self.place.lock(clock).await?;
            locked.turn = turn.take();
            // Only under the lock: whoever held it may have renewed this very session.
            let obtained = match known() {
                Ok(known) => {
                    let looking = self.look(&mut locked, known, refused.take(), is_in_use(), clock);
                    looking.await
                }
                Err(error) => Err(Stop::Failed(error)),
            };
            turn = locked.turn.take();
            locked.leave().await;
            match obtained {
                Ok(obtained) => return Ok(obtained),
                Err(Stop::Failed(error)) => return Err(error),
                Err(Stop::NoRefresh(why)) => return Err(why.reauthorize()),
                // Not under the lock: its lease is for the request, and others may renew meanwhile.
                Err(Stop::NoTurn(why)) => {
                    refused = why;
                    let began = clock.now();
                    turn = self.turn(known, patience, clock).await?;
                    patience =
                        patience.saturating_sub(clock.now().saturating_duration_since(began));
                }
                Err(Stop::Lost) if is_last => return Err(Error::store("lock", LOST)),
                Err(Stop::Lost) => {
                    tracing::debug!(name: "auth_core.lock.lost", "the store's lock was lost; it is asked for once more");
                    is_last = true;
                }
            }
        }
    }

    /// Takes what another holder has renewed, or renews: with the first grant at once where a refresh token was no good
    /// just before (`refused`). `is_in_use` says whether the present token is still good.
    async fn look(
        &self,
        locked: &mut Locked<'_>,
        known: Option<TokenSet>,
        refused: Option<NoRefresh>,
        is_in_use: bool,
        clock: &dyn Clock,
    ) -> Result<Obtained, Stop> {
        let newer = match (locked.unsaved(), &locked.stored) {
            // A flight that did not land has brought them, unless they are in use already.
            (Some(unsaved), _) => Some(unsaved)
                .filter(|unsaved| !known.as_ref().is_some_and(|it| it.is_same(unsaved))),
            (None, Some(stored)) => self.newer(stored, known.as_ref()),
            (None, None) => None,
        };
        if let Some(newer) = newer.as_ref().filter(|newer| is_valid(newer, clock)) {
            return Ok(self.found(newer, locked));
        }
        let refused = refused.filter(|_| newer.is_none());
        let latest = newer.or(known);
        // From here on an answer may speak of all of these, whichever is sent.
        let stored = locked.stored.as_ref().map(|stored| &stored.tokens);
        for tokens in stored.into_iter().chain(&latest) {
            self.seen.add(tokens);
        }
        let others = latest.as_ref().and_then(|latest| locked.others(latest));
        let is_ours = others.is_none();
        let mut refreshed = match refused {
            Some(why) => Err(Stop::NoRefresh(why)),
            None => {
                self.refresh(locked, latest, is_ours, is_in_use, clock)
                    .await
            }
        };
        if let (Err(Stop::NoRefresh(_)), Some(others)) = (&refreshed, others) {
            // Our own tokens are no good, and somebody else's may be.
            if is_valid(&others, clock) {
                return Ok(self.found(&others, locked));
            }
            refreshed = self
                .refresh(locked, Some(others), true, is_in_use, clock)
                .await;
        }
        let issued = match refreshed {
            Err(Stop::NoRefresh(why)) => self.first(why, locked, clock).await?,
            refreshed => refreshed?,
        };
        match locked.save(&issued.set).await {
            // Whoever took the lock over has renewed after us, so that ours may be revoked by now.
            Some(theirs) if is_valid(&theirs, clock) => Ok(self.found(&theirs, locked)),
            _ => Ok(Obtained::Issued(issued, locked.stored.clone())),
        }
    }

    /// What stands in the store, if that is newer than what is `known`.
    pub(super) fn newer(
        &self,
        stored: &StoredTokens,
        known: Option<&TokenSet>,
    ) -> Option<TokenSet> {
        // A person has just approved anew: whatever was stored before is out of date. With tokens of its own, the session
        // keeps the code for the day when nothing else is left.
        let is_outdated = known.is_none() && self.code().is_some();
        let is_newer = !is_outdated && self.place.is_newer(stored, known);
        is_newer.then(|| stored.tokens.clone())
    }

    fn found(&self, tokens: &TokenSet, locked: &Locked<'_>) -> Obtained {
        // Whoever was given these can have been given the same refresh token again.
        self.remember(None);
        Obtained::Found(tokens.clone(), locked.stored.clone())
    }

    /// Exchanges the refresh token of `tokens`, if it is worth it. Only tokens that are ours to write (`is_ours`) are
    /// marked in the store: others that stand there are not overwritten before ours have proved good.
    async fn refresh(
        &self,
        locked: &mut Locked<'_>,
        tokens: Option<TokenSet>,
        is_ours: bool,
        is_in_use: bool,
        clock: &dyn Clock,
    ) -> Result<Issued, Stop> {
        let Some(tokens) = tokens else {
            return Err(Stop::NoRefresh(NoRefresh::NoTokens));
        };
        let Some(token) = tokens.refresh_token.clone() else {
            return Err(Stop::NoRefresh(NoRefresh::NoToken));
        };
        if !self.is_usable(&token) {
            return Err(Stop::NoRefresh(NoRefresh::Spent));
        }
        // A provider can give the same refresh token again: then the mark of older tokens says nothing of these.
        let is_unsaved = locked.unsaved().is_some_and(|it| it.is_same(&tokens));
        let before = locked.mark_of(&token).filter(|_| !is_unsaved);
        let before = before.unwrap_or_else(|| self.mark_of(&token));
        let during = match before {
            RefreshMark::Unspent => RefreshMark::UnderWay,
            // The last try, which may cost the sign-in, can wait until it is needed.
            RefreshMark::UnderWay
                if is_in_use && !self.endpoint.principal.grant.is_repeatable() =>
            {
                return Err(Stop::Failed(Error::lost_answer()));
            }
            RefreshMark::UnderWay => RefreshMark::Spent,
            RefreshMark::Spent => return Err(Stop::NoRefresh(NoRefresh::Spent)),
        };
        if !self.may_ask(locked, clock) {
            return Err(Stop::NoTurn(None));
        }
        // Before the mark: what fails here has sent nothing.
        let exchange = Exchange::Refresh(&token);
        let prepared = self
            .endpoint
            .prepare(exchange, self.scrubber(), clock)
            .await?;
        if is_ours {
            match locked.mark(&tokens, during).await {
                Ok(Saved::Written) => {}
                Ok(Saved::Superseded) => return Err(Stop::Lost),
                Err(error) => {
                    tracing::warn!(name: "auth_core.mark.unsaved", error = %error.with_causes(), "the store can't be written");
                    // Where others can read this token, they would spend it a second time: it has to wait for the store.
                    if locked.mark_of(&token).is_some() {
                        return Err(Stop::NoRefresh(NoRefresh::Unmarked(error)));
                    }
                }
            }
        }
        if locked.until.left(clock) < self.endpoint.timeout {
            // Whoever has the lock by now has raised the number before sending anything, and is not overwritten.
            self.remark(locked, &tokens, before).await;
            return Err(Stop::Lost);
        }
        self.remember(Some((&token, during)));
        let turn = locked.turn.take();
        let sending = self.endpoint.send(&prepared, turn, &locked.until, clock);
        let error = match sending.await {
            Ok(mut issued) => {
                self.remember(None);
                // RFC 6749 section 6: without a new one, the old one stays good.
                issued.set.refresh_token.get_or_insert(token);
                return Ok(issued);
            }
            Err(error) => error,
        };
        let rule = self.endpoint.dialect.refresh_rule();
        if is_refused(rule, &error) {
            tracing::debug!(name: "auth_core.refresh.refused", error = %error.with_causes(), "the refresh token was refused");
            self.remember(Some((&token, RefreshMark::Spent)));
            if rule == Refresh::Undocumented {
                self.no_refresh.store(true, Ordering::Relaxed);
            }
            // A client that is refused, by a wrong secret of its own perhaps, says nothing of the token: the others
            // may be right.
            let mark = if is_refused_client(&error) {
                before
            } else {
                RefreshMark::Spent
            };
            self.remark(locked, &tokens, mark).await;
            return Err(Stop::NoRefresh(NoRefresh::Refused(error)));
        }
        // A refresh that nobody documents is worth one try, whatever comes of it, where the first grant is at hand.
        if rule == Refresh::Undocumented
            && self.endpoint.principal.grant.is_repeatable()
            && error.may_have_been_processed()
        {
            tracing::debug!(name: "auth_core.refresh.failed", error = %error.with_causes(), "the undocumented refresh failed");
            return Err(Stop::NoRefresh(NoRefresh::Refused(error)));
        }
        // Whoever answered with a failure has not issued anything; an answer that got lost may have been tokens.
        let is_answered = error.status().is_some_and(|status| !status.is_success());
        if is_answered || !error.may_have_been_processed() {
            self.remember(Some((&token, before)));
            self.remark(locked, &tokens, before).await;
        }
        Err(Stop::Failed(error))
    }

    /// Changes the mark after the fact. Where that fails, the one before it errs on the side of caution.
    async fn remark(&self, locked: &mut Locked<'_>, tokens: &TokenSet, mark: RefreshMark) {
        let token = tokens.refresh_token.as_ref();
        let present = token.and_then(|token| locked.mark_of(token));
        if present.is_none_or(|present| present == mark) {
            return;
        }
        match locked.mark(tokens, mark).await {
            Ok(Saved::Written) => {}
            Ok(Saved::Superseded) => {
                tracing::debug!(name: "auth_core.mark.superseded", "another holder has written meanwhile");
            }
            Err(error) => {
                tracing::warn!(name: "auth_core.mark.unsaved", error = %error.with_causes(), "the store can't be written");
            }
        }
    }

    /// Signs in with the first grant, if that needs no person.
    async fn first(
        &self,
        why: NoRefresh,
        locked: &mut Locked<'_>,
        clock: &dyn Clock,
    ) -> Result<Issued, Stop> {
        let code = self.code().clone();
        let is_repeatable = self.endpoint.principal.grant.is_repeatable();
        if !is_repeatable && code.is_none() {
            return Err(Stop::NoRefresh(why));
        }
        if !self.may_ask(locked, clock) {
            return Err(Stop::NoTurn(Some(why)));
        }
        let Some(code) = code.filter(|_| !is_repeatable) else {
            let exchange = Exchange::First(None);
            let prepared = self
                .endpoint
                .prepare(exchange, self.scrubber(), clock)
                .await?;
            let turn = locked.turn.take();
            let sending = self.endpoint.send(&prepared, turn, &locked.until, clock);
            return Ok(sending.await?);
        };
        let exchange = Exchange::First(Some(&code));
        let prepared = self
            .endpoint
            .prepare(exchange, self.scrubber(), clock)
            .await?;
        // Only now, for whatever cuts this off before has not spent it.
        *self.code() = None;
        let turn = locked.turn.take();
        let sending = self.endpoint.send(&prepared, turn, &locked.until, clock);
        Ok(sending.await.map_err(|error| {
            if !error.may_have_been_processed() {
                // It never left, so it is as good as before.
                *self.code() = Some(code.clone());
                error
            } else if matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::Invalid) {
                Error::reauthorize(
                    "the authorization code was refused; a person must sign in again",
                    Some(&error),
                )
            } else {
                error
            }
        })?)
    }
}

/// Says whether an access token has not ended, as far as the wall clock tells.
pub(super) fn is_valid(tokens: &TokenSet, clock: &dyn Clock) -> bool {
    tokens.expires_at.is_none_or(|at| at > clock.utc())
}

/// Says whether the client was refused and not what it sent (RFC 6749 section 5.2).
fn is_refused_client(error: &Error) -> bool {
    matches!(
        error.provider_code(),
        Some("invalid_client" | "unauthorized_client")
    )
}

/// Says whether an answer to a refresh means that the token is no longer good: 400 or 401 whatever the body, and any
/// 4xx where the refresh is not documented at all.
fn is_refused(rule: Refresh, error: &Error) -> bool {
    let Some(status) = error.status() else {
        return false;
    };
    match status.as_u16() {
        400 | 401 => true,
        402..=499 => rule == Refresh::Undocumented,
        _ => error.kind() == ErrorKind::Unauthorized,
    }
}
