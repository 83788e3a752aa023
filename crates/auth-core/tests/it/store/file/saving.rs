//! A save counts once, as a whole or not at all.

use std::fs;
use std::io::Write as _;
use std::time::Duration;

use auth_core::Saved;
use futures_util::future::join_all;

use super::child::{Child, count};
use super::{Place, chmod, ends, first, numbered, refusal, room, within};
use crate::clocks::eventually;

#[tokio::test]
async fn a_save_counts_only_over_the_number_that_it_expects() {
    let place = Place::new();
    assert_eq!(place.number().await, None);
    assert_eq!(
        place.save(Some(1), 2).await.expect("saved"),
        Saved::Superseded
    );
    assert_eq!(place.number().await, None);
    assert_eq!(place.save(None, 5).await.expect("saved"), Saved::Written);
    for expected in [None, Some(4), Some(6)] {
        let saved = place.save(expected, 9).await.expect("saved");
        assert_eq!(saved, Saved::Superseded);
        assert_eq!(place.number().await, Some(5));
    }
    assert_eq!(place.save(Some(5), 6).await.expect("saved"), Saved::Written);
    assert_eq!(place.number().await, Some(6));
    assert_eq!(place.ends(), ["json"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_update_is_lost_among_many_processes_and_tasks() {
    const TRIES: u64 = 60;
    let place = Place::new();
    let mut children: Vec<_> = (0..3).map(|_| Child::start(&place.directory())).collect();
    for child in &mut children {
        child.tell(&format!("count {TRIES}"));
    }
    let tasks = (0..3).map(|_| {
        let store = place.store.clone();
        tokio::spawn(async move { count(&store, TRIES).await })
    });
    let mut written: Vec<u64> = Vec::new();
    for task in join_all(tasks).await {
        written.push(task.expect("no panic"));
    }
    for child in &mut children {
        let answer = child.answer().expect("the child answers");
        written.push(answer.parse().unwrap_or_else(|_| panic!("{answer}")));
    }
    assert_eq!(
        place.number().await,
        Some(written.iter().sum()),
        "{written:?}"
    );
    assert_eq!(place.ends(), ["json"]);
}

#[tokio::test]
async fn what_killed_processes_left_behind_goes_with_the_next_save() {
    let place = Place::with_tokens().await;
    place.save(Some(1), 2).await.map(drop).expect("saved");
    let mut left = Vec::new();
    for number in [1, 2, 3] {
        let name = format!("{}-{:032x}", numbered(number, "json"), number);
        left.push(place.file(&name));
    }
    left.push(place.file(&first("json")));
    let later = format!("{}-{:032x}", numbered(4, "json"), 4);
    let foreign = [
        later,
        numbered(3, "lock-0123456789abcdef0123456789abcdef"),
        numbered(1, "json-0123456789ABCDEF0123456789ABCDEF"),
        numbered(1, "json-0123456789abcdef0123456789abcde"),
        "1.json".to_owned(),
        "unreadable-1".to_owned(),
    ]
    .map(|name| place.file(&name));
    for path in left.iter().chain(&foreign) {
        fs::write(path, "cut off").expect("written");
    }

    assert_eq!(place.save(Some(2), 3).await.expect("saved"), Saved::Written);
    assert!(left.iter().all(|path| !path.exists()));
    assert!(foreign.iter().all(|path| path.exists()));
    let entries = fs::read_dir(place.room()).expect("a directory").count();
    assert_eq!(entries, foreign.len() + 1);

    // Somebody who wakes up by now finds its temporary file gone.
    assert_eq!(place.save(Some(3), 4).await.expect("saved"), Saved::Written);
    assert!(!foreign[0].exists());
    assert_eq!(place.number().await, Some(4));
}

#[tokio::test]
async fn a_save_after_the_highest_number_says_what_helps() {
    let place = Place::with_tokens().await;
    let last = place.file(&numbered(u64::MAX, "json"));
    fs::rename(place.record(), &last).expect("renamed");
    assert_eq!(place.number().await, Some(1));
    refusal(
        place.save(Some(1), 2).await,
        &["save", "move its directory away"],
    );
    assert_eq!(place.ends(), ["json"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_save_that_nobody_waits_for_is_whole_or_not_at_all() {
    let place = Place::with_tokens().await;
    let mut number = 1;
    for microseconds in (0..200).map(|n| n * 50) {
        let limit = Duration::from_micros(microseconds);
        let saved = within(limit, place.save(Some(number), number + 1)).await;
        if let Some(saved) = saved {
            // One before it, that was given up, may have come first.
            let _ = saved.expect("saved");
        }
        let stands = place.number().await.expect("tokens");
        assert!((number..=number + 1).contains(&stands), "{stands}");
        number = stands;
    }
    // What had begun runs to its end, and leaves nothing behind.
    eventually("the temporary files are gone", || place.ends() == ["json"]).await;
    let number = place.number().await.expect("tokens");
    let saved = place.save(Some(number), number + 1).await;
    assert_eq!(saved.expect("saved"), Saved::Written);
    assert_eq!(place.number().await, Some(number + 1));
}

#[test]
fn a_write_that_breaks_off_leaves_the_record_as_it_was() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let directory = home.path().join("tokens");
    // No file longer than four blocks, and an error instead of the signal.
    let prelude = "ulimit -f 4; trap '' XFSZ";
    let mut child = Child::start_after(prelude, home.path(), &directory).expect("a child");
    assert_eq!(child.ask("save - 1 8"), "Written");
    let answer = child.ask("save 1 2 100000");
    for part in ["token store: save", "can't be written", "make room"] {
        assert!(answer.contains(part), "{answer}");
    }
    assert_eq!(child.ask("load"), "1");
    assert_eq!(ends(&room(&directory)), ["json"]);
    assert_eq!(child.ask("save 1 2 8"), "Written");
    assert_eq!(child.ask("load"), "2");
}

/// A child with a small file system of its own at `home`, where the machine allows that.
fn on_small_disk(home: &std::path::Path) -> Option<Child> {
    let mount = "mount -t tmpfs -o size=64k,mode=700 tmpfs . && cd \"$PWD\"";
    let prelude = format!("exec unshare -rm sh -c '{mount} && exec \"$0\" \"$@\"' \"$0\" \"$@\"");
    let child = Child::start_after(&prelude, home, &home.join("tokens"));
    if child.is_none() {
        let _ = writeln!(
            std::io::stderr(),
            "skipped: this machine allows no file system of our own (`unshare -rm`, tmpfs)"
        );
    }
    child
}

#[test]
fn a_full_disk_leaves_the_record_as_it_was() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let Some(mut child) = on_small_disk(home.path()) else {
        return;
    };
    assert_eq!(child.ask("lock 1000"), "locked");
    assert_eq!(child.ask("unlock"), "unlocked");
    assert_eq!(child.ask("save - 1 8"), "Written");
    assert_eq!(child.ask("fill filler"), "no storage space");
    for _ in 0..3 {
        let answer = child.ask("save 1 2 8");
        assert!(answer.contains("make room"), "{answer}");
        assert_eq!(child.ask("ends"), "json lock");
        assert_eq!(child.ask("load"), "1");
    }
    // The lock needs no room.
    assert_eq!(child.ask("lock 1000"), "locked");
    assert_eq!(child.ask("sh rm filler"), "true");
    assert_eq!(child.ask("save 1 2 8"), "Written");
    assert_eq!(child.ask("load"), "2");
}

#[test]
fn a_read_only_file_system_leaves_the_record_as_it_was() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let Some(mut child) = on_small_disk(home.path()) else {
        return;
    };
    assert_eq!(child.ask("lock 1000"), "locked");
    assert_eq!(child.ask("unlock"), "unlocked");
    assert_eq!(child.ask("save - 1 8"), "Written");
    assert_eq!(child.ask("sh mount -o remount,ro ."), "true");
    let save = child.ask("save 1 2 8");
    let lock = child.ask("lock 1000");
    for answer in [save, lock] {
        assert!(answer.contains("that can be written"), "{answer}");
    }
    assert_eq!(child.ask("load"), "1");
    assert_eq!(child.ask("ends"), "json lock");
    assert_eq!(child.ask("sh mount -o remount,rw ."), "true");
    assert_eq!(child.ask("save 1 2 8"), "Written");
}

#[test]
fn a_read_only_directory_leaves_the_record_as_it_was() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let directory = home.path().join("tokens");
    // Modes don't bind root, unless it gives that right away.
    let prelude = "if [ \"$(id -u)\" = 0 ]; then
        exec setpriv --bounding-set=-dac_override,-dac_read_search \"$0\" \"$@\"
    fi";
    let Some(mut child) = Child::start_after(prelude, home.path(), &directory) else {
        let _ = writeln!(
            std::io::stderr(),
            "skipped: modes don't bind root, and `setpriv` does not work here"
        );
        return;
    };
    assert_eq!(child.ask("lock 1000"), "locked");
    assert_eq!(child.ask("unlock"), "unlocked");
    assert_eq!(child.ask("save - 1 8"), "Written");
    chmod(&room(&directory), 0o500);
    let probe = room("tokens".as_ref()).join("probe");
    let probe = child.ask(&format!("fill {}", probe.display()));
    assert_eq!(probe, "permission denied");
    let answer = child.ask("save 1 2 8");
    for part in ["token store: save", "must belong to the user"] {
        assert!(answer.contains(part), "{answer}");
    }
    assert_eq!(child.ask("load"), "1");
    assert_eq!(ends(&room(&directory)), ["json", "lock"]);
    // What is there already can be locked.
    assert_eq!(child.ask("lock 1000"), "locked");

    // A record that can't even be read is left where it is.
    let record = room(&directory).join(first("json"));
    chmod(&room(&directory), 0o700);
    chmod(&record, 0);
    let answer = child.ask("load");
    assert!(answer.contains("must belong to the user"), "{answer}");
    assert_eq!(ends(&room(&directory)), ["json", "lock"]);
    chmod(&record, 0o600);
    assert_eq!(child.ask("save 1 2 8"), "Written");
}

#[test]
fn an_unreadable_record_that_can_not_be_moved_stays() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let Some(mut child) = on_small_disk(home.path()) else {
        return;
    };
    assert_eq!(child.ask("save - 1 8"), "Written");
    let record = room("tokens".as_ref()).join(first("json"));
    let spoil = format!("sh echo cut > {}", record.display());
    assert_eq!(child.ask(&spoil), "true");
    assert_eq!(child.ask("sh mount -o remount,ro ."), "true");
    let answer = child.ask("load");
    for part in ["token store: load", "that can be written"] {
        assert!(answer.contains(part), "{answer}");
    }
    assert_eq!(child.ask("ends"), "json");
    assert_eq!(child.ask("sh mount -o remount,rw ."), "true");
    let answer = child.ask("load");
    assert!(answer.contains("unreadable-1"), "{answer}");
}
