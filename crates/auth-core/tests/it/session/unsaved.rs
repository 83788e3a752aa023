//! Tokens that the store did not take: used from memory, saved later, and never a reason to send an older refresh token.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth_core::{ApiClient, ManualClock, RefreshMark, Settings};

use crate::clocks::eventually;
use crate::dialects::FORM;
use crate::stage::{
    Vendor, client, granted, granted_alone, header, machine, profile, refused, renew, resumed,
    seconds, shown,
};

use super::moody::{Moody, named};
use super::{asked, settle};

const OLD: &str = "refresh-old";
const TICK: Duration = Duration::from_millis(100);

struct Scene {
    vendor: Vendor,
    store: Moody,
    clock: ManualClock,
    settings: Settings,
}

impl Scene {
    /// A store that is empty.
    async fn new() -> Self {
        let (store, clock) = (Moody::new(), ManualClock::new());
        Self {
            vendor: Vendor::new(|n, _| granted(n)).await,
            settings: Settings::new()
                .store(store.clone())
                .clock(clock.clone())
                .account("ann"),
            store,
            clock,
        }
    }

    /// A store that holds `refresh-old` beside an access token that has ended.
    async fn with_old() -> Self {
        let scene = Self::new().await;
        scene
            .store
            .put(named(&scene.clock, "old", -1), RefreshMark::Unspent);
        scene
    }

    fn machine(&self) -> ApiClient {
        client(FORM, &self.vendor.url(), machine(), &self.settings)
    }

    fn person(&self) -> ApiClient {
        client(FORM, &self.vendor.url(), resumed(), &self.settings)
    }

    /// From now on the store takes marks, but no new tokens.
    fn takes_marks_only(&self) {
        let fails = Arc::clone(&self.store.fails_to_save);
        self.store.before_saves(move |new| {
            fails.store(new.mark == RefreshMark::Unspent, Ordering::SeqCst);
        });
    }

    /// From now on the store takes everything.
    fn heals(&self) {
        self.store.before_saves(|_| {});
        self.store.fails_to_save.store(false, Ordering::SeqCst);
    }

    fn saves(&self) -> usize {
        self.store.saves.load(Ordering::SeqCst)
    }

    fn standing(&self) -> (RefreshMark, String) {
        self.store.standing()
    }

    /// Lets `time` pass, bit by bit.
    async fn pass(&self, time: Duration) {
        for _ in 0..time.as_millis() / TICK.as_millis() {
            self.clock.advance(TICK);
            settle().await;
        }
    }
}

fn is_saved(client: &ApiClient) -> bool {
    client.session().health().is_saved
}

fn unspent(token: &str) -> (RefreshMark, String) {
    (RefreshMark::Unspent, token.to_owned())
}

#[tokio::test]
async fn tokens_that_were_not_saved_are_used_and_told_and_saved_as_soon_as_the_store_takes_them() {
    let scene = Scene::new().await;
    scene.store.fails_to_save.store(true, Ordering::SeqCst);
    let told = Arc::new(Mutex::new(Vec::new()));
    let settings = scene.settings.clone().on_renewed({
        let told = Arc::clone(&told);
        move |tokens| {
            let token = tokens.access_token().expose().to_owned();
            told.lock().expect("no test panics here").push(token);
        }
    });
    let client = client(FORM, &scene.vendor.url(), machine(), &settings);
    assert!(is_saved(&client), "there is nothing to save yet");
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-0");
    assert_eq!(*told.lock().expect("no test panics here"), ["access-0"]);
    assert!(!is_saved(&client));
    scene.pass(seconds(30)).await;
    assert!(!is_saved(&client));
    assert!(scene.store.stored().is_none());

    scene.heals();
    scene.pass(seconds(60)).await;
    assert!(is_saved(&client));
    assert_eq!(scene.standing(), unspent("refresh-0"));
    let saves = scene.saves();
    scene.pass(seconds(300)).await;
    assert_eq!(scene.saves(), saves, "once is enough");
    let other = scene.machine();
    assert_eq!(header(&other).await.expect("a token"), "Bearer access-0");
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-0");
    assert_eq!(scene.vendor.tokens(), 1);
}

#[tokio::test]
async fn the_pauses_between_two_tries_to_save_grow_up_to_a_quarter_of_a_minute() {
    let scene = Scene::new().await;
    scene.store.fails_to_save.store(true, Ordering::SeqCst);
    let client = scene.machine();
    header(&client).await.expect("a token");
    for quarters in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
        let longest = seconds(quarters) / 4;
        let before = scene.saves();
        let mut pause = Duration::ZERO;
        while scene.saves() == before {
            scene.pass(TICK).await;
            pause += TICK;
            assert!(pause <= longest + TICK, "{pause:?} of {longest:?}");
        }
        assert_eq!(scene.saves(), before + 1);
        assert!(pause >= longest / 2, "{pause:?} of {longest:?}");
    }
    assert_eq!(scene.vendor.tokens(), 1);
}

