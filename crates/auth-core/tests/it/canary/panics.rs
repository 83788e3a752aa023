//! Foreign code that panics while secrets are alive, with all that it was given in its message.

use std::backtrace::Backtrace;
use std::error::Error as StdError;
use std::panic;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use auth_core::{
    Error, Generation, Grant, MemoryStore, Principal, Saved, Secret, SecretProvider, SecretSource,
    Settings, StoreKey, StoreLock, StoredTokens, TokenStore,
};

use super::{CLIENT, Watch, issue, live, vault};
use crate::clocks::HastyClock;
use crate::dialects::{FORM, GUESS};
use crate::stage::{Vendor, application, client};

/// A vault that falls over its own secret.
struct Broken(Secret);

#[async_trait]
impl SecretProvider for Broken {
    async fn secret(&self) -> Result<Secret, Box<dyn StdError + Send + Sync>> {
        panic!("the vault has {:?}", self.0);
    }
}

/// A store that panics in one of its methods, and tells what it was given.
#[derive(Clone, Debug)]
struct Falling(&'static str, MemoryStore);

impl Falling {
    fn at(&self, method: &str, given: &dyn std::fmt::Debug) {
        assert!(
            self.0 != method,
            "`{method}` was given {given:?} {given:#?}"
        );
    }
}

#[async_trait]
impl TokenStore for Falling {
    async fn lock(&self, key: &StoreKey, lease: Duration) -> Result<StoreLock, Error> {
        self.at("lock", key);
        self.1.lock(key, lease).await
    }

    async fn load(&self, key: &StoreKey) -> Result<Option<StoredTokens>, Error> {
        let found = self.1.load(key).await?;
        self.at("load", &(key, &found));
        Ok(found)
    }

    async fn save(
        &self,
        key: &StoreKey,
        expected: Option<Generation>,
        new: &StoredTokens,
    ) -> Result<Saved, Error> {
        self.at("save", &(key, expected, new));
        self.1.save(key, expected, new).await
    }
}

fn machine(secret: SecretSource) -> Principal {
    let mut principal = application(Grant::ClientCredentials);
    principal.client_secret = Some(secret);
    principal
}

#[tokio::test]
async fn no_secret_is_shown_by_a_panic() {
    let watch = Watch::new();
    // The tests beside this one keep their own hook; whatever panics in this process is looked at.
    let before = panic::take_hook();
    let shown = watch.shown.clone();
    panic::set_hook(Box::new(move |info| {
        shown.note(&format!("{info} {}", Backtrace::force_capture()));
        before(info);
    }));
    let guard = watch.shown.listen();
    let vendor = Vendor::new(|_, _| issue()).await;
    let settings = || Settings::new().clock(HastyClock::default()).account("ann");

    let broken = SecretSource::provider(Arc::new(Broken(Secret::new(CLIENT))));
    live(
        &watch,
        &client(FORM, &vendor.url(), machine(broken), &settings()),
    )
    .await;

    let told = settings().on_renewed(|tokens| panic!("new: {tokens:?} {tokens:#?}"));
    live(
        &watch,
        &client(GUESS, &vendor.url(), machine(CLIENT.into()), &told),
    )
    .await;

    for method in ["lock", "load", "save"] {
        for secret in [CLIENT.into(), vault(CLIENT)] {
            let settings = settings().store(Falling(method, MemoryStore::new()));
            live(
                &watch,
                &client(FORM, &vendor.url(), machine(secret), &settings),
            )
            .await;
        }
    }
    drop(guard);
    let text = watch.shown.text();
    for word in [
        "the vault has",
        "new: ",
        "`lock`",
        "`load`",
        "`save`",
        "REDACTED",
    ] {
        assert!(
            text.contains(word),
            "`{word}` is not told: no panic was seen"
        );
    }
    assert_eq!(watch.leak(), None);
}
