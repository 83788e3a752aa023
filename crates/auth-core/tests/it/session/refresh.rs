//! Refresh tokens, authorization codes, and where the next token comes from when they are refused.

use std::error::Error as _;

use auth_core::{ErrorKind, ManualClock, Settings, TokenSet};
use tokio::net::TcpListener;
use wiremock::ResponseTemplate;

use crate::clocks::{HastyClock, real};
use crate::dialects::{FORM, GUESS};
use crate::raw::{Act, RawServer, free_port, http};
use crate::stage::{
    Vendor, answer, client, client_with, granted, granted_alone, header, machine, member, person,
    refused, renew, seconds, tokens,
};

const FIRST: &str = "client_credentials";
const REFRESH: &str = "refresh_token";
const CODE: &str = "authorization_code";

/// What a token request was about, as [`Vendor::exchanges`] has it.
fn about(grant: &str, credential: &str) -> (String, String) {
    (grant.to_owned(), credential.to_owned())
}

fn is_refresh(request: &wiremock::Request) -> bool {
    member(&request.body, "grant_type").as_deref() == Some(REFRESH)
}

/// The refresh token of a request, empty where it has none.
fn credential(request: &wiremock::Request) -> String {
    member(&request.body, "refresh_token").unwrap_or_default()
}

#[tokio::test]
async fn a_new_refresh_token_replaces_the_old_and_a_missing_one_keeps_it() {
    let vendor = Vendor::new(|n, _| match n {
        2 | 3 => granted_alone(n),
        _ => granted(n),
    })
    .await;
    let client = client(FORM, &vendor.url(), machine(), &Settings::new());
    for _ in 0..5 {
        renew(&client).await.expect("a newer token");
    }
    assert_eq!(
        vendor.exchanges().await,
        [
            about(FIRST, ""),
            about(REFRESH, "refresh-0"),
            about(REFRESH, "refresh-1"),
            about(REFRESH, "refresh-1"),
            about(REFRESH, "refresh-1"),
            about(REFRESH, "refresh-4"),
        ]
    );
}

#[tokio::test]
async fn an_empty_refresh_token_is_none() {
    let vendor = Vendor::new(|n, _| {
        let mut body = answer(n);
        body["refresh_token"] = "".into();
        ResponseTemplate::new(200).set_body_json(body)
    })
    .await;
    let client = client(FORM, &vendor.url(), machine(), &Settings::new());
    renew(&client).await.expect("a newer token");
    assert_eq!(
        vendor.exchanges().await,
        [about(FIRST, ""), about(FIRST, "")]
    );
}

#[tokio::test]
async fn a_refused_refresh_token_leads_to_the_first_grant_where_it_needs_no_person() {
    for (status, body) in [
        (400, "{\"error\":\"invalid_grant\"}"),
        (400, "{\"error\":\"invalid_request\"}"),
        (400, "<html>"),
        (401, ""),
        (200, "{\"error\":\"invalid_grant\"}"),
    ] {
        let vendor = Vendor::new(move |n, request| {
            if is_refresh(request) {
                ResponseTemplate::new(status).set_body_string(body)
            } else {
                granted(n)
            }
        })
        .await;
        let client = client(FORM, &vendor.url(), machine(), &Settings::new());
        let renewed = renew(&client).await.expect("a newer token");
        assert_eq!(renewed, "Bearer access-2", "{status} {body}");
        assert_eq!(
            vendor.exchanges().await,
            [
                about(FIRST, ""),
                about(REFRESH, "refresh-0"),
                about(FIRST, "")
            ]
        );
    }
}

#[tokio::test]
async fn a_refused_refresh_token_calls_for_the_person_where_the_first_grant_needs_one() {
    for status in [400, 401] {
        let vendor = Vendor::new(move |_, _| refused(status, "invalid_grant")).await;
        let old = tokens(&real(), Some("refresh-old"), -1);
        let client = client_with(&vendor.url(), old, &Settings::new());
        let error = header(&client).await.expect_err("a refused refresh token");
        assert_eq!(error.kind(), ErrorKind::Reauthorize);
        assert!(!error.is_retryable());
        let cause = error.source().expect("the refusal").to_string();
        assert!(cause.contains("invalid_grant"), "{cause}");
        assert_eq!(vendor.tokens(), 1);
    }
}

