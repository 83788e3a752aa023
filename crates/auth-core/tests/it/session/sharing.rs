//! Several sessions at one store, and stores that fail.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use auth_core::{
    ApiClient, Error, ErrorKind, Generation, Grant, MemoryStore, Principal, Saved, Settings,
    StoreKey, StoreLock, StoredTokens, TokenSet, TokenStore,
};
use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tokio::sync::Semaphore;

use crate::clocks::eventually;
use crate::dialects::{FORM, GUESS};
use crate::stage::{
    Vendor, client, granted, header, machine, person, profile, renew, resumed, seconds,
};

use super::moody::Moody;

#[tokio::test]
async fn two_clients_at_one_store_cost_one_request() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let settings = Settings::new().store(MemoryStore::new());
    let clients: Vec<_> = (0..2)
        .map(|_| client(FORM, &vendor.url(), machine(), &settings))
        .collect();
    for served in join_all(clients.iter().map(header)).await {
        assert_eq!(served.expect("a token"), "Bearer access-0");
    }
    assert_eq!(vendor.tokens(), 1);
    // A refused token is renewed by whoever meets the 401 first, and the other takes it over.
    let old: Vec<_> = join_all(
        clients
            .iter()
            .map(|client| client.session().authorization()),
    )
    .await
    .into_iter()
    .map(|authorization| authorization.expect("a token").generation())
    .collect();
    for (client, seen) in clients.iter().zip(old) {
        let renewed = client.session().renew(seen).await.expect("a newer token");
        assert_eq!(crate::stage::shown(renewed.value()), "Bearer access-1");
    }
    assert_eq!(vendor.tokens(), 2);
}

#[tokio::test]
async fn accounts_dialects_and_tenants_do_not_share_tokens() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let store = MemoryStore::new();
    let settings = Settings::new().store(store.clone());
    let mut other_client = machine();
    other_client.client_id = Some("app-2".to_owned());
    let mut other_tenant = machine();
    other_tenant.parameters.push((
        "site_id",
        auth_core::ParameterValue::Text("10001".to_owned()),
    ));
    let clients = [
        client(FORM, &vendor.url(), machine(), &settings),
        client(GUESS, &vendor.url(), machine(), &settings),
        client(FORM, &vendor.url(), other_client, &settings),
        client(FORM, &vendor.url(), other_tenant, &settings),
        client(
            FORM,
            &vendor.url(),
            machine(),
            &settings.clone().account("b"),
        ),
    ];
    for client in &clients {
        header(client).await.expect("a token");
    }
    assert_eq!(vendor.tokens(), clients.len());
}

#[tokio::test]
async fn names_that_only_look_alike_do_not_share_tokens() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let settings = Settings::new().store(MemoryStore::new());
    let named = |client_id: &str, account: &str| {
        let mut principal = machine();
        principal.client_id = Some(client_id.to_owned());
        let settings = settings.clone().account(account);
        client(FORM, &vendor.url(), principal, &settings)
    };
    let in_tenant = |parameters: &[(&'static str, &str)]| {
        let mut principal = machine();
        for (name, id) in parameters {
            let id = auth_core::ParameterValue::Text((*id).to_owned());
            principal.parameters.push((name, id));
        }
        client(FORM, &vendor.url(), principal, &settings)
    };
    let clients = [
        named("x", "y/z"),
        named("x/y", "z"),
        named("x%2Fy", "z"),
        in_tenant(&[("site_id", "7")]),
        in_tenant(&[("partner_id", "7")]),
        in_tenant(&[("site_id", "7"), ("partner_id", "7")]),
        in_tenant(&[("site_id", "7/partner_id=7")]),
    ];
    for client in &clients {
        header(client).await.expect("a token");
    }
    assert_eq!(vendor.tokens(), clients.len());
}

#[tokio::test]
async fn a_store_without_an_account_is_refused_for_a_persons_grant() {
    let url = "http://127.0.0.1:9";
    let build = |principal: Principal, settings: Settings| {
        ApiClient::new(profile(FORM, url, principal), &settings)
    };
    let shared = || Settings::new().store(MemoryStore::new());
    for principal in [resumed(), person(FORM, url, "code-1")] {
        let error = build(principal.clone(), shared()).expect_err("whose tokens are these?");
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("`account`"), "{error}");
        assert!(build(principal.clone(), shared().account("ann")).is_ok());
        assert!(build(principal, Settings::new()).is_ok());
    }
    assert!(build(machine(), shared()).is_ok());
    let key = Principal::new(Grant::StaticToken("token-1".into()));
    assert!(build(key, shared()).is_ok());
}

#[tokio::test]
async fn a_store_that_never_answers_does_not_hang_the_session() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let store = Moody::new();
    store.gate.forget_permits(usize::MAX);
    let settings = Settings::new()
        .store(store)
        .token_timeout(Duration::from_millis(100));
    let client = client(FORM, &vendor.url(), machine(), &settings);
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-0");
    assert_eq!(vendor.tokens(), 1);
}

