//! Which calls are made again, when, and for how long.

use std::time::Duration;

use auth_core::{ErrorKind, ManualClock, Method, RateLimiter, Settings};
use wiremock::ResponseTemplate;

use super::{say, signed_in};
use crate::clocks::{HastyClock, eventually};
use crate::dialects::FORM;
use crate::raw::{Act, RawServer, http};
use crate::stage::{Vendor, answer, client, granted, machine, seconds};

async fn failing(answer: ResponseTemplate) -> Vendor {
    Vendor::with_api(|n, _| granted(n), move |_, _| answer.clone()).await
}

#[tokio::test]
async fn a_wait_that_is_asked_for_is_kept_and_the_call_goes_on() {
    for status in [429, 503] {
        let vendor = Vendor::with_api(
            |n, _| granted(n),
            move |n, _| match n {
                0 => say(status, "{}").insert_header("retry-after", "7"),
                1 => say(status, "{}").insert_header("retry-after", "3"),
                _ => say(200, "{}"),
            },
        )
        .await;
        let clock = HastyClock::default();
        let client = signed_in(&vendor, &Settings::new().clock(clock.clone())).await;
        let call = client.request(Method::GET, "/things");
        call.send().await.expect("the third try is answered");
        assert_eq!(clock.pauses(), [seconds(7), seconds(3)]);
        assert_eq!((vendor.tokens(), vendor.calls()), (1, 3));
    }
}

#[tokio::test]
async fn only_what_can_do_no_harm_is_sent_again() {
    let (get, post, put) = (Method::GET, Method::POST, Method::PUT);
    for (method, idempotent, status, tries) in [
        (&get, None, 502, 3),
        (&get, None, 503, 3),
        (&get, None, 504, 3),
        (&get, None, 500, 1),
        (&get, None, 400, 1),
        (&put, None, 503, 3),
        (&get, Some(false), 503, 1),
        (&post, None, 502, 1),
        (&post, None, 503, 1),
        (&post, None, 504, 1),
        (&post, Some(true), 503, 3),
        (&post, None, 429, 3),
        (&get, None, 429, 3),
    ] {
        let vendor = failing(say(status, "{}")).await;
        let clock = HastyClock::default();
        let client = signed_in(&vendor, &Settings::new().clock(clock.clone())).await;
        let mut call = client.request(method.clone(), "/things");
        if let Some(idempotent) = idempotent {
            call = call.with_idempotent(idempotent);
        }
        let error = call.send().await.expect_err("a failure");
        let case = format!("{method} {idempotent:?} {status}");
        assert_eq!(error.status().map(|it| it.as_u16()), Some(status), "{case}");
        assert_eq!(vendor.calls(), tries, "{case}");
        let pauses = clock.pauses();
        assert_eq!(pauses.len(), tries - 1, "{case}");
        for (n, pause) in pauses.iter().enumerate() {
            assert!(
                *pause <= Duration::from_millis(250 << n),
                "{case}: {pauses:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_limit_without_429_or_a_wait_is_not_tried_again() {
    use crate::{dialects::JSON, endpoint::json_machine};
    let vendor = failing(say(403, "{\"message\":\"the daily Quota is used up\"}")).await;
    let client = client(JSON, &vendor.url(), json_machine(), &Settings::new());
    let call = client.request(Method::GET, "/things");
    let error = call.send().await.expect_err("a used up quota");
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!((vendor.tokens(), vendor.calls()), (1, 1));
}

#[tokio::test]
async fn the_number_of_tries_is_a_setting() {
    for retries in 0..4_u32 {
        let vendor = failing(say(503, "{}")).await;
        let settings = Settings::new()
            .clock(HastyClock::default())
            .call_retries(retries);
        let client = signed_in(&vendor, &settings).await;
        let call = client.request(Method::GET, "/things");
        call.send().await.expect_err("a failure");
        assert_eq!(vendor.calls(), 1 + retries as usize);
    }
}

/// The outcome of a call that meets `hostile` once the token is there, and how often it was sent.
async fn broken(method: Method, hostile: fn() -> Act) -> (Result<(), ErrorKind>, usize) {
    let script = move |n: usize| match n {
        0 => Act::AnswerAndClose(http(
            "200 OK",
            "connection: close\r\n",
            &answer(n).to_string(),
        )),
        1 => hostile(),
        _ => Act::Answer(http("200 OK", "", "{}")),
    };
    let server = RawServer::start(script).await;
    let settings = Settings::new()
        .clock(HastyClock::default())
        .call_timeout(Duration::from_millis(300));
    let client = client(FORM, &server.url(), machine(), &settings);
    client.sign_in().await.expect("a token");
    let outcome = client.request(method, "/things").send().await;
    let outcome = outcome.map(|_| ()).map_err(|error| {
        assert!(error.may_have_been_processed(), "{error}");
        error.kind()
    });
    (outcome, server.connections() - 1)
}

#[tokio::test]
async fn a_broken_connection_is_tried_again_only_where_twice_does_no_harm() {
    for hostile in [|| Act::Reset, || Act::Close] {
        assert_eq!(broken(Method::GET, hostile).await, (Ok(()), 2));
        assert_eq!(
            broken(Method::POST, hostile).await,
            (Err(ErrorKind::Connect), 1)
        );
    }
    let hang = || Act::Hang;
    assert_eq!(
        broken(Method::GET, hang).await,
        (Err(ErrorKind::Timeout), 1)
    );
}

/// Signs in, reads one call and breaks the connection, and hangs from then on.
fn sign_in_and_break(n: usize) -> Act {
    match n {
        0 => Act::AnswerAndClose(http(
            "200 OK",
            "connection: close\r\n",
            &answer(n).to_string(),
        )),
        1 => Act::Close,
        _ => Act::Hang,
    }
}

/// Fails if a call that broke is not told as such, and as one that the provider may have acted on.
fn told_as_broken(error: &auth_core::Error) {
    assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
    assert!(error.to_string().contains("broke"), "{error}");
    assert!(error.may_have_been_processed(), "{error}");
}

#[tokio::test]
async fn a_call_that_was_read_counts_as_sent_though_its_retry_finds_nobody() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    for (method, idempotent) in [(Method::PUT, None), (Method::POST, Some(true))] {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            drop(listener);
            let mut bytes = [0; 8192];
            let length = stream.read(&mut bytes).await.expect("a request");
            stream.shutdown().await.expect("an open connection");
            String::from_utf8_lossy(&bytes[..length]).into_owned()
        });
        let key = auth_core::Principal::new(auth_core::Grant::StaticToken("token-1".into()));
        let clock = HastyClock::default();
        let settings = Settings::new().clock(clock.clone());
        let client = client(FORM, &format!("http://{address}"), key, &settings);
        let mut call = client.request(method.clone(), "/payments");
        if let Some(idempotent) = idempotent {
            call = call.with_idempotent(idempotent);
        }
        let error = call.send().await.expect_err("nobody is left");
        assert_eq!(error.kind(), ErrorKind::Connect);
        assert!(error.may_have_been_processed(), "{method}: {error}");
        assert_eq!(clock.pauses().len(), 2, "it was tried again");
        let seen = server.await.expect("no panic");
        assert!(seen.starts_with(&format!("{method} /payments")), "{seen}");
    }
}

