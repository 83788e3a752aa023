//! Opens one port on loopback, and says what the redirect URI on it is.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use tokio::net::{TcpListener, TcpSocket};
use url::{Host, Url};

use crate::error::Error;

/// What is asked of the provider unless a redirect URI is registered.
const PATH: &str = "/callback";
/// How many connections may wait to be taken.
const BACKLOG: u32 = 128;
/// How often another port is tried where the system's choice is taken on the other family.
const TRIES: usize = 16;

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// A redirect URI on loopback, whose port may be open still.
pub(super) struct Redirect {
    /// The literal that it names; without one, whatever is there.
    host: Option<IpAddr>,
    /// Zero for any.
    port: u16,
    /// The path, and the query if it has one.
    target: String,
}

impl Redirect {
    /// Reads what is registered with the provider.
    pub(super) fn read(registered: Option<&str>) -> Result<Self, Error> {
        let refused = |problem: &str| {
            let cure = "register `http://127.0.0.1/callback` or the like (RFC 8252 section 7.3)";
            Err(Error::config("redirect_uri", format!("{problem}; {cure}")))
        };
        let Some(text) = registered else {
            return Ok(Self {
                host: None,
                port: 0,
                target: PATH.to_owned(),
            });
        };
        let Ok(url) = Url::parse(text) else {
            return refused("is not a URL");
        };
        let host = match url.host() {
            Some(Host::Ipv4(Ipv4Addr::LOCALHOST)) => V4,
            Some(Host::Ipv6(Ipv6Addr::LOCALHOST)) => V6,
            Some(Host::Domain("localhost")) => {
                return refused("names `localhost`, which can be somebody else");
            }
            _ => return refused("is not on this machine"),
        };
        if url.scheme() != "http" || !url.username().is_empty() || url.password().is_some() {
            return refused("is not plain http without user info");
        }
        if url.fragment().is_some() {
            return refused("has a fragment");
        }
        if names_port_80(text) {
            return refused("names port 80, which URLs of http leave out");
        }
        let query = url.query().map(|query| format!("?{query}"));
        Ok(Self {
            host: Some(host),
            port: url.port().unwrap_or_default(),
            target: format!("{}{}", url.path(), query.unwrap_or_default()),
        })
    }

    /// The address that it has on these ports.
    pub(super) fn at(&self, ports: &Ports) -> Address {
        let host = self.host.unwrap_or(ports.host);
        let path = self.target.split('?').next().unwrap_or_default();
        Address {
            authority: SocketAddr::new(host, ports.port).to_string(),
            path: path.to_owned(),
            target: self.target.clone(),
        }
    }
}

/// Where the callback has to come to.
pub(super) struct Address {
    /// The literal and the port, as they stand in `Host`.
    pub(super) authority: String,
    pub(super) path: String,
    target: String,
}

impl Address {
    /// The redirect URI.
    pub(super) fn uri(&self) -> String {
        format!("http://{}{}", self.authority, self.target)
    }

    /// The whole URL of a request for `target`.
    pub(super) fn url(&self, target: &str) -> String {
        format!("http://{}{target}", self.authority)
    }
}

/// The listeners, of each family that the machine has; dropped, they are closed.
pub(super) struct Ports {
    pub(super) listeners: Vec<TcpListener>,
    /// The literal to name where nothing else is said.
    host: IpAddr,
    port: u16,
}

impl Ports {
    /// Opens one port on both families, so that nobody else can have it on the other one, and a forwarder may come in by
    /// either.
    pub(super) fn open(redirect: &Redirect) -> io::Result<Self> {
        let first = redirect.host.unwrap_or(V4);
        let second = if first == V4 { V6 } else { V4 };
        let is_registered = redirect.port != 0;
        let mut tries = 1..=TRIES;
        loop {
            let is_last = tries.next().is_none() || is_registered;
            let opened = match listen(first, redirect.port, is_registered) {
                Err(error) if redirect.host.is_some() || is_taken(&error) => return Err(error),
                Err(_) => {
                    let only = listen(second, redirect.port, is_registered)?;
                    return Self::of(vec![only]);
                }
                Ok(opened) => opened,
            };
            match listen(second, opened.local_addr()?.port(), is_registered) {
                Ok(other) => return Self::of(vec![opened, other]),
                Err(error) if is_taken(&error) && is_last => return Err(error),
                Err(error) if is_taken(&error) => {}
                Err(_) => return Self::of(vec![opened]),
            }
        }
    }

