//! Plays all cases, a few processes at a time, and compares what came of them with the table and the page.

use std::collections::HashSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use crate::case::{Case, Column, Outcomes};
use crate::way::Way;
use crate::worker::{CASES, MARK, runs};
use crate::{cases, page};

/// How much more a process may hold than before its first case.
const MOST_KIB: u64 = 32 * 1024;
/// So many processes play at once.
const HANDS: usize = 3;
/// How many cases a process plays, of those that are large and of the others.
const LARGE_SHARE: usize = 4;
const SHARE: usize = 24;
/// No case takes as long; large ones are played to one client after another.
const LONGEST: Duration = Duration::from_secs(60);
/// Set to see every line that came.
const SHOW: &str = "HOSTILE_SHOW";
/// Set to play only cases whose names hold it.
const ONLY: &str = "HOSTILE_ONLY";

/// What was told so far.
#[derive(Default)]
struct Told {
    outcomes: Outcomes,
    offenses: Vec<String>,
}

#[test]
#[cfg_attr(
    not(target_os = "linux"),
    ignore = "only Linux tells how much memory a process holds without unsafe code"
)]
fn no_answer_and_no_transport_hurts_any_vendor_or_grant() {
    let all = cases::all();
    let only = std::env::var(ONLY).unwrap_or_default();
    let cases: Vec<&Case> = all.iter().filter(|it| it.name.contains(&only)).collect();
    assert!(!cases.is_empty(), "no row has `{only}` in its name");
    let (large, small): (Vec<&Case>, Vec<&Case>) = cases.iter().partition(|case| case.is_large);
    let told = Mutex::new(Told::default());
    let names = |cases: &[&Case]| cases.iter().map(|case| case.name).collect::<Vec<_>>();
    let (large, small) = (names(&large), names(&small));
    // Large ones first: what is left at the end is short.
    let batches = large.chunks(LARGE_SHARE).chain(small.chunks(SHARE));
    let batches: Vec<Vec<&str>> = batches.map(<[&str]>::to_vec).collect();
    let left = Mutex::new(batches.into_iter());
    let next = || left.lock().expect("nobody panics here").next();
    thread::scope(|scope| {
        for _ in 0..HANDS {
            scope.spawn(|| {
                while let Some(names) = next() {
                    follow(&names, &told);
                }
            });
        }
    });
    let mut told = told.into_inner().expect("nobody panics here");
    for case in &cases {
        compare(case, &told.outcomes, &mut told.offenses);
    }
    assert!(
        told.offenses.is_empty(),
        "{} offenses:\n{}",
        told.offenses.len(),
        told.offenses.join("\n")
    );
    if only.is_empty() {
        page::compare(&all, &told.outcomes);
    }
}

/// Has a process play `names` and takes down what it tells.
fn follow(names: &[&str], told: &Mutex<Told>) {
    let program = std::env::current_exe().expect("this program has a path");
    let mut child = Command::new(program)
        .args([
            "--exact",
            "worker::plays_the_cases_that_it_is_given",
            "--nocapture",
        ])
        .env(CASES, names.join("\n"))
        .stdout(Stdio::piped())
        .spawn()
        .expect("this program starts");
    let lines = lines(&mut child);
    let mut case = "the start".to_owned();
    let mut is_done = false;
    loop {
        match lines.recv_timeout(LONGEST) {
            Ok(line) => {
                let mut told = told.lock().expect("nobody panics here");
                let fields: Vec<&str> = line.split('\t').collect();
                if std::env::var_os(SHOW).is_some() {
                    println!("{}", fields[1..].join(" | "));
                }
                match fields[1..] {
                    ["begin", name] => name.clone_into(&mut case),
                    ["outcome", name, way, column, outcome] => {
                        let key = [name, way, column].map(str::to_owned).into();
                        told.outcomes.insert(key, outcome.to_owned());
                    }
                    ["grown", name, kib, _] => {
                        let kib: u64 = kib.parse().expect("a number");
                        if kib >= MOST_KIB {
                            told.offenses
                                .push(format!("{name}: memory grew by {kib} KiB"));
                        }
                    }
                    ["end"] => is_done = true,
                    _ => told.offenses.push(fields[2..].join(" | ")),
                }
            }
            Err(RecvTimeoutError::Timeout) => {
                child.kill().ok();
                let mut told = told.lock().expect("nobody panics here");
                told.offenses.push(format!("{case}: hangs"));
                break;
            }
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    let status = child.wait().expect("a process ends");
    if !is_done {
        let mut told = told.lock().expect("nobody panics here");
        told.offenses
            .push(format!("{case}: the process ended with {status}"));
    }
}

/// The lines of a process that count, as they come.
fn lines(child: &mut Child) -> Receiver<String> {
    let output = child.stdout.take().expect("it is piped");
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if line.starts_with(MARK) && sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

fn compare(case: &Case, outcomes: &Outcomes, offenses: &mut Vec<String>) {
    for (way, column) in runs(case) {
        let key = (
            case.name.to_owned(),
            format!("{way:?}"),
            format!("{column:?}"),
        );
        let came = outcomes.get(&key).map_or("nothing", String::as_str);
        let wanted = case.wanted(way, column).unwrap_or_default();
        if came != wanted {
            let (name, way, column) = key;
            offenses.push(format!(
                "{name} | {way} | {column}: `{came}`, not `{wanted}`"
            ));
        }
    }
}

#[test]
fn the_table_has_enough_rows_and_each_its_own_name() {
    let all = cases::all();
    assert!(all.len() >= 120, "{} cases", all.len());
    let names: HashSet<&str> = all.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), all.len());
    for case in &all {
        assert!(!runs(case).is_empty(), "{}", case.name);
        for (way, column, _) in case.but {
            let is_known = *column == Column::Call || way.token_column() == Some(*column);
            assert!(is_known, "{}: {way:?} has no {column:?}", case.name);
        }
    }
    assert_eq!(Way::ALL.len(), 15);
}