#[tokio::test]
async fn tokens_that_cannot_be_saved_are_used_all_the_same() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let store = Moody::new();
    store.fails_to_save.store(true, Ordering::SeqCst);
    let settings = Settings::new().store(store.clone());
    let client = client(FORM, &vendor.url(), machine(), &settings);
    for n in 0..3 {
        assert_eq!(
            header(&client).await.expect("a token"),
            format!("Bearer access-{n}")
        );
        renew(&client).await.expect("a newer token");
    }
    assert_eq!(vendor.tokens(), 4);
    let exchanges = vendor.exchanges().await;
    assert_eq!(exchanges[3].1, "refresh-2", "no refresh token was lost");
    // Once the store works again, others find the latest tokens there.
    store.fails_to_save.store(false, Ordering::SeqCst);
    renew(&client).await.expect("a newer token");
    let other = crate::stage::client(FORM, &vendor.url(), machine(), &settings);
    assert_eq!(header(&other).await.expect("a token"), "Bearer access-4");
    assert_eq!(vendor.tokens(), 5);
    // The first tokens, then a mark and new tokens for each renewal.
    assert_eq!(store.saves.load(Ordering::SeqCst), 9);
}

#[tokio::test]
async fn a_store_that_panics_at_a_save_costs_no_token_and_no_second_request() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let clock = auth_core::ManualClock::new();
    let store = Moody::new();
    let settings = Settings::new().store(store.clone()).clock(clock.clone());
    let client = client(FORM, &vendor.url(), machine(), &settings);
    header(&client).await.expect("a token");
    store.panics_at_save.store(true, Ordering::SeqCst);
    clock.advance(seconds(3400));
    eventually("the new token is in use", || {
        let ready = client.session().ready().expect("a valid token");
        crate::stage::shown(ready.value()) == "Bearer access-1"
    })
    .await;
    for _ in 0..100 {
        assert_eq!(header(&client).await.expect("a token"), "Bearer access-1");
    }
    assert_eq!(vendor.tokens(), 2);
    assert_eq!(renew(&client).await.expect("a token"), "Bearer access-2");
    let exchanges = vendor.exchanges().await;
    assert_eq!(exchanges[2].1, "refresh-1", "no refresh token was lost");
}

/// A store whose numbers have come to their end.
#[derive(Debug)]
struct LastNumber(TokenSet);

#[async_trait]
impl TokenStore for LastNumber {
    async fn lock(&self, _: &StoreKey, _: Duration) -> Result<StoreLock, Error> {
        Ok(StoreLock::new(()))
    }

    async fn load(&self, _: &StoreKey) -> Result<Option<StoredTokens>, Error> {
        let last = Generation::new(u64::MAX);
        Ok(Some(StoredTokens::new(last, self.0.clone())))
    }

    async fn save(
        &self,
        _: &StoreKey,
        expected: Option<Generation>,
        _: &StoredTokens,
    ) -> Result<Saved, Error> {
        assert_eq!(expected, Some(Generation::new(u64::MAX)));
        Ok(Saved::Written)
    }
}

#[tokio::test]
async fn the_greatest_number_that_a_store_can_give_is_no_overflow() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let clock = auth_core::ManualClock::new();
    let stored = crate::stage::tokens(&clock, Some("refresh-old"), 3600);
    let settings = Settings::new().clock(clock).store(LastNumber(stored));
    let client = client(FORM, &vendor.url(), machine(), &settings);
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-old");
    for n in 0..3 {
        let renewed = renew(&client).await.expect("a newer token");
        assert_eq!(renewed, format!("Bearer access-{n}"));
    }
}

#[tokio::test]
async fn after_a_save_that_failed_another_holders_tokens_are_still_taken_over() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let store = Moody::new();
    let settings = Settings::new().store(store.clone());
    let [first, second] = [(); 2].map(|()| client(FORM, &vendor.url(), machine(), &settings));
    store.fails_to_save.store(true, Ordering::SeqCst);
    header(&first).await.expect("a token");
    store.fails_to_save.store(false, Ordering::SeqCst);
    renew(&first).await.expect("a newer token");
    assert_eq!(header(&second).await.expect("a token"), "Bearer access-1");
    assert_eq!(renew(&second).await.expect("a token"), "Bearer access-2");
    // The refresh token of the first is spent by now, so it must not be sent again.
    assert_eq!(renew(&first).await.expect("a token"), "Bearer access-2");
    assert_eq!(vendor.tokens(), 3);
}

#[tokio::test]
async fn a_store_that_cannot_be_read_is_a_store_error_and_costs_no_request() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let store = Moody::new();
    store.fails_to_load.store(true, Ordering::SeqCst);
    let clock = auth_core::ManualClock::new();
    let settings = Settings::new().store(store.clone()).clock(clock.clone());
    let client = client(FORM, &vendor.url(), machine(), &settings);
    let error = header(&client).await.expect_err("an unreadable store");
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.is_retryable());
    assert_eq!(vendor.tokens(), 0);
    store.fails_to_load.store(false, Ordering::SeqCst);
    clock.advance(seconds(5));
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-0");
}

#[tokio::test]
async fn a_token_is_saved_before_it_is_handed_out() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let mut store = Moody::new();
    store.gate = Arc::new(Semaphore::new(0));
    let settings = Settings::new().store(store.clone());
    let client = client(FORM, &vendor.url(), machine(), &settings);
    assert!(header(&client).now_or_never().is_none());
    eventually("the save has begun", || {
        store.saves.load(Ordering::SeqCst) == 1
    })
    .await;
    assert!(client.session().ready().is_none());
    assert!(header(&client).now_or_never().is_none());
    store.gate.add_permits(1);
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-0");
}
