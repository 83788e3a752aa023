//! Makes authorized calls to one Comm100 account.

use auth_core::{ApiClient, Call, Diagnosis, Error, Method, Session, TokenSet};

use crate::UserInfo;

/// A signed-in Comm100 client. Cheap to clone; clones share session, connections and rate limit.
///
/// # Examples
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use vendor_sandbox::{Host, Sandbox, credentials};
/// # let sandbox = Sandbox::start().await?;
/// # let key = credentials::COMM100_API_KEY;
/// use comm100::{Client, Method, Platform};
/// let client = Client::builder(Platform::Dash11)
/// #   .token_base(sandbox.url(Host::Comm100DashPanel)).api_base(sandbox.url(Host::Comm100DashApi))
///     .site_id(10000)
///     .api_key("agent@example.com", key)
///     .build()?;
/// let answer = client.request(Method::GET, "/v4/livechat/campaigns").query("pageSize", 10).send().await?;
/// println!("{}", answer.json::<serde_json::Value>()?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) api: ApiClient,
}

impl Client {
    pub(crate) fn new(api: ApiClient) -> Self {
        Self { api }
    }

    /// Begins an API call. `path` starts at the host's root, version included: `/v4/…` on dash and partner platforms,
    /// `/api/v2/…` on v2. An action's colon (`{id}:unlock`) stays as it is.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use comm100::{Client, OAuthClient, Platform};
    /// # use vendor_sandbox::{Host, Sandbox, credentials};
    /// # let sandbox = Sandbox::start().await?;
    /// # let builder = Client::builder(Platform::v2(sandbox.url(Host::Comm100Hosted)))
    /// #     .site_id(credentials::COMM100_SITE_ID)
    /// #     .oauth_client(
    /// #         OAuthClient::new(credentials::COMM100_CLIENT_ID)
    /// #             .secret(credentials::COMM100_CLIENT_SECRET)
    /// #             .redirect_uri(credentials::COMM100_REDIRECT_URI),
    /// #     )
    /// #     .client_credentials();
    /// # let client = builder.build()?;
    /// use comm100::{ErrorKind, Method};
    /// let answer = client.request(Method::GET, "/api/v2/livechat/campaigns").send().await?;
    /// assert_eq!(answer.status(), 200);
    ///
    /// let error = client.request(Method::GET, "/api/v2/livechat/nothing").send().await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::NotFound);
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(&self, method: Method, path: &str) -> Call<'_> {
        self.api.request(method, path)
    }

    /// Asks who is signed in. Documented for the v4 partner platform only (seed 002); dash platforms have been seen to
    /// answer it too.
    ///
    /// # Errors
    /// As for any call.
    ///
    /// # Examples
    /// With the feature `partner`, against the sandbox:
    /// ```
    /// # #[cfg(feature = "partner")]
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use vendor_sandbox::{Host, Sandbox, credentials};
    /// # let sandbox = Sandbox::start().await?;
    /// use comm100::{Client, OAuthClient, Platform};
    /// let client = Client::builder(Platform::PartnerV4)
    /// #   .token_base(sandbox.url(Host::Comm100PartnerPanel)).api_base(sandbox.url(Host::Comm100PartnerApi))
    ///     .partner_id(credentials::COMM100_PARTNER_ID)
    ///     .oauth_client(OAuthClient::new(credentials::COMM100_PARTNER_CLIENT_ID))
    ///     .password(credentials::COMM100_PARTNER_EMAIL, credentials::COMM100_PARTNER_PASSWORD)
    ///     .build()?;
    /// println!("{:?}", client.userinfo().await?.role);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(feature = "partner"))]
    /// # fn main() {}
    /// ```
    pub async fn userinfo(&self) -> Result<UserInfo, Error> {
        self.api
            .request_at_token_host(Method::GET, "/oauth/userinfo")
            .send()
            .await?
            .json()
    }

    /// Signs in now instead of at the first call, so that wrong credentials show at once. An API key needs no
    /// sign-in: nothing is sent, and the first call shows whether it is right.
    ///
    /// # Errors
    /// As for [`Session::authorization`].
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use comm100::{Client, OAuthClient, Platform};
    /// # use vendor_sandbox::{Host, Sandbox, credentials};
    /// # let sandbox = Sandbox::start().await?;
    /// # let builder = Client::builder(Platform::v2(sandbox.url(Host::Comm100Hosted)))
    /// #     .site_id(credentials::COMM100_SITE_ID)
    /// #     .oauth_client(
    /// #         OAuthClient::new(credentials::COMM100_CLIENT_ID)
    /// #             .secret(credentials::COMM100_CLIENT_SECRET)
    /// #             .redirect_uri(credentials::COMM100_REDIRECT_URI),
    /// #     )
    /// #     .client_credentials();
    /// use comm100::ErrorKind;
    /// let client = builder.oauth_client(
    ///     OAuthClient::new("client-id").secret("wrong").redirect_uri("https://app.example.com/callback"),
    /// ).build()?;
    /// let error = client.sign_in().await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Unauthorized);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sign_in(&self) -> Result<(), Error> {
        self.api.sign_in().await
    }

    /// The latest tokens, to be exported and given to [`ClientBuilder::tokens`](crate::ClientBuilder::tokens) later; `None`
    /// before the first sign-in and with an API key.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use comm100::{Client, OAuthClient, Platform};
    /// # use vendor_sandbox::{Host, Sandbox, credentials};
    /// # let sandbox = Sandbox::start().await?;
    /// # let builder = Client::builder(Platform::v2(sandbox.url(Host::Comm100Hosted)))
    /// #     .site_id(credentials::COMM100_SITE_ID)
    /// #     .oauth_client(
    /// #         OAuthClient::new(credentials::COMM100_CLIENT_ID)
    /// #             .secret(credentials::COMM100_CLIENT_SECRET)
    /// #             .redirect_uri(credentials::COMM100_REDIRECT_URI),
    /// #     )
    /// #     .client_credentials();
    /// # let client = builder.clone().build()?;
    /// # client.sign_in().await?;
    /// use comm100::TokenSet;
    /// let exported = client.token_set().expect("signed in").export(); // tokens in clear: keep it like a password
    ///
    /// let again = builder.tokens(TokenSet::import(exported.expose())?).build()?;
    /// again.sign_in().await?; // costs no request while the token is valid
    /// # assert_eq!(sandbox.token_requests(Host::Comm100Hosted), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn token_set(&self) -> Option<TokenSet> {
        self.api.session().token_set()
    }

    /// Looks this client over, for a support ticket: which dialect, age and health of the token, whether the store can be
    /// reached and used, how far the machine's clock is off, what failed last, and what to do next.
    ///
    /// Never fails: a store or host that is away is a finding. [`Diagnosis`] says what is sent and asked: one request without
    /// credentials, and a look at the store; no token is spent or changed, and none is shown.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use vendor_sandbox::{Host, Sandbox, credentials};
    /// # let sandbox = Sandbox::start().await?;
    /// # let client = comm100::Client::builder(comm100::Platform::v2(sandbox.url(Host::Comm100Hosted)))
    /// #     .site_id(credentials::COMM100_SITE_ID)
    /// #     .oauth_client(
    /// #         comm100::OAuthClient::new(credentials::COMM100_CLIENT_ID)
    /// #             .secret(credentials::COMM100_CLIENT_SECRET)
    /// #             .redirect_uri(credentials::COMM100_REDIRECT_URI),
    /// #     )
    /// #     .client_credentials()
    /// #     .build()?;
    /// use comm100::{Check, FindingState};
    /// client.sign_in().await?;
    /// let diagnosis = client.diagnose().await;
    /// println!("{diagnosis}");
    /// assert_eq!(diagnosis.dialect(), "HOSTED_V2");
    /// assert_eq!(diagnosis.finding(Check::Host).state(), FindingState::Fine);
    /// # assert_eq!(diagnosis.worst().state(), FindingState::Fine, "{diagnosis}");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn diagnose(&self) -> Diagnosis {
        self.api.diagnose().await
    }

    /// The sign-in behind the calls, for a request that you send with an HTTP client of your own.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use comm100::{Client, OAuthClient, Platform};
    /// # use vendor_sandbox::{Host, Sandbox, credentials};
    /// # let sandbox = Sandbox::start().await?;
    /// # let builder = Client::builder(Platform::v2(sandbox.url(Host::Comm100Hosted)))
    /// #     .site_id(credentials::COMM100_SITE_ID)
    /// #     .oauth_client(
    /// #         OAuthClient::new(credentials::COMM100_CLIENT_ID)
    /// #             .secret(credentials::COMM100_CLIENT_SECRET)
    /// #             .redirect_uri(credentials::COMM100_REDIRECT_URI),
    /// #     )
    /// #     .client_credentials();
    /// # let client = builder.build()?;
    /// let header = client.session().authorization().await?;
    /// assert_eq!(header.name(), "authorization");
    /// assert!(header.value().is_sensitive());
    /// # Ok(())
    /// # }
    /// ```
    pub fn session(&self) -> &Session {
        self.api.session()
    }
}
