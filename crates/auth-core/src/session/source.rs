//! Holds what one principal can come by tokens with, and what is known of it.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::dialect::Refresh;
use crate::endpoint::TokenEndpoint;
use crate::error::Error;
use crate::grant::{AuthorizationCode, Grant, ParameterValue};
use crate::secret::{Scrubber, Secret, SecretSource};
use crate::settings::{OnRenewed, Settings};
use crate::store::RefreshMark;
use crate::token::{Authorization, Generation, LiveToken, Schedule, TokenSet, header_value};

use super::place::Place;
use super::seen::Seen;
use super::store_key::store_key;

/// How one principal comes by its tokens.
pub(super) struct Source {
    pub(super) endpoint: TokenEndpoint,
    pub(super) place: Place,
    /// An authorization code, until it is spent.
    code: Mutex<Option<AuthorizationCode>>,
    /// Whether a refresh that nobody documents was refused once; then it is not tried again.
    pub(super) no_refresh: AtomicBool,
    /// The refresh token that was sent last, and what is known of it, for where the store can't be told.
    sent: Mutex<Option<(Secret, RefreshMark)>>,
    /// The tokens and keys that were in use or sent last.
    pub(super) seen: Seen,
    pub(super) on_renewed: Option<OnRenewed>,
    /// How many wait for a turn at the token endpoint.
    pub(super) waits_for_turn: AtomicUsize,
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
            sent: Mutex::default(),
            seen: Seen::default(),
            on_renewed: settings.on_renewed.clone(),
            waits_for_turn: AtomicUsize::new(0),
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

    /// Says whether a refresh token is worth a request: not where the dialect has none, and not once it was refused.
    pub(super) fn is_usable(&self, token: &Secret) -> bool {
        self.endpoint.dialect.refresh_rule() != Refresh::None
            && !self.no_refresh.load(Ordering::Relaxed)
            && self.mark_of(token) != RefreshMark::Spent
    }

    /// What this session itself knows of `token`.
    pub(super) fn mark_of(&self, token: &Secret) -> RefreshMark {
        let sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let sent = sent.as_ref().filter(|(sent, _)| sent == token);
        sent.map_or(RefreshMark::Unspent, |(_, mark)| *mark)
    }

    pub(super) fn remember(&self, sent: Option<(&Secret, RefreshMark)>) {
        *self.sent.lock().unwrap_or_else(PoisonError::into_inner) =
            sent.map(|(token, mark)| (token.clone(), mark));
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

    pub(super) fn code(&self) -> std::sync::MutexGuard<'_, Option<AuthorizationCode>> {
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
            authorization: Authorization::new(placement.header_name(), value, generation),
            look_at: schedule.renew_at,
            renew_at: schedule.renew_at,
            expires_at: schedule.expires_at,
            set,
        }))
    }

    /// What must not be seen in anything that a provider sends back: every secret of the principal that is known by
    /// value, a code that was spent as well, and the tokens that were seen last.
    pub(super) fn scrubber(&self) -> Scrubber {
        let mut scrubber = Scrubber::default();
        let principal = &self.endpoint.principal;
        let mut known: Vec<&Secret> = Vec::new();
        known.extend(
            principal
                .client_secret
                .iter()
                .filter_map(SecretSource::known),
        );
        match &principal.grant {
            #[cfg(feature = "password-grant")]
            Grant::Password { password, .. } => known.extend(password.known()),
            Grant::StaticToken(source) | Grant::Basic { key: source, .. } => {
                known.extend(source.known());
            }
            Grant::AuthorizationCode(code) => {
                known.push(&code.code);
                known.extend(&code.verifier);
            }
            _ => {}
        }
        for (_, value) in &principal.parameters {
            if let ParameterValue::Secret(source) | ParameterValue::Base64Pair(_, source) = value {
                known.extend(source.known());
            }
        }
        for secret in known {
            scrubber.add(secret.expose());
        }
        for tokens in self.seen.all() {
            scrubber.add(tokens.access_token.expose());
            if let Some(token) = &tokens.refresh_token {
                scrubber.add(token.expose());
            }
        }
        scrubber
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
