//! Puts one call together and refuses what must not be sent.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, EXPECT, HOST,
    PROXY_AUTHORIZATION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use percent_encoding::percent_decode_str;
use serde::Serialize;
use url::Url;

use crate::error::Error;
use crate::transport::BaseUrl;

use super::content::{Content, Form};
use super::repeat::{Ready, Repeat};
use super::{Download, Response, Shared, Upload};

/// One API call: what it sends, and what may be spent on it.
///
/// # Examples
/// A provider's client makes calls; this is what can be said about each:
/// ```
/// use std::time::Duration;
/// use auth_core::{Call, Error, Response};
///
/// async fn create(call: Call<'_>, name: &str) -> Result<Response, Error> {
///     call.query("notify", false)
///         .json(&serde_json::json!({ "name": name }))
///         .header("idempotency-key", "order-17")
///         .with_idempotent(true) // the key makes a second try harmless
///         .with_timeout(Duration::from_secs(20))
///         .send()
///         .await
/// }
/// ```
///
/// # Source
/// RFC 9110 sections 9.2.2 (which methods may be repeated) and 10.2.3 (`Retry-After`), RFC 6750 section 3 (401).
#[must_use = "a call does nothing until it is sent"]
pub struct Call<'c> {
    shared: &'c Arc<Shared>,
    method: Method,
    url: Result<Url, Error>,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    content: Content,
    problem: Option<Error>,
    timeout: Duration,
    deadline: Duration,
    idempotent: bool,
    replay: bool,
}

impl<'c> Call<'c> {
    pub(super) fn new(shared: &'c Arc<Shared>, method: Method, path: &str, base: &BaseUrl) -> Self {
        let idempotent = method.is_idempotent();
        Self {
            shared,
            method,
            url: locate(path, base),
            query: Vec::new(),
            headers: HeaderMap::new(),
            content: Content::Whole(Bytes::new()),
            problem: None,
            timeout: shared.timeout,
            deadline: shared.deadline,
            idempotent,
            replay: true,
        }
    }

    /// Adds a query parameter; name and value are percent-encoded here.
    pub fn query(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.query.push((name.into(), value.to_string()));
        self
    }

    /// Sends `body` as JSON. DELETE may have one too.
    pub fn json(mut self, body: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(body) {
            Ok(bytes) => {
                self.content = Content::Whole(bytes.into());
                self.headers
                    .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            }
            Err(_) => self.problem = Some(Error::invalid("the body has no JSON form")),
        }
        self
    }

    /// Sends `file` as the field `field` of a `multipart/form-data` body. What that means for time-outs and retries is
    /// said at [`Upload`].
    pub fn upload(mut self, field: &str, file: Upload) -> Self {
        match Form::new(field, file) {
            Ok((form, content_type)) => {
                self.content = Content::Form(Arc::new(form));
                self.headers.insert(CONTENT_TYPE, content_type);
            }
            Err(problem) => self.problem = Some(problem),
        }
        self
    }

    /// Makes it a call that is refused when it is sent.
    #[cfg(feature = "models")]
    pub(crate) fn refused(mut self, problem: Error) -> Self {
        self.problem.get_or_insert(problem);
        self
    }

    /// Takes the parameters of that name out of the query, as far as they were added by [`query`](Self::query).
    #[cfg(feature = "models")]
    pub(crate) fn without_query(mut self, name: &str) -> Self {
        self.query.retain(|(known, _)| known != name);
        self
    }

    /// Adds a header. Credentials, cookies and what belongs to the connection are refused.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let reserved = [
            AUTHORIZATION,
            CONNECTION,
            CONTENT_LENGTH,
            COOKIE,
            EXPECT,
            HOST,
            HeaderName::from_static("keep-alive"),
            PROXY_AUTHORIZATION,
            HeaderName::from_static("proxy-connection"),
            TE,
            TRAILER,
            TRANSFER_ENCODING,
            UPGRADE,
            self.shared.placement().header_name(),
        ];
        match (HeaderName::try_from(name), HeaderValue::from_str(value)) {
            (Ok(name), Ok(value)) if !reserved.contains(&name) => {
                self.headers.insert(name, value);
            }
            (Ok(name), Ok(_)) => {
                self.problem = Some(Error::blocked(
                    format!("the header `{name}` is not a caller's to set"),
                    false,
                ));
            }
            _ => self.problem = Some(Error::invalid("a header's name or value is malformed")),
        }
        self
    }

    /// How long one try may take; see [`Settings::call_timeout`](crate::Settings::call_timeout).
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long the call may take with all its waits and retries; see
    /// [`Settings::call_deadline`](crate::Settings::call_deadline).
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Says whether the call may be made twice: then it is tried again also where the provider may have acted on the
    /// first try. Default: as the method has it (RFC 9110 section 9.2.2).
    pub fn with_idempotent(mut self, idempotent: bool) -> Self {
        self.idempotent = idempotent;
        self
    }

    /// Says whether a 401 renews the token and sends the call once more. Default: yes. Switch it off for a call that
    /// answers 401 for reasons of its own, such as a wrong old password.
    pub fn with_replay(mut self, replay: bool) -> Self {
        self.replay = replay;
        self
    }

    /// Sends the call.
    ///
    /// # Errors
    /// Any [`ErrorKind`](crate::ErrorKind). A failure that may pass was tried again before it is told, as often as
    /// [`Settings::call_retries`](crate::Settings::call_retries) says and the deadline leaves time for.
    pub async fn send(self) -> Result<Response, Error> {
        self.repeat()?.send().await
    }

    /// Sends the call, and gives the answer as soon as its head has come: its body is left to be read.
    ///
    /// # Errors
    /// As for [`send`](Self::send).
    pub async fn open(self) -> Result<Download, Error> {
        self.repeat()?.open().await
    }

    /// Checks the call and makes it one that can be sent again and again.
    pub(crate) fn repeat(self) -> Result<Repeat, Error> {
        let url = self.url?;
        if matches!(self.method, Method::CONNECT | Method::TRACE) {
            return Err(Error::invalid("no API call is made with CONNECT or TRACE"));
        }
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        let ready = Ready {
            method: self.method,
            url,
            headers: self.headers,
            content: self.content,
            timeout: self.timeout,
            deadline: self.deadline,
            idempotent: self.idempotent,
            replay: self.replay,
            takes_missing: false,
        };
        Ok(Repeat::new(Arc::clone(self.shared), ready, self.query))
    }
}

