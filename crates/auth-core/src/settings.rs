//! Gathers what a client may be told besides who signs in: the same for every provider.
//!
//! Answers: [`Settings`]. Never: does anything with them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock, SystemClock};
use crate::error::Error;
use crate::rate_limit::RateLimiter;
use crate::retry_budget::RetryBudget;
use crate::store::{MemoryStore, TokenStore};
use crate::token::TokenSet;
use crate::token_budget::{TokenBudget, TokenBudgets};
use crate::transport::{BaseUrl, Transport, TransportBuilder};

/// A time limit longer than this is cut to it, so that no sum of times overflows.
const LONGEST_LIMIT: Duration = Duration::from_secs(24 * 3600);

/// Someone who is told of each new token set.
pub(crate) type OnRenewed = Arc<dyn Fn(&TokenSet) + Send + Sync>;

/// Settings that every provider's client takes. The defaults are safe and useful.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// let settings = auth_core::Settings::new()
///     .call_timeout(Duration::from_secs(90))
///     .call_retries(1)
///     .on_renewed(|tokens| println!("a new token until {:?}", tokens.expires_at()));
/// ```
#[derive(Clone)]
pub struct Settings {
    pub(crate) account: Option<String>,
    pub(crate) call_deadline: Duration,
    pub(crate) call_retries: u32,
    pub(crate) call_timeout: Duration,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) on_renewed: Option<OnRenewed>,
    pub(crate) plain_http: Vec<String>,
    pub(crate) rate_limiter: Option<Option<RateLimiter>>,
    pub(crate) retry_budget: Option<Option<RetryBudget>>,
    pub(crate) store: Option<Arc<dyn TokenStore>>,
    /// The type of the store, for a diagnosis: its `Debug` may tell more than a support desk should read.
    store_type: &'static str,
    pub(crate) store_timeout: Duration,
    /// What clients of these settings may spend at token endpoints, where they share no transport.
    token_budgets: TokenBudgets,
    token_rate_limiter: Option<Option<RateLimiter>>,
    pub(crate) token_retries: u32,
    pub(crate) token_timeout: Duration,
    pub(crate) transport: Option<Transport>,
    pub(crate) transport_builder: Option<TransportBuilder>,
}

impl Settings {
    /// The defaults: 60 seconds for a try, 120 for a call, 30 for a token request, 5 for the store, two retries of each, the
    /// system's clock, tokens in memory, a transport of its own.
    pub fn new() -> Self {
        Self {
            account: None,
            call_deadline: Duration::from_secs(120),
            call_retries: 2,
            call_timeout: Duration::from_secs(60),
            clock: Arc::new(SystemClock),
            on_renewed: None,
            plain_http: Vec::new(),
            rate_limiter: None,
            retry_budget: None,
            store: None,
            store_type: std::any::type_name::<MemoryStore>(),
            store_timeout: Duration::from_secs(5),
            token_budgets: TokenBudgets::default(),
            token_rate_limiter: None,
            token_retries: 2,
            token_timeout: Duration::from_secs(30),
            transport: None,
            transport_builder: None,
        }
    }

    /// Names the person whose tokens these are, for a store that holds several persons' tokens. Not a secret.
    pub fn account(mut self, name: impl Into<String>) -> Self {
        self.account = Some(name.into());
        self
    }

    /// Allows plain `http` to this host, although it is not loopback: for a trusted network only.
    pub fn allow_plain_http(mut self, host: impl Into<String>) -> Self {
        self.plain_http.push(host.into());
        self
    }

    /// How long a call may take: waiting for its turn under the rate limit and for a token, sending, every retry and its
    /// pause, and reading the answer. Default: 120 seconds.
    ///
    /// A list is a call for each page, and its stream goes on for as long as pages come. Of an [`Upload`](crate::Upload) the
    /// deadline says until when a try may begin, and a [`Download`](crate::Download) has kept to it when its head is there:
    /// what makes progress is not cut off.
    pub fn call_deadline(mut self, deadline: Duration) -> Self {
        self.call_deadline = deadline;
        self
    }

    /// How often a call is tried again after a failure that may pass, while the [budget](Self::retry_budget) lasts.
    /// Default: 2.
    pub fn call_retries(mut self, retries: u32) -> Self {
        self.call_retries = retries;
        self
    }