#[tokio::test]
async fn a_store_that_can_be_neither_locked_nor_read_is_tried_again_too() {
    let scene = Scene::new().await;
    scene.store.fails_to_save.store(true, Ordering::SeqCst);
    let client = scene.machine();
    header(&client).await.expect("a token");
    for moods in [
        &scene.store.fails_to_lock,
        &scene.store.fails_to_load,
        &scene.store.panics_at_save,
    ] {
        moods.store(true, Ordering::SeqCst);
        scene.pass(seconds(10)).await;
        assert!(!is_saved(&client));
        moods.store(false, Ordering::SeqCst);
    }
    scene.heals();
    scene.pass(seconds(60)).await;
    assert!(is_saved(&client));
    assert_eq!(scene.standing(), unspent("refresh-0"));
}

#[tokio::test]
async fn a_session_that_was_dropped_saves_nothing_any_more() {
    let scene = Scene::new().await;
    scene.store.fails_to_save.store(true, Ordering::SeqCst);
    let client = scene.machine();
    header(&client).await.expect("a token");
    scene.pass(seconds(10)).await;
    let saves = scene.saves();
    assert!(saves > 1);
    drop(client);
    scene.pass(seconds(120)).await;
    assert_eq!(scene.saves(), saves);
}

#[tokio::test]
async fn newer_tokens_of_another_holder_are_left_in_place_and_used_at_once() {
    let scene = Scene::with_old().await;
    let (store, clock) = (scene.store.clone(), scene.clock.clone());
    let mut is_first = true;
    scene.store.before_saves(move |new| {
        if new.mark == RefreshMark::Unspent && std::mem::take(&mut is_first) {
            store.put(named(&clock, "theirs", 3600), RefreshMark::Unspent);
        }
    });
    let client = scene.person();
    // Ours came of a refresh token that the other one has sent again: they may be revoked by now.
    let served = header(&client).await.expect("a token");
    assert_eq!(served, "Bearer access-theirs");
    assert!(is_saved(&client), "nothing is left to be saved");
    scene.pass(seconds(2)).await;
    assert_eq!(scene.standing(), unspent("refresh-theirs"));
    assert_eq!(asked(&scene.vendor).await, [OLD]);
    let next = renew(&client).await.expect("a newer token");
    assert_eq!(next, "Bearer access-1");
    assert_eq!(asked(&scene.vendor).await, [OLD, "refresh-theirs"]);
}

#[tokio::test]
async fn a_holder_that_took_over_and_was_refused_does_not_keep_ours_from_being_saved() {
    let scene = Scene::with_old().await;
    let (store, clock) = (scene.store.clone(), scene.clock.clone());
    let mut is_first = true;
    scene.store.before_saves(move |new| {
        if new.mark == RefreshMark::Unspent && std::mem::take(&mut is_first) {
            store.put(named(&clock, "old", -1), RefreshMark::Spent);
        }
    });
    let client = scene.person();
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-0");
    assert!(!is_saved(&client));
    assert_eq!(scene.standing().0, RefreshMark::Spent);
    scene.pass(seconds(2)).await;
    assert!(is_saved(&client));
    assert_eq!(scene.standing(), unspent("refresh-0"));
    assert_eq!(asked(&scene.vendor).await, [OLD]);
}

#[tokio::test]
async fn a_renewal_goes_on_from_unsaved_tokens_and_not_from_the_stored() {
    for marks_only in [true, false] {
        let scene = Scene::with_old().await;
        let client = scene.person();
        scene.takes_marks_only();
        assert_eq!(header(&client).await.expect("a token"), "Bearer access-0");
        assert_eq!(scene.standing(), (RefreshMark::UnderWay, OLD.to_owned()));
        if !marks_only {
            scene.store.fails_to_save.store(true, Ordering::SeqCst);
            scene.store.before_saves(|_| {});
        }
        for n in 1..4 {
            let next = renew(&client).await.expect("a newer token");
            assert_eq!(next, format!("Bearer access-{n}"));
        }
        assert!(!is_saved(&client));
        let expected = [OLD, "refresh-0", "refresh-1", "refresh-2"];
        assert_eq!(asked(&scene.vendor).await, expected);
        scene.heals();
        scene.pass(seconds(60)).await;
        assert!(is_saved(&client));
        assert_eq!(scene.standing(), unspent("refresh-3"));
    }
}

