//! Puts a client together and refuses what could not work.

use auth_core::{
    ApiClient, AuthorizationCode, AuthorizationRequest, BaseUrl, BodyFormat, Error, Grant,
    GrantType, ParameterValue, Principal, Profile, Secret, SecretSource, Settings, TokenSet,
    UrlText,
};

use crate::client::Client;
use crate::{OAuthClient, Platform};

const USER_AGENT: &str = concat!("comm100-rust/", env!("CARGO_PKG_VERSION"));

/// How the code exchange writes its body on v4.
///
/// # Examples
/// ```
/// use comm100::{Client, Platform, TokenBody};
/// let builder = Client::builder(Platform::Dash11).token_body(TokenBody::Json);
/// assert_eq!(TokenBody::default(), TokenBody::Form);
/// ```
///
/// # Source
/// Seed 000, Authorization Code Grant: the sample has a JSON body under a form's content type.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum TokenBody {
    /// As a form, like every other token request of seed 000.
    #[default]
    Form,
    /// As JSON, the literal reading of seed 000's sample.
    Json,
}

/// Settings of a [`Client`]; see [`Client::builder`].
///
/// Of several sign-ins the last one counts, and settings that it does not need are not used.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use comm100::{Client, Platform, Settings};
/// let client = Client::builder(Platform::Dash11)
///     .site_id(10000)
///     .api_key("agent@example.com", "key")
///     .settings(Settings::new().call_timeout(Duration::from_secs(20)))
///     .build()?;
/// # Ok::<(), comm100::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct ClientBuilder {
    platform: Platform,
    token_base: Option<UrlText>,
    api_base: Option<UrlText>,
    site_id: Option<u64>,
    partner_id: Option<u64>,
    pub(crate) oauth_client: Option<OAuthClient>,
    sign_in: Option<Grant>,
    tokens: Option<TokenSet>,
    token_body: TokenBody,
    token_site_id: bool,
    scope: Option<String>,
    missing_state: bool,
    pub(crate) settings: Settings,
}

impl Client {
    /// Begins a client for an account on `platform`.
    pub fn builder(platform: Platform) -> ClientBuilder {
        ClientBuilder::new(platform)
    }
}

impl ClientBuilder {
    fn new(platform: Platform) -> Self {
        Self {
            platform,
            token_base: None,
            api_base: None,
            site_id: None,
            partner_id: None,
            oauth_client: None,
            sign_in: None,
            tokens: None,
            token_body: TokenBody::default(),
            token_site_id: false,
            scope: None,
            missing_state: false,
            settings: Settings::new(),
        }
    }

    /// The site. Both authorization pages need it, v4 with an API key too, and v2 for client credentials.
    pub fn site_id(mut self, id: u64) -> Self {
        self.site_id = Some(id);
        self
    }

    /// The partner; the v4 partner platform needs it. Needs the feature `partner`.
    #[cfg(feature = "partner")]
    pub fn partner_id(mut self, id: u64) -> Self {
        self.partner_id = Some(id);
        self
    }

    /// The OAuth client that signs in; [`OAuthClient`] has an example.
    pub fn oauth_client(mut self, client: OAuthClient) -> Self {
        self.oauth_client = Some(client);
        self
    }

    /// Signs in with an agent's e-mail address and API key, by HTTP Basic (seeds 000 and 001). The vendor recommends
    /// OAuth for better security. On v4 each call carries [`site_id`](Self::site_id) as `siteId`.
    ///
    /// # Examples
    /// ```
    /// use comm100::{Client, Platform};
    /// let client = Client::builder(Platform::hosted()).api_key("agent@example.com", "key").build()?;
    /// let error = Client::builder(Platform::Dash11).api_key("agent@example.com", "key").build().unwrap_err();
    /// assert!(error.to_string().starts_with("setting `site_id`:"));
    /// # Ok::<(), comm100::Error>(())
    /// ```
    pub fn api_key(mut self, email: impl Into<String>, key: impl Into<SecretSource>) -> Self {
        self.sign_in = Some(Grant::Basic {
            username: email.into(),
            key: key.into(),
        });
        self
    }

    /// Signs in with the code of a checked callback; see
    /// [`authorization_request`](Self::authorization_request). Recommended by the vendor (seed 000).
    pub fn authorization_code(mut self, code: AuthorizationCode) -> Self {
        self.sign_in = Some(Grant::AuthorizationCode(code));
        self
    }

