//! Carries one request to one host: TLS, time-outs, size limits, no redirects, no cookies.
//!
//! Answers: [`Transport`], [`BaseUrl`]. Never: knows a token, follows a redirect, keeps a cookie, unpacks a
//! compressed body. The only room that names `reqwest`.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::redirect::Policy;
use url::{Host, Url};

use crate::error::Error;

/// What RFC 3986 calls unreserved stays as it is in a query; everything else is percent-encoded, a space as `%20`.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

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
    proxy: Option<String>,
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

    /// The `User-Agent` header where none was set.
    pub(crate) fn default_user_agent(mut self, text: &str) -> Self {
        self.user_agent.get_or_insert_with(|| text.to_owned());
        self
    }

    /// A proxy for all requests, as a URL. Default: the system's (`HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`).
    pub fn proxy(mut self, url: impl Into<String>) -> Self {
        self.proxy = Some(url.into());
        self
    }

    /// Trusts one more root certificate, in PEM, beside the system's.
    pub fn root_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.roots.push(pem.into());
        self
    }

    /// Checks the settings and makes the transport. No I/O.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config), naming the setting.
    pub fn build(self) -> Result<Transport, Error> {
        let mut builder = reqwest::Client::builder()
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(self.connect_timeout);
        if let Some(text) = &self.user_agent {
            let value = http::HeaderValue::from_str(text)
                .map_err(|_| Error::config("user_agent", "is not a valid header value"))?;
            builder = builder.user_agent(value);
        }
        if let Some(url) = &self.proxy {
            let proxy = reqwest::Proxy::all(url.as_str())
                .map_err(|_| Error::config("proxy", "is not a valid proxy URL"))?;
            builder = builder.proxy(proxy);
        }
        for pem in &self.roots {
            builder = trust(builder, pem)?;
        }
        let client = builder.build().map_err(|error| {
            Error::config(
                "transport",
                format!("cannot be built: {}", innermost(&error)),
            )
        })?;
        Ok(Transport { client })
    }
}

#[cfg(any(feature = "rustls", feature = "native-tls"))]
fn trust(builder: reqwest::ClientBuilder, pem: &[u8]) -> Result<reqwest::ClientBuilder, Error> {
    let certificates = reqwest::Certificate::from_pem_bundle(pem)
        .ok()
        .filter(|found| !found.is_empty())
        .ok_or_else(|| Error::config("root_certificate", "is not a PEM certificate"))?;
    Ok(builder.tls_certs_merge(certificates))
}

#[cfg(not(any(feature = "rustls", feature = "native-tls")))]
fn trust(_: reqwest::ClientBuilder, _: &[u8]) -> Result<reqwest::ClientBuilder, Error> {
    Err(Error::config(
        "root_certificate",
        "this build has no TLS; enable the feature `rustls` or `native-tls`",
    ))
}

/// A connection pool that many clients can share. Cheap to clone.
///
/// It follows no redirect, keeps no cookie, asks for no compression and sends no `Referer`.
#[derive(Clone)]
pub struct Transport {
    client: reqwest::Client,
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport")
    }
}

/// One request, ready for the wire.
pub(crate) struct Outgoing {
    pub(crate) method: Method,
    pub(crate) url: Url,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What may be spent on one request.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    /// From the first byte sent to the last byte received.
    pub(crate) timeout: Duration,
    /// The largest body that is read.
    pub(crate) body: usize,
}

impl Transport {
    /// Starts with the default settings.
    pub fn builder() -> TransportBuilder {
        TransportBuilder::default()
    }

