//! 10,000 sessions in one process: what each takes, and when they renew.

use std::process::Command;
use std::time::{Duration, Instant, SystemTime};

use anyhow::{Context as _, Result, ensure};
use auth_core::{Clock, Settings, Transport, async_trait};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use crate::measure::resident;
use crate::result::{Cell, Figure, Group, Table};
use crate::server::{Mood, Server};
use crate::subjects::{self, Subject, for_subject};

const METHOD: &str = "Clients are made in a process of their own; the difference of its resident memory by their number is \
what each takes, once when they are made and once when all have signed in, one after the other. Tasks are counted while all \
are idle. Clients of ours that share a transport (`Settings::transport`) are the usual case for many principals; a transport \
or HTTP client of one's own brings TLS settings and a pool, and each connection that it keeps open has two tasks of hyper's.";
const SESSIONS: usize = 10_000;
const FEW: usize = 500;
const SUBJECTS: &[(&str, &str, usize)] = &[
    ("shared", "ours, one transport for all", SESSIONS),
    ("alone", "ours, a transport each", FEW),
    (
        "oauth2",
        "oauth2 behind a tokio mutex, a reqwest client each",
        FEW,
    ),
    ("google", "google-cloud-auth", FEW),
    ("azure", "azure_identity, a reqwest client each", FEW),
    (
        "aws",
        "aws-smithy-runtime's identity cache, a reqwest client each",
        FEW,
    ),
];

/// What one keeper takes: bytes when made, bytes when signed in, tasks while idle.
struct Weight {
    made: f64,
    signed_in: f64,
    tasks: f64,
}

/// How many tasks the runtime has now, once those that end have ended.
async fn tasks() -> usize {
    tokio::time::sleep(Duration::from_millis(300)).await;
    Handle::current().metrics().num_alive_tasks()
}

async fn weigh<T, F: Future<Output = Result<T>>>(
    count: usize,
    make: impl Fn() -> F,
    sign_in: impl AsyncFn(&T) -> Result<()>,
) -> Result<Weight> {
    let warm = make().await?;
    sign_in(&warm).await?;
    let tasks_before = tasks().await;
    let before = resident()?;
    let mut all = Vec::with_capacity(count);
    for _ in 0..count {
        all.push(make().await?);
    }
    let made = resident()?;
    for one in &all {
        sign_in(one).await?;
    }
    let signed_in = resident()?;
    let tasks = tasks().await.saturating_sub(tasks_before);
    let by_one = |kilobytes: f64| (kilobytes - before) * 1024.0 / count as f64;
    Ok(Weight {
        made: by_one(made),
        signed_in: by_one(signed_in),
        tasks: tasks as f64,
    })
}

async fn weigh_peer<S: Subject>(url: &str, count: usize) -> Result<Weight> {
    weigh(
        count,
        || S::new(url),
        async |subject: &S| subject.header().await.map(|_| ()).map_err(Into::into),
    )
    .await
}

/// Weighs in this process, which is new, and says what it found.
pub(crate) async fn weigh_here(subject: &str, url: &str, count: usize) -> Result<()> {
    let transport = Transport::builder().build()?;
    let sign_in = async |client: &communic8::Client| Ok(client.sign_in().await?);
    let shared = || {
        let settings = Settings::new()
            .transport(transport.clone())
            .no_token_rate_limiter();
        std::future::ready(subjects::client(url, settings))
    };
    let alone = || std::future::ready(subjects::client(url, Settings::new()));
    let weight = match subject {
        "shared" => weigh(count, shared, sign_in).await?,
        "alone" => weigh(count, alone, sign_in).await?,
        peer => for_subject!(peer, weigh_peer(url, count))?,
    };
    let Weight {
        made,
        signed_in,
        tasks,
    } = weight;
    println!("{}", serde_json::json!([made, signed_in, tasks]));
    Ok(())
}

pub(super) fn measure() -> Result<Group> {
    let server = Server::start()?;
    server.set(Mood::default())?;
    let mut group = Group::new("memory", "10,000 sessions in one process", METHOD);
    let columns = [
        "number",
        "bytes each, made",
        "bytes each, signed in",
        "tasks while idle",
    ];
    let mut table = Table::new("What one takes", &columns);
    table.plotted = Some(2);
    let mut ours = f64::NAN;
    for (name, title, count) in SUBJECTS {
        eprintln!("  {title}");
        let count = count.to_string();
        let output = Command::new(std::env::current_exe()?)
            .args(["weigh", name, &server.url(), &count])
            .output()?;
        let told = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{title}: {told}");
        let [made, signed_in, tasks]: [f64; 3] = serde_json::from_slice(&output.stdout)?;
        if *name == "shared" {
            ours = tasks;
        }
        let number: f64 = count.parse()?;
        let cells = [number, made, signed_in, tasks];
        table.row(*title, cells.map(Cell::from).into());
    }
    table.goal(
        format!("no task for each session while idle (found {ours} for {SESSIONS})"),
        ours == 0.0,
    );
    group.tables.push(table);
    Ok(group)
}

