//! What can't be read is set aside or left as it is, and told; nothing is destroyed.

use std::fs;
use std::process::Command;

use auth_core::{Generation, Saved, StoreKey, TokenStore as _};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{LONG_LEASE, Place, chmod, first, key, refusal, tokens, tokens_of};

/// The longest record.
const MEBIBYTE: usize = 1024 * 1024;

/// Has `content` set aside, and sees that it is all there and that a new sign-in begins.
async fn is_set_aside(content: &[u8], reason: &str) {
    let place = Place::new();
    place.put(content);
    let record = place.record();
    let aside = place.file("unreadable-1");
    let error = refusal(
        place.load().await,
        &[
            "load",
            &record.display().to_string(),
            reason,
            "next sign-in",
            &aside.display().to_string(),
        ],
    );
    assert_eq!(fs::read(&aside).expect("set aside"), content, "{error}");
    assert!(!record.exists());
    assert_eq!(place.number().await, None);
    assert_eq!(place.save(None, 1).await.expect("saved"), Saved::Written);
    assert_eq!(place.ends(), ["json", "unreadable-1"]);
    assert_eq!(place.number().await, Some(1));
}

/// Sees that neither a load nor a save changes `content`.
async fn is_left(content: &[u8], reason: &str) {
    let place = Place::with_tokens().await;
    place.put(content);
    for expected in [None, Some(1)] {
        refusal(place.load().await, &["load", reason]);
        refusal(place.save(expected, 2).await, &["save", reason]);
        assert_eq!(fs::read(place.record()).expect("a record"), content);
        assert_eq!(place.ends(), ["json"]);
    }
}

/// The bytes of a good record.
async fn record() -> Vec<u8> {
    let place = Place::with_tokens().await;
    fs::read(place.record()).expect("a record")
}

/// A good record with something changed.
async fn changed(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut document = serde_json::from_slice(&record().await).expect("JSON");
    change(&mut document);
    document.to_string().into_bytes()
}

/// A good record with something changed in the export within it.
async fn with_export(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    changed(|document| {
        let export = document["stored"].as_str().expect("a text");
        let mut export = serde_json::from_str(export).expect("JSON");
        change(&mut export);
        document["stored"] = export.to_string().into();
    })
    .await
}

#[tokio::test]
async fn a_record_has_the_form_that_the_documentation_shows() {
    let document: Value = serde_json::from_slice(&record().await).expect("JSON");
    assert_eq!(
        document,
        json!({
            "format": "token-file",
            "version": 1,
            "key": ["EXAMPLE_V4", "app-1/jo", "login.example.com", ""],
            "stored": tokens(1).export().expose(),
        })
    );
}

#[tokio::test]
async fn a_record_cut_at_any_byte_is_set_aside() {
    let whole = record().await;
    // Without the line's end it is whole.
    for length in 0..whole.len() - 1 {
        is_set_aside(&whole[..length], "can't be read").await;
    }
    let place = Place::new();
    place.put(&whole[..whole.len() - 1]);
    assert_eq!(place.number().await, Some(1));
}

#[tokio::test]
async fn what_is_no_record_of_the_key_is_set_aside() {
    is_set_aside(&[0xff, 0xfe, 0, 1], "UTF-8").await;
    is_set_aside(&[0; 4096], "JSON").await;
    is_set_aside(b"[]", "can't be read").await;
    is_set_aside(b"{\"format\":\"token-file\",\"version\":2", "JSON").await;
    let mut twice = record().await;
    twice.extend_from_within(..);
    is_set_aside(&twice, "JSON").await;

    is_set_aside(
        &changed(|d| d["more"] = "canary".into()).await,
        "expected one of",
    )
    .await;
    is_set_aside(
        &changed(|d| d["format"] = "canary".into()).await,
        "another format",
    )
    .await;
    is_set_aside(
        &changed(|d| d["version"] = "1".into()).await,
        "expected u64",
    )
    .await;
    is_set_aside(
        &changed(|d| d["key"][1] = "canary".into()).await,
        "another key",
    )
    .await;
    is_set_aside(
        &changed(|d| d["key"] = json!(["canary"])).await,
        "array of length 4",
    )
    .await;
    is_set_aside(
        &changed(|d| d["stored"] = json!({})).await,
        "expected a string",
    )
    .await;
    is_set_aside(
        &changed(|d| d["stored"] = "canary".into()).await,
        "no valid JSON",
    )
    .await;

    is_set_aside(
        &with_export(|e| e["canary"] = 1.into()).await,
        "expected one of",
    )
    .await;
    is_set_aside(
        &with_export(|e| e["generation"] = "canary".into()).await,
        "expected u64",
    )
    .await;
    let no_token = with_export(|e| e["tokens"]["access_token"] = "".into()).await;
    is_set_aside(&no_token, "access token is empty").await;
}

