//! Says where a session's next token comes from: the store, a refresh token, the first grant, or a person.

use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use crate::clock::{Clock, within};
use crate::dialect::Refresh;
use crate::endpoint::{Exchange, Issued, TokenEndpoint};
use crate::error::{Error, ErrorKind};
use crate::grant::{AuthorizationCode, Grant, ParameterValue};
use crate::secret::{Scrubber, Secret, SecretSource};
use crate::settings::{OnRenewed, Settings};
use crate::store::{StoreKey, StoredTokens, TokenStore};
use crate::token::{Authorization, Generation, LiveToken, Schedule, TokenSet, header_value};

use super::store_key::store_key;

/// How one principal comes by its tokens.
pub(super) struct Source {
    pub(super) endpoint: TokenEndpoint,
    store: Arc<dyn TokenStore>,
    key: StoreKey,
    /// An authorization code, until it is spent.
    code: Mutex<Option<AuthorizationCode>>,
    /// Whether a refresh that nobody documents was refused once; then it is not tried again.
    no_refresh: AtomicBool,
    /// The refresh token that was refused last: it is not sent again.
    refused: Mutex<Option<Secret>>,
    /// The store's number of the tokens that were last read from it or saved to it. The session's own numbers run
    /// ahead of it once a save has failed.
    in_store: AtomicU64,
    pub(super) on_renewed: Option<OnRenewed>,
}

