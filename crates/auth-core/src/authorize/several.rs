//! Keeps pending sign-ins between the two requests of a web back end.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use url::Url;

use super::{AuthorizationRequest, PendingAuthorization};
use crate::error::Error;
use crate::grant::AuthorizationCode;
use crate::secret::Secret;

/// How many sign-ins may be pending, unless somebody says otherwise: some ten megabytes.
const CAPACITY: usize = 10_000;
/// How long the value of a user agent is.
const USER_AGENT_LENGTH: usize = 43;

/// The pending sign-ins of a web back end: each bound to the browser that began it, good once, and for as long as
/// [`AuthorizationRequest::lifetime`] says. Cheap to clone; clones share what they keep.
///
/// The binding is a random value that travels in a cookie. Set it as the example does: `HttpOnly`, `SameSite=Lax` (under
/// `Strict` it would not come back with the callback), `Secure` and a name that begins with `__Host-` where the app is
/// on https. Leave it there when a sign-in has ended, for another tab of the browser may have one under way; it opens
/// nothing by itself: as long as [`AuthorizationRequest::lifetime`], or as a session cookie.
///
/// Tabs that begin at the same moment in a browser without the cookie are each given a value, of which the browser keeps
/// the last; the sign-ins of the others are lost. Where that matters, set the cookie to a [`Secret::random`] on the page
/// before.
///
/// They are kept in this process's memory, which a flood of beginnings can't fill: when there are as many as
/// [`with_capacity`](Self::with_capacity) says, the oldest is dropped, and its person has to begin anew. Back ends on several
/// machines keep [`PendingAuthorization::export`] where all of them find it; that type has the example.
///
/// # Examples
/// ```
/// use auth_core::{AuthorizationCode, AuthorizationRequest, Error, PendingAuthorizations};
///
/// /// The request of someone who wants to sign in: what to answer, 303, `Location` and `Set-Cookie`. `cookie` is the
/// /// value that the browser has already, if any.
/// fn begin(
///     all: &PendingAuthorizations,
///     request: &AuthorizationRequest,
///     cookie: Option<&str>,
/// ) -> Result<(String, String), Error> {
///     let (url, user_agent) = all.begin(request, cookie)?;
///     let value = user_agent.expose();
///     let cookie = format!("__Host-user-agent={value}; HttpOnly; SameSite=Lax; Secure; Path=/");
///     Ok((url.into(), cookie))
/// }
///
/// /// The request to the redirect URI; `target` is its own, path and query.
/// fn finish(
///     all: &PendingAuthorizations,
///     cookie: Option<&str>,
///     target: &str,
/// ) -> Result<AuthorizationCode, Error> {
///     all.finish(cookie, target) // then the client's builder: `.authorization_code(code)`
/// }
/// # use auth_core::{AuthorizeRow, BaseUrl, Dialect, Parameter};
/// # const PAGE: AuthorizeRow = AuthorizeRow::new("/oauth/authorize", &[
/// #     Parameter::query("client_id"), Parameter::query("redirect_uri"), Parameter::query("state"),
/// # ], "RFC 6749 section 4.1.1");
/// # let base = BaseUrl::parse("base_url", "https://login.example.com", &[])?;
/// # let dialect = Dialect::new("EXAMPLE", &[]).authorize(PAGE);
/// # let request = AuthorizationRequest::new(dialect, base, "app-1", "https://app.example.com/callback")?;
/// # let all = PendingAuthorizations::new();
/// # let (location, cookie) = begin(&all, &request, None)?;
/// # let cookie = cookie.split(['=', ';']).nth(1);
/// # let state = location.rsplit_once("state=").unwrap().1;
/// # let target = format!("/callback?code=c&state={state}");
/// # assert!(finish(&all, None, &target).is_err());
/// # assert!(finish(&all, cookie, &target).is_ok());
/// # assert!(finish(&all, cookie, &target).is_err());
/// # Ok::<(), Error>(())
/// ```
///
/// # Source
/// RFC 9700 section 2.1: one-time use, bound to the user agent.
#[derive(Clone, Default)]
pub struct PendingAuthorizations(Arc<Kept>);

struct Kept {
    capacity: usize,
    entries: Mutex<Entries>,
}

impl Default for Kept {
    fn default() -> Self {
        Self {
            capacity: CAPACITY,
            entries: Mutex::default(),
        }
    }
}

