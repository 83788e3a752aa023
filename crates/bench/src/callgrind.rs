//! Counts instructions and allocations of one turn, by valgrind: twice as many turns, less so many, by the turns.

use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::subjects::{KEY, private_key};

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
