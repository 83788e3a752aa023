//! Puts a client together and refuses what could not work.

use auth_core::{
    ApiClient, BaseUrl, Error, Grant, ParameterValue, Placement, Principal, Profile, Secret,
    SecretSource, Settings, TokenSet, UrlText,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::client::Client;
use crate::dialect::WEBCOMMANDER;

const USER_AGENT: &str = concat!("webcommander-rust/", env!("CARGO_PKG_VERSION"));

/// Where the token travels on API calls; see [`ClientBuilder::token_header`].
///
/// # Examples
/// ```
/// # use webcommander::{Client, TokenHeader};
/// let builder = Client::builder("https://shop.example.com").token_header(TokenHeader::AuthorizationBearer);
/// assert_eq!(TokenHeader::default(), TokenHeader::AccessToken);
/// ```
///
/// # Source
/// Seed 004, Using the Access Token: the prose and the two examples differ, and the examples win.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum TokenHeader {
    /// `access_token: T`, as in both examples of seed 004.
    #[default]
    AccessToken,
    /// `Authorization: Bearer T`, as on the vendor's newest pages.
    AuthorizationBearer,
    /// `Authorization: T`, as in the prose of seed 004.
    AuthorizationRaw,
}

/// Settings of a [`Client`]; see [`Client::builder`]. An application and a store user are needed.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use webcommander::{Client, Settings};
/// let client = Client::builder("https://shop.example.com")
///     .application("client-id", "client-secret", "https://app.example.com/callback")
///     .user("jo@example.com", "password")
///     .settings(Settings::new().call_deadline(Duration::from_secs(180)))
///     .build()?;
/// # Ok::<(), webcommander::Error>(())
/// ```
///
/// # Source
/// Seed 004, Request Parameters.
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct ClientBuilder {
    base_url: UrlText,
    client_id: String,
    client_secret: Option<SecretSource>,
    redirect_uri: String,
    user: Option<User>,
    token_header: TokenHeader,
    tokens: Option<TokenSet>,
    settings: Settings,
}

#[derive(Clone, Debug)]
enum User {
    Password(String, SecretSource),
    AuthString(SecretSource),
}

impl Client {
    /// Begins a client for the store at `base_url`; the scheme may be left out.
    pub fn builder(base_url: impl Into<String>) -> ClientBuilder {
        ClientBuilder::new(UrlText::new(base_url))
    }
}

impl ClientBuilder {
    fn new(base_url: UrlText) -> Self {
        Self {
            base_url,
            client_id: String::new(),
            client_secret: None,
            redirect_uri: String::new(),
            user: None,
            token_header: TokenHeader::default(),
            tokens: None,
            settings: Settings::new(),
        }
    }

    /// The application: its id, its secret and its redirect URI. The vendor wants the URI although nobody is redirected.
    pub fn application(
        mut self,
        client_id: impl Into<String>,
        client_secret: impl Into<SecretSource>,
        redirect_uri: impl Into<String>,
    ) -> Self {
        self.client_id = client_id.into();
        self.client_secret = Some(client_secret.into());
        self.redirect_uri = redirect_uri.into();
        self
    }

    /// The store user that the token acts as; sent as `auth_string`, the Base64 of `username:password` (seed 004).
    pub fn user(mut self, username: impl Into<String>, password: impl Into<SecretSource>) -> Self {
        self.user = Some(User::Password(username.into(), password.into()));
        self
    }

    /// The same as [`user`](Self::user), joined and encoded already.
    ///
    /// # Examples
    /// ```
    /// use webcommander::Client;
    /// let builder = Client::builder("https://shop.example.com")
    ///     .application("client-id", "client-secret", "https://app.example.com/callback");
    /// assert!(builder.clone().auth_string("am86cHctMQ==").build().is_ok()); // the Base64 of `jo:pw-1`
    /// let error = builder.auth_string("jo:pw-1").build().unwrap_err();
    /// assert_eq!(error.to_string(), "setting `auth_string`: is not the Base64 of `username:password`");
    /// ```
    ///
    /// From a [`SecretProvider`](crate::SecretProvider) it does not say beforehand who the user is: where several users
    /// share one store, name the user by [`Settings::account`].
    pub fn auth_string(mut self, auth_string: impl Into<SecretSource>) -> Self {
        self.user = Some(User::AuthString(auth_string.into()));
        self
    }

