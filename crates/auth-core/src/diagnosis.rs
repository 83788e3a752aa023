//! Reports how one client is doing, for a support ticket.
//!
//! Answers: [`Diagnosis`]. Never: asks anybody itself (the session's checkup and `http` do), holds a secret, fails.

mod findings;
mod host;
mod words;

use std::fmt;
use std::time::{Duration, SystemTime};

use crate::error::{Error, ErrorKind};
use crate::session::{Checkup, HealthState, Hider};

pub(crate) use host::{HostAnswer, HostDate};
use words::Moment;

/// How a client, its store, its host and the machine's clock are doing, in the words of a support ticket. Made by
/// [`ApiClient::diagnose`](crate::ApiClient::diagnose), which providers' clients pass on; holds no secret.
///
/// `Display` is the ticket's text, several lines of it; which lines there are may change. To act on a diagnosis, take
/// [`finding`](Self::finding) and [`health_state`](Self::health_state).
///
/// # What it does
/// - To the API's host it sends one `HEAD /`, without credentials and outside the client-side rate limit, and waits for five
///   seconds at most, or the [time-out](crate::Settings::call_timeout) of a call where that is shorter. Any answer will do;
///   its `Date` is compared with the machine's clock.
/// - In the store it takes the lock of its own key, loads, and gives the lock back; each may take
///   [`store_timeout`](crate::Settings::store_timeout), and a renewal that wants the lock meanwhile waits as for any other
///   holder. A caller that gives up leaves no lock behind. Where the lock can't be had in that time, nothing is loaded. A `FileStore` makes the directory of the key and
///   the lock's file where they are not there yet. A store that sets unreadable tokens aside does so for this load as well,
///   and the finding says where they are. With a key or a static token, no store is asked.
/// - All else is what the client knows: the session's state, and the last call that failed. Nothing is signed in to or
///   renewed, no token is sent, and none is changed.
///
/// Host and store are asked at the same time, so all of it takes three times the `store_timeout` at most, 15 seconds by
/// default, or the five seconds of the host, whichever is longer.
///
/// # Examples
/// ```
/// use auth_core::{ApiClient, Check, FindingState};
///
/// async fn report(client: &ApiClient) {
///     let diagnosis = client.diagnose().await;
///     eprintln!("{diagnosis}"); // the ticket's text
///     if diagnosis.finding(Check::Store).state() == FindingState::Broken {
///         eprintln!("new tokens would be lost with this process");
///     }
/// }
/// # use auth_core::{BaseUrl, Dialect, Grant, KeyKind, KeyRow, Principal, Profile, Settings};
/// # use wiremock::MockServer;
/// # const DIALECT: Dialect = Dialect::new("EXAMPLE", &[]).keys(&[KeyRow::new(KeyKind::Token, &[], "")]);
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let server = MockServer::start().await;
/// # let base = BaseUrl::parse("base_url", &server.uri(), &[])?;
/// # let principal = Principal::new(Grant::StaticToken("t-1".into()));
/// # let client = ApiClient::new(Profile::new(DIALECT, base.clone(), base, principal, "x/1"), &Settings::new())?;
/// # report(&client).await;
/// # assert_eq!(client.diagnose().await.finding(Check::Host).state(), FindingState::Fine);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Diagnosis {
    at: SystemTime,
    client: ClientFacts,
    sign_in: &'static str,
    health_state: HealthState,
    token_age: Option<Duration>,
    clock_skew_seconds: Option<i64>,
    findings: [Finding; Check::ALL.len()],
}

/// What is looked at in a [`Diagnosis`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Check {
    /// The token at hand: its age and end, and whether another can be had.
    Token,
    /// The last renewals or sign-ins.
    Renewal,
    /// The last call that failed.
    Calls,
    /// The token store: its lock and what stands in it.
    Store,
    /// Whether the API's host answers.
    Host,
    /// The machine's clock against that of the host.
    Clock,
}

/// How a [`Finding`] is to be taken; the later, the worse.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum FindingState {
    /// As it should be.
    Fine,
    /// It can't be told.
    Unknown,
    /// It works, and may not for long; or it failed and may work by now.
    Attention,
    /// It does not work.
    Broken,
}

/// What was found about one thing. `Display` is one line, without the advice.
#[derive(Clone, Debug)]
pub struct Finding {
    check: Check,
    state: FindingState,
    text: String,
    failure: Option<ErrorKind>,
    advice: Option<&'static str>,
}

/// Which client it is.
#[derive(Clone, Debug)]
pub(crate) struct ClientFacts {
    pub(crate) user_agent: &'static str,
    pub(crate) dialect: &'static str,
    pub(crate) token_base: String,
    pub(crate) api_base: String,
}

/// A call that failed, and how long ago.
pub(crate) type FailedCall = (Error, Duration);

impl Check {
    /// All of them, in the order in which they are declared.
    const ALL: [Self; 6] = [
        Self::Token,
        Self::Renewal,
        Self::Calls,
        Self::Store,
        Self::Host,
        Self::Clock,
    ];
}

