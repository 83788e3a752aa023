//! What a diagnosis finds at the store, and that it leaves everything there as it was.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use auth_core::{
    ApiClient, Check, Diagnosis, Error, FindingState, Generation, ManualClock, MemoryStore,
    RefreshMark, Saved, Settings, StoreKey, StoreLock, StoredTokens, TokenStore,
};
use futures_util::FutureExt as _;

use crate::clocks::eventually;
use crate::diagnosis::says;
use crate::dialects::FORM;
use crate::stage::{Vendor, client, granted, header, machine, refused, renew, resumed, seconds};

use super::moody::{Moody, named};
use super::settle;

use FindingState::{Attention, Broken, Fine, Unknown};

/// A machine's client at a store that has its moods, signed in.
async fn signed_in(store: &Moody, clock: &ManualClock) -> (Vendor, ApiClient) {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let settings = Settings::new().clock(clock.clone()).store(store.clone());
    let client = client(FORM, &vendor.url(), machine(), &settings);
    header(&client).await.expect("a token");
    (vendor, client)
}

/// The lock, as another holder would take it at once.
fn lock(store: &Moody) -> Option<StoreLock> {
    let key = StoreKey::new("", "", "", "");
    let taken = store.lock(&key, seconds(80)).now_or_never();
    taken.map(|taken| taken.expect("a lock"))
}

#[tokio::test]
async fn a_visit_takes_the_lock_and_gives_it_back_and_writes_nothing() {
    let (store, clock) = (Moody::new(), ManualClock::new());
    let (vendor, client) = signed_in(&store, &clock).await;
    let before = (store.standing(), store.saves.load(Ordering::SeqCst));
    let locks = store.locks.load(Ordering::SeqCst);
    let number = store.stored().expect("tokens").generation.number();
    let told = [
        "Moody: it holds ".to_owned(),
        format!("tokens number {number}, those in use here"),
        "its lock can be taken (place `form-".to_owned(),
    ];
    let told = [&*told[0], &told[1], &told[2]];
    says(&client.diagnose().await, Check::Store, Fine, &told);
    assert_eq!(store.locks.load(Ordering::SeqCst), locks + 1);
    assert_eq!(
        (store.standing(), store.saves.load(Ordering::SeqCst)),
        before
    );
    assert!(lock(&store).is_some(), "the lock is free again");
    assert_eq!(vendor.tokens(), 1);
}

#[tokio::test]
async fn a_store_that_fails_is_a_finding_and_keeps_no_lock() {
    let (store, clock) = (Moody::new(), ManualClock::new());
    let (_vendor, client) = signed_in(&store, &clock).await;
    store.fails_to_load.store(true, Ordering::SeqCst);
    let told = ["Store: token store: load", "the disk is gone"];
    says(&client.diagnose().await, Check::Store, Broken, &told);
    assert!(lock(&store).is_some(), "the lock is free again");
    store.fails_to_lock.store(true, Ordering::SeqCst);
    let told = ["Store: token store: lock", "nobody answers"];
    says(&client.diagnose().await, Check::Store, Broken, &told);
    store.fails_to_lock.store(false, Ordering::SeqCst);
    store.fails_to_load.store(false, Ordering::SeqCst);
    says(&client.diagnose().await, Check::Store, Fine, &[]);
}

#[tokio::test]
async fn a_store_that_hangs_holds_a_diagnosis_up_for_its_time_and_no_longer() {
    // The steps of a visit: before and after each of lock, load and unlock.
    for (step, state, words) in [
        (0, Attention, "its lock could not be had in time"),
        (1, Attention, "its lock could not be had in time"),
        (2, Broken, "token store: load: it did not answer in time"),
        (3, Broken, "token store: load: it did not answer in time"),
        (4, Broken, "token store: unlock: it did not answer in time"),
        (5, Broken, "token store: unlock: it did not answer in time"),
    ] {
        let (store, clock) = (Moody::new(), ManualClock::new());
        let (vendor, client) = signed_in(&store, &clock).await;
        store.stop_at(step);
        let diagnosing = tokio::spawn({
            let client = client.clone();
            async move { client.diagnose().await }
        });
        eventually("the store hangs", || store.is_stopped()).await;
        eventually("the host is asked meanwhile", || vendor.calls() == 1).await;
        settle().await;
        clock.advance(seconds(4));
        settle().await;
        assert!(
            !diagnosing.is_finished(),
            "{step}: it may take five seconds"
        );
        clock.advance(seconds(1));
        let diagnosis = diagnosing.await.expect("no panic");
        says(&diagnosis, Check::Store, state, &[words]);
        eventually("the lock is free", || lock(&store).is_some()).await;
    }
}

