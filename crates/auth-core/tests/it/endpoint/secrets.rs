//! What a refused sign-in may tell of the session's secrets, whichever of them the request itself held: none.

use std::error::Error as _;

use auth_core::{ApiClient, Error, ErrorKind, ManualClock, MemoryStore, Settings};
use serde_json::json;
use wiremock::ResponseTemplate;

use super::ok;
use crate::clocks::HastyClock;
use crate::dialects::{BASIC, FORM};
use crate::leak;
use crate::stage::{
    Vendor, client, granted, header, machine, member, person, profile, renew, resumed, seconds,
    tokens,
};

/// A refusal that speaks of all of these.
fn speaks_of(status: u16, secrets: &[&str]) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({
        "error": "invalid_grant",
        "error_description": format!("not with {}", secrets.join(" or ")),
    }))
}

/// Fails if an error, or the one behind it, tells one of these.
fn assert_untold(error: &Error, secrets: &[&str]) {
    let told = leak::told(error);
    assert!(told.contains("not with [REDACTED]"), "{told}");
    for secret in secrets {
        assert!(!told.contains(secret), "{secret}: {told}");
    }
}

#[tokio::test]
async fn a_refused_refresh_tells_no_token_of_two_renewals_back_and_no_spent_code() {
    const EARLIER: [&str; 6] = [
        "access-0",
        "refresh-0",
        "access-1",
        "refresh-1",
        "access-2",
        "canary-spent-code",
    ];
    let vendor = Vendor::new(|n, _| match n {
        0..=2 => granted(n),
        _ => speaks_of(400, &EARLIER),
    })
    .await;
    let url = vendor.url();
    let client = client(FORM, &url, person(FORM, &url, EARLIER[5]), &Settings::new());
    for token in ["Bearer access-1", "Bearer access-2"] {
        assert_eq!(renew(&client).await.expect("a newer token"), token);
    }
    let error = renew(&client).await.expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::Reauthorize);
    assert!(error.source().is_some());
    assert_untold(&error, &EARLIER);
}

#[tokio::test]
async fn a_first_grant_that_is_refused_after_the_refresh_tells_not_the_refresh_token() {
    const SENT: [&str; 2] = ["access-0", "refresh-0"];
    let vendor = Vendor::new(|n, request| match n {
        0 => granted(n),
        _ if member(&request.body, "refresh_token").is_some() => speaks_of(400, &SENT),
        _ => speaks_of(401, &SENT),
    })
    .await;
    let client = client(FORM, &vendor.url(), machine(), &Settings::new());
    header(&client).await.expect("a token");
    let error = renew(&client).await.expect_err("a refusal");
    assert_eq!(vendor.tokens(), 3);
    assert_untold(&error, &SENT);
}

#[tokio::test]
async fn a_refusal_of_either_tells_neither_our_own_tokens_nor_those_of_the_store() {
    const BOTH: [&str; 4] = ["access-old", "refresh-old", "access-0", "refresh-0"];
    let clock = ManualClock::new();
    let store = MemoryStore::new();
    let vendor = Vendor::new(|n, _| match n {
        0 => granted(n),
        _ => speaks_of(400, &BOTH),
    })
    .await;
    let url = vendor.url();
    let settings = Settings::new()
        .clock(clock.clone())
        .store(store)
        .account("ann");
    let first = client(FORM, &url, person(FORM, &url, "code-1"), &settings);
    header(&first).await.expect("a token");
    clock.advance(seconds(4000));
    // They ended later than the stored ones, and so are tried first.
    let mut profile = profile(FORM, &url, resumed());
    profile.tokens = Some(tokens(&clock, Some("refresh-old"), -1));
    let second = ApiClient::new(profile, &settings).expect("a good client");
    let error = header(&second).await.expect_err("a refusal");
    let sent: Vec<_> = vendor.exchanges().await;
    let sent: Vec<&str> = sent[1..].iter().map(|(_, sent)| sent.as_str()).collect();
    assert_eq!(sent, ["refresh-old", "refresh-0"]);
    assert_untold(&error, &BOTH);
}

#[tokio::test]
async fn a_misfit_below_a_member_tells_the_member_and_no_word_of_the_provider() {
    let settings = Settings::new().clock(HastyClock::default());
    for member in ["expires_in", "scope"] {
        let members = r#""access_token":"t-1","token_type":"bearer""#;
        let body = format!(r#"{{{members},"{member}":{{"freshToken7":{{"b":1e999}}}}}}"#);
        let vendor = Vendor::new(move |_, _| ok(body.clone())).await;
        let client = client(FORM, &vendor.url(), machine(), &settings);
        let error = header(&client).await.expect_err("no token answer");
        assert_eq!(error.kind(), ErrorKind::Decode);
        let told = leak::told(&error);
        assert!(told.contains(&format!("at `{member}`")), "{told}");
        assert!(!told.contains("freshToken7"), "{told}");
    }
}

#[tokio::test]
async fn a_pair_for_http_basic_that_is_repeated_is_not_told() {
    // The Base64 of `app-1:s3cret%2Fof%2Bapp+1`, and what stands in it.
    const SENT: [&str; 2] = [
        "YXBwLTE6czNjcmV0JTJGb2YlMkJhcHArMQ==",
        "s3cret%2Fof%2Bapp+1",
    ];
    let vendor = Vendor::new(|_, _| speaks_of(401, &SENT)).await;
    let client = client(BASIC, &vendor.url(), machine(), &Settings::new());
    let error = header(&client).await.expect_err("a refusal");
    assert_untold(&error, &SENT);
}
