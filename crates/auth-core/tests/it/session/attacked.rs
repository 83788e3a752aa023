//! What a hostile review broke once, on one runtime: stores that lie, forget or stop, and holders that disagree.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use auth_core::{
    ApiClient, Error, ErrorKind, Generation, ManualClock, MemoryStore, RefreshMark, Saved, Secret,
    SecretProvider, SecretSource, Settings, StoreKey, StoreLock, StoredTokens, TokenSet,
    TokenStore,
};
use serde_json::Value;
use wiremock::ResponseTemplate;

use crate::clocks::eventually;
use crate::dialects::FORM;
use crate::stage::{
    CLIENT_SECRET, Vendor, answer, client, client_with, granted, header, machine, member, person,
    refused, renew, resumed, seconds, shown,
};

use super::crash::{OLD, Scene, seen, standing};
use super::moody::{Moody, named};
use super::wall_clock::WallClock;
use super::{asked, rotating, settle};

/// From now on `store` takes marks, but no new tokens.
pub(super) fn takes_marks_only(store: &Moody) {
    let fails = Arc::clone(&store.fails_to_save);
    store.before_saves(move |new| {
        fails.store(new.mark == RefreshMark::Unspent, Ordering::SeqCst);
    });
}

/// From now on `store` takes everything.
pub(super) fn heals(store: &Moody) {
    store.before_saves(|_| {});
    store.fails_to_save.store(false, Ordering::SeqCst);
}

fn ready(client: &ApiClient) -> String {
    let ready = client.session().ready().expect("a valid token");
    shown(ready.value())
}

/// A provider that refuses the refresh token `refused_one`.
async fn refusing(refused_one: &'static str) -> Vendor {
    Vendor::new(move |n, request| {
        match member(&request.body, "refresh_token").as_deref() == Some(refused_one) {
            true => refused(400, "invalid_grant"),
            false => granted(n),
        }
    })
    .await
}

#[tokio::test]
async fn while_a_spent_token_stands_in_the_store_others_wait_for_the_unsaved_one() {
    let scene = rotating::Scene::new(3600, |_| Duration::ZERO).await;
    let [ours, theirs] = [(); 2].map(|()| scene.client(resumed()));
    for client in [&ours, &theirs] {
        assert_eq!(header(client).await.expect("a token"), "Bearer access-old");
    }
    takes_marks_only(&scene.store);
    assert_eq!(renew(&ours).await.expect("a token"), "Bearer access-0");
    assert!(!ours.session().health().is_saved);
    heals(&scene.store);
    let waiting = tokio::spawn({
        let theirs = theirs.clone();
        async move { renew(&theirs).await }
    });
    for _ in 0..10 {
        settle().await;
    }
    assert!(!waiting.is_finished(), "the lock is kept");
    assert_eq!(scene.asked().await, [OLD]);
    // It is saved, and only then the lock is free.
    scene.clock.advance(seconds(1));
    let served = waiting.await.expect("no caller panics");
    assert_eq!(served.expect("ours"), "Bearer access-0");
    assert!(ours.session().health().is_saved);
    scene.goes_on(&theirs, "another holder").await;
    assert_eq!((scene.reuses(), scene.asked().await.len()), (0, 2));
}

#[tokio::test]
async fn a_lock_that_is_kept_for_unsaved_tokens_ends_with_its_lease() {
    let scene = Scene::new(RefreshMark::Unspent);
    let vendor = Vendor::new(|n, _| match n {
        1 => refused(400, "invalid_grant"),
        _ => granted(n),
    })
    .await;
    // Its lease is twice this and a little more.
    let brief = scene.settings.clone();
    let brief = brief.token_timeout(Duration::from_millis(500));
    let brief = brief.store_timeout(Duration::from_millis(1));
    let ours = client(FORM, &vendor.url(), resumed(), &brief);
    takes_marks_only(&scene.store);
    assert_eq!(header(&ours).await.expect("a token"), "Bearer access-0");
    heals(&scene.store);
    // No time passes for the holder, as if it were stopped, but for the store.
    let theirs = scene.client(&vendor.url(), resumed());
    let waiting = tokio::spawn({
        let theirs = theirs.clone();
        async move { header(&theirs).await }
    });
    settle().await;
    assert!(!waiting.is_finished(), "the lock is kept");
    eventually("the lease is over", || waiting.is_finished()).await;
    let told = waiting.await.expect("no caller panics");
    let error = told.expect_err("it was spent by ours");
    assert_eq!(error.kind(), ErrorKind::Reauthorize);
    assert_eq!(asked(&vendor).await, [OLD, OLD]);
    assert_eq!(scene.store.standing(), standing(RefreshMark::Spent, OLD));
    // Even then ours are saved, and found.
    scene.clock.advance(seconds(60));
    eventually("ours are saved", || ours.session().health().is_saved).await;
    assert_eq!(header(&theirs).await.expect("ours"), "Bearer access-0");
    assert_eq!(vendor.tokens(), 2);
}