#[tokio::test]
async fn a_renewal_under_way_is_told_and_not_disturbed() {
    let clock = ManualClock::new();
    let vendor = Vendor::new(|n, _| granted(n).set_delay(Duration::from_millis(300))).await;
    let settings = Settings::new().clock(clock.clone());
    let client = client(FORM, &vendor.url(), machine(), &settings);
    let signing_in = tokio::spawn({
        let client = client.clone();
        async move { header(&client).await }
    });
    eventually("the request is there", || vendor.tokens() == 1).await;
    let diagnosing = tokio::spawn({
        let client = client.clone();
        async move { client.diagnose().await }
    });
    settle().await;
    clock.advance(seconds(5));
    let diagnosis = diagnosing.await.expect("no panic");
    says(
        &diagnosis,
        Check::Store,
        Attention,
        &["its lock could not be had in time"],
    );
    says(&diagnosis, Check::Renewal, Fine, &["one is under way now"]);
    let token = signing_in.await.expect("no panic").expect("a token");
    assert_eq!((token.as_str(), vendor.tokens()), ("Bearer access-0", 1));
    says(&client.diagnose().await, Check::Store, Fine, &[]);
}

#[tokio::test]
async fn tokens_that_are_in_memory_only_are_told_as_broken() {
    let (store, clock) = (Moody::new(), ManualClock::new());
    store.fails_to_save.store(true, Ordering::SeqCst);
    let (vendor, client) = signed_in(&store, &clock).await;
    let told = ["in memory only", "holds no tokens"];
    says(&client.diagnose().await, Check::Store, Broken, &told);
    store.fails_to_save.store(false, Ordering::SeqCst);
    client.session().settle().await.expect("a save");
    says(
        &client.diagnose().await,
        Check::Store,
        Fine,
        &[", those in use here"],
    );
    assert_eq!(vendor.tokens(), 1);
}

#[tokio::test]
async fn what_stands_there_of_others_and_its_mark_is_told() {
    let (store, clock) = (Moody::new(), ManualClock::new());
    let (vendor, client) = signed_in(&store, &clock).await;
    for (mark, state, words) in [
        (RefreshMark::Unspent, Fine, "its lock can be taken"),
        (RefreshMark::UnderWay, Attention, "was cut off"),
        (RefreshMark::Spent, Attention, "spent or was refused"),
    ] {
        store.put(named(&clock, "other", 90), mark);
        let told = ["others than those in use here, which end in 1 min", words];
        let diagnosis = client.diagnose().await;
        says(&diagnosis, Check::Store, state, &told);
        let shown = format!("{diagnosis} {diagnosis:?}");
        for secret in ["access-other", "refresh-other"] {
            assert_eq!(crate::leak::find(&shown, &[secret]), None, "{shown}");
        }
        assert_eq!(store.standing().0, mark);
    }
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-0");
    assert_eq!(vendor.tokens(), 1);
}

