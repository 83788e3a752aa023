//! Runs a chromedriver of the test's own, and ends it with every process that came of it.

use std::fs;
use std::path::PathBuf;
use std::process::{Command as Blocking, Stdio};

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::{PATIENCE, say};

const PROGRAMS: [&str; 2] = ["chromium", "chromedriver"];

pub(crate) struct Driver {
    child: Child,
    port: u16,
}

impl Driver {
    /// Starts one on a port of the system's choice; where it or the browser is not installed, says so.
    pub(crate) async fn start(journey: &str) -> Option<Self> {
        let missing = PROGRAMS.iter().find(|program| find(program).is_none());
        if let Some(missing) = missing {
            say(&format!(
                "{journey}: skipped, for `{missing}` is not installed; Debian has it in the packages chromium and \
                 chromium-driver"
            ));
            return None;
        }
        for _ in 0..5 {
            let mut child = Command::new("chromedriver")
                .arg("--port=0")
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .kill_on_drop(true)
                .spawn()
                .unwrap();
            let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let port = timeout(PATIENCE, port_in(&mut lines)).await;
            if let Some(port) = port.expect("chromedriver does not start") {
                // Who writes to a pipe without a reader is killed.
                tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                return Some(Self { child, port });
            }
            // It looks for a free port first and binds it later: another process was quicker.
        }
        panic!("chromedriver ends as soon as it is started");
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let Some(id) = self.child.id() else { return };
        let mut ids = vec![id];
        let mut at = 0;
        while let Some(&parent) = ids.get(at) {
            ids.extend(children(parent));
            at += 1;
        }
        let ids = ids.iter().map(u32::to_string);
        // Those that have ended meanwhile are what this is for.
        Blocking::new("kill")
            .arg("-9")
            .args(ids)
            .stderr(Stdio::null())
            .status()
            .ok();
    }
}

/// The port that chromedriver tells when it listens; `None` where it has ended instead.
async fn port_in(lines: &mut Lines<BufReader<ChildStdout>>) -> Option<u16> {
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some((_, port)) = line.split_once("started successfully on port ") {
            return port.trim_end_matches('.').parse().ok();
        }
    }
    None
}

/// Where a program of this name is on the search path.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let places = std::env::split_paths(&path).map(|directory| directory.join(program));
    places.into_iter().find(|place| place.is_file())
}

fn children(parent: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{parent}/task"));
    let threads = threads.into_iter().flatten().flatten();
    let lists =
        threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    let ids = lists.flat_map(|list| {
        let ids = list.split_whitespace().filter_map(|id| id.parse().ok());
        ids.collect::<Vec<_>>()
    });
    ids.collect()
}