#[tokio::test]
async fn a_provider_that_fails_at_a_refresh_has_not_refused_it() {
    for (status, kind, tries) in [
        (500, ErrorKind::Provider, 1),
        (503, ErrorKind::Provider, 3),
        (403, ErrorKind::Unauthorized, 1),
        (404, ErrorKind::NotFound, 1),
        (429, ErrorKind::RateLimited, 3),
    ] {
        let vendor = Vendor::new(move |n, request| {
            if is_refresh(request) {
                refused(status, "down")
            } else {
                granted(n)
            }
        })
        .await;
        let settings = Settings::new().clock(HastyClock::default());
        let client = client(FORM, &vendor.url(), machine(), &settings);
        let error = renew(&client).await.expect_err("a failure");
        assert_eq!(error.kind(), kind, "{status}");
        let mut expected = vec![about(FIRST, "")];
        expected.extend(vec![about(REFRESH, "refresh-0"); tries]);
        assert_eq!(vendor.exchanges().await, expected, "{status}");
    }
}

#[tokio::test]
async fn an_undocumented_refresh_that_is_refused_is_never_tried_again() {
    for status in [400, 401, 403, 404, 405, 415, 422, 429] {
        let vendor = Vendor::new(move |n, request| {
            if is_refresh(request) {
                refused(status, "what_is_this")
            } else {
                granted(n)
            }
        })
        .await;
        let client = client(GUESS, &vendor.url(), machine(), &Settings::new());
        for _ in 0..3 {
            renew(&client).await.expect("a newer token");
        }
        assert_eq!(
            vendor.exchanges().await,
            [
                about(FIRST, ""),
                about(REFRESH, "refresh-0"),
                about(FIRST, ""),
                about(FIRST, ""),
                about(FIRST, ""),
            ],
            "{status}"
        );
    }
}

/// What the requests were about, tries of the same request taken together.
async fn journey(vendor: &Vendor) -> Vec<(String, String)> {
    let mut exchanges = vendor.exchanges().await;
    exchanges.dedup();
    exchanges
}

#[tokio::test]
async fn an_undocumented_refresh_gives_way_to_the_first_grant_when_the_provider_fails_at_it() {
    let vendor = Vendor::new(|n, request| match &*credential(request) {
        "refresh-1" => refused(503, "busy"),
        _ => granted(n),
    })
    .await;
    let settings = Settings::new().clock(HastyClock::default());
    let client = client(GUESS, &vendor.url(), machine(), &settings);
    for _ in 0..3 {
        renew(&client).await.expect("a newer token");
    }
    let journey = journey(&vendor).await;
    assert_eq!(
        journey[..4],
        [
            about(FIRST, ""),
            about(REFRESH, "refresh-0"),
            about(REFRESH, "refresh-1"),
            about(FIRST, ""),
        ]
    );
    assert_eq!(journey[4].0, REFRESH, "a failure is no refusal");
}

#[tokio::test]
async fn an_undocumented_refresh_that_meets_a_failure_is_kept_where_only_a_person_could_help() {
    let vendor = Vendor::new(|n, request| match &*credential(request) {
        "refresh-0" if n < 4 => refused(503, "busy"),
        _ => granted(n),
    })
    .await;
    let clock = HastyClock::default();
    let settings = Settings::new().clock(clock.clone()).token_retries(0);
    let principal = person(GUESS, &vendor.url(), "code-1");
    let client = client(GUESS, &vendor.url(), principal, &settings);
    let error = renew(&client).await.expect_err("a busy provider");
    assert_eq!(error.kind(), ErrorKind::Provider);
    for _ in 2..4 {
        clock.advance(seconds(5));
        let error = header(&client).await.expect_err("a busy provider");
        assert_eq!(error.kind(), ErrorKind::Provider);
    }
    clock.advance(seconds(5));
    assert_eq!(header(&client).await.expect("a token"), "access-4");
    assert_eq!(
        journey(&vendor).await,
        [about(CODE, "code-1"), about(REFRESH, "refresh-0")]
    );
}

#[tokio::test]
async fn an_authorization_code_is_used_once() {
    let vendor = Vendor::new(|n, _| granted_alone(n)).await;
    let client = client(
        FORM,
        &vendor.url(),
        person(FORM, &vendor.url(), "code-1"),
        &Settings::new(),
    );
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-0");
    let error = renew(&client).await.expect_err("no way to another token");
    assert_eq!(error.kind(), ErrorKind::Reauthorize);
    assert_eq!(vendor.exchanges().await, [about(CODE, "code-1")]);
}

