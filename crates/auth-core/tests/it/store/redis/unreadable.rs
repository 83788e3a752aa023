//! Shows that what can't be read is told, and not destroyed.

use ::redis::cmd;
use auth_core::{Error, ErrorKind, RedisStore, Saved, TokenStore as _};

use super::server::{Server, name};
use super::{key, present, tokens};
use crate::leak;

const CANARY: &str = "canary-token/1";

async fn refusal(store: &RedisStore) -> String {
    let error: Error = store.load(&key()).await.expect_err("it is no record");
    assert_eq!(error.kind(), ErrorKind::Store);
    leak::check("a load", &error, &[CANARY], &[]);
    let told = leak::told(&error);
    assert!(told.contains(&name(&key(), "tokens")), "{told}");
    told
}

/// A server on which `command` has put something under the key of the tokens.
fn server_with(command: &str, values: &[&[u8]]) -> Option<(Server, RedisStore)> {
    let server = Server::start()?;
    let mut command = cmd(command);
    command.arg(name(&key(), "tokens")).arg(values);
    let _: ::redis::Value = server.ask(&command);
    let store = server.store();
    Some((server, store))
}

fn record(generation: &str, tokens: &[u8]) -> Option<(Server, RedisStore)> {
    let fields = [
        b"generation".as_slice(),
        generation.as_bytes(),
        b"tokens",
        tokens,
    ];
    server_with("HSET", &fields)
}

#[tokio::test]
async fn value_that_is_no_record_is_set_aside_once() {
    let whole = tokens(7, CANARY).export();
    let whole = whole.expose().as_bytes();
    let large = vec![b' '; 1024 * 1024];
    for found in [
        server_with("SET", &[b""]),
        server_with("SET", &[whole]),
        server_with("RPUSH", &[CANARY.as_bytes()]),
        server_with("HSET", &[b"tokens", whole]),
        server_with("HSET", &[b"generation", b"7"]),
        record("7", b""),
        record("7", &whole[..whole.len() - 9]),
        record("7", b"\xff\xfe\0canary"),
        record("8", whole),
        record("7", &large),
    ] {
        let Some((server, store)) = found else { return };
        let aside = name(&key(), "tokens:unreadable");
        let dump = |key: &str| -> Vec<u8> { server.ask(cmd("DUMP").arg(key)) };
        let before = dump(&name(&key(), "tokens"));
        // Nothing is written over it.
        let saved = store.save(&key(), None, &tokens(1, "a")).await;
        assert_eq!(saved.expect("the server runs"), Saved::Superseded);
        let told = refusal(&store).await;
        assert!(told.contains(&format!("renamed to `{aside}`")), "{told}");
        assert_eq!(dump(&aside), before);
        assert_eq!(present(&store).await, None);
        let saved = store.save(&key(), None, &tokens(1, "a")).await;
        assert_eq!(saved.expect("the server runs"), Saved::Written);
        assert_eq!(present(&store).await, Some((1, "a".to_owned())));
    }
}

#[tokio::test]
async fn second_value_that_is_no_record_stays_and_is_told() {
    for command in ["SET", "HSET"] {
        let values: &[&[u8]] = match command {
            "SET" => &[b"canary"],
            _ => &[b"generation", b"7", b"tokens", b"canary"],
        };
        let Some((server, store)) = server_with(command, values) else {
            return;
        };
        let aside = name(&key(), "tokens:unreadable");
        let _: String = server.ask(cmd("SET").arg(&aside).arg("an earlier one"));
        for _ in 0..2 {
            let told = refusal(&store).await;
            assert!(told.contains("left there"), "{told}");
        }
        let earlier: String = server.ask(cmd("GET").arg(&aside));
        assert_eq!(earlier, "an earlier one");
        assert!(server.has(&name(&key(), "tokens")));
    }
}

#[tokio::test]
async fn record_of_another_version_is_left_to_the_release_that_wrote_it() {
    let newer = br#"{"version":2,"generation":7,"canary":true}"#;
    let Some((server, store)) = record("7", newer) else {
        return;
    };
    for _ in 0..2 {
        let told = refusal(&store).await;
        assert!(told.contains("version 2"), "{told}");
    }
    assert!(server.has(&name(&key(), "tokens")));
    assert!(!server.has(&name(&key(), "tokens:unreadable")));
}
