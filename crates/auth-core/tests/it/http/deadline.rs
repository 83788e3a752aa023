//! No call outlives its deadline, whatever it waits for; a list is a call for each page.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use auth_core::{
    ApiClient, Clock as _, Error, ErrorKind, Generation, List, ManualClock, Method, Paging,
    RateLimiter, Response, Saved, Secret, SecretProvider, SecretSource, Settings, StoreKey,
    StoreLock, StoredTokens, TokenStore,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use wiremock::ResponseTemplate;

use super::{say, signed_in};
use crate::clocks::{HastyClock, eventually};
use crate::dialects::FORM;
use crate::raw::{Act, RawServer, http};
use crate::stage::{Vendor, answer, client, granted, machine, seconds};

/// A call that may take ten seconds.
fn call(client: &ApiClient) -> JoinHandle<Result<Response, Error>> {
    let client = client.clone();
    tokio::spawn(async move {
        let call = client.request(Method::GET, "/things");
        call.with_deadline(seconds(10)).send().await
    })
}

/// Lets every task go on until it waits for time, the network, or another.
async fn settle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

/// The failure of a call that goes on to the last millisecond of its ten seconds, and no longer.
async fn ends_in_time<T>(call: JoinHandle<Result<T, Error>>, clock: &ManualClock) -> Error {
    settle().await;
    clock.advance(seconds(10) - Duration::from_millis(1));
    settle().await;
    assert!(!call.is_finished(), "it gave up too early");
    clock.advance(Duration::from_millis(1));
    eventually("the call is over", || call.is_finished()).await;
    match call.await.expect("no panic") {
        Ok(_) => panic!("it can't have gone well"),
        Err(error) => error,
    }
}

/// Never gives the secret.
struct Silent;

#[async_trait]
impl SecretProvider for Silent {
    async fn secret(&self) -> Result<Secret, Box<dyn StdError + Send + Sync>> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn a_secret_that_never_comes_does_not_outlast_the_deadline() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let clock = ManualClock::new();
    let mut principal = machine();
    principal.client_secret = Some(SecretSource::provider(Arc::new(Silent)));
    let settings = Settings::new().clock(clock.clone());
    let client = client(FORM, &vendor.url(), principal, &settings);
    let error = ends_in_time(call(&client), &clock).await;
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(!error.may_have_been_processed());
    assert_eq!((vendor.tokens(), vendor.calls()), (0, 0));
}

#[tokio::test]
async fn a_lock_that_is_held_elsewhere_does_not_outlast_the_deadline() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone()).store(Held);
    let client = client(FORM, &vendor.url(), machine(), &settings);
    let error = ends_in_time(call(&client), &clock).await;
    assert_eq!(error.kind(), ErrorKind::Store);
    assert!(error.is_retryable() && !error.may_have_been_processed());
    assert_eq!((vendor.tokens(), vendor.calls()), (0, 0));
}

/// A store whose lock somebody else has for ever.
#[derive(Debug)]
struct Held;

#[async_trait]
impl TokenStore for Held {
    async fn lock(&self, _: &StoreKey, _: Duration) -> Result<StoreLock, Error> {
        std::future::pending().await
    }

    async fn load(&self, _: &StoreKey) -> Result<Option<StoredTokens>, Error> {
        panic!("only under the lock")
    }

    async fn save(
        &self,
        _: &StoreKey,
        _: Option<Generation>,
        _: &StoredTokens,
    ) -> Result<Saved, Error> {
        panic!("only under the lock")
    }
}

#[tokio::test]
async fn a_renewal_after_a_401_does_not_outlast_the_deadline() {
    let server = RawServer::start(|n| match n {
        0 => Act::Answer(http("200 OK", "", &answer(n).to_string())),
        1 => Act::Answer(http("401 Unauthorized", "", "{}")),
        _ => Act::Hang,
    })
    .await;
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone());
    let client = client(FORM, &server.url(), machine(), &settings);
    client.sign_in().await.expect("a token");
    let call = call(&client);
    eventually("a renewal is under way", || server.seen().len() == 3).await;
    let error = ends_in_time(call, &clock).await;
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.may_have_been_processed());
    assert_eq!(server.seen().len(), 3);
}

#[tokio::test]
async fn a_turn_that_comes_too_late_is_not_waited_for() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let clock = ManualClock::new();
    let limit = RateLimiter::new(1, seconds(9));
    let settings = Settings::new()
        .clock(clock.clone())
        .rate_limiter(limit.clone());
    let client = signed_in(&vendor, &settings).await;
    let first = call(&client).await.expect("no panic");
    first.expect("a free turn");
    let waiting = call(&client);
    settle().await;
    let late = call(&client).await.expect("no panic");
    let error = late.expect_err("the next turn but one comes too late");
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry_after(), Some(seconds(18)));
    clock.advance(seconds(9));
    waiting.await.expect("no panic").expect("its turn");
    assert_eq!(vendor.calls(), 2);
}