impl Diagnosis {
    /// Makes findings of what was seen.
    pub(crate) fn new(
        at: SystemTime,
        client: ClientFacts,
        checkup: Checkup,
        failed_call: Option<FailedCall>,
        host: Result<HostAnswer, Error>,
        hider: &Hider,
    ) -> Self {
        // A store's errors are foreign words, and those of the visit have not been looked through yet. What it says of other
        // holders' tokens is known to nobody here.
        let is_foreign = checkup.visit.as_ref().is_some_and(|visit| visit.is_foreign);
        let told = |error: &Error| {
            let is_foreign = is_foreign && error.kind() == ErrorKind::Store;
            words::told(error, |text| match is_foreign {
                true => words::without_tokens(&hider.hide(text)),
                false => hider.hide(text),
            })
        };
        let clock_skew_seconds = host.as_ref().ok().and_then(HostAnswer::clock_skew_seconds);
        let findings = Check::ALL.map(|check| match check {
            Check::Token if checkup.standing.is_key => {
                findings::key(&checkup.standing, failed_call.as_ref())
            }
            Check::Token => findings::token(&checkup.standing, checkup.has_news()),
            Check::Renewal => findings::renewal(&checkup, &told),
            Check::Calls => findings::calls(failed_call.as_ref(), &told),
            Check::Store => findings::store(&checkup, &told),
            Check::Host => findings::host(&client.api_base, host.as_ref(), &told),
            Check::Clock => findings::clock(host.as_ref().ok(), clock_skew_seconds),
        });
        Self {
            at,
            client,
            sign_in: checkup.sign_in,
            token_age: checkup.standing.age,
            health_state: checkup.health.state,
            clock_skew_seconds,
            findings,
        }
    }

    /// The wire form that the client speaks, as `docs/dialects.md` calls it.
    pub fn dialect(&self) -> &'static str {
        self.client.dialect
    }

    /// The session's health at that moment; what the last renewal failed with is the finding of [`Check::Renewal`].
    pub fn health_state(&self) -> HealthState {
        self.health_state
    }

    /// For how long this session has used the token at hand, by the monotonic clock; `None` where there is none. A token
    /// that was stored or brought along is older than that.
    pub fn token_age(&self) -> Option<Duration> {
        self.token_age
    }

    /// How many seconds, at least, the machine's clock is ahead of that of the API's host; negative where it is behind,
    /// zero where the time that the answer took could account for the difference, and `None` where the host did not
    /// answer with a `Date`.
    pub fn clock_skew_seconds(&self) -> Option<i64> {
        self.clock_skew_seconds
    }

    /// All findings: one for each [`Check`].
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What was found about one thing.
    pub fn finding(&self, check: Check) -> &Finding {
        // Each stands where its check is declared.
        &self.findings[check as usize]
    }

    /// The worst finding, of several the first.
    pub fn worst(&self) -> &Finding {
        let [first, others @ ..] = &self.findings;
        others.iter().fold(first, |worst, finding| {
            if finding.state > worst.state {
                finding
            } else {
                worst
            }
        })
    }

    /// What to do next: the advice of the worst finding, of several the first that has one. Where one of these failed by the
    /// store, and the store itself is not fine, its advice goes first. `None` where nothing has to be done.
    pub fn next_step(&self) -> Option<&str> {
        let worst = self.worst().state;
        if worst == FindingState::Fine {
            return None;
        }
        let mut these = self.findings.iter().filter(|it| it.state == worst);
        let store = self.finding(Check::Store);
        let by_store = |it: &Finding| it.failure == Some(ErrorKind::Store);
        if store.state > FindingState::Unknown && these.clone().any(by_store) {
            return store.advice();
        }
        these.find_map(Finding::advice)
    }
}

impl Finding {
    fn new(check: Check, state: FindingState, text: impl Into<String>) -> Self {
        Self {
            check,
            state,
            text: text.into(),
            failure: None,
            advice: None,
        }
    }

    fn failure_is(mut self, kind: ErrorKind) -> Self {
        self.failure = Some(kind);
        self
    }

    fn advice_is(mut self, advice: &'static str) -> Self {
        self.advice = Some(advice);
        self
    }

    /// What it is about.
    pub fn check(&self) -> Check {
        self.check
    }

    /// How it is to be taken.
    pub fn state(&self) -> FindingState {
        self.state
    }

    /// What was found, in one line. Its words may change.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The kind of the failure that the text tells, if it tells one.
    pub fn failure(&self) -> Option<ErrorKind> {
        self.failure
    }

    /// What to do about it, in a sentence or two; `None` where there is nothing to be done.
    pub fn advice(&self) -> Option<&str> {
        self.advice
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Token => "token",
            Self::Renewal => "renewal",
            Self::Calls => "calls",
            Self::Store => "store",
            Self::Host => "host",
            Self::Clock => "clock",
        })
    }
}

impl fmt::Display for FindingState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Fine => "fine",
            Self::Unknown => "unknown",
            Self::Attention => "attention",
            Self::Broken => "broken",
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:9}  {:7}  {}", self.state, self.check, self.text)
    }
}

impl fmt::Display for Diagnosis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ClientFacts {
            user_agent,
            dialect,
            token_base,
            api_base,
        } = &self.client;
        let (at, sign_in, core) = (Moment(self.at), self.sign_in, env!("CARGO_PKG_VERSION"));
        writeln!(f, "{user_agent} with auth-core {core}, at {at}")?;
        writeln!(f, "dialect {dialect}, sign-in: {sign_in}")?;
        match token_base == api_base {
            true => writeln!(f, "tokens and API at {api_base}")?,
            false => writeln!(f, "tokens from {token_base} (not asked), API at {api_base}")?,
        }
        for finding in &self.findings {
            write!(f, "\n{finding}")?;
            if let Some(advice) = finding.advice {
                write!(f, "\n{:20}-> {advice}", "")?;
            }
        }
        let next = self.next_step().unwrap_or("Nothing has to be done.");
        write!(f, "\n\nnext: {next}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_are_listed_as_they_are_declared() {
        for (place, check) in Check::ALL.into_iter().enumerate() {
            assert_eq!(check as usize, place);
        }
    }
}