#[tokio::test]
async fn a_mark_that_stands_in_the_store_counts_whatever_the_save_said() {
    let scene = Scene::new(RefreshMark::Unspent);
    let (vendor, marks) = scene.vendor(|n, _| granted(n)).await;
    let lies = Arc::clone(&scene.store.lies_about_saves);
    scene.store.before_saves(move |new| {
        lies.store(new.mark != RefreshMark::Unspent, Ordering::SeqCst);
    });
    let client = scene.client(&vendor.url(), resumed());
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-0");
    assert_eq!(renew(&client).await.expect("a token"), "Bearer access-1");
    assert_eq!(asked(&vendor).await, [OLD, "refresh-0"]);
    assert_eq!(seen(&marks), [RefreshMark::UnderWay; 2]);
    let after = standing(RefreshMark::Unspent, "refresh-1");
    assert_eq!(scene.store.standing(), after);
}

/// Panics as often as it is told to.
struct Panics(Mutex<usize>);

#[async_trait]
impl SecretProvider for Panics {
    async fn secret(&self) -> Result<Secret, Box<dyn std::error::Error + Send + Sync>> {
        let left = {
            // It is poisoned by its own panic.
            let mut left = self.0.lock().unwrap_or_else(|it| it.into_inner());
            let before = *left;
            *left = before.saturating_sub(1);
            before
        };
        assert_eq!(left, 0, "this panic is part of the test");
        Ok(Secret::new(CLIENT_SECRET))
    }
}

#[tokio::test]
async fn a_secret_that_can_not_be_read_leaves_no_mark() {
    let scene = Scene::new(RefreshMark::Unspent);
    let (vendor, marks) = scene.vendor(|n, _| granted(n)).await;
    let mut principal = resumed();
    let secret = Arc::new(Panics(Mutex::new(3)));
    principal.client_secret = Some(SecretSource::provider(secret));
    let client = scene.client(&vendor.url(), principal);
    for _ in 0..3 {
        header(&client).await.expect_err("no secret");
        assert_eq!(scene.store.standing(), standing(RefreshMark::Unspent, OLD));
        assert_eq!(scene.store.saves.load(Ordering::SeqCst), 0);
        scene.clock.advance(seconds(60));
    }
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-0");
    assert_eq!(asked(&vendor).await, [OLD]);
    assert_eq!(seen(&marks), [RefreshMark::UnderWay]);
}

/// A store that can lose everything.
#[derive(Clone, Debug, Default)]
struct Forgetful(Arc<Mutex<MemoryStore>>);

impl Forgetful {
    fn present(&self) -> MemoryStore {
        self.0.lock().expect("no test panics here").clone()
    }

    fn forget(&self) {
        *self.0.lock().expect("no test panics here") = MemoryStore::new();
    }
}

#[async_trait]
impl TokenStore for Forgetful {
    async fn lock(&self, key: &StoreKey, lease: Duration) -> Result<StoreLock, Error> {
        self.present().lock(key, lease).await
    }

    async fn load(&self, key: &StoreKey) -> Result<Option<StoredTokens>, Error> {
        self.present().load(key).await
    }

    async fn save(
        &self,
        key: &StoreKey,
        expected: Option<Generation>,
        new: &StoredTokens,
    ) -> Result<Saved, Error> {
        self.present().save(key, expected, new).await
    }
}

