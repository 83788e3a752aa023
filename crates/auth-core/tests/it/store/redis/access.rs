//! Shows who gets in, over what, and that no error tells the password.

use std::fs;
use std::time::Duration;

use ::redis::{Value, cmd};
use auth_core::{Clock as _, ErrorKind, RedisStore, Saved, TokenStore as _};
use rcgen::{CertifiedKey, generate_simple_self_signed};

use super::server::{Server, name};
use super::{LEASE, after, key, present, tokens};
use crate::clocks::real;
use crate::leak;

const PASSWORD: &str = "canary-password";
const WRONG: &str = "did not accept the user name or the password";

/// What a load through this URL is told, which must not be the password.
async fn refusal(url: &str) -> String {
    let store = RedisStore::new(url).expect("a good URL");
    let error = store.load(&key()).await.expect_err("nobody is let in");
    assert_eq!(error.kind(), ErrorKind::Store);
    leak::check(url, &error, &[PASSWORD], &[]);
    let shown = format!("{store:?} {store:#?} {:?}", RedisStore::builder(url));
    assert_eq!(leak::find(&shown, &[PASSWORD]), None, "{shown}");
    leak::told(&error)
}

#[tokio::test]
async fn password_is_asked_for_and_never_told() {
    let Some(server) = Server::start() else {
        return;
    };
    let at = format!("127.0.0.1:{}", server.port());
    let _: Value = server.ask(cmd("ACL").arg(&["SETUSER", "jo", "on", ">right", "~*", "+@all"]));
    let _: Value = server.ask(cmd("ACL").arg(&["SETUSER", "default", "off"]));
    for (url, word) in [
        (format!("redis://jo:{PASSWORD}@{at}"), WRONG),
        (format!("redis://{PASSWORD}:x@{at}"), WRONG),
        (format!("redis://:{PASSWORD}@{at}"), WRONG),
        (format!("redis://jo:{PASSWORD}@{at}?protocol=resp3"), WRONG),
        (format!("redis://{at}"), "NOAUTH"),
        (format!("redis://jo:right@{at}/99"), "ERR"),
    ] {
        let told = refusal(&url).await;
        assert!(told.contains(word) && told.contains(&at), "{told}");
    }
    for protocol in ["resp2", "resp3"] {
        let url = format!("redis://jo:right@{at}/1?protocol={protocol}");
        let store = RedisStore::new(url).expect("a good URL");
        let _ = present(&store).await;
    }
}

#[tokio::test]
async fn server_that_repeats_what_it_was_told_is_not_repeated() {
    let start = |_: &tempfile::TempDir, port: u16| {
        let options = ["--port", &port.to_string(), "--rename-command", "AUTH", ""];
        options.map(str::to_owned).to_vec()
    };
    let Some(server) = Server::start_with(start) else {
        return;
    };
    refusal(&format!("redis://:{PASSWORD}@127.0.0.1:{}", server.port())).await;
    let start = |_: &tempfile::TempDir, port: u16| {
        let options = ["--port", &port.to_string(), "--rename-command", "EVAL", ""];
        options.map(str::to_owned).to_vec()
    };
    let Some(server) = Server::start_with(start) else {
        return;
    };
    let error = server
        .store()
        .save(&key(), None, &tokens(1, "canary-token"))
        .await;
    leak::check(
        "a save",
        &error.expect_err("no scripts"),
        &["canary-token"],
        &[],
    );
}

/// Does everything that a store does, and says whether it was allowed; last, whether the lock was freed.
async fn everything_works(server: &Server, store: &RedisStore) -> bool {
    let (record, lock) = (name(&key(), "tokens"), name(&key(), "lock"));
    let _: Value = server.ask(cmd("FLUSHALL").arg("SYNC"));
    let fields = ["generation", "1", "tokens", "canary"];
    let _: Value = server.ask(cmd("HSET").arg(&record).arg(&fields));
    let Ok(held) = store.lock(&key(), LEASE).await else {
        return false;
    };
    let set_aside = store.load(&key()).await.map(drop);
    let told = leak::told(&set_aside.expect_err("it is no record"));
    if !told.contains("renamed to") {
        return false;
    }
    // What the time to live needs comes after the tokens, so that a save can be refused half-way.
    for (expected, generation) in [(None, 1), (after(1), 2)] {
        let saved = store.save(&key(), expected, &tokens(generation, "a")).await;
        if !matches!(saved, Ok(Saved::Written)) {
            return false;
        }
    }
    if !matches!(present(store).await, Some((2, _))) {
        return false;
    }
    drop(held);
    for _ in 0..1000 {
        real().sleep(Duration::from_millis(1)).await;
        if !server.has(&lock) {
            return true;
        }
    }
    false
}