#[tokio::test]
async fn a_record_of_another_version_is_left_as_it_is() {
    let newer = br#"{"format":"token-file","version":2,"whatever":["comes"]}"#;
    is_left(newer, "version 2, not 1").await;
    is_left(
        &changed(|d| d["version"] = 0.into()).await,
        "version 0, not 1",
    )
    .await;
    is_left(
        &with_export(|e| e["version"] = 2.into()).await,
        "another release",
    )
    .await;
    let newer_set = with_export(|e| e["tokens"]["version"] = 2.into()).await;
    is_left(&newer_set, "another release").await;
}

#[tokio::test]
async fn a_record_may_have_a_mebibyte_and_no_byte_more() {
    let mut content = record().await;
    content.resize(MEBIBYTE, b' ');
    let place = Place::new();
    place.put(&content);
    assert_eq!(place.number().await, Some(1));
    content.push(b' ');
    is_set_aside(&content, "1048576 bytes").await;
}

#[tokio::test]
async fn a_record_of_100_mebibytes_is_set_aside_whole() {
    let place = Place::new();
    place.put(b"");
    let file = fs::File::options().write(true).open(place.record());
    let length = 100 * MEBIBYTE as u64;
    file.and_then(|file| file.set_len(length))
        .expect("a sparse file");
    refusal(place.load().await, &["1048576 bytes"]);
    let aside = fs::metadata(place.file("unreadable-1")).expect("set aside");
    assert_eq!(aside.len(), length);
    assert_eq!(place.number().await, None);
}

#[tokio::test]
async fn tokens_that_no_load_would_take_are_not_saved() {
    let place = Place::with_tokens().await;
    let expected = Some(Generation::new(1));
    let saved = place
        .store
        .save(&key(), expected, &tokens_of(2, MEBIBYTE))
        .await;
    refusal(saved, &["save", "1048576 at most"]);
    assert_eq!(place.number().await, Some(1));
    let fits = tokens_of(2, MEBIBYTE / 2);
    let saved = place.store.save(&key(), expected, &fits).await;
    assert_eq!(saved.expect("saved"), Saved::Written);
    assert_eq!(place.number().await, Some(2));
}

#[tokio::test]
async fn what_was_set_aside_stays_when_more_comes() {
    let place = Place::new();
    for (n, content) in ["first", "second", "third"].iter().enumerate() {
        place.put(content.as_bytes());
        refusal(place.load().await, &[&format!("unreadable-{}", n + 1)]);
    }
    for (n, content) in ["first", "second", "third"].iter().enumerate() {
        let aside = place.file(&format!("unreadable-{}", n + 1));
        assert_eq!(fs::read_to_string(aside).expect("set aside"), *content);
    }
    fs::remove_file(place.file("unreadable-2")).expect("removed");
    place.put(b"fourth");
    refusal(place.load().await, &["unreadable-2"]);
    assert_eq!(
        place.ends(),
        ["json", "unreadable-1", "unreadable-2", "unreadable-3"]
    );
}

