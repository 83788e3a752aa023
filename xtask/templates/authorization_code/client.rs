//! Makes authorized calls to {{Title}}.

use auth_core::{
    ApiClient, AuthorizationCode, AuthorizationRequest, BaseUrl, Call, Diagnosis, Error, Grant, GrantType,
    Method, Principal, Profile, {{secret_uses}}Session, Settings, TokenSet, UrlText,
};

use crate::dialect::{{NAME}};

const USER_AGENT: &str = concat!("{{name}}-rust/", env!("CARGO_PKG_VERSION"));

/// A signed-in {{Title}} client. Cheap to clone; clones share session and connections.
///
/// # Examples
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let sandbox = vendor_sandbox::Sandbox::start().await?;
/// # let base_url = sandbox.url(vendor_sandbox::Host::{{Title}});
/// # use vendor_sandbox::credentials;
/// use {{name}}::{Client, Method};
/// let builder = Client::builder(base_url)      // such as {{server}}
///     .oauth_client({{doc_credentials}});
/// let (url, pending) = builder.authorization_request()?.start()?;
/// // Send the person to `url`, keep `pending.export()`; then, with the callback that came:
/// # let callback = sandbox.approve(url.as_str()).await?;
/// let client = builder.authorization_code(pending.check(&callback)?).build()?;
/// let answer = client.request(Method::GET, "{{probe}}").send().await?;
/// println!("{}", answer.json::<serde_json::Value>()?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) api: ApiClient,
}

impl Client {
    /// Begins a client for the server at `base_url`; the scheme may be left out.
    pub fn builder(base_url: impl Into<String>) -> ClientBuilder {
        ClientBuilder {
            base_url: UrlText::new(base_url),
            client: None,
            sign_in: None,
            tokens: None,
            settings: Settings::new(),
        }
    }

    /// Begins an API call. `path` starts at the host's root, such as `{{probe}}`.
    pub fn request(&self, method: Method, path: &str) -> Call<'_> {
        self.api.request(method, path)
    }

    /// Signs in now instead of at the first call, so that wrong credentials show at once.
    ///
    /// # Errors
    /// As for [`Session::authorization`].
    pub async fn sign_in(&self) -> Result<(), Error> {
        self.api.sign_in().await
    }

    /// The latest tokens, to be exported and given to [`ClientBuilder::tokens`] later; `None` before the first sign-in.
    pub fn token_set(&self) -> Option<TokenSet> {
        self.api.session().token_set()
    }

    /// Looks this client over for a support ticket: who signs in where, the token's age and health, whether host and store can
    /// be reached and used, how far the machine's clock is off, what failed last, and what to do next.
    ///
    /// Never fails, spends no token and shows none; [`Diagnosis`] says what is sent and asked. The example `doctor` prints one.
    pub async fn diagnose(&self) -> Diagnosis {
        self.api.diagnose().await
    }

    /// The sign-in behind the calls, for a request that you send with an HTTP client of your own.
    pub fn session(&self) -> &Session {
        self.api.session()
    }
}

/// Settings of a [`Client`]; see [`Client::builder`].
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use {{name}}::{Client, Settings};
/// # use {{name}}::MemoryStore;
/// let client = Client::builder("{{server}}")
///     .oauth_client("client-id", {{secret_literal}}"https://app.example.com/callback")
///     .stored_tokens()
///     .settings(Settings::new().account("jo").store(MemoryStore::new()).call_timeout(Duration::from_secs(20)))
///     .build()?;
/// # Ok::<(), {{name}}::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct ClientBuilder {
    base_url: UrlText,
    client: Option<OAuthClient>,
    sign_in: Option<Grant>,
    tokens: Option<TokenSet>,
    settings: Settings,
}

impl ClientBuilder {
    /// The OAuth client that signs people in, with the redirect URI that is registered for it.
    pub fn oauth_client(
        mut self,
        client_id: impl Into<String>,
        {{secret_parameter}}redirect_uri: impl Into<String>,
    ) -> Self {
        self.client = Some(OAuthClient {
            id: client_id.into(),
            {{secret_member}}redirect_uri: redirect_uri.into(),
        });
        self
    }

    /// The request to the authorization page, to begin a person's sign-in with.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config), naming the setting.
    pub fn authorization_request(&self) -> Result<AuthorizationRequest, Error> {
        let client = self.checked_client()?;
        let (id, uri) = (client.id.as_str(), client.redirect_uri.as_str());
        let request = AuthorizationRequest::new({{NAME}}, self.base()?, id, uri)?;
        Ok(request.settings(&self.settings))
    }

    /// Signs in with the code of a checked callback; see [`authorization_request`](Self::authorization_request).
    pub fn authorization_code(mut self, code: AuthorizationCode) -> Self {
        self.sign_in = Some(Grant::AuthorizationCode(code));
        self
    }

