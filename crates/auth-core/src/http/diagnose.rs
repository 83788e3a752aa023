//! Looks a client over, with one request that carries no credential.

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
        // The visit to the store is under way from here on, in a task of its own.
        let checkup = shared.session.checkup();
        // Boxed, so that what is needed now and then is not part of the caller's future.
        let host = Box::pin(unless_it_panics(shared.see_host())).await;
        let host = host.unwrap_or_else(|| Err(no_runtime()));
        let checkup = Box::pin(checkup).await;
        let failed_call = shared.session.failed_call();
        let hider = shared.session.hider();
        Diagnosis::new(at, client, checkup, failed_call, host, &hider)
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
