//! Runs named steps one after the other, all of them, and shows what became of each in a table.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

/// What became of a step that didn't fail; the text says what deserves a remark, or nothing.
#[derive(Debug)]
pub(crate) enum Outcome {
    Passed(String),
    Skipped(String),
}

impl Outcome {
    /// Passed, with nothing to remark.
    pub(crate) fn passed() -> Self {
        Self::Passed(String::new())
    }
}

/// Turns a guard's list of offenses into its result.
pub(crate) fn verdict(offenses: &[String]) -> Result<Outcome> {
    if offenses.is_empty() {
        return Ok(Outcome::passed());
    }
    bail!("{} found\n  - {}", offenses.len(), offenses.join("\n  - "))
}

/// The steps so far.
#[derive(Debug)]
pub(crate) struct Report {
    kind: &'static str,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    name: String,
    result: &'static str,
    took: Duration,
    remark: String,
}

impl Report {
    /// An empty report; `kind` heads the column of names.
    pub(crate) fn new(kind: &'static str) -> Self {
        Self {
            kind,
            rows: Vec::new(),
        }
    }

    /// Runs one step and remembers its result. A failure is printed at once and stops nothing.
    pub(crate) fn step(&mut self, name: impl Into<String>, run: impl FnOnce() -> Result<Outcome>) {
        let name = name.into();
        eprintln!("\n== {name}");
        let start = Instant::now();
        let outcome = run();
        let took = start.elapsed();
        let (result, remark) = match outcome {
            Ok(Outcome::Passed(remark)) => ("ok", remark),
            Ok(Outcome::Skipped(reason)) => ("skipped", reason),
            Err(error) => {
                eprintln!("error: {name}: {error:#}");
                ("FAILED", String::new())
            }
        };
        self.rows.push(Row {
            name,
            result,
            took,
            remark,
        });
    }

    /// The table: name, result, seconds and a remark where there is one.
    pub(crate) fn table(&self) -> String {
        let names = self.rows.iter().map(|row| row.name.len());
        let width = names.chain([self.kind.len()]).max().unwrap_or_default();
        let mut table = format!("\n{:width$}  result   seconds\n", self.kind);
        for Row {
            name,
            result,
            took,
            remark,
        } in &self.rows
        {
            let seconds = took.as_secs_f64();
            let row = format!("{name:width$}  {result:7}  {seconds:7.1}  {remark}");
            table.push_str(row.trim_end());
            table.push('\n');
        }
        table
    }

    /// Failure if any step failed.
    pub(crate) fn exit_code(&self) -> ExitCode {
        ExitCode::from(u8::from(self.has_failed()))
    }

    /// Whether any step failed.
    pub(crate) fn has_failed(&self) -> bool {
        self.rows.iter().any(|row| row.result == "FAILED")
    }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, Report, verdict};

    #[test]
    fn a_failing_step_stops_no_other_and_fails_the_report() {
        let mut report = Report::new("leaf");
        report.step("first", || verdict(&["an offense".to_owned()]));
        report.step("second", || Ok(Outcome::passed()));
        report.step("third", || Ok(Outcome::Skipped("no tool".to_owned())));
        let table = report.table();
        let results = table
            .lines()
            .filter_map(|line| line.split_whitespace().nth(1));
        assert_eq!(
            results.collect::<Vec<_>>(),
            ["result", "FAILED", "ok", "skipped"]
        );
        assert!(table.contains("no tool"), "{table}");
        assert!(report.has_failed());
    }

    #[test]
    fn a_report_without_failures_succeeds() {
        let mut report = Report::new("leaf");
        report.step("only", || verdict(&[]));
        assert!(!report.has_failed());
    }
}
