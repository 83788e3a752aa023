//! Does what a person does on the authorization pages, over real HTTP.

use std::io;

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use url::{Host, Url};

use crate::form::escape;
use crate::person::Panel;

/// Opens `authorize_url`, signs in, presses a button, and returns the address that the browser is sent to.
pub(crate) async fn decide(
    panel: &Panel,
    authorize_url: &str,
    decision: &str,
) -> io::Result<String> {
    let url = Url::parse(authorize_url).map_err(io::Error::other)?;
    let mut browser = Browser::at(&url).await?;
    let first = browser.get(&path_and_query(&url)).await?;
    let there = location(&first)?;
    let Some((_, ticket)) = there.split_once("/question?ticket=") else {
        // The implicit grant in its fragment form asks nothing.
        return Ok(there);
    };
    let email = escape(panel.email);
    let password = escape(panel.password);
    let form = format!("ticket={ticket}&email={email}&password={password}");
    let signed_in = browser
        .post(&format!("{}/sign-in", panel.path), form)
        .await?;
    let page = browser.get(&location(&signed_in)?).await?;
    if page.status() != StatusCode::OK {
        return Err(unexpected(&page));
    }
    let form = format!("ticket={ticket}&decision={decision}");
    let answer = browser
        .post(&format!("{}/decision", panel.path), form)
        .await?;
    location(&answer)
}

fn path_and_query(url: &Url) -> String {
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

fn location(answer: &Response<Bytes>) -> io::Result<String> {
    let value = answer.headers().get(header::LOCATION);
    let text = value.and_then(|value| value.to_str().ok());
    text.map(str::to_owned).ok_or_else(|| unexpected(answer))
}

fn unexpected(answer: &Response<Bytes>) -> io::Error {
    let status = answer.status();
    let text = String::from_utf8_lossy(answer.body());
    io::Error::other(format!("no answer of a sign-in but {status}: {text}"))
}

/// One connection to the sandbox, and the cookie that came over it.
struct Browser {
    authority: String,
    cookie: Option<String>,
    sender: SendRequest<Full<Bytes>>,
}

impl Browser {
    async fn at(url: &Url) -> io::Result<Self> {
        let port = url.port_or_known_default().unwrap_or_default();
        let address = match url.host() {
            Some(Host::Ipv4(address)) if address.is_loopback() => (address, port),
            _ => return Err(io::Error::other("the address is not the sandbox's")),
        };
        let stream = TcpStream::connect(address).await?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        // Ends with the sender; what goes wrong on it goes wrong for the request as well.
        tokio::spawn(connection);
        Ok(Self {
            authority: format!("{}:{port}", address.0),
            cookie: None,
            sender,
        })
    }

    async fn get(&mut self, target: &str) -> io::Result<Response<Bytes>> {
        self.send(Method::GET, target, None).await
    }

    async fn post(&mut self, target: &str, form: String) -> io::Result<Response<Bytes>> {
        self.send(Method::POST, target, Some(form)).await
    }

    async fn send(
        &mut self,
        method: Method,
        target: &str,
        form: Option<String>,
    ) -> io::Result<Response<Bytes>> {
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .header(header::HOST, &self.authority)
            .header(header::ACCEPT, "text/html");
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        if form.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let body = Full::new(Bytes::from(form.unwrap_or_default()));
        let request = request.body(body).map_err(io::Error::other)?;
        self.sender.ready().await.map_err(io::Error::other)?;
        let answer = self.sender.send_request(request).await;
        let (parts, body) = answer.map_err(io::Error::other)?.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let set = parts.headers.get(header::SET_COOKIE);
        if let Some((pair, _)) = set.and_then(|line| line.to_str().ok()?.split_once(';')) {
            self.cookie = Some(pair.to_owned());
        }
        Ok(Response::from_parts(parts, body))
    }
}
