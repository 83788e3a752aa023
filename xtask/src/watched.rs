//! Runs a command, passes on its output line by line, and ends it with all its children where it stands still.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};

/// Runs `command` and gives `each` every line of its standard output; no output for as long as `patience` is an error.
pub(crate) fn run(
    mut command: Command,
    patience: Duration,
    mut each: impl FnMut(&str),
) -> Result<()> {
    let mut child = command.stdout(Stdio::piped()).spawn()?;
    let output = child.stdout.take().context("it has no standard output")?;
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(output).split(b'\n') {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    loop {
        match lines.recv_timeout(patience) {
            Ok(line) => {
                let line = line?;
                let line = String::from_utf8_lossy(&line);
                writeln!(io::stdout(), "{line}")?;
                each(&line);
            }
            Err(RecvTimeoutError::Disconnected) => break,
            Err(RecvTimeoutError::Timeout) => {
                end(&mut child)?;
                bail!(
                    "it said nothing for {patience:?} and was ended: what was under way then hangs"
                );
            }
        }
    }
    let status = child.wait()?;
    ensure!(status.success(), "it ended with {status}");
    Ok(())
}

/// Ends a process and all that it started. Where there is no `ps`, its children stay.
pub(crate) fn end(child: &mut Child) -> Result<()> {
    let known = Command::new("ps").args(["-A", "-o", "pid=,ppid="]).output();
    let known = known.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    for process in family(child.id(), &known.unwrap_or_default()) {
        Command::new("kill")
            .args(["-KILL", &process.to_string()])
            .status()?;
    }
    let _ = child.kill();
    child.wait()?;
    Ok(())
}

/// A process and its descendants, by a list of processes and their parents.
fn family(eldest: u32, known: &str) -> Vec<u32> {
    let pairs: Vec<(u32, u32)> = known
        .lines()
        .filter_map(|line| {
            let (process, parent) = line.trim().split_once(char::is_whitespace)?;
            Some((process.parse().ok()?, parent.trim().parse().ok()?))
        })
        .collect();
    let mut family = vec![eldest];
    let mut at = 0;
    while let Some(parent) = family.get(at).copied() {
        let children = pairs.iter().filter(|(_, of)| *of == parent);
        family.extend(children.map(|(process, _)| *process));
        at += 1;
    }
    family
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn every_line_is_told_and_the_end_counts() {
        let mut told = Vec::new();
        let patience = Duration::from_secs(60);
        run(shell("echo one; echo two"), patience, |line| {
            told.push(line.to_owned())
        })
        .unwrap();
        assert_eq!(told, ["one", "two"]);
        let error = run(shell("exit 3"), patience, |_| {}).unwrap_err();
        assert!(error.to_string().contains("exit status: 3"), "{error}");
    }

    #[test]
    fn what_stands_still_is_ended_with_its_children() {
        let mut child = 0_u32;
        let script = "sleep 600 & echo $!; wait";
        let error = run(shell(script), Duration::from_millis(300), |line| {
            child = line.parse().unwrap()
        })
        .unwrap_err();
        assert!(error.to_string().contains("said nothing"), "{error}");
        let mut ps = Command::new("ps");
        ps.args(["-o", "stat=", "-p", &child.to_string()]);
        let state = String::from_utf8(ps.output().unwrap().stdout).unwrap();
        assert!(state.is_empty() || state.starts_with('Z'), "{state}");
    }

    #[test]
    fn grandchildren_are_family_and_others_are_not() {
        let known = "  1  0\n 10  1\n 11 10\n 12 11\n 13  1\n";
        assert_eq!(family(10, known), [10, 11, 12]);
        assert_eq!(family(99, known), [99]);
    }
}