    /// How long one try of a call may take. Default: 60 seconds.
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.call_timeout = timeout;
        self
    }

    /// The clock. Default: the machine's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Is told of each new token set, after it was saved and before it is used; where saving failed, which is logged,
    /// this is the only copy outside the process's memory. It must not block for long; if it panics, the token is
    /// used all the same.
    pub fn on_renewed(mut self, told: impl Fn(&TokenSet) + Send + Sync + 'static) -> Self {
        self.on_renewed = Some(Arc::new(told));
        self
    }

    /// A client-side rate limit, to be shared by clones. Default: what the provider documents.
    pub fn rate_limiter(mut self, limiter: RateLimiter) -> Self {
        self.rate_limiter = Some(Some(limiter));
        self
    }

    /// No client-side rate limit.
    pub fn no_rate_limiter(mut self) -> Self {
        self.rate_limiter = Some(None);
        self
    }

    /// What may be spent on sending calls again, after a failure or a 401. Default: a hundred retries of the client's own.
    ///
    /// Share one among the clients of one host; make it smaller where a hundred retries at once are too much for the
    /// provider, and larger where more calls than that are under way at once and a short failure is to pass unseen.
    ///
    /// # Examples
    /// ```
    /// use auth_core::{RetryBudget, Settings};
    /// let settings = Settings::new().retry_budget(RetryBudget::new(20));
    /// ```
    pub fn retry_budget(mut self, budget: RetryBudget) -> Self {
        self.retry_budget = Some(Some(budget));
        self
    }

    /// No retry budget: calls are tried again as often as [`call_retries`](Self::call_retries) says, however many fail.
    pub fn no_retry_budget(mut self) -> Self {
        self.retry_budget = Some(None);
        self
    }

    /// Where token sets are kept. Default: in the client's own memory.
    pub fn store<S: TokenStore + 'static>(mut self, store: S) -> Self {
        self.store = Some(Arc::new(store));
        self.store_type = std::any::type_name::<S>();
        self
    }

    /// How long a load from the store or a save to it may take, and no call with a valid token waits for either.
    /// Default: 5 seconds.
    pub fn store_timeout(mut self, timeout: Duration) -> Self {
        self.store_timeout = timeout.min(LONGEST_LIMIT);
        self
    }

    /// The client-side limit of token requests, for all clients that it is given to. It is apart from that of calls.
    ///
    /// Default: 100 in any second for each token endpoint and client id, so that ten thousand sessions that start at once
    /// are signed in within a call's default deadline, and one that is ill can't do harm. The default is shared by the
    /// clients that share a [`Transport`], and without one by those that are made of the same settings and their clones.
    ///
    /// While none is free, a renewal waits, for two minutes at most, and a token that is still valid stays in use. Who has
    /// none waits with it, and fails at the call's own deadline with
    /// [`ErrorKind::RateLimited`](crate::ErrorKind::RateLimited), which can be tried again. A token request is retried only
    /// where one is free at once.
    ///
    /// # Examples
    /// A provider that allows ten sign-ins a minute:
    /// ```
    /// use std::time::Duration;
    /// use auth_core::{RateLimiter, Settings};
    /// let settings = Settings::new().token_rate_limiter(RateLimiter::new(10, Duration::from_secs(60)));
    /// ```
    pub fn token_rate_limiter(mut self, limiter: RateLimiter) -> Self {
        self.token_rate_limiter = Some(Some(limiter));
        self
    }

    /// No client-side limit of token requests but the pauses that each session makes.
    pub fn no_token_rate_limiter(mut self) -> Self {
        self.token_rate_limiter = Some(None);
        self
    }

    /// How often a token request is tried again, at most 2, and while its own retry budget lasts: a hundred retries for
    /// each token endpoint and client id, shared like the [limit](Self::token_rate_limiter). Default: 2.
    pub fn token_retries(mut self, retries: u32) -> Self {
        self.token_retries = retries;
        self
    }

    /// How long a token request may take. Default: 30 seconds.
    pub fn token_timeout(mut self, timeout: Duration) -> Self {
        self.token_timeout = timeout.min(LONGEST_LIMIT);
        self
    }

    /// Shares a transport with other clients. Not together with the settings below, which are the transport's own.
    pub fn transport(mut self, transport: Transport) -> Self {
        self.transport = Some(transport);
        self
    }

    /// How long a connection may take to be made. Default: 10 seconds.
    pub fn connect_timeout(self, timeout: Duration) -> Self {
        self.own_transport(|builder| builder.connect_timeout(timeout))
    }

    /// A proxy for all requests, as a URL. Default: the system's.
    pub fn proxy(self, url: impl Into<String>) -> Self {
        self.own_transport(|builder| builder.proxy(url))
    }

    /// Trusts one more root certificate, in PEM, beside the system's.
    pub fn root_certificate(self, pem: impl Into<Vec<u8>>) -> Self {
        self.own_transport(|builder| builder.root_certificate(pem))
    }

    /// The `User-Agent` header. Default: the provider crate's name and version.
    pub fn user_agent(self, text: impl Into<String>) -> Self {
        self.own_transport(|builder| builder.user_agent(text))
    }

    fn own_transport(mut self, change: impl FnOnce(TransportBuilder) -> TransportBuilder) -> Self {
        self.transport_builder = Some(change(self.transport_builder.take().unwrap_or_default()));
        self
    }

    /// Says whether a store was set.
    pub fn has_store(&self) -> bool {
        self.store.is_some()
    }

    /// Says whether a store that others may share was set without [`account`](Self::account).
    pub fn lacks_account(&self) -> bool {
        self.store.is_some() && self.account.is_none()
    }

    /// Hosts that plain `http` is allowed to besides loopback.
    pub fn plain_http_hosts(&self) -> &[String] {
        &self.plain_http
    }

    pub(crate) fn make_transport(&self) -> Result<Transport, Error> {
        match (&self.transport, &self.transport_builder) {
            (Some(_), Some(_)) => Err(Error::config(
                "transport",
                "a shared transport has its own time-outs, proxy, certificates and user agent; set them there",
            )),
            (Some(transport), None) => Ok(transport.clone()),
            (None, builder) => builder.clone().unwrap_or_default().build(),
        }
    }

    /// What may be spent at the token endpoint of `base` for `client_id`.
    pub(crate) fn token_budget(&self, base: &BaseUrl, client_id: Option<&String>) -> TokenBudget {
        let shared = self.transport.as_ref().map(Transport::token_budgets);
        let budgets = shared.unwrap_or(&self.token_budgets);
        let mut budget = budgets.of(base.to_string(), client_id.cloned());
        if let Some(limiter) = &self.token_rate_limiter {
            budget.limiter = limiter.clone();
        }
        budget
    }

    pub(crate) fn make_store(&self) -> Arc<dyn TokenStore> {
        self.store
            .clone()
            .unwrap_or_else(|| Arc::new(MemoryStore::new()))
    }

    /// The name of the store's type, without the path to it.
    pub(crate) fn store_name(&self) -> &'static str {
        let outer = self.store_type.split('<').next().unwrap_or_default();
        outer.rsplit("::").next().unwrap_or_default()
    }

    /// Whether the store is not one of ours, so that nobody here knows what its errors say.
    pub(crate) fn has_foreign_store(&self) -> bool {
        !self
            .store_type
            .starts_with(concat!(env!("CARGO_CRATE_NAME"), "::"))
    }

    /// How long a store's lock may be held: for a token request, another after it, and what the store itself takes.
    pub(crate) fn lease(&self) -> Duration {
        self.token_timeout * 2 + self.store_timeout * 4
    }

    /// Refuses what can't work.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.token_retries > 2 {
            return Err(Error::config(
                "token_retries",
                "is at most 2, so that a refused credential is not hammered",
            ));
        }
        for (name, value) in [
            ("call_deadline", self.call_deadline),
            ("call_timeout", self.call_timeout),
            ("store_timeout", self.store_timeout),
            ("token_timeout", self.token_timeout),
        ] {
            if value.is_zero() {
                return Err(Error::config(name, "is zero"));
            }
        }
        Ok(())
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("call_deadline", &self.call_deadline)
            .field("call_retries", &self.call_retries)
            .field("call_timeout", &self.call_timeout)
            .field("clock", &self.clock)
            .field("rate_limiter", &self.rate_limiter)
            .field("retry_budget", &self.retry_budget)
            .field("store", &self.store)
            .field("store_timeout", &self.store_timeout)
            .field("token_rate_limiter", &self.token_rate_limiter)
            .field("token_retries", &self.token_retries)
            .field("token_timeout", &self.token_timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn token_requests_of_clones_are_limited_together_and_of_other_settings_apart() {
        let clock = ManualClock::new();
        let base = BaseUrl::parse("base_url", "https://login.example", &[]).expect("a good URL");
        let id = "app-1".to_owned();
        let free = |settings: &Settings| {
            let limiter = settings.token_budget(&base, Some(&id)).limiter;
            let limiter = limiter.expect("the default is a limit");
            std::iter::from_fn(|| limiter.free(&clock))
                .map(|turn| turn.spend(clock.now()))
                .count()
        };
        let settings = Settings::new();
        assert_eq!(free(&settings.clone().account("jo")), 100);
        assert_eq!(free(&settings), 0);
        assert_eq!(free(&Settings::new()), 100);
        let transport = Transport::builder().build().expect("a transport");
        let sharing = settings.transport(transport.clone());
        assert_eq!(free(&sharing), 100);
        assert_eq!(free(&Settings::new().transport(transport)), 0);
        let unbound = sharing.no_token_rate_limiter();
        assert!(unbound.token_budget(&base, Some(&id)).limiter.is_none());
    }
}