#[tokio::test]
async fn a_store_that_panics_is_a_finding() {
    #[derive(Debug)]
    struct Falling(&'static str, MemoryStore);

    #[auth_core::async_trait]
    impl TokenStore for Falling {
        async fn lock(&self, key: &StoreKey, lease: Duration) -> Result<StoreLock, Error> {
            assert_ne!(self.0, "lock", "this panic is part of the test");
            self.1.lock(key, lease).await
        }

        async fn load(&self, _: &StoreKey) -> Result<Option<StoredTokens>, Error> {
            panic!("this panic is part of the test");
        }

        async fn save(
            &self,
            _: &StoreKey,
            _: Option<Generation>,
            _: &StoredTokens,
        ) -> Result<Saved, Error> {
            panic!("a diagnosis saves nothing");
        }
    }

    let vendor = Vendor::new(|n, _| granted(n)).await;
    for method in ["lock", "load"] {
        let store = Falling(method, MemoryStore::new());
        let settings = Settings::new().store(store);
        let client = client(FORM, &vendor.url(), machine(), &settings);
        let told = "Falling: ";
        let told = [told, &*format!("token store: {method}: it panicked")];
        says(&client.diagnose().await, Check::Store, Broken, &told);
    }
}

#[cfg(all(feature = "file-store", unix))]
#[tokio::test]
async fn a_directory_that_lets_others_in_or_is_gone_is_told_with_its_cure() {
    use std::fs::{Permissions, remove_dir_all, set_permissions};
    use std::os::unix::fs::PermissionsExt as _;

    let vendor = Vendor::new(|n, _| granted(n)).await;
    let home = tempfile::tempdir().expect("a directory");
    let place = home.path().join("tokens");
    let store = auth_core::FileStore::open(&place).expect("a store");
    let settings = Settings::new().store(store);
    let client = client(FORM, &vendor.url(), machine(), &settings);
    says(
        &client.diagnose().await,
        Check::Store,
        Fine,
        &["FileStore", "no tokens"],
    );
    header(&client).await.expect("a token");
    says(
        &client.diagnose().await,
        Check::Store,
        Fine,
        &[", those in use here"],
    );
    let entries = std::fs::read_dir(&place).expect("a store");
    let keys: Vec<_> = entries.map(|entry| entry.expect("a key").path()).collect();
    set_permissions(&keys[0], Permissions::from_mode(0o755)).expect("ours");
    let told = ["has mode 0755", "`chmod 700 "];
    says(&client.diagnose().await, Check::Store, Broken, &told);
    remove_dir_all(&place).expect("ours");
    let told = ["its directory is not there", "open the store anew"];
    says(&client.diagnose().await, Check::Store, Broken, &told);
    assert_eq!(vendor.tokens(), 1);
}

#[cfg(feature = "redis")]
#[tokio::test]
async fn a_redis_server_that_is_away_is_told() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let url = format!("redis://127.0.0.1:{}", crate::raw::free_port().await);
    let store = auth_core::RedisStore::new(url).expect("a good URL");
    let settings = Settings::new().store(store);
    let client = client(FORM, &vendor.url(), machine(), &settings);
    let told = [
        "RedisStore",
        "token store: lock: the Redis server at",
        "can't be reached",
    ];
    says(&client.diagnose().await, Check::Store, Broken, &told);
}

/// Diagnoses in a task of its own.
fn diagnosing(client: &ApiClient) -> tokio::task::JoinHandle<Diagnosis> {
    let client = client.clone();
    tokio::spawn(async move { client.diagnose().await })
}

#[tokio::test]
async fn nothing_is_read_while_another_holder_has_the_lock() {
    let (store, clock) = (Moody::new(), ManualClock::new());
    let (vendor, client) = signed_in(&store, &clock).await;
    let held = lock(&store).expect("a free lock");
    // A load would show as a failure.
    store.fails_to_load.store(true, Ordering::SeqCst);
    let diagnosing = diagnosing(&client);
    eventually("the host is asked meanwhile", || vendor.calls() == 1).await;
    clock.advance(seconds(5));
    let diagnosis = diagnosing.await.expect("no panic");
    let told = ["its lock could not be had in time, so it was not read"];
    says(&diagnosis, Check::Store, Attention, &told);
    drop(held);
    let told = ["Store: token store: load", "the disk is gone"];
    says(&client.diagnose().await, Check::Store, Broken, &told);
}

