//! Sends one call: permit, header, request, verdict; renews and replays once after a 401, backs off where it helps.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{CONTENT_TYPE, RANGE, WWW_AUTHENTICATE};
use http::{HeaderMap, Method, StatusCode};
use tracing::Instrument as _;
use tracing::field::{self, Empty};

use crate::clock::within;
use crate::error::{Error, ErrorKind};
use crate::fault;
use crate::retry_budget::{REPLAY, RETRY};
use crate::token::Authorization;
use crate::transport::{Incoming, Limits, Outgoing};

use super::repeat::Ready;
use super::{Download, Response, Shared};

/// An API answer larger than this is not read.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;
/// The longest first wait before a call is tried again; it doubles, and all of it is left to chance.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// A deadline longer than this is cut to it, so that no sum of times overflows.
const LONGEST_DEADLINE: Duration = Duration::from_secs(365 * 24 * 3600);

/// How an answer is read: to its end, or as far as its verdict needs.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Reading {
    Head,
    Whole,
}

/// A good answer: what of its body was read, and where there is one, the rest.
type Received = http::Response<(Bytes, Option<Incoming>)>;

/// Why a call with a streamed body is not made again.
const SPENT: &str = "the stream that was its body has begun, so it can't be sent again";

impl Shared {
    /// Sends until there is a verdict or time runs out.
    pub(super) async fn send(&self, call: Ready) -> Result<Response, Error> {
        let (parts, (body, _)) = self.spanned(call, Reading::Whole).await?.into_parts();
        Ok(Response {
            status: parts.status,
            headers: parts.headers,
            body,
            hider: self.session.hider(),
        })
    }

    /// The same, and leaves the body of a good answer to be read.
    pub(super) async fn open(&self, call: Ready) -> Result<Download, Error> {
        let asks_for_part = call.headers.contains_key(RANGE);
        let asks_for_head = call.method == Method::HEAD;
        let received = self.spanned(call, Reading::Head).await?;
        let download = Download::new(received, self.session.hider());
        Ok(download.asked_for(asks_for_part, asks_for_head))
    }

    async fn spanned(&self, call: Ready, reading: Reading) -> Result<Received, Error> {
        let span = tracing::info_span!(
            "auth_core.call",
            auth_core.dialect = self.dialect.name(),
            http.request.method = %call.method,
            server.address = call.url.host_str(),
            url.path = call.url.path(),
            error.type = Empty,
        );
        // Boxed, so that a caller may hold many calls in a future of its own.
        let sent = Box::pin(self.send_until_verdict(call, reading))
            .instrument(span.clone())
            .await;
        if let Err(error) = &sent {
            span.record("error.type", field::debug(error.kind()));
            self.session.call_failed(error);
        }
        sent
    }

    async fn send_until_verdict(&self, call: Ready, reading: Reading) -> Result<Received, Error> {
        let end = self.clock.now() + call.deadline.min(LONGEST_DEADLINE);
        let mut last: Option<Error> = None;
        let mut was_sent = false;
        let mut tries = 0;
        let mut replayed = false;
        loop {
            let (authorization, left) = match self.prepare(end).await {
                Ok(prepared) => prepared,
                // That a retry can't even begin is no news: the failure before it is.
                Err(error) => return Err(last.unwrap_or(error).or_sent(was_sent)),
            };
            let error = match self.once(&call, reading, &authorization, (left, end)).await {
                Ok(received) => {
                    self.session.call_worked();
                    if let Some(budget) = &self.retry_budget {
                        budget.answered_well();
                    }
                    return Ok(received);
                }
                Err(error) => error,
            };
            was_sent |= error.may_have_been_processed();
            let is_refused = error.kind() == ErrorKind::Unauthorized;
            if is_refused && call.replay && !replayed && self.session.can_renew() {
                replayed = true;
                let renewed = self.renew(&authorization, end).await;
                let has_other = renewed.map_err(|error| error.or_sent(was_sent))?;
                if !has_other {
                    return Err(error);
                }
                if call.content.is_spent() {
                    return Err(error.because(SPENT));
                }
                // Only now: the new token is good for other calls, whatever becomes of this one.
                if !self.may_spend(REPLAY, &error) {
                    return Err(error);
                }
                continue;
            }
            let wait = error.retry_after().unwrap_or_else(|| {
                (FIRST_WAIT * 2_u32.saturating_pow(tries)).mul_f64(fastrand::f64())
            });
            let in_time = self.left(end).is_ok_and(|left| left > wait);
            if tries >= self.retries || !may_repeat(&error, call.idempotent) || !in_time {
                return Err(error.or_sent(was_sent));
            }
            if call.content.is_spent() {
                return Err(error.or_sent(was_sent).because(SPENT));
            }
            if !self.may_spend(RETRY, &error) {
                return Err(error.or_sent(was_sent));
            }
            tries += 1;
            tracing::debug!(
                name: "auth_core.call.retried",
                error = %error.with_causes(),
                http.request.resend_count = tries,
                ?wait,
                "call is tried again"
            );
            last = Some(error);
            self.clock.sleep(wait).await;
        }
    }

