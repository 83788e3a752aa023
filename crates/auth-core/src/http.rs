//! Carries authorized requests: the only door for API calls.
//!
//! Answers: [`ApiClient`], [`Call`], [`Response`]. Never: renews a token itself (see `session`), follows a redirect,
//! keeps a cookie.

mod call;
mod response;
mod send;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Method;

use crate::clock::Clock;
use crate::dialect::{Dialect, Placement};
use crate::error::Error;
use crate::grant::Principal;
use crate::rate_limit::RateLimiter;
use crate::session::Session;
use crate::settings::Settings;
use crate::token::TokenSet;
use crate::transport::{BaseUrl, Transport};

pub use call::Call;
pub use response::Response;

/// What a provider crate knows about one client: where it talks to, how, and as whom.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Profile {
    /// The wire form.
    pub dialect: Dialect,
    /// Where tokens come from.
    pub token_base: BaseUrl,
    /// Where API calls go.
    pub api_base: BaseUrl,
    /// Who signs in.
    pub principal: Principal,
    /// Tokens of an earlier sign-in.
    pub tokens: Option<TokenSet>,
    /// Query parameters that every API call carries, unless it brings its own of that name.
    pub fixed_query: Vec<(&'static str, String)>,
    /// The `User-Agent` where the integrator sets none.
    pub user_agent: &'static str,
    /// The rate limit where the integrator sets none.
    pub rate_limiter: Option<RateLimiter>,
}

impl Profile {
    /// A profile without tokens, fixed query or rate limit.
    pub fn new(
        dialect: Dialect,
        token_base: BaseUrl,
        api_base: BaseUrl,
        principal: Principal,
        user_agent: &'static str,
    ) -> Self {
        Self {
            dialect,
            token_base,
            api_base,
            principal,
            tokens: None,
            fixed_query: Vec::new(),
            user_agent,
            rate_limiter: None,
        }
    }
}

/// One signed-in principal at one provider. Cheap to clone; clones share session, connections and rate limit.
#[derive(Clone)]
pub struct ApiClient(Arc<Shared>);

pub(crate) struct Shared {
    session: Session,
    transport: Transport,
    clock: Arc<dyn Clock>,
    api_base: BaseUrl,
    token_base: BaseUrl,
    dialect: Dialect,
    fixed_query: Vec<(&'static str, String)>,
    rate_limiter: Option<RateLimiter>,
    timeout: Duration,
    deadline: Duration,
    retries: u32,
}

impl ApiClient {
    /// Puts profile and settings together; no I/O.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config), naming the setting.
    pub fn new(profile: Profile, settings: &Settings) -> Result<Self, Error> {
        settings.check()?;
        let transport = settings.make_transport(profile.user_agent)?;
        let session = Session::new(
            profile.dialect,
            profile.token_base.clone(),
            profile.principal,
            profile.tokens,
            settings,
            transport.clone(),
        )?;
        Ok(Self(Arc::new(Shared {
            clock: Arc::clone(session.clock()),
            session,
            transport,
            api_base: profile.api_base,
            token_base: profile.token_base,
            dialect: profile.dialect,
            fixed_query: profile.fixed_query,
            rate_limiter: settings
                .rate_limiter
                .clone()
                .unwrap_or(profile.rate_limiter),
            timeout: settings.call_timeout,
            deadline: settings.call_deadline,
            retries: settings.call_retries,
        })))
    }

    /// Begins a call. `path` starts at the host's root, version included, and may hold a query; what of it comes from
    /// outside must be percent-encoded. An absolute URL is taken if it is on the API's own host.
    pub fn request(&self, method: Method, path: &str) -> Call<'_> {
        Call::new(&self.0, method, path, &self.0.api_base, &self.0.fixed_query)
    }

    /// Begins a call to the host that tokens come from.
    pub fn request_at_token_host(&self, method: Method, path: &str) -> Call<'_> {
        Call::new(&self.0, method, path, &self.0.token_base, &[])
    }

    /// Signs in now instead of at the first call, so that wrong credentials show at once.
    ///
    /// # Errors
    /// As for [`Session::authorization`].
    pub async fn sign_in(&self) -> Result<(), Error> {
        self.0.session.authorization().await.map(|_| ())
    }

    /// The sign-in behind the calls.
    pub fn session(&self) -> &Session {
        &self.0.session
    }
}

impl Shared {
    /// The header that carries the credential.
    fn placement(&self) -> Placement {
        self.dialect.token_placement()
    }
}

impl fmt::Debug for ApiClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiClient")
            .field("api_base", &self.0.api_base.to_string())
            .field("session", &self.0.session)
            .finish_non_exhaustive()
    }
}