#[tokio::test]
async fn newer_tokens_of_the_store_are_told_instead_of_sending_a_person_off() {
    let vendor = Vendor::new(|_, _| refused(400, "invalid_grant")).await;
    let (store, clock) = (Moody::new(), ManualClock::new());
    store.put(named(&clock, "old", 600), RefreshMark::Unspent);
    let settings = Settings::new().clock(clock.clone()).store(store.clone());
    let settings = settings.account("ann");
    let client = client(FORM, &vendor.url(), resumed(), &settings);
    let none_yet = client.diagnose().await;
    let told = ["none yet", "takes what the store holds at its next call"];
    says(&none_yet, Check::Token, Unknown, &told);
    let told = ["which this session has not taken into use yet"];
    says(&none_yet, Check::Store, Fine, &told);
    header(&client).await.expect("the store's token");
    clock.advance(seconds(601));
    header(&client).await.expect_err("a refused refresh token");
    let alone = client.diagnose().await;
    says(&alone, Check::Token, Broken, &["nothing to renew it with"]);
    says(&alone, Check::Renewal, Broken, &["must sign in again"]);

    // The person has signed in again, in another process.
    store.put(named(&clock, "new", 3600), RefreshMark::Unspent);
    let diagnosis = client.diagnose().await;
    let told = ["the next call takes those of the store"];
    says(&diagnosis, Check::Token, Attention, &told);
    let told = ["the next call takes the newer tokens of the store"];
    says(&diagnosis, Check::Renewal, Attention, &told);
    says(&diagnosis, Check::Store, Fine, &["others than those"]);
    let next = diagnosis.next_step().expect("something to do");
    assert!(next.contains("newer tokens"), "{next}");
    assert!(!next.contains("sign-in page"), "{next}");
    clock.advance(seconds(6));
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-new");

    // What is over there and can't be renewed either is no news.
    store.put(named(&clock, "late", 1), RefreshMark::Spent);
    clock.advance(seconds(3601));
    header(&client).await.expect_err("a refused refresh token");
    let diagnosis = client.diagnose().await;
    says(
        &diagnosis,
        Check::Token,
        Broken,
        &["nothing to renew it with"],
    );
    says(&diagnosis, Check::Renewal, Broken, &["must sign in again"]);
}