    /// Signs in for the application itself; v2 only (seed 001). Needs the OAuth client's secret and redirect URI, and
    /// [`site_id`](Self::site_id).
    ///
    /// # Examples
    /// ```
    /// use comm100::{Client, OAuthClient, Platform};
    /// let application = OAuthClient::new("client-id")
    ///     .secret("client-secret")
    ///     .redirect_uri("https://app.example.com/callback");
    /// let client = Client::builder(Platform::hosted())
    ///     .site_id(10000)
    ///     .oauth_client(application)
    ///     .client_credentials()
    ///     .build()?;
    /// # Ok::<(), comm100::Error>(())
    /// ```
    pub fn client_credentials(mut self) -> Self {
        self.sign_in = Some(Grant::ClientCredentials);
        self
    }

    /// Signs in with an agent's or partner's own password. Needs the feature `password-grant`.
    ///
    /// Deprecated by the vendor ("Not Recommended, Deprecated", seed 000), and RFC 9700 section 2.4 says that it must
    /// not be used. It is here because partner platforms have nothing else.
    ///
    /// # Examples
    /// ```
    /// use comm100::{Client, OAuthClient, Platform};
    /// let client = Client::builder(Platform::Dash11)
    ///     .oauth_client(OAuthClient::new("client-id"))
    ///     .password("agent@example.com", "password")
    ///     .build()?;
    /// # Ok::<(), comm100::Error>(())
    /// ```
    #[cfg(feature = "password-grant")]
    pub fn password(mut self, email: impl Into<String>, password: impl Into<SecretSource>) -> Self {
        self.sign_in = Some(Grant::Password {
            username: email.into(),
            password: password.into(),
        });
        self
    }