#[tokio::test]
async fn a_body_that_drips_does_not_outlast_the_deadline() {
    let server = RawServer::start(|n| match n {
        0 => Act::Answer(http("200 OK", "", &answer(n).to_string())),
        _ => Act::Drip("HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n"),
    })
    .await;
    let client = client(FORM, &server.url(), machine(), &Settings::new());
    client.sign_in().await.expect("a token");
    let call = client.request(Method::GET, "/things");
    let call = call.with_deadline(Duration::from_millis(300)).send().await;
    let error = call.expect_err("no end");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.may_have_been_processed());
}

#[tokio::test]
async fn a_failure_whose_head_was_slow_has_only_the_rest_of_the_time_for_its_body() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let (asked, goes_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let server = tokio::spawn({
        let (asked, goes_on) = (Arc::clone(&asked), Arc::clone(&goes_on));
        async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let mut bytes = [0; 8192];
            let length = stream.read(&mut bytes).await.expect("a request");
            assert!(length > 0);
            asked.notify_one();
            goes_on.notified().await;
            let head = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 100\r\n\r\n";
            stream.write_all(head).await.expect("an open connection");
            // Until the client has had enough.
            let _ = stream.read(&mut bytes).await;
        }
    });
    let key = auth_core::Principal::new(auth_core::Grant::StaticToken("token-1".into()));
    let clock = ManualClock::new();
    let client = client(FORM, &url, key, &Settings::new().clock(clock.clone()));
    let call = tokio::spawn(async move {
        let call = client.request(Method::GET, "/export");
        call.with_deadline(seconds(10)).open().await
    });
    asked.notified().await;
    clock.advance(seconds(9));
    goes_on.notify_one();
    // Long enough for the head, which nobody tells of.
    let mut turns = 0;
    eventually("the head has come", || {
        turns += 1;
        turns == 50
    })
    .await;
    assert!(!call.is_finished());
    clock.advance(seconds(1));
    let error = call.await.expect("no panic").expect_err("no body");
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.may_have_been_processed());
    server.await.expect("no panic");
}

#[tokio::test]
async fn retries_without_end_do_not_outlast_the_deadline() {
    for asked in [None, Some("7"), Some("86400")] {
        let vendor = Vendor::with_api(
            |n, _| granted(n),
            move |_, _| match asked {
                None => say(503, "{}"),
                Some(wait) => say(503, "{}").insert_header("retry-after", wait),
            },
        )
        .await;
        let clock = HastyClock::default();
        let settings = Settings::new()
            .clock(clock.clone())
            .call_retries(u32::MAX)
            .no_retry_budget();
        let client = signed_in(&vendor, &settings).await;
        let began = clock.now();
        let call = client.request(Method::GET, "/things");
        // Less than what the clock takes for a limit: any pause that has room in it passes at once.
        let error = call.with_deadline(seconds(50)).send().await;
        let error = error.expect_err("down for long");
        assert_eq!(error.kind(), ErrorKind::Provider);
        assert!(clock.now() - began <= seconds(50), "{asked:?}");
        let tries = vendor.calls();
        match asked {
            None => assert!(tries > 5, "{tries}"),
            Some("7") => assert_eq!(tries, 8),
            Some(_) => assert_eq!(tries, 1),
        }
    }
}

/// Pages by number, up to one without items.
const NUMBERED: Paging = Paging::index("pageIndex");

#[tokio::test]
async fn each_page_of_a_list_has_a_deadline_of_its_own() {
    let clock = ManualClock::new();
    let vendor = Vendor::with_api(|n, _| granted(n), {
        let clock = clock.clone();
        move |n, _| {
            clock.advance(seconds(100));
            let items = [json!({ "id": n })];
            let items = if n < 5 { &items[..] } else { &[] };
            ResponseTemplate::new(200).set_body_json(items)
        }
    })
    .await;
    let client = signed_in(&vendor, &Settings::new().clock(clock.clone())).await;
    let began = clock.now();
    let call = client.request(Method::GET, "/things");
    let list: List<'_, Value> = List::new(call, &NUMBERED, |item, _| Ok(item));
    let mut items = list.stream();
    let mut got = Vec::new();
    while let Some(item) = items.try_next().await.expect("a page in time") {
        got.push(item);
    }
    assert_eq!(got.len(), 5);
    assert_eq!(clock.now() - began, seconds(600));
}