#[tokio::test]
async fn a_new_sign_in_at_a_store_that_began_anew_is_taken_over_and_not_overwritten() {
    let code = "code-1";
    for (pause, requests) in [
        (10, &[OLD, "refresh-0", code, "refresh-2"][..]),
        // Where both end at once, the older is tried first, and the newer stays where it is.
        (0, &[OLD, "refresh-0", code, "refresh-1", "refresh-2"]),
    ] {
        // The new sign-in has ended the one before it.
        let vendor = refusing("refresh-1").await;
        let (store, clock) = (Forgetful::default(), ManualClock::new());
        let settings = Settings::new().store(store.clone()).clock(clock.clone());
        let settings = settings.account("ann");
        let ours = client_with(&vendor.url(), named(&clock, "old", -1), &settings);
        assert_eq!(header(&ours).await.expect("a token"), "Bearer access-0");
        assert_eq!(renew(&ours).await.expect("a token"), "Bearer access-1");
        store.forget();
        clock.advance(seconds(pause));
        let approved = person(FORM, &vendor.url(), "code-1");
        let theirs = client(FORM, &vendor.url(), approved, &settings);
        assert_eq!(header(&theirs).await.expect("a token"), "Bearer access-2");
        assert_eq!(renew(&ours).await.expect("theirs"), "Bearer access-2");
        clock.advance(seconds(4000));
        let next = header(&theirs).await.expect("a newer token");
        assert_eq!(header(&ours).await.expect("a token"), next);
        assert_eq!(asked(&vendor).await, requests, "{pause}");
    }
}

#[tokio::test]
async fn configured_tokens_without_an_end_do_not_replace_the_stored_ones_at_each_start() {
    let vendor = Vendor::new(|n, _| {
        let mut body = answer(n);
        body["expires_in"] = Value::Null;
        ResponseTemplate::new(200).set_body_json(body)
    })
    .await;
    let settings = Settings::new().store(MemoryStore::new()).account("ann");
    let configured = r#"{"version":1,"access_token":"access-old","refresh_token":"refresh-old"}"#;
    let start = || {
        let configured = TokenSet::import(configured).expect("a good export");
        client_with(&vendor.url(), configured, &settings)
    };
    let first = start();
    assert_eq!(renew(&first).await.expect("a token"), "Bearer access-0");
    assert_eq!(renew(&first).await.expect("a token"), "Bearer access-1");
    let second = start();
    assert_eq!(renew(&second).await.expect("the stored"), "Bearer access-1");
    assert_eq!(renew(&second).await.expect("a token"), "Bearer access-2");
    assert_eq!(renew(&first).await.expect("the stored"), "Bearer access-2");
    assert_eq!(asked(&vendor).await, [OLD, "refresh-0", "refresh-1"]);
}

#[tokio::test]
async fn where_tokens_that_were_brought_along_are_refused_the_stored_ones_are_gone_on_with() {
    for (left, served, requests) in [
        (1000, "Bearer access-old", &["refresh-bad"][..]),
        (-1000, "Bearer access-1", &["refresh-bad", OLD]),
    ] {
        let scene = Scene::new(RefreshMark::Unspent);
        let stored = named(&scene.clock, "old", left);
        scene.store.put(stored, RefreshMark::Unspent);
        let (store, during) = (scene.store.clone(), Arc::new(Mutex::new(Vec::new())));
        let vendor = Vendor::new({
            let during = Arc::clone(&during);
            move |n, _| {
                let standing = store.standing();
                during.lock().expect("no test panics here").push(standing);
                match n {
                    0 => refused(400, "invalid_grant"),
                    _ => granted(n),
                }
            }
        })
        .await;
        // They end later, so that they come first.
        let brought = named(&scene.clock, "bad", left + 1);
        let client = client_with(&vendor.url(), brought, &scene.settings);
        let got = match left {
            1.. => renew(&client).await,
            _ => header(&client).await,
        };
        assert_eq!(got.expect("a token"), served);
        assert_eq!(asked(&vendor).await, requests);
        let during = during.lock().expect("no test panics here").clone();
        assert_eq!(during[0], standing(RefreshMark::Unspent, OLD));
    }
}

