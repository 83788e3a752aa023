//! What the mark in the store says to whoever comes after a crash or a lost answer: how often a refresh token is sent.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use auth_core::{ApiClient, Error, ErrorKind, ManualClock, Principal, RefreshMark, Settings};
use wiremock::{Request, ResponseTemplate};

use crate::clocks::real;
use crate::dialects::FORM;
use crate::raw::{Act, RawServer, free_port, http};
use crate::stage::{
    Vendor, answer, client, client_with, granted, header, machine, member, refused, renew, resumed,
    seconds, tokens,
};

use super::moody::{Moody, named};
use super::{asked, asked_raw, settle};

const FIRST: &str = "client_credentials";
pub(super) const OLD: &str = "refresh-old";

/// A store that an earlier session left behind, and whoever comes next.
pub(super) struct Scene {
    pub(super) store: Moody,
    pub(super) clock: ManualClock,
    pub(super) settings: Settings,
}

impl Scene {
    /// The store holds `refresh-old` beside an access token that has ended.
    pub(super) fn new(mark: RefreshMark) -> Self {
        let clock = ManualClock::new();
        let store = Moody::with(named(&clock, "old", -1), mark);
        let settings = Settings::new()
            .clock(clock.clone())
            .store(store.clone())
            .account("ann")
            .token_retries(0);
        Self {
            store,
            clock,
            settings,
        }
    }

    pub(super) fn client(&self, url: &str, principal: Principal) -> ApiClient {
        client(FORM, url, principal, &self.settings)
    }

    /// A provider that writes down the mark which stood in the store while it was asked.
    pub(super) async fn vendor(
        &self,
        answers: impl Fn(usize, &Request) -> ResponseTemplate + Send + Sync + 'static,
    ) -> (Vendor, Arc<Mutex<Vec<RefreshMark>>>) {
        let marks: Arc<Mutex<Vec<RefreshMark>>> = Arc::default();
        let (store, seen) = (self.store.clone(), Arc::clone(&marks));
        let vendor = Vendor::new(move |n, request| {
            seen.lock()
                .expect("no test panics here")
                .push(store.standing().0);
            answers(n, request)
        });
        (vendor.await, marks)
    }
}

fn kind(outcome: Result<String, Error>) -> ErrorKind {
    outcome.expect_err("no token").kind()
}

pub(super) fn standing(mark: RefreshMark, token: &str) -> (RefreshMark, String) {
    (mark, token.to_owned())
}

fn is_refresh(request: &Request) -> bool {
    member(&request.body, "refresh_token").is_some()
}

pub(super) fn seen(marks: &Mutex<Vec<RefreshMark>>) -> Vec<RefreshMark> {
    marks.lock().expect("no test panics here").clone()
}

#[tokio::test]
async fn a_refresh_token_is_marked_while_it_is_sent_and_a_possibly_spent_one_is_sent_once_more() {
    for (before, during) in [
        (RefreshMark::Unspent, RefreshMark::UnderWay),
        (RefreshMark::UnderWay, RefreshMark::Spent),
    ] {
        for principal in [machine(), resumed()] {
            let scene = Scene::new(before);
            let (vendor, marks) = scene.vendor(|n, _| granted(n)).await;
            let client = scene.client(&vendor.url(), principal);
            assert_eq!(header(&client).await.expect("a token"), "Bearer access-0");
            assert_eq!(asked(&vendor).await, [OLD]);
            assert_eq!(seen(&marks), [during]);
            let after = standing(RefreshMark::Unspent, "refresh-0");
            assert_eq!(scene.store.standing(), after);
        }
    }
}

