//! Says what went wrong and decides what can be done about it.
//!
//! Answers: [`Error`], [`ErrorKind`]. Never: holds a secret, a URL with a query, or a foreign error type in its
//! signature.

mod words;

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;

use words::place;
pub(crate) use words::{one_line, without_value};

/// How much of an answer's body an error keeps.
const BODY_KEPT: usize = 4096;

/// What a caller can meet. Cheap to clone: all callers that waited for one failed token request share one error.
///
/// `Display` is one line without secrets, URL or body; the cause is in [`source`](StdError::source).
///
/// # Examples
/// ```
/// use auth_core::{Error, ErrorKind};
///
/// fn advice(error: &Error) -> &'static str {
///     match error.kind() {
///         ErrorKind::Reauthorize => "ask the person to sign in again",
///         ErrorKind::Unauthorized | ErrorKind::Config => "check the credentials",
///         _ if error.is_retryable() => "try again later", // after `retry_after`, where that is known
///         _ => "report it",
///     }
/// }
///
/// /// What a support desk asks for; none of it holds a secret of the session.
/// fn report(error: &Error) -> String {
///     let (code, id) = (error.provider_code(), error.request_id());
///     format!("{error} [status {:?}, code {code:?}, request {id:?}]", error.status())
/// }
/// # let error = Error::config("site_id", "is missing");
/// # assert_eq!(advice(&error), "check the credentials");
/// # assert_eq!(report(&error), "setting `site_id`: is missing [status None, code None, request None]");
/// ```
#[derive(Clone, thiserror::Error)]
#[error(transparent)]
pub struct Error(Arc<Inner>);

#[derive(thiserror::Error)]
#[error("{message}")]
struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    retryable: bool,
    sent: bool,
    retry_after: Option<Duration>,
    answer: Option<Arc<Answer>>,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// What the provider answered, as far as an error keeps it; already scrubbed of the session's secrets.
#[derive(Default)]
pub(crate) struct Answer {
    pub(crate) status: Option<StatusCode>,
    pub(crate) code: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Bytes,
}

/// The coarse kind of an [`Error`], to be matched; the facts are in the error's accessors, as its example shows.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// We refused: another host, a redirect, an answer over the size limit, plain `http:`, a callback that is not ours.
    Blocked,
    /// The work was given up, because the runtime that did it went away.
    Cancelled,
    /// A setting is missing or wrong; the message names it.
    Config,
    /// No connection, or it broke.
    Connect,
    /// The answer is not what was asked for; the message names the place in it.
    Decode,
    /// A file or stream of the caller's own could not be read or written.
    File,
    /// The provider says that the request is wrong.
    Invalid,
    /// The provider does not know the thing asked for.
    NotFound,
    /// The credentials are good and may not do this.
    Permission,
    /// The provider failed.
    Provider,
    /// Too many requests; see [`Error::retry_after`].
    RateLimited,
    /// A person must sign in again.
    Reauthorize,
    /// The place where tokens or secrets are kept did not work.
    Store,
    /// Time ran out.
    Timeout,
    /// The credentials were rejected.
    Unauthorized,
}

