//! Sends bytes as a test wrote them, so that nothing of the client under test can mend them.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// One request, written out.
#[derive(Clone, Debug)]
pub(crate) struct Raw {
    request_line: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Raw {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self {
            request_line: format!("{method} {path} HTTP/1.1"),
            headers: Vec::new(),
            body: String::new(),
        }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn body(mut self, content_type: &str, body: impl Into<String>) -> Self {
        self.body = body.into();
        self.header("content-type", content_type)
    }

    pub(crate) fn form(self, body: &str) -> Self {
        self.body("application/x-www-form-urlencoded", body)
    }

    pub(crate) fn json(self, body: &serde_json::Value) -> Self {
        self.body("application/json", body.to_string())
    }

    /// Sends to `origin` (`http://HOST:PORT`) on a connection of its own; gives the status of the answer.
    pub(crate) async fn send(&self, origin: &str) -> u16 {
        let authority = origin.strip_prefix("http://").expect("plain http");
        let mut text = format!(
            "{}\r\nhost: {authority}\r\nconnection: close\r\n",
            self.request_line
        );
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str(&format!("content-length: {}\r\n\r\n", self.body.len()));
        text.push_str(&self.body);
        let mut stream = TcpStream::connect(authority).await.expect("a connection");
        stream.write_all(text.as_bytes()).await.expect("a request");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("an answer");
        let answer = String::from_utf8_lossy(&answer);
        let status = answer.split(' ').nth(1).and_then(|code| code.parse().ok());
        status.unwrap_or_else(|| panic!("no status in {answer:?}"))
    }
}