#[tokio::test]
async fn a_refused_authorization_code_calls_for_the_person() {
    for status in [400, 401, 403] {
        let vendor = Vendor::new(move |_, _| refused(status, "invalid_grant")).await;
        let clock = ManualClock::new();
        let client = client(
            FORM,
            &vendor.url(),
            person(FORM, &vendor.url(), "code-1"),
            &Settings::new().clock(clock.clone()),
        );
        for _ in 0..3 {
            let error = header(&client).await.expect_err("a refused code");
            assert_eq!(error.kind(), ErrorKind::Reauthorize, "{status}");
            clock.advance(seconds(5));
        }
        assert_eq!(vendor.tokens(), 1, "{status}");
    }
}

#[tokio::test]
async fn an_authorization_code_that_may_have_been_spent_is_not_sent_again() {
    let vendor = Vendor::new(|_, _| refused(503, "busy")).await;
    let clock = HastyClock::default();
    let client = client(
        FORM,
        &vendor.url(),
        person(FORM, &vendor.url(), "code-1"),
        &Settings::new().clock(clock.clone()),
    );
    let error = header(&client).await.expect_err("a busy provider");
    assert_eq!(error.kind(), ErrorKind::Provider);
    clock.advance(seconds(5));
    let error = header(&client).await.expect_err("a spent code");
    assert_eq!(error.kind(), ErrorKind::Reauthorize);
    assert_eq!(vendor.tokens(), 1);
}

#[tokio::test]
async fn an_authorization_code_is_kept_where_no_connection_was_made() {
    let port = free_port().await;
    let url = format!("http://127.0.0.1:{port}");
    let clock = HastyClock::default();
    let settings = Settings::new().clock(clock.clone());
    let client = client(FORM, &url, person(FORM, &url, "code-1"), &settings);
    let error = header(&client).await.expect_err("nobody listens");
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(!error.may_have_been_processed());
    assert_eq!(clock.pauses().len(), 2, "it surely never left: tried again");

    let listener = TcpListener::bind(("127.0.0.1", port))
        .await
        .expect("the port is still free");
    let server = RawServer::listen(listener, |n| {
        Act::Answer(http("200 OK", "", &answer(n).to_string()))
    });
    clock.advance(seconds(5));
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-0");
    let seen = server.seen();
    assert_eq!(seen.len(), 1);
    assert!(seen[0].contains("code=code-1"), "{}", seen[0]);
}

#[tokio::test]
async fn resumed_tokens_are_used_while_they_last_then_refreshed() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone());
    let valid = tokens(&clock, Some("refresh-old"), 3600);
    let client = client_with(&vendor.url(), valid, &settings);
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-old");
    assert_eq!(vendor.tokens(), 0);
    clock.advance(seconds(3600));
    assert_eq!(header(&client).await.expect("a token"), "Bearer access-0");
    assert_eq!(vendor.exchanges().await, [about(REFRESH, "refresh-old")]);
}

#[tokio::test]
async fn resumed_tokens_without_a_refresh_token_call_for_the_person_without_a_request() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let client = client_with(&vendor.url(), tokens(&real(), None, -1), &Settings::new());
    let error = header(&client).await.expect_err("no way to another token");
    assert_eq!(error.kind(), ErrorKind::Reauthorize);
    assert_eq!(vendor.tokens(), 0);
}

#[tokio::test]
async fn exported_tokens_go_on_in_another_client() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let first = client(
        FORM,
        &vendor.url(),
        person(FORM, &vendor.url(), "code-1"),
        &Settings::new(),
    );
    assert!(first.session().token_set().is_none());
    header(&first).await.expect("a token");
    let exported = first.session().token_set().expect("tokens").export();
    let imported = TokenSet::import(exported.expose()).expect("our own export");
    let second = client_with(&vendor.url(), imported, &Settings::new());
    assert_eq!(header(&second).await.expect("a token"), "Bearer access-0");
    assert_eq!(vendor.tokens(), 1);
    assert_eq!(renew(&second).await.expect("a token"), "Bearer access-1");
    assert_eq!(
        vendor.exchanges().await,
        [about(CODE, "code-1"), about(REFRESH, "refresh-0")]
    );
}