#[tokio::test]
async fn a_save_over_an_unreadable_record_fails_and_destroys_nothing() {
    let place = Place::new();
    place.put(b"something");
    for expected in [None, Some(1)] {
        refusal(
            place.save(expected, 2).await,
            &["save", "nothing was written"],
        );
        assert_eq!(fs::read(place.record()).expect("a record"), b"something");
        assert_eq!(place.ends(), ["json"]);
    }
}

#[tokio::test]
async fn what_stood_there_before_an_unreadable_record_never_comes_back() {
    let place = Place::with_tokens().await;
    let before = place.home().join("before");
    fs::copy(place.record(), &before).expect("a copy");
    assert_eq!(place.save(Some(1), 2).await.expect("saved"), Saved::Written);
    // As if the one who saved had been killed before it could remove the first.
    fs::rename(before, place.file(&first("json"))).expect("moved");
    place.put(b"spoiled");
    refusal(place.load().await, &["unreadable-1"]);
    for _ in 0..2 {
        assert_eq!(place.number().await, None);
    }
    assert_eq!(
        place.save(Some(1), 2).await.expect("saved"),
        Saved::Superseded
    );
    assert_eq!(place.save(None, 1).await.expect("saved"), Saved::Written);
    assert_eq!(place.number().await, Some(1));
    assert_eq!(place.ends(), ["json", "unreadable-1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_who_find_an_unreadable_record_one_sets_it_aside() {
    for _ in 0..20 {
        let place = Place::new();
        place.put(b"something");
        let loads = (0..8).map(|_| {
            let store = place.store.clone();
            tokio::spawn(async move { store.load(&key()).await })
        });
        let mut told = 0;
        for load in join_all(loads).await {
            match load.expect("no panic") {
                Ok(stored) => assert!(stored.is_none()),
                error => {
                    refusal(error, &["set aside"]);
                    told += 1;
                }
            }
        }
        assert_eq!(told, 1);
        let entries = fs::read_dir(place.room()).expect("a directory");
        let mut contents = entries.map(|entry| fs::read(entry.expect("an entry").path()));
        let is_it = |content: std::io::Result<Vec<u8>>| content.expect("read") == b"something";
        assert!(contents.any(is_it));
        assert_eq!(place.ends().len(), 2);
    }
}

#[tokio::test]
async fn what_is_no_regular_file_is_left_as_it_is() {
    for end in ["json", "lock"] {
        for is_fifo in [false, true] {
            let place = Place::new();
            place.make();
            let path = place.file(&first(end));
            if is_fifo {
                let made = Command::new("mkfifo")
                    .args(["-m", "600"])
                    .arg(&path)
                    .status();
                assert!(made.expect("mkfifo").success());
            } else {
                fs::create_dir(&path).expect("a directory");
                fs::write(path.join("inner"), "kept").expect("written");
            }
            let kind = if is_fifo { "FIFO" } else { "a directory" };
            if end == "json" {
                refusal(place.load().await, &["load", ".json", kind]);
            }
            if end == "lock" {
                let lock = place.store.lock(&key(), LONG_LEASE).await;
                refusal(lock, &["lock", ".lock", kind]);
            } else {
                refusal(place.save(None, 1).await, &["save", end, kind]);
            }
            assert_eq!(place.ends(), [end]);
            assert!(is_fifo || path.join("inner").exists());
        }
    }
}

#[tokio::test]
async fn keys_do_not_see_each_other() {
    let place = Place::with_tokens().await;
    let other = StoreKey::new("EXAMPLE_V4", "app-1/bo", "login.example.com", "");
    assert!(place.store.load(&other).await.expect("loaded").is_none());
    // A record that was moved to another key's name belongs to nobody there.
    fs::create_dir(place.directory().join(other.id())).expect("a directory");
    chmod(&place.directory().join(other.id()), 0o700);
    let moved = place.directory().join(other.id()).join(first("json"));
    fs::copy(place.record(), &moved).expect("a copy");
    refusal(place.store.load(&other).await, &["another key"]);
    assert_eq!(place.number().await, Some(1));
}
