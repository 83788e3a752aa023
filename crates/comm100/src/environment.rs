//! Reads a client's settings from environment variables.

use auth_core::Error;

use crate::builder::ClientBuilder;
use crate::client::Client;
use crate::{OAuthClient, Platform};

impl ClientBuilder {
    /// Reads the settings from the process's environment.
    ///
    /// | variable | setting |
    /// |---|---|
    /// | `COMM100_PLATFORM` | any address of the control panel, required |
    /// | `COMM100_SITE_ID` | [`site_id`](Self::site_id) |
    /// | `COMM100_EMAIL`, `COMM100_API_KEY` | [`api_key`](Self::api_key) |
    /// | `COMM100_CLIENT_ID`, `COMM100_CLIENT_SECRET`, `COMM100_REDIRECT_URI` | [`oauth_client`](Self::oauth_client); without other credentials, [`client_credentials`](Self::client_credentials) on v2 and no sign-in yet on v4 |
    /// | `COMM100_EMAIL`, `COMM100_PASSWORD` | `password`, with the feature `password-grant` |
    /// | `COMM100_PARTNER_ID` | `partner_id`, with the feature `partner` |
    /// | `COMM100_TOKEN_BASE`, `COMM100_API_BASE` | [`token_base`](Self::token_base), [`api_base`](Self::api_base) |
    ///
    /// What has no variable (the v2 partner platform, a code, tokens) is set on the builder.
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
    /// let builder = comm100::ClientBuilder::from_lookup(|name| match name {
    ///     "COMM100_PLATFORM" => Some("https://dash11.comm100.io".to_owned()),
    ///     "COMM100_SITE_ID" => Some("10000".to_owned()),
    ///     "COMM100_EMAIL" => Some("agent@example.com".to_owned()),
    ///     "COMM100_API_KEY" => Some("key".to_owned()),
    ///     _ => None,
    /// })?;
    /// let client = builder.build()?;
    /// # Ok::<(), comm100::Error>(())
    /// ```
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let get = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let number = |name: &str| {
            let read = |text: String| {
                text.trim()
                    .parse()
                    .map_err(|_| Error::config(name, "is not a number"))
            };
            get(name).map(read).transpose()
        };
        let platform = get("COMM100_PLATFORM");
        let platform = platform.ok_or_else(|| {
            Error::config(
                "COMM100_PLATFORM",
                "is missing; give any address of your control panel",
            )
        })?;
        let platform = Platform::read("COMM100_PLATFORM", &platform)?;
        let is_dash = platform.is_dash();
        let mut builder = Client::builder(platform);
        if let Some(id) = number("COMM100_SITE_ID")? {
            builder = builder.site_id(id);
        }
        #[cfg(feature = "partner")]
        if let Some(id) = number("COMM100_PARTNER_ID")? {
            builder = builder.partner_id(id);
        }
        #[cfg(not(feature = "partner"))]
        if get("COMM100_PARTNER_ID").is_some() {
            let problem = "needs this crate's feature `partner`";
            return Err(Error::config("COMM100_PARTNER_ID", problem));
        }
        if let Some(url) = get("COMM100_TOKEN_BASE") {
            builder = builder.token_base(url);
        }
        if let Some(url) = get("COMM100_API_BASE") {
            builder = builder.api_base(url);
        }
        let has_client = get("COMM100_CLIENT_ID").map(|id| {
            let mut client = OAuthClient::new(id);
            if let Some(secret) = get("COMM100_CLIENT_SECRET") {
                client = client.secret(secret);
            }
            if let Some(uri) = get("COMM100_REDIRECT_URI") {
                client = client.redirect_uri(uri);
            }
            client
        });
        let is_client = has_client.is_some();
        for name in ["COMM100_CLIENT_SECRET", "COMM100_REDIRECT_URI"] {
            if !is_client && get(name).is_some() {
                return Err(Error::config(
                    "COMM100_CLIENT_ID",
                    format!("is missing beside {name}"),
                ));
            }
        }
        if let Some(client) = has_client {
            builder = builder.oauth_client(client);
        }
        let email =
            || get("COMM100_EMAIL").ok_or_else(|| Error::config("COMM100_EMAIL", "is missing"));
        match (get("COMM100_API_KEY"), get("COMM100_PASSWORD")) {
            (Some(_), Some(_)) => Err(Error::config(
                "COMM100_PASSWORD",
                "is set beside COMM100_API_KEY; choose one sign-in",
            )),
            (Some(key), None) => Ok(builder.api_key(email()?, key)),
            #[cfg(feature = "password-grant")]
            (None, Some(password)) => Ok(builder.password(email()?, password)),
            #[cfg(not(feature = "password-grant"))]
            (None, Some(_)) => Err(Error::config(
                "COMM100_PASSWORD",
                "needs this crate's feature `password-grant`",
            )),
            // On v4 a person signs in: the code comes later, by `authorization_code`.
            (None, None) if is_client && is_dash => Ok(builder),
            (None, None) if is_client => Ok(builder.client_credentials()),
            (None, None) => Err(Error::config(
                "COMM100_API_KEY",
                "is missing, and so is every other credential",
            )),
        }
    }
}
