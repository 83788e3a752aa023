//! Turns what was measured into numbers.

use std::time::Duration;

use anyhow::Result;

/// A span of time in nanoseconds.
pub(crate) fn nanoseconds(span: Duration) -> f64 {
    span.as_secs_f64() * 1e9
}

/// A span of time in milliseconds.
pub(crate) fn milliseconds(span: Duration) -> f64 {
    span.as_secs_f64() * 1e3
}

/// Kilobytes of memory that this process holds.
pub(crate) fn resident() -> Result<f64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.unwrap_or_default().parse()?)
}

/// Nanoseconds of processor time that this process's threads have spent.
pub(crate) fn processor_time() -> Result<f64> {
    let mut spent = 0.0;
    for thread in std::fs::read_dir("/proc/self/task")? {
        let told = std::fs::read_to_string(thread?.path().join("schedstat"))?;
        let own: f64 = told.split(' ').next().unwrap_or_default().parse()?;
        spent += own;
    }
    Ok(spent)
}