    /// Says whether the retry budget has `cost` left for sending again after `error`, and takes it.
    fn may_spend(&self, cost: u64, error: &Error) -> bool {
        let budget = self.retry_budget.as_ref();
        budget.is_none_or(|budget| budget.take(cost, error, self.clock.now()))
    }

    /// Waits for everything that a request needs: under a rate limit first the sign-in, which can take long, so that
    /// calls do not bunch behind it, and the turn; then the header, for the wait may have outlived a token.
    async fn prepare(&self, end: Instant) -> Result<(Authorization, Duration), Error> {
        if let Some(limiter) = &self.rate_limiter {
            self.authorize(end).await?;
            limiter.turn(self.clock.as_ref(), self.left(end)?).await?;
        }
        Ok((self.authorize(end).await?, self.left(end)?))
    }

    /// Says whether there is another credential than `refused`.
    async fn renew(&self, refused: &Authorization, end: Instant) -> Result<bool, Error> {
        let renewal = self.session.renew(refused.generation());
        let renewed = within(self.clock.as_ref(), self.left(end)?, renewal).await;
        let renewed = renewed.ok_or_else(|| self.session.waited_too_long(true))??;
        Ok(renewed.generation() > refused.generation())
    }

    async fn authorize(&self, end: Instant) -> Result<Authorization, Error> {
        if let Some(ready) = self.session.ready() {
            return Ok(ready);
        }
        let waited = within(
            self.clock.as_ref(),
            self.left(end)?,
            self.session.authorization(),
        )
        .await;
        waited.ok_or_else(|| self.session.waited_too_long(false))?
    }

    /// One request and its verdict, in the time that is left until the end.
    async fn once(
        &self,
        call: &Ready,
        reading: Reading,
        authorization: &Authorization,
        (left, end): (Duration, Instant),
    ) -> Result<Received, Error> {
        let body = match call.content.is_streamed() {
            // A disk can be as slow as a network.
            true => {
                let opened = within(self.clock.as_ref(), left, call.content.open());
                let late = || Error::timeout("opening the file to send", false);
                opened.await.ok_or_else(late)??
            }
            false => call.content.open().await?,
        };
        let mut headers = call.headers.clone();
        headers.insert(authorization.name(), authorization.value().clone());
        let outgoing = Outgoing {
            method: call.method.clone(),
            url: call.url.clone(),
            headers,
            body,
            user_agent: self.user_agent,
        };
        let limits = Limits {
            // A body that makes progress is not cut off by the deadline, which says when a try may begin.
            timeout: match call.content.is_streamed() {
                true => call.timeout,
                false => call.timeout.min(left),
            },
            body: LARGEST_ANSWER,
            is_precious: false,
        };
        let (answer, rest) = match reading {
            Reading::Whole => (self.transport.send(outgoing, limits).await?, None),
            Reading::Head => {
                let opening = self.transport.open(outgoing, limits, call.timeout);
                let answer = opening.await?;
                if self.is_good_by_head(&answer) {
                    return Ok(answer.map(|incoming| (Bytes::new(), Some(incoming))));
                }
                let (parts, incoming) = answer.into_parts();
                let reading = incoming.read(LARGEST_ANSWER);
                let (body, rest) = match parts.status.is_success() {
                    // It may be the file: then no deadline cuts off what makes progress.
                    true => reading.await?,
                    false => {
                        // What the head has taken is gone.
                        let left = end.saturating_duration_since(self.clock.now());
                        let read = within(self.clock.as_ref(), left, reading).await;
                        read.ok_or_else(|| Error::timeout("the call's deadline", true))??
                    }
                };
                let answer = http::Response::from_parts(parts, body);
                if rest.is_some() && answer.status().is_success() {
                    // Longer than any word on a failure.
                    return Ok(answer.map(|body| (body, rest)));
                }
                (answer, rest)
            }
        };
        if call.takes_missing && answer.status() == StatusCode::NOT_FOUND {
            return Ok(answer.map(|body| (body, None)));
        }
        match self.verdict(&answer, authorization) {
            Some(error) => Err(error),
            None => Ok(answer.map(|body| (body, rest))),
        }
    }

