//! The least that a client can be: an authorization URL to begin with, and a callback that counts.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use url::Url;
use vendor_sandbox::{Host, Sandbox, credentials};

/// The example of RFC 7636, appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

pub(crate) struct Client {
    address: SocketAddr,
    callbacks: Arc<Mutex<Vec<String>>>,
}

impl Client {
    /// Listens on a free port of `ip`.
    pub(crate) async fn on(ip: IpAddr) -> Self {
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let callbacks = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&callbacks);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&heard)));
            }
        });
        Self { address, callbacks }
    }

    /// An address of this client's own origin.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Where the sign-in begins, on the v4 panel or on the v2 one.
    pub(crate) fn authorization_url(&self, sandbox: &Sandbox, host: Host, state: &str) -> String {
        let mut url = Url::parse(sandbox.url(host)).unwrap();
        url.set_path("/oauth/authorize");
        let redirect_uri = self.url("/callback");
        let mut query = url.query_pairs_mut();
        query
            .append_pair("client_id", credentials::COMM100_CLIENT_ID)
            .append_pair("response_type", "code")
            .append_pair("redirect_uri", &redirect_uri)
            .append_pair("siteId", &credentials::COMM100_SITE_ID.to_string())
            .append_pair("state", state);
        if host == Host::Comm100DashPanel {
            query
                .append_pair("code_challenge", CHALLENGE)
                .append_pair("code_challenge_method", "S256");
        }
        drop(query);
        url.into()
    }

    /// The queries of all callbacks so far.
    pub(crate) fn callbacks(&self) -> Vec<String> {
        self.callbacks.lock().unwrap().clone()
    }
}

/// `/callback` is counted and greeted, `/frame?URL` shows a page in a frame, and everything else is nothing.
async fn answer(stream: TcpStream, heard: Arc<Mutex<Vec<String>>>) {
    let mut stream = BufReader::new(stream);
    let mut lines = String::new();
    while !lines.ends_with("\r\n\r\n") {
        if stream.read_line(&mut lines).await.unwrap_or_default() == 0 {
            return; // browsers open connections in advance
        }
    }
    let target = lines.split(' ').nth(1).unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let body = match path {
        "/callback" => {
            heard.lock().unwrap().push(query.to_owned());
            "<h1>The client has its answer</h1>".to_owned()
        }
        "/frame" => {
            format!("<h1>A frame</h1><iframe width=800 height=600 src=\"{query}\"></iframe>")
        }
        _ => String::new(),
    };
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n";
    let answer = format!("{head}<!doctype html><title>Client</title>{body}");
    stream.get_mut().write_all(answer.as_bytes()).await.ok();
    stream.get_mut().shutdown().await.ok();
}