/// So many times faster than the machine's clock.
const SPEED: u32 = 360;
const RENEWED: usize = 1_000;
const LIFETIME: Duration = Duration::from_secs(3600);
const RENEWALS: &str = "1,000 sessions sign in at once to tokens of one hour, and each is asked for its header all the time. \
Their clock runs 360 times as fast as the machine's, so that the hour passes in ten seconds. When the renewals come is \
read from the server's log. Before that, 10,000 sessions are made: none of them may send anything before it is used.";

/// A clock that runs fast.
#[derive(Clone, Debug)]
struct Fast {
    start: Instant,
    start_utc: SystemTime,
}

#[async_trait]
impl Clock for Fast {
    fn now(&self) -> Instant {
        self.start + self.start.elapsed() * SPEED
    }

    fn utc(&self) -> SystemTime {
        self.start_utc + self.start.elapsed() * SPEED
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration / SPEED).await;
    }
}

pub(super) async fn renewals() -> Result<Group> {
    let server = Server::start()?;
    let lifetime_ms = u64::try_from(LIFETIME.as_millis())?;
    server.set(Mood {
        lifetime_ms,
        ..Mood::default()
    })?;
    let transport = Transport::builder().build()?;
    let clock = Fast {
        start: Instant::now(),
        start_utc: SystemTime::now(),
    };
    let make = || {
        subjects::client(
            &server.url(),
            Settings::new()
                .transport(transport.clone())
                .clock(clock.clone()),
        )
    };
    let idle = (0..SESSIONS).map(|_| make()).collect::<Result<Vec<_>>>()?;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let unasked = server.times()?.len() as f64;
    drop(idle);
    let clients = (0..RENEWED).map(|_| make()).collect::<Result<Vec<_>>>()?;
    server.set(Mood {
        lifetime_ms,
        ..Mood::default()
    })?;
    let mut tasks = JoinSet::new();
    for client in &clients {
        let client = client.clone();
        tasks.spawn(async move { client.sign_in().await });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    let signed_in = server.times()?.len();
    let end = Instant::now() + LIFETIME / SPEED + Duration::from_millis(200);
    while Instant::now() < end && server.times()?.len() < signed_in + RENEWED {
        for client in &clients {
            client.session().authorization().await?;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let times = server.times()?;
    let to_clock = |seconds: &f64| seconds * f64::from(SPEED);
    let first: Vec<f64> = times.iter().take(signed_in).map(to_clock).collect();
    let renewed: Vec<f64> = times
        .iter()
        .skip(signed_in)
        .take(RENEWED)
        .map(to_clock)
        .collect();
    let mut group = Group::new("renewals", "Renewals of many sessions", RENEWALS);
    let columns = [
        "requests",
        "first after, s",
        "last after, s",
        "span, s",
        "busiest second",
    ];
    let mut table = Table::new("When token requests come, by the sessions' clock", &columns);
    for (title, times) in [("signing in", &first), ("renewals", &renewed)] {
        let (begin, end) = (
            times.first().context("no request came")?,
            times.last().context("no request came")?,
        );
        let busiest = times.iter().map(|from| {
            times
                .iter()
                .filter(|time| (*from..=from + 1.0).contains(time))
                .count()
        });
        table.row(
            title,
            vec![
                (times.len() as f64).into(),
                Figure::exact(*begin).into(),
                Figure::exact(*end).into(),
                (end - begin).into(),
                (busiest.max().unwrap_or_default() as f64).into(),
            ],
        );
    }
    let began = first.last().unwrap_or(&0.0) - first.first().unwrap_or(&0.0);
    let span = renewed.last().unwrap_or(&0.0) - renewed.first().unwrap_or(&0.0);
    table.goal(
        format!(
            "no request before a session is used (found {unasked}); renewals come before the end of the hour, and chance \
             spreads them wider than the sign-ins were (found {span:.0} s after {began:.0} s)"
        ),
        unasked == 0.0
            && renewed.len() == RENEWED
            && span >= began + 30.0
            && renewed.iter().all(|time| *time < 3600.0),
    );
    group.tables.push(table);
    Ok(group)
}
