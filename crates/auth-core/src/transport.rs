//! Carries one request to one host: TLS, time-outs, size limits, no redirects, no cookies.
//!
//! Answers: [`Transport`], [`BaseUrl`]. Never: knows a token, follows a redirect, keeps a cookie, unpacks a
//! compressed body. The only room that names `reqwest`.

mod base_url;
mod incoming;
mod outgoing;

use std::error::Error as StdError;
use std::fmt;
use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::USER_AGENT;
use http::{HeaderMap, HeaderValue, Method};
use reqwest::redirect::Policy;
use tracing::Instrument as _;
use tracing::field::{self, Empty};
use url::Url;

use crate::clock::{Clock as _, SystemClock, within};
use crate::error::Error;
use crate::token_budget::TokenBudgets;

pub(crate) use base_url::append_query;
use base_url::is_plain_loopback;
pub use base_url::{BaseUrl, UrlText};
pub(crate) use incoming::Incoming;
use outgoing::Watch;
pub(crate) use outgoing::{Payload, Streamed};

/// How long an answer is looked for after its time is over.
const GRACE: Duration = Duration::from_millis(100);

/// Settings of a [`Transport`].
///
/// # Examples
/// ```
/// use std::time::Duration;
/// let transport = auth_core::Transport::builder()
///     .connect_timeout(Duration::from_secs(5))
///     .user_agent("inventory-sync/2.1")
///     .build()?;
/// # Ok::<(), auth_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct TransportBuilder {
    connect_timeout: Duration,
    user_agent: Option<String>,
    proxy: Option<UrlText>,
    roots: Vec<Vec<u8>>,
}

impl Default for TransportBuilder {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            user_agent: None,
            proxy: None,
            roots: Vec::new(),
        }
    }
}

impl TransportBuilder {
    /// How long a connection may take to be made, TLS included. Default: 10 seconds.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// The `User-Agent` header. Default: the provider crate's name and version.
    pub fn user_agent(mut self, text: impl Into<String>) -> Self {
        self.user_agent = Some(text.into());
        self
    }

    /// A proxy for all requests, as a URL. Default: the system's (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`), but none for
    /// plain `http` to loopback.
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(UrlText::new(url));
        self
    }

    /// Trusts one more root certificate, in PEM, beside the system's.
    pub fn root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots.push(pem.into());
        self
    }

    /// Checks the settings and makes the transport. No I/O but for the system's root certificates.
    ///
    /// A machine without any root certificate is no error here: calls to loopback work, and TLS trusts nobody but
    /// [`root_certificate`](Self::root_certificate).
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config), naming the setting.
    pub fn build(self) -> Result<Transport, Error> {
        let user_agent = match &self.user_agent {
            Some(text) => Some(
                HeaderValue::from_str(text)
                    .map_err(|_| Error::config("user_agent", "is not a valid header value"))?,
            ),
            None => None,
        };
        let refuse = |error: reqwest::Error| Error::config("transport", innermost(&error));
        let (client, has_system_roots) = match self.trusting(Roots::System)?.build() {
            Ok(client) => (client, true),
            Err(error) => {
                let Ok(client) = self.trusting(Roots::Given)?.build() else {
                    return Err(refuse(error));
                };
                tracing::warn!(
                    name: "auth_core.tls.no_roots",
                    "this machine has no root certificates; TLS trusts none but those of the settings"
                );
                (client, false)
            }
        };
        let direct = match self.proxy {
            Some(_) => None,
            None => Some(
                self.trusting(Roots::Given)?
                    .no_proxy()
                    .build()
                    .map_err(refuse)?,
            ),
        };
        Ok(Transport {
            client,
            direct,
            has_system_roots,
            user_agent,
            token_budgets: TokenBudgets::default(),
        })
    }

    fn trusting(&self, roots: Roots) -> Result<reqwest::ClientBuilder, Error> {
        let mut builder = reqwest::Client::builder()
            .redirect(Policy::none())
            // Somebody else in the tree may have switched reqwest's features on.
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .referer(false)
            .connect_timeout(self.connect_timeout);
        if let Some(url) = &self.proxy {
            let proxy = reqwest::Proxy::all(url.as_str())
                .map_err(|_| Error::config("proxy", "is not a valid proxy URL"))?;
            builder = builder.proxy(proxy);
        }
        roots.apply(builder, &self.roots)
    }
}

/// Which root certificates TLS trusts.
#[derive(Clone, Copy)]
enum Roots {
    /// The system's, and those of the settings.
    System,
    /// Those of the settings alone.
    Given,
}

impl Roots {
    #[cfg(any(feature = "rustls", feature = "native-tls"))]
    fn apply(
        self,
        builder: reqwest::ClientBuilder,
        given: &[Vec<u8>],
    ) -> Result<reqwest::ClientBuilder, Error> {
        let mut trusted = Vec::new();
        for pem in given {
            let found = reqwest::Certificate::from_pem_bundle(pem).unwrap_or_default();
            if found.is_empty() {
                return Err(Error::config(
                    "root_certificate",
                    "is not a PEM certificate",
                ));
            }
            trusted.extend(found);
        }
        Ok(match self {
            Self::System => builder.tls_certs_merge(trusted),
            Self::Given => builder.tls_certs_only(trusted),
        })
    }

