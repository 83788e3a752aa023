//! Nobody but the owner can read the tokens, whatever the umask; what lets others in is refused.

use std::fs;
use std::os::unix::fs::symlink;

use auth_core::{FileStore, Saved, StoreKey, TokenStore as _};

use super::child::Child;
use super::{LONG_LEASE, Place, chmod, first, key, mode, refusal, room, tokens};

#[test]
fn files_have_mode_600_and_directories_700_under_any_umask() {
    for umask in ["0", "022", "077", "0777"] {
        let home = tempfile::tempdir().expect("a temporary directory");
        let directory = home.path().join("some/where/tokens");
        let prelude = format!("umask {umask}");
        let mut child = Child::start_after(&prelude, home.path(), &directory).expect("a child");
        assert_eq!(child.ask("lock 1000"), "locked");
        assert_eq!(child.ask("save - 1 8"), "Written");
        assert_eq!(child.ask("save 1 2 8"), "Written");
        assert_eq!(child.ask("load"), "2");
        assert_eq!(child.ask("ends"), "json lock");
        let made = ["some", "some/where", "some/where/tokens"].map(|made| home.path().join(made));
        for made in made.into_iter().chain([room(&directory)]) {
            assert_eq!(mode(&made), 0o700, "umask {umask}: {}", made.display());
        }
        for entry in fs::read_dir(room(&directory)).expect("a directory") {
            let path = entry.expect("an entry").path();
            assert_eq!(mode(&path), 0o600, "umask {umask}: {}", path.display());
        }
    }
}

#[test]
fn a_directory_that_lets_others_in_is_refused() {
    for loose in [0o755, 0o710, 0o701, 0o770] {
        let home = tempfile::tempdir().expect("a temporary directory");
        chmod(home.path(), loose);
        let text = refusal(FileStore::open(home.path()), &["open", "chmod 700"]);
        assert!(text.contains(&format!("{loose:04o}")), "{text}");
        assert!(text.contains(&home.path().display().to_string()), "{text}");
        assert_eq!(mode(home.path()), loose);
        chmod(home.path(), 0o700);
        assert!(FileStore::open(home.path()).is_ok());
    }
}

#[test]
fn what_is_no_directory_of_its_own_is_refused() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let real = home.path().join("real");
    FileStore::open(&real).expect("a store");
    let link = home.path().join("link");
    symlink(&real, &link).expect("a link");
    refusal(FileStore::open(&link), &["symbolic link"]);
    refusal(FileStore::open(link.join("")), &["symbolic link"]);
    refusal(FileStore::open(link.join(".")), &["symbolic link"]);
    assert!(FileStore::open(link.join("inner")).is_ok());

    let dangling = home.path().join("dangling");
    symlink(home.path().join("nowhere"), &dangling).expect("a link");
    refusal(FileStore::open(&dangling), &["symbolic link"]);
    assert!(!home.path().join("nowhere").exists());

    let file = home.path().join("file");
    fs::write(&file, "kept").expect("written");
    refusal(FileStore::open(&file), &["no directory"]);
    refusal(FileStore::open(file.join("inner")), &["can't be made"]);
    assert_eq!(fs::read(&file).expect("still there"), b"kept");

    refusal(FileStore::open(""), &["open"]);
}

#[tokio::test]
async fn a_directory_of_a_key_that_is_none_of_our_own_is_refused() {
    let place = Place::with_tokens().await;
    for loose in [0o750, 0o701] {
        chmod(&place.room(), loose);
        let shown = format!("{loose:04o}");
        refusal(place.load().await, &["load", "chmod 700", &shown]);
        refusal(place.save(Some(1), 2).await, &["save", "chmod 700"]);
        let lock = place.store.lock(&key(), LONG_LEASE).await;
        refusal(lock, &["lock", "chmod 700"]);
        assert_eq!(mode(&place.room()), loose);
    }
    chmod(&place.room(), 0o700);
    let real = place.home().join("real");
    fs::rename(place.room(), &real).expect("moved");
    symlink(&real, place.room()).expect("a link");
    refusal(place.load().await, &["load", "symbolic link"]);
    refusal(place.save(Some(1), 2).await, &["save", "symbolic link"]);
    let lock = place.store.lock(&key(), LONG_LEASE).await;
    refusal(lock, &["lock", "symbolic link"]);
    fs::remove_file(place.room()).expect("removed");
    fs::write(place.room(), "kept").expect("written");
    refusal(place.load().await, &["load", "no directory"]);
    refusal(place.save(None, 1).await, &["save", "no directory"]);
    assert_eq!(fs::read(place.room()).expect("still there"), b"kept");
    assert_eq!(fs::read_dir(real).expect("a directory").count(), 1);
}

#[tokio::test]
async fn a_record_that_others_can_use_is_refused_and_left_as_it_is() {
    let place = Place::with_tokens().await;
    let before = fs::read(place.record()).expect("a record");
    for loose in [0o640, 0o604, 0o620, 0o666] {
        chmod(&place.record(), loose);
        let shown = format!("{loose:04o}");
        refusal(place.load().await, &["load", "chmod 600", &shown]);
        refusal(place.save(Some(1), 2).await, &["save", "chmod 600"]);
        assert_eq!(mode(&place.record()), loose);
    }
    assert_eq!(fs::read(place.record()).expect("a record"), before);
    assert_eq!(place.ends(), ["json"]);
    chmod(&place.record(), 0o600);
    assert_eq!(place.number().await, Some(1));
}

#[tokio::test]
async fn a_symbolic_link_is_never_followed() {
    let place = Place::with_tokens().await;
    let target = place.home().join("target");
    let content = fs::read(place.record()).expect("a record");
    for is_dangling in [false, true] {
        if is_dangling {
            fs::remove_file(&target).expect("removed");
        } else {
            fs::write(&target, &content).expect("written");
            chmod(&target, 0o600);
        }
        for end in ["json", "lock"] {
            let link = place.file(&first(end));
            let _ = fs::remove_file(&link);
            symlink(&target, &link).expect("a link");
            match end {
                "json" => {
                    refusal(place.load().await, &["symbolic link", ".json"]);
                    refusal(place.save(Some(1), 2).await, &["symbolic link"]);
                    refusal(place.save(None, 2).await, &["symbolic link"]);
                }
                _ => {
                    let lock = place.store.lock(&key(), LONG_LEASE).await;
                    refusal(lock, &["symbolic link", ".lock"]);
                }
            }
            assert!(link.is_symlink());
            if is_dangling {
                assert!(!target.exists());
            } else {
                assert_eq!(fs::read(&target).expect("the target"), content);
            }
            fs::remove_file(&link).expect("removed");
            if end == "json" {
                place.put(&content);
            }
        }
    }
    assert_eq!(place.number().await, Some(1));
}

#[tokio::test]
async fn keys_lead_nowhere_else() {
    let place = Place::new();
    for part in ["", "..", "../../etc/passwd", "a\0b", "/", "A", "a"] {
        let key = StoreKey::new(part, part, part, part);
        let saved = place.store.save(&key, None, &tokens(7)).await;
        assert_eq!(saved.expect("saved"), Saved::Written);
        let stored = place.store.load(&key).await.expect("loaded");
        assert_eq!(stored.expect("tokens").generation.number(), 7);
    }
    let entries = fs::read_dir(place.home()).expect("a directory");
    assert_eq!(entries.count(), 1);
    assert_eq!(
        fs::read_dir(place.directory())
            .expect("a directory")
            .count(),
        7
    );
}