    /// Where the token travels on API calls. Default: [`TokenHeader::AccessToken`].
    ///
    /// # Examples
    /// A store that wants the form of the vendor's newest pages:
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use vendor_sandbox::{Host, Sandbox, credentials};
    /// # let sandbox = Sandbox::start().await?;
    /// # sandbox.set_webcommander_token_header(vendor_sandbox::TokenHeader::AuthorizationBearer);
    /// # let builder = webcommander::Client::builder(sandbox.url(Host::WebCommander))
    /// #     .application(
    /// #         credentials::WEBCOMMANDER_CLIENT_ID,
    /// #         credentials::WEBCOMMANDER_CLIENT_SECRET,
    /// #         credentials::WEBCOMMANDER_REDIRECT_URI,
    /// #     )
    /// #     .user(credentials::WEBCOMMANDER_USERNAME, credentials::WEBCOMMANDER_PASSWORD);
    /// use webcommander::{Method, TokenHeader};
    /// let client = builder.token_header(TokenHeader::AuthorizationBearer).build()?;
    /// let answer = client.request(Method::GET, "/api/v4/admin/customers").send().await?;
    /// assert_eq!(answer.status(), 200);
    /// # Ok(())
    /// # }
    /// ```
    pub fn token_header(mut self, header: TokenHeader) -> Self {
        self.token_header = header;
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
    /// # let builder = webcommander::Client::builder(sandbox.url(Host::WebCommander))
    /// #     .application(
    /// #         credentials::WEBCOMMANDER_CLIENT_ID,
    /// #         credentials::WEBCOMMANDER_CLIENT_SECRET,
    /// #         credentials::WEBCOMMANDER_REDIRECT_URI,
    /// #     )
    /// #     .user(credentials::WEBCOMMANDER_USERNAME, credentials::WEBCOMMANDER_PASSWORD);
    /// # let client = builder.clone().build()?;
    /// # client.sign_in().await?;
    /// use webcommander::TokenSet;
    /// let exported = client.token_set().expect("signed in").export(); // tokens in clear: keep it like a password
    ///
    /// let again = builder.tokens(TokenSet::import(exported.expose())?).build()?;
    /// again.sign_in().await?; // costs no request while the token is valid
    /// # assert_eq!(sandbox.token_requests(Host::WebCommander), 1);
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

    /// Reads the settings from the process's environment, by the names that the vendor's own SDKs use.
    ///
    /// | variable | setting |
    /// |---|---|
    /// | `WC_BASE_URL` | the store's address |
    /// | `WC_CLIENT_ID`, `WC_CLIENT_SECRET`, `WC_REDIRECT_URI` | [`application`](Self::application) |
    /// | `WC_AUTH_STRING` | [`auth_string`](Self::auth_string) |
    ///
    /// All are required.
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
    /// use webcommander::ClientBuilder;
    /// let error = ClientBuilder::from_lookup(|_| None).unwrap_err();
    /// assert_eq!(error.to_string(), "setting `WC_AUTH_STRING`: is missing");
    /// ```
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let need = |name: &str| {
            lookup(name)
                .filter(|value| !value.trim().is_empty())
                .ok_or_else(|| Error::config(name, "is missing"))
        };
        let auth_string = Secret::new(need("WC_AUTH_STRING")?);
        split_auth_string("WC_AUTH_STRING", &auth_string)?;
        Ok(Client::builder(need("WC_BASE_URL")?)
            .application(
                need("WC_CLIENT_ID")?,
                need("WC_CLIENT_SECRET")?,
                need("WC_REDIRECT_URI")?,
            )
            .auth_string(auth_string))
    }

    /// Checks the settings and makes the client. No I/O: the first call signs in, or [`Client::sign_in`].
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config), naming the setting.
    pub fn build(self) -> Result<Client, Error> {
        let base = BaseUrl::parse(
            "base_url",
            self.base_url.as_str(),
            self.settings.plain_http_hosts(),
        )?;
        if self.client_secret.is_none() {
            return Err(Error::config(
                "application",
                "is missing: client id, secret and redirect URI",
            ));
        }
        let auth_string = match self.user {
            None => {
                return Err(Error::config(
                    "credentials",
                    "no store user is set; see `user` and `auth_string`",
                ));
            }
            Some(User::Password(username, password)) => {
                if username.is_empty() {
                    return Err(Error::config("username", "is empty"));
                }
                if username.contains(':') {
                    return Err(Error::config(
                        "username",
                        "holds a colon, which ends the name in the pair",
                    ));
                }
                if password.known().is_some_and(Secret::is_empty) {
                    return Err(Error::config("password", "is empty"));
                }
                ParameterValue::Base64Pair(username, password)
            }
            // Split, so that a store keeps the tokens of each user apart; joined again, the pair has the same Base64.
            Some(User::AuthString(auth_string)) => match auth_string.known() {
                Some(known) => {
                    let (username, password) = split_auth_string("auth_string", known)?;
                    ParameterValue::Base64Pair(username, password.into())
                }
                None if self.settings.lacks_account() => {
                    return Err(Error::config(
                        "account",
                        "a store can hold several users' tokens, and an auth_string that a provider gives does not \
                         say whose they are; name the user",
                    ));
                }
                None => ParameterValue::Secret(auth_string),
            },
        };
        let mut principal = Principal::new(Grant::ClientCredentials);
        principal.client_id = Some(self.client_id);
        principal.client_secret = self.client_secret;
        principal.redirect_uri = Some(self.redirect_uri);
        principal.parameters = vec![("auth_string", auth_string)];
        let placement = match self.token_header {
            TokenHeader::AccessToken => None,
            TokenHeader::AuthorizationBearer => Some(Placement::AuthorizationBearer),
            TokenHeader::AuthorizationRaw => Some(Placement::AuthorizationRaw),
        };
        let mut profile = Profile::new(WEBCOMMANDER, base.clone(), base, principal, USER_AGENT);
        profile.tokens = self.tokens;
        profile.placement = placement;
        Ok(Client::new(ApiClient::new(profile, &self.settings)?))
    }
}

/// Splits the pair, and catches one that was never encoded; what it holds is not repeated.
fn split_auth_string(setting: &str, auth_string: &Secret) -> Result<(String, Secret), Error> {
    let pair = STANDARD
        .decode(auth_string.expose())
        .ok()
        .and_then(|pair| String::from_utf8(pair).ok())
        .map(Secret::new);
    pair.as_ref()
        .and_then(|pair| pair.expose().split_once(':'))
        .filter(|(username, password)| !username.is_empty() && !password.is_empty())
        .map(|(username, password)| (username.to_owned(), Secret::new(password)))
        .ok_or_else(|| Error::config(setting, "is not the Base64 of `username:password`"))
}
