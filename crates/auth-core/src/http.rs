//! Carries authorized requests: the only door for API calls.
//!
//! Answers: [`ApiClient`], [`Call`], [`Response`], [`Upload`], [`Download`]. Never: renews a token itself (see `session`), follows a redirect,
//! keeps a cookie.

mod call;
#[cfg(feature = "conformance")]
mod canned;
mod content;
mod diagnose;
mod download;
mod file_name;
mod profile;
mod repeat;
mod response;
mod send;
mod upload;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::Method;

use crate::clock::Clock;
use crate::dialect::{Dialect, Placement};
use crate::endpoint::TokenEndpoint;
use crate::error::Error;
use crate::rate_limit::RateLimiter;
use crate::retry_budget::RetryBudget;
use crate::session::Session;
use crate::settings::Settings;
use crate::transport::{BaseUrl, Transport};

pub use call::Call;
pub use download::Download;
pub use profile::Profile;
pub(crate) use repeat::Repeat;
pub use response::Response;
pub use upload::Upload;

/// One signed-in principal at one provider. Cheap to clone; clones share session, connections, rate limit and retry budget.
///
/// Provider crates wrap it; integrators meet the wrapper.
///
/// # Examples
/// A whole provider, whose token endpoint takes JSON and wants `tenantId` beside the grant:
/// ```
/// use auth_core::{
///     Answers, ApiClient, BaseUrl, BodyFormat, Call, Dialect, Error, Grant, GrantType, Method, Parameter,
///     ParameterValue, Principal, Profile, Refresh, SecretSource, Settings, TokenRow,
/// };
///
/// const DIALECT: Dialect = Dialect::new("EXAMPLE", &[TokenRow::new(
///     GrantType::ClientCredentials,
///     "/oauth/token",
///     &[
///         Parameter::body("grant_type"),
///         Parameter::body("client_id"),
///         Parameter::body("client_secret"),
///         Parameter::body("tenantId").from("tenant"),
///     ],
/// )
/// .format(BodyFormat::Json)
/// .source("the vendor's page \"Tokens\"")])
/// .refresh(Refresh::None)
/// .answers(Answers::new().soft_failure("success"));
///
/// pub struct Client(ApiClient);
///
/// impl Client {
///     pub fn new(host: &str, tenant: &str, id: &str, secret: SecretSource, settings: &Settings) -> Result<Self, Error> {
///         let base = BaseUrl::parse("host", host, settings.plain_http_hosts())?;
///         let mut principal = Principal::new(Grant::ClientCredentials);
///         principal.client_id = Some(id.to_owned());
///         principal.client_secret = Some(secret);
///         principal.parameters = vec![("tenant", ParameterValue::Text(tenant.to_owned()))];
///         let profile = Profile::new(DIALECT, base.clone(), base, principal, "example-rust/1.0");
///         ApiClient::new(profile, settings).map(Self)
///     }
///
///     pub fn request(&self, method: Method, path: &str) -> Call<'_> {
///         self.0.request(method, path)
///     }
/// }
///
/// # use serde_json::json;
/// # use wiremock::{Mock, MockServer, ResponseTemplate, matchers::{body_json, header, path}};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let server = MockServer::start().await;
/// # let asked = json!({
/// #     "grant_type": "client_credentials", "client_id": "app-1", "client_secret": "s-1", "tenantId": "north",
/// # });
/// # let token = json!({ "access_token": "t-1", "token_type": "bearer", "expires_in": 3600 });
/// # let token = ResponseTemplate::new(200).set_body_json(token);
/// # Mock::given(path("/oauth/token")).and(body_json(asked)).respond_with(token).expect(1).mount(&server).await;
/// # Mock::given(path("/v1/orders")).and(header("authorization", "Bearer t-1"))
/// #     .respond_with(ResponseTemplate::new(200).set_body_json(json!({ "success": true }))).mount(&server).await;
/// # let host = server.uri();
/// let client = Client::new(&host, "north", "app-1", "s-1".into(), &Settings::new())?;
/// let answer = client.request(Method::GET, "/v1/orders").query("limit", 10).send().await?;
/// assert_eq!(answer.status(), 200);
/// # server.verify().await;
/// # Ok(())
/// # }
/// ```
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
    retry_budget: Option<RetryBudget>,
    user_agent: &'static str,
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
        let mut dialect = profile.dialect;
        if let Some(placement) = profile.placement {
            if !dialect.offers_placement(placement) {
                let problem = format!("{} has no such place for the token", dialect.name());
                return Err(Error::config("placement", problem));
            }
            dialect = dialect.placement(placement);
        }
        let fixed_query = profile.key_query()?;
        if profile.tokens.is_some() && profile.principal.grant.grant_type().is_none() {
            return Err(Error::config(
                "tokens",
                "a key is never exchanged for tokens",
            ));
        }
        let transport = settings.make_transport()?;
        let client_id = profile.principal.client_id.as_ref();
        let budget = settings.token_budget(&profile.token_base, client_id);
        let endpoint = TokenEndpoint {
            dialect,
            budget,
            base: profile.token_base.clone(),
            principal: profile.principal,
            body: profile.token_body,
            user_agent: profile.user_agent,
            transport: transport.clone(),
            timeout: settings.token_timeout,
            retries: settings.token_retries,
        };
        let session = Session::new(endpoint, profile.tokens, settings)?;
        Ok(Self(Arc::new(Shared {
            clock: Arc::clone(session.clock()),
            session,
            transport,
            api_base: profile.api_base,
            token_base: profile.token_base,
            dialect,
            fixed_query,
            rate_limiter: settings
                .rate_limiter
                .clone()
                .unwrap_or(profile.rate_limiter),
            retry_budget: settings
                .retry_budget
                .clone()
                .unwrap_or_else(|| Some(RetryBudget::default())),
            user_agent: profile.user_agent,
            timeout: settings.call_timeout,
            deadline: settings.call_deadline,
            retries: settings.call_retries,
        })))
    }

    /// Begins a call. `path` starts at the host's root, version included, and may hold a query; what of it comes from
    /// outside must be percent-encoded. An absolute URL is taken if it is on the API's own host.
    pub fn request(&self, method: Method, path: &str) -> Call<'_> {
        Call::new(&self.0, method, path, &self.0.api_base)
    }

    /// Begins a call to the host that tokens come from.
    pub fn request_at_token_host(&self, method: Method, path: &str) -> Call<'_> {
        Call::new(&self.0, method, path, &self.0.token_base)
    }

    /// Signs in now instead of at the first call, so that wrong credentials show at once. A key or static token needs no
    /// sign-in: nothing is sent, and the first call shows whether it is right.
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
