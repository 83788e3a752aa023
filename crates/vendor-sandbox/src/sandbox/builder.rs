//! Settings that a sandbox starts with, and the start itself.

use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::host::Host;
use crate::record::{Listener, Log, Recorded};
use crate::secrets::Last;
use crate::state::{Settings, State};
use crate::wire;

use super::Sandbox;

/// Collects settings; [`SandboxBuilder::start`] makes them run.
///
/// ```
/// use std::time::Duration;
/// use vendor_sandbox::Sandbox;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let sandbox = Sandbox::builder()
///     .token_lifetime(Duration::from_secs(2))
///     .api_latency(Duration::from_millis(50))
///     .on_answer(|request| println!("{} {}", request.method, request.path))
///     .start()
///     .await?;
/// # drop(sandbox);
/// # Ok(())
/// # }
/// ```
#[must_use]
pub struct SandboxBuilder {
    settings: Settings,
    first_port: Option<u16>,
    listener: Option<Listener>,
}

impl SandboxBuilder {
    pub(super) fn new() -> Self {
        Self {
            settings: Settings::default(),
            first_port: None,
            listener: None,
        }
    }

    /// Whether unknown parameters of a sign-in pass with a warning; by default they are refused.
    pub fn lenient(mut self, lenient: bool) -> Self {
        self.settings.lenient = lenient;
        self
    }

    /// How long access tokens live, whatever the vendor; see [`Sandbox::set_token_lifetime`].
    ///
    /// Without it Comm100's live 43200 s (43199 s on v2), Communic8's 86400 s and WebCommander's 3600 s.
    pub fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.settings.token_lifetime = Some(lifetime);
        self
    }

    /// How long token endpoints hold their answers back; zero by default.
    pub fn token_latency(mut self, latency: Duration) -> Self {
        self.settings.token_latency = latency;
        self
    }

    /// How long API endpoints hold their answers back; zero by default.
    pub fn api_latency(mut self, latency: Duration) -> Self {
        self.settings.api_latency = latency;
        self
    }

    /// Whether a callback repeats the `state` of its authorization request; true by default.
    pub fn echo_state(mut self, echo: bool) -> Self {
        self.settings.echo_state = echo;
        self
    }

    /// What the records without hand-written ones are made of; 0 by default.
    ///
    /// Two sandboxes of the same seed answer the same bytes. Ids do not depend on it.
    pub fn seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    /// Takes `first` and the ports after it, one for each host in the order of [`Host::ALL`], instead of ports of the system's choice.
    pub fn ports(mut self, first: u16) -> Self {
        self.first_port = Some(first);
        self
    }

    /// Calls `listener` for each request once its answer is known, or once it is known that there will be none.
    ///
    /// Runs before the answer is on the wire, on the sandbox's own tasks: it should not block.
    pub fn on_answer(mut self, listener: impl Fn(&Recorded) + Send + Sync + 'static) -> Self {
        self.listener = Some(Box::new(listener));
        self
    }

    /// Binds all hosts on 127.0.0.1 and starts to answer.
    ///
    /// # Errors
    ///
    /// When a port is taken, or the fixed ports would run past 65535.
    pub async fn start(self) -> io::Result<Sandbox> {
        let mut listeners = Vec::new();
        let mut urls = Host::ALL.map(|_| String::new());
        for (number, url) in (0..).zip(&mut urls) {
            let port = match self.first_port {
                Some(first) => first
                    .checked_add(number)
                    .ok_or(io::ErrorKind::InvalidInput)?,
                None => 0,
            };
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
            *url = format!("http://{}", listener.local_addr()?);
            listeners.push(listener);
        }
        let state = Arc::new(State::new(urls, self.settings, Log::new(self.listener)));
        let (running, stop) = watch::channel(());
        for (host, listener) in Host::ALL.into_iter().zip(listeners) {
            tokio::spawn(wire::listen(
                listener,
                host,
                Arc::clone(&state),
                stop.clone(),
            ));
        }
        Ok(Sandbox {
            _last: Last::of(&state).map(Arc::new),
            state,
            _running: Arc::new(running),
        })
    }
}

impl fmt::Debug for SandboxBuilder {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("SandboxBuilder")
            .field("settings", &self.settings)
            .field("first_port", &self.first_port)
            .finish_non_exhaustive()
    }
}
