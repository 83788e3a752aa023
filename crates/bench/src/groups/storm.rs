//! Many callers and no token: all at once, at an endpoint that fails, and with callers that give up.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::callgrind::{self, Count};
use crate::measure::milliseconds;
use crate::result::{Cell, Figure, Group, Table};
use crate::server::{Mood, Server};
use crate::subjects::{Subject, TOKEN_KEEPERS, for_subject};

/// How long the token endpoint takes.
const LATENCY_MS: u64 = 50;
const PATIENCE: Duration = Duration::from_millis(30);
/// Whoever has not been served by then never is.
const LONGEST: Duration = Duration::from_secs(3);
const ROUNDS: usize = 9;

/// What one round found.
struct Storm {
    took_ms: f64,
    requests: f64,
    served: f64,
}

/// A round trip to the token endpoint by bare reqwest: what everything here is compared with.
async fn trip(server: &Server) -> Result<f64> {
    let http = reqwest::Client::new();
    let began = Instant::now();
    http.post(format!("{}/token", server.url()))
        .body("x")
        .send()
        .await?
        .bytes()
        .await?;
    Ok(milliseconds(began.elapsed()))
}

/// `callers` ask at once; with `patience` they give up after that long and ask again.
async fn storm<S: Subject>(
    server: &Server,
    mood: Mood,
    callers: usize,
    patience: Option<Duration>,
) -> Result<Storm> {
    // Some ask as soon as they are made.
    server.set(mood)?;
    let subject = Arc::new(S::new(&server.url()).await?);
    let began = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let subject = Arc::clone(&subject);
        tasks.spawn(async move {
            match patience {
                None => subject.header().await.is_ok(),
                Some(patience) => loop {
                    if let Ok(Ok(_)) = timeout(patience, subject.header()).await {
                        return true;
                    }
                },
            }
        });
    }
    let mut served = 0;
    let all = async {
        while let Some(done) = tasks.join_next().await {
            served += usize::from(done.unwrap_or(false));
        }
    };
    let longest = if patience.is_some() {
        LONGEST
    } else {
        LONGEST * 20
    };
    let _ = timeout(longest, all).await;
    let took_ms = milliseconds(began.elapsed());
    tasks.shutdown().await;
    let requests = server.times()?.len() as f64;
    Ok(Storm {
        took_ms,
        requests,
        served: served as f64,
    })
}

/// Every round of every subject, by turns, each beside a bare round trip.
async fn rounds(
    mood: Mood,
    callers: usize,
    patience: Option<Duration>,
) -> Result<(Server, BTreeMap<&'static str, Vec<(Storm, f64)>>)> {
    let server = Server::start()?;
    let mut found: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for round in 1..=ROUNDS {
        eprintln!("  round {round} of {ROUNDS}");
        for (name, _) in TOKEN_KEEPERS {
            // What takes seconds takes them every time.
            let known = found
                .get(name)
                .and_then(|known: &Vec<(Storm, f64)>| known.first());
            if round > 3 && known.is_some_and(|(storm, _)| storm.took_ms > 1_000.0) {
                continue;
            }
            server.set(mood)?;
            let trip = trip(&server).await?;
            let storm = for_subject!(*name, storm(&server, mood, callers, patience))?;
            found.entry(*name).or_default().push((storm, trip));
        }
    }
    Ok((server, found))
}

/// A column of one number a round.
fn column(rounds: &[(Storm, f64)], number: impl Fn(&Storm, f64) -> f64) -> Figure {
    Figure::of(
        rounds
            .iter()
            .map(|(storm, trip)| number(storm, *trip))
            .collect(),
    )
}

