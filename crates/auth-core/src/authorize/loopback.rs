//! Signs a person in through the browser of the machine that the program runs on.
//!
//! Answers: [`LoopbackSignIn`]. Never: exchanges the code, shows a page of its own before the provider's.
//!
//! # Invariants
//! - The port is open for the wait only, and closes when the future is dropped: whatever is open belongs to it
//!   (guard: `tests/it/loopback/port.rs`).
//! - Nothing but the answer to this sign-in, to this address, ends the wait (guard: `tests/it/loopback/refusals.rs`).
//!   Where `allow_missing_state` was called, whoever leads the browser there with a code of any kind ends it, too
//!   (guard for the rest: `tests/it/loopback/outcome.rs`).
//!
//! # Source
//! RFC 8252 sections 7.3, 8.3, 8.10 and 8.12.

mod answer;
mod connection;
mod head;
mod port;
mod wait;

use std::fmt;
use std::time::Duration;

use url::Url;

use super::{AuthorizationRequest, LONGEST_LIFETIME};
use crate::clock::within;
use crate::error::Error;
use crate::grant::AuthorizationCode;
use crate::settings::Settings;

use port::{Ports, Redirect};

/// How long a person has, unless somebody says otherwise.
const TIMEOUT: Duration = Duration::from_secs(300);

/// How a desktop or command-line program signs a person in: it opens the provider's page in the person's own browser,
/// and listens on loopback for the callback. Needs the feature `loopback`.
///
/// A provider's client builder takes it. The port is the system's choice, on 127.0.0.1 and \[::1\], open until the
/// callback has come, time is up, or the future is dropped.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use auth_core::LoopbackSignIn;
///
/// // The URL is shown in any case, since a browser may fail to come up.
/// let sign_in = LoopbackSignIn::new(|url| println!("Sign in at: {url}")).timeout(Duration::from_secs(120));
///
/// // In an SSH session, where the browser is on another machine: it comes back through `ssh -L PORT:127.0.0.1:PORT`
/// // with the port of the URL's `redirect_uri`.
/// let remote = LoopbackSignIn::new(|url| println!("Sign in at: {url}")).no_browser();
/// ```
///
/// # Source
/// RFC 8252.
pub struct LoopbackSignIn {
    show: Box<dyn Fn(&Url) + Send + Sync>,
    opens_browser: bool,
    timeout: Duration,
}

impl LoopbackSignIn {
    /// Opens the browser, waits five minutes, and calls `show` with the URL of the provider's page. It is meant for this
    /// person only: show it, and don't log it.
    pub fn new(show: impl Fn(&Url) + Send + Sync + 'static) -> Self {
        Self {
            show: Box::new(show),
            opens_browser: true,
            timeout: TIMEOUT,
        }
    }

    /// Opens no browser: the person, or your program, opens the URL that is shown.
    pub fn no_browser(mut self) -> Self {
        self.opens_browser = false;
        self
    }

    /// How long the person has, at most a day. Default: five minutes.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout.min(LONGEST_LIFETIME);
        self
    }

    /// Leads the person there and back. For provider crates.
    ///
    /// `registered` is the redirect URI as it is registered with the provider: `http://127.0.0.1/callback` where nobody
    /// says otherwise. Its path is used, and its port if it names one other than 80, for a provider that compares it;
    /// RFC 8252 section 7.3 wants any port to be accepted. `request` makes the request for the redirect URI that came of it.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) where `registered` is no `http` URL of a loopback literal, or the
    /// request says so; [`ErrorKind::Connect`](crate::ErrorKind::Connect) where no port can be opened;
    /// [`ErrorKind::Timeout`](crate::ErrorKind::Timeout) where nobody has come back in time; otherwise what the callback
    /// said, as for [`PendingAuthorization::check`](crate::PendingAuthorization::check).
    ///
    /// # Examples
    /// ```no_run
    /// use auth_core::{AuthorizationCode, AuthorizationRequest, BaseUrl, Dialect, Error, LoopbackSignIn, Settings};
    ///
    /// async fn sign_in(dialect: Dialect, base: BaseUrl, settings: &Settings) -> Result<AuthorizationCode, Error> {
    ///     let sign_in = LoopbackSignIn::new(|url| println!("Sign in at: {url}"));
    ///     let request = |uri: &str| AuthorizationRequest::new(dialect, base, "app-1", uri);
    ///     sign_in.run(settings, Some("http://127.0.0.1/back"), request).await
    /// }
    /// ```
    pub async fn run(
        &self,
        settings: &Settings,
        registered: Option<&str>,
        request: impl FnOnce(&str) -> Result<AuthorizationRequest, Error>,
    ) -> Result<AuthorizationCode, Error> {
        if self.timeout.is_zero() {
            return Err(Error::config("timeout", "is zero"));
        }
        let redirect = Redirect::read(registered)?;
        let ports = Ports::open(&redirect).map_err(Error::listener)?;
        let address = redirect.at(&ports);
        // The wait below ends it.
        let request = request(&address.uri())?.lifetime(LONGEST_LIFETIME);
        let (url, pending) = request.start()?;
        (self.show)(&url);
        if self.opens_browser {
            open_browser(url);
        }
        let clock = &*settings.clock;
        let wait = wait::callback(ports, address, pending, clock);
        let outcome = within(clock, self.timeout, wait).await;
        outcome.unwrap_or_else(|| {
            Err(Error::timeout(
                "nobody has come back from the sign-in page",
                false,
            ))
        })
    }
}

impl fmt::Debug for LoopbackSignIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoopbackSignIn")
            .field("opens_browser", &self.opens_browser)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// Asks the system for its browser, beside the wait: a launcher may take its time, and the wait does not depend on it.
fn open_browser(url: Url) {
    tokio::task::spawn_blocking(move || {
        if let Err(error) = open::that_detached(url.as_str()) {
            // Its text would tell the URL.
            tracing::warn!(
                name: "auth_core.browser.not_opened",
                error = %error.kind(),
                "no browser came up; the person needs to open the URL that was shown"
            );
        }
    });
}