    fn of(listeners: Vec<TcpListener>) -> io::Result<Self> {
        let first = listeners.first().map(TcpListener::local_addr);
        let address = first.unwrap_or_else(|| Err(io::ErrorKind::AddrNotAvailable.into()))?;
        Ok(Self {
            listeners,
            host: address.ip(),
            port: address.port(),
        })
    }
}

fn is_taken(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrInUse
}

/// A URL of http forgets the port 80, one of https does not.
fn names_port_80(text: &str) -> bool {
    let rest = text.split_once(':').map_or("", |(_, rest)| rest);
    Url::parse(&format!("https:{rest}")).is_ok_and(|url| url.port() == Some(80))
}

fn listen(host: IpAddr, port: u16, is_registered: bool) -> io::Result<TcpListener> {
    let socket = socket(host, is_registered)?;
    socket.bind(SocketAddr::new(host, port))?;
    socket.listen(BACKLOG)
}

/// A socket as it comes: `TcpListener::bind` would set `SO_REUSEADDR`, with which others could take the port over on
/// some systems (RFC 8252 section 8.3 and appendix B).
///
/// A port that is registered needs it: after a sign-in, connections that this side closed would keep the next one from
/// the port for a minute. Unix gives nobody a port so while somebody listens on the same address; Windows would, and
/// has no need of it.
fn socket(host: IpAddr, is_registered: bool) -> io::Result<TcpSocket> {
    let socket = match host {
        IpAddr::V4(_) => TcpSocket::new_v4(),
        IpAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    if cfg!(unix) && is_registered {
        socket.set_reuseaddr(true)?;
    }
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_does_not_share_its_port() {
        for is_registered in [false, true] {
            let socket = socket(V4, is_registered).expect("a socket");
            let is_reused = socket.reuseaddr().expect("an option");
            assert_eq!(is_reused, cfg!(unix) && is_registered);
            #[cfg(all(unix, not(any(target_os = "solaris", target_os = "illumos"))))]
            assert!(!socket.reuseport().expect("an option"));
        }
    }

    #[test]
    fn only_a_loopback_literal_over_plain_http_is_a_redirect_uri() {
        for (text, authority, target) in [
            ("http://127.0.0.1/back", "127.0.0.1:7", "/back"),
            ("http://127.0.0.1", "127.0.0.1:7", "/"),
            ("http://[::1]/a?b=c", "[::1]:7", "/a?b=c"),
        ] {
            let redirect = Redirect::read(Some(text)).expect(text);
            assert_eq!(redirect.port, 0, "{text}");
            let ports = Ports {
                listeners: Vec::new(),
                host: V4,
                port: 7,
            };
            let address = redirect.at(&ports);
            assert_eq!(address.uri(), format!("http://{authority}{target}"));
        }
        let fixed = Redirect::read(Some("http://127.0.0.1:8765/back")).expect("a port");
        assert_eq!(fixed.port, 8765);
        for text in [
            "",
            "back",
            "http://localhost/back",
            "https://127.0.0.1/back",
            "http://127.0.0.2/back",
            "http://u@127.0.0.1/back",
            "http://u:p@127.0.0.1/back",
            "http://127.0.0.1/back#x",
            "http://127.0.0.1:80/back",
            "HTTP://[::1]:080",
            "http://[::ffff:127.0.0.1]/back",
            "https://app.example.com/back",
            "com.example.app:/back",
        ] {
            let error = Redirect::read(Some(text)).err().expect(text);
            let told = error.to_string();
            assert!(told.starts_with("setting `redirect_uri`: "), "{told}");
        }
    }
}
