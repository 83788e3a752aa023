//! Says where a session's next token comes from: the store, a refresh token, the first grant, or a person.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::{Clock, Deadline};
use crate::dialect::Refresh;
use crate::endpoint::{Exchange, Issued, TokenEndpoint};
use crate::error::{Error, ErrorKind};
use crate::grant::{AuthorizationCode, Grant, ParameterValue};
use crate::secret::{Scrubber, Secret, SecretSource};
use crate::settings::{OnRenewed, Settings};
use crate::store::{RefreshMark, Saved};
use crate::token::{Authorization, Generation, LiveToken, Schedule, TokenSet, header_value};

use super::place::{LOST, Locked, Place};
use super::store_key::store_key;

/// How one principal comes by its tokens.
pub(super) struct Source {
    pub(super) endpoint: TokenEndpoint,
    pub(super) place: Place,
    /// An authorization code, until it is spent.
    code: Mutex<Option<AuthorizationCode>>,
    /// Whether a refresh that nobody documents was refused once; then it is not tried again.
    no_refresh: AtomicBool,
    /// The refresh token that was refused last: it is not sent again.
    refused: Mutex<Option<Secret>>,
    pub(super) on_renewed: Option<OnRenewed>,
}

/// What a look for a token brought.
pub(super) enum Obtained {
    /// A key that is what it was, or another key.
    Same(Arc<LiveToken>),
    /// Tokens that another holder of the store has renewed.
    Stored(TokenSet),
    /// Fresh tokens, saved already.
    Issued(Issued),
}

