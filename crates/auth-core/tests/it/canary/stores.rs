//! Stores that work, fail and hold rubbish, with the tokens of a session in them.

use std::time::Duration;

use async_trait::async_trait;
use auth_core::{
    Error, Generation, Grant, Principal, Saved, Settings, StoreKey, StoreLock, StoredTokens,
    TokenSet, TokenStore,
};
use canary::Shown;
use serde_json::json;
use tokio::runtime::{Builder, Runtime};

use super::{ACCESS, CLIENT, REFRESH, Watch, issue, live};
use crate::clocks::HastyClock;
use crate::dialects::FORM;
use crate::stage::{Vendor, application, client};

/// A runtime all of whose threads are heard, those that may block as well.
fn runtime(shown: &Shown) -> Runtime {
    let shown = shown.clone();
    Builder::new_current_thread()
        .enable_all()
        .on_thread_start(move || shown.listen_for_good())
        .build()
        .expect("a runtime")
}

fn machine() -> Principal {
    let mut principal = application(Grant::ClientCredentials);
    principal.client_secret = Some(CLIENT.into());
    principal
}

/// Signs in and renews with the store, twice, as two processes would.
async fn use_it(watch: &Watch, store: impl TokenStore + Clone + 'static) {
    let vendor = Vendor::new(|_, _| issue()).await;
    for _ in 0..2 {
        let settings = Settings::new()
            .clock(HastyClock::default())
            .store(store.clone())
            .account("ann");
        let client = client(FORM, &vendor.url(), machine(), &settings);
        live(watch, &client).await;
        watch.outcome(&client.session().settle().await);
    }
}

/// What a store tells of tokens that it is given and gives back.
async fn ask(watch: &Watch, store: &dyn TokenStore) -> Result<(), Error> {
    let key = StoreKey::new("CANARY", "app", "api.example", "");
    let text = json!({ "version": 1, "access_token": ACCESS, "refresh_token": REFRESH });
    let tokens = TokenSet::import(&text.to_string())?;
    let new = StoredTokens::new(Generation::new(1), tokens);
    watch.debug(&new);
    watch.debug(&new.export());
    let lock = store.lock(&key, Duration::from_secs(9)).await;
    watch.outcome(&lock);
    watch.outcome(&store.save(&key, None, &new).await);
    watch.outcome(&store.load(&key).await);
    for (from, to) in [
        (ACCESS, "canary access"),
        ("\"version\"", "\"edition\""),
        ("}", ""),
    ] {
        let bad = new.export().expose().replace(from, to);
        watch.outcome(&StoredTokens::import(&bad));
    }
    Ok(())
}

#[test]
fn no_secret_is_shown_by_a_memory_store() {
    let watch = Watch::new();
    let guard = watch.shown.listen();
    runtime(&watch.shown).block_on(async {
        let store = auth_core::MemoryStore::new();
        ask(&watch, &store).await.expect("a good export");
        use_it(&watch, store.clone()).await;
        watch.debug(&store);
    });
    drop(guard);
    assert_eq!(watch.leak(), None);
}

/// A store that takes nothing, and tells what it did not take.
#[derive(Clone, Debug)]
struct Tattler(auth_core::MemoryStore);

#[async_trait]
impl TokenStore for Tattler {
    async fn lock(&self, key: &StoreKey, lease: Duration) -> Result<StoreLock, Error> {
        self.0.lock(key, lease).await
    }

    async fn load(&self, key: &StoreKey) -> Result<Option<StoredTokens>, Error> {
        self.0.load(key).await
    }

    async fn save(
        &self,
        _: &StoreKey,
        _: Option<Generation>,
        new: &StoredTokens,
    ) -> Result<Saved, Error> {
        let record = new.export();
        Err(Error::store(
            "save",
            format!("no room for {}", record.expose()),
        ))
    }
}

