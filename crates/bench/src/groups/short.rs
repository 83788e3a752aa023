//! Tokens that live for 200 ms: what the callers feel of the renewals.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::task::JoinSet;

use crate::result::{Figure, Group, Table};
use crate::server::{Mood, Server};
use crate::subjects::{AwsShort, Limit, Ours, Subject};

const METHOD: &str = "A token lives for 200 ms, the endpoint takes 50 ms, and 64 tasks ask for a header, wait a \
millisecond and ask again, for two seconds a round. Times are those of a call of the header alone. The limit makes the \
same calls without ever renewing: what it shows is the machine. Left out: the oauth2 crate, yup-oauth2, \
google-cloud-auth and azure_identity, which read lifetimes in whole seconds only. aws' cache takes 10 s off \
unless told; it was told 40 ms.";
const LIFETIME_MS: u64 = 200;
const LATENCY_MS: u64 = 50;
const TASKS: usize = 64;
const ROUND: Duration = Duration::from_secs(2);
const ROUNDS: usize = 9;

/// The 99.9th percentile in microseconds, the longest call in milliseconds, and renewals.
type Round = (f64, f64, f64);

async fn round<S: Subject>(server: &Server) -> Result<Round> {
    server.set(Mood {
        latency_ms: LATENCY_MS,
        lifetime_ms: LIFETIME_MS,
        fails: false,
    })?;
    let subject = Arc::new(S::new(&server.url()).await?);
    subject.header().await.map_err(Into::into)?;
    let end = Instant::now() + ROUND;
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let subject = Arc::clone(&subject);
        tasks.spawn(async move {
            let mut took = Vec::with_capacity(4_000);
            while Instant::now() < end {
                let began = Instant::now();
                subject.header().await.map_err(Into::into)?;
                took.push(began.elapsed());
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            anyhow::Ok(took)
        });
    }
    let mut took = Vec::new();
    while let Some(done) = tasks.join_next().await {
        took.extend(done??);
    }
    took.sort_unstable();
    let place = took.len() * 999 / 1000;
    let late = took.get(place).context("no call was made")?.as_secs_f64() * 1e6;
    let longest = took.last().context("no call was made")?.as_secs_f64() * 1e3;
    Ok((late, longest, server.times()?.len() as f64))
}

pub(super) async fn measure() -> Result<Group> {
    let server = Server::start()?;
    let mut group = Group::new("short", "Tokens that live for 200 ms", METHOD);
    let mut found: [Vec<Round>; 3] = Default::default();
    for number in 1..=ROUNDS {
        eprintln!("  round {number} of {ROUNDS}");
        found[0].push(round::<Limit>(&server).await?);
        found[1].push(round::<Ours>(&server).await?);
        found[2].push(round::<AwsShort>(&server).await?);
    }
    let columns = ["p99.9, µs", "longest call, ms", "token requests in 2 s"];
    let mut table = Table::new("What 64 tasks feel", &columns);
    table.plotted = Some(1);
    let titles = [
        "the limit",
        "ours: `Session::authorization`",
        "aws-smithy-runtime's identity cache",
    ];
    let column = |rounds: &[Round], number: fn(&Round) -> f64| {
        Figure::of(rounds.iter().map(number).collect())
    };
    for (title, rounds) in titles.iter().zip(&found) {
        table.row(
            *title,
            vec![
                column(rounds, |round| round.0).into(),
                column(rounds, |round| round.1).into(),
                column(rounds, |round| round.2).into(),
            ],
        );
    }
    let (late, longest) = (
        column(&found[1], |round| round.0),
        column(&found[1], |round| round.1),
    );
    table.goal(
        format!(
            "no call over 5 ms (longest in the median round {:.2} ms, the machine alone {:.2}), p99.9 at most 10 µs (found \
             {:.1}, the machine alone {:.1})",
            longest.median,
            column(&found[0], |round| round.1).median,
            late.median,
            column(&found[0], |round| round.0).median,
        ),
        longest.median <= 5.0 && late.median <= 10.0,
    );
    group.tables.push(table);
    Ok(group)
}
