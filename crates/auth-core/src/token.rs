//! Holds what a sign-in gave: access token, refresh token, lifetime, and the header that is ready to send.
//!
//! Answers: [`TokenSet`], [`Generation`], [`Authorization`]. Never: renews anything.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};

use crate::dialect::Placement;
use crate::error::{Error, without_value};
use crate::secret::Secret;

/// The version of the exported form.
pub(crate) const EXPORT_VERSION: u32 = 1;
/// A lifetime longer than this is cut to it, so that no sum of times overflows.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 3600);
/// A renewal is due at most this long before the end.
const WIDEST_WINDOW: Duration = Duration::from_secs(300);
/// How long a token that was already expired when it arrived is tried all the same, so that a provider that hands out
/// such tokens costs at most one request in this time.
const EXPIRED_ON_ARRIVAL: Duration = Duration::from_secs(1);

/// The number of a token within its session: a 401 can only kill the token it was given for.
///
/// Later tokens have greater numbers; zero is no number that a store gives.
///
/// # Examples
/// ```
/// use auth_core::Generation;
/// let written_down: u64 = Generation::new(7).number();
/// assert!(Generation::new(written_down + 1) > Generation::new(7));
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Generation(pub(crate) u64);

impl Generation {
    /// A generation that a store has written down.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The one that comes after `generation`.
    pub(crate) fn after(generation: Option<Self>) -> Self {
        Self(generation.map_or(1, |generation| generation.0.saturating_add(1)))
    }

    /// The number, for a store to write down.
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// What a sign-in gave. `Debug` shows no token.
///
/// # Examples
/// ```
/// # fn keep(text: &str) {}
/// # let tokens = auth_core::TokenSet::import(r#"{"version":1,"access_token":"t-1","expires_at_ms":1700000000123}"#)?;
/// let exported = tokens.export();          // JSON with the tokens in clear: keep it like a password
/// keep(exported.expose());
/// let again = auth_core::TokenSet::import(exported.expose())?;
/// assert_eq!(again.expires_at(), tokens.expires_at());
/// # Ok::<(), auth_core::Error>(())
/// ```
///
/// # Source
/// RFC 6749 section 5.1: `expires_in` is whole seconds on the wire, counted here from before the request was sent.
#[derive(Clone)]
pub struct TokenSet {
    pub(crate) access_token: Secret,
    pub(crate) refresh_token: Option<Secret>,
    pub(crate) expires_at: Option<SystemTime>,
    pub(crate) scope: Option<String>,
}

/// The exported form; times are milliseconds since 1970 in UTC.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exported<'a> {
    version: u32,
    access_token: std::borrow::Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refresh_token: Option<std::borrow::Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires_at_ms: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scope: Option<std::borrow::Cow<'a, str>>,
}

impl TokenSet {
    /// The access token.
    pub fn access_token(&self) -> &Secret {
        &self.access_token
    }

    /// The refresh token, where the provider gave one.
    pub fn refresh_token(&self) -> Option<&Secret> {
        self.refresh_token.as_ref()
    }

    /// When the access token ends; `None` where the provider did not say, and it is used until a 401.
    pub fn expires_at(&self) -> Option<SystemTime> {
        self.expires_at
    }

    /// The scope that was granted, where the provider named it.
    pub fn scope(&self) -> Option<&str> {
        self.scope.as_deref()
    }

    /// Writes the set as JSON, tokens in clear, for a place of your own that keeps secrets. Times in it are milliseconds
    /// since 1970 in UTC.
    pub fn export(&self) -> Secret {
        // A struct of texts and numbers always has a JSON form.
        Secret::new(serde_json::to_string(&self.exported()).unwrap_or_default())
    }

    /// Reads what [`export`](Self::export) wrote.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where the text is not such an export; no value is repeated.
    pub fn import(text: &str) -> Result<Self, Error> {
        let exported: Exported<'_> = serde_json::from_str(text)
            .map_err(|error| Error::config("token_set", without_value(&error)))?;
        Self::from_exported(exported)
    }

