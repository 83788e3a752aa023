//! The documented limit of the dash platforms: 300 calls in 5 minutes.

use std::time::Duration;

use comm100::{Client, ClientBuilder, ErrorKind, ManualClock, Method, RateLimiter, Settings};
use serde_json::json;

use crate::mock::{Origin, answer, dash, get, hosted, on};
use crate::way::{failed, ok};

const PATH: &str = "/v4/x";

async fn origin() -> Origin {
    let origin = Origin::start().await;
    origin.answer(PATH, answer(200, &json!({}))).await;
    origin
}

fn with_key(builder: ClientBuilder, settings: Settings) -> Client {
    let builder = builder.site_id(1).api_key("a@example.com", "key");
    ok(builder.settings(settings).build())
}

/// The error of a call that may wait for a second.
async fn refused(client: &Client) -> comm100::Error {
    let call = client.request(Method::GET, PATH);
    let answer = call.with_deadline(Duration::from_secs(1)).send().await;
    failed(answer, "the limit is used up")
}

#[tokio::test]
async fn call_301_of_a_dash_client_is_refused_at_once_and_not_sent() {
    let origin = origin().await;
    let clock = ManualClock::new();
    let client = with_key(dash(&origin, &origin), on(&clock));
    let clone = client.clone();
    for _ in 0..150 {
        get(&client, PATH).await;
        get(&clone, PATH).await;
    }
    clock.advance(Duration::from_secs(10));
    let error = refused(&client).await;
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(290)));
    assert!(error.is_retryable() && !error.may_have_been_processed());
    assert_eq!(error.status(), None);
    assert_eq!(origin.seen().await.len(), 300);

    // The clone shares the limit; five minutes after the first call there is room again.
    assert_eq!(refused(&clone).await.kind(), ErrorKind::RateLimited);
    clock.advance(Duration::from_secs(290));
    get(&clone, PATH).await;
    assert_eq!(origin.seen().await.len(), 301);
}

#[tokio::test]
async fn clients_behind_one_address_share_a_limit() {
    let origin = origin().await;
    let clock = ManualClock::new();
    let limit = RateLimiter::new(2, Duration::from_secs(60));
    let settings = || on(&clock).rate_limiter(limit.clone());
    let first = with_key(dash(&origin, &origin), settings());
    let second = with_key(hosted(&origin), settings());
    get(&first, PATH).await;
    get(&second, PATH).await;
    for client in [&first, &second] {
        let error = refused(client).await;
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
    }
    assert_eq!(origin.seen().await.len(), 2);
}

#[tokio::test]
async fn limit_can_be_switched_off_and_v2_has_none() {
    let origin = origin().await;
    let clock = ManualClock::new();
    for client in [
        with_key(dash(&origin, &origin), on(&clock).no_rate_limiter()),
        with_key(hosted(&origin), on(&clock)),
    ] {
        for _ in 0..301 {
            let call = client.request(Method::GET, PATH);
            let answer = call.with_deadline(Duration::from_secs(1)).send().await;
            answer.unwrap();
        }
    }
    assert_eq!(origin.seen().await.len(), 602);
}