#[tokio::test]
async fn a_call_that_was_read_counts_as_sent_though_its_retry_finds_no_turn() {
    let server = RawServer::start(sign_in_and_break).await;
    let settings = Settings::new()
        .clock(HastyClock::default())
        .rate_limiter(RateLimiter::new(1, seconds(3600)));
    let client = client(FORM, &server.url(), machine(), &settings);
    let call = client.request(Method::PUT, "/payments");
    told_as_broken(&call.send().await.expect_err("no turn for an hour"));
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_call_that_was_read_counts_as_sent_though_time_runs_out_before_its_retry() {
    let server = RawServer::start(|n| match n {
        0 => Act::Close,
        _ => Act::Hang,
    })
    .await;
    let clock = ManualClock::new();
    let settings = Settings::new()
        .clock(clock.clone())
        .token_timeout(seconds(86_400));
    let old = crate::stage::tokens(&clock, Some("refresh-old"), 1);
    let client = crate::stage::client_with(&server.url(), old, &settings);
    let call = tokio::spawn(async move {
        let call = client.request(Method::PUT, "/payments");
        call.with_deadline(seconds(43_200)).send().await
    });
    eventually("the call was read", || server.seen().len() == 1).await;
    // The token ends before the retry, and its renewal hangs.
    eventually("a token was asked for", || {
        clock.advance(seconds(2));
        server.seen().len() == 2
    })
    .await;
    clock.advance(seconds(43_200));
    let outcome = call.await.expect("no panic");
    told_as_broken(&outcome.expect_err("no time is left"));
    let seen = server.seen();
    assert!(seen[0].starts_with("PUT /payments"), "{seen:?}");
    assert!(seen[1].starts_with("POST /oauth/token"), "{seen:?}");
}

#[tokio::test]
async fn a_refused_connection_is_tried_again_whatever_the_method() {
    for method in [Method::GET, Method::POST] {
        let server =
            RawServer::start(|n| Act::AnswerAndClose(http("200 OK", "", &answer(n).to_string())))
                .await;
        let nobody = format!("http://127.0.0.1:{}", crate::raw::free_port().await);
        let mut profile = crate::stage::profile(FORM, &server.url(), machine());
        profile.api_base = crate::stage::base(&nobody);
        let clock = HastyClock::default();
        let settings = Settings::new().clock(clock.clone());
        let client = auth_core::ApiClient::new(profile, &settings).expect("a good client");
        client.sign_in().await.expect("a token");
        let call = client.request(method, "/things");
        let error = call.send().await.expect_err("nobody listens");
        assert_eq!(error.kind(), ErrorKind::Connect);
        assert!(!error.may_have_been_processed());
        assert_eq!(clock.pauses().len(), 2);
    }
}

#[tokio::test]
async fn a_wait_beyond_the_deadline_is_left_to_the_caller() {
    let vendor = failing(say(429, "{}").insert_header("retry-after", "40")).await;
    let clock = HastyClock::default();
    let client = signed_in(&vendor, &Settings::new().clock(clock.clone())).await;
    let call = client.request(Method::GET, "/things");
    let error = call
        .with_deadline(seconds(30))
        .send()
        .await
        .expect_err("no time");
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry_after(), Some(seconds(40)));
    assert!(clock.pauses().is_empty());
    // Of three waits of 40 seconds, two fit into a hundred.
    let call = client.request(Method::GET, "/things");
    let call = call.with_deadline(seconds(100));
    call.send().await.expect_err("still too many");
    assert_eq!(clock.pauses(), [seconds(40); 2]);
    assert_eq!(vendor.calls(), 1 + 3);
}