    /// Says whether an answer is a good one whatever its body says.
    fn is_good_by_head<B>(&self, answer: &http::Response<B>) -> bool {
        let kind = answer.headers().get(CONTENT_TYPE);
        // What says nothing of its type can be JSON as well.
        let is_json = kind.is_none_or(|kind| {
            let kind = kind.as_bytes().to_ascii_lowercase();
            kind.windows(4).any(|part| part == b"json")
        });
        let may_say_no = is_json && self.dialect.answer_rules().soft_failure.is_some();
        is_good(answer.status()) && !may_say_no
    }

    /// The failure that an answer stands for, if it is one.
    pub(super) fn verdict(
        &self,
        answer: &http::Response<Bytes>,
        authorization: &Authorization,
    ) -> Option<Error> {
        let status = answer.status();
        let rules = self.dialect.answer_rules();
        let soft = || {
            rules
                .soft_failure
                .is_some_and(|member| fault::soft_failure(answer.body(), member))
        };
        if is_good(status) && !soft() {
            return None;
        }
        let mut scrubber = self.session.scrubber();
        // The token of this call may have been replaced while the call was under way.
        scrubber.add(authorization.credential());
        let told = fault::read(answer, self.clock.utc(), &scrubber);
        if status.is_success() {
            return Some(Error::answered(
                ErrorKind::Invalid,
                "the provider refused the call",
                None,
                told,
            ));
        }
        let mut kind = rules.kind(
            status.as_u16(),
            told.code.as_deref(),
            told.message.as_deref(),
        );
        if status == StatusCode::UNAUTHORIZED && lacks_scope(answer.headers()) {
            // RFC 6750 section 3.1: the token is good, and another would not be better.
            kind = ErrorKind::Permission;
        }
        let what = match kind {
            ErrorKind::Blocked => "the provider redirects; credentials are not sent elsewhere",
            ErrorKind::NotFound => {
                "the provider does not know this; a path starts at the host's root, version included"
            }
            ErrorKind::Permission => "the credentials may not do this",
            ErrorKind::RateLimited => "the provider's rate limit is used up",
            ErrorKind::Unauthorized => "the provider refused the credentials",
            ErrorKind::Invalid => "the provider refused the call",
            _ => "the provider failed",
        };
        let hint = rules
            .unauthorized_hint
            .filter(|_| kind == ErrorKind::Unauthorized);
        Some(Error::answered(kind, what, hint, told))
    }

    fn left(&self, end: Instant) -> Result<Duration, Error> {
        let left = end.saturating_duration_since(self.clock.now());
        if left.is_zero() {
            Err(Error::timeout("the call's deadline", false))
        } else {
            Ok(left)
        }
    }
}

/// Whether a status stands for a good answer, or for none that is new: a caller that asks with `If-None-Match` wants to
/// hear that.
fn is_good(status: StatusCode) -> bool {
    status.is_success() || status == StatusCode::NOT_MODIFIED
}

/// Says whether a call may be made again after `error`: where it surely had no effect, or where a second effect does
/// no harm.
fn may_repeat(error: &Error, idempotent: bool) -> bool {
    match error.kind() {
        ErrorKind::Connect => idempotent || !error.may_have_been_processed(),
        // A limit that comes without 429 or a wait lasts for hours.
        ErrorKind::RateLimited => {
            error.status() == Some(StatusCode::TOO_MANY_REQUESTS) || error.retry_after().is_some()
        }
        _ => {
            idempotent
                && error
                    .status()
                    .is_some_and(|status| matches!(status.as_u16(), 502..=504))
        }
    }
}

fn lacks_scope(headers: &HeaderMap) -> bool {
    let challenges = headers
        .get_all(WWW_AUTHENTICATE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    challenges
        .into_iter()
        .any(|challenge| challenge.contains("insufficient_scope"))
}
