//! Sends a call again and again, each time with other query parameters or to a link that an answer gave.

use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_LENGTH};
use http::{HeaderMap, HeaderValue, Method};
use url::Url;

use crate::error::Error;
use crate::transport::append_query;

use super::content::Content;
use super::{Download, Response, Shared};

/// A link longer than this is not followed.
const LONGEST_LINK: usize = 8192;

/// A call that is ready to be sent, as often as need be.
#[derive(Clone)]
pub(super) struct Ready {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) content: Content,
    pub(super) timeout: Duration,
    pub(super) deadline: Duration,
    pub(super) idempotent: bool,
    pub(super) replay: bool,
    /// Whether a 404 of the API is an answer like others.
    pub(super) takes_missing: bool,
}

/// A call that has been checked. It owns what it needs, so a task of its own may send it.
#[derive(Clone)]
pub(crate) struct Repeat {
    shared: Arc<Shared>,
    ready: Ready,
    query: Vec<(String, String)>,
}

impl Repeat {
    /// `ready` has no query in its URL but that of the path.
    pub(super) fn new(shared: Arc<Shared>, ready: Ready, query: Vec<(String, String)>) -> Self {
        Self {
            shared,
            ready,
            query,
        }
    }

    /// Takes a parameter out of the query; where there are several of the name, the last one counts.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let mut taken = None;
        self.query.retain_mut(|(known, value)| {
            let keep = known != name;
            if !keep {
                taken = Some(std::mem::take(value));
            }
            keep
        });
        taken
    }

    /// Adds a parameter to the query.
    pub(crate) fn add(&mut self, name: &str, value: impl ToString) {
        self.query.push((name.to_owned(), value.to_string()));
    }

    /// Says whether anything but reading could be asked for in this way.
    fn is_read(&self) -> bool {
        matches!(self.ready.method, Method::GET | Method::HEAD)
    }

    /// The same call at `link`, as an answer gave it: an absolute URL or one that counts from this call's. What the
    /// link says wins, also about parameters, whose names are compared without regard to case; those that it lacks stay.
    ///
    /// # Errors
    /// `Blocked` for a link to another origin, with user info, or, for a call that is no mere read, to another path.
    pub(crate) fn follow(&self, link: &str) -> Result<Self, Error> {
        let own = &self.ready.url;
        let refuse = |reason: &'static str| Err(Error::blocked(reason, true));
        if link.len() > LONGEST_LINK {
            return refuse("the link to the next page is longer than 8 KiB");
        }
        let Ok(mut url) = own.join(link) else {
            return refuse("the link to the next page is no URL");
        };
        let is_same_origin = url.scheme() == own.scheme() && url.origin() == own.origin();
        if !is_same_origin || !url.username().is_empty() || url.password().is_some() {
            return refuse(
                "the link to the next page leads to another scheme, host or port; credentials are not sent there",
            );
        }
        if !self.is_read() && !url.path().eq_ignore_ascii_case(own.path()) {
            return refuse("the link to the next page leads to another path than the call's");
        }
        url.set_fragment(None);
        let told: Vec<_> = names(&url);
        let own_query = own.query_pairs().into_owned();
        let query = own_query.chain(self.query.iter().cloned());
        let query = query.filter(|(name, _)| !holds(&told, name)).collect();
        let mut ready = self.ready.clone();
        ready.url = url;
        Ok(Self::new(Arc::clone(&self.shared), ready, query))
    }

    /// Sends the call; see [`Call::send`](super::Call::send).
    pub(crate) async fn send(self) -> Result<Response, Error> {
        let (shared, ready) = self.ready("application/json");
        shared.send(ready).await
    }

    /// Sends the call, and takes a 404 of the API for an answer like others.
    #[cfg(feature = "models")]
    pub(crate) async fn look(self) -> Result<Response, Error> {
        let (shared, mut ready) = self.ready("application/json");
        ready.takes_missing = true;
        shared.send(ready).await
    }

    /// Sends the call; see [`Call::open`](super::Call::open).
    pub(crate) async fn open(self) -> Result<Download, Error> {
        let (shared, ready) = self.ready("*/*");
        shared.open(ready).await
    }

    /// The call with its whole query. `accept` is what it asks for where its caller does not say.
    pub(super) fn ready(self, accept: &'static str) -> (Arc<Shared>, Ready) {
        let mut ready = self.ready;
        ready
            .headers
            .entry(ACCEPT)
            .or_insert(HeaderValue::from_static(accept));
        let may_have_body = matches!(ready.method, Method::PATCH | Method::POST | Method::PUT);
        if may_have_body && ready.content.is_empty() {
            // RFC 9110 section 8.6: these say so where they have no body; servers may answer 411 otherwise.
            ready
                .headers
                .insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let fixed = &self.shared.fixed_query;
        let told = |name: &str| {
            let mut own = ready.url.query_pairs().map(|(name, _)| name);
            let mut added = self.query.iter().map(|(name, _)| name);
            own.any(|known| known.eq_ignore_ascii_case(name))
                || added.any(|known| known.eq_ignore_ascii_case(name))
        };
        let missing = fixed.iter().filter(|(name, _)| !told(name));
        let missing: Vec<_> = missing
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        append_query(&mut ready.url, &self.query);
        append_query(&mut ready.url, &missing);
        (self.shared, ready)
    }
}

/// The names of a URL's parameters.
fn names(url: &Url) -> Vec<String> {
    url.query_pairs()
        .map(|(name, _)| name.into_owned())
        .collect()
}

fn holds(names: &[String], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}
