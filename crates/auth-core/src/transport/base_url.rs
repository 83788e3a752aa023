//! Names an origin that credentials may travel to, and builds URLs on it.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::{Host, Url};

use crate::error::Error;

/// What RFC 3986 calls unreserved stays as it is in a query; everything else is percent-encoded, a space as `%20`.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A URL as somebody wrote it, not checked yet. `Debug` hides user info and query, which do not belong there and come
/// all the same.
#[derive(Clone, Eq, PartialEq)]
pub struct UrlText(String);

impl UrlText {
    /// Takes the text as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text as it is.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UrlText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.split(['?', '#']).next().unwrap_or_default();
        match shown.rsplit_once('@') {
            Some((_, host)) => write!(f, "\"[REDACTED]@{}\"", host.escape_debug()),
            None => write!(f, "{shown:?}"),
        }
    }
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
            "https" if cfg!(not(any(feature = "rustls", feature = "native-tls"))) => {
                let problem = "is https, and this build has no TLS; enable the feature `rustls` or `native-tls`";
                return Err(Error::config(setting, problem));
            }
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

    /// The host's name or address, without the port.
    pub(crate) fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The host's name, with the port where it is not the usual one, for keys and messages.
    pub(crate) fn authority(&self) -> &str {
        self.0.authority()
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

/// Says whether a request to `url` is plain and stays on this machine.
pub(super) fn is_plain_loopback(url: &Url) -> bool {
    url.scheme() == "http" && url.host().is_some_and(|host| is_loopback(&host))
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