#[tokio::test]
async fn documented_rights_are_enough_and_each_is_needed() {
    let Some(server) = Server::start() else {
        return;
    };
    let source = include_str!("../../../../src/store/redis.rs");
    let (_, documented) = source
        .split_once("-@all")
        .expect("the rights are documented");
    let (documented, _) = documented.split_once('`').expect("an end of them");
    let rights: Vec<_> = documented
        .split_whitespace()
        .filter(|word| word.starts_with('+'))
        .collect();
    let allow = |rights: &[&str]| {
        let rules = [
            "SETUSER",
            "jo",
            "reset",
            "on",
            ">right",
            "~auth-core:*",
            "-@all",
        ];
        let _: Value = server.ask(cmd("ACL").arg(&rules).arg(rights));
    };
    let store = || {
        let url = format!("redis://jo:right@127.0.0.1:{}", server.port());
        RedisStore::new(url).expect("a good URL")
    };
    allow(&rights);
    assert!(everything_works(&server, &store()).await, "{rights:?}");
    for missing in &rights {
        let rest: Vec<_> = rights
            .iter()
            .copied()
            .filter(|right| right != missing)
            .collect();
        allow(&rest);
        assert!(
            !everything_works(&server, &store()).await,
            "{missing} is not needed"
        );
    }
}

#[cfg(unix)]
#[tokio::test]
async fn socket_of_this_machine_is_a_way_in() {
    let mut socket = String::new();
    let started = Server::start_with(|directory, port| {
        socket = directory
            .path()
            .join("redis.sock")
            .to_string_lossy()
            .into_owned();
        let options = ["--port", &port.to_string(), "--unixsocket", &socket];
        options.map(str::to_owned).to_vec()
    });
    let Some(server) = started else { return };
    let _: Value = server.ask(cmd("ACL").arg(&["SETUSER", "jo", "on", ">right", "~*", "+@all"]));
    let _: Value = server.ask(cmd("ACL").arg(&["SETUSER", "default", "off"]));
    let store = RedisStore::new(format!("unix://{socket}?user=jo&pass=right"));
    assert_eq!(present(&store.expect("a good URL")).await, None);
    let told = refusal(&format!("unix://{socket}?user=jo&pass={PASSWORD}")).await;
    assert!(told.contains(&socket) && told.contains(WRONG), "{told}");
}

#[tokio::test]
async fn encrypted_connection_is_made_to_a_server_that_is_trusted() {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["localhost".to_owned()]).expect("a certificate");
    let (pem, private) = (cert.pem(), signing_key.serialize_pem());
    let started = Server::start_with(|directory, port| {
        let (cert, key) = (
            directory.path().join("cert.pem"),
            directory.path().join("key.pem"),
        );
        fs::write(&cert, &pem).expect("a file");
        fs::write(&key, &private).expect("a file");
        let options = [
            "--port",
            "0",
            "--tls-port",
            &port.to_string(),
            "--tls-cert-file",
            &cert.to_string_lossy(),
            "--tls-key-file",
            &key.to_string_lossy(),
            "--tls-ca-cert-file",
            &cert.to_string_lossy(),
            "--tls-auth-clients",
            "no",
            "--requirepass",
            PASSWORD,
        ];
        options.map(str::to_owned).to_vec()
    });
    let Some(server) = started else { return };
    let url = |host: &str| format!("rediss://:{PASSWORD}@{host}:{}", server.port());
    let trusting = |host: &str| {
        let builder = RedisStore::builder(url(host)).root_certificate(&pem);
        builder.build().expect("good settings")
    };
    let store = trusting("localhost");
    let lock = store
        .lock(&key(), LEASE)
        .await
        .expect("the server is trusted");
    let saved = store.save(&key(), None, &tokens(1, "a")).await;
    assert_eq!(saved.expect("the server is trusted"), Saved::Written);
    assert_eq!(present(&store).await, Some((1, "a".to_owned())));
    drop(lock);
    // Nobody else vouches for that certificate, and it is for another name.
    let told = refusal(&url("localhost")).await;
    assert!(told.contains("certificate"), "{told}");
    let error = trusting("127.0.0.1")
        .load(&key())
        .await
        .expect_err("another name");
    assert!(leak::told(&error).contains("certificate"), "{error:?}");
    // It is not asked in clear, and the other way round.
    refusal(&url("localhost").replace("rediss://", "redis://")).await;
    let Some(plain) = Server::start() else { return };
    let encrypted = format!("rediss://:{PASSWORD}@localhost:{}", plain.port());
    refusal(&encrypted).await;
}
