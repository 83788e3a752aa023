//! Remembers every request, and prints none of its secrets.

use std::fmt;
use std::sync::Mutex;

use serde_json::Value;

use crate::form::{self, shown};
use crate::host::{Endpoint, Host};
use crate::inbound::Inbound;
use crate::lock::lock;

/// One request as it arrived and what became of it.
///
/// Fields hold the whole request; `Debug` shows no credential, token or body.
///
/// ```
/// use vendor_sandbox::{Endpoint, Host, Sandbox};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let sandbox = Sandbox::start().await?;
/// // After your client has signed in:
/// for request in sandbox.requests() {
///     if request.host == Host::Comm100DashPanel && request.endpoint == Endpoint::Token {
///         assert!(request.form().iter().all(|(name, _)| name != "username"));
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Recorded {
    /// The origin it came to.
    pub host: Host,
    /// The kind of endpoint it came to.
    pub endpoint: Endpoint,
    /// The HTTP method.
    pub method: String,
    /// The path as sent, percent-encoding included.
    pub path: String,
    /// The query as sent, without the `?`.
    pub query: Option<String>,
    /// Names in lower case, values read as UTF-8 with replacement characters, in the order sent.
    pub headers: Vec<(String, String)>,
    /// The body as sent.
    pub body: Vec<u8>,
    /// The status answered; `None` while there is no answer, and for good when the connection was cut.
    pub status: Option<u16>,
    /// Why the request was refused, if it was; never repeats a value of the request.
    pub refusal: Option<String>,
}

impl Recorded {
    fn of(inbound: &Inbound) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let headers = inbound.headers.iter();
        Self {
            host: inbound.host,
            endpoint: inbound.endpoint,
            method: inbound.method.to_string(),
            path: inbound.path.clone(),
            query: inbound.query.clone(),
            headers: headers
                .map(|(name, value)| (name.to_string(), text(value.as_bytes())))
                .collect(),
            body: inbound.body.to_vec(),
            status: None,
            refusal: None,
        }
    }

    /// The first value of a header, whose name is given in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The decoded parameters of a form body; empty when the body is not a well-formed form.
    #[must_use]
    pub fn form(&self) -> Vec<(String, String)> {
        let text = std::str::from_utf8(&self.body).unwrap_or_default();
        form::parse(text).unwrap_or_default()
    }

    /// The body as JSON, if it is JSON.
    #[must_use]
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl fmt::Debug for Recorded {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        const HARMLESS: [&str; 6] = [
            "accept",
            "connection",
            "content-length",
            "content-type",
            "host",
            "user-agent",
        ];
        let headers = self.headers.iter().map(|(name, value)| {
            let harmless = HARMLESS.contains(&name.as_str());
            (name, if harmless { value } else { "[REDACTED]" })
        });
        let query = self.query.as_deref().map(|query| {
            let names = query.split('&').map(|part| {
                let (name, _) = part.split_once('=').unwrap_or_default();
                shown(name)
            });
            names.collect::<Vec<_>>()
        });
        out.debug_struct("Recorded")
            .field("host", &self.host)
            .field("endpoint", &self.endpoint)
            .field("method", &self.method)
            .field("path", &self.path)
            .field("query", &query)
            .field("headers", &headers.collect::<Vec<_>>())
            .field("body", &format_args!("[{} bytes]", self.body.len()))
            .field("status", &self.status)
            .field("refusal", &self.refusal)
            .finish()
    }
}

/// A request that no correct client sends, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// The origin it came to.
    pub host: Host,
    /// The HTTP method.
    pub method: String,
    /// The path as sent, without the query.
    pub path: String,
    /// What is wrong, naming parameters and headers but none of their values.
    pub reason: String,
}

impl Refusal {
    fn of(recorded: &Recorded, reason: String) -> Self {
        Self {
            host: recorded.host,
            method: recorded.method.clone(),
            path: recorded.path.clone(),
            reason,
        }
    }
}

/// Hears of each request once its answer is known.
pub(crate) type Listener = Box<dyn Fn(&Recorded) + Send + Sync>;

/// Everything that arrived since the last [`Log::clear`].
#[derive(Default)]
pub(crate) struct Log {
    entries: Mutex<Entries>,
    listener: Option<Listener>,
}

#[derive(Default)]
struct Entries {
    /// Counts the clearings, so that an answer in flight is not written to a later request.
    era: usize,
    requests: Vec<Recorded>,
    warnings: Vec<Refusal>,
}

/// Where a request stands in the log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    era: usize,
    at: usize,
}

impl Log {
    pub(crate) fn new(listener: Option<Listener>) -> Self {
        Self {
            entries: Mutex::default(),
            listener,
        }
    }

    pub(crate) fn arrived(&self, inbound: &Inbound) -> Place {
        let recorded = Recorded::of(inbound);
        let mut entries = lock(&self.entries);
        entries.requests.push(recorded);
        Place {
            era: entries.era,
            at: entries.requests.len() - 1,
        }
    }

    pub(crate) fn warned(&self, place: Place, reason: String) {
        let entries = &mut *lock(&self.entries);
        if let Some(recorded) = entries.at(place) {
            let warning = Refusal::of(recorded, reason);
            entries.warnings.push(warning);
        }
    }

    pub(crate) fn refused(&self, place: Place, reason: String) {
        if let Some(recorded) = lock(&self.entries).at(place) {
            recorded.refusal = Some(reason);
        }
    }

    /// Closes an entry; `status` is `None` when the connection is cut instead.
    pub(crate) fn answered(&self, place: Place, status: Option<u16>) {
        let closed = match lock(&self.entries).at(place) {
            Some(recorded) => {
                recorded.status = status;
                self.listener.is_some().then(|| recorded.clone())
            }
            None => None,
        };
        if let (Some(listener), Some(recorded)) = (&self.listener, closed) {
            listener(&recorded);
        }
    }

    pub(crate) fn requests(&self) -> Vec<Recorded> {
        lock(&self.entries).requests.clone()
    }

    pub(crate) fn count(&self, host: Host, endpoint: Endpoint) -> usize {
        let entries = lock(&self.entries);
        let same = |recorded: &&Recorded| recorded.host == host && recorded.endpoint == endpoint;
        entries.requests.iter().filter(same).count()
    }

    pub(crate) fn refusals(&self) -> Vec<Refusal> {
        let entries = lock(&self.entries);
        let refused = entries.requests.iter().filter_map(|recorded| {
            let reason = recorded.refusal.clone()?;
            Some(Refusal::of(recorded, reason))
        });
        refused.collect()
    }

    pub(crate) fn warnings(&self) -> Vec<Refusal> {
        lock(&self.entries).warnings.clone()
    }

    pub(crate) fn clear(&self) {
        let mut entries = lock(&self.entries);
        let era = entries.era + 1;
        *entries = Entries {
            era,
            ..Entries::default()
        };
    }
}

impl Entries {
    fn at(&mut self, place: Place) -> Option<&mut Recorded> {
        if place.era != self.era {
            return None;
        }
        self.requests.get_mut(place.at)
    }
}
