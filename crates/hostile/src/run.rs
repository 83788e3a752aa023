//! Plays one case to one client, and says what came of it.

use std::time::{Duration, Instant};

use auth_core::{Error, List, Method, Paging, Settings, Transport};
use serde_json::Value;

use crate::case::{Case, Column, Deed};
use crate::certificates::{Authority, Identity};
use crate::clock::HastyClock;
use crate::secrets::{Disguises, told};
use crate::vendor::{Elsewhere, Plan, Seen, Tls, Vendor};
use crate::way::{ADDRESS_SECRETS, Client, ISSUED_ACCESS, ISSUED_REFRESH, Way};

/// What is enough for whatever answers at all.
const PATIENT: Duration = Duration::from_secs(8);
/// What is given where time runs out.
const SHORT: Duration = Duration::from_secs(1);
/// Between two calls.
const QUIET: Duration = Duration::from_millis(250);
/// More than one try with its pauses: whoever is not done by then hangs.
const HANGS: Duration = Duration::from_secs(20);
/// So much later every pause after a failure is over.
const LATER: Duration = Duration::from_secs(3 * 24 * 3600);

/// A list whose pages name the next one.
static LINKED: Paging = Paging::single().items(&["/items"]).next_link("/nextPage");

/// What all runs of a process share.
pub(crate) struct Stage {
    pub(crate) transport: Transport,
    pub(crate) authority: Authority,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let authority = Authority::new();
        let transport = Transport::builder().root_certificate(authority.pem());
        Self {
            transport: transport
                .connect_timeout(Duration::from_secs(2))
                .build()
                .expect("a transport"),
            authority,
        }
    }
}

/// What came of a run.
pub(crate) struct Seat {
    pub(crate) outcome: String,
    /// What must never happen, whatever the outcome.
    pub(crate) faults: Vec<String>,
    /// What must not be found in the log of the run.
    pub(crate) secrets: Vec<Disguises>,
}

/// Plays `case` to a client of `way`, while `column` is asked for.
pub(crate) async fn run(stage: &Stage, case: &Case, way: Way, column: Column) -> Seat {
    let elsewhere = Elsewhere::start().await;
    let vendor = Vendor::start(plan(stage, case, way, column, elsewhere.port)).await;
    let mut faults = Vec::new();
    let began = Instant::now();
    let scene = Scene {
        stage,
        case,
        way,
        column,
        vendor: &vendor,
        clock: HastyClock::default(),
        elsewhere: elsewhere.port,
    };
    let (outcome, errors) = match tokio::time::timeout(HANGS, scene.play()).await {
        Ok(done) => done,
        Err(_) => ("hangs".to_owned(), Vec::new()),
    };
    let limit = if case.is_slow { 8 } else { 15 };
    if began.elapsed() > Duration::from_secs(limit) {
        faults.push(format!("took {:?}", began.elapsed()));
    }
    for visit in elsewhere.visits() {
        faults.push(format!("the other host was called: {visit:?}"));
    }
    for request in vendor.seen() {
        let hosts = request.head.to_lowercase().matches("\r\nhost: ").count();
        if hosts != 1 {
            faults.push(format!("a request for {hosts} hosts: {}", request.head));
        }
    }
    let sent = secrets(way, &vendor.seen());
    let issued = [ISSUED_ACCESS, ISSUED_REFRESH].map(Disguises::of);
    for error in &errors {
        let (text, body) = (told(error), error.body().unwrap_or_default());
        let body = String::from_utf8_lossy(body);
        let in_text = sent.iter().chain(&issued).find_map(|it| it.found(&text));
        let in_body = sent.iter().find_map(|it| it.found(&body));
        faults.extend(in_text.map(|it| format!("the error tells {it}: {text}")));
        faults.extend(in_body.map(|it| format!("the error's body tells {it}: {body}")));
    }
    Seat {
        outcome,
        faults,
        secrets: sent.into_iter().chain(issued).collect(),
    }
}

fn plan(stage: &Stage, case: &Case, way: Way, column: Column, elsewhere: u16) -> Plan {
    let (steps, tls) = match &case.deed {
        Deed::Play(steps) => (steps.clone(), None),
        Deed::Tls(identity, steps) => (steps.clone(), Some(*identity)),
        _ => (Vec::new(), None),
    };
    let page = match &case.deed {
        Deed::Next(link) => format!("{{\"items\":[{{\"id\":1}}],\"nextPage\":\"{link}\"}}"),
        _ => "{\"items\":[]}".to_owned(),
    };
    let good = |acceptor: Option<_>| acceptor.expect("it speaks TLS");
    Plan {
        steps,
        column,
        tls: tls.map(|identity| Tls {
            identity,
            hostile: stage.authority.acceptor(identity),
            good: good(stage.authority.acceptor(Identity::Good)),
        }),
        page,
        secrets: way.secrets().into_iter().map(str::to_owned).collect(),
        elsewhere,
    }
}