/// Two ways to the same entries.
#[derive(Default)]
struct Entries {
    next: u64,
    /// In the order in which they were begun.
    by_number: BTreeMap<u64, Entry>,
    /// The digest of `state` leads to the number, so that no search compares secrets byte by byte.
    by_key: HashMap<String, u64>,
}

struct Entry {
    user_agent: Secret,
    pending: PendingAuthorization,
}

impl PendingAuthorizations {
    /// Keeps none yet, and at most 10,000.
    pub fn new() -> Self {
        Self::default()
    }

    /// Keeps none yet, and at most so many (at least one): count a kilobyte for each.
    pub fn with_capacity(capacity: usize) -> Self {
        Self(Arc::new(Kept {
            capacity: capacity.max(1),
            ..Kept::default()
        }))
    }

    /// Begins a sign-in: the URL to send the person to, and the value for the browser's cookie.
    ///
    /// `user_agent` is the value that the cookie of this browser has already; it is given back if it is one of ours by
    /// its form, so that several tabs can each have a sign-in under way.
    ///
    /// # Errors
    /// As for [`AuthorizationRequest::start`].
    pub fn begin(
        &self,
        request: &AuthorizationRequest,
        user_agent: Option<&str>,
    ) -> Result<(Url, Secret), Error> {
        let (url, pending) = request.start()?;
        let known = user_agent.filter(|value| is_user_agent(value));
        let user_agent = known.map_or_else(Secret::random, Secret::new);
        let entry = Entry {
            user_agent: user_agent.clone(),
            pending,
        };
        self.entries().keep(entry, self.0.capacity);
        Ok((url, user_agent))
    }

    /// Finishes the sign-in that `callback` answers, which is the URL that was requested, whole or from its path on;
    /// `user_agent` is the value of the cookie that came with it.
    ///
    /// The sign-in is forgotten, whatever comes of it, unless the browser is another than the one that began it: a
    /// stranger who knows a `state` can't end somebody else's sign-in.
    ///
    /// # Errors
    /// [`ErrorKind::Blocked`](crate::ErrorKind::Blocked) where this browser has no such sign-in under way: it was
    /// finished (the callback was loaded again), it expired, was dropped in a flood, or began elsewhere. Send the person
    /// to the beginning. Otherwise as for [`PendingAuthorization::check`].
    pub fn finish(
        &self,
        user_agent: Option<&str>,
        callback: &str,
    ) -> Result<AuthorizationCode, Error> {
        let entry = self
            .entries()
            .take(user_agent.map(Secret::new), callback)
            .ok_or_else(|| {
                Error::blocked(
                    "no sign-in of this browser waits for this callback; begin a new one",
                    false,
                )
            })?;
        entry.pending.check(callback)
    }

    fn entries(&self) -> MutexGuard<'_, Entries> {
        self.0
            .entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entries {
    /// Adds an entry, and drops what has expired or is too much, oldest first.
    fn keep(&mut self, entry: Entry, capacity: usize) {
        while let Some(oldest) = self.by_number.first_entry()
            && (self.by_key.len() >= capacity || oldest.get().pending.has_expired())
        {
            self.by_key.remove(&oldest.remove().pending.key());
        }
        self.by_key.insert(entry.pending.key(), self.next);
        self.by_number.insert(self.next, entry);
        self.next += 1;
    }

    /// Takes out the entry that the callback answers, if it belongs to the user agent.
    fn take(&mut self, user_agent: Option<Secret>, callback: &str) -> Option<Entry> {
        let user_agent = user_agent.filter(|value| is_user_agent(value.expose()))?;
        let number = match PendingAuthorization::key_in(callback) {
            Some(key) => *self.by_key.get(&key)?,
            // Where the provider need not echo `state`, the browser's latest sign-in is meant.
            None => {
                let mut latest = self.by_number.iter().rev();
                let (number, _) = latest.find(|(_, entry)| {
                    entry.pending.missing_state && entry.user_agent == user_agent
                })?;
                *number
            }
        };
        if self.by_number.get(&number)?.user_agent != user_agent {
            return None;
        }
        let entry = self.by_number.remove(&number)?;
        self.by_key.remove(&entry.pending.key());
        Some(entry)
    }
}

impl fmt::Debug for PendingAuthorizations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PendingAuthorizations")
            .field("pending", &self.entries().by_number.len())
            .field("capacity", &self.0.capacity)
            .finish()
    }
}

/// Says whether a value has the form of those that [`Secret::random`] makes.
fn is_user_agent(value: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    value.len() == USER_AGENT_LENGTH && value.bytes().all(allowed)
}