#[tokio::test]
async fn a_possibly_spent_refresh_token_that_is_refused_is_spent() {
    let scene = Scene::new(RefreshMark::UnderWay);
    let (vendor, marks) = scene
        .vendor(|n, request| match is_refresh(request) {
            true => refused(400, "invalid_grant"),
            false => granted(n),
        })
        .await;
    let client = scene.client(&vendor.url(), machine());
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-1");
    assert_eq!(asked(&vendor).await, [OLD, FIRST], "both in one flight");
    assert_eq!(seen(&marks), [RefreshMark::Spent; 2]);
    let after = standing(RefreshMark::Unspent, "refresh-1");
    assert_eq!(scene.store.standing(), after);

    for principal in [machine(), resumed()] {
        let scene = Scene::new(RefreshMark::UnderWay);
        let vendor = Vendor::new(|_, request| match is_refresh(request) {
            true => refused(400, "invalid_grant"),
            false => refused(500, "down"),
        })
        .await;
        let expected = match principal.grant {
            auth_core::Grant::ClientCredentials => (ErrorKind::Provider, "Bearer access-0"),
            _ => (ErrorKind::Reauthorize, ""),
        };
        let first = scene.client(&vendor.url(), principal.clone());
        assert_eq!(kind(header(&first).await), expected.0);
        assert_eq!(scene.store.standing(), standing(RefreshMark::Spent, OLD));
        // Whoever starts now signs in or says so; nobody sends the refresh token.
        let later = Vendor::new(|n, _| granted(n)).await;
        let second = scene.client(&later.url(), principal);
        match header(&second).await {
            Ok(served) => assert_eq!(served, expected.1),
            Err(error) => assert_eq!((error.kind(), ""), expected),
        }
        assert!(!asked(&later).await.contains(&OLD.to_owned()));
    }
}

#[tokio::test]
async fn a_spent_refresh_token_is_not_sent() {
    let scene = Scene::new(RefreshMark::Spent);
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let person = scene.client(&vendor.url(), resumed());
    for _ in 0..5 {
        assert_eq!(kind(header(&person).await), ErrorKind::Reauthorize);
        scene.clock.advance(seconds(70));
    }
    assert_eq!(scene.store.standing(), standing(RefreshMark::Spent, OLD));
    assert_eq!(vendor.tokens(), 0);
    let machine = scene.client(&vendor.url(), machine());
    assert_eq!(header(&machine).await.expect("a token"), "Bearer access-0");
    assert_eq!(asked(&vendor).await, [FIRST]);
}

#[tokio::test]
async fn a_spent_refresh_token_is_good_again_once_another_holder_was_given_it_anew() {
    let scene = Scene::new(RefreshMark::Unspent);
    let vendor = Vendor::new(|n, _| match n {
        0 => refused(400, "invalid_grant"),
        _ => granted(n),
    })
    .await;
    let client = scene.client(&vendor.url(), resumed());
    assert_eq!(kind(header(&client).await), ErrorKind::Reauthorize);
    // The person has signed in elsewhere, at a provider with one refresh token for each.
    let old = named(&scene.clock, "old", 3600);
    scene.store.put(old, RefreshMark::Unspent);
    scene.clock.advance(seconds(5));
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-old");
    assert_eq!(renew(&client).await.expect("a token"), "Bearer access-1");
    assert_eq!(asked(&vendor).await, [OLD, OLD]);
}

