//! The running sandbox: where its hosts are, what it saw, and its live switches.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::watch;

use crate::browser;
use crate::fault::Injection;
use crate::host::{Endpoint, Host};
use crate::person::Panel;
use crate::record::{Recorded, Refusal};
use crate::resources::{self, Upload};
use crate::secrets::Last;
use crate::state::{CampaignList, Communic8SignIn, Implicit, State, TokenHeader};
use crate::vendors::Provider;

mod builder;

pub use builder::SandboxBuilder;

/// Every origin of every vendor on loopback; they stop when the last clone is dropped.
///
/// Runs on the tokio runtime that it was started on.
///
/// ```
/// use vendor_sandbox::{Host, Sandbox};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let sandbox = Sandbox::start().await?;
/// assert!(sandbox.url(Host::WebCommander).starts_with("http://127.0.0.1:"));
/// // Run your client here; then ask what the vendor saw.
/// assert_eq!(sandbox.api_requests(Host::WebCommander), 0);
/// assert!(sandbox.refusals().is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Sandbox {
    state: Arc<State>,
    /// The listeners watch for the end of this sender.
    _running: Arc<watch::Sender<()>>,
    /// Tells the secrets at the end, where somebody asks for them.
    _last: Option<Arc<Last>>,
}

impl Sandbox {
    /// Starts a sandbox with defaults on ports of the system's choice.
    ///
    /// # Errors
    ///
    /// When no port can be bound on 127.0.0.1.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// A sandbox with other settings.
    pub fn builder() -> SandboxBuilder {
        SandboxBuilder::new()
    }

    /// The origin of a host, `http://127.0.0.1:PORT` without a trailing slash.
    #[must_use]
    pub fn url(&self, host: Host) -> &str {
        self.state.url(host)
    }

    /// From now on tokens live this long; tokens already issued keep their lifetime.
    ///
    /// Zero issues tokens that have expired already. `expires_in` is an integer for whole seconds, else a float.
    pub fn set_token_lifetime(&self, lifetime: Duration) {
        self.state
            .change(|settings| settings.token_lifetime = Some(lifetime));
    }

    /// From now on token endpoints hold their answers back this long.
    ///
    /// The request is processed first: a caller that gives up has rotated its refresh token all the same.
    pub fn set_token_latency(&self, latency: Duration) {
        self.state
            .change(|settings| settings.token_latency = latency);
    }

    /// From now on API endpoints hold their answers back this long, after having processed the request.
    pub fn set_api_latency(&self, latency: Duration) {
        self.state.change(|settings| settings.api_latency = latency);
    }

    /// Which header WebCommander takes the token in; the others are refused.
    pub fn set_webcommander_token_header(&self, header: TokenHeader) {
        self.state
            .change(|settings| settings.webcommander_header = header);
    }

    /// The status of WebCommander's token answer: 200 by default, 201 on the vendor's newest pages.
    pub fn set_webcommander_token_status(&self, status: u16) {
        self.state
            .change(|settings| settings.webcommander_status = status);
    }

    /// Which ways of signing in Communic8 has switched on.
    pub fn set_communic8_sign_in(&self, sign_in: Communic8SignIn) {
        self.state.change(|settings| settings.communic8 = sign_in);
    }

    /// How the implicit grant of Comm100 v2 answers.
    pub fn set_implicit_answer(&self, implicit: Implicit) {
        self.state.change(|settings| settings.implicit = implicit);
    }

    /// How Comm100 v4 lists campaigns.
    pub fn set_campaign_list(&self, list: CampaignList) {
        self.state.change(|settings| settings.campaigns = list);
    }

    /// Puts `items` records into the list at `path`, in the place of whatever it held, on every host that has it.
    ///
    /// They are made as they are asked for, the same ones for the same seed: a hundred thousand cost no memory.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let sandbox = vendor_sandbox::Sandbox::start().await?;
    /// sandbox.fill("/v4/livechat/campaigns", 100_000)?;
    /// assert!(sandbox.fill("/v4/livechat/nothing", 1).is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `NotFound` when no list has this path.
    pub fn fill(&self, path: &str, items: u64) -> io::Result<()> {
        match resources::fill(&self.state, path, items) {
            true => Ok(()),
            false => Err(io::Error::new(
                io::ErrorKind::NotFound,
                "no list has this path",
            )),
        }
    }

    /// Makes all records what they were at the start: what was added, changed, filled or sent as a file is gone.
    ///
    /// Tokens, requests, faults and settings stay.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let sandbox = vendor_sandbox::Sandbox::start().await?;
    /// sandbox.fill("/v4/livechat/campaigns", 100_000)?;
    /// sandbox.reset();
    /// // There are 25 campaigns again.
    /// # Ok(())
    /// # }
    /// ```
    pub fn reset(&self) {
        self.state.records.reset();
        self.state.communic8.reset();
    }

    /// From now on Comm100's answers link to the next page, or leave those members out; they do by default.
    ///
    /// A client that meets no link goes on by the number of the page.
    pub fn set_page_links(&self, links: bool) {
        self.state.change(|settings| settings.page_links = links);
    }

