//! Makes authorized calls to {{Title}}.

use auth_core::{
    ApiClient, BaseUrl, Call, Diagnosis, Error, Grant, Method, Principal, Profile, SecretSource, Session,
    Settings, UrlText,
};

use crate::dialect::{{NAME}};

const USER_AGENT: &str = concat!("{{name}}-rust/", env!("CARGO_PKG_VERSION"));

/// A {{Title}} client. Cheap to clone; clones share session and connections.
///
/// # Examples
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let sandbox = vendor_sandbox::Sandbox::start().await?;
/// # let base_url = sandbox.url(vendor_sandbox::Host::{{Title}});
/// # let key = vendor_sandbox::credentials::{{NAME}}_API_KEY;
/// use {{name}}::{Client, Method};
/// let client = Client::builder(base_url)      // such as {{server}}
///     .api_key(key)
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
            key: None,
            settings: Settings::new(),
        }
    }

    /// Begins an API call. `path` starts at the host's root, such as `{{probe}}`.
    pub fn request(&self, method: Method, path: &str) -> Call<'_> {
        self.api.request(method, path)
    }

    /// Does nothing but what all clients do here: a key needs no sign-in, and the first call shows whether it is right.
    ///
    /// # Errors
    /// Where the key can't be read.
    pub async fn sign_in(&self) -> Result<(), Error> {
        self.api.sign_in().await
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
///     .api_key("key-1")
///     .settings(Settings::new().call_timeout(Duration::from_secs(20)))
///     .build()?;
/// # Ok::<(), {{name}}::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until `build`"]
pub struct ClientBuilder {
    base_url: UrlText,
    key: Option<SecretSource>,
    settings: Settings,
}

impl ClientBuilder {
    /// Sends this key with each call.
    pub fn api_key(mut self, key: impl Into<SecretSource>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Time-outs, proxy, clock and the like.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }

    /// Reads the settings from the process's environment: `{{NAME}}_BASE_URL` and `{{NAME}}_API_KEY`.
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
        Ok(builder.api_key(need("{{NAME}}_API_KEY")?))
    }

    /// Checks the settings and makes the client. No I/O.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config), naming the setting.
    ///
    /// # Examples
    /// ```
    /// use {{name}}::{Client, ErrorKind};
    /// let error = Client::builder("{{server}}").build().unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Config);
    /// assert!(error.to_string().starts_with("setting `api_key`:"));
    /// ```
    pub fn build(self) -> Result<Client, Error> {
        let plain_http = self.settings.plain_http_hosts();
        let base = BaseUrl::parse("base_url", self.base_url.as_str(), plain_http)?;
        let key = self.key.ok_or_else(|| Error::config("api_key", "is missing"))?;
        if let Some(known) = key.known() {
            let problem = match known.expose() {
                "" => Some("is empty"),
                text if text.bytes().all(|byte| byte.is_ascii_graphic()) => None,
                _ => Some("holds a character that no header may have"),
            };
            if let Some(problem) = problem {
                return Err(Error::config("api_key", problem));
            }
        }
        let principal = Principal::new(Grant::StaticToken(key));
        let profile = Profile::new({{NAME}}, base.clone(), base, principal, USER_AGENT);
        Ok(Client {
            api: ApiClient::new(profile, &self.settings)?,
        })
    }
}