#[tokio::test]
async fn a_401_does_not_end_the_last_token_while_no_renewal_may_begin() {
    let vendor = Vendor::new(|n, _| match n {
        1 => refused(429, "slow down").insert_header("retry-after", "60"),
        _ => granted(n),
    })
    .await;
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone());
    let client = client(FORM, &vendor.url(), machine(), &settings);
    header(&client).await.expect("a token");
    clock.advance(seconds(3400));
    ready(&client);
    eventually("the renewal failed", || {
        client.session().health().error.is_some()
    })
    .await;
    for _ in 0..10 {
        assert_eq!(renew(&client).await.expect("a token"), "Bearer access-0");
        assert_eq!(ready(&client), "Bearer access-0");
    }
    assert_eq!(vendor.tokens(), 2);
    clock.advance(seconds(60));
    assert_eq!(renew(&client).await.expect("a token"), "Bearer access-2");
}

#[tokio::test]
async fn a_wall_clock_that_jumps_while_no_renewal_may_begin_is_told_once() {
    let vendor =
        Vendor::new(|_, _| refused(429, "slow down").insert_header("retry-after", "900")).await;
    let clock = WallClock::from(ManualClock::new());
    let settings = Settings::new().clock(clock.clone());
    let client = client_with(&vendor.url(), named(&clock, "old", 36_000), &settings);
    clock.shift(86_400);
    clock.time().advance(seconds(11));
    let told = super::renewal::lines_of(async {
        for _ in 0..1000 {
            assert_eq!(ready(&client), "Bearer access-old");
        }
    });
    assert_eq!(told.await, 1, "the jump");
    eventually("the renewal failed", || {
        client.session().health().error.is_some()
    })
    .await;
    let told = super::renewal::lines_of(async {
        for _ in 0..80 {
            clock.time().advance(seconds(10));
            assert_eq!(ready(&client), "Bearer access-old");
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(told.await, 0, "nothing new");
    assert_eq!(vendor.tokens(), 1);
}

#[tokio::test]
async fn a_client_that_is_refused_says_nothing_of_the_refresh_token() {
    for before in [RefreshMark::Unspent, RefreshMark::UnderWay] {
        let scene = Scene::new(before);
        let vendor = Vendor::new(|n, request| {
            match member(&request.body, "client_secret").as_deref() == Some(CLIENT_SECRET) {
                true => granted(n),
                false => refused(401, "invalid_client"),
            }
        })
        .await;
        let mut principal = resumed();
        principal.client_secret = Some(SecretSource::from("mistyped"));
        let theirs = scene.client(&vendor.url(), principal);
        header(&theirs).await.expect_err("a wrong secret");
        assert_eq!(scene.store.standing(), standing(before, OLD));
        let ours = scene.client(&vendor.url(), resumed());
        assert_eq!(header(&ours).await.expect("a token"), "Bearer access-1");
        assert_eq!(asked(&vendor).await, [OLD, OLD]);
    }
}

#[tokio::test]
async fn the_last_try_of_a_persons_refresh_token_waits_for_the_end_of_the_access_token() {
    let scene = Scene::new(RefreshMark::Unspent);
    let stored = named(&scene.clock, "old", 3600);
    scene.store.put(stored, RefreshMark::UnderWay);
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let client = scene.client(&vendor.url(), resumed());
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-old");
    scene.clock.advance(seconds(3400));
    for _ in 0..19 {
        assert_eq!(ready(&client), "Bearer access-old");
        settle().await;
        scene.clock.advance(seconds(10));
    }
    let error = client.session().health().error.expect("a failed renewal");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(scene.store.standing(), standing(RefreshMark::UnderWay, OLD));
    assert_eq!(vendor.tokens(), 0);
    scene.clock.advance(seconds(10));
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-0");
    assert_eq!(asked(&vendor).await, [OLD]);
}

#[tokio::test]
async fn a_store_can_be_chosen_while_the_program_runs() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let memory = MemoryStore::new();
    let store: Arc<dyn TokenStore> = Arc::new(memory.clone());
    for settings in [Settings::new().store(store), Settings::new().store(memory)] {
        let client = client(FORM, &vendor.url(), machine(), &settings);
        assert_eq!(header(&client).await.expect("a token"), "Bearer access-0");
    }
    assert_eq!(vendor.tokens(), 1);
}