/// What a look for a token brought.
pub(super) enum Obtained {
    /// A key that is what it was, or another key.
    Same(Arc<LiveToken>),
    /// Tokens that another holder of the store has renewed.
    Stored(Generation, TokenSet),
    /// Fresh tokens, saved already.
    Issued(Generation, Issued),
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
            store: settings.make_store(),
            key,
            code: Mutex::new(code),
            no_refresh: AtomicBool::new(false),
            refused: Mutex::default(),
            in_store: AtomicU64::new(0),
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
        known: &(dyn Fn() -> Option<(Generation, TokenSet)> + Sync),
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
        // As long as a token request; the lock as long as its holder may need for a renewal with all its retries.
        let limit = self.endpoint.timeout;
        let lock_limit = limit.saturating_mul(2 * (self.endpoint.retries + 2));
        let lock = self.store.lock(&self.key);
        let _lock = self.in_time(clock, lock_limit, "lock", lock).await?;
        let stored = self
            .in_time(clock, limit, "load", self.store.load(&self.key))
            .await?;
        // Only under the lock: whoever held it may have renewed this very session.
        let known = known();
        let known_generation = known.as_ref().map(|(generation, _)| *generation);
        let newer = match &stored {
            // A person has just approved anew: whatever was stored before is out of date. With tokens of its own, the
            // session keeps the code for the day when nothing else is left.
            Some(_) if known.is_none() && self.code().is_some() => None,
            Some(stored) if self.is_newer(stored, known.as_ref()) => Some(stored),
            _ => None,
        };
        if let Some(newer) = newer
            && newer.tokens.expires_at.is_none_or(|at| at > clock.utc())
        {
            self.in_store.store(newer.generation.0, Ordering::Relaxed);
            let generation = newer.generation.max(Generation::after(known_generation));
            return Ok(Obtained::Stored(generation, newer.tokens.clone()));
        }
        let latest = match newer {
            Some(newer) => Some(newer.tokens.clone()),
            None => known.map(|(_, tokens)| tokens),
        };
        let issued = self
            .exchange(latest.and_then(|tokens| tokens.refresh_token), clock)
            .await?;
        let generation = self
            .save(stored.as_ref(), known_generation, &issued.set, clock)
            .await;
        Ok(Obtained::Issued(generation, issued))
    }

    /// Says whether the store has moved on since this session last saw it. At first sight, tokens that the session
    /// brought along count more unless they end earlier.
    fn is_newer(&self, stored: &StoredTokens, known: Option<&(Generation, TokenSet)>) -> bool {
        let in_store = self.in_store.load(Ordering::Relaxed);
        match known {
            Some((_, known)) if in_store == 0 => match (stored.tokens.expires_at, known.expires_at)
            {
                (Some(stored), Some(known)) => stored > known,
                (stored, known) => stored.is_none() && known.is_some(),
            },
            _ => stored.generation.0 > in_store,
        }
    }

    /// Gives a store a time limit and survives its panic: one that hangs must not hang the session, and the tokens must
    /// outlive one that fails.
    async fn in_time<T>(
        &self,
        clock: &dyn Clock,
        limit: Duration,
        what: &str,
        work: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let mut work = pin!(work);
        let work = poll_fn(|context| {
            let polled = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context)));
            polled.unwrap_or_else(|_| Poll::Ready(Err(Error::store(what, "it panicked"))))
        });
        let done = within(clock, limit, work).await;
        done.unwrap_or_else(|| Err(Error::store(what, "it did not answer in time")))
    }

    /// The refresh token where there is one, else the first grant; the first grant also where the refresh token is
    /// refused.
    async fn exchange(
        &self,
        refresh_token: Option<Secret>,
        clock: &dyn Clock,
    ) -> Result<Issued, Error> {
        let rule = self.endpoint.dialect.refresh_rule();
        let Some(token) = refresh_token.filter(|token| self.is_usable(token)) else {
            return self.first(None, clock).await;
        };
        match self
            .endpoint
            .exchange(Exchange::Refresh(&token), clock)
            .await
        {
            Ok(mut issued) => {
                // RFC 6749 section 6: without a new one, the old one stays good.
                issued.set.refresh_token.get_or_insert(token);
                Ok(issued)
            }
            Err(error) if is_refused(rule, &error) => {
                tracing::debug!(%error, "the refresh token was refused");
                *self.refused.lock().unwrap_or_else(PoisonError::into_inner) = Some(token);
                if rule == Refresh::Undocumented {
                    self.no_refresh.store(true, Ordering::Relaxed);
                }
                self.first(Some(&error), clock).await
            }
            // A refresh that nobody documents is worth one try, whatever comes of it, where the first grant is at hand.
            Err(error)
                if rule == Refresh::Undocumented
                    && self.endpoint.principal.grant.is_repeatable()
                    && error.may_have_been_processed() =>
            {
                tracing::debug!(%error, "the undocumented refresh failed");
                self.first(Some(&error), clock).await
            }
            Err(error) => Err(error),
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

    /// Signs in with the first grant, if that needs no person. `refused` is why the refresh token did not do.
    async fn first(&self, refused: Option<&Error>, clock: &dyn Clock) -> Result<Issued, Error> {
        if self.endpoint.principal.grant.is_repeatable() {
            return self.endpoint.exchange(Exchange::First(None), clock).await;
        }
        let code = self.code().take();
        let Some(code) = code else {
            let reason = match refused {
                Some(_) => "the refresh token was refused; a person must sign in again",
                None => {
                    "the access token is no longer good and there is no refresh token; a person must sign in again"
                }
            };
            return Err(Error::reauthorize(reason, refused));
        };
        self.endpoint
            .exchange(Exchange::First(Some(&code)), clock)
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

    /// Saves before anything is handed out. Where that fails, the tokens are used from memory: losing them would be
    /// worse than keeping them for one process only.
    async fn save(
        &self,
        stored: Option<&StoredTokens>,
        known: Option<Generation>,
        tokens: &TokenSet,
        clock: &dyn Clock,
    ) -> Generation {
        let expected = stored.map(|stored| stored.generation);
        let saved = self.store.save(&self.key, expected, tokens);
        match self
            .in_time(clock, self.endpoint.timeout, "save", saved)
            .await
        {
            Ok(generation) => {
                self.in_store.store(generation.0, Ordering::Relaxed);
                generation.max(Generation::after(known))
            }
            Err(error) => {
                let kept = expected.unwrap_or_default();
                self.in_store.store(kept.0, Ordering::Relaxed);
                tracing::error!(%error, "new tokens could not be saved and are kept in memory only");
                Generation::after(expected.max(known))
            }
        }
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
            .field("store", &self.store)
            .finish_non_exhaustive()
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
