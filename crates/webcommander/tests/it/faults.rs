//! Breaks the sandbox's answers in every way and shows what is survived and what is told.

use std::time::Duration;

use vendor_sandbox::{Endpoint, Fault, Host, Injection, RetryAfter};
use webcommander::{ErrorKind, ManualClock, Method, Settings};

use crate::client::{CUSTOMERS, customers};
use crate::journeys::{HOUR, client, counts, grants, sandbox};

fn fault(fault: Fault, endpoint: Endpoint) -> Injection {
    Injection::new(fault)
        .host(Host::WebCommander)
        .endpoint(endpoint)
}

/// A server that fails and says that it will be back at once.
fn down(code: u16) -> Fault {
    Fault::Status {
        code,
        retry_after: Some(RetryAfter::Seconds(0)),
    }
}

#[tokio::test]
async fn a_token_endpoint_that_is_busy_for_two_requests_is_survived() {
    for code in [429, 502, 503, 504] {
        let sandbox = sandbox().await;
        sandbox.inject(fault(down(code), Endpoint::Token).times(2));
        let client = client(&sandbox, Settings::new());
        customers(&client).await.expect("customers");
        assert_eq!(counts(&sandbox), (3, 1), "{code}");
    }
}

#[tokio::test]
async fn a_token_endpoint_that_stays_busy_is_a_typed_error_after_three_requests() {
    let sandbox = sandbox().await;
    sandbox.inject(fault(down(503), Endpoint::Token).times(4));
    let client = client(&sandbox, Settings::new());
    let error = customers(&client).await.expect_err("no token");
    assert_eq!(error.kind(), ErrorKind::Provider);
    assert!(error.is_retryable());
    assert_eq!(counts(&sandbox), (3, 0));
}

#[tokio::test]
async fn a_refresh_on_a_busy_server_is_repeated_with_the_same_refresh_token() {
    let sandbox = sandbox().await;
    let clock = ManualClock::new();
    let client = client(&sandbox, Settings::new().clock(clock.clone()));
    customers(&client).await.expect("customers");
    sandbox.inject(fault(down(503), Endpoint::Token).times(2));
    clock.advance(HOUR);
    customers(&client).await.expect("customers");
    assert_eq!(grants(&sandbox)[1..], ["refresh_token"; 3]);
    assert_eq!(sandbox.reuse_detected(), 0);
    assert_eq!(counts(&sandbox), (4, 2));
}

#[tokio::test]
async fn a_refresh_whose_answer_was_lost_is_typed_and_then_healed_by_the_first_grant() {
    let sandbox = sandbox().await;
    let clock = ManualClock::new();
    let client = client(&sandbox, Settings::new().clock(clock.clone()));
    customers(&client).await.expect("customers");
    sandbox.inject(fault(Fault::LostAnswer, Endpoint::Token));
    clock.advance(HOUR);
    let error = customers(&client).await.expect_err("no token");
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.may_have_been_processed());
    clock.advance(Duration::from_secs(1));
    customers(&client).await.expect("customers");
    // The spent refresh token is tried once more, since it may not have been spent.
    assert_eq!(
        grants(&sandbox)[1..],
        ["refresh_token", "refresh_token", "client_credentials"]
    );
    assert_eq!(sandbox.reuse_detected(), 1);
    assert_eq!(counts(&sandbox), (4, 2));
}

#[tokio::test]
async fn token_answers_that_are_no_token_answers_are_told_as_such() {
    for (trouble, kind) in [
        (Fault::InvalidJson, ErrorKind::Decode),
        (Fault::Html { status: 200 }, ErrorKind::Decode),
        (Fault::Html { status: 404 }, ErrorKind::NotFound),
        (Fault::Reset, ErrorKind::Connect),
        (Fault::Truncate, ErrorKind::Connect),
        (Fault::status(500), ErrorKind::Provider),
        (Fault::Unauthorized, ErrorKind::Unauthorized),
        (
            Fault::Redirect {
                status: 307,
                location: "https://elsewhere.example.com/".to_owned(),
            },
            ErrorKind::Blocked,
        ),
    ] {
        let sandbox = sandbox().await;
        sandbox.inject(fault(trouble.clone(), Endpoint::Token));
        let client = client(&sandbox, Settings::new());
        let error = customers(&client).await.expect_err("no token");
        assert_eq!(error.kind(), kind, "{trouble:?}: {error}");
        assert_eq!(counts(&sandbox), (1, 0), "{trouble:?}: {error}");
    }
}

#[tokio::test]
async fn reading_calls_survive_a_busy_server_a_reset_and_a_lost_answer() {
    for trouble in [
        down(429),
        down(503),
        Fault::Reset,
        Fault::LostAnswer,
        Fault::Truncate,
    ] {
        let sandbox = sandbox().await;
        sandbox.inject(fault(trouble.clone(), Endpoint::Api));
        let client = client(&sandbox, Settings::new());
        let answer = customers(&client).await;
        assert!(answer.is_ok(), "{trouble:?}: {answer:?}");
        assert_eq!(counts(&sandbox), (1, 2), "{trouble:?}");
    }
}

#[tokio::test]
async fn a_500_is_not_tried_again_since_it_often_means_bad_input() {
    let sandbox = sandbox().await;
    sandbox.inject(fault(Fault::status(500), Endpoint::Api));
    let client = client(&sandbox, Settings::new());
    let error = customers(&client).await.expect_err("a failure");
    assert_eq!(error.kind(), ErrorKind::Provider);
    assert_eq!(counts(&sandbox), (1, 1));
}

#[tokio::test]
async fn a_write_is_sent_again_only_where_it_surely_had_no_effect() {
    for (trouble, sent) in [
        (down(429), 2),
        (down(503), 1),
        (Fault::LostAnswer, 1),
        (Fault::Reset, 1),
    ] {
        let sandbox = sandbox().await;
        sandbox.inject(fault(trouble.clone(), Endpoint::Api));
        let client = client(&sandbox, Settings::new());
        let call = client.request(Method::POST, CUSTOMERS);
        let body = serde_json::json!({ "customer": {
            "first_name": "New",
            "email": "new@example.com",
        } });
        let outcome = call.json(&body).send().await;
        assert_eq!(outcome.is_ok(), sent == 2, "{trouble:?}: {outcome:?}");
        assert_eq!(counts(&sandbox), (1, sent), "{trouble:?}");
    }
}
