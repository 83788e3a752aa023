//! Measures what a provider costs to build, against a crate with just reqwest, oauth2, tokio and serde.
//!
//! Each program is built from nothing, by turns, twice; the lower time counts. It is the time of the processors, all of
//! them together, since that of the wall depends on what else the machine does.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use xshell::cmd;

use crate::workspace::{Workspace, providers, root};

/// Each program is built so often.
const ROUNDS: usize = 2;

/// A provider may cost so many times what the parts that everybody needs cost.
const LIMIT: f64 = 1.6;

/// What every client of an OAuth API needs, with the features that auth-core asks for.
const BASE: &str = r#"oauth2 = { version = "5.0", default-features = false }
reqwest = { version = "0.13", default-features = false, features = ["http2", "json", "rustls", "stream", "system-proxy"] }
serde = { version = "1.0", features = ["derive"] }
tokio = { version = "1.48", features = ["macros", "rt-multi-thread"] }
"#;

/// Measure clean builds of each provider, in target/build-time.
#[derive(Debug, clap::Args)]
pub(crate) struct BuildTime {}

impl BuildTime {
    /// Builds everything by turns and prints the table.
    pub(crate) fn run(&self, workspace: &Workspace) -> Result<ExitCode> {
        let home = root()?.join("target/build-time");
        let mut programs = vec![("base".to_owned(), BASE.to_owned())];
        for provider in providers()? {
            let path = root()?.join("crates").join(&provider);
            let dependency = format!("{provider} = {{ path = {path:?} }}\n");
            programs.push((provider, dependency));
        }
        let mut best = vec![Duration::MAX; programs.len()];
        for round in 1..=ROUNDS {
            for (index, (name, dependencies)) in programs.iter().enumerate() {
                let took = build(workspace, &home.join(name), name, dependencies)?;
                eprintln!(
                    "round {round} of {ROUNDS}, {name}: {:.1} s",
                    took.as_secs_f64()
                );
                best[index] = best[index].min(took);
            }
        }
        let mut table = String::from("program       seconds  ratio\n");
        let mut is_within = true;
        for ((name, _), took) in programs.iter().zip(&best) {
            let ratio = took.as_secs_f64() / best[0].as_secs_f64();
            is_within &= ratio <= LIMIT;
            let _ = writeln!(table, "{name:12}  {:7.1}  {ratio:5.2}", took.as_secs_f64());
        }
        print!("{table}");
        println!("limit: {LIMIT} times the base");
        Ok(if is_within {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }
}

/// Builds one program from nothing.
fn build(workspace: &Workspace, home: &Path, name: &str, dependencies: &str) -> Result<Duration> {
    let shell = &workspace.shell;
    fs::create_dir_all(home.join("src")).with_context(|| home.display().to_string())?;
    // A workspace of its own, so that this one's does not matter; the lock file is shared, so that versions are the same.
    let manifest = format!(
        "[package]\nname = \"cost-of-{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [dependencies]\n{dependencies}\n[workspace]\n"
    );
    fs::write(home.join("Cargo.toml"), manifest)?;
    fs::write(home.join("src/main.rs"), "fn main() {}\n")?;
    let lock = root()?.join("Cargo.lock");
    fs::copy(lock, home.join("Cargo.lock"))?;
    let target = home.join("target");
    if target.exists() {
        fs::remove_dir_all(&target)?;
    }
    let manifest = home.join("Cargo.toml");
    // Downloads are not what is measured.
    cmd!(shell, "cargo fetch -q --manifest-path {manifest}").run()?;
    let script = "cargo build -q --manifest-path \"$0\" --target-dir \"$1\" && times";
    let told = cmd!(shell, "sh -c {script} {manifest} {target}").read();
    let told = told.with_context(|| format!("building {name}"))?;
    let took = children(&told).with_context(|| format!("reading the times of {name}: {told}"))?;
    fs::remove_dir_all(&target)?;
    Ok(took)
}

/// What a shell's `times` says of its children, in its second line: user and system, as in `1m2.34s 0m5.6s`.
fn children(told: &str) -> Option<Duration> {
    let line = told.lines().last()?;
    let seconds = line.split_whitespace().map(|time| {
        let (minutes, seconds) = time.strip_suffix('s')?.split_once('m')?;
        Some(minutes.parse::<f64>().ok()? * 60.0 + seconds.parse::<f64>().ok()?)
    });
    let sum: f64 = seconds.sum::<Option<f64>>()?;
    Duration::try_from_secs_f64(sum).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::children;

    #[test]
    fn a_shell_s_times_are_read() {
        let told = "0m0.00s 0m0.01s\n1m2.50s 0m5.25s\n";
        assert_eq!(children(told), Some(Duration::from_secs_f64(67.75)));
        assert_eq!(children("nothing"), None);
    }
}
