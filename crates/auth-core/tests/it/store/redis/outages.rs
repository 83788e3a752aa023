//! Shows what is told while the server is away, and that the same store works when it is back.

use std::time::Duration;

use auth_core::{Clock as _, Error, ErrorKind, RedisStore, Saved, TokenStore as _};

use super::proxy::Proxy;
use super::server::Server;
use super::{LEASE, after, key, present, tokens};
use crate::clocks::real;
use crate::leak;

/// All that a call may take, and a little for a busy machine.
const LIMIT: Duration = Duration::from_millis(3500);

/// A store whose connections are made only when the server has answered, since they ask it for a database.
fn with_handshake(server: &Server) -> RedisStore {
    RedisStore::new(format!("{}/1", server.url())).expect("a good URL")
}

/// Asks everything of a store whose server is away, each in time.
async fn all_fail(store: &RedisStore) -> Vec<Error> {
    let begin = real().now();
    let lock = store.lock(&key(), LEASE).await.map(drop);
    let after_lock = real().now();
    let load = store.load(&key()).await.map(drop);
    let after_load = real().now();
    let save = store
        .save(&key(), None, &tokens(1, "canary-token"))
        .await
        .map(drop);
    let after_save = real().now();
    for took in [
        after_lock - begin,
        after_load - after_lock,
        after_save - after_load,
    ] {
        assert!(took < LIMIT, "{took:?}");
    }
    let errors: Vec<_> = [("lock", lock), ("load", load), ("save", save)]
        .into_iter()
        .map(|(what, result)| (what, result.expect_err(what)))
        .inspect(|(what, error)| {
            assert_eq!(error.kind(), ErrorKind::Store);
            assert!(error.is_retryable());
            assert_eq!(error.to_string(), format!("token store: {what}"));
            leak::check(what, error, &["canary-token"], &[]);
        })
        .map(|(_, error)| error)
        .collect();
    errors
}

#[tokio::test]
async fn server_that_is_away_is_an_error_in_time_and_is_found_again() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let store = server.store();
    let saved = store.save(&key(), None, &tokens(1, "a")).await;
    assert_eq!(saved.expect("the server runs"), Saved::Written);
    server.end();
    for error in all_fail(&store).await {
        let told = leak::told(&error);
        assert!(
            told.contains(&format!("127.0.0.1:{}", server.port())),
            "{told}"
        );
        assert!(told.contains("can't be reached"), "{told}");
    }
    server.start_again();
    assert_eq!(present(&store).await, None, "it has forgotten everything");
    let late = store.save(&key(), after(1), &tokens(2, "b")).await;
    assert_eq!(late.expect("the server runs"), Saved::Superseded);
    let saved = store.save(&key(), None, &tokens(2, "b")).await;
    assert_eq!(saved.expect("the server runs"), Saved::Written);
}

#[tokio::test]
async fn store_can_be_made_before_its_server() {
    let Some(mut server) = Server::start() else {
        return;
    };
    server.end();
    let store = server.store();
    assert!(store.load(&key()).await.is_err());
    server.start_again();
    assert_eq!(present(&store).await, None);
}

#[tokio::test]
async fn server_that_restarts_between_two_calls_is_not_noticed() {
    let Some(mut server) = Server::start() else {
        return;
    };
    let store = server.store();
    assert_eq!(present(&store).await, None);
    server.end();
    server.start_again();
    assert_eq!(present(&store).await, None);
}

#[tokio::test]
async fn server_that_does_not_answer_is_an_error_in_time() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = with_handshake(&server);
    assert_eq!(present(&store).await, None);
    server.stop();
    // Many at once wait no longer than one.
    let begin = real().now();
    let calls = (0..20).map(|_| {
        let store = store.clone();
        tokio::spawn(async move { store.load(&key()).await })
    });
    for call in calls.collect::<Vec<_>>() {
        assert!(call.await.expect("no task fails").is_err());
    }
    let took = real().now() - begin;
    assert!(took < LIMIT, "{took:?}");
    for error in all_fail(&store).await {
        let told = leak::told(&error);
        assert!(told.contains("did not answer in time"), "{told}");
    }
    server.go_on();
    assert_eq!(present(&store).await, None);
}

#[tokio::test]
async fn connection_that_was_cut_without_a_word_is_made_anew() {
    let Some(server) = Server::start() else {
        return;
    };
    let proxy = Proxy::start(server.port()).await;
    let store = proxy.store();
    assert_eq!(present(&store).await, None);
    assert_eq!(present(&store).await, None);
    assert_eq!(proxy.connections(), 1, "one connection for all calls");
    proxy.make_holes();
    assert_eq!(present(&store).await, None);
    assert_eq!(proxy.connections(), 2);
}

#[tokio::test]
async fn save_whose_answer_was_lost_is_written() {
    let Some(server) = Server::start() else {
        return;
    };
    let proxy = Proxy::start(server.port()).await;
    let store = proxy.store();
    assert_eq!(present(&store).await, None);
    proxy.lose(1);
    let saved = store.save(&key(), None, &tokens(1, "a")).await;
    assert_eq!(saved.expect("it is sent again"), Saved::Written);
    assert_eq!(
        proxy.connections(),
        2,
        "the answer was lost with its connection"
    );
    // Where both answers are lost, the caller has to look.
    proxy.lose(2);
    let new = tokens(2, "b");
    assert!(store.save(&key(), after(1), &new).await.is_err());
    assert_eq!(present(&store).await, Some((2, "b".to_owned())));
}

#[test]
fn store_outlives_the_runtime_that_it_was_first_used_on() {
    let Some(server) = Server::start() else {
        return;
    };
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().build().expect("a runtime")
    };
    let store = server.store();
    let first = runtime();
    assert_eq!(first.block_on(present(&store)), None);
    // The first is there, and nobody drives it.
    let second = runtime();
    assert_eq!(second.block_on(present(&store)), None);
    drop(second);
    assert_eq!(first.block_on(present(&store)), None);
    drop(first);
    assert_eq!(runtime().block_on(present(&store)), None);
}

#[test]
fn runtime_that_stops_while_it_connects_holds_up_nobody() {
    let Some(server) = Server::start() else {
        return;
    };
    let runtime = || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        builder.enable_all().build().expect("a runtime")
    };
    let (store, first) = (with_handshake(&server), runtime());
    server.stop();
    let connecting = store.clone();
    first.spawn(async move { connecting.load(&key()).await });
    first.block_on(real().sleep(Duration::from_millis(50)));
    server.go_on();
    assert_eq!(runtime().block_on(present(&store)), None);
}