#[tokio::test]
async fn tokens_that_a_renewal_brings_during_a_visit_are_ours() {
    // Before the lock, with it, and between load and unlock.
    for step in [0, 1, 3] {
        let (store, clock) = (Moody::new(), ManualClock::new());
        let (vendor, client) = signed_in(&store, &clock).await;
        // So that a visit and a renewal can go on at the same time.
        store.has_no_lease.store(true, Ordering::SeqCst);
        store.stop_at(step);
        let diagnosing = diagnosing(&client);
        eventually("the store has stopped", || store.is_stopped()).await;
        renew(&client).await.expect("another token");
        assert_eq!(vendor.tokens(), 2);
        store.go_on();
        let diagnosis = diagnosing.await.expect("no panic");
        says(&diagnosis, Check::Store, Fine, &[", those in use here"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tokens_that_a_renewal_has_saved_and_not_yet_told_are_not_called_others() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let store = Moody::new();
    let (told, tells) = std::sync::mpsc::channel();
    let (go, goes) = std::sync::mpsc::channel::<()>();
    let (told, goes) = (Mutex::new(told), Mutex::new(goes));
    let settings = Settings::new().store(store.clone()).on_renewed(move |_| {
        told.lock().expect("no panic").send(()).expect("a listener");
        let goes = goes.lock().expect("no panic");
        tokio::task::block_in_place(|| goes.recv().expect("a word"));
    });
    let client = client(FORM, &vendor.url(), machine(), &settings);
    go.send(()).expect("a renewal");
    header(&client).await.expect("a token");
    tells.recv().expect("the first one");
    let renewing = tokio::spawn({
        let client = client.clone();
        async move { renew(&client).await }
    });
    tells.recv().expect("the second one");
    let diagnosis = client.diagnose().await;
    let told = ["those that a renewal under way here has saved, or others"];
    says(&diagnosis, Check::Store, Fine, &told);
    says(&diagnosis, Check::Renewal, Fine, &["one is under way now"]);
    go.send(()).expect("a renewal");
    renewing.await.expect("no panic").expect("a token");
    says(
        &client.diagnose().await,
        Check::Store,
        Fine,
        &[", those in use here"],
    );
}

#[tokio::test]
async fn a_lock_that_this_session_keeps_is_told_and_left_alone() {
    let (store, clock) = (Moody::new(), ManualClock::new());
    let (vendor, client) = signed_in(&store, &clock).await;
    let fails = Arc::clone(&store.fails_to_save);
    store.before_saves(move |new| {
        fails.store(new.mark == RefreshMark::Unspent, Ordering::SeqCst);
    });
    renew(&client).await.expect("a token, in memory only");
    let locks = store.locks.load(Ordering::SeqCst);
    let diagnosis = client.diagnose().await;
    let told = [
        "new tokens are in memory only",
        "this session keeps its lock until they are saved",
    ];
    says(&diagnosis, Check::Store, Broken, &told);
    let next = diagnosis.next_step().expect("something to do");
    assert!(next.contains("settle()"), "{next}");
    assert_eq!(store.locks.load(Ordering::SeqCst), locks);
    assert_eq!(vendor.tokens(), 2);
}

#[tokio::test]
async fn a_renewal_that_failed_by_the_store_leads_to_the_store() {
    let (store, clock) = (Moody::new(), ManualClock::new());
    let (_vendor, client) = signed_in(&store, &clock).await;
    store.fails_to_load.store(true, Ordering::SeqCst);
    clock.advance(seconds(3700));
    header(&client).await.expect_err("no store");
    let diagnosis = client.diagnose().await;
    says(&diagnosis, Check::Renewal, Broken, &["Store: "]);
    let store_advice = diagnosis.finding(Check::Store).advice();
    assert!(store_advice.is_some(), "{diagnosis}");
    assert_eq!(diagnosis.next_step(), store_advice);

    // It is well again, and nobody is sent to look at it.
    store.fails_to_load.store(false, Ordering::SeqCst);
    let diagnosis = client.diagnose().await;
    says(&diagnosis, Check::Store, Fine, &[]);
    let next = diagnosis.next_step().expect("something to do");
    assert_eq!(Some(next), diagnosis.finding(Check::Renewal).advice());
    assert!(next.contains("make a call"), "{next}");
}

/// A store whose lock is given back by a request that takes its time.
#[derive(Clone, Debug, Default)]
struct Slow {
    is_held: Arc<AtomicBool>,
    is_released: Arc<AtomicBool>,
    answer: Arc<tokio::sync::Notify>,
}

#[async_trait]
impl TokenStore for Slow {
    async fn lock(&self, _: &StoreKey, _: Duration) -> Result<StoreLock, Error> {
        self.is_held.store(true, Ordering::SeqCst);
        let Self {
            is_held,
            is_released,
            answer,
        } = self.clone();
        Ok(StoreLock::with_release(async move {
            is_released.store(true, Ordering::SeqCst);
            answer.notified().await;
            is_held.store(false, Ordering::SeqCst);
            Ok(())
        }))
    }

    async fn load(&self, _: &StoreKey) -> Result<Option<StoredTokens>, Error> {
        Ok(None)
    }

    async fn save(
        &self,
        _: &StoreKey,
        _: Option<Generation>,
        _: &StoredTokens,
    ) -> Result<Saved, Error> {
        Ok(Saved::Written)
    }
}

#[tokio::test]
async fn a_diagnosis_that_is_given_up_gives_the_lock_back() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let store = Slow::default();
    let settings = Settings::new().store(store.clone()).account("ann");
    let client = client(FORM, &vendor.url(), machine(), &settings);
    let diagnosing = diagnosing(&client);
    eventually("the lock is being given back", || {
        store.is_released.load(Ordering::SeqCst)
    })
    .await;
    diagnosing.abort();
    assert!(diagnosing.await.is_err(), "it is given up");
    store.answer.notify_one();
    eventually("the lock is free", || !store.is_held.load(Ordering::SeqCst)).await;
}
