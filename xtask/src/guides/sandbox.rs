//! Keeps a page's sandbox running beside its steps.

use std::io::{self, BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;

use anyhow::{Context as _, Result, bail};

use crate::watched;
use crate::workspace::root;

/// How the sandbox's last line before it serves begins.
const READY: &str = "Requests follow";

/// A sandbox that ends with this.
#[derive(Debug)]
pub(super) struct Running(Child);

impl Running {
    /// Runs the command that the page has for it, and waits until it serves.
    pub(super) fn start(command: &str) -> Result<Self> {
        eprintln!("$ {command}");
        let mut shell = Command::new("sh");
        shell
            .args(["-c", command])
            .current_dir(root()?)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        let mut running = Self(shell.spawn()?);
        let output = running
            .0
            .stdout
            .take()
            .context("sh has no standard output")?;
        let mut lines = BufReader::new(output);
        let mut line = String::new();
        while !line.starts_with(READY) {
            line.clear();
            if lines.read_line(&mut line)? == 0 {
                bail!("the sandbox ended before it served: is one of its seven ports taken?");
            }
        }
        // A line for each request follows, and a full pipe would stop it.
        thread::spawn(move || io::copy(&mut lines, &mut io::sink()));
        Ok(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(error) = watched::end(&mut self.0) {
            eprintln!("the sandbox may still run: {error:#}");
        }
    }
}
