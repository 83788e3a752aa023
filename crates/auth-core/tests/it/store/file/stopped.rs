//! Whoever is stopped, at whatever instant, is in nobody's way for longer than a lease, and loses no update.

use std::fs;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use auth_core::{Clock as _, Generation, Saved, TokenStore as _};

use super::child::{Child, count};
use super::{Place, key, numbered, tokens, within};
use crate::clocks::real;

/// So much longer than a lease a renewal may take while others are stopped.
const MARGIN: Duration = Duration::from_secs(1);

/// Locks, loads and saves as a session does, and says how many saves were tried until one was written.
async fn renew(place: &Place, lease: Duration) -> u64 {
    let store = &place.store;
    let _lock = store.lock(&key(), lease).await.expect("locked");
    let mut tries = 1;
    while count(store, 1).await == 0 {
        tries += 1;
    }
    tries
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_are_stopped_at_any_instant_keep_nobody_from_the_store() {
    const STOPS: u64 = 100;
    const LEASE: Duration = Duration::from_millis(30);
    let place = Place::with_tokens().await;
    let end = place.home().join("end");
    let mut children = [
        Child::start(&place.directory()),
        Child::start(&place.directory()),
    ];
    for child in &mut children {
        child.tell(&format!("cycle {} {}", LEASE.as_millis(), end.display()));
    }
    let mut longest = Duration::ZERO;
    for stop in 1..=STOPS {
        // The first is stopped at some point of its cycle, the second perhaps while it takes over from the first.
        for child in &children {
            real().sleep(LEASE.mul_f64(2.0 * fastrand::f64())).await;
            child.stop().await;
        }
        let begin = real().now();
        let tries = within(LEASE + MARGIN, renew(&place, LEASE)).await;
        let tries = tries.unwrap_or_else(|| panic!("stop {stop}: {:?}", place.ends()));
        // Nobody else saves, since all of them are stopped.
        assert_eq!(tries, 1, "stop {stop}");
        longest = longest.max(begin.elapsed());
        for child in &children {
            child.go_on();
        }
    }
    fs::write(end, "").expect("written");
    let mut written = 1 + STOPS;
    for child in &mut children {
        let answer = child.answer().expect("the child answers");
        written += answer.parse::<u64>().unwrap_or_else(|_| panic!("{answer}"));
    }
    assert_eq!(place.number().await, Some(written));
    assert!(written > 1 + STOPS, "the children had no turn");
    println!("{} stops, {written} saves, at most {longest:?}", 2 * STOPS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_save_that_is_stopped_midway_and_a_later_one_only_one_is_written() {
    const TRIES: u64 = 200;
    const OVERTAKEN: u64 = 10;
    let place = Place::with_tokens().await;
    let mut child = Child::start(&place.directory());
    // A shell has its own `kill`, which takes less time than to start one.
    let mut shell = Command::new("sh")
        .args(["-c", "while read process; do kill -STOP $process; done"])
        .stdin(Stdio::piped())
        .spawn()
        .expect("sh");
    let mut to_shell = shell.stdin.take().expect("piped");
    let mut overtaken = 0;
    for round in 0..TRIES {
        let number = place.number().await.expect("tokens");
        child.tell(&format!("save {number} {} 300000", number + 1));
        // As soon as its temporary file appears, or when it is too late.
        while place.ends() == ["json"] && !place.file(&numbered(number + 1, "json")).exists() {
            std::hint::spin_loop();
        }
        writeln!(to_shell, "{}", child.id()).expect("the shell listens");
        child.stopped().await;

        let saved = place.save(Some(number), number + 1).await.expect("saved");
        // One who wakes up is late by many saves as well as by one.
        if saved == Saved::Written && round.is_multiple_of(2) {
            for later in number + 1..number + 4 {
                let expected = Some(Generation::new(later));
                let saved = place.store.save(&key(), expected, &tokens(later + 1)).await;
                assert_eq!(saved.expect("saved"), Saved::Written);
            }
        }
        let stands = place.number().await;
        child.go_on();
        let answer = child.answer().expect("the child answers");
        let other = match saved {
            Saved::Written => "Superseded",
            Saved::Superseded => "Written",
        };
        assert_eq!(answer, other, "round {round}");
        assert_eq!(place.number().await, stands);
        assert_eq!(place.ends(), ["json"]);
        overtaken += u64::from(saved == Saved::Written);
        if overtaken == OVERTAKEN {
            break;
        }
    }
    drop(to_shell);
    shell.wait().expect("it ends");
    assert_eq!(overtaken, OVERTAKEN, "so many were stopped midway");
}

#[tokio::test]
async fn a_lock_file_that_was_about_to_follow_is_in_nobodys_way() {
    let place = Place::with_tokens().await;
    // As a process leaves them that was stopped or killed while it took over, or made the first.
    let mut left = Vec::new();
    for number in [1, 2] {
        let name = format!("{}-{number:032x}", numbered(number, "lock"));
        left.push(place.file(&name));
    }
    for path in &left {
        fs::write(path, "").expect("written");
    }
    let files: Vec<_> = left.iter().map(fs::File::open).collect();
    for file in &files {
        let file = file.as_ref().expect("it is there");
        file.lock().expect("free");
    }
    let lease = Duration::from_millis(100);
    let lock = within(MARGIN, place.store.lock(&key(), lease)).await;
    let _first = lock.expect("it is free").expect("locked");
    assert!(!left[0].exists());
    let lock = within(MARGIN, place.store.lock(&key(), lease)).await;
    let _second = lock.expect("taken over").expect("locked");
    assert_eq!(place.ends(), ["json", "lock"]);
}