    /// From now on every list hands out its first page again and again, with one member of each item changed; not by default.
    ///
    /// A client that tells items apart by their ids notices; one that compares whole pages doesn't.
    pub fn set_repeated_pages(&self, repeated: bool) {
        self.state
            .change(|settings| settings.repeated_pages = repeated);
    }

    /// The files that were sent so far, the newest last; those of the first when there are more than a thousand are gone.
    #[must_use]
    pub fn uploads(&self) -> Vec<Upload> {
        self.state.records.uploads()
    }

    /// What `GET /oauth/userinfo` of the partner panel answers.
    pub fn set_userinfo(&self, userinfo: Value) {
        self.state.change(|settings| settings.userinfo = userinfo);
    }

    /// Every access token issued by or for this host so far answers 401 from now on.
    ///
    /// Hosts of one family share their tokens: either host of the Comm100 v4 pair revokes for both. Communic8's
    /// static token and Comm100's API key are no issued tokens and stay valid.
    pub fn revoke_access_tokens(&self, host: Host) {
        self.state.tokens.revoke_access(host);
    }

    /// Every refresh token issued by this host so far is refused with `invalid_grant` from now on.
    pub fn revoke_refresh_tokens(&self, host: Host) {
        self.state.tokens.revoke_refresh(host);
    }

    /// Orders a fault for coming requests; of several that fit, the oldest comes first.
    pub fn inject(&self, injection: Injection) {
        self.state.faults.add(injection);
    }

    /// Takes back every fault that has not met its request yet.
    pub fn clear_faults(&self) {
        self.state.faults.clear();
    }

    /// Every request since the start or the last [`Sandbox::clear`], in the order of arrival.
    ///
    /// A body above 1 MiB is answered with 413 and not recorded.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.state.log.requests()
    }

    /// How many requests came to the token endpoints of a host, refused ones included.
    #[must_use]
    pub fn token_requests(&self, host: Host) -> usize {
        self.state.log.count(host, Endpoint::Token)
    }

    /// How many API requests came to a host, refused ones included.
    #[must_use]
    pub fn api_requests(&self, host: Host) -> usize {
        self.state.log.count(host, Endpoint::Api)
    }

    /// The requests that no correct client sends.
    ///
    /// A token that ran out or was taken back is answered with an error, but not listed: correct clients meet that too.
    #[must_use]
    pub fn refusals(&self) -> Vec<Refusal> {
        self.state.log.refusals()
    }

    /// What was superfluous in requests and let pass in lenient mode.
    #[must_use]
    pub fn warnings(&self) -> Vec<Refusal> {
        self.state.log.warnings()
    }

    /// How often a spent refresh token came back; each time its whole family of tokens was revoked.
    #[must_use]
    pub fn reuse_detected(&self) -> usize {
        self.state.tokens.reuse()
    }

    /// Every secret that a client of this sandbox has held, for a test that looks for them where nothing secret belongs:
    /// those of all accounts ([`credentials::SECRETS`](crate::credentials::SECRETS)), every token issued, and each code and
    /// PKCE verifier that came in a request since the last [`clear`](Self::clear).
    ///
    /// Of a program that starts a sandbox of its own they can be had too: it adds them to the file that the environment
    /// variable `VENDOR_SANDBOX_SECRETS` names, a line each, when its sandbox ends.
    ///
    /// ```
    /// use vendor_sandbox::{Sandbox, credentials};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> std::io::Result<()> {
    /// let sandbox = Sandbox::start().await?;
    /// // After your client has run:
    /// let log = "GET /v4/livechat/campaigns: 200";
    /// assert!(sandbox.secrets().iter().all(|secret| !log.contains(secret.as_str())));
    /// assert!(sandbox.secrets().iter().any(|secret| secret == credentials::COMM100_API_KEY));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        crate::secrets::all(&self.state)
    }

    /// Forgets requests, refusals, warnings and the count of reuse; tokens, records, faults and settings stay.
    pub fn clear(&self) {
        self.state.log.clear();
        self.state.tokens.forget_reuse();
    }

    /// Opens `authorize_url` in a new browser, signs in, presses Approve, and returns the callback URL.
    ///
    /// # Errors
    ///
    /// When the request is refused (the message has the reason), or the address is not on 127.0.0.1.
    pub async fn approve(&self, authorize_url: &str) -> io::Result<String> {
        browser::decide(self.panel(authorize_url)?, authorize_url, "approve").await
    }

    /// Opens `authorize_url` in a new browser, signs in, presses Deny, and returns the callback URL.
    ///
    /// # Errors
    ///
    /// As for [`Sandbox::approve`].
    pub async fn deny(&self, authorize_url: &str) -> io::Result<String> {
        browser::decide(self.panel(authorize_url)?, authorize_url, "deny").await
    }

    /// Where people sign in on the host that an address is of.
    fn panel(&self, authorize_url: &str) -> io::Result<&'static Panel> {
        let is_at = |host: &Host| {
            let rest = authorize_url.strip_prefix(self.url(*host));
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        let host = Host::ALL.into_iter().find(is_at);
        let panel = host.and_then(|host| Provider::of(host).vendor().panel);
        panel.ok_or_else(|| io::Error::other("the address is not the sandbox's"))
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let urls = Host::ALL.map(|host| (host, self.url(host)));
        out.debug_map().entries(urls).finish()
    }
}