/// Answers that leave it open what the provider did, each after the request was read.
fn lost() -> Vec<fn() -> Act> {
    let answers: [fn() -> Act; 8] = [
        || Act::Close,
        || Act::Hang,
        || Act::Drip("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n"),
        || Act::AnswerAndClose(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec()),
        || Act::AnswerAndClose(http("200 OK", "", "")),
        || Act::AnswerAndClose(http("200 OK", "", "<html>")),
        || Act::AnswerAndClose(http("200 OK", "", r#"{"token_type":"Bearer"}"#)),
        || {
            let body = r#"{"access_token":"two words","token_type":"Bearer"}"#;
            Act::AnswerAndClose(http("200 OK", "", body))
        },
    ];
    answers.into()
}

#[tokio::test]
async fn after_a_lost_answer_a_persons_refresh_token_is_sent_once_more_and_never_again() {
    for act in lost() {
        // By one session, or by a new one each time, as after crashes.
        for is_restarted in [false, true] {
            let server = RawServer::start(move |_| act()).await;
            let mut scene = Scene::new(RefreshMark::Unspent);
            scene.settings = scene.settings.token_timeout(Duration::from_millis(60));
            let mut client = scene.client(&server.url(), resumed());
            for mark in [RefreshMark::UnderWay, RefreshMark::Spent] {
                assert_ne!(kind(header(&client).await), ErrorKind::Reauthorize);
                assert_eq!(scene.store.standing(), standing(mark, OLD));
                scene.clock.advance(seconds(5));
                if is_restarted {
                    client = scene.client(&server.url(), resumed());
                }
                scene.clock.advance(seconds(60));
            }
            for _ in 0..5 {
                assert_eq!(kind(header(&client).await), ErrorKind::Reauthorize);
                scene.clock.advance(seconds(70));
            }
            assert_eq!(asked_raw(&server), [OLD, OLD]);
            assert_eq!(scene.store.standing(), standing(RefreshMark::Spent, OLD));
        }
    }
}

#[tokio::test]
async fn after_two_lost_answers_a_machine_signs_in() {
    for is_restarted in [false, true] {
        let server = RawServer::start(|n| match n {
            0 | 1 => Act::Close,
            _ => Act::Answer(http("200 OK", "", &answer(n).to_string())),
        })
        .await;
        let scene = Scene::new(RefreshMark::Unspent);
        let mut client = scene.client(&server.url(), machine());
        for mark in [RefreshMark::UnderWay, RefreshMark::Spent] {
            assert_eq!(kind(header(&client).await), ErrorKind::Connect);
            assert_eq!(scene.store.standing(), standing(mark, OLD));
            scene.clock.advance(seconds(5));
            if is_restarted {
                client = scene.client(&server.url(), machine());
            }
        }
        assert_eq!(header(&client).await.expect("a token"), "Bearer access-2");
        assert_eq!(asked_raw(&server), [OLD, OLD, FIRST]);
        let after = standing(RefreshMark::Unspent, "refresh-2");
        assert_eq!(scene.store.standing(), after);
    }
}

#[tokio::test]
async fn a_provider_that_answers_with_a_failure_leaves_the_mark_as_it_was() {
    for status in [429, 500, 503, 403, 404] {
        for before in [RefreshMark::Unspent, RefreshMark::UnderWay] {
            let scene = Scene::new(before);
            let (vendor, marks) = scene
                .vendor(move |n, _| match n {
                    0..4 => refused(status, "not now"),
                    _ => granted(n),
                })
                .await;
            let client = scene.client(&vendor.url(), resumed());
            for _ in 0..4 {
                assert_ne!(kind(header(&client).await), ErrorKind::Reauthorize);
                assert_eq!(scene.store.standing(), standing(before, OLD), "{status}");
                scene.clock.advance(seconds(60));
            }
            assert_eq!(header(&client).await.expect("a token"), "Bearer access-4");
            assert_eq!(asked(&vendor).await, [OLD; 5]);
            let during = match before {
                RefreshMark::Unspent => RefreshMark::UnderWay,
                _ => RefreshMark::Spent,
            };
            assert_eq!(seen(&marks), [during; 5], "{status}");
        }
    }
}

#[tokio::test]
async fn where_nobody_listens_the_mark_stays_as_it_was() {
    let scene = Scene::new(RefreshMark::UnderWay);
    let nowhere = format!("http://127.0.0.1:{}", free_port().await);
    let client = scene.client(&nowhere, resumed());
    for _ in 0..4 {
        assert_eq!(kind(header(&client).await), ErrorKind::Connect);
        let before = standing(RefreshMark::UnderWay, OLD);
        assert_eq!(scene.store.standing(), before);
        scene.clock.advance(seconds(60));
    }
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let elsewhere = scene.client(&vendor.url(), resumed());
    assert_eq!(
        header(&elsewhere).await.expect("a token"),
        "Bearer access-0"
    );
    assert_eq!(asked(&vendor).await, [OLD]);
}

#[tokio::test]
async fn a_refresh_token_that_others_can_read_is_not_sent_unmarked() {
    let scene = Scene::new(RefreshMark::Unspent);
    scene
        .store
        .put(named(&scene.clock, "old", 3600), RefreshMark::Unspent);
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let person = scene.client(&vendor.url(), resumed());
    assert_eq!(header(&person).await.expect("a token"), "Bearer access-old");
    scene.store.fails_to_save.store(true, Ordering::SeqCst);
    // While the token is valid, it stays in use.
    scene.clock.advance(seconds(3500));
    for _ in 0..10 {
        assert_eq!(header(&person).await.expect("a token"), "Bearer access-old");
        settle().await;
    }
    let error = person.session().health().error.expect("a failed renewal");
    assert_eq!(error.kind(), ErrorKind::Store);
    // After its end, the failure is told.
    scene.clock.advance(seconds(200));
    for _ in 0..5 {
        let error = header(&person)
            .await
            .expect_err("the mark can't be written");
        assert_eq!(error.kind(), ErrorKind::Store);
        assert!(error.is_retryable());
        assert!(!error.may_have_been_processed());
        scene.clock.advance(seconds(5));
    }
    assert_eq!(vendor.tokens(), 0);
    // A machine needs no refresh token.
    let machine = scene.client(&vendor.url(), machine());
    assert_eq!(header(&machine).await.expect("a token"), "Bearer access-0");
    assert_eq!(asked(&vendor).await, [FIRST]);
    // The store heals, and the person's renewal is made up for.
    scene.store.fails_to_save.store(false, Ordering::SeqCst);
    assert_eq!(header(&person).await.expect("a token"), "Bearer access-1");
    assert_eq!(asked(&vendor).await, [FIRST, OLD]);
}

#[tokio::test]
async fn a_refresh_token_that_only_this_session_knows_is_sent_unmarked() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let store = Moody::new();
    store.fails_to_save.store(true, Ordering::SeqCst);
    let settings = Settings::new().store(store.clone()).account("ann");
    let old = tokens(&real(), Some(OLD), -1);
    let client = client_with(&vendor.url(), old, &settings);
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-0");
    assert_eq!(asked(&vendor).await, [OLD]);
    assert!(store.stored().is_none());
}

#[tokio::test]
async fn a_refresh_token_that_only_this_session_knows_is_sent_twice_at_most_too() {
    let server = RawServer::start(|_| Act::Close).await;
    let store = Moody::new();
    store.fails_to_save.store(true, Ordering::SeqCst);
    let clock = ManualClock::new();
    let settings = Settings::new()
        .clock(clock.clone())
        .store(store.clone())
        .account("ann");
    let client = client_with(&server.url(), tokens(&clock, Some(OLD), -1), &settings);
    for _ in 0..2 {
        assert_eq!(kind(header(&client).await), ErrorKind::Connect);
        clock.advance(seconds(5));
    }
    for _ in 0..5 {
        assert_eq!(kind(header(&client).await), ErrorKind::Reauthorize);
        clock.advance(seconds(70));
    }
    assert_eq!(asked_raw(&server), [OLD, OLD]);
}

#[tokio::test]
async fn tokens_that_were_brought_along_stand_in_the_store_before_they_are_renewed() {
    let clock = ManualClock::new();
    let store = Moody::new();
    let during = Arc::new(Mutex::new(None));
    let vendor = Vendor::new({
        let (store, during) = (store.clone(), Arc::clone(&during));
        move |n, _| {
            *during.lock().expect("no test panics here") = store.stored();
            granted(n)
        }
    })
    .await;
    let settings = Settings::new()
        .clock(clock.clone())
        .store(store.clone())
        .account("ann");
    let brought = tokens(&clock, Some(OLD), -1);
    let client = client_with(&vendor.url(), brought.clone(), &settings);
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-0");
    let during = during.lock().expect("no test panics here").take();
    let during = during.expect("tokens in the store");
    assert_eq!(during.mark, RefreshMark::UnderWay);
    assert_eq!(
        during.tokens.export().expose(),
        brought.export().expose(),
        "all of them"
    );
    let after = standing(RefreshMark::Unspent, "refresh-0");
    assert_eq!(store.standing(), after);
}