/// The secrets of a run: those that were planted, and those that the client made up.
fn secrets(way: Way, seen: &[Seen]) -> Vec<Disguises> {
    let verifier = seen.iter().find_map(|request| {
        let (_, rest) = request.body.split_once("code_verifier=")?;
        rest.split('&').next()
    });
    let planted = way.secrets().into_iter();
    let planted = planted.chain(ADDRESS_SECRETS).chain(verifier);
    planted.map(Disguises::of).collect()
}

/// One client at one server.
struct Scene<'a> {
    stage: &'a Stage,
    case: &'a Case,
    way: Way,
    column: Column,
    vendor: &'a Vendor,
    clock: HastyClock,
    elsewhere: u16,
}

impl Scene<'_> {
    /// The outcome, and the errors that led to it.
    async fn play(&self) -> (String, Vec<Error>) {
        let Self { way, vendor, .. } = *self;
        let short = |is_meant: bool| match self.case.is_slow && is_meant {
            true => SHORT,
            false => PATIENT,
        };
        let is_call = self.column == Column::Call;
        let settings = Settings::new()
            .clock(self.clock.clone())
            .transport(self.stage.transport.clone())
            .token_timeout(short(!is_call))
            .call_timeout(short(is_call));
        let base = match &self.case.deed {
            Deed::Base(base) => self.fill(base),
            _ => vendor.url().to_owned(),
        };
        let client = match way.client(&base, settings) {
            Ok(client) => client,
            Err(error) => return (format!("{:?} 0", error.kind()), vec![error]),
        };
        if self.column == Column::Call
            && let Err(error) = client.sign_in().await
        {
            return (format!("no sign-in: {error}"), vec![error]);
        }
        vendor.is_hostile(true);
        let done = self.attempt(&client).await;
        let turns = vendor.turns();
        vendor.is_hostile(false);
        let mut errors = Vec::new();
        let mut outcome = match done {
            Ok(()) => format!("ok {turns}"),
            Err(error) => {
                let outcome = format!("{:?} {turns}", error.kind());
                errors.push(error);
                outcome
            }
        };
        self.clock.advance(LATER);
        if self.case.pauses() {
            // What the server still sends meets a connection that nobody uses.
            tokio::time::sleep(QUIET).await;
        }
        match call(&client, way.path()).await {
            Ok(page) if page.get("smuggled").is_some() => {
                outcome.push_str("; then another's answer")
            }
            Ok(_) => outcome.push_str(&authorized(way, vendor)),
            Err(error) => {
                outcome.push_str(&format!("; then {:?}", error.kind()));
                errors.push(error);
            }
        }
        (outcome, errors)
    }

    /// What the server is hostile to.
    async fn attempt(&self, client: &Client) -> Result<(), Error> {
        let path = match &self.case.deed {
            Deed::Path(path) => self.fill(path),
            _ => self.way.path().to_owned(),
        };
        match (self.column, &self.case.deed) {
            (Column::Call, Deed::Next(_)) => list(client, &path).await,
            (Column::Call, _) => call(client, &path).await.map(|_| ()),
            _ => client.sign_in().await,
        }
    }

    fn fill(&self, text: &str) -> String {
        let (here, elsewhere) = (self.vendor.url(), self.elsewhere);
        let authority = here.trim_start_matches("http://");
        text.replace("<<other host>>", &format!("http://127.0.0.2:{elsewhere}"))
            .replace("<<other authority>>", &format!("127.0.0.2:{elsewhere}"))
            .replace("<<other port>>", &format!("http://127.0.0.1:{elsewhere}"))
            .replace("<<here>>", here)
            .replace("<<here authority>>", authority)
    }
}

async fn call(client: &Client, path: &str) -> Result<Value, Error> {
    client.request(Method::GET, path).send().await?.json()
}

async fn list(client: &Client, path: &str) -> Result<(), Error> {
    let call = client.request(Method::GET, path);
    let mut items = List::new(call, &LINKED, |item, _| Ok(item)).stream();
    while items.try_next().await?.is_some() {}
    Ok(())
}

/// Nothing, where the last request had the credential that it needs.
fn authorized(way: Way, vendor: &Vendor) -> String {
    let seen = vendor.seen();
    let last = seen.last().map(|request| request.head.clone());
    let head = last.unwrap_or_default().to_lowercase();
    let is_good = match way {
        Way::DashKey | Way::HostedKey => head.contains("authorization: basic "),
        Way::Communic8Static => head.contains("authorization: bearer canary-static"),
        Way::WebCommander | Way::WebCommanderRefresh => {
            head.contains(&format!("access_token: {ISSUED_ACCESS}"))
        }
        _ => head.contains(&format!("authorization: bearer {ISSUED_ACCESS}")),
    };
    match is_good {
        true => String::new(),
        false => format!("; then without its credential: {head}"),
    }
}