    /// Sends one request and reads the whole answer, whatever its status.
    pub(crate) async fn send(
        &self,
        outgoing: Outgoing,
        limits: Limits,
    ) -> Result<http::Response<Bytes>, Error> {
        let has_body = outgoing.method != Method::HEAD;
        let mut request = reqwest::Request::new(outgoing.method, outgoing.url);
        *request.headers_mut() = outgoing.headers;
        if !outgoing.body.is_empty() {
            *request.body_mut() = Some(outgoing.body.into());
        }
        *request.timeout_mut() = Some(limits.timeout);
        let mut response = self.client.execute(request).await.map_err(failed)?;
        let too_large = || {
            Error::blocked(
                format!("the answer is larger than {} bytes", limits.body),
                true,
            )
        };
        let announced = response.content_length().unwrap_or(0);
        if has_body && announced > limits.body as u64 {
            return Err(too_large());
        }
        let mut answer = http::Response::new(Bytes::new());
        *answer.status_mut() = response.status();
        *answer.headers_mut() = std::mem::take(response.headers_mut());
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > limits.body {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        *answer.body_mut() = body.freeze();
        Ok(answer)
    }
}

/// A `reqwest` error prints its URL, so it is taken out before anything else.
fn failed(error: reqwest::Error) -> Error {
    let error = error.without_url();
    if error.is_connect() {
        Error::connect(false, error)
    } else if error.is_builder() {
        Error::invalid(format!("the request cannot be sent: {}", innermost(&error)))
    } else if error.is_timeout() {
        Error::timeout("the provider did not answer", true)
    } else {
        Error::connect(true, error)
    }
}

fn innermost(error: &dyn StdError) -> String {
    let mut last = error;
    while let Some(source) = last.source() {
        last = source;
    }
    last.to_string()
}

/// An origin that credentials may travel to: `https`, or `http` on loopback; no user info, path, query or fragment.
///
/// # Examples
/// ```
/// use auth_core::BaseUrl;
/// let base = BaseUrl::parse("base_url", "shop.example.com/", &[])?;
/// assert_eq!(base.to_string(), "https://shop.example.com");
/// assert!(BaseUrl::parse("base_url", "http://shop.example.com", &[]).is_err());
/// # Ok::<(), auth_core::Error>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct BaseUrl(Url);

impl BaseUrl {
    /// Reads an origin; without a scheme it is `https`. `plain_http` names hosts that plain `http` is allowed to
    /// besides loopback.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config), naming `setting` and what is wrong with it; the text itself
    /// is not repeated, since it can hold a password.
    pub fn parse(setting: &str, text: &str, plain_http: &[String]) -> Result<Self, Error> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Error::config(
                setting,
                "is empty; give the host, such as https://shop.example.com",
            ));
        }
        let whole = if text.contains("://") {
            text.to_owned()
        } else {
            format!("https://{text}")
        };
        let url = Url::parse(&whole)
            .map_err(|error| Error::config(setting, format!("is not a URL: {error}")))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Error::config(
                setting,
                "holds user info; credentials have settings of their own",
            ));
        }
        let Some(host) = url.host() else {
            return Err(Error::config(setting, "has no host"));
        };
        match url.scheme() {
            "https" => {}
            "http"
                if is_loopback(&host)
                    || plain_http.iter().any(|name| *name == host.to_string()) => {}
            "http" => {
                return Err(Error::config(
                    setting,
                    "is plain http to a host that is not loopback; use https, or name the host in \
                     `Settings::allow_plain_http` if the network in between is trusted",
                ));
            }
            other => {
                return Err(Error::config(
                    setting,
                    format!("has the scheme `{other}`; https is expected"),
                ));
            }
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(Error::config(
                setting,
                "has a path, query or fragment; give the host alone",
            ));
        }
        Ok(Self(url))
    }

    /// This origin with `path` (from the host's root) and `query`, each value encoded once.
    pub(crate) fn join(&self, path: &str, query: &[(impl AsRef<str>, impl AsRef<str>)]) -> Url {
        let mut url = self.0.clone();
        url.set_path(path);
        append_query(&mut url, query);
        url
    }

    /// Says whether `url` is on this origin.
    pub(crate) fn holds(&self, url: &Url) -> bool {
        self.0.origin() == url.origin()
    }

    /// The host's name, for keys and messages.
    pub(crate) fn authority(&self) -> &str {
        self.0.authority()
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

/// Adds `pairs` to the query, each name and value percent-encoded once.
pub(crate) fn append_query(url: &mut Url, pairs: &[(impl AsRef<str>, impl AsRef<str>)]) {
    if pairs.is_empty() {
        return;
    }
    let mut query = url.query().map(str::to_owned).unwrap_or_default();
    for (name, value) in pairs {
        if !query.is_empty() {
            query.push('&');
        }
        query.extend(utf8_percent_encode(name.as_ref(), QUERY));
        query.push('=');
        query.extend(utf8_percent_encode(value.as_ref(), QUERY));
    }
    url.set_query(Some(&query));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base_url_refuses_what_would_leak() {
        for (text, word) in [
            ("", "empty"),
            ("http://shop.example.com", "plain http"),
            ("http://127.0.0.1.example.com", "plain http"),
            ("https://user:pw@shop.example.com", "user info"),
            ("https://user@shop.example.com", "user info"),
            ("ftp://shop.example.com", "scheme"),
            ("https://shop.example.com/api", "path"),
            ("https://shop.example.com?x=1", "query"),
            ("https://", "not a URL"),
        ] {
            let error = BaseUrl::parse("base_url", text, &[]).expect_err(text);
            assert!(error.to_string().contains("`base_url`"), "{error}");
            assert!(error.to_string().contains(word), "{text}: {error}");
        }
    }

    #[test]
    fn base_url_accepts_loopback_and_named_hosts_in_plain_http() {
        for text in [
            "http://127.0.0.1:80",
            "http://127.9.9.9",
            "http://localhost:1",
            "http://[::1]:8080",
        ] {
            assert!(BaseUrl::parse("base_url", text, &[]).is_ok(), "{text}");
        }
        assert!(BaseUrl::parse("base_url", "http://gateway", &["gateway".to_owned()]).is_ok());
    }

    #[test]
    fn query_values_are_encoded_once() {
        let base = BaseUrl::parse("base_url", "https://a.example", &[]).expect("a good URL");
        let url = base.join("/x/{id}:unlock", &[("u", "https://b/?c=d e+f&ä")]);
        assert_eq!(
            url.as_str(),
            "https://a.example/x/%7Bid%7D:unlock?u=https%3A%2F%2Fb%2F%3Fc%3Dd%20e%2Bf%26%C3%A4"
        );
    }
}
