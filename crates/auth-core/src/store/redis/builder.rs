//! Reads what a Redis store is told: the URL, and what must not be said in it.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ::redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _};
use url::Url;

use crate::error::Error;
use crate::secret::Secret;

use super::RedisStore;
use super::connection::Server;

const DEFAULT_NAMESPACE: &str = "auth-core";
const LONGEST_NAMESPACE: usize = 64;
const DEFAULT_PORT: u16 = 6379;
/// Longer than refresh tokens commonly live.
const DEFAULT_TOKENS_LIVE: Duration = Duration::from_secs(90 * 24 * 3600);

/// Settings of a [`RedisStore`]. `Debug` does not show the URL.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use auth_core::RedisStore;
///
/// let store = RedisStore::builder("redis://localhost:6379/2")
///     .namespace("billing-prod")
///     .tokens_live(Duration::from_secs(30 * 24 * 3600))
///     .build()?;
/// # Ok::<(), auth_core::Error>(())
/// ```
#[derive(Clone)]
pub struct RedisStoreBuilder {
    url: Secret,
    namespace: String,
    tokens_live: Duration,
    plain_tcp: bool,
    roots: Vec<u8>,
}

impl RedisStoreBuilder {
    pub(super) fn new(url: &str) -> Self {
        Self {
            url: Secret::new(url.trim()),
            namespace: DEFAULT_NAMESPACE.to_owned(),
            tokens_live: DEFAULT_TOKENS_LIVE,
            plain_tcp: false,
            roots: Vec::new(),
        }
    }

    /// What all keys on the server begin with: 1 to 64 visible ASCII characters without braces. Programs that shall share
    /// tokens have the same. Default: `auth-core`.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// How long tokens stay on the server after they were last saved; more than ten years count as ten years. Choose it
    /// longer than the provider's refresh tokens live. Default: 90 days.
    pub fn tokens_live(mut self, time: Duration) -> Self {
        self.tokens_live = time;
        self
    }

    /// Allows plain `redis://` to a host that is not loopback, for a trusted network only: the tokens and the server's
    /// password travel in clear.
    pub fn allow_plain_tcp(mut self) -> Self {
        self.plain_tcp = true;
        self
    }

    /// Trusts this root certificate, in PEM, for `rediss://`; may be called for several. With it, the system's are not
    /// trusted: a server of one's own is expected to have a certificate of one's own.
    pub fn root_certificate(mut self, pem: impl AsRef<[u8]>) -> Self {
        self.roots.extend_from_slice(pem.as_ref());
        self.roots.push(b'\n');
        self
    }

    /// Checks the settings and makes the store. No I/O: the server is first asked when a session needs it.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config), naming the setting; the URL is not repeated, since it can hold a
    /// password.
    pub fn build(self) -> Result<RedisStore, Error> {
        let is_fit = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'{' | b'}');
        if !(1..=LONGEST_NAMESPACE).contains(&self.namespace.len())
            || !self.namespace.bytes().all(is_fit)
        {
            let problem = "has to be 1 to 64 visible ASCII characters other than braces";
            return Err(Error::config("namespace", problem));
        }
        if self.tokens_live.is_zero() {
            return Err(Error::config("tokens_live", "is zero"));
        }
        let url = read(self.url.expose())?;
        let address = match url.host_str() {
            Some(host) => format!("{host}:{}", url.port().unwrap_or(DEFAULT_PORT)),
            None => url.path().to_owned(),
        };
        let info = url.into_connection_info().map_err(|_| wrong(FORM))?;
        if let ConnectionAddr::Tcp(host, _) = info.addr()
            && !self.plain_tcp
            && !is_loopback(host)
        {
            return Err(wrong(
                "is plain redis:// to a host that is not loopback; use rediss://, or call `allow_plain_tcp` if the \
                 network in between is trusted",
            ));
        }
        // One command less that the server's user must be allowed.
        let settings = info.redis_settings().clone().set_skip_set_lib_name();
        let client = client(info.set_redis_settings(settings), self.roots)?;
        Ok(RedisStore {
            server: Arc::new(Server::new(client, address)),
            namespace: self.namespace.into(),
            tokens_live: self.tokens_live,
        })
    }
}

impl fmt::Debug for RedisStoreBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisStoreBuilder")
            .field("namespace", &self.namespace)
            .field("tokens_live", &self.tokens_live)
            .finish_non_exhaustive()
    }
}

const FORM: &str = "does not name a Redis server; give rediss://user:password@host:port/database, where all but the host \
                    may be left out, or unix:///path";

fn wrong(problem: &str) -> Error {
    Error::config("redis_url", problem)
}

fn read(text: &str) -> Result<Url, Error> {
    let url = Url::parse(text).map_err(|_| wrong(FORM))?;
    // The only one that is known is `#insecure`, which would accept any certificate.
    if url.fragment().is_some() {
        return Err(wrong(
            "has a fragment; certificates are always checked, and `root_certificate` adds one to trust",
        ));
    }
    if matches!(url.scheme(), "rediss" | "valkeys") && cfg!(not(feature = "rustls")) {
        return Err(wrong(
            "is rediss://, and this build has no TLS for it; enable the feature `rustls`",
        ));
    }
    Ok(url)
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(feature = "rustls")]
fn client(info: ConnectionInfo, roots: Vec<u8>) -> Result<Client, Error> {
    if roots.is_empty() {
        return Client::open(info).map_err(|_| wrong(FORM));
    }
    check_is_tls(&info)?;
    let begins = b"-----BEGIN CERTIFICATE-----";
    let refused = || Error::config("root_certificate", "is not a PEM certificate");
    if !roots.windows(begins.len()).any(|window| window == begins) {
        return Err(refused());
    }
    let certificates = ::redis::TlsCertificates {
        client_tls: None,
        root_cert: Some(roots),
    };
    Client::build_with_tls(info, certificates).map_err(|_| refused())
}

