//! Holds one typed call: what is sent, and what the answer becomes.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::StatusCode;

use crate::error::Error;
use crate::http::{Call, Download, Response};
use crate::model::{FromJson, QueryValue};

/// One call whose answer is a `T`. Nothing is sent before [`send`](Self::send).
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use auth_core::{Error, Request};
///
/// async fn count(request: Request<'_, i64>) -> Result<i64, Error> {
///     request.with_timeout(Duration::from_secs(5)).send().await
/// }
///
/// /// The way out, where more than the model is wanted.
/// async fn count_and_tag(request: Request<'_, i64>) -> Result<(i64, Option<String>), Error> {
///     let answer = request.into_call().header("if-none-match", "\"0\"").send().await?;
///     let tag = answer.headers().get("etag").and_then(|tag| tag.to_str().ok());
///     Ok((answer.model()?, tag.map(str::to_owned)))
/// }
/// ```
#[must_use = "a request does nothing until it is sent"]
pub struct Request<'c, T> {
    call: Call<'c>,
    way: Way,
    decode: fn(Outcome, &'static str) -> Result<T, Error>,
    /// The member that holds the model; empty means the whole answer.
    key: &'static str,
}

/// How the call is sent.
#[derive(Clone, Copy)]
enum Way {
    Open,
    Presence,
    Whole,
}

/// What came, before it is decoded.
enum Answer {
    Open(Box<Download>),
    Whole(Response),
}

type Outcome = Result<Answer, Error>;

impl<'c, T> Request<'c, T> {
    fn new(
        call: Call<'c>,
        way: Way,
        decode: fn(Outcome, &'static str) -> Result<T, Error>,
    ) -> Self {
        Self {
            call,
            way,
            decode,
            key: "",
        }
    }

    pub(super) fn model(call: Call<'c>) -> Self
    where
        T: FromJson,
    {
        Self::new(call, Way::Whole, |outcome, _| whole(outcome)?.model())
    }

    pub(super) fn model_at(call: Call<'c>, key: &'static str) -> Self
    where
        T: FromJson,
    {
        let request = Self::new(call, Way::Whole, |outcome, key| {
            whole(outcome)?.model_at(key)
        });
        Self { key, ..request }
    }

    /// Adds a query parameter that the operation does not have.
    pub fn query(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.call = self.call.query(name, value);
        self
    }

    /// Sets a query parameter; see [`Call::value`].
    pub fn value(mut self, name: &str, value: &dyn QueryValue) -> Self {
        self.call = self.call.value(name, value);
        self
    }

    /// How long one try may take; see [`Call::with_timeout`].
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.call = self.call.with_timeout(timeout);
        self
    }

    /// How long the call may take with all its waits and retries; see [`Call::with_deadline`].
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.call = self.call.with_deadline(deadline);
        self
    }

    /// Says whether the call may be made twice; see [`Call::with_idempotent`].
    pub fn with_idempotent(mut self, idempotent: bool) -> Self {
        self.call = self.call.with_idempotent(idempotent);
        self
    }

    /// Sends this `Idempotency-Key`, by which the provider knows a second try for what it is: the call may be made twice.
    /// One that is kept makes it so across restarts, too.
    pub fn with_idempotency_key(mut self, key: &str) -> Self {
        self.call = self.call.with_key(key);
        self
    }

    /// The call behind it, for headers, or for the answer as it came.
    pub fn into_call(self) -> Call<'c> {
        self.call
    }

    /// Sends the call and decodes its answer.
    ///
    /// # Errors
    /// As for [`Call::send`]; besides, [`ErrorKind::Decode`](crate::ErrorKind::Decode), with the JSON path, for an answer
    /// that does not fit.
    pub fn send(self) -> impl Future<Output = Result<T, Error>> + Send + use<T> {
        Sending {
            work: send(self.call, self.way),
            decode: self.decode,
            key: self.key,
        }
    }
}

impl<'c> Request<'c, ()> {
    pub(super) fn empty(call: Call<'c>) -> Self {
        Self::new(call, Way::Whole, |outcome, _| outcome.map(|_| ()))
    }
}

impl<'c> Request<'c, bool> {
    pub(super) fn exists(call: Call<'c>) -> Self {
        Self::new(call, Way::Presence, |outcome, _| {
            whole(outcome).map(|answer| answer.status() != StatusCode::NOT_FOUND)
        })
    }
}

impl<'c> Request<'c, Download> {
    pub(super) fn download(call: Call<'c>) -> Self {
        Self::new(call, Way::Open, |outcome, _| match outcome? {
            Answer::Open(download) => Ok(*download),
            Answer::Whole(_) => Err(mixed_up()),
        })
    }
}

/// The part of sending that knows no model: one for all of them.
fn send(call: Call<'_>, way: Way) -> Pin<Box<dyn Future<Output = Outcome> + Send>> {
    let call = call.repeat();
    Box::pin(async move {
        match way {
            Way::Open => call?.open().await.map(|open| Answer::Open(Box::new(open))),
            Way::Presence => call?.look().await.map(Answer::Whole),
            Way::Whole => call?.send().await.map(Answer::Whole),
        }
    })
}

fn whole(outcome: Outcome) -> Result<Response, Error> {
    match outcome? {
        Answer::Whole(answer) => Ok(answer),
        Answer::Open(_) => Err(mixed_up()),
    }
}

/// A request whose two halves do not fit each other, which its constructors never make.
fn mixed_up() -> Error {
    Error::invalid("the answer was read in another way than it is decoded")
}

/// A call that is being sent. Written by hand, since it is compiled for each model.
struct Sending<T> {
    work: Pin<Box<dyn Future<Output = Outcome> + Send>>,
    decode: fn(Outcome, &'static str) -> Result<T, Error>,
    key: &'static str,
}

impl<T> Future for Sending<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let (decode, key) = (self.decode, self.key);
        let work = self.work.as_mut();
        work.poll(context).map(|outcome| decode(outcome, key))
    }
}

impl<T> fmt::Debug for Request<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("call", &self.call)
            .finish_non_exhaustive()
    }
}