pub(super) async fn herd() -> Result<Group> {
    let method = format!(
        "10,000 tasks ask for a header at once, none has a token, and the endpoint takes {LATENCY_MS} ms. Time until the \
         last one has it, by the time of one token request by bare reqwest in the same round; a subject and its client are \
         new in each round. Whoever asks for a token for each caller also opens a connection for each; where that runs into \
         the limit of open files, callers are not served. Instructions are those of one caller more, the making of its task \
         included."
    );
    let mut group = Group::new("herd", "10,000 callers and no token", &method);
    let mood = Mood {
        latency_ms: LATENCY_MS,
        ..Mood::default()
    };
    let (server, found) = rounds(mood, 10_000, None).await?;
    server.set(Mood::default())?;
    let columns = [
        "ms",
        "by one round trip",
        "token requests",
        "served",
        "instructions by caller",
    ];
    let mut table = Table::new("All callers served", &columns);
    table.plotted = Some(1);
    for (name, title) in TOKEN_KEEPERS {
        let rounds = &found[name];
        table.row(
            *title,
            vec![
                column(rounds, |storm, _| storm.took_ms).into(),
                column(rounds, |storm, trip| storm.took_ms / trip).into(),
                column(rounds, |storm, _| storm.requests).into(),
                column(rounds, |storm, _| storm.served).into(),
                instructions(name, &server)?,
            ],
        );
    }
    let ratio = column(&found["ours"], |storm, trip| storm.took_ms / trip).median;
    let requests = column(&found["ours"], |storm, _| storm.requests).high;
    table.goal(
        format!(
            "one request (found {requests}), at most 1.15 times a round trip (found {ratio:.2})"
        ),
        requests == 1.0 && ratio <= 1.15,
    );
    table.reason(
        "10,000 tasks are made and woken in that time, by two threads that share two cores with the server and whatever \
         else runs: what a caller takes is the last column, and the first depends on the machine's other work.",
    );
    group.tables.push(table);
    Ok(group)
}

/// What one more caller costs, by callgrind.
fn instructions(name: &str, server: &Server) -> Result<Cell> {
    if !callgrind::is_there() {
        return Ok("no valgrind".into());
    }
    if name == "yup" {
        // It asks for a token for each caller: how many of them find one is a matter of luck.
        return Ok("varies".into());
    }
    Ok(callgrind::per_turn(Count::Instructions, "herd", name, &server.url(), 2_000)?.into())
}

pub(super) async fn failing() -> Result<Group> {
    let method = format!(
        "100 tasks wait for a token, and after {LATENCY_MS} ms the endpoint answers 400 `invalid_client`, which nobody \
         should try again. Time until the last one has its error, by one round trip."
    );
    let mut group = Group::new("failing", "The token endpoint fails", &method);
    let mood = Mood {
        latency_ms: LATENCY_MS,
        fails: true,
        ..Mood::default()
    };
    let (_server, found) = rounds(mood, 100, None).await?;
    let mut table = Table::new(
        "All callers have the error",
        &["ms", "by one round trip", "token requests"],
    );
    table.plotted = Some(1);
    for (name, title) in TOKEN_KEEPERS {
        let rounds = &found[name];
        ensure!(
            rounds.iter().all(|(storm, _)| storm.served == 0.0),
            "{name} was served"
        );
        table.row(
            *title,
            vec![
                column(rounds, |storm, _| storm.took_ms).into(),
                column(rounds, |storm, trip| storm.took_ms / trip).into(),
                column(rounds, |storm, _| storm.requests).into(),
            ],
        );
    }
    let ratio = column(&found["ours"], |storm, trip| storm.took_ms / trip).median;
    let requests = column(&found["ours"], |storm, _| storm.requests).high;
    table.goal(
        format!("one request (found {requests}), all have the error within 1.15 times a round trip (found {ratio:.2})"),
        requests == 1.0 && ratio <= 1.15,
    );
    group.tables.push(table);
    Ok(group)
}

pub(super) async fn giving_up() -> Result<Group> {
    let method = format!(
        "100 tasks ask, give up after {} ms and ask again until they are served; the endpoint takes {LATENCY_MS} ms. After \
         {} s the rest counts as never served.",
        PATIENCE.as_millis(),
        LONGEST.as_secs()
    );
    let mut group = Group::new("giving-up", "Callers give up and ask again", &method);
    let mood = Mood {
        latency_ms: LATENCY_MS,
        ..Mood::default()
    };
    let (_server, found) = rounds(mood, 100, Some(PATIENCE)).await?;
    let mut table = Table::new(
        "Served",
        &["served of 100", "ms until all are", "token requests"],
    );
    table.plotted = Some(0);
    for (name, title) in TOKEN_KEEPERS {
        let rounds = &found[name];
        let served = column(rounds, |storm, _| storm.served);
        let took: Cell = match served.low >= 100.0 {
            true => column(rounds, |storm, _| storm.took_ms).into(),
            false => "never".into(),
        };
        table.row(
            *title,
            vec![
                served.into(),
                took,
                column(rounds, |storm, _| storm.requests).into(),
            ],
        );
    }
    let served = column(&found["ours"], |storm, _| storm.served).low;
    let requests = column(&found["ours"], |storm, _| storm.requests).high;
    table.goal(
        format!("all served (found {served} of 100), one request (found {requests})"),
        served == 100.0 && requests == 1.0,
    );
    group.tables.push(table);
    Ok(group)
}