#[tokio::test]
async fn a_refresh_token_that_stays_the_same_is_good_as_often_as_need_be_though_nothing_is_saved() {
    for marks_only in [true, false] {
        let mut scene = Scene::new().await;
        scene.vendor = Vendor::new(|n, _| granted_alone(n)).await;
        let mut profile = profile(FORM, &scene.vendor.url(), resumed());
        profile.tokens = Some(named(&scene.clock, "old", -1));
        let client = ApiClient::new(profile, &scene.settings).expect("a good client");
        if marks_only {
            scene.takes_marks_only();
        } else {
            scene.store.fails_to_save.store(true, Ordering::SeqCst);
        }
        header(&client).await.expect("a token");
        for n in 1..5 {
            let next = renew(&client).await.expect("a newer token");
            assert_eq!(next, format!("Bearer access-{n}"));
            assert!(!is_saved(&client));
        }
        assert_eq!(asked(&scene.vendor).await, [OLD; 5]);
        scene.heals();
        scene.pass(seconds(60)).await;
        assert!(is_saved(&client));
        assert_eq!(scene.standing(), unspent(OLD));
    }
}

#[tokio::test]
async fn a_renewal_that_fails_does_not_forget_the_unsaved_tokens() {
    let mut scene = Scene::with_old().await;
    scene.vendor = Vendor::new(|n, _| match n {
        1 => refused(500, "down"),
        _ => granted(n),
    })
    .await;
    let client = scene.person();
    scene.takes_marks_only();
    header(&client).await.expect("a token");
    scene.heals();
    renew(&client).await.expect_err("a failure");
    scene.pass(seconds(5)).await;
    assert!(is_saved(&client));
    assert_eq!(scene.standing(), unspent("refresh-0"));
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-2");
    let expected = [OLD, "refresh-0", "refresh-0"];
    assert_eq!(asked(&scene.vendor).await, expected);
}

#[tokio::test]
async fn tokens_that_were_saved_though_the_store_said_no_are_not_taken_for_another_holders() {
    let scene = Scene::with_old().await;
    let client = scene.person();
    let lies = Arc::clone(&scene.store.lies_about_saves);
    scene.store.before_saves(move |new| {
        lies.store(new.mark == RefreshMark::Unspent, Ordering::SeqCst);
    });
    for n in 0..3 {
        assert_eq!(
            header(&client).await.expect("a token"),
            format!("Bearer access-{n}")
        );
        assert!(!is_saved(&client));
        // The token is refused; the same one again would not help.
        let next = renew(&client).await.expect("a newer token");
        assert_eq!(next, format!("Bearer access-{}", n + 1));
    }
    scene.heals();
    scene.store.lies_about_saves.store(false, Ordering::SeqCst);
    scene.pass(seconds(2)).await;
    assert!(is_saved(&client));
    assert_eq!(scene.standing(), unspent("refresh-3"));
}

#[tokio::test]
async fn tokens_that_become_unsaved_while_the_last_ones_were_just_saved_are_saved_too() {
    let scene = Scene::new().await;
    scene.store.fails_to_save.store(true, Ordering::SeqCst);
    let client = scene.machine();
    header(&client).await.expect("a token");
    scene.heals();
    // The late save is done, and its lock is free again, but the store is slow to say so.
    scene.store.stop_at(7);
    scene.pass(seconds(1)).await;
    assert!(scene.store.is_stopped());
    scene.takes_marks_only();
    assert_eq!(renew(&client).await.expect("a token"), "Bearer access-1");
    assert!(!is_saved(&client));
    scene.heals();
    scene.pass(seconds(15)).await;
    assert!(is_saved(&client));
    assert_eq!(scene.standing(), unspent("refresh-1"));
}

#[tokio::test]
async fn a_store_that_is_slow_to_fail_keeps_nobody_from_the_new_token() {
    let scene = Scene::with_old().await;
    scene.store.gate.forget_permits(usize::MAX);
    scene.store.gate.add_permits(1);
    let client = scene.person();
    let asking = tokio::spawn({
        let client = client.clone();
        async move { header(&client).await }
    });
    eventually("the save has begun", || scene.saves() == 2).await;
    settle().await;
    assert!(!asking.is_finished(), "it is being saved");
    scene.clock.advance(seconds(5));
    let served = asking.await.expect("no caller panics");
    assert_eq!(served.expect("a token"), "Bearer access-0");
    assert!(!is_saved(&client));
    let ready = client.session().ready().expect("a valid token");
    assert_eq!(shown(ready.value()), "Bearer access-0");
    scene.store.gate.add_permits(10);
    scene.pass(seconds(2)).await;
    assert!(is_saved(&client));
    assert_eq!(scene.standing(), unspent("refresh-0"));
}