#[cfg(not(feature = "rustls"))]
fn client(info: ConnectionInfo, roots: Vec<u8>) -> Result<Client, Error> {
    if !roots.is_empty() {
        check_is_tls(&info)?;
    }
    Client::open(info).map_err(|_| wrong(FORM))
}

fn check_is_tls(info: &ConnectionInfo) -> Result<(), Error> {
    if matches!(info.addr(), ConnectionAddr::TcpTls { .. }) {
        return Ok(());
    }
    let problem = "needs a URL that begins with rediss://";
    Err(Error::config("root_certificate", problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(builder: RedisStoreBuilder) -> String {
        let error = builder.build().expect_err("a setting is wrong");
        assert_eq!(error.kind(), crate::ErrorKind::Config);
        let text = format!("{error} {error:?}");
        assert!(!text.contains("canary"), "{text}");
        text
    }

    #[test]
    fn url_that_names_no_server_or_would_leak_is_refused_without_repeating_it() {
        for (url, word) in [
            ("", "does not name"),
            ("canary", "does not name"),
            ("http://:canary@localhost", "does not name"),
            ("redis://", "does not name"),
            ("redis://:canary@localhost/canary", "does not name"),
            ("redis://:canary@localhost:canary", "does not name"),
            ("redis://:canary@localhost?protocol=canary", "does not name"),
            ("redis://:%ff%ffcanary@localhost", "does not name"),
            ("redis://:canary@0.0.0.0", "does not name"),
            ("redis://:canary@redis.example.com", "plain redis://"),
            ("redis://:canary@10.0.0.1", "plain redis://"),
            ("redis://:canary@127.0.0.1.example.com", "plain redis://"),
            ("redis://:canary@127.1", "plain redis://"),
            ("redis://127.0.0.1@redis.example.com", "plain redis://"),
            ("rediss://:canary@redis.example.com/#insecure", "fragment"),
            ("redis://:canary@localhost/#insecure", "fragment"),
        ] {
            let told = refusal(RedisStore::builder(url));
            assert!(told.contains("`redis_url`"), "{url}: {told}");
            assert!(told.contains(word), "{url}: {told}");
        }
    }

    #[test]
    fn url_that_stays_on_this_machine_or_is_encrypted_is_taken() {
        for url in [
            "redis://localhost",
            " redis://user:password@LOCALHOST:1/15 ",
            "redis://127.9.9.9:1",
            "redis://[::1]:6380/?protocol=resp3",
            "valkey://127.0.0.1",
            #[cfg(feature = "rustls")]
            "rediss://:password@redis.example.com:6380",
            #[cfg(unix)]
            "unix:///run/redis.sock?db=1&pass=password",
        ] {
            assert!(RedisStore::new(url).is_ok(), "{url}");
        }
        let far = RedisStore::builder("redis://redis.example.com").allow_plain_tcp();
        assert!(far.build().is_ok());
    }

    #[cfg(not(feature = "rustls"))]
    #[test]
    fn encryption_needs_its_feature() {
        let told = refusal(RedisStore::builder("rediss://:canary@redis.example.com"));
        assert!(told.contains("`rustls`"), "{told}");
    }

    #[test]
    fn namespace_is_short_visible_and_without_braces() {
        let with = |namespace: &str| RedisStore::builder("redis://localhost").namespace(namespace);
        for namespace in ["", "a b", "a{b", "a}", "a\n", "é", &"x".repeat(65)] {
            assert!(refusal(with(namespace)).contains("`namespace`"));
        }
        for namespace in ["a", "Team/app:prod-1", &"x".repeat(64)] {
            assert!(with(namespace).build().is_ok(), "{namespace}");
        }
    }

    #[test]
    fn tokens_that_live_no_time_are_refused() {
        let builder = RedisStore::builder("redis://localhost");
        assert!(refusal(builder.tokens_live(Duration::ZERO)).contains("`tokens_live`"));
    }

    #[test]
    fn certificate_that_is_none_or_is_not_needed_is_refused() {
        #[cfg(feature = "rustls")]
        for pem in [
            "",
            "canary",
            "-----BEGIN CERTIFICATE-----\ncanary\n-----END CERTIFICATE-----",
        ] {
            let builder = RedisStore::builder("rediss://localhost").root_certificate(pem);
            assert!(refusal(builder).contains("is not a PEM certificate"));
        }
        let builder = RedisStore::builder("redis://localhost").root_certificate("canary");
        assert!(refusal(builder).contains("rediss://"));
    }

    #[test]
    fn debug_shows_neither_url_nor_password() {
        let builder = RedisStore::builder("redis://canary:canary@localhost:7/3");
        assert!(!format!("{builder:?}").contains("canary"));
        let store = builder.build().expect("a good URL");
        assert_eq!(
            format!("{store:?}"),
            "RedisStore { server: localhost:7, namespace: \"auth-core\" }"
        );
    }
}
