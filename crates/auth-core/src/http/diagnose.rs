//! Looks a client over, with one request that carries no credential.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};

use crate::diagnosis::{ClientFacts, Diagnosis, HostAnswer, HostDate};
use crate::error::Error;
use crate::session::{no_runtime, unless_it_panics};
use crate::transport::{Limits, Outgoing, Payload};

use super::{ApiClient, Shared};

/// So long the host may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The largest body that is read: an answer to `HEAD` has none.
const LARGEST_ANSWER: usize = 64 * 1024;

impl ApiClient {
    /// Looks this client over, for a support ticket: which dialect, age and health of the token, whether the store can be
    /// reached and used, how far the machine's clock is off, what failed last, and what to do next.
    ///
    /// Never fails: a store or host that is away is a finding. [`Diagnosis`] says what is sent and asked; no token is spent
    /// or changed. It is for people; a readiness probe asks [`Session::health`](crate::Session::health), which costs nothing.
    pub async fn diagnose(&self) -> Diagnosis {
        let shared = &self.0;
        let client = ClientFacts {
            user_agent: shared.user_agent,
            dialect: shared.dialect.name(),
            token_base: shared.token_base.to_string(),
            api_base: shared.api_base.to_string(),
        };
        let at = shared.clock.utc();
        // Boxed, so that what is needed now and then is not part of the caller's future.
        let visit = Box::pin(shared.session.checkup());
        let seeing = unless_it_panics(shared.see_host());
        let (checkup, host) = both(visit, Box::pin(seeing)).await;
        let host = host.unwrap_or_else(|| Err(no_runtime()));
        let failed_call = shared.session.failed_call();
        let hider = shared.session.hider();
        Diagnosis::new(at, client, checkup, failed_call, host, &hider)
    }
}

/// Does two things at the same time.
async fn both<A, B>(
    mut one: impl Future<Output = A> + Unpin,
    mut other: impl Future<Output = B> + Unpin,
) -> (A, B) {
    let (mut first, mut second) = (None, None);
    poll_fn(|context| {
        first = first.take().or_else(|| ready(&mut one, context));
        second = second.take().or_else(|| ready(&mut other, context));
        match (first.take(), second.take()) {
            (Some(first), Some(second)) => Poll::Ready((first, second)),
            (done, other_done) => {
                (first, second) = (done, other_done);
                Poll::Pending
            }
        }
    })
    .await
}

fn ready<T>(work: &mut (impl Future<Output = T> + Unpin), context: &mut Context<'_>) -> Option<T> {
    match Pin::new(work).poll(context) {
        Poll::Ready(done) => Some(done),
        Poll::Pending => None,
    }
}

impl Shared {
    async fn see_host(&self) -> Result<HostAnswer, Error> {
        let outgoing = Outgoing {
            method: Method::HEAD,
            url: self.api_base.join("/", &[] as &[(&str, &str)]),
            headers: HeaderMap::new(),
            body: Payload::Whole(Bytes::new()),
            user_agent: self.user_agent,
        };
        let limits = Limits {
            timeout: PATIENCE.min(self.timeout),
            body: LARGEST_ANSWER,
            is_precious: false,
        };
        let sent = self.clock.utc();
        let answer = self.transport.send(outgoing, limits).await?;
        Ok(HostAnswer {
            status: answer.status(),
            sent,
            received: self.clock.utc(),
            date: HostDate::of(answer.headers()),
        })
    }
}