#[test]
fn no_secret_is_shown_where_a_store_tells_what_it_was_given() {
    let watch = Watch::new();
    let guard = watch.shown.listen();
    runtime(&watch.shown).block_on(use_it(&watch, Tattler(auth_core::MemoryStore::new())));
    drop(guard);
    let text = watch.shown.text();
    for event in ["could not be saved", "no room for"] {
        assert!(text.contains(event), "`{event}` is not told");
    }
    assert_eq!(watch.leak(), None);
}

#[cfg(all(feature = "file-store", unix))]
#[test]
fn no_secret_is_shown_by_a_file_store_whatever_stands_in_its_files() {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    let watch = Watch::new();
    let guard = watch.shown.listen();
    let home = tempfile::tempdir().expect("a directory");
    let place = home.path().join("tokens");
    runtime(&watch.shown).block_on(async {
        let store = auth_core::FileStore::open(&place).expect("a store");
        ask(&watch, &store).await.expect("a good export");
        use_it(&watch, store.clone()).await;
        watch.debug(&store);
        // Every record, cut, changed, of another version, and open to others.
        let changes: [fn(String) -> String; 5] = [
            |text| text[..text.len() / 2].to_owned(),
            |text| text.replace("token-file", ACCESS),
            |text| text.replace("\"version\":1", "\"version\":2"),
            |text| text.replace("\\\"version\\\":1", "\\\"version\\\":2"),
            |text| format!("{text}{REFRESH}"),
        ];
        for change in changes {
            ask(&watch, &store).await.expect("a good export");
            for entry in fs::read_dir(&place).expect("a store") {
                for file in fs::read_dir(entry.expect("a key").path()).expect("a key") {
                    let file = file.expect("a file").path();
                    if file
                        .extension()
                        .is_some_and(|extension| extension == "json")
                    {
                        let text = fs::read_to_string(&file).expect("a record");
                        fs::write(&file, change(text)).expect("ours");
                    }
                }
            }
            ask(&watch, &store).await.expect("a good export");
            use_it(&watch, store.clone()).await;
        }
        let open = fs::Permissions::from_mode(0o777);
        fs::set_permissions(&place, open).expect("ours");
        watch.outcome(&auth_core::FileStore::open(&place));
        fs::remove_dir_all(&place).expect("ours");
        use_it(&watch, store).await;
    });
    drop(guard);
    let text = watch.shown.text();
    assert!(
        text.contains("stored tokens can't be read and were set aside"),
        "threads that may block are heard"
    );
    assert_eq!(watch.leak(), None);
}

#[cfg(feature = "redis")]
#[test]
fn no_secret_is_shown_by_a_redis_store_nor_its_servers_password() {
    use crate::store::redis::server::Server;

    const SERVER: &str = "canary-redis+password";
    let options = |_: &tempfile::TempDir, port: u16| {
        let options = ["--port", &port.to_string(), "--requirepass", SERVER];
        options.map(str::to_owned).to_vec()
    };
    let Some(mut server) = Server::start_with(options) else {
        return;
    };
    let mut watch = Watch::new();
    watch.secrets.plant(SERVER);
    let guard = watch.shown.listen();
    runtime(&watch.shown).block_on(async {
        let url = format!(
            "redis://:{}@127.0.0.1:{}",
            SERVER.replace('+', "%2B"),
            server.port()
        );
        let wrong = url.replace("canary", "another");
        for url in [&url, &wrong, &url.replace("redis:", "rediss:")] {
            let builder = auth_core::RedisStore::builder(url);
            watch.debug(&builder);
            let store = auth_core::RedisStore::new(url).expect("a good URL");
            watch.debug(&store);
            ask(&watch, &store).await.expect("a good export");
            use_it(&watch, store).await;
        }
        let store = auth_core::RedisStore::new(&url).expect("a good URL");
        server.end();
        ask(&watch, &store).await.expect("a good export");
        use_it(&watch, store).await;
        let bad = url.replace("redis:", "redos:");
        watch.outcome(&auth_core::RedisStore::new(bad));
    });
    drop(guard);
    assert_eq!(watch.leak(), None);
}