    #[cfg(not(any(feature = "rustls", feature = "native-tls")))]
    fn apply(
        self,
        builder: reqwest::ClientBuilder,
        given: &[Vec<u8>],
    ) -> Result<reqwest::ClientBuilder, Error> {
        if given.is_empty() {
            return Ok(builder);
        }
        Err(Error::config(
            "root_certificate",
            "this build has no TLS; enable the feature `rustls` or `native-tls`",
        ))
    }
}

/// A connection pool that many clients can share. Cheap to clone.
///
/// It follows no redirect, keeps no cookie, asks for no compression and sends no `Referer`. Clients that share it share the
/// [limit of token requests](crate::Settings::token_rate_limiter) too.
///
/// # Examples
/// ```
/// use auth_core::{Settings, Transport};
/// let shared = Transport::builder().build()?;
/// let first = Settings::new().transport(shared.clone());
/// let second = Settings::new().transport(shared);
/// # Ok::<(), auth_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Transport {
    client: reqwest::Client,
    /// For plain calls to this machine: the system's proxy is for the way out, and must not see them.
    direct: Option<reqwest::Client>,
    has_system_roots: bool,
    user_agent: Option<HeaderValue>,
    token_budgets: TokenBudgets,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport")
    }
}

/// Runs `work` for `limit`. A process that stood still finds its time over and the answer there at once: it counts.
async fn leniently<T>(
    limit: Duration,
    mut work: Pin<&mut (impl Future<Output = T> + ?Sized)>,
) -> Option<T> {
    if let Some(done) = within(&SystemClock, limit, work.as_mut()).await {
        return Some(done);
    }
    within(&SystemClock, GRACE, work).await
}

/// One request, ready for the wire.
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Payload,
    /// Who asks, where the transport's settings do not say.
    pub(crate) user_agent: &'static str,
}

/// What may be spent on one request.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// From the first byte sent to the last byte received; where a body is streamed, in either direction, from each
    /// piece of it to the next.
    pub(crate) timeout: Duration,
    /// The largest body that is read.
    pub(crate) body: usize,
    /// Whether an answer that is given up takes with it what can't be had again.
    pub(crate) is_precious: bool,
}

impl Transport {
    /// Starts with the default settings.
    pub fn builder() -> TransportBuilder {
        TransportBuilder::default()
    }

    /// What those who share it may spend at token endpoints.
    pub(crate) fn token_budgets(&self) -> &TokenBudgets {
        &self.token_budgets
    }

    /// Sends one request and reads the whole answer, whatever its status. Its span follows OpenTelemetry's conventions
    /// for HTTP clients.
    pub(crate) async fn send(
        &self,
        outgoing: Outgoing,
        limits: Limits,
    ) -> Result<http::Response<Bytes>, Error> {
        let span = span(&outgoing);
        let has_body = outgoing.method != Method::HEAD;
        let (sending, watch) = self.dispatch(outgoing);
        let host = sending.host.clone();
        let work = Box::pin(async move {
            let (response, host) = self.head(sending).await?;
            self.read(response, &host, has_body, limits.body).await
        });
        let done = in_time(work, &host, watch.as_ref(), limits);
        let done = done.instrument(span.clone()).await;
        noted(or_own_failure(done, watch.as_ref()), &span)
    }

    /// Sends one request and reads the head of its answer, whatever its status; the body is left to be read, each piece of
    /// which may take `pause`. The limit of its size is not looked at. A streamed body goes on being sent until the answer
    /// is read to its end or dropped.
    pub(crate) async fn open(
        &self,
        outgoing: Outgoing,
        limits: Limits,
        pause: Duration,
    ) -> Result<http::Response<Incoming>, Error> {
        let span = span(&outgoing);
        let (sending, watch) = self.dispatch(outgoing);
        let host = sending.host.clone();
        let work = Box::pin(async move {
            let (response, host) = self.head(sending).await?;
            Ok(Incoming::open(response, host, pause))
        });
        let done = in_time(work, &host, watch.as_ref(), limits);
        let done = done.instrument(span.clone()).await;
        let opened = or_own_failure(done, watch.as_ref());
        let opened = opened.map(|answer| answer.map(|incoming| incoming.beside(watch)));
        noted(opened, &span)
    }

