//! A process that plays some of the cases and tells what came of them, line by line.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::time::Instant;

use crate::case::{Case, Column};
use crate::cases;
use crate::run::{Seat, Stage, run};
use crate::secrets::Log;
use crate::way::Way;

/// The variable with the names of the cases, one a line.
pub(crate) const CASES: &str = "HOSTILE_CASES";
/// What each line that counts begins with.
pub(crate) const MARK: &str = "@hostile";

/// What panicked since the last look.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Writes one line of the report.
fn tell(kind: &str, fields: &[&str]) {
    let mut line = format!("{MARK}\t{kind}");
    for field in fields {
        line.push('\t');
        line.push_str(
            &field
                .escape_debug()
                .to_string()
                .replace("\\'", "'")
                .replace("\\\"", "\""),
        );
    }
    println!("\n{line}");
    std::io::stdout().flush().expect("somebody listens");
}

/// The runs that a case consists of.
pub(crate) fn runs(case: &Case) -> Vec<(Way, Column)> {
    let mut runs = Vec::new();
    for way in Way::ALL {
        let columns = way.token_column().into_iter().chain([Column::Call]);
        runs.extend(
            columns
                .filter(|column| case.wanted(way, *column).is_some())
                .map(|column| (way, column)),
        );
    }
    runs
}

/// The most memory that this process has held, and what it holds now.
fn memory_kib() -> (u64, u64) {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells");
    let of = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.expect("a line").trim().trim_end_matches(" kB");
        number.parse().expect("a number")
    };
    (of("VmHWM:"), of("VmRSS:"))
}

/// Lets the highest mark begin anew where the system can; where it can't, growth adds up, and the limit is only harder
/// to keep.
fn forget_peak() {
    fs::write(Path::new("/proc/self/clear_refs"), "5").ok();
}

/// The second half of the battery: it does nothing unless it is told which cases.
#[test]
fn plays_the_cases_that_it_is_given() {
    let Ok(names) = std::env::var(CASES) else {
        return;
    };
    std::panic::set_hook(Box::new(|panic| {
        let mut panics = PANICS.lock().unwrap_or_else(|it| it.into_inner());
        panics.push(panic.to_string());
    }));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let all = cases::all();
    let chosen: Vec<&Case> = names
        .lines()
        .map(|name| {
            let found = all.iter().find(|case| case.name == name);
            found.expect("a case of this name")
        })
        .collect();
    runtime.block_on(async {
        let log = Log::default();
        let _listening = log.listen();
        let stage = Stage::new();
        // What every process holds once it has made its first calls, whatever they met.
        let warm = Case::play("warm-up", Vec::new(), [""; 6]);
        for way in Way::ALL {
            run(&stage, &warm, way, Column::Call).await;
        }
        log.take();
        let (_, before) = memory_kib();
        for case in chosen {
            tell("begin", &[case.name]);
            forget_peak();
            let began = Instant::now();
            let seats = play(&stage, case).await;
            let (peak, _) = memory_kib();
            let took = began.elapsed().as_millis().to_string();
            report(case, &seats, &log.take());
            let growth = peak.saturating_sub(before).to_string();
            tell("grown", &[case.name, &growth, &took]);
        }
    });
    tell("end", &[]);
}

async fn play(stage: &Stage, case: &Case) -> Vec<(Way, Column, Seat)> {
    let mut seats = Vec::new();
    if case.is_large {
        for (way, column) in runs(case) {
            seats.push((way, column, run(stage, case, way, column).await));
        }
        return seats;
    }
    let mut waiting = runs(case)
        .into_iter()
        .map(|(way, column)| (way, column, Box::pin(run(stage, case, way, column))))
        .collect::<Vec<_>>();
    // All at once: whoever is ready is taken out.
    std::future::poll_fn(|context| {
        waiting.retain_mut(|(way, column, work)| match work.as_mut().poll(context) {
            std::task::Poll::Ready(seat) => {
                seats.push((*way, *column, seat));
                false
            }
            std::task::Poll::Pending => true,
        });
        match waiting.is_empty() {
            true => std::task::Poll::Ready(()),
            false => std::task::Poll::Pending,
        }
    })
    .await;
    seats
}

fn report(case: &Case, seats: &[(Way, Column, Seat)], log: &str) {
    for (way, column, seat) in seats {
        let (way, column) = (format!("{way:?}"), format!("{column:?}"));
        tell("outcome", &[case.name, &way, &column, &seat.outcome]);
        for fault in &seat.faults {
            tell("fault", &[case.name, &way, &column, fault]);
        }
    }
    let secrets = seats.iter().flat_map(|(_, _, seat)| &seat.secrets);
    let secrets: BTreeMap<&str, _> = secrets.map(|it| (it.secret(), it)).collect();
    for told in secrets.values().filter_map(|it| it.found(log)) {
        tell(
            "fault",
            &[case.name, "-", "-", &format!("the log tells {told}")],
        );
    }
    let mut panics = PANICS.lock().unwrap_or_else(|it| it.into_inner());
    for panic in panics.drain(..) {
        tell(
            "fault",
            &[case.name, "-", "-", &format!("a panic: {panic}")],
        );
    }
}
