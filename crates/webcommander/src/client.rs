//! Makes authorized calls to one WebCommander store.

use auth_core::{ApiClient, Call, Diagnosis, Error, Method, Session, TokenSet};

/// A signed-in WebCommander client. Cheap to clone; clones share session and connections.
///
/// # Examples
/// `no_run`, since the variables may name a real store; the README has one against the sandbox.
/// ```no_run
/// # async fn example() -> Result<(), webcommander::Error> {
/// use webcommander::{ClientBuilder, Method};
/// let client = ClientBuilder::from_env()?.build()?;
/// let answer = client.request(Method::GET, "/api/v4/admin/customers").query("limit", 20).send().await?;
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

    /// Begins an API call. `path` starts at the host's root: `/api/v4/admin/…` or `/api/v4/…`.
    ///
    /// An answer of `isSuccess: false` under a success status is an error
    /// ([`ErrorKind::Invalid`](crate::ErrorKind::Invalid)): the vendor answers so for paths that it does not know.
    ///
    /// A call that answers 401 for reasons of its own, such as a wrong old password, should be made with
    /// [`with_replay(false)`](Call::with_replay).
    ///
    /// No cookie is kept: the vendor's servers repeat a failed answer to the next request of the same cookie session.
    /// The one pair of calls that wants its cookie is the cart's update with addresses, followed by cart-to-order. For
    /// it, read `set-cookie` from the first answer's [`headers`](crate::Response::headers) and send that pair with an
    /// HTTP client of your own, authorized by [`session`](Self::session).
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
    /// # let client = builder.build()?;
    /// use serde_json::json;
    /// use webcommander::{ErrorKind, Method};
    /// let change = json!({ "customer": {
    ///     "email": "customer1@example.com", "old_password": "not the old one", "password": "new",
    /// }});
    /// let error = client
    ///     .request(Method::POST, "/api/v4/admin/customers/1001/change-password")
    ///     .json(&change)
    ///     .with_replay(false)
    ///     .send()
    ///     .await
    ///     .unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Unauthorized); // about the old password, not about the token
    /// # assert_eq!(sandbox.token_requests(Host::WebCommander), 1);
    /// # Ok(())
    /// # }
    /// ```
    pub fn request(&self, method: Method, path: &str) -> Call<'_> {
        self.api.request(method, path)
    }

    /// Signs in now instead of at the first call, so that wrong credentials show at once.
    ///
    /// # Errors
    /// As for [`Session::authorization`].
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
    /// use webcommander::ErrorKind;
    /// let client = builder.user("store@example.com", "wrong").build()?;
    /// let error = client.sign_in().await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::Unauthorized);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn sign_in(&self) -> Result<(), Error> {
        self.api.sign_in().await
    }

    /// The latest tokens, to be exported and given to [`ClientBuilder::tokens`](crate::ClientBuilder::tokens) later, which
    /// has an example; `None` before the first sign-in.
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
    /// # let client = webcommander::Client::builder(sandbox.url(Host::WebCommander))
    /// #     .application(
    /// #         credentials::WEBCOMMANDER_CLIENT_ID,
    /// #         credentials::WEBCOMMANDER_CLIENT_SECRET,
    /// #         credentials::WEBCOMMANDER_REDIRECT_URI,
    /// #     )
    /// #     .user(credentials::WEBCOMMANDER_USERNAME, credentials::WEBCOMMANDER_PASSWORD)
    /// #     .build()?;
    /// use webcommander::{Check, FindingState};
    /// client.sign_in().await?;
    /// let diagnosis = client.diagnose().await;
    /// println!("{diagnosis}");
    /// assert_eq!(diagnosis.dialect(), "WEBCOMMANDER");
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
    /// # use vendor_sandbox::{Host, Sandbox, credentials};
    /// # let sandbox = Sandbox::start().await?;
    /// # let builder = webcommander::Client::builder(sandbox.url(Host::WebCommander))
    /// #     .application(
    /// #         credentials::WEBCOMMANDER_CLIENT_ID,
    /// #         credentials::WEBCOMMANDER_CLIENT_SECRET,
    /// #         credentials::WEBCOMMANDER_REDIRECT_URI,
    /// #     )
    /// #     .user(credentials::WEBCOMMANDER_USERNAME, credentials::WEBCOMMANDER_PASSWORD);
    /// # let client = builder.build()?;
    /// let header = client.session().authorization().await?;
    /// assert_eq!(header.name(), "access_token");
    /// assert!(header.value().is_sensitive());
    /// # Ok(())
    /// # }
    /// ```
    pub fn session(&self) -> &Session {
        self.api.session()
    }
}