    /// Says whether both are what one sign-in gave.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.access_token == other.access_token
            && self.refresh_token == other.refresh_token
            // A store keeps milliseconds.
            && self.exported().expires_at_ms == other.exported().expires_at_ms
    }

    pub(crate) fn exported(&self) -> Exported<'_> {
        let since = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap_or_default();
        Exported {
            version: EXPORT_VERSION,
            access_token: self.access_token.expose().into(),
            refresh_token: self
                .refresh_token
                .as_ref()
                .map(|token| token.expose().into()),
            expires_at_ms: self
                .expires_at
                .map(|at| u64::try_from(since(at).as_millis()).unwrap_or(u64::MAX)),
            scope: self.scope.as_deref().map(Into::into),
        }
    }

    pub(crate) fn from_exported(exported: Exported<'_>) -> Result<Self, Error> {
        if exported.version != EXPORT_VERSION {
            return Err(Error::config(
                "token_set",
                format!("is of version {}, not 1", exported.version),
            ));
        }
        check_token(&exported.access_token)
            .map_err(|bad| Error::config("token_set", format!("its access token {bad}")))?;
        Ok(Self {
            access_token: Secret::new(exported.access_token),
            refresh_token: exported
                .refresh_token
                .filter(|token| !token.is_empty())
                .map(Secret::new),
            expires_at: exported
                .expires_at_ms
                .and_then(|ms| UNIX_EPOCH.checked_add(Duration::from_millis(ms))),
            scope: exported.scope.map(Into::into),
        })
    }
}

impl fmt::Debug for TokenSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokenSet")
            .field("access_token", &self.access_token)
            .field("refresh_token", &self.refresh_token)
            .field("expires_at", &self.expires_at)
            .field("scope", &self.scope)
            .finish()
    }
}

/// Why a text can't be a token.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum BadToken {
    #[error("holds a character that no token may have")]
    Character,
    #[error("is empty")]
    Empty,
}

/// A token is one or more visible ASCII characters (RFC 6749 appendix A.12): anything else could
/// forge a header.
pub(crate) fn check_token(token: &str) -> Result<(), BadToken> {
    if token.is_empty() {
        Err(BadToken::Empty)
    } else if token.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(())
    } else {
        Err(BadToken::Character)
    }
}

/// The header that authorizes one request, and the generation of its token. `Debug` does not show the value.
///
/// See the example of [`Session`](crate::Session), which gives it.
#[derive(Clone)]
pub struct Authorization(Arc<Header>);

/// Made once for a token; every caller gets a pointer to it.
struct Header {
    name: HeaderName,
    value: HeaderValue,
    generation: Generation,
}

impl Authorization {
    pub(crate) fn new(name: HeaderName, value: HeaderValue, generation: Generation) -> Self {
        Self(Arc::new(Header {
            name,
            value,
            generation,
        }))
    }

    /// The header's name.
    pub fn name(&self) -> &HeaderName {
        &self.0.name
    }

    /// The header's value, marked as sensitive.
    pub fn value(&self) -> &HeaderValue {
        &self.0.value
    }

    /// The value without its scheme, for the scrubber.
    pub(crate) fn credential(&self) -> &str {
        let value = self.0.value.to_str().unwrap_or_default();
        value
            .split_once(' ')
            .map_or(value, |(_, credential)| credential)
    }

    /// Which token this is.
    pub fn generation(&self) -> Generation {
        self.0.generation
    }
}

impl fmt::Debug for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorization")
            .field("name", &self.0.name)
            .field("generation", &self.0.generation)
            .finish_non_exhaustive()
    }
}

/// Makes the value of the header that carries `token`.
pub(crate) fn header_value(placement: Placement, token: &str) -> Result<HeaderValue, Error> {
    let text = match placement {
        Placement::AuthorizationBearer => zeroize::Zeroizing::new(format!("Bearer {token}")),
        Placement::AuthorizationRaw | Placement::Header(_) => {
            zeroize::Zeroizing::new(token.to_owned())
        }
    };
    sensitive(&text)
}

