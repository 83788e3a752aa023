//! Does what a person does on the consent page, over real HTTP.

use std::io;

use bytes::Bytes;
use http::{Method, Request, Response, header};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use url::{Host, Url};

/// Opens the consent page at `authorize_url`, presses a button, and returns the address that the browser is sent to.
pub(crate) async fn decide(authorize_url: &str, decision: &str) -> io::Result<String> {
    let url = Url::parse(authorize_url).map_err(io::Error::other)?;
    let page = send(&url, Method::GET, None).await?;
    if let Some(location) = location(&page) {
        // The implicit grant in its fragment form asks nothing.
        return Ok(location);
    }
    let status = page.status();
    let text = String::from_utf8_lossy(page.body());
    if status != http::StatusCode::OK {
        return Err(io::Error::other(format!(
            "no consent page but {status}: {text}"
        )));
    }
    let ticket = text
        .split_once(r#"name="ticket" value=""#)
        .and_then(|(_, rest)| rest.split_once('"'));
    let Some((ticket, _)) = ticket else {
        return Err(io::Error::other("the answer is no consent page"));
    };
    let target = url
        .join("/oauth/authorize/decision")
        .map_err(io::Error::other)?;
    let form = format!("ticket={ticket}&decision={decision}");
    let answer = send(&target, Method::POST, Some(form)).await?;
    location(&answer).ok_or_else(|| {
        let status = answer.status();
        io::Error::other(format!("no redirect but {status}"))
    })
}

fn location(answer: &Response<Bytes>) -> Option<String> {
    let value = answer.headers().get(header::LOCATION)?;
    value.to_str().ok().map(str::to_owned)
}

async fn send(url: &Url, method: Method, form: Option<String>) -> io::Result<Response<Bytes>> {
    let port = url.port_or_known_default().unwrap_or_default();
    let address = match url.host() {
        Some(Host::Ipv4(address)) if address.is_loopback() => (address, port),
        _ => return Err(io::Error::other("the address is not the sandbox's")),
    };
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    // Ends with the sender; what goes wrong on it goes wrong for the request as well.
    tokio::spawn(connection);
    let target = match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    };
    let mut request = Request::builder()
        .method(method)
        .uri(target)
        .header(header::HOST, format!("{}:{port}", address.0))
        .header(header::ACCEPT, "text/html");
    if form.is_some() {
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    let body = Full::new(Bytes::from(form.unwrap_or_default()));
    let request = request.body(body).map_err(io::Error::other)?;
    let answer = sender
        .send_request(request)
        .await
        .map_err(io::Error::other)?;
    let (parts, body) = answer.into_parts();
    let body = body.collect().await.map_err(io::Error::other)?;
    Ok(Response::from_parts(parts, body.to_bytes()))
}
