//! Makes authorized calls to one Comm100 account.

use auth_core::{ApiClient, Call, Error, Method, Session, TokenSet};

use crate::UserInfo;

/// A signed-in Comm100 client. Cheap to clone; clones share session, connections and rate limit.
///
/// # Examples
/// ```no_run
/// # async fn example() -> Result<(), comm100::Error> {
/// use comm100::{Client, Method, Platform};
/// let client = Client::builder(Platform::Dash11)
///     .site_id(10000)
///     .api_key("agent@example.com", std::env::var("KEY").unwrap_or_default())
///     .build()?;
/// let answer = client.request(Method::GET, "/v4/livechat/campaigns").query("pageSize", 10).send().await?;
/// println!("{}", answer.json::<serde_json::Value>()?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Client {
    api: ApiClient,
}

impl Client {
    pub(crate) fn new(api: ApiClient) -> Self {
        Self { api }
    }

    /// Begins an API call. `path` starts at the host's root, version included: `/v4/…` on dash and partner platforms,
    /// `/api/v2/…` on v2. An action's colon (`{id}:unlock`) stays as it is.
    pub fn request(&self, method: Method, path: &str) -> Call<'_> {
        self.api.request(method, path)
    }

    /// Asks who is signed in. Documented for the v4 partner platform only (seed 002); dash platforms have been seen to
    /// answer it too.
    ///
    /// # Errors
    /// As for any call.
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
    pub async fn sign_in(&self) -> Result<(), Error> {
        self.api.sign_in().await
    }

    /// The latest tokens, to be exported and given to [`ClientBuilder::tokens`](crate::ClientBuilder::tokens) later; `None` before the first sign-in
    /// and with an API key.
    pub fn token_set(&self) -> Option<TokenSet> {
        self.api.session().token_set()
    }

    /// The sign-in behind the calls.
    pub fn session(&self) -> &Session {
        self.api.session()
    }
}
