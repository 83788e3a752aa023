//! A vendor that is down, cuts the connection, or loses its answer.

use std::time::Duration;

use comm100::{Client, ErrorKind, ManualClock, Method};
use vendor_sandbox::{Endpoint, Fault, Host, Injection, RetryAfter, Sandbox};

use super::{HALF_A_DAY, PAUSE, call};
use crate::mock::on;
use crate::way::{Way, ok, with_key};

/// Down for one request, and ready for the next at once.
const DOWN: Fault = Fault::Status {
    code: 503,
    retry_after: Some(RetryAfter::Seconds(0)),
};

fn at_tokens(fault: Fault, way: Way) -> Injection {
    Injection::new(fault)
        .host(way.panel())
        .endpoint(Endpoint::Token)
}

fn at_api(fault: Fault) -> Injection {
    Injection::new(fault).endpoint(Endpoint::Api)
}

/// A client whose token has just run out.
async fn expired(way: Way, sandbox: &Sandbox, clock: &ManualClock) -> Client {
    let client = ok(way.signed_in(sandbox).await.settings(on(clock)).build());
    ok(call(&client, way).await);
    clock.advance(HALF_A_DAY);
    sandbox.clear();
    client
}

#[tokio::test]
async fn sign_in_that_meets_503_is_tried_again_unless_a_code_is_spent() {
    for &way in Way::ALL {
        let sandbox = Sandbox::start().await.unwrap();
        let clock = ManualClock::new();
        let client = way.signed_in(&sandbox).await.settings(on(&clock));
        let client = client.build().unwrap();
        sandbox.inject(at_tokens(DOWN, way));
        let answer = call(&client, way).await;
        if matches!(way, Way::DashCode | Way::HostedCode) {
            let error = answer.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Provider, "{way:?}");
            assert_eq!(error.status().unwrap(), 503);
            assert!(error.is_retryable());
            assert_eq!(sandbox.token_requests(way.panel()), 1, "{way:?}");
        } else {
            answer.unwrap();
        }
    }
}

#[tokio::test]
async fn renewal_that_meets_503_is_tried_again() {
    for &way in Way::ALL {
        let sandbox = Sandbox::start().await.unwrap();
        let clock = ManualClock::new();
        let client = expired(way, &sandbox, &clock).await;
        sandbox.inject(at_tokens(DOWN, way));
        call(&client, way).await.unwrap();
        assert_eq!(sandbox.token_requests(way.panel()), 2, "{way:?}");
        assert_eq!(sandbox.reuse_detected(), 0, "{way:?}");
        assert_eq!(sandbox.refusals(), [], "{way:?}");
    }
}

#[tokio::test]
async fn reset_during_a_renewal_is_survived_or_typed_and_the_next_one_succeeds() {
    for &way in Way::ALL {
        let sandbox = Sandbox::start().await.unwrap();
        let clock = ManualClock::new();
        let client = expired(way, &sandbox, &clock).await;
        sandbox.inject(at_tokens(Fault::Reset, way));
        let answer = call(&client, way).await;
        if way.falls_back() {
            answer.unwrap();
        } else {
            let error = answer.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Connect, "{way:?}");
            assert!(error.is_retryable() && error.may_have_been_processed());
            clock.advance(PAUSE);
            call(&client, way).await.unwrap();
        }
        assert_eq!(sandbox.token_requests(way.panel()), 2, "{way:?}");
        assert_eq!(sandbox.reuse_detected(), 0, "{way:?}");
        assert_eq!(sandbox.refusals(), [], "{way:?}");
    }
}

#[tokio::test]
async fn lost_answer_to_a_renewal_ends_in_the_first_sign_in_or_at_a_person() {
    for &way in Way::ALL {
        let sandbox = Sandbox::start().await.unwrap();
        let clock = ManualClock::new();
        let client = expired(way, &sandbox, &clock).await;
        sandbox.inject(at_tokens(Fault::LostAnswer, way));
        let answer = call(&client, way).await;
        if way.falls_back() {
            answer.unwrap();
            assert_eq!(sandbox.reuse_detected(), 0, "{way:?}");
            continue;
        }
        assert_eq!(answer.unwrap_err().kind(), ErrorKind::Connect, "{way:?}");
        clock.advance(PAUSE);
        let answer = call(&client, way).await;
        if way.is_repeatable() {
            answer.unwrap();
        } else {
            assert_eq!(
                answer.unwrap_err().kind(),
                ErrorKind::Reauthorize,
                "{way:?}"
            );
        }
        // The spent token is tried once, never in a loop.
        let spent = usize::from(way.refreshes());
        assert_eq!(sandbox.reuse_detected(), spent, "{way:?}");
    }
}

#[tokio::test]
async fn token_endpoint_that_answers_rubbish_is_told_and_costs_one_request() {
    for (fault, kind) in [
        (Fault::InvalidJson, ErrorKind::Decode),
        (Fault::Html { status: 200 }, ErrorKind::Decode),
        (Fault::Truncate, ErrorKind::Connect),
        (
            Fault::Redirect {
                status: 302,
                location: "https://example.net/".to_owned(),
            },
            ErrorKind::Blocked,
        ),
        (Fault::status(404), ErrorKind::NotFound),
        (Fault::Unauthorized, ErrorKind::Unauthorized),
    ] {
        let way = Way::HostedClientCredentials;
        let sandbox = Sandbox::start().await.unwrap();
        let client = way.signed_in(&sandbox).await.build().unwrap();
        sandbox.inject(at_tokens(fault.clone(), way));
        let error = client.sign_in().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{fault:?}: {error:?}");
        assert_eq!(sandbox.token_requests(way.panel()), 1, "{fault:?}");
    }
}

#[tokio::test]
async fn call_that_meets_503_or_a_reset_is_made_again() {
    for fault in [DOWN, Fault::Reset, Fault::LostAnswer, Fault::Truncate] {
        let sandbox = Sandbox::start().await.unwrap();
        let client = with_key(&sandbox).build().unwrap();
        sandbox.inject(at_api(fault.clone()));
        call(&client, Way::DashCode).await.unwrap();
        assert_eq!(sandbox.api_requests(Host::Comm100DashApi), 2, "{fault:?}");
    }
}

#[tokio::test]
async fn post_is_not_made_twice_where_the_vendor_may_have_acted() {
    for fault in [DOWN, Fault::Reset, Fault::LostAnswer] {
        let sandbox = Sandbox::start().await.unwrap();
        let client = with_key(&sandbox).build().unwrap();
        sandbox.inject(at_api(fault.clone()));
        let search = || {
            client
                .request(Method::POST, "/v4/livechat/chats:search")
                .json(&serde_json::json!({}))
        };
        let error = search().send().await.unwrap_err();
        assert!(error.may_have_been_processed(), "{fault:?}");
        assert_eq!(sandbox.api_requests(Host::Comm100DashApi), 1, "{fault:?}");

        // A caller who knows that it does no harm may say so.
        sandbox.inject(at_api(fault.clone()));
        search().with_idempotent(true).send().await.unwrap();
        assert_eq!(sandbox.api_requests(Host::Comm100DashApi), 3, "{fault:?}");
    }
}

#[tokio::test]
async fn time_that_runs_out_is_told() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = with_key(&sandbox).build().unwrap();
    sandbox.inject(at_api(Fault::SlowHeaders(Duration::from_secs(20))));
    let call = client
        .request(Method::GET, "/v4/livechat/campaigns")
        .with_timeout(Duration::from_millis(100));
    let error = call.send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.may_have_been_processed());
}