impl fmt::Debug for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("path", &self.url.as_ref().ok().map(Url::path))
            .finish_non_exhaustive()
    }
}

/// Finds the URL of `path` on `base`, and refuses every way to another host or to another path than it seems.
fn locate(path: &str, base: &BaseUrl) -> Result<Url, Error> {
    let segments = path.split(['?', '#']).next().unwrap_or_default().split('/');
    for segment in segments.clone() {
        if matches!(
            percent_decode_str(segment).decode_utf8_lossy().as_ref(),
            "." | ".."
        ) {
            return Err(Error::invalid(
                "the path of the call has a segment `.` or `..`",
            ));
        }
    }
    if path.contains("://") && !path.starts_with('/') {
        // A URL's parser drops or rewrites these, and would find segments that were not seen above.
        if segments
            .flat_map(str::chars)
            .any(|c| c == '\\' || c.is_control() || c.is_whitespace())
        {
            return Err(Error::invalid(
                "the URL of the call holds a backslash, space or control character in its path",
            ));
        }
        let url = Url::parse(path).map_err(|error| {
            Error::invalid(format!("the URL of the call is malformed: {error}"))
        })?;
        if !base.holds(&url) || !url.username().is_empty() || url.password().is_some() {
            return Err(Error::blocked(
                "the URL of the call is on another host than the API",
                false,
            ));
        }
        return Ok(url);
    }
    if path.starts_with("//") || path.starts_with("/\\") || path.starts_with('\\') {
        return Err(Error::blocked(
            "the path of the call names another host",
            false,
        ));
    }
    if !path.starts_with('/') || path.contains(['#', '\\']) || path.chars().any(char::is_control) {
        return Err(Error::invalid(
            "the path of the call must start with `/` and hold no `#`, `\\` or control character",
        ));
    }
    let (path, query) = path
        .split_once('?')
        .map_or((path, None), |(path, query)| (path, Some(query)));
    let mut url = base.join(path, &[] as &[(&str, &str)]);
    url.set_query(query);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    #[test]
    fn no_path_leads_to_another_host() {
        let base = BaseUrl::parse("base_url", "https://api.example.com", &[]).expect("a good URL");
        for (path, kind) in [
            ("https://evil.example/x", ErrorKind::Blocked),
            ("http://api.example.com/x", ErrorKind::Blocked),
            ("https://api.example.com:444/x", ErrorKind::Blocked),
            ("https://user@api.example.com/x", ErrorKind::Blocked),
            ("https://api.example.com@evil.example/x", ErrorKind::Blocked),
            ("//evil.example/x", ErrorKind::Blocked),
            ("/\\evil.example/x", ErrorKind::Blocked),
            ("\\\\evil.example/x", ErrorKind::Blocked),
            ("x/y", ErrorKind::Invalid),
            ("", ErrorKind::Invalid),
            ("/x#y", ErrorKind::Invalid),
            ("/x\r\ny", ErrorKind::Invalid),
            ("/v4/agents/..", ErrorKind::Invalid),
            ("/v4/agents/%2E%2e/tickets", ErrorKind::Invalid),
            ("/v4/./tickets", ErrorKind::Invalid),
            ("https://api.example.com/v4/%2e%2E", ErrorKind::Invalid),
            ("https://api.example.com/v4/.\t./x", ErrorKind::Invalid),
            ("https://api.example.com/v4/.. ", ErrorKind::Invalid),
            ("https://api.example.com/v4\\..\\x", ErrorKind::Invalid),
            ("://", ErrorKind::Invalid),
        ] {
            let error = locate(path, &base).expect_err(path);
            assert_eq!(error.kind(), kind, "{path}");
        }
    }

    #[test]
    fn paths_keep_colons_escapes_and_their_query() {
        let base = BaseUrl::parse("base_url", "https://api.example.com", &[]).expect("a good URL");
        for (path, url) in [
            (
                "/v4/agents/7:unlock",
                "https://api.example.com/v4/agents/7:unlock",
            ),
            (
                "/a%2Fb?x=https://y",
                "https://api.example.com/a%2Fb?x=https://y",
            ),
            ("/a/https://b", "https://api.example.com/a/https://b"),
            (
                "https://api.example.com/next?page=2",
                "https://api.example.com/next?page=2",
            ),
            (
                "HTTPS://API.example.com/next",
                "https://api.example.com/next",
            ),
        ] {
            assert_eq!(locate(path, &base).expect(path).as_str(), url);
        }
    }
}