    /// Makes a request that is ready to leave, and what watches over its body where that is streamed.
    fn dispatch(&self, outgoing: Outgoing) -> (Sending, Option<Watch>) {
        let client = match &self.direct {
            Some(direct) if is_plain_loopback(&outgoing.url) => direct,
            _ => &self.client,
        };
        let host = outgoing.url.authority().to_owned();
        let mut request = reqwest::Request::new(outgoing.method, outgoing.url);
        *request.headers_mut() = outgoing.headers;
        let user_agent = self.user_agent.clone();
        let user_agent = user_agent.unwrap_or(HeaderValue::from_static(outgoing.user_agent));
        request
            .headers_mut()
            .entry(USER_AGENT)
            .or_insert(user_agent);
        let (body, watch) = outgoing.body.into_body();
        *request.body_mut() = body;
        let sending = Sending {
            client: client.clone(),
            request,
            host,
        };
        (sending, watch)
    }

    /// Sends a request and reads the head of the answer.
    async fn head(&self, sending: Sending) -> Result<(reqwest::Response, String), Error> {
        let sent = sending.client.execute(sending.request).await;
        match sent {
            Ok(response) => Ok((response, sending.host)),
            Err(error) => Err(self.failed(&sending.host, error)),
        }
    }

    /// Reads an answer up to `largest` bytes.
    async fn read(
        &self,
        mut response: reqwest::Response,
        host: &str,
        has_body: bool,
        largest: usize,
    ) -> Result<http::Response<Bytes>, Error> {
        let too_large =
            || Error::blocked(format!("the answer is larger than {largest} bytes"), true);
        let announced = response.content_length().unwrap_or(0);
        if has_body && announced > largest as u64 {
            return Err(too_large());
        }
        let mut answer = http::Response::new(Bytes::new());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        let mut whole = Bytes::new();
        let mut body = BytesMut::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.failed(host, error))?
        {
            if whole.len() + body.len() + chunk.len() > largest {
                return Err(too_large());
            }
            if whole.is_empty() && body.is_empty() {
                // Most answers come in one piece, which is not copied.
                whole = chunk;
                continue;
            }
            body.extend_from_slice(&std::mem::take(&mut whole));
            body.extend_from_slice(&chunk);
        }
        if !body.is_empty() {
            whole = body.freeze();
        }
        *answer.body_mut() = whole;
        Ok(answer)
    }

    /// A `reqwest` error prints its URL, so it is taken out before anything else.
    fn failed(&self, host: &str, error: reqwest::Error) -> Error {
        let error = error.without_url();
        if error.is_connect() {
            let hint = (!self.has_system_roots).then_some(
                "this machine has no root certificates; install them or set `root_certificate`",
            );
            Error::no_connection(host, hint, error)
        } else if error.is_builder() {
            Error::invalid(format!("the request cannot be sent: {}", innermost(&error)))
        } else if error.is_timeout() {
            Error::timeout(&format!("`{host}` did not answer"), true)
        } else {
            Error::broken_connection(host, error)
        }
    }
}

/// A request on its way.
struct Sending {
    client: reqwest::Client,
    request: reqwest::Request,
    host: String,
}

/// A body that could not be read on this side breaks the connection: then that is the news, whatever had come of the
/// answer.
fn or_own_failure<T>(done: Result<T, Error>, watch: Option<&Watch>) -> Result<T, Error> {
    done.map_err(|error| watch.and_then(Watch::failure).unwrap_or(error))
}

/// The span of one request.
fn span(outgoing: &Outgoing) -> tracing::Span {
    tracing::debug_span!(
        "auth_core.request",
        otel.name = %outgoing.method,
        otel.kind = "client",
        http.request.method = %outgoing.method,
        http.response.status_code = Empty,
        server.address = outgoing.url.host_str(),
        server.port = outgoing.url.port_or_known_default(),
        error.type = Empty,
    )
}

/// Writes the outcome of a request into its span.
fn noted<B>(
    answer: Result<http::Response<B>, Error>,
    span: &tracing::Span,
) -> Result<http::Response<B>, Error> {
    match &answer {
        Ok(answer) => {
            span.record("http.response.status_code", answer.status().as_u16());
        }
        Err(error) => {
            span.record("error.type", field::debug(error.kind()));
        }
    }
    answer
}

/// Waits for `work` as long as the limits say; while a streamed body makes progress, its time begins anew.
async fn in_time<T>(
    mut work: Pin<Box<impl Future<Output = Result<T, Error>> + ?Sized>>,
    host: &str,
    watch: Option<&Watch>,
    limits: Limits,
) -> Result<T, Error> {
    let began = SystemClock.now();
    let mut done = leniently(limits.timeout, work.as_mut()).await;
    while let (None, Some(watch)) = (&done, watch) {
        let Some(left) = limits.timeout.checked_sub(watch.idle()) else {
            break;
        };
        done = leniently(left, work.as_mut()).await;
    }
    // Where the process or its runtime stood still, the request may have left only now.
    let stood_still = || SystemClock.now() - began > limits.timeout + GRACE * 2;
    if done.is_none() && limits.is_precious && stood_still() {
        done = leniently(limits.timeout, work.as_mut()).await;
    }
    done.unwrap_or_else(|| Err(Error::timeout(&format!("`{host}` did not answer"), true)))
}

fn innermost(error: &dyn StdError) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}
