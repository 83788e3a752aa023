//! Many GETs at once through each provider's client and through bare reqwest.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use tokio::task::JoinSet;

use super::request::Getter;
use crate::measure::processor_time;
use crate::result::{Figure, Group, Table};
use crate::server::Server;

const METHOD: &str = "GETs of a small JSON answer by 1, 64 and 512 tasks that each ask again as soon as they are \
answered, for 0.4 s a round, all subjects by turns; a ratio is taken within each round. Clients have two worker threads, and the server, another \
process, has one: they share the machine's cores, so that what a client spends on a request shows in full. Rate limits \
are off. Requests in a second depend on whatever else the machine does; the processor time that the client's process spends on \
a request does so much less.";
const ROUND: Duration = Duration::from_millis(400);
const ROUNDS: usize = 15;
const TASKS: [usize; 3] = [1, 64, 512];
const SUBJECTS: &[(&str, &str)] = &[
    ("bare", "reqwest with a header that never changes"),
    ("bare-timeout", "the same with a time-out"),
    ("comm100", "`comm100::Client`"),
    ("communic8", "`communic8::Client`"),
    ("webcommander", "`webcommander::Client`"),
];

/// Requests in a second, and microseconds of this process's processor time for each.
async fn round(getter: &Arc<Getter>, tasks: usize) -> Result<(f64, f64)> {
    let (began, spent) = (Instant::now(), processor_time()?);
    let mut set = JoinSet::new();
    for _ in 0..tasks {
        let getter = Arc::clone(getter);
        set.spawn(async move {
            let mut done = 0_u32;
            while began.elapsed() < ROUND {
                getter.get().await?;
                done += 1;
            }
            anyhow::Ok(done)
        });
    }
    let mut done = 0;
    while let Some(count) = set.join_next().await {
        done += count??;
    }
    let (took, spent) = (began.elapsed(), processor_time()? - spent);
    let done = f64::from(done);
    Ok((done / took.as_secs_f64(), spent / 1e3 / done))
}

pub(super) async fn measure() -> Result<Group> {
    let server = Server::start()?;
    let mut group = Group::new("throughput", "Requests in a second", METHOD);
    let mut getters = Vec::new();
    for (name, _) in SUBJECTS {
        let getter = Getter::new(name, &server.url())?.context("no such client")?;
        getters.push(Arc::new(getter));
    }
    for tasks in TASKS {
        let mut found: Vec<Vec<f64>> = vec![Vec::new(); SUBJECTS.len()];
        let mut spent = found.clone();
        for getter in &getters {
            round(getter, tasks).await?;
        }
        for number in 1..=ROUNDS {
            eprintln!("  {tasks} at once, round {number} of {ROUNDS}");
            for (index, getter) in getters.iter().enumerate() {
                let (rate, time) = round(getter, tasks).await?;
                found[index].push(rate);
                spent[index].push(time);
            }
        }
        let title = format!("{tasks} at once");
        let mut table = Table::new(
            &title,
            &[
                "requests/s",
                "by bare reqwest's",
                "µs of processor time",
                "by bare reqwest's",
            ],
        );
        table.plotted = Some(3);
        for ((_, title), (own, time)) in SUBJECTS.iter().zip(found.iter().zip(&spent)) {
            table.row(
                *title,
                vec![
                    Figure::of(own.clone()).into(),
                    Figure::ratio(own, &found[0]).into(),
                    Figure::of(time.clone()).into(),
                    Figure::ratio(time, &spent[0]).into(),
                ],
            );
        }
        table.reason(
            "Instructions and allocations behind the difference are in the group of one request.",
        );
        group.tables.push(table);
    }
    Ok(group)
}
