//! Makes authorized calls to one Communic8 instance.

use auth_core::{
    ApiClient, BaseUrl, Call, Diagnosis, Error, Grant, Method, Principal, Profile, SecretSource,
    Session, Settings, TokenSet, UrlText,
};

use crate::dialect::COMMUNIC8;

const USER_AGENT: &str = concat!("communic8-rust/", env!("CARGO_PKG_VERSION"));

/// A signed-in Communic8 client. Cheap to clone; clones share session and connections.
///
/// # Examples
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let sandbox = vendor_sandbox::Sandbox::start().await?;
/// # let instance = sandbox.url(vendor_sandbox::Host::Communic8);
/// # let token_value = vendor_sandbox::credentials::COMMUNIC8_TOKEN;
/// use communic8::{Client, Method};
/// let client = Client::builder(instance)      // such as https://client.example.com
///     .static_token(token_value)
///     .build()?;
/// let answer = client.request(Method::GET, "/int/v1/channel").send().await?;
/// println!("{}", answer.json::<serde_json::Value>()?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    pub(crate) api: ApiClient,
}

impl Client {
    /// Begins a client for the instance at `base_url`; the scheme may be left out.
    pub fn builder(base_url: impl Into<String>) -> ClientBuilder {
        ClientBuilder {
            base_url: UrlText::new(base_url),
            sign_in: None,
            tokens: None,
            settings: Settings::new(),
        }
    }

    /// Begins an API call. `path` starts at the host's root: `/int/v1/…`.
    ///
    /// An answer of `success: false` under a success status is an error
    /// ([`ErrorKind::Invalid`](crate::ErrorKind::Invalid)).
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sandbox = vendor_sandbox::Sandbox::start().await?;
    /// # let client = communic8::Client::builder(sandbox.url(vendor_sandbox::Host::Communic8))
    /// #     .static_token(vendor_sandbox::credentials::COMMUNIC8_TOKEN).build()?;
    /// use communic8::{ErrorKind, Method};
    /// let found = client.request(Method::GET, "/int/v1/campaign").query("status", "1").send().await?;
    /// assert_eq!(found.status(), 200);
    ///
    /// // Status 200 as well, but the body says `success: false`.
    /// let error = client.request(Method::GET, "/int/v1/campaign").query("status", "x").send().await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Invalid);
    /// assert_eq!(error.provider_message(), Some("Invalid parameters"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(&self, method: Method, path: &str) -> Call<'_> {
        self.api.request(method, path)
    }

    /// Signs in now instead of at the first call, so that wrong credentials show at once. A static token needs no
    /// sign-in: nothing is sent, and the first call shows whether it is right.
    ///
    /// # Errors
    /// As for [`Session::authorization`].
    pub async fn sign_in(&self) -> Result<(), Error> {
        self.api.sign_in().await
    }

    /// The latest tokens, to be exported and given to [`ClientBuilder::tokens`] later, which has an example; `None` before
    /// the first sign-in and with a static token.
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
    /// # let client = communic8::Client::builder(sandbox.url(Host::Communic8))
    /// #     .client_credentials(credentials::COMMUNIC8_TOKEN_ID, credentials::COMMUNIC8_TOKEN)
    /// #     .build()?;
    /// use communic8::{Check, FindingState};
    /// client.sign_in().await?;
    /// let diagnosis = client.diagnose().await;
    /// println!("{diagnosis}");
    /// assert_eq!(diagnosis.dialect(), "COMMUNIC8");
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
    /// # let sandbox = vendor_sandbox::Sandbox::start().await?;
    /// # let client = communic8::Client::builder(sandbox.url(vendor_sandbox::Host::Communic8))
    /// #     .static_token(vendor_sandbox::credentials::COMMUNIC8_TOKEN).build()?;
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

/// Settings of a [`Client`]; see [`Client::builder`]. One sign-in is needed; of several the last one counts.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use communic8::{Client, Settings};
/// let client = Client::builder("https://client.example.com")
///     .client_credentials("65f0c8a1", "value of the token")
///     .settings(Settings::new().call_timeout(Duration::from_secs(20)))
///     .build()?;
/// # Ok::<(), communic8::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct ClientBuilder {
    base_url: UrlText,
    sign_in: Option<SignIn>,
    tokens: Option<TokenSet>,
    settings: Settings,
}

#[derive(Clone, Debug)]
enum SignIn {
    StaticToken(SecretSource),
    ClientCredentials {
        token_id: String,
        token_value: SecretSource,
    },
}

impl ClientBuilder {
    /// Sends the token value itself with each call: the vendor's default (seed 003, Bearer Token).
    pub fn static_token(mut self, token_value: impl Into<SecretSource>) -> Self {
        self.sign_in = Some(SignIn::StaticToken(token_value.into()));
        self
    }

