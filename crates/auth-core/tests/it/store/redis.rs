//! Shows what the Redis store keeps, and what it does to the server: real ones, started for each test.

mod access;
mod locks;
mod outages;
mod proxy;
pub(crate) mod server;
mod unreadable;

use std::time::Duration;

use ::redis::cmd;
use auth_core::{
    ErrorKind, Generation, RedisStore, RefreshMark, Saved, StoreKey, StoredTokens, TokenSet,
    TokenStore as _,
};

use server::{Server, name};

const LEASE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

fn key() -> StoreKey {
    StoreKey::new("EXAMPLE", "app-1", "login.example.com", "")
}

fn tokens(generation: u64, access_token: &str) -> StoredTokens {
    let exported = format!(r#"{{"version":1,"access_token":"{access_token}"}}"#);
    let set = TokenSet::import(&exported).expect("an export");
    StoredTokens::new(Generation::new(generation), set)
}

fn after(generation: u64) -> Option<Generation> {
    Some(Generation::new(generation))
}

/// The number and the access token that the server has now.
async fn present(store: &RedisStore) -> Option<(u64, String)> {
    let stored = store.load(&key()).await.expect("it can be read")?;
    let token = stored.tokens.access_token().expose().to_owned();
    Some((stored.generation.number(), token))
}

#[tokio::test]
async fn tokens_come_back_as_they_were_saved() {
    let Some(server) = Server::start() else {
        return;
    };
    let (store, other) = (server.store(), server.store());
    assert_eq!(present(&store).await, None);
    let mut first = tokens(1, "t-1");
    first.mark = RefreshMark::UnderWay;
    let saved = store.save(&key(), None, &first).await;
    assert_eq!(saved.expect("the server runs"), Saved::Written);
    let stored = other
        .load(&key())
        .await
        .expect("the server runs")
        .expect("tokens");
    assert_eq!(stored.export(), first.export());
    assert_eq!(stored.mark, RefreshMark::UnderWay);
    let elsewhere = StoreKey::new("EXAMPLE", "app-2", "login.example.com", "");
    assert!(
        other
            .load(&elsewhere)
            .await
            .expect("the server runs")
            .is_none()
    );
}

#[tokio::test]
async fn save_that_expects_another_number_changes_nothing() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = server.store();
    let save = async |expected, new: StoredTokens| {
        let saved = store.save(&key(), expected, &new).await;
        saved.expect("the server runs")
    };
    assert_eq!(save(after(1), tokens(2, "a")).await, Saved::Superseded);
    assert_eq!(present(&store).await, None);
    assert_eq!(save(None, tokens(1, "a")).await, Saved::Written);
    assert_eq!(save(None, tokens(2, "b")).await, Saved::Superseded);
    assert_eq!(save(after(2), tokens(3, "b")).await, Saved::Superseded);
    // The same number, and yet another's tokens.
    assert_eq!(save(None, tokens(1, "b")).await, Saved::Superseded);
    assert_eq!(present(&store).await, Some((1, "a".to_owned())));
    // A double of Lua can't tell these two numbers.
    let high = (1 << 60) + 1;
    assert_eq!(save(after(1), tokens(high, "c")).await, Saved::Written);
    assert_eq!(
        save(after(high - 1), tokens(u64::MAX, "d")).await,
        Saved::Superseded
    );
    assert_eq!(
        save(after(high), tokens(u64::MAX, "d")).await,
        Saved::Written
    );
    assert_eq!(present(&store).await, Some((u64::MAX, "d".to_owned())));
}

#[tokio::test]
async fn same_mark_of_a_second_holder_is_superseded() {
    let Some(server) = Server::start() else {
        return;
    };
    let stores = [server.store(), server.store()];
    let saved = stores[0].save(&key(), None, &tokens(1, "a")).await;
    assert_eq!(saved.expect("the server runs"), Saved::Written);
    // Both have read the first tokens, and mark them as being renewed: letter for letter the same.
    let mut marked = tokens(2, "a");
    marked.mark = RefreshMark::UnderWay;
    for (store, fate) in stores.iter().zip([Saved::Written, Saved::Superseded]) {
        let saved = store.save(&key(), after(1), &marked).await;
        assert_eq!(saved.expect("the server runs"), fate);
    }
}

