//! Counts instructions and allocations of one turn, by valgrind: twice as many turns, less so many, by the turns.

use std::hint::black_box;
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail, ensure};
use tokio::task::JoinSet;

use crate::groups::request::get_turns;
use crate::records;
use crate::subjects::{KEY, Subject, for_subject, private_key};

/// What valgrind counts.
#[derive(Clone, Copy)]
pub(crate) enum Count {
    Instructions,
    Allocations,
}

/// The price of one turn of `what` by `subject`.
pub(crate) fn per_turn(
    count: Count,
    what: &str,
    subject: &str,
    url: &str,
    turns: u64,
) -> Result<f64> {
    let few = run(count, what, subject, url, turns)?;
    let many = run(count, what, subject, url, turns * 2)?;
    Ok((many as f64 - few as f64) / turns as f64)
}

/// Says whether valgrind is there.
pub(crate) fn is_there() -> bool {
    Command::new("valgrind")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}

fn run(count: Count, what: &str, subject: &str, url: &str, turns: u64) -> Result<u64> {
    let own = std::env::current_exe()?;
    let mut command = Command::new("valgrind");
    match count {
        Count::Instructions => command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]),
        Count::Allocations => command.args(["--tool=dhat", "--dhat-out-file=/dev/null"]),
    };
    let output = command
        .env(KEY, private_key()?)
        .arg(own)
        .args(["loop", what, subject, url, &turns.to_string()])
        .output()?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{what} by {subject} failed: {told}"
    );
    let found = match count {
        Count::Instructions => after(&told, "Collected :"),
        // "Total: 1,234 bytes in 56 blocks"
        Count::Allocations => told
            .lines()
            .find(|line| line.contains("Total:"))
            .and_then(|line| after(line, " in ")),
    };
    found.with_context(|| format!("valgrind says nothing: {told}"))
}

/// The number that follows `mark`.
fn after(text: &str, mark: &str) -> Option<u64> {
    let (_, rest) = text.split_once(mark)?;
    let number = rest.split_whitespace().next()?;
    number.replace(',', "").parse().ok()
}

/// Does what is counted, so many times.
pub(crate) async fn turns(what: &str, subject: &str, url: &str, turns: u64) -> Result<()> {
    match what {
        "cached" => for_subject!(subject, cached(url, turns)),
        "get" => get_turns(subject, url, turns).await,
        "decode" => decode(subject, turns),
        "herd" => for_subject!(subject, herd(url, turns)),
        other => bail!("nothing called `{other}` is counted"),
    }
}

async fn cached<S: Subject>(url: &str, turns: u64) -> Result<()> {
    let subject = S::new(url).await?;
    subject.header().await.map_err(Into::into)?;
    for _ in 0..turns {
        let _ = black_box(subject.header().await);
    }
    Ok(())
}

/// So many callers wait for the same first token.
async fn herd<S: Subject>(url: &str, callers: u64) -> Result<()> {
    let subject = Arc::new(S::new(url).await?);
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let subject = Arc::clone(&subject);
        tasks.spawn(async move { subject.header().await.is_ok() });
    }
    while let Some(done) = tasks.join_next().await {
        ensure!(done?, "a caller has no token");
    }
    Ok(())
}

fn decode(subject: &str, turns: u64) -> Result<()> {
    let list = records::list();
    for _ in 0..turns {
        black_box(records::decode(subject, black_box(&list))?);
    }
    Ok(())
}
