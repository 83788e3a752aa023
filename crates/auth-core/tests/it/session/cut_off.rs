//! What a hostile review broke once, across runtimes: renewals that are cut off, stand still, or are driven now and then.

use std::time::Duration;

use auth_core::{ApiClient, ErrorKind, ManualClock, Method, RefreshMark, Settings};
use futures_util::FutureExt as _;
use tokio::runtime::{Builder, Runtime};
use wiremock::ResponseTemplate;

use crate::clocks::eventually;
use crate::dialects::FORM;
use crate::stage::{Vendor, client, client_with, granted, header, machine, resumed, seconds};

use super::attacked::{heals, takes_marks_only};
use super::moody::named;
use super::rotating::{OLD, Scene};
use super::{asked, settle};

fn runtime() -> Runtime {
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime")
}

/// A runtime that stands still whenever nobody blocks on it.
fn driven_by_calls() -> Runtime {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
}

fn at_once(_: usize) -> Duration {
    Duration::ZERO
}

/// Long enough for a program to end before the answer.
fn soon(_: usize) -> Duration {
    Duration::from_millis(200)
}

fn unspent(token: &str) -> (RefreshMark, String) {
    (RefreshMark::Unspent, token.to_owned())
}

fn is_saved(client: &ApiClient) -> bool {
    client.session().health().is_saved
}

/// Has a renewal begin, which the store stops at its `step`th step, and ends its runtime there.
fn cut_off_at(step: usize, scene: &Scene, client: &ApiClient) {
    scene.store.stop_at(step);
    let doomed = runtime();
    doomed.block_on(async {
        assert!(header(client).now_or_never().is_none());
        eventually("the step is reached", || scene.store.is_stopped()).await;
    });
    drop(doomed);
}

#[test]
fn tokens_that_were_saved_by_a_renewal_that_never_landed_are_found() {
    let lasting = runtime();
    let scene = lasting.block_on(Scene::new(-1, at_once));
    let client = scene.client(resumed());
    lasting.block_on(header(&client)).expect("a token");
    scene.clock.advance(seconds(4000));
    // While the lock is given back.
    cut_off_at(8, &scene, &client);
    assert_eq!(scene.store.standing(), unspent("refresh-1"));
    lasting.block_on(async {
        assert_eq!(header(&client).await.expect("a token"), "Bearer access-1");
        assert_eq!(scene.asked().await, [OLD, "refresh-0"]);
        scene.goes_on(&client, "saved").await;
    });
}

#[test]
fn tokens_that_a_renewal_got_and_could_not_save_before_its_end_are_found() {
    let lasting = runtime();
    let scene = lasting.block_on(Scene::new(-1, at_once));
    let client = scene.client(resumed());
    // While the new tokens are saved.
    cut_off_at(6, &scene, &client);
    assert_eq!(scene.store.standing().0, RefreshMark::UnderWay);
    lasting.block_on(async {
        assert_eq!(header(&client).await.expect("a token"), "Bearer access-0");
        assert_eq!(scene.asked().await, [OLD]);
        client.session().settle().await.expect("a store that works");
        assert_eq!(scene.store.standing(), unspent("refresh-0"));
        scene.goes_on(&client, "not saved").await;
    });
}

#[test]
fn a_short_program_that_settles_keeps_the_sign_in_and_one_that_does_not_may_lose_it() {
    let lasting = runtime();
    for settles in [true, false] {
        let scene = lasting.block_on(Scene::new(3600, soon));
        let program = runtime();
        program.block_on(async {
            let client = scene.client(resumed());
            assert_eq!(header(&client).await.expect("a token"), "Bearer access-old");
            scene.clock.advance(seconds(3400));
            header(&client).await.expect("the token is still good");
            eventually("it is being renewed", || scene.vendor.tokens() == 1).await;
            if settles {
                client.session().settle().await.expect("a store that works");
            }
        });
        drop(program);
        scene.clock.advance(seconds(300));
        lasting.block_on(async {
            let next = scene.client(resumed());
            if settles {
                scene.is_whole(&next).await;
            } else {
                let error = header(&next).await.expect_err("its answer is lost");
                assert_eq!(error.kind(), ErrorKind::Reauthorize);
                assert_eq!(scene.asked().await, [OLD, OLD]);
            }
        });
    }
}