    /// Goes on with tokens of an earlier sign-in, which [`Client::token_set`] gave; it has an example. Alone, they are taken for those of
    /// an authorization code; beside another sign-in, they save its first token request. An API key has no use for
    /// them, and is refused beside them.
    pub fn tokens(mut self, tokens: TokenSet) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Goes on with the tokens that the store has of a person's sign-in: for the processes that share
    /// [`Settings::store`] with the one that got the code. Where the store has none, or they are no longer good, calls
    /// fail with [`ErrorKind::Reauthorize`](crate::ErrorKind::Reauthorize) until a person has signed in again, in any
    /// of the processes. Name the person by [`Settings::account`], alike in all of them.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use comm100::{Client, MemoryStore, OAuthClient, Platform, Settings};
    /// # use vendor_sandbox::{Host, Sandbox, credentials};
    /// # let sandbox = Sandbox::start().await?;
    /// # let store = MemoryStore::new();
    /// # let builder = Client::builder(Platform::Dash11)
    /// #     .token_base(sandbox.url(Host::Comm100DashPanel))
    /// #     .api_base(sandbox.url(Host::Comm100DashApi))
    /// #     .site_id(credentials::COMM100_SITE_ID)
    /// #     .oauth_client(
    /// #         OAuthClient::new(credentials::COMM100_CLIENT_ID)
    /// #             .redirect_uri(credentials::COMM100_REDIRECT_URI),
    /// #     );
    /// let builder = builder.settings(Settings::new().store(store).account("jo@example.com"));
    /// # let (url, pending) = builder.authorization_request()?.start()?;
    /// # let code = pending.check(&sandbox.approve(url.as_str()).await?)?;
    /// // Where the callback arrives:
    /// builder.clone().authorization_code(code).build()?.sign_in().await?;
    /// // Wherever calls are made:
    /// let client = builder.stored_tokens().build()?;
    /// client.sign_in().await?; // costs no request while the token is valid
    /// # assert_eq!(sandbox.token_requests(Host::Comm100DashPanel), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn stored_tokens(mut self) -> Self {
        self.sign_in = Some(Grant::Resumed(GrantType::AuthorizationCode));
        self
    }

    /// Goes on with the tokens of an implicit sign-in (v2, seed 001). Needs the feature `implicit`.
    ///
    /// RFC 9700 section 2.1.2 advises against it; the vendor's own newer page (seed 000) does not have it any more.
    #[cfg(feature = "implicit")]
    pub fn implicit_tokens(mut self, tokens: TokenSet) -> Self {
        self.sign_in = Some(Grant::Resumed(GrantType::Implicit));
        self.tokens = Some(tokens);
        self
    }

    /// The host that tokens come from, where it is not the platform's own (white-label); [`Platform`] has an example. The
    /// origin alone: `https`, or `http` on loopback.
    pub fn token_base(mut self, url: impl Into<String>) -> Self {
        self.token_base = Some(UrlText::new(url));
        self
    }

    /// The host that API calls go to, where it is not the platform's own (white-label); otherwise as
    /// [`token_base`](Self::token_base).
    pub fn api_base(mut self, url: impl Into<String>) -> Self {
        self.api_base = Some(UrlText::new(url));
        self
    }

    /// How the code exchange writes its body on v4. Default: [`TokenBody::Form`].
    pub fn token_body(mut self, body: TokenBody) -> Self {
        self.token_body = body;
        self
    }

    /// On v4, adds `siteId` to the query of token requests too: not documented, but seen in the vendor's own demo.
    pub fn token_site_id(mut self) -> Self {
        self.token_site_id = true;
        self
    }

    /// The scope that the authorization page is asked for, such as `openid offline_access`: not documented, but seen in
    /// the vendor's own demo. Default: none is sent.
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scope = Some(scope.into());
        self
    }

    /// Accepts a callback without `state`, on v4 only: whether Comm100 echoes it is not documented. PKCE still binds
    /// the code to this client (RFC 9700 section 2.1).
    pub fn allow_missing_state(mut self) -> Self {
        self.missing_state = true;
        self
    }

    /// Time-outs, proxy, store, clock and the like; [`Settings`] says what each is without being set.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// The request to Comm100's authorization page, to begin a person's sign-in with.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config), naming the setting.
    ///
    /// # Examples
    /// ```
    /// use comm100::{Client, OAuthClient, Platform};
    /// let builder = Client::builder(Platform::Dash11)
    ///     .site_id(10000)
    ///     .oauth_client(OAuthClient::new("client-id").redirect_uri("https://app.example.com/callback"));
    /// let (url, pending) = builder.authorization_request()?.start()?;
    /// assert!(url.as_str().starts_with("https://dash11.comm100.io/oauth/authorize?client_id=client-id&"));
    /// // Send the person to `url`, keep `pending.export()`; then, with the callback that came:
    /// # let callback = format!("https://app.example.com/callback?code=c&state={}",
    /// #     url.query_pairs().find(|(name, _)| name == "state").map(|(_, state)| state.into_owned()).unwrap());
    /// let client = builder.authorization_code(pending.check(&callback)?).build()?;
    /// # Ok::<(), comm100::Error>(())
    /// ```
    pub fn authorization_request(&self) -> Result<AuthorizationRequest, Error> {
        let request = self.page_request()?;
        let secret = self
            .oauth_client
            .as_ref()
            .and_then(|client| client.secret.as_ref());
        let is_empty = |secret: &SecretSource| secret.known().is_some_and(Secret::is_empty);
        if matches!(self.platform, Platform::V2(_)) && secret.is_none_or(is_empty) {
            // The code could not be exchanged: better to say so before a person has approved.
            return Err(Error::config("client_secret", "is needed for a code on v2"));
        }
        Ok(request)
    }

    fn page_request(&self) -> Result<AuthorizationRequest, Error> {
        let client = self.oauth_client.as_ref();
        let client = client.ok_or_else(|| Error::config("oauth_client", "is missing"))?;
        let uri = client.redirect_uri.as_deref();
        let uri = uri.ok_or_else(|| Error::config("redirect_uri", "is missing"))?;
        let (base, _) = self.bases()?;
        let mut request =
            AuthorizationRequest::new(self.platform.dialect(), base, client.id.as_str(), uri)?
                .settings(&self.settings);
        if let Some(id) = self.site_id {
            request = request.parameter("site_id", id.to_string());
        }
        if let Some(scope) = &self.scope {
            request = request.scope(scope.as_str());
        }
        if self.missing_state {
            request = request.allow_missing_state();
        }
        Ok(request)
    }

    /// The request to the authorization page of v2 for a token instead of a code (seed 001, Implicit Grant Flow).
    /// Needs the feature `implicit`.
    ///
    /// Check what comes back with [`PendingAuthorization::check_implicit`](crate::PendingAuthorization::check_implicit)
    /// or, where the vendor answers with JSON as its sample does,
    /// [`read_implicit`](crate::PendingAuthorization::read_implicit); then go on with
    /// [`implicit_tokens`](Self::implicit_tokens). RFC 9700 section 2.1.2 advises against this grant.
    ///
    /// # Examples
    /// ```
    /// use comm100::{Client, OAuthClient, Platform};
    /// let builder = Client::builder(Platform::hosted())
    ///     .site_id(10000)
    ///     .oauth_client(OAuthClient::new("client-id").redirect_uri("https://app.example.com/callback"));
    /// let (url, pending) = builder.implicit_authorization_request()?.start()?;
    /// # let (_, state) = url.query_pairs().find(|(name, _)| name == "state").unwrap();
    /// # let callback = format!(
    /// #     "https://app.example.com/callback#access_token=t-1&token_type=bearer&expires_in=43199&state={state}");
    /// let client = builder.implicit_tokens(pending.check_implicit(&callback)?).build()?;
    /// # Ok::<(), comm100::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config), naming the setting. v4 has no such grant: there,
    /// [`start`](AuthorizationRequest::start) names `platform`.
    #[cfg(feature = "implicit")]
    pub fn implicit_authorization_request(&self) -> Result<AuthorizationRequest, Error> {
        Ok(self.page_request()?.implicit())
    }

    /// Checks the settings and makes the client. No I/O: the first call signs in, or [`Client::sign_in`].
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config), naming the setting.
    ///
    /// # Examples
    /// ```
    /// use comm100::{Client, ErrorKind, Platform};
    /// let error = Client::builder(Platform::Dash11).build().unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Config);
    /// assert!(error.to_string().starts_with("setting `credentials`:"));
    /// ```
    pub fn build(self) -> Result<Client, Error> {
        let (token_base, api_base) = self.bases()?;
        let grant = match (&self.sign_in, &self.tokens) {
            (Some(grant), _) => grant.clone(),
            (None, Some(_)) => Grant::Resumed(GrantType::AuthorizationCode),
            (None, None) => {
                return Err(Error::config(
                    "credentials",
                    "no sign-in is chosen; see `api_key`, `authorization_code`, `stored_tokens` and their neighbors",
                ));
            }
        };
        let is_resumed = matches!(grant, Grant::Resumed(_));
        if is_resumed && self.tokens.is_none() && !self.settings.has_store() {
            let problem = "is needed for `stored_tokens`; see `Settings::store`";
            return Err(Error::config("store", problem));
        }
        self.check(&grant)?;
        let dialect = self.platform.dialect();
        let mut principal = Principal::new(grant);
        let ids = [("site_id", self.site_id), ("partner_id", self.partner_id)];
        for (name, id) in ids.into_iter().filter_map(|(name, id)| Some((name, id?))) {
            principal
                .parameters
                .push((name, ParameterValue::Text(id.to_string())));
        }
        if let Some(scope) = &self.scope {
            // No token request carries it; a store keeps tokens of different scopes apart by it.
            principal
                .parameters
                .push(("scope", ParameterValue::Text(scope.clone())));
        }
        if let (true, Some(id)) = (self.token_site_id, self.site_id) {
            principal
                .parameters
                .push(("token_site_id", ParameterValue::Text(id.to_string())));
        }
        if let Some(client) = self.oauth_client {
            if let (true, Some(secret)) = (client.secret_with_code, &client.secret) {
                let secret = ParameterValue::Secret(secret.clone());
                principal
                    .parameters
                    .push(("exchange_client_secret", secret));
            }
            principal.client_id = Some(client.id);
            principal.client_secret = client.secret;
            principal.redirect_uri = client.redirect_uri;
        }
        let mut profile = Profile::new(dialect, token_base, api_base, principal, USER_AGENT);
        profile.tokens = self.tokens;
        profile.token_body = (self.token_body == TokenBody::Json).then_some(BodyFormat::Json);
        profile.rate_limiter = self.platform.rate_limiter();
        Ok(Client::new(ApiClient::new(profile, &self.settings)?))
    }

    fn bases(&self) -> Result<(BaseUrl, BaseUrl), Error> {
        let plain_http = self.settings.plain_http_hosts();
        let base = |name: &str, setting: &Option<UrlText>, own: &str| match setting {
            Some(url) => BaseUrl::parse(name, url.as_str(), plain_http),
            None => BaseUrl::parse("platform", own, plain_http),
        };
        Ok((
            base("token_base", &self.token_base, self.platform.token_base())?,
            base("api_base", &self.api_base, self.platform.api_base())?,
        ))
    }

    /// Refuses what only Comm100 refuses; the rest is the dialect's matter.
    fn check(&self, grant: &Grant) -> Result<(), Error> {
        for (name, is_set) in [
            ("token_body", self.token_body == TokenBody::Json),
            ("token_site_id", self.token_site_id),
        ] {
            if is_set && !self.platform.is_dash() {
                return Err(Error::config(name, "is for the v4 dash platforms only"));
            }
        }
        if self.token_site_id && self.site_id.is_none() {
            return Err(Error::config("site_id", "is needed for `token_site_id`"));
        }
        #[cfg(feature = "password-grant")]
        if let Grant::Password { username, .. } = grant
            && username.is_empty()
        {
            return Err(Error::config("email", "is empty"));
        }
        let Grant::Basic { username, key } = grant else {
            return Ok(());
        };
        if username.is_empty() {
            return Err(Error::config("email", "is empty"));
        }
        if username.contains(':') {
            return Err(Error::config(
                "email",
                "holds a colon, which ends the user name in HTTP Basic",
            ));
        }
        if key.known().is_some_and(Secret::is_empty) {
            return Err(Error::config("api_key", "is empty"));
        }
        Ok(())
    }
}
