//! Proofs with real processes: workers (`src/worker.rs`) that share a store against a sandbox in the test's own process.
#![cfg(test)]
#![cfg(unix)]

mod account;
mod disk;
mod killed;
mod outage;
mod place;
mod proxy;
mod redis_server;
mod sharing;
mod stopped;
mod worker;

use std::io::Write as _;
use std::time::Duration;

use tokio::sync::RwLock;
use tokio::time::{Instant, sleep};

/// Rounds of killed processes keep every core busy and take it for writing; what measures time takes it for reading.
static CORES: RwLock<()> = RwLock::const_new(());

/// Whatever a proof waits for comes within this time, or something has gone wrong.
const PATIENCE: Duration = Duration::from_secs(20);

/// Waits until `is_so`, which is looked at every millisecond.
async fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "waited in vain for {what}");
        sleep(Duration::from_millis(1)).await;
    }
}

/// Says something that is seen without `--nocapture` too, such as why a proof was skipped or what it measured.
fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").ok();
}