#[tokio::test]
async fn to_settle_is_to_save_or_to_be_told() {
    let scene = Scene::new(-1, at_once).await;
    let client = scene.client(resumed());
    client.session().settle().await.expect("nothing to do");
    takes_marks_only(&scene.store);
    header(&client).await.expect("a token");
    let error = client.session().settle().await.expect_err("a full disk");
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(!is_saved(&client));
    heals(&scene.store);
    client.session().settle().await.expect("a store that works");
    assert!(is_saved(&client));
    scene.is_whole(&client).await;
}

#[test]
fn unsaved_tokens_are_saved_though_the_runtime_that_they_came_on_is_gone() {
    let (lasting, doomed) = (runtime(), runtime());
    let scene = lasting.block_on(Scene::new(-1, at_once));
    let client = scene.client(resumed());
    takes_marks_only(&scene.store);
    doomed.block_on(header(&client)).expect("a token");
    drop(doomed);
    heals(&scene.store);
    lasting.block_on(async {
        assert!(!is_saved(&client));
        for _ in 0..20 {
            scene.clock.advance(seconds(1));
            header(&client).await.expect("a valid token");
            settle().await;
        }
        eventually("it is saved", || {
            // The task sleeps on another thread, perhaps since a moment ago.
            scene.clock.advance(Duration::from_millis(10));
            is_saved(&client)
        })
        .await;
        scene.is_whole(&client).await;
    });
}

#[test]
fn whoever_waits_alone_for_a_renewal_that_nobody_drives_is_told_so() {
    let (lasting, still) = (runtime(), driven_by_calls());
    let vendor = lasting.block_on(Vendor::new(|n, _| granted(n)));
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone());
    let settings = settings.no_token_rate_limiter();
    let client = client(FORM, &vendor.url(), machine(), &settings);
    still.block_on(async {
        assert!(header(&client).now_or_never().is_none());
    });
    let mut alone = Box::pin(header(&client));
    assert!(alone.as_mut().now_or_never().is_none());
    // The longest that a renewal can take with these settings.
    clock.advance(seconds(351));
    assert!(alone.as_mut().now_or_never().is_none());
    clock.advance(seconds(1));
    let told = alone.now_or_never().expect("an end").expect_err("no token");
    assert_eq!(told.kind(), ErrorKind::Cancelled);
    assert!(told.is_retryable());
    let served = lasting.block_on(header(&client));
    assert_eq!(served.expect("a token"), "Bearer access-0");
}

#[test]
fn whoever_waits_for_a_renewal_that_nobody_drives_is_told_as_soon_as_another_takes_its_place() {
    let (lasting, still) = (runtime(), driven_by_calls());
    let vendor = lasting.block_on(Vendor::new(|n, _| granted(n)));
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone());
    let settings = settings.no_token_rate_limiter();
    let client = client(FORM, &vendor.url(), machine(), &settings);
    still.block_on(async {
        assert!(header(&client).now_or_never().is_none());
    });
    clock.advance(seconds(300));
    let mut late = Box::pin(header(&client));
    assert!(late.as_mut().now_or_never().is_none());
    // It is over for the renewal; whoever came late would wait for five minutes more.
    clock.advance(seconds(52));
    assert!(late.as_mut().now_or_never().is_none());
    let served = lasting.block_on(header(&client));
    assert_eq!(served.expect("a token"), "Bearer access-0");
    let told = late.now_or_never().expect("an end").expect_err("no token");
    assert_eq!(told.kind(), ErrorKind::Cancelled);
}

/// The longest that a token request may take where its runtime stands still for longer.
const BRIEF: Duration = Duration::from_millis(300);

/// A person's client whose token is due for renewal, at a provider that answers after `delay`.
fn due(lasting: &Runtime, delay: Duration) -> (Vendor, ApiClient) {
    let vendor = lasting.block_on(Vendor::new(move |n, _| granted(n).set_delay(delay)));
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone()).token_timeout(BRIEF);
    let client = client_with(&vendor.url(), named(&clock, "old", 3600), &settings);
    clock.advance(seconds(3400));
    (vendor, client)
}