    /// Exchanges the token's id and value for access tokens (seed 003, OAuth 2.0), on instances where Communic8 support
    /// has switched that on. The vendor's sample has a lifetime of 86400 seconds; what an answer says counts.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use vendor_sandbox::{Host, Sandbox, credentials};
    /// # let sandbox = Sandbox::start().await?;
    /// # let instance = sandbox.url(Host::Communic8);
    /// # let (token_id, token_value) = (credentials::COMMUNIC8_TOKEN_ID, credentials::COMMUNIC8_TOKEN);
    /// use communic8::Client;
    /// let client = Client::builder(instance).client_credentials(token_id, token_value).build()?;
    /// client.sign_in().await?; // fails where OAuth 2.0 is off, or id or value is wrong
    /// assert!(client.token_set().is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub fn client_credentials(
        mut self,
        token_id: impl Into<String>,
        token_value: impl Into<SecretSource>,
    ) -> Self {
        let (token_id, token_value) = (token_id.into(), token_value.into());
        self.sign_in = Some(SignIn::ClientCredentials {
            token_id,
            token_value,
        });
        self
    }

    /// Goes on with tokens of an earlier sign-in with client credentials, which [`Client::token_set`] gave. Beside a static
    /// token they are refused.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use vendor_sandbox::{Host, Sandbox, credentials};
    /// # let sandbox = Sandbox::start().await?;
    /// # let builder = communic8::Client::builder(sandbox.url(Host::Communic8))
    /// #     .client_credentials(credentials::COMMUNIC8_TOKEN_ID, credentials::COMMUNIC8_TOKEN);
    /// # let client = builder.clone().build()?;
    /// # client.sign_in().await?;
    /// use communic8::TokenSet;
    /// let exported = client.token_set().expect("signed in").export(); // tokens in clear: keep it like a password
    ///
    /// let again = builder.tokens(TokenSet::import(exported.expose())?).build()?;
    /// again.sign_in().await?; // costs no request while the token is valid
    /// # assert_eq!(sandbox.token_requests(Host::Communic8), 1);
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

    /// Reads the settings from the process's environment.
    ///
    /// | variable | setting |
    /// |---|---|
    /// | `COMMUNIC8_BASE_URL` | the instance's address, required |
    /// | `COMMUNIC8_TOKEN_VALUE` | the token's value, required |
    /// | `COMMUNIC8_TOKEN_ID` | the token's id; with it, [`client_credentials`](Self::client_credentials), else [`static_token`](Self::static_token) |
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config), naming the variable.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// Reads the same settings from another place; an empty or blank value counts as none, and no other is
    /// trimmed.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config), naming the variable.
    ///
    /// # Examples
    /// ```
    /// let client = communic8::ClientBuilder::from_lookup(|name| match name {
    ///     "COMMUNIC8_BASE_URL" => Some("https://client.example.com".to_owned()),
    ///     "COMMUNIC8_TOKEN_VALUE" => Some("value of the token".to_owned()),
    ///     _ => None,
    /// })?
    /// .build();
    /// assert!(client.is_err()); // a static token travels in a header as it is: no spaces
    /// # Ok::<(), communic8::Error>(())
    /// ```
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let get = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let need = |name: &str| get(name).ok_or_else(|| Error::config(name, "is missing"));
        let builder = Client::builder(need("COMMUNIC8_BASE_URL")?);
        let value = need("COMMUNIC8_TOKEN_VALUE")?;
        Ok(match get("COMMUNIC8_TOKEN_ID") {
            Some(id) => builder.client_credentials(id, value),
            None => builder.static_token(value),
        })
    }

    /// Checks the settings and makes the client. No I/O: the first call signs in, or [`Client::sign_in`].
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config), naming the setting.
    ///
    /// # Examples
    /// ```
    /// use communic8::{Client, ErrorKind};
    /// let error = Client::builder("https://client.example.com").build().unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Config);
    /// assert!(error.to_string().starts_with("setting `credentials`:"));
    /// ```
    pub fn build(self) -> Result<Client, Error> {
        let base = BaseUrl::parse(
            "base_url",
            self.base_url.as_str(),
            self.settings.plain_http_hosts(),
        )?;
        let is_empty =
            |value: &SecretSource| value.known().is_some_and(auth_core::Secret::is_empty);
        let principal = match self.sign_in {
            None => {
                return Err(Error::config(
                    "credentials",
                    "no sign-in is chosen; see `static_token` and `client_credentials`",
                ));
            }
            Some(
                SignIn::StaticToken(value)
                | SignIn::ClientCredentials {
                    token_value: value, ..
                },
            ) if is_empty(&value) => {
                return Err(Error::config("token_value", "is empty"));
            }
            Some(SignIn::StaticToken(value)) if !can_travel(&value) => {
                return Err(Error::config(
                    "token_value",
                    "holds a character that no header may have",
                ));
            }
            Some(SignIn::StaticToken(value)) => Principal::new(Grant::StaticToken(value)),
            Some(SignIn::ClientCredentials {
                token_id,
                token_value,
            }) => {
                if token_id.is_empty() {
                    return Err(Error::config("token_id", "is empty"));
                }
                if token_id.contains(':') {
                    return Err(Error::config(
                        "token_id",
                        "holds a colon, which ends the id in the pair",
                    ));
                }
                let mut principal = Principal::new(Grant::ClientCredentials);
                principal.client_id = Some(token_id);
                principal.client_secret = Some(token_value);
                principal
            }
        };
        let mut profile = Profile::new(COMMUNIC8, base.clone(), base, principal, USER_AGENT);
        profile.tokens = self.tokens;
        Ok(Client {
            api: ApiClient::new(profile, &self.settings)?,
        })
    }
}

/// Says whether a token that is known can stand in a header as it is.
fn can_travel(token: &SecretSource) -> bool {
    token
        .known()
        .is_none_or(|token| token.expose().bytes().all(|byte| byte.is_ascii_graphic()))
}