impl Error {
    fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        let retryable = matches!(
            kind,
            ErrorKind::Cancelled
                | ErrorKind::Connect
                | ErrorKind::RateLimited
                | ErrorKind::Store
                | ErrorKind::Timeout
        );
        Self(Arc::new(Inner {
            kind,
            message: message.into(),
            retryable,
            sent: false,
            retry_after: None,
            answer: None,
            source: None,
        }))
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        // A constructor holds the only reference.
        if let Some(inner) = Arc::get_mut(&mut self.0) {
            change(inner);
        }
        self
    }

    fn with_source(self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        let source = source.into();
        self.with(|inner| inner.source = Some(Arc::from(source)))
    }

    /// A setting that is missing or wrong. For provider crates and implementors of the traits here.
    ///
    /// # Examples
    /// ```
    /// let error = auth_core::Error::config("site_id", "an API key on a dash host needs it");
    /// assert_eq!(error.to_string(), "setting `site_id`: an API key on a dash host needs it");
    /// ```
    pub fn config(setting: &str, problem: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Config, format!("setting `{setting}`: {problem}"))
    }

    /// A token store that did not do what it was asked for. For implementors of [`TokenStore`](crate::TokenStore).
    pub fn store(what: &str, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(ErrorKind::Store, format!("token store: {what}")).with_source(source)
    }

    /// A request that can't be sent as it was put together.
    pub(crate) fn invalid(problem: impl Into<Cow<'static, str>>) -> Self {
        Self::new(ErrorKind::Invalid, problem)
    }

    /// A file or stream on this side that did not work; `sent` says whether a request had already left.
    pub(crate) fn file(
        what: &'static str,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
        sent: bool,
    ) -> Self {
        Self::new(ErrorKind::File, what)
            .with(|inner| inner.sent = sent)
            .with_source(source)
    }

    /// Something that we refuse to do; `sent` says whether the request had already left.
    pub(crate) fn blocked(reason: impl Into<Cow<'static, str>>, sent: bool) -> Self {
        Self::new(ErrorKind::Blocked, reason).with(|inner| inner.sent = sent)
    }

    /// A flight that ended without an answer.
    pub(crate) fn cancelled() -> Self {
        Self::new(
            ErrorKind::Cancelled,
            "the renewal ended without an answer: its runtime was shut down, or a callback panicked",
        )
    }

    /// No connection: nothing was sent.
    pub(crate) fn no_connection(
        host: &str,
        hint: Option<&str>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        let message = match hint {
            Some(hint) => format!("no connection to `{host}`; {hint}"),
            None => format!("no connection to `{host}`"),
        };
        Self::new(ErrorKind::Connect, message).with_source(source)
    }

    /// A connection that broke on the way.
    pub(crate) fn broken_connection(
        host: &str,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        let message = format!("the connection to `{host}` broke before the answer was complete");
        Self::new(ErrorKind::Connect, message)
            .with(|inner| inner.sent = true)
            .with_source(source)
    }

    /// Time ran out while `what` was under way.
    pub(crate) fn timeout(what: &str, sent: bool) -> Self {
        Self::new(ErrorKind::Timeout, format!("time ran out: {what}"))
            .with(|inner| inner.sent = sent)
    }

    /// Our own limit would be exceeded: nothing was sent.
    pub(crate) fn rate_limited(retry_after: Duration) -> Self {
        Self::new(
            ErrorKind::RateLimited,
            "the client-side rate limit is used up for longer than the call may wait",
        )
        .with(|inner| inner.retry_after = Some(retry_after))
    }

    /// Our own limit of token requests would be exceeded; `sent` says whether the call had left.
    pub(crate) fn tokens_rate_limited(retry_after: Duration, sent: bool) -> Self {
        Self::new(
            ErrorKind::RateLimited,
            "no token: the client-side rate limit of token requests is used up for longer than the call may wait",
        )
        .with(|inner| {
            inner.sent = sent;
            inner.retry_after = Some(retry_after);
        })
    }

    /// Says whether it is our own limit of token requests that a renewal failed with.
    pub(crate) fn is_own_limit(&self) -> bool {
        self.kind() == ErrorKind::RateLimited && self.status().is_none()
    }

    /// A person must sign in again.
    pub(crate) fn reauthorize(reason: &'static str, cause: Option<&Self>) -> Self {
        let error = Self::new(ErrorKind::Reauthorize, reason);
        match cause {
            Some(cause) => error.with_source(cause.clone()),
            None => error,
        }
    }

    /// A renewal that waits, since the one before it may have spent the refresh token.
    pub(crate) fn lost_answer() -> Self {
        Self::new(
            ErrorKind::Timeout,
            "the answer to the last renewal was lost; the refresh token is tried once more when the access token has ended",
        )
    }

    /// A page of a list whose task ended without an answer.
    pub(crate) fn page_cancelled() -> Self {
        Self::new(
            ErrorKind::Cancelled,
            "the request for a page ended without an answer: its runtime was shut down",
        )
    }

    /// A secret that could not be read.
    pub(crate) fn secret(name: &str, source: Box<dyn StdError + Send + Sync>) -> Self {
        Self::new(
            ErrorKind::Store,
            format!("the secret provider for `{name}` failed"),
        )
        .with_source(source)
    }

    /// An answer of `status` whose content does not fit at `path`.
    pub(crate) fn decode(path: &str, problem: &str, status: StatusCode) -> Self {
        let problem = one_line(problem);
        let message = match place(path) {
            Some(path) => format!("the answer does not fit at `{path}`: {problem}"),
            None => format!("the answer does not fit: {problem}"),
        };
        Self::new(ErrorKind::Decode, message).with(|inner| {
            inner.sent = true;
            inner.answer = Some(Arc::new(Answer {
                status: Some(status),
                ..Answer::default()
            }));
        })
    }

    /// A payload that somebody sent to the integrator, and that does not fit at `path`.
    #[cfg(feature = "models")]
    pub(crate) fn payload(path: &str, problem: &str) -> Self {
        let place = place(path).map(|path| format!(" at `{path}`"));
        let (place, problem) = (place.unwrap_or_default(), one_line(problem));
        Self::new(
            ErrorKind::Decode,
            format!("the payload does not fit{place}: {problem}"),
        )
    }

    /// An answer that says no. `hint` is added to the message where it helps.
    pub(crate) fn answered(
        kind: ErrorKind,
        what: &str,
        hint: Option<&str>,
        mut answer: Answer,
    ) -> Self {
        answer.body.truncate(BODY_KEPT);
        answer.body = Bytes::copy_from_slice(&answer.body);
        answer.code = answer.code.map(|code| one_line(&code));
        answer.message = answer.message.map(|message| one_line(&message));
        answer.request_id = answer.request_id.map(|id| one_line(&id));
        let status = answer
            .status
            .map(|status| format!("status {}", status.as_u16()));
        let code = answer.code.as_ref().map(|code| format!("code {code}"));
        let facts: Vec<String> = status.into_iter().chain(code).collect();
        let mut message = what.to_owned();
        if !facts.is_empty() {
            message.push_str(&format!(" ({})", facts.join(", ")));
        }
        if let Some(text) = &answer.message {
            message.push_str(": ");
            message.push_str(text);
        }
        if let Some(hint) = hint {
            message.push_str("; ");
            message.push_str(hint);
        }
        let retryable = kind == ErrorKind::RateLimited
            || kind == ErrorKind::Timeout
            || answer
                .status
                .is_some_and(|status| matches!(status.as_u16(), 502..=504));
        Self::new(kind, message).with(|inner| {
            inner.retryable = retryable;
            inner.sent = true;
            inner.retry_after = answer.retry_after;
            inner.answer = Some(Arc::new(answer));
        })
    }

    /// A callback with an error instead of a code, with the provider's code and message (RFC 6749 section 4.1.2.1).
    pub(crate) fn callback(code: &str, message: Option<String>) -> Self {
        let (kind, what) = match code {
            "access_denied" => (ErrorKind::Permission, "the sign-in was not approved"),
            "invalid_request"
            | "invalid_scope"
            | "unauthorized_client"
            | "unsupported_response_type" => (
                ErrorKind::Invalid,
                "the provider does not take the request to sign in",
            ),
            _ => (ErrorKind::Provider, "the provider could not sign in"),
        };
        let answer = Answer {
            code: Some(code.to_owned()),
            message,
            ..Answer::default()
        };
        Self::answered(kind, what, None, answer).with(|inner| {
            // The same request may succeed, as after a 500 or 503, which a redirect can't say.
            inner.retryable = matches!(code, "server_error" | "temporarily_unavailable");
        })
    }

    /// No port on loopback could be opened.
    #[cfg(feature = "loopback")]
    pub(crate) fn listener(source: std::io::Error) -> Self {
        Self::new(
            ErrorKind::Connect,
            "no port on loopback could be opened for the sign-in's callback",
        )
        .with_source(source)
    }

    /// A callback that lacks `name`.
    pub(crate) fn callback_without(name: &str) -> Self {
        Self::new(ErrorKind::Decode, format!("the callback has no `{name}`"))
    }

    /// The same failure, told again to a caller that came while the next try is not due.
    pub(crate) fn again_after(&self, wait: Duration) -> Self {
        self.copied(|copy| {
            copy.sent = false;
            copy.retry_after = copy.retryable.then_some(wait);
        })
    }

    /// The same failure; where an earlier try of the same call `was_sent`, the provider may have acted on that one.
    pub(crate) fn or_sent(self, was_sent: bool) -> Self {
        if was_sent && !self.0.sent {
            self.copied(|copy| copy.sent = true)
        } else {
            self
        }
    }

    /// The same failure, with a word on why it was not tried again.
    pub(crate) fn because(self, why: &str) -> Self {
        self.copied(|copy| copy.message = format!("{}; {why}", copy.message).into())
    }

    /// The same failure, with no secret in the words of its causes, which are foreign. Causes that tell none stay what they
    /// are; of others only the words are left.
    pub(crate) fn hiding(self, hide: impl Fn(&str) -> String) -> Self {
        let Some(source) = &self.0.source else {
            return self;
        };
        let told: Vec<String> = self.causes().map(ToString::to_string).collect();
        let told = told.join(": ");
        let shown = format!("{source:?}: {told}");
        if hide(&shown) == shown {
            return self;
        }
        let words: Box<dyn StdError + Send + Sync> = hide(&told).into();
        self.copied(|copy| copy.source = Some(Arc::from(words)))
    }

    fn copied(&self, change: impl FnOnce(&mut Inner)) -> Self {
        let mut copy = Inner {
            kind: self.0.kind,
            message: self.0.message.clone(),
            retryable: self.0.retryable,
            sent: self.0.sent,
            retry_after: self.0.retry_after,
            answer: self.0.answer.clone(),
            source: self.0.source.clone(),
        };
        change(&mut copy);
        Self(Arc::new(copy))
    }

    /// The failure with its causes in one line, for a log.
    pub(crate) fn with_causes(&self) -> impl fmt::Display {
        let mut text = self.to_string();
        for cause in self.causes() {
            text.push_str(": ");
            text.push_str(&one_line(&cause.to_string()));
        }
        text
    }

    /// What led to the failure, the nearest first.
    pub(crate) fn causes(&self) -> impl Iterator<Item = &(dyn StdError + 'static)> {
        std::iter::successors(StdError::source(self), |cause| {
            let cause = *cause;
            cause.source()
        })
    }

    /// What kind of failure this is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Says whether the same call may succeed later without anything else being changed.
    pub fn is_retryable(&self) -> bool {
        self.0.retryable
    }

    /// `false` only if the request surely never reached the provider.
    pub fn may_have_been_processed(&self) -> bool {
        self.0.sent
    }

    /// How long to wait before the next try, where the provider (`Retry-After`, RFC 9110 section 10.2.3: at most a day is
    /// believed) or our own limit says so.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The HTTP status of the answer, if there was one.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.answer.as_ref()?.status
    }

    /// The provider's own code, as it wrote it.
    pub fn provider_code(&self) -> Option<&str> {
        self.0.answer.as_ref()?.code.as_deref()
    }

    /// The provider's own message: one line, at most 500 characters, the session's secrets replaced.
    pub fn provider_message(&self) -> Option<&str> {
        self.0.answer.as_ref()?.message.as_deref()
    }

    /// The provider's id of the request, for its support desk.
    pub fn request_id(&self) -> Option<&str> {
        self.0.answer.as_ref()?.request_id.as_deref()
    }

    /// The first 4 KiB of the answer's body, the session's secrets replaced. Not part of `Debug` or `Display`: it can
    /// hold personal data.
    pub fn body(&self) -> Option<&[u8]> {
        self.0
            .answer
            .as_ref()
            .map(|answer| answer.body.as_ref())
            .filter(|body| !body.is_empty())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answer = self.answer.as_ref();
        f.debug_struct("Error")
            .field("kind", &self.kind)
            .field("message", &self.message)
            .field("retryable", &self.retryable)
            .field("may_have_been_processed", &self.sent)
            .field("retry_after", &self.retry_after)
            .field("status", &answer.and_then(|answer| answer.status))
            .field(
                "request_id",
                &answer.and_then(|answer| answer.request_id.as_ref()),
            )
            .field("source", &self.source)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provider_text_is_one_bounded_line() {
        let answer = Answer {
            message: Some(format!("a\r\nb{}", "x".repeat(1000))),
            ..Answer::default()
        };
        let error = Error::answered(ErrorKind::Invalid, "refused", None, answer);
        assert!(!error.to_string().contains(['\r', '\n']));
        assert!(error.to_string().len() < 600);
    }

    #[test]
    fn provider_text_neither_ends_the_line_nor_turns_it_around() {
        let answer = Answer {
            message: Some("a\u{2028}b\u{2029}c\u{202e}d\u{2066}e\u{85}f\u{e9}".to_owned()),
            ..Answer::default()
        };
        let error = Error::answered(ErrorKind::Invalid, "refused", None, answer);
        assert_eq!(error.to_string(), "refused: a b c d e f\u{e9}");
    }

    #[test]
    fn error_is_a_send_sync_error() {
        fn check<T: StdError + Send + Sync + Clone + 'static>() {}
        check::<Error>();
    }
}
