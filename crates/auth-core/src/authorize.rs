//! Leads a person through the provider's own sign-in page and back.
//!
//! Answers: [`AuthorizationRequest`], and in rooms of its own [`PendingAuthorization`], [`PendingAuthorizations`] and
//! `LoopbackSignIn`. Never: exchanges a code (see `session`).
//!
//! # Source
//! RFC 6749 section 4.1, RFC 7636 (PKCE, `S256` only), RFC 8252 (`loopback`), RFC 9207 (`iss`), RFC 9700 section 2.1.

mod callback;
#[cfg(feature = "loopback")]
mod loopback;
mod pending;
mod random;
mod several;

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use oauth2::basic::BasicClient;
use oauth2::{AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, RedirectUrl};
use url::Url;

use crate::clock::{Clock, Deadline, SystemClock};
use crate::dialect::{AuthorizeRow, Dialect};
use crate::error::Error;
use crate::secret::Secret;
use crate::settings::Settings;
use crate::transport::{BaseUrl, append_query};

#[cfg(feature = "loopback")]
pub use loopback::LoopbackSignIn;
pub use pending::PendingAuthorization;
pub(crate) use random::random_text;
#[cfg(feature = "models")]
pub(crate) use random::random_uuid;
pub use several::PendingAuthorizations;

/// Bytes of randomness in `state` (RFC 6749 section 10.10 asks for 20).
const STATE_BYTES: u32 = 32;
/// How long a person has, unless somebody says otherwise.
const LIFETIME: Duration = Duration::from_secs(600);
/// Nobody takes longer than this; and no sum of times overflows.
const LONGEST_LIFETIME: Duration = Duration::from_secs(24 * 3600);

/// What is asked of the provider's authorization page. Reusable; each [`start`](Self::start) is one sign-in.
///
/// Integrators get it from their client's builder.
///
/// # Examples
/// ```
/// use auth_core::{AuthorizationRequest, AuthorizeRow, BaseUrl, Dialect, Parameter};
///
/// const PAGE: AuthorizeRow = AuthorizeRow::new("/oauth/authorize", &[
///     Parameter::body("client_id"),
///     Parameter::body("response_type"),
///     Parameter::body("redirect_uri"),
///     Parameter::body("code_challenge"),
///     Parameter::body("code_challenge_method"),
///     Parameter::body("state"),
///     Parameter::body("scope").if_set(),
/// ], "RFC 6749 section 4.1.1, RFC 7636 section 4.3");
/// const DIALECT: Dialect = Dialect::new("EXAMPLE", &[]).authorize(PAGE);
///
/// let base = BaseUrl::parse("base_url", "https://login.example.com", &[])?;
/// let request = AuthorizationRequest::new(DIALECT, base, "app-1", "https://app.example.com/callback")?
///     .scope("openid offline_access");
/// let (url, pending) = request.start()?; // send the person to `url`, keep `pending` for the callback
/// assert_eq!(url.host_str(), Some("login.example.com"));
/// assert!(url.query_pairs().any(|(name, value)| name == "code_challenge_method" && value == "S256"));
/// # let state = url.query_pairs().find(|(name, _)| name == "state").map(|(_, value)| value.into_owned()).unwrap();
/// # assert!(pending.check(&format!("https://app.example.com/callback?code=c&state={state}")).is_ok());
/// # Ok::<(), auth_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct AuthorizationRequest {
    dialect: Dialect,
    base: BaseUrl,
    client_id: String,
    redirect_uri: String,
    parameters: Vec<(&'static str, String)>,
    missing_state: bool,
    implicit: bool,
    lifetime: Duration,
    clock: Arc<dyn Clock>,
}

impl AuthorizationRequest {
    /// A request to the authorization page of `dialect` at `base`. For provider crates.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where the client id is empty or the redirect URI is not a URL
    /// without a fragment.
    pub fn new(
        dialect: Dialect,
        base: BaseUrl,
        client_id: impl Into<String>,
        redirect_uri: impl Into<String>,
    ) -> Result<Self, Error> {
        let (client_id, redirect_uri) = (client_id.into(), redirect_uri.into());
        if client_id.is_empty() {
            return Err(Error::config("client_id", "is empty"));
        }
        let url = Url::parse(&redirect_uri)
            .map_err(|error| Error::config("redirect_uri", format!("is not a URL: {error}")))?;
        if url.fragment().is_some() {
            return Err(Error::config("redirect_uri", "has a fragment"));
        }
        Ok(Self {
            dialect,
            base,
            client_id,
            redirect_uri,
            parameters: Vec::new(),
            missing_state: false,
            implicit: false,
            lifetime: LIFETIME,
            clock: Arc::new(SystemClock::default()),
        })
    }

    /// Takes over what the settings say of a sign-in, which is the clock. For provider crates.
    pub fn settings(mut self, settings: &Settings) -> Self {
        self.clock = Arc::clone(&settings.clock);
        self
    }

