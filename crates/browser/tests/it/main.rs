//! Sign-in journeys in a real, headless Chromium: the sandbox's pages by themselves, then both examples of comm100.
#![cfg(test)]
#![cfg(target_os = "linux")]

mod chromium;
mod cli_login;
mod client;
mod driver;
mod pages;
mod program;
mod web_login;

use std::io::Write as _;
use std::time::Duration;

/// Whatever a journey waits for comes within this time, or something has gone wrong.
const PATIENCE: Duration = Duration::from_secs(30);

/// Says something that is seen without `--nocapture` too, such as why a journey was skipped.
fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").ok();
}