#[test]
fn an_answer_that_is_there_when_its_time_is_over_counts() {
    let lasting = runtime();
    let (vendor, client) = due(&lasting, Duration::from_millis(50));
    let facade = driven_by_calls();
    facade.block_on(async {
        header(&client).await.expect("the token is still good");
        eventually("the request arrived", || vendor.tokens() == 1).await;
    });
    std::thread::sleep(BRIEF * 2);
    facade.block_on(async {
        client.session().settle().await.expect("nothing to save");
        assert_eq!(header(&client).await.expect("a token"), "Bearer access-0");
    });
}

#[test]
fn an_answer_to_a_call_that_is_there_when_its_time_is_over_counts() {
    let lasting = runtime();
    let vendor = lasting.block_on(Vendor::with_api(
        |n, _| granted(n),
        |_, _| {
            // Too much to be read at one go.
            let answer = ResponseTemplate::new(200).set_body_bytes([b' '; 100_000]);
            answer.set_delay(Duration::from_millis(50))
        },
    ));
    let settings = Settings::new().call_timeout(BRIEF).call_retries(0);
    let client = client(FORM, &vendor.url(), machine(), &settings);
    let facade = driven_by_calls();
    let calling = facade.spawn(async move {
        let call = client.request(Method::GET, "/things").send();
        call.await.map(|answer| answer.status())
    });
    facade.block_on(eventually("the call arrived", || vendor.calls() == 1));
    std::thread::sleep(BRIEF * 2);
    let answer = facade.block_on(calling).expect("no caller panics");
    assert_eq!(answer.expect("an answer"), 200);
}

#[test]
fn a_runtime_that_is_driven_by_each_call_only_loses_no_token() {
    let lasting = runtime();
    // At once, in the time that an answer is looked for after its end, and later.
    for delay in [0, 50, 150] {
        let (vendor, client) = due(&lasting, Duration::from_millis(delay));
        let facade = driven_by_calls();
        for _ in 0..2 {
            let call = client.request(Method::GET, "/things").send();
            facade.block_on(call).expect("an answer");
            std::thread::sleep(BRIEF * 3 / 2);
        }
        facade.block_on(async {
            client.session().settle().await.expect("nothing to save");
            let token = header(&client).await.expect("a token");
            assert_eq!(token, "Bearer access-0", "{delay}");
        });
        assert_eq!(lasting.block_on(asked(&vendor)), [OLD], "{delay}");
    }
}

#[cfg(all(unix, feature = "file-store"))]
#[test]
fn a_holder_of_a_file_that_stands_still_is_taken_over_however_little_time_a_store_has() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = auth_core::FileStore::open(directory.path().join("tokens")).expect("a store");
    let settings = Settings::new()
        .store(store)
        .token_timeout(BRIEF)
        .store_timeout(Duration::from_millis(10));
    let (lasting, still) = (runtime(), driven_by_calls());
    let vendor = lasting.block_on(Vendor::new(|n, _| match n {
        0 => granted(n).set_delay(seconds(20)),
        _ => granted(n),
    }));
    let [holder, other] = [(); 2].map(|()| client(FORM, &vendor.url(), machine(), &settings));
    // A disk can be too slow for so little time: then each asks again.
    still.block_on(eventually("the holder has asked", || {
        let _ = header(&holder).now_or_never();
        vendor.tokens() == 1
    }));
    let mut served = None;
    lasting.block_on(eventually("the other is served", || {
        let asking = header(&other).now_or_never();
        served = asking.and_then(Result::ok);
        served.is_some()
    }));
    assert!(served.is_some_and(|token| token != "Bearer access-0"));
}

#[test]
fn an_answer_to_a_request_that_left_only_after_its_time_counts() {
    let lasting = runtime();
    let delay = Duration::from_millis(150);
    for turns in 0..3 {
        let (vendor, client) = due(&lasting, delay);
        let facade = driven_by_calls();
        // The call is over before the renewal that it began is connected.
        facade.block_on(async {
            header(&client).await.expect("the token is still good");
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
        });
        std::thread::sleep(BRIEF * 2);
        facade.block_on(async {
            eventually("the request arrived", || vendor.tokens() == 1).await;
        });
        std::thread::sleep(BRIEF * 2);
        facade.block_on(async {
            client.session().settle().await.expect("nothing to save");
            let token = header(&client).await.expect("a token");
            assert_eq!(token, "Bearer access-0", "{turns}");
        });
        assert_eq!(lasting.block_on(asked(&vendor)), [OLD], "{turns}");
    }
}