    /// How long a person has from [`start`](Self::start) to the callback, at most a day. Default: ten minutes.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime.min(LONGEST_LIFETIME);
        self
    }

    /// Sets a parameter beyond RFC 6749 that the dialect's row names.
    pub fn parameter(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.parameters.push((name, value.into()));
        self
    }

    /// Asks for a scope, such as `openid offline_access`. Default: none is sent.
    pub fn scope(self, scope: impl Into<String>) -> Self {
        self.parameter("scope", scope)
    }

    /// Accepts a callback without `state`, from a provider that does not echo it. Only where PKCE binds the code to
    /// this client (RFC 9700 section 2.1); elsewhere [`start`](Self::start) refuses it. A `state` that comes must be
    /// right all the same.
    ///
    /// The price: nothing tells the answer from a callback that somebody else made up. With `LoopbackSignIn`, any page
    /// that leads the browser to the open port ends the wait; PKCE has the provider refuse the code that came so, and
    /// the person has to begin anew. Requests for anything but a page (`Sec-Fetch-Dest`) are refused there.
    pub fn allow_missing_state(mut self) -> Self {
        self.missing_state = true;
        self
    }

    /// Asks for a token instead of a code.
    ///
    /// RFC 9700 section 2.1.2 advises against it: the token travels through the browser.
    #[cfg(feature = "implicit")]
    pub fn implicit(mut self) -> Self {
        self.implicit = true;
        self
    }

    /// Begins one sign-in: the URL to send the person to, and what to keep until the callback comes.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where the dialect has no authorization page, a parameter that
    /// it needs is not set, its lifetime is zero, or a missing `state` is to be accepted without PKCE.
    pub fn start(&self) -> Result<(Url, PendingAuthorization), Error> {
        let row = self.dialect.authorize_row().ok_or_else(|| {
            Error::config(
                "platform",
                format!("{} has no authorization page", self.dialect.name()),
            )
        })?;
        #[cfg(feature = "implicit")]
        if self.implicit && !row.implicit {
            let problem = format!("{} has no implicit grant", self.dialect.name());
            return Err(Error::config("platform", problem));
        }
        if self.lifetime.is_zero() {
            return Err(Error::config("lifetime", "is zero"));
        }
        let has_pkce = row.has_pkce() && !self.implicit;
        if self.missing_state && !has_pkce {
            return Err(Error::config(
                "allow_missing_state",
                "needs PKCE, which this provider does not have",
            ));
        }
        let bad_url = |error| Error::config("redirect_uri", format!("is not a URL: {error}"));
        let redirect = RedirectUrl::new(self.redirect_uri.clone()).map_err(bad_url)?;
        let page = AuthUrl::from_url(self.base.join(row.path, &[] as &[(&str, &str)]));
        let engine = BasicClient::new(ClientId::new(self.client_id.clone())).set_auth_uri(page);
        let mut request = engine
            .authorize_url(|| CsrfToken::new_random_len(STATE_BYTES))
            .set_redirect_uri(Cow::Owned(redirect));
        if self.implicit {
            request = request.use_implicit_flow();
        }
        let mut verifier = None;
        if has_pkce {
            let (challenge, secret) = PkceCodeChallenge::new_random_sha256();
            request = request.set_pkce_challenge(challenge);
            verifier = Some(Secret::new(secret.into_secret()));
        }
        let (standard, state) = request.url();
        let url = self.in_dialect(row, &standard)?;
        let pending = PendingAuthorization {
            dialect: self.dialect.name().to_owned(),
            issuer: self.base.to_string(),
            redirect_uri: self.redirect_uri.clone(),
            state: Secret::new(state.into_secret()),
            verifier,
            missing_state: self.missing_state,
            deadline: Deadline::after(&*self.clock, self.lifetime),
            clock: Arc::clone(&self.clock),
        };
        Ok((url, pending))
    }

    /// The standard URL with exactly the parameters that the dialect's row lists, in its order.
    fn in_dialect(&self, row: &AuthorizeRow, standard: &Url) -> Result<Url, Error> {
        let mut pairs: Vec<(&str, Cow<'_, str>)> = Vec::new();
        for parameter in row.parameters {
            let listed = standard
                .query_pairs()
                .find(|(name, _)| name == parameter.value)
                .map(|(_, value)| value);
            let extra = || {
                let found = self
                    .parameters
                    .iter()
                    .rfind(|(name, _)| *name == parameter.value);
                found.map(|(_, value)| Cow::Borrowed(value.as_str()))
            };
            match listed.or_else(extra).filter(|value| !value.is_empty()) {
                Some(value) => pairs.push((parameter.wire, value)),
                None if parameter.optional
                    || self.implicit && parameter.value.starts_with("code_") => {}
                None => return Err(Error::config(parameter.value, "is needed for this sign-in")),
            }
        }
        let mut url = standard.clone();
        url.set_query(None);
        append_query(&mut url, &pairs);
        Ok(url)
    }
}