    /// Goes on with the tokens that [`Settings::store`] has of a person's sign-in; name the person by
    /// [`Settings::account`]. Where the store has none, calls fail with
    /// [`ErrorKind::Reauthorize`](crate::ErrorKind::Reauthorize).
    pub fn stored_tokens(mut self) -> Self {
        self.sign_in = Some(Grant::Resumed(GrantType::AuthorizationCode));
        self
    }

    /// Goes on with tokens of an earlier sign-in, which [`Client::token_set`] gave; alone, or beside a code.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use vendor_sandbox::{Host, Sandbox, credentials};
    /// # let sandbox = Sandbox::start().await?;
    /// # let builder = {{name}}::Client::builder(sandbox.url(Host::{{Title}}))
    /// #     .oauth_client({{doc_credentials}});
    /// # let (url, pending) = builder.authorization_request()?.start()?;
    /// # let code = pending.check(&sandbox.approve(url.as_str()).await?)?;
    /// # let client = builder.clone().authorization_code(code).build()?;
    /// # client.sign_in().await?;
    /// use {{name}}::TokenSet;
    /// let exported = client.token_set().expect("signed in").export(); // tokens in clear: keep it like a password
    ///
    /// let again = builder.tokens(TokenSet::import(exported.expose())?).build()?;
    /// again.sign_in().await?; // costs no request while the token is valid
    /// # assert_eq!(sandbox.token_requests(Host::{{Title}}), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn tokens(mut self, tokens: TokenSet) -> Self {
        self.tokens = Some(tokens);
        self
    }

    /// Time-outs, proxy, store, clock and the like.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Reads the settings from the process's environment: `{{NAME}}_BASE_URL`, `{{NAME}}_CLIENT_ID`,
    /// {{secret_variable}}and `{{NAME}}_REDIRECT_URI`. The sign-in itself follows, with a code, tokens or the store's tokens.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config), naming the variable.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// Reads the same settings from another place; an empty or blank value counts as none, and no other is trimmed.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config), naming the variable.
    ///
    /// # Examples
    /// ```
    /// let missing = {{name}}::ClientBuilder::from_lookup(|_| None).unwrap_err();
    /// assert!(missing.to_string().contains("{{NAME}}_BASE_URL"));
    /// ```
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let need = |name: &str| {
            let value = lookup(name).filter(|value| !value.trim().is_empty());
            value.ok_or_else(|| Error::config(name, "is missing"))
        };
        let builder = Client::builder(need("{{NAME}}_BASE_URL")?);
        Ok(builder.oauth_client(
            need("{{NAME}}_CLIENT_ID")?,
            {{secret_need}}need("{{NAME}}_REDIRECT_URI")?,
        ))
    }

    /// Checks the settings and makes the client. No I/O: the first call signs in, or [`Client::sign_in`].
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config), naming the setting.
    ///
    /// # Examples
    /// ```
    /// use {{name}}::{Client, ErrorKind};
    /// let error = Client::builder("{{server}}").build().unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Config);
    /// assert!(error.to_string().starts_with("setting `oauth_client`:"));
    /// ```
    pub fn build(self) -> Result<Client, Error> {
        let base = self.base()?;
        let client = self.checked_client()?.clone();
        let grant = match self.sign_in {
            Some(grant) => grant,
            None if self.tokens.is_some() => Grant::Resumed(GrantType::AuthorizationCode),
            None => {
                let problem = "no sign-in is chosen; see `authorization_code`, `tokens` and `stored_tokens`";
                return Err(Error::config("credentials", problem));
            }
        };
        if matches!(grant, Grant::Resumed(_)) && self.tokens.is_none() && !self.settings.has_store() {
            let problem = "is needed for `stored_tokens`; see `Settings::store`";
            return Err(Error::config("store", problem));
        }
        let mut principal = Principal::new(grant);
        principal.client_id = Some(client.id);
        {{secret_principal}}principal.redirect_uri = Some(client.redirect_uri);
        let mut profile = Profile::new({{NAME}}, base.clone(), base, principal, USER_AGENT);
        profile.tokens = self.tokens;
        Ok(Client {
            api: ApiClient::new(profile, &self.settings)?,
        })
    }

    fn base(&self) -> Result<BaseUrl, Error> {
        let plain_http = self.settings.plain_http_hosts();
        BaseUrl::parse("base_url", self.base_url.as_str(), plain_http)
    }

    /// The OAuth client, if it can work.
    fn checked_client(&self) -> Result<&OAuthClient, Error> {
        let client = self.client.as_ref();
        let client = client.ok_or_else(|| Error::config("oauth_client", "is missing"))?;
        if client.id.is_empty() {
            return Err(Error::config("client_id", "is empty"));
        }
        {{id_check}}
        {{secret_check}}
        if client.redirect_uri.is_empty() {
            return Err(Error::config("redirect_uri", "is empty"));
        }
        Ok(client)
    }
}

/// What signs people in.
#[derive(Clone, Debug)]
struct OAuthClient {
    id: String,
    {{secret_field}}redirect_uri: String,
}