/// Why a renewal under the lock came to nothing.
enum Stop {
    /// The lock was lost before anything was sent: others have it now, and may have renewed.
    Lost,
    Failed(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Source {
    pub(super) fn new(endpoint: TokenEndpoint, settings: &Settings) -> Result<Self, Error> {
        let principal = &endpoint.principal;
        if settings.lacks_account()
            && principal.grant.grant_type().is_some()
            && !super::names_its_account(&principal.grant)
        {
            return Err(Error::config(
                "account",
                "a store can hold several persons' tokens; name the person who signed in",
            ));
        }
        let key = store_key(&endpoint.dialect, &endpoint.base, principal, settings);
        let code = match &principal.grant {
            Grant::AuthorizationCode(code) => Some(code.clone()),
            _ => None,
        };
        endpoint.check()?;
        Ok(Self {
            endpoint,
            place: Place::new(key, settings),
            code: Mutex::new(code),
            no_refresh: AtomicBool::new(false),
            refused: Mutex::default(),
            on_renewed: settings.on_renewed.clone(),
        })
    }

    /// Says whether there is a key or token that needs no exchange.
    pub(super) fn is_static(&self) -> bool {
        self.endpoint.principal.grant.grant_type().is_none()
    }

    pub(super) fn can_renew(&self) -> bool {
        match &self.endpoint.principal.grant {
            Grant::StaticToken(source) | Grant::Basic { key: source, .. } => source.can_change(),
            _ => true,
        }
    }

    /// Looks for a token: `known` is the latest set of this session, `current` the one in use.
    pub(super) async fn obtain(
        &self,
        known: &(dyn Fn() -> Option<TokenSet> + Sync),
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
        let mut is_last = false;
        loop {
            let mut locked = self.place.lock(clock).await?;
            // Only under the lock: whoever held it may have renewed this very session.
            let obtained = self.look(&mut locked, known(), clock).await;
            locked.release().await;
            match obtained {
                Ok(obtained) => return Ok(obtained),
                Err(Stop::Failed(error)) => return Err(error),
                Err(Stop::Lost) if is_last => return Err(Error::store("lock", LOST)),
                Err(Stop::Lost) => {
                    tracing::debug!(name: "auth_core.lock.lost", "the store's lock was lost; it is asked for once more");
                    is_last = true;
                }
            }
        }
    }

    /// Takes what another holder has renewed, or renews.
    async fn look(
        &self,
        locked: &mut Locked<'_>,
        known: Option<TokenSet>,
        clock: &dyn Clock,
    ) -> Result<Obtained, Stop> {
        let newer = match &locked.stored {
            // A person has just approved anew: whatever was stored before is out of date. With tokens of its own, the
            // session keeps the code for the day when nothing else is left.
            Some(_) if known.is_none() && self.code().is_some() => None,
            Some(stored) if self.place.is_newer(stored, known.as_ref()) => Some(stored),
            _ => None,
        };
        if let Some(newer) = newer
            && newer.tokens.expires_at.is_none_or(|at| at > clock.utc())
        {
            self.place.adopted(newer);
            return Ok(Obtained::Stored(newer.tokens.clone()));
        }
        let latest = match newer {
            Some(newer) => Some(newer.tokens.clone()),
            None => known,
        };
        let issued = self.exchange(locked, latest, clock).await?;
        locked.save(&issued.set).await;
        Ok(Obtained::Issued(issued))
    }

    /// The refresh token where there is one, else the first grant; the first grant also where the refresh token is
    /// refused, or may be spent.
    async fn exchange(
        &self,
        locked: &mut Locked<'_>,
        latest: Option<TokenSet>,
        clock: &dyn Clock,
    ) -> Result<Issued, Stop> {
        let Some((tokens, token)) = latest.and_then(|tokens| {
            let token = tokens.refresh_token.clone()?;
            Some((tokens, token))
        }) else {
            return Ok(self.first(NoRefresh::NoToken, &locked.until, clock).await?);
        };
        if !self.is_usable(&token) {
            return Ok(self.first(NoRefresh::Spent, &locked.until, clock).await?);
        }
        let before = locked.mark_of(&token);
        let during = match before {
            RefreshMark::Unspent => RefreshMark::UnderWay,
            RefreshMark::UnderWay => RefreshMark::Spent,
            RefreshMark::Spent => {
                return Ok(self.first(NoRefresh::Spent, &locked.until, clock).await?);
            }
        };
        match locked.mark(&tokens, during).await {
            Ok(Saved::Written) => {}
            Ok(Saved::Superseded) => return Err(Stop::Lost),
            Err(error) => {
                tracing::warn!(name: "auth_core.mark.unsaved", %error, "the store can't be written");
                // Where others can read this token, they would spend it a second time: it has to wait for the store.
                if locked.has(&token) {
                    if !self.endpoint.principal.grant.is_repeatable() {
                        return Err(Stop::Failed(error));
                    }
                    return Ok(self.first(NoRefresh::NoToken, &locked.until, clock).await?);
                }
            }
        }
        if locked.until.left(clock) < self.endpoint.timeout {
            return Err(Stop::Lost);
        }
        let exchange = Exchange::Refresh(&token);
        let error = match self.endpoint.exchange(exchange, &locked.until, clock).await {
            Ok(mut issued) => {
                // RFC 6749 section 6: without a new one, the old one stays good.
                issued.set.refresh_token.get_or_insert(token);
                return Ok(issued);
            }
            Err(error) => error,
        };
        let rule = self.endpoint.dialect.refresh_rule();
        if is_refused(rule, &error) {
            tracing::debug!(name: "auth_core.refresh.refused", %error, "the refresh token was refused");
            *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(token.clone());
            if rule == Refresh::Undocumented {
                self.no_refresh.store(true, Ordering::Relaxed);
            }
            self.remark(locked, &tokens, RefreshMark::Spent).await;
            return Ok(self
                .first(NoRefresh::Refused(&error), &locked.until, clock)
                .await?);
        }
        // A refresh that nobody documents is worth one try, whatever comes of it, where the first grant is at hand.
        if rule == Refresh::Undocumented
            && self.endpoint.principal.grant.is_repeatable()
            && error.may_have_been_processed()
        {
            tracing::debug!(name: "auth_core.refresh.failed", %error, "the undocumented refresh failed");
            return Ok(self
                .first(NoRefresh::Refused(&error), &locked.until, clock)
                .await?);
        }
        // Whoever answered with a failure has not issued anything; an answer that got lost may have been tokens.
        let is_answered = error.status().is_some_and(|status| !status.is_success());
        if is_answered || !error.may_have_been_processed() {
            self.remark(locked, &tokens, before).await;
        }
        Err(Stop::Failed(error))
    }

    /// Changes the mark after the fact. Where that fails, the one before it errs on the side of caution.
    async fn remark(&self, locked: &mut Locked<'_>, tokens: &TokenSet, mark: RefreshMark) {
        let token = tokens.refresh_token.as_ref();
        if token.is_none_or(|token| locked.mark_of(token) == mark) {
            return;
        }
        match locked.mark(tokens, mark).await {
            Ok(Saved::Written) => {}
            Ok(Saved::Superseded) => {
                tracing::debug!(name: "auth_core.mark.superseded", "another holder has written meanwhile");
            }
            Err(error) => {
                tracing::warn!(name: "auth_core.mark.unsaved", %error, "the store can't be written");
            }
        }
    }

    /// Says whether a refresh token is worth a request: not where the dialect has none, and not once it was refused.
    fn is_usable(&self, token: &Secret) -> bool {
        self.endpoint.dialect.refresh_rule() != Refresh::None
            && !self.no_refresh.load(Ordering::Relaxed)
            && self
                .refused
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .as_ref()
                != Some(token)
    }

    /// Says whether there is anything to get another token with.
    pub(super) fn has_means(&self, known: Option<&TokenSet>) -> bool {
        self.endpoint.principal.grant.is_repeatable()
            || self.code().is_some()
            || known
                .and_then(|tokens| tokens.refresh_token.as_ref())
                .is_some_and(|token| self.is_usable(token))
    }

    /// Says whether someone is asked for the secrets, and may give others next time.
    pub(super) fn secrets_can_change(&self) -> bool {
        let principal = &self.endpoint.principal;
        let of_grant = match &principal.grant {
            #[cfg(feature = "password-grant")]
            Grant::Password { password, .. } => Some(password),
            Grant::StaticToken(source) | Grant::Basic { key: source, .. } => Some(source),
            _ => None,
        };
        let of_parameters = principal
            .parameters
            .iter()
            .filter_map(|(_, value)| match value {
                ParameterValue::Secret(source) | ParameterValue::Base64Pair(_, source) => {
                    Some(source)
                }
                ParameterValue::Text(_) => None,
            });
        let all = of_grant
            .into_iter()
            .chain(&principal.client_secret)
            .chain(of_parameters);
        all.into_iter().any(SecretSource::can_change)
    }

    /// Signs in with the first grant, if that needs no person.
    async fn first(
        &self,
        why: NoRefresh<'_>,
        until: &Deadline,
        clock: &dyn Clock,
    ) -> Result<Issued, Error> {
        if self.endpoint.principal.grant.is_repeatable() {
            let exchange = Exchange::First(None);
            return self.endpoint.exchange(exchange, until, clock).await;
        }
        let code = self.code().take();
        let Some(code) = code else {
            return Err(why.reauthorize());
        };
        self.endpoint
            .exchange(Exchange::First(Some(&code)), until, clock)
            .await
            .map_err(|error| {
                if !error.may_have_been_processed() {
                    // It never left, so it is as good as before.
                    *self.code() = Some(code);
                    error
                } else if matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::Invalid) {
                    Error::reauthorize(
                        "the authorization code was refused; a person must sign in again",
                        Some(&error),
                    )
                } else {
                    error
                }
            })
    }

    fn code(&self) -> std::sync::MutexGuard<'_, Option<AuthorizationCode>> {
        self.code.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A token set with its header.
    pub(super) fn live(
        &self,
        generation: Generation,
        set: TokenSet,
        schedule: Schedule,
    ) -> Result<Arc<LiveToken>, Error> {
        let placement = self.endpoint.dialect.token_placement();
        let value = header_value(placement, set.access_token.expose())?;
        Ok(Arc::new(LiveToken {
            authorization: Authorization {
                name: placement.header_name(),
                value,
                generation,
            },
            look_at: schedule.renew_at,
            renew_at: schedule.renew_at,
            expires_at: schedule.expires_at,
            set,
        }))
    }

    /// Adds every secret of the principal that is known by value.
    pub(super) fn add_secrets(&self, scrubber: &mut Scrubber) {
        let principal = &self.endpoint.principal;
        let mut add = |source: &SecretSource| {
            if let Some(secret) = source.known() {
                scrubber.add(secret.expose());
            }
        };
        if let Some(source) = &principal.client_secret {
            add(source);
        }
        match &principal.grant {
            #[cfg(feature = "password-grant")]
            Grant::Password { password, .. } => add(password),
            Grant::StaticToken(source) | Grant::Basic { key: source, .. } => add(source),
            _ => {}
        }
        for (_, value) in &principal.parameters {
            if let ParameterValue::Secret(source) | ParameterValue::Base64Pair(_, source) = value {
                add(source);
            }
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("dialect", &self.endpoint.dialect.name())
            .field("principal", &self.endpoint.principal)
            .field("store", &self.place)
            .finish_non_exhaustive()
    }
}

/// Why no refresh token is used.
enum NoRefresh<'a> {
    NoToken,
    Spent,
    Refused(&'a Error),
}

impl NoRefresh<'_> {
    fn reauthorize(&self) -> Error {
        match self {
            Self::NoToken => Error::reauthorize(
                "the access token is no longer good and there is no refresh token; a person must sign in again",
                None,
            ),
            Self::Spent => Error::reauthorize(
                "the refresh token was refused before, or its renewal was cut off twice; a person must sign in again",
                None,
            ),
            Self::Refused(error) => Error::reauthorize(
                "the refresh token was refused; a person must sign in again",
                Some(error),
            ),
        }
    }
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
