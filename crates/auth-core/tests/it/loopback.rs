//! A person's sign-in through a browser on the same machine: what the listener takes, and what it does not.

mod browser;
mod crowd;
mod outcome;
mod port;
mod refusals;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use auth_core::{
    AuthorizationCode, AuthorizationRequest, Clock as _, Error, LoopbackSignIn, ManualClock,
    Settings,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use url::Url;

use crate::clocks::real;
use crate::dialects::FORM;
use crate::stage::{CLIENT_ID, base, query};

const PANEL: &str = "https://panel.example";
const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// What every answer says besides its status, type and length.
const HEADERS: &str = "Cache-Control: no-store\r\n\
    Connection: close\r\n\
    Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'\r\n\
    Referrer-Policy: no-referrer\r\n\
    X-Content-Type-Options: nosniff\r\n";

/// A sign-in that waits for its callback.
struct Waiting {
    url: Url,
    state: String,
    port: u16,
    clock: ManualClock,
    task: JoinHandle<Result<AuthorizationCode, Error>>,
}

impl Waiting {
    async fn start() -> Self {
        Self::start_with(None, |sign_in| sign_in, |request| request).await
    }

    async fn start_with(
        registered: Option<&'static str>,
        sign_in: impl FnOnce(LoopbackSignIn) -> LoopbackSignIn,
        request: impl FnOnce(AuthorizationRequest) -> AuthorizationRequest + Send + 'static,
    ) -> Self {
        let (shown, mut urls) = mpsc::unbounded_channel();
        let show = move |url: &Url| shown.send(url.clone()).expect("somebody listens");
        let sign_in = sign_in(LoopbackSignIn::new(show).no_browser());
        let clock = ManualClock::new();
        let settings = Settings::new().clock(clock.clone());
        let task = tokio::spawn(async move {
            let make = |uri: &str| {
                let made = AuthorizationRequest::new(FORM, base(PANEL), CLIENT_ID, uri);
                made.map(|made| request(made.settings(&settings)))
            };
            sign_in.run(&settings, registered, make).await
        });
        let url = urls.recv().await.expect("a URL is shown");
        let redirect = Url::parse(&query(&url, "redirect_uri")).expect("a redirect URI");
        Self {
            state: query(&url, "state"),
            port: redirect.port().expect("a port"),
            url,
            clock,
            task,
        }
    }

    fn redirect_uri(&self) -> String {
        query(&self.url, "redirect_uri")
    }

    async fn connect(&self) -> TcpStream {
        connect(V4, self.port).await.expect("the port is open")
    }

    /// The request that a browser would send for `target`.
    fn get(&self, target: &str) -> String {
        let port = self.port;
        format!("GET {target} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/html\r\n\r\n")
    }

    /// The answer to what is sent as it is.
    async fn send(&self, bytes: impl AsRef<[u8]>) -> String {
        exchange(self.connect().await, bytes.as_ref()).await
    }

    /// The answer to the good callback.
    async fn approve(&self) -> String {
        let target = format!("/callback?code=c-1&state={}", self.state);
        self.send(self.get(&target)).await
    }

    /// Fails unless the wait goes on and the good callback ends it.
    async fn still_waits(self, what: &str) {
        assert!(!self.task.is_finished(), "{what} has ended the wait");
        let page = self.approve().await;
        assert!(page.starts_with("HTTP/1.1 200 OK\r\n"), "{what}: {page}");
        self.end().await.expect(what);
    }

    async fn end(self) -> Result<AuthorizationCode, Error> {
        self.task.await.expect("no panic")
    }
}

async fn connect(host: IpAddr, port: u16) -> std::io::Result<TcpStream> {
    TcpStream::connect(SocketAddr::new(host, port)).await
}

/// Sends bytes and reads until the other side has said all.
async fn exchange(mut stream: TcpStream, bytes: &[u8]) -> String {
    stream.write_all(bytes).await.expect("it is taken");
    rest(&mut stream).await
}

/// All that comes until the other side is done.
async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let clock = real();
    tokio::select! {
        read = stream.read_to_end(&mut answer) => { read.expect("a whole answer"); }
        () = clock.sleep(Duration::from_secs(20)) => panic!("an answer in time"),
    }
    String::from_utf8(answer).expect("an answer of text")
}

/// A refusal, byte by byte.
fn refusal(status: &str, more: &str, text: &str) -> String {
    let length = text.len();
    format!(
        "HTTP/1.1 {status}\r\n{HEADERS}{more}Content-Type: text/plain; charset=utf-8\r\n\
         Content-Length: {length}\r\n\r\n{text}"
    )
}

fn malformed() -> String {
    refusal("400 Bad Request", "", "This is no request of a browser.\n")
}

fn not_ours() -> String {
    refusal(
        "400 Bad Request",
        "",
        "This is not the answer to the sign-in that is under way.\n",
    )
}
