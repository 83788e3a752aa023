//! Describes the OAuth client that was made in Comm100's control panel.

use auth_core::SecretSource;

/// An OAuth client as the control panel shows it. What each sign-in needs of it is in the crate's table of sign-ins.
///
/// # Examples
/// ```
/// let client = comm100::OAuthClient::new("77e39f6c-0000-4000-8000-000000000000")
///     .redirect_uri("https://app.example.com/callback");
/// ```
///
/// # Source
/// Seeds 000 and 001, which name `client_id`, `client_secret` and `redirect_uri`.
#[derive(Clone, Debug)]
pub struct OAuthClient {
    pub(crate) id: String,
    pub(crate) secret: Option<SecretSource>,
    pub(crate) secret_with_code: bool,
    pub(crate) redirect_uri: Option<String>,
}

impl OAuthClient {
    /// A client by its id.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret: None,
            secret_with_code: false,
            redirect_uri: None,
        }
    }

    /// Its secret. v2 needs it for codes and client credentials; v4 sends it with a refresh, and only if it is set
    /// (seed 000 shows it there and not with the code).
    pub fn secret(mut self, secret: impl Into<SecretSource>) -> Self {
        self.secret = Some(secret.into());
        self
    }

    /// On v4, sends the secret with the code as well: for a client that the vendor set up as confidential.
    pub fn secret_with_code(mut self) -> Self {
        self.secret_with_code = true;
        self
    }

    /// The redirect URI registered for it. The authorization page needs it, and so do client credentials on v2.
    pub fn redirect_uri(mut self, uri: impl Into<String>) -> Self {
        self.redirect_uri = Some(uri.into());
        self
    }
}