#[tokio::test]
async fn no_update_is_lost_among_many() {
    const TASKS: u64 = 8;
    const ROUNDS: u64 = 25;
    let Some(server) = Server::start() else {
        return;
    };
    let stores = [server.store(), server.store()];
    let tasks = (0..TASKS).map(|task| {
        let store = stores[usize::try_from(task % 2).expect("small")].clone();
        tokio::spawn(async move {
            let mut written = 0;
            while written < ROUNDS {
                let present = store.load(&key()).await.expect("the server runs");
                let expected = present.map(|stored| stored.generation);
                let next = expected.map_or(1, |present| present.number() + 1);
                let new = tokens(next, &format!("task-{task}-{written}"));
                let saved = store.save(&key(), expected, &new).await;
                written += u64::from(saved.expect("the server runs") == Saved::Written);
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.expect("no task fails");
    }
    let stored = present(&stores[0]).await.expect("tokens");
    assert_eq!(
        stored.0,
        TASKS * ROUNDS,
        "each save raised the number by one"
    );
}

#[tokio::test]
async fn keys_are_named_and_live_as_long_as_was_said() {
    let Some(server) = Server::start() else {
        return;
    };
    let time_left = |key: &str| {
        let left: u64 = server.ask(cmd("PTTL").arg(key));
        Duration::from_millis(left)
    };
    let store = server.store();
    let lock = store.lock(&key(), LEASE).await.expect("nobody holds it");
    let left = time_left(&name(&key(), "lock"));
    assert!(left <= LEASE && left > LEASE / 2, "{left:?}");
    let saved = store.save(&key(), None, &tokens(1, "a")).await;
    assert_eq!(saved.expect("the server runs"), Saved::Written);
    let left = time_left(&name(&key(), "tokens"));
    assert!(left <= 90 * DAY && left > 89 * DAY, "{left:?}");
    drop(lock);

    let builder = RedisStore::builder(server.url()).namespace("other:app");
    let other = builder.tokens_live(DAY).build().expect("good settings");
    assert_eq!(
        present(&other).await,
        None,
        "another namespace is another place"
    );
    for generation in 1..=2 {
        let place = format!("other:app:{{{}}}:tokens", key().id());
        let expected = (generation > 1).then(|| Generation::new(generation - 1));
        let saved = other.save(&key(), expected, &tokens(generation, "b")).await;
        assert_eq!(saved.expect("the server runs"), Saved::Written);
        let left = time_left(&place);
        assert!(left <= DAY && left > DAY / 2, "{left:?}");
        // The next save begins the time anew.
        let _: bool = server.ask(cmd("PEXPIRE").arg(&place).arg(5000));
    }
    let forever = RedisStore::builder(server.url()).tokens_live(Duration::MAX);
    let forever = forever.build().expect("good settings");
    let saved = forever.save(&key(), after(1), &tokens(2, "c")).await;
    assert_eq!(saved.expect("the server runs"), Saved::Written);
    let lock = forever
        .lock(&StoreKey::new("A", "", "", ""), Duration::MAX)
        .await;
    drop(lock.expect("the longest lease is cut"));
    let lock = forever
        .lock(&StoreKey::new("B", "", "", ""), Duration::ZERO)
        .await;
    drop(lock.expect("the shortest lease is a millisecond"));
}

#[tokio::test]
async fn tokens_that_could_not_be_read_again_are_not_written() {
    let Some(server) = Server::start() else {
        return;
    };
    let store = server.store();
    let fits = tokens(1, &"x".repeat(1_000_000));
    let saved = store.save(&key(), None, &fits).await;
    assert_eq!(saved.expect("the server runs"), Saved::Written);
    assert!(present(&store).await.is_some());
    let large = tokens(2, &"x".repeat(1024 * 1024));
    let error = store
        .save(&key(), after(1), &large)
        .await
        .expect_err("too large");
    assert_eq!(error.kind(), ErrorKind::Store);
    assert_eq!(present(&store).await.map(|(number, _)| number), Some(1));
}

#[cfg(feature = "conformance")]
#[tokio::test]
async fn store_conforms() {
    let Some(server) = Server::start() else {
        return;
    };
    let findings = auth_core::check_token_store(|| server.store()).await;
    assert!(findings.is_empty(), "{findings:#?}");
}
