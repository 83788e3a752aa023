//! Takes one sign-in through its steps, and counts at the sandbox what each of them cost.

use std::fmt::Display;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
// One core stands behind the three provider crates, so these are the same types in each of them.
use comm100::{Call, Error, ErrorKind, Session};
use tokio::sync::Barrier;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use vendor_sandbox::{Endpoint, Fault, Host, Injection, RetryAfter, Sandbox};

use crate::progress::Progress;

/// How many callers meet the expired token at once.
const CALLERS: usize = 100;
/// How long tokens live that are to run out.
const SHORT: Duration = Duration::from_millis(200);
/// The same for a token that can't be replaced: the calls before its end must be done by then.
const SHORT_FOR_PERSON: Duration = Duration::from_secs(1);
/// How long tokens live that are to last.
const LONG: Duration = Duration::from_secs(3600);
/// How long a renewal takes under the callers, so that they all wait for it.
const RENEWAL: Duration = Duration::from_millis(50);
/// A journey that takes longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a journey needs of a client, whichever vendor's it is.
pub(crate) trait Client: Send + Sync {
    /// Begins a GET of `path`.
    fn get(&self, path: &str) -> Call<'_>;

    /// The sign-in behind the calls.
    fn session(&self) -> &Session;
}

/// A client of any vendor.
pub(crate) type SharedClient = Arc<dyn Client>;

/// A client in the making; a person may have to approve first.
pub(crate) type Opening<'s> = Pin<Box<dyn Future<Output = Result<SharedClient>> + Send + 's>>;

/// One way to sign in.
pub(crate) struct SignIn {
    /// The vendor's name.
    pub(crate) vendor: &'static str,
    /// Dialect and grant.
    pub(crate) name: &'static str,
    /// The resource that is called.
    pub(crate) path: &'static str,
    /// What becomes of its token.
    pub(crate) renewal: Renewal,
    /// Makes a client for a sandbox.
    pub(crate) open: fn(&Sandbox) -> Opening<'_>,
}

/// How a token that ran out is replaced.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Renewal {
    /// It is a key and does not run out.
    NeverDue,
    /// The browser brought it, without a refresh token.
    NeedsPerson,
    /// By a request that is sent again when the endpoint is busy.
    Repeatable,
}

/// What became of one sign-in.
pub(crate) struct Row {
    /// The vendor's name.
    pub(crate) vendor: &'static str,
    /// Dialect and grant.
    pub(crate) name: &'static str,
    /// One text for each step that was made, in the order of [`STEPS`]; the last may be a failure.
    pub(crate) cells: Vec<String>,
    /// How long the journey took.
    pub(crate) took: Duration,
    /// Why it did not come to its end.
    pub(crate) error: Option<anyhow::Error>,
}

/// The steps, as the table heads them.
pub(crate) const STEPS: [&str; 5] = [
    "signed in",
    "call",
    "API 503 once",
    "expired, 100 callers",
    "token 503 once",
];

/// The cell of a step that failed.
pub(crate) const FAILED: &str = "FAILED";

/// Passes a builder's result on as a client of any vendor.
pub(crate) fn opened(built: Result<impl Client + 'static, Error>) -> Result<SharedClient> {
    Ok(Arc::new(built?))
}

/// Makes the whole journey in a sandbox of its own.
pub(crate) async fn travel(sign_in: &SignIn, progress: &Progress) -> Row {
    let start = Instant::now();
    let mut cells = Vec::new();
    let result = timeout(PATIENCE, steps(sign_in, progress, &mut cells)).await;
    let error = match result {
        Ok(Ok(())) => None,
        Ok(Err(error)) => Some(error),
        Err(_) => Some(anyhow::anyhow!("gave up after {PATIENCE:?}")),
    };
    if error.is_some()
        && let Some(step) = STEPS.get(cells.len())
    {
        progress.done(step, FAILED);
        cells.push(FAILED.to_owned());
    }
    Row {
        vendor: sign_in.vendor,
        name: sign_in.name,
        cells,
        took: start.elapsed(),
        error,
    }
}

async fn steps(sign_in: &SignIn, progress: &Progress, cells: &mut Vec<String>) -> Result<()> {
    let mut done = |text: String| {
        if let Some(step) = STEPS.get(cells.len()) {
            progress.done(step, &text);
        }
        cells.push(text);
        if let Some(step) = STEPS.get(cells.len()) {
            progress.enter(step);
        }
    };
    progress.enter(STEPS[0]);
    let sandbox = Sandbox::start().await.context("the sandbox cannot start")?;
    let stay = Stay { sandbox, sign_in };
    let client = stay.signs_in().await.context("signing in failed")?;
    done("ok".to_owned());
    done(stay.calls(&client).await.context("the call failed")?);
    let survived = stay.survives_api_fault(&client).await;
    done(survived.context("the API was down once, and the call failed")?);
    let survived = stay.outlives_token(&client).await;
    done(survived.context("the token ran out, and its renewal was not as it should be")?);
    let survived = stay.survives_token_fault(&client).await;
    done(survived.context("the token endpoint was down once, and that was not survived")?);
    stay.leaves_clean()
}

/// One sign-in in its sandbox.
struct Stay<'a> {
    sandbox: Sandbox,
    sign_in: &'a SignIn,
}