#[tokio::test]
async fn the_deadline_bounds_the_wait_for_a_token() {
    let server = RawServer::start(|_| Act::Hang).await;
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone());
    let client = client(FORM, &server.url(), machine(), &settings);
    let call = tokio::spawn({
        let client = client.clone();
        async move {
            let call = client.request(Method::GET, "/things");
            call.with_deadline(seconds(10)).send().await
        }
    });
    eventually("the token was asked for", || server.seen().len() == 1).await;
    clock.advance(seconds(9));
    tokio::task::yield_now().await;
    assert!(!call.is_finished());
    clock.advance(seconds(1));
    let error = call.await.expect("no panic").expect_err("no token came");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(!error.may_have_been_processed());
    assert_eq!(server.seen().len(), 1, "the call itself was never sent");
}

#[tokio::test]
async fn the_deadline_bounds_a_try() {
    let script = |n: usize| match n {
        0 => Act::Answer(http("200 OK", "", &answer(n).to_string())),
        _ => Act::Hang,
    };
    let server = RawServer::start(script).await;
    let client = client(FORM, &server.url(), machine(), &Settings::new());
    client.sign_in().await.expect("a token");
    let call = client.request(Method::GET, "/things");
    let call = call.with_deadline(Duration::from_millis(200));
    let error = call.send().await.expect_err("silence");
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

#[tokio::test]
async fn a_deadline_without_end_is_no_overflow() {
    let vendor = failing(say(200, "{}")).await;
    let settings = Settings::new()
        .call_deadline(Duration::MAX)
        .call_timeout(Duration::MAX)
        .token_timeout(Duration::MAX)
        .rate_limiter(RateLimiter::new(1, Duration::MAX));
    let client = signed_in(&vendor, &settings).await;
    let call = client.request(Method::GET, "/things");
    call.send().await.expect("an answer");
    let call = client.request(Method::GET, "/things");
    let error = call
        .with_deadline(seconds(1))
        .send()
        .await
        .expect_err("no turn");
    assert_eq!(error.kind(), ErrorKind::RateLimited);
}

#[tokio::test]
async fn a_used_up_rate_limit_is_told_at_once_and_nothing_is_sent() {
    let vendor = failing(say(200, "{}")).await;
    let settings = Settings::new()
        .clock(ManualClock::new())
        .rate_limiter(RateLimiter::new(2, seconds(300)));
    let client = signed_in(&vendor, &settings).await;
    for _ in 0..2 {
        let call = client.request(Method::GET, "/things");
        call.send().await.expect("a free turn");
    }
    let call = client.request(Method::GET, "/things");
    let error = call.send().await.expect_err("no turn for five minutes");
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry_after(), Some(seconds(300)));
    assert!(!error.may_have_been_processed());
    assert_eq!(vendor.calls(), 2);
}

#[tokio::test]
async fn clients_share_a_rate_limit_and_wait_for_their_turn() {
    let vendor = failing(say(200, "{}")).await;
    let clock = HastyClock::default();
    let settings = Settings::new()
        .clock(clock.clone())
        .rate_limiter(RateLimiter::new(1, seconds(30)));
    let (first, second) = (
        signed_in(&vendor, &settings).await,
        signed_in(&vendor, &settings).await,
    );
    for client in [&first, &second, &first] {
        let call = client.request(Method::GET, "/things");
        call.send().await.expect("a turn in time");
    }
    assert_eq!(clock.pauses(), [seconds(30); 2]);
    let unbound = signed_in(&vendor, &settings.no_rate_limiter()).await;
    let call = unbound.request(Method::GET, "/things");
    call.send().await.expect("no turn needed");
    assert_eq!(clock.pauses().len(), 2);
}
