//! A client with no opinions: sends what a test says and hands back what came.

use std::error::Error;

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use url::{Url, form_urlencoded};
use vendor_sandbox::{Host, Sandbox, credentials};

/// One request in the making.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    method: Method,
    url: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Call {
    pub(crate) fn new(method: Method, url: impl Into<String>) -> Self {
        Self {
            method,
            url: url.into(),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn get(url: impl Into<String>) -> Self {
        Self::new(Method::GET, url)
    }

    pub(crate) fn post(url: impl Into<String>) -> Self {
        Self::new(Method::POST, url)
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    pub(crate) fn raw(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    pub(crate) fn form(self, pairs: &[(&str, &str)]) -> Self {
        self.raw("application/x-www-form-urlencoded", encode(pairs))
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.raw("application/json", body.to_string())
    }

    /// Sends on a connection of its own.
    pub(crate) async fn try_send(self) -> Result<Reply, Box<dyn Error + Send + Sync>> {
        let url = Url::parse(&self.url)?;
        let authority = url.authority();
        let stream = TcpStream::connect(authority).await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let path = self.url.splitn(4, '/').nth(3).unwrap_or_default();
        let mut request = Request::builder()
            .method(self.method)
            .uri(format!("/{path}"))
            .header("host", authority);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let request = request.body(Full::new(Bytes::from(self.body)))?;
        let (parts, body) = sender.send_request(request).await?.into_parts();
        Ok(Reply {
            status: parts.status.as_u16(),
            headers: parts.headers,
            body: body.collect().await?.to_bytes(),
        })
    }

    pub(crate) async fn send(self) -> Reply {
        let call = self.clone();
        match self.try_send().await {
            Ok(reply) => reply,
            Err(error) => panic!("{call:?}: {error}"),
        }
    }
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }

    /// A member of the JSON body that is text.
    pub(crate) fn member(&self, name: &str) -> String {
        let body = self.json();
        let text = body[name].as_str();
        text.unwrap_or_else(|| panic!("no `{name}` in {body}"))
            .to_owned()
    }

    /// The same, after checking that the answer is a success.
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.text());
        self
    }
}

pub(crate) fn encode(pairs: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}

pub(crate) fn dash_password(sandbox: &Sandbox) -> Call {
    Call::post(format!(
        "{}/oauth/token",
        sandbox.url(Host::Comm100DashPanel)
    ))
    .form(&[
        ("grant_type", "password"),
        ("email", credentials::COMM100_EMAIL),
        ("password", credentials::COMM100_PASSWORD),
        ("client_id", credentials::COMM100_CLIENT_ID),
    ])
}

pub(crate) fn dash_refresh(sandbox: &Sandbox, refresh_token: &str) -> Call {
    Call::post(format!(
        "{}/oauth/token",
        sandbox.url(Host::Comm100DashPanel)
    ))
    .form(&[
        ("grant_type", "refresh_token"),
        ("client_id", credentials::COMM100_CLIENT_ID),
        ("refresh_token", refresh_token),
    ])
}

pub(crate) fn dash_campaigns(sandbox: &Sandbox, token: &str) -> Call {
    let origin = sandbox.url(Host::Comm100DashApi);
    Call::get(format!("{origin}/v4/livechat/campaigns")).bearer(token)
}

/// `Basic` with the right email and key.
pub(crate) fn api_key() -> String {
    basic(credentials::COMM100_EMAIL, credentials::COMM100_API_KEY)
}

pub(crate) fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", base64(&format!("{user}:{password}")))
}

pub(crate) fn base64(text: &str) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(text)
}