impl Stay<'_> {
    /// Tokens are short-lived from here on until [`Stay::outlives_token`] has seen one run out.
    async fn signs_in(&self) -> Result<SharedClient> {
        self.sandbox.set_token_lifetime(self.lifetime());
        let client = (self.sign_in.open)(&self.sandbox).await?;
        client.session().authorization().await?;
        let wanted = match self.sign_in.renewal {
            Renewal::NeverDue | Renewal::NeedsPerson => 0,
            Renewal::Repeatable => 1,
        };
        expect(self.count(Endpoint::Token), wanted, "token requests")?;
        Ok(client)
    }

    async fn calls(&self, client: &SharedClient) -> Result<String> {
        let answer = client.get(self.sign_in.path).send().await?;
        Ok(answer.status().to_string())
    }

    async fn survives_api_fault(&self, client: &SharedClient) -> Result<String> {
        self.break_once(Endpoint::Api);
        client.get(self.sign_in.path).send().await?;
        expect(self.count_503(Endpoint::Api), 1, "answers of 503")?;
        Ok("unnoticed".to_owned())
    }

    /// Lets the token run out and sends all callers at once.
    async fn outlives_token(&self, client: &SharedClient) -> Result<String> {
        if self.sign_in.renewal == Renewal::NeverDue {
            return Ok("- never expires".to_owned());
        }
        sleep(self.time_until_expiry()).await;
        self.sandbox.set_token_lifetime(LONG);
        self.sandbox.set_token_latency(RENEWAL);
        let before = self.count(Endpoint::Token);
        let failures = crowd(client, self.sign_in.path).await?;
        let spent = self.count(Endpoint::Token) - before;
        self.sandbox.set_token_latency(Duration::ZERO);
        if self.sign_in.renewal == Renewal::NeedsPerson {
            let told = failures
                .iter()
                .filter(|error| error.kind() == ErrorKind::Reauthorize);
            expect(
                told.count(),
                CALLERS,
                "callers told that a person must sign in",
            )?;
            expect(spent, 0, "token requests")?;
            return Ok("- needs a person".to_owned());
        }
        if let Some(error) = failures.first() {
            let count = failures.len();
            return Err(error.clone()).context(format!("{count} of {CALLERS} callers failed"));
        }
        expect(spent, 1, "token requests")?;
        Ok("1 token request".to_owned())
    }

    /// Takes the token back, so that the next call has to renew it, while the token endpoint is down once.
    async fn survives_token_fault(&self, client: &SharedClient) -> Result<String> {
        if self.sign_in.renewal != Renewal::Repeatable {
            return Ok("- not used".to_owned());
        }
        for host in Host::ALL {
            self.sandbox.revoke_access_tokens(host);
        }
        let before = self.count(Endpoint::Token);
        self.break_once(Endpoint::Token);
        client.get(self.sign_in.path).send().await?;
        let spent = self.count(Endpoint::Token) - before;
        expect(spent, 2, "token requests")?;
        expect(self.count_503(Endpoint::Token), 1, "answers of 503")?;
        Ok("unnoticed".to_owned())
    }

    /// Makes sure that the vendor would have no complaint.
    fn leaves_clean(&self) -> Result<()> {
        let refusals = self.sandbox.refusals();
        if let Some(first) = refusals.first() {
            let (method, path, reason) = (&first.method, &first.path, &first.reason);
            bail!(
                "the sandbox refused {} requests, the first was {method} {path}: {reason}",
                refusals.len()
            );
        }
        let reused = self.sandbox.reuse_detected();
        ensure!(reused == 0, "a spent refresh token was sent {reused} times");
        Ok(())
    }

    /// How long tokens live that are to run out.
    fn lifetime(&self) -> Duration {
        match self.sign_in.renewal {
            Renewal::NeedsPerson => SHORT_FOR_PERSON,
            _ => SHORT,
        }
    }

    /// After this time without a call no token is left, whatever the calls before did.
    fn time_until_expiry(&self) -> Duration {
        match self.sign_in.renewal {
            Renewal::NeedsPerson => SHORT_FOR_PERSON,
            // The last call can have begun a renewal, and its token is as short-lived as the first.
            _ => SHORT * 2,
        }
    }

    /// The next request to this kind of endpoint is answered with 503 and a wait of `seconds`.
    fn break_once(&self, endpoint: Endpoint) {
        let fault = Fault::Status {
            code: 503,
            retry_after: Some(RetryAfter::Seconds(0)),
        };
        self.sandbox
            .inject(Injection::new(fault).endpoint(endpoint));
    }

    /// How many requests this kind of endpoint has seen, on all hosts.
    fn count(&self, endpoint: Endpoint) -> usize {
        let requests = self.sandbox.requests();
        let own = requests.iter().filter(|seen| seen.endpoint == endpoint);
        own.count()
    }

    fn count_503(&self, endpoint: Endpoint) -> usize {
        let requests = self.sandbox.requests();
        let broken = requests
            .iter()
            .filter(|seen| seen.endpoint == endpoint && seen.status == Some(503));
        broken.count()
    }
}

/// Lets all callers go at the same moment and gives the errors that they met.
async fn crowd(client: &SharedClient, path: &'static str) -> Result<Vec<Error>> {
    let gate = Arc::new(Barrier::new(CALLERS));
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (client, gate) = (Arc::clone(client), Arc::clone(&gate));
        callers.spawn(async move {
            gate.wait().await;
            client.get(path).send().await
        });
    }
    let mut failures = Vec::new();
    while let Some(ended) = callers.join_next().await {
        failures.extend(ended.context("a caller did not end")?.err());
    }
    Ok(failures)
}

fn expect(seen: usize, wanted: usize, what: impl Display) -> Result<()> {
    ensure!(seen == wanted, "{what}: {seen} instead of {wanted}");
    Ok(())
}
