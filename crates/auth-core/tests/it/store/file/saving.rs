//! A save counts once, as a whole or not at all.

use std::fs;
use std::time::Duration;

use auth_core::{Clock as _, Saved};
use futures_util::future::join_all;

use super::child::{Child, count};
use super::{Place, chmod, ends, key, refusal, within};
use crate::clocks::{eventually, real};

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
    assert_eq!(place.ends(), ["commit", "json"]);
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
    assert_eq!(place.ends(), ["commit", "json"]);
}

#[tokio::test]
async fn temporary_files_of_killed_processes_go_with_the_next_save() {
    let place = Place::with_tokens().await;
    for end in [
        "new-0123456789abcdef0123456789abcdef",
        "lock-0123456789abcdef0123456789abcdef",
    ] {
        fs::write(place.file(end), "cut off").expect("written");
    }
    let foreign = [
        "new-0123456789ABCDEF0123456789ABCDEF",
        "new-0123456789abcdef0123456789abcde",
        "new-",
        "lock-mine",
        "unreadable-1",
    ];
    for end in foreign {
        fs::write(place.file(end), "kept").expect("written");
    }
    let stranger = "another-key.new-0123456789abcdef0123456789abcdef";
    fs::write(place.directory().join(stranger), "kept").expect("written");
    // One that is being written is locked.
    let busy = place.file("new-fedcba9876543210fedcba9876543210");
    fs::write(&busy, "half a rec").expect("written");
    let writer = fs::File::open(&busy).expect("it is there");
    writer.lock().expect("free");

    assert_eq!(place.save(Some(1), 2).await.expect("saved"), Saved::Written);
    let mut expected = vec![
        "commit",
        "json",
        "new-0123456789abcdef0123456789abcdef",
        "new-fedcba9876543210fedcba9876543210",
    ];
    expected.extend(foreign);
    expected.sort_unstable();
    assert_eq!(place.ends(), expected);
    assert!(place.directory().join(stranger).exists());
    assert!(!place.file("new-0123456789abcdef0123456789abcdef").exists());

    drop(writer);
    assert_eq!(place.save(Some(2), 3).await.expect("saved"), Saved::Written);
    assert!(!busy.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_save_that_can_not_be_committed_fails_in_time_and_changes_nothing() {
    let place = Place::with_tokens().await;
    let commit = fs::File::open(place.file("commit")).expect("made by the first save");
    commit.lock().expect("free");
    let begin = real().now();
    let saved = within(Duration::from_secs(5), place.save(Some(1), 2)).await;
    refusal(saved.expect("in time"), &["save", ".commit", "stopped"]);
    assert!(begin.elapsed() >= Duration::from_secs(4));
    assert_eq!(place.number().await, Some(1));
    assert_eq!(place.ends(), ["commit", "json"]);
    commit.unlock().expect("held");
    assert_eq!(place.save(Some(1), 2).await.expect("saved"), Saved::Written);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_save_that_nobody_waits_for_is_whole_or_not_at_all() {
    let place = Place::with_tokens().await;
    let commit = fs::File::open(place.file("commit")).expect("made by the first save");
    commit.lock().expect("free");
    let given_up = within(Duration::from_millis(50), place.save(Some(1), 2)).await;
    assert!(given_up.is_none());
    assert_eq!(place.number().await, Some(1));
    commit.unlock().expect("held");
    // What had begun runs to its end, and leaves nothing locked and nothing behind.
    eventually("the temporary file is gone", || {
        place.ends() == ["commit", "json"]
    })
    .await;
    eventually("the commit lock is free", || commit.try_lock().is_ok()).await;
    commit.unlock().expect("held");
    let number = place.number().await.expect("tokens");
    assert_eq!(number, 2);
    assert_eq!(place.save(Some(2), 3).await.expect("saved"), Saved::Written);
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
    assert_eq!(ends(&directory), ["commit", "json"]);
    assert_eq!(child.ask("save 1 2 8"), "Written");
    assert_eq!(child.ask("load"), "2");
}

/// A child with a small file system of its own at `home`, where the machine allows that.
fn on_small_disk(home: &std::path::Path) -> Option<Child> {
    let mount = "mount -t tmpfs -o size=64k,mode=700 tmpfs . && cd \"$PWD\"";
    let prelude = format!("exec unshare -rm sh -c '{mount} && exec \"$0\" \"$@\"' \"$0\" \"$@\"");
    let child = Child::start_after(&prelude, home, &home.join("tokens"));
    if child.is_none() {
        eprintln!("skipped: this machine allows no file system of our own (`unshare -rm`, tmpfs)");
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
        assert_eq!(child.ask("ends"), "commit json lock");
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
    assert_eq!(child.ask("ends"), "commit json lock");
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
        eprintln!("skipped: modes don't bind root, and `setpriv` does not work here");
        return;
    };
    assert_eq!(child.ask("lock 1000"), "locked");
    assert_eq!(child.ask("unlock"), "unlocked");
    assert_eq!(child.ask("save - 1 8"), "Written");
    chmod(&directory, 0o500);
    assert_eq!(child.ask("fill tokens/probe"), "permission denied");
    let answer = child.ask("save 1 2 8");
    for part in ["token store: save", "must belong to the user"] {
        assert!(answer.contains(part), "{answer}");
    }
    assert_eq!(child.ask("load"), "1");
    assert_eq!(ends(&directory), ["commit", "json", "lock"]);
    // What is there already can be locked.
    assert_eq!(child.ask("lock 1000"), "locked");

    // A record that can't even be read is left where it is.
    let record = directory.join(format!("{}.json", key().id()));
    chmod(&directory, 0o700);
    chmod(&record, 0);
    let answer = child.ask("load");
    assert!(answer.contains("must belong to the user"), "{answer}");
    assert_eq!(ends(&directory), ["commit", "json", "lock"]);
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
    let spoil = format!("sh echo cut > tokens/{}.json", key().id());
    assert_eq!(child.ask(&spoil), "true");
    assert_eq!(child.ask("sh mount -o remount,ro ."), "true");
    let answer = child.ask("load");
    for part in ["token store: load", "that can be written"] {
        assert!(answer.contains(part), "{answer}");
    }
    assert_eq!(child.ask("ends"), "commit json");
    assert_eq!(child.ask("sh mount -o remount,rw ."), "true");
    let answer = child.ask("load");
    assert!(answer.contains("unreadable-1"), "{answer}");
}
