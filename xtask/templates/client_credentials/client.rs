//! Makes authorized calls to {{Title}}.

use auth_core::{
    ApiClient, BaseUrl, Call, Diagnosis, Error, Grant, Method, Principal, Profile, Secret, SecretSource,
    Session, Settings, TokenSet, UrlText,
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
/// # let (client_id, client_secret) =
/// #     (vendor_sandbox::credentials::{{NAME}}_CLIENT_ID, vendor_sandbox::credentials::{{NAME}}_CLIENT_SECRET);
/// use {{name}}::{Client, Method};
/// let client = Client::builder(base_url)      // such as {{server}}
///     .client_credentials(client_id, client_secret)
///     .build()?;
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
/// let client = Client::builder("{{server}}")
///     .client_credentials("client-id", "client-secret")
///     .settings(Settings::new().call_timeout(Duration::from_secs(20)))
///     .build()?;
/// # Ok::<(), {{name}}::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct ClientBuilder {
    base_url: UrlText,
    client: Option<(String, SecretSource)>,
    tokens: Option<TokenSet>,
    settings: Settings,
}

impl ClientBuilder {
    /// Signs in for the application itself, by its id and secret.
    pub fn client_credentials(
        mut self,
        client_id: impl Into<String>,
        client_secret: impl Into<SecretSource>,
    ) -> Self {
        self.client = Some((client_id.into(), client_secret.into()));
        self
    }

    /// Goes on with tokens of an earlier sign-in, which [`Client::token_set`] gave.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use vendor_sandbox::{Host, Sandbox, credentials};
    /// # let sandbox = Sandbox::start().await?;
    /// # let builder = {{name}}::Client::builder(sandbox.url(Host::{{Title}}))
    /// #     .client_credentials(credentials::{{NAME}}_CLIENT_ID, credentials::{{NAME}}_CLIENT_SECRET);
    /// # let client = builder.clone().build()?;
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

    /// Reads the settings from the process's environment: `{{NAME}}_BASE_URL`, `{{NAME}}_CLIENT_ID` and
    /// `{{NAME}}_CLIENT_SECRET`.
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
        Ok(builder.client_credentials(
            need("{{NAME}}_CLIENT_ID")?,
            need("{{NAME}}_CLIENT_SECRET")?,
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
    /// assert!(error.to_string().starts_with("setting `credentials`:"));
    /// ```
    pub fn build(self) -> Result<Client, Error> {
        let plain_http = self.settings.plain_http_hosts();
        let base = BaseUrl::parse("base_url", self.base_url.as_str(), plain_http)?;
        let Some((id, secret)) = self.client else {
            let problem = "no sign-in is chosen; see `client_credentials`";
            return Err(Error::config("credentials", problem));
        };
        if id.is_empty() {
            return Err(Error::config("client_id", "is empty"));
        }
        {{id_check}}
        if secret.known().is_some_and(Secret::is_empty) {
            return Err(Error::config("client_secret", "is empty"));
        }
        let mut principal = Principal::new(Grant::ClientCredentials);
        principal.client_id = Some(id);
        principal.client_secret = Some(secret);
        let mut profile = Profile::new({{NAME}}, base.clone(), base, principal, USER_AGENT);
        profile.tokens = self.tokens;
        Ok(Client {
            api: ApiClient::new(profile, &self.settings)?,
        })
    }
}