/// A header value that debug output hides.
pub(crate) fn sensitive(text: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| Error::invalid("a credential holds a character that no header may have"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// A token in use.
#[derive(Clone)]
pub(crate) struct LiveToken {
    pub(crate) authorization: Authorization,
    /// From here on a look at the schedule is due, at the latest when a renewal is.
    pub(crate) look_at: Instant,
    /// From here on a renewal is due.
    pub(crate) renew_at: Instant,
    /// From here on it is not handed out.
    pub(crate) expires_at: Instant,
    pub(crate) set: TokenSet,
}

/// When a token is to be renewed and when it ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Schedule {
    pub(crate) renew_at: Instant,
    pub(crate) expires_at: Instant,
}

impl Schedule {
    /// For a token asked for at `sent` and received at `received` that lives for `lifetime` from `sent`.
    ///
    /// The window in which it is renewed early is a tenth of the lifetime, at least twice what the exchange took (so
    /// that the renewal ends before the token does) and at most five minutes or half the lifetime, each less up to a
    /// fifth at random (`jitter` in `0.0..1.0`). Without a lifetime a token is used until a 401.
    pub(crate) fn new(
        sent: Instant,
        received: Instant,
        lifetime: Option<Duration>,
        jitter: f64,
    ) -> Self {
        let Some(lifetime) = lifetime else {
            let far = received + LONGEST;
            return Self {
                renew_at: far,
                expires_at: far,
            };
        };
        let lifetime = lifetime.min(LONGEST);
        let expires_at = sent + lifetime;
        if expires_at <= received {
            let end = received + EXPIRED_ON_ARRIVAL;
            return Self {
                renew_at: end,
                expires_at: end,
            };
        }
        let trip = received.saturating_duration_since(sent);
        let window = (lifetime / 10)
            .min(WIDEST_WINDOW)
            .max(trip * 2)
            .min(lifetime / 2);
        let window = window.mul_f64(1.0 - jitter.clamp(0.0, 1.0) / 5.0);
        Self {
            renew_at: expires_at - window,
            expires_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock as _, ManualClock};

    fn set() -> TokenSet {
        TokenSet {
            access_token: Secret::new("canary-access"),
            refresh_token: Some(Secret::new("canary-refresh")),
            expires_at: Some(UNIX_EPOCH + Duration::from_millis(1_700_000_000_123)),
            scope: None,
        }
    }

    #[test]
    fn export_and_import_keep_every_field() {
        let back = TokenSet::import(set().export().expose()).expect("our own export");
        assert_eq!(back.access_token(), set().access_token());
        assert_eq!(back.refresh_token(), set().refresh_token());
        assert_eq!(back.expires_at(), set().expires_at());
    }

    #[test]
    fn import_refuses_what_is_no_export_without_repeating_it() {
        for text in [
            "",
            "[]",
            "{\"version\":2,\"access_token\":\"canary\"}",
            "{\"version\":1,\"access_token\":\"can\\nary\"}",
            "{\"version\":1,\"access_token\":\"\"}",
            "{\"version\":\"canary\",\"access_token\":\"x\"}",
            "{\"version\":1,\"access_token\":\"x\",\"canary\":1}",
        ] {
            let error = TokenSet::import(text).expect_err(text);
            assert_eq!(error.kind(), crate::ErrorKind::Config);
            assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
        }
    }

    #[test]
    fn debug_of_a_token_set_shows_no_token() {
        assert!(!format!("{:?}", set()).contains("canary"));
    }

    #[test]
    fn window_is_a_tenth_capped_at_five_minutes_and_at_least_two_round_trips() {
        let now = ManualClock::new().now();
        let at = |trip: u64, lifetime: u64, jitter| {
            let lifetime = Duration::from_millis(lifetime);
            let schedule = Schedule::new(
                now,
                now + Duration::from_millis(trip),
                Some(lifetime),
                jitter,
            );
            (schedule.expires_at - schedule.renew_at).as_millis()
        };
        assert_eq!(at(50, 100_000, 0.0), 10_000);
        assert_eq!(at(50, 43_200_000, 0.0), 300_000);
        assert_eq!(at(50, 43_200_000, 1.0), 240_000);
        assert_eq!(at(50, 200, 0.0), 100);
        assert_eq!(at(90, 200, 0.0), 100);
    }

    #[test]
    fn odd_lifetimes_neither_overflow_nor_loop() {
        let now = ManualClock::new().now();
        let late = now + Duration::from_secs(2);
        assert!(Schedule::new(now, late, None, 0.5).renew_at > late + LONGEST / 2);
        assert!(Schedule::new(now, late, Some(Duration::MAX), 0.5).expires_at >= now + LONGEST);
        for lifetime in [Duration::ZERO, Duration::from_secs(1)] {
            let schedule = Schedule::new(now, late, Some(lifetime), 0.5);
            assert_eq!(schedule.expires_at, late + EXPIRED_ON_ARRIVAL);
        }
    }
}
