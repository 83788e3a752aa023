//! Shows what each shape of the vendor's errors, or of what stands before it, becomes.

use std::time::Duration;

use webcommander::{Error, ErrorKind, StatusCode};
use wiremock::ResponseTemplate;

use crate::client::{
    AUTH_STRING, CLIENT_SECRET, PASSWORD, customers, json, no_customers, once, requests, server,
    tokens, user,
};

const HTML: &str = "<!doctype html><title>404</title><h1>Not here</h1>";

fn html(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(HTML, "text/html")
}

/// The error of a call that is answered with `answer`.
async fn of_call(answer: ResponseTemplate) -> Error {
    let server = server(tokens("canary-access", "canary-refresh"), answer).await;
    let client = user(&server.uri()).settings(once()).build();
    let outcome = customers(&client.expect("a client")).await;
    outcome.expect_err("a failure")
}

/// The error of a sign-in that is answered with `answer`.
async fn of_sign_in(answer: ResponseTemplate) -> Error {
    let server = server(answer, no_customers()).await;
    let client = user(&server.uri()).settings(once()).build();
    let outcome = client.expect("a client").sign_in().await;
    assert_eq!(requests(&server).await.len(), 1);
    outcome.expect_err("a failure")
}

fn status(error: &Error) -> u16 {
    error.status().as_ref().map_or(0, StatusCode::as_u16)
}

/// An error as a caller sees it: kind, code, message, request id.
type Told<'e> = (ErrorKind, Option<&'e str>, Option<&'e str>, Option<&'e str>);

fn told(error: &Error) -> Told<'_> {
    (
        error.kind(),
        error.provider_code(),
        error.provider_message(),
        error.request_id(),
    )
}

#[tokio::test]
async fn every_shape_of_the_vendor_is_read() {
    let cases: [(u16, &str, Told<'_>); 11] = [
        (
            // The nested shape: orders, carts, categories, blogs, tax, discounts.
            400,
            r#"{"error":{"code":"invalid_request","message":"first_name is missing","details":[
                {"field":"first_name","code":"blank","message":"is blank","value":null}],
                "request_id":"req_7"}}"#,
            (
                ErrorKind::Invalid,
                Some("invalid_request"),
                Some("first_name is missing"),
                Some("req_7"),
            ),
        ),
        (
            // The flat shape of customers: the code is a number, `error` a text.
            409,
            r#"{"status":"error","code":409,"message":"Email is taken","error":"Conflict",
                "errors":[{"field":"email","code":"duplicate","message":"taken"}]}"#,
            (
                ErrorKind::Invalid,
                Some("409"),
                Some("Email is taken"),
                None,
            ),
        ),
        (
            // Its short form: a customer's orders, order status.
            404,
            r#"{"status":"error","code":404,"message":"No such customer"}"#,
            (
                ErrorKind::NotFound,
                Some("404"),
                Some("No such customer"),
                None,
            ),
        ),
        (
            // The legacy shape of the Python SDK.
            400,
            r#"{"errors":[{"message":"Name is required"},{"message":"SKU is required"}]}"#,
            (ErrorKind::Invalid, None, Some("Name is required"), None),
        ),
        (
            // The coupon shape.
            400,
            r#"{"status":"error","message":"Coupon not assigned","detailsMessage":"expired"}"#,
            (ErrorKind::Invalid, None, Some("Coupon not assigned"), None),
        ),
        (
            400,
            r#"{"status":"error","detailsMessage":"expired"}"#,
            (ErrorKind::Invalid, None, Some("expired"), None),
        ),
        (
            // A call that the store cannot route.
            200,
            r#"{"isSuccess":false,"message":"No endpoint matches"}"#,
            (ErrorKind::Invalid, None, Some("No endpoint matches"), None),
        ),
        (
            403,
            r#"{"error":{"code":"forbidden","message":"no"}}"#,
            (ErrorKind::Permission, Some("forbidden"), Some("no"), None),
        ),
        (
            405,
            r#"{"error":{"code":"method_not_allowed","message":"no"}}"#,
            (
                ErrorKind::Invalid,
                Some("method_not_allowed"),
                Some("no"),
                None,
            ),
        ),
        (500, "{}", (ErrorKind::Provider, None, None, None)),
        (500, "{\"error\"", (ErrorKind::Provider, None, None, None)),
    ];
    for (code, body, wanted) in cases {
        let error = of_call(json(code, body)).await;
        assert_eq!(told(&error), wanted, "{body}");
        assert_eq!(status(&error), code, "{body}");
        assert_eq!(error.body(), Some(body.as_bytes()));
        assert!(!error.is_retryable(), "{body}");
    }
}

#[tokio::test]
async fn pages_and_empty_bodies_are_told_by_their_status() {
    for (answer, code, kind) in [
        (html(404), 404, ErrorKind::NotFound),
        (html(502), 502, ErrorKind::Provider),
        (ResponseTemplate::new(404), 404, ErrorKind::NotFound),
        (ResponseTemplate::new(500), 500, ErrorKind::Provider),
        (
            ResponseTemplate::new(302).insert_header("location", "https://elsewhere.example.com/"),
            302,
            ErrorKind::Blocked,
        ),
    ] {
        let error = of_call(answer).await;
        assert_eq!(status(&error), code);
        assert_eq!(told(&error), (kind, None, None, None), "{error}");
    }
    let error = of_call(html(404)).await;
    assert_eq!(error.body(), Some(HTML.as_bytes()));
    assert!(!format!("{error} {error:?}").contains("Not here"));
}

#[tokio::test]
async fn success_without_a_body_or_with_another_word_is_no_failure() {
    for (answer, code) in [
        (ResponseTemplate::new(204), 204),
        (json(202, r#"{"isSuccess":true}"#), 202),
        (json(201, r#"{"valid":false}"#), 201),
        (json(200, r#"{"order":{"isSuccess":false}}"#), 200),
    ] {
        let server = server(tokens("a", "r"), answer).await;
        let client = user(&server.uri()).build().expect("a client");
        let answer = customers(&client).await.expect("a success");
        assert_eq!(answer.status().as_u16(), code);
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_is_told_when_it_is_decoded() {
    for (answer, word) in [
        (json(201, r#"[7,"#), "JSON"),
        (html(200), "text/html"),
        (ResponseTemplate::new(200), "empty"),
    ] {
        let server = server(tokens("a", "r"), answer).await;
        let client = user(&server.uri()).build().expect("a client");
        let answer = customers(&client).await.expect("a success");
        let error = answer.json::<Vec<u8>>().expect_err("no list");
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[tokio::test]
async fn a_limit_tells_how_long_to_wait() {
    let body = r#"{"error":{"code":"rate_limited","message":"slow down"}}"#;
    let limited = || json(429, body).insert_header("retry-after", "7");
    for error in [of_call(limited()).await, of_sign_in(limited()).await] {
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(error.provider_code(), Some("rate_limited"));
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
        assert!(error.is_retryable());
    }
}

#[tokio::test]
async fn a_fresh_token_that_is_refused_is_told_with_the_hint_about_headers() {
    let body = r#"{"error":{"code":"unauthorized","message":"no token"}}"#;
    let error = of_call(json(401, body)).await;
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    let text = error.to_string();
    assert!(text.contains("headers with an underscore"), "{text}");
    assert!(text.contains("TokenHeader::AuthorizationBearer"), "{text}");
}

#[tokio::test]
async fn refused_sign_ins_are_unauthorized_with_the_hint_about_credentials() {
    for answer in [
        json(401, r#"{"error":{"code":"unauthorized","message":"no"}}"#),
        json(
            401,
            r#"{"status":"error","code":401,"message":"no","error":"Unauthorized"}"#,
        ),
        json(400, r#"{"errors":[{"message":"no"}]}"#),
        json(403, r#"{"status":"error","message":"no"}"#),
        json(200, r#"{"isSuccess":false,"message":"no"}"#),
        json(200, r#"{"errors":[{"message":"no"}]}"#),
    ] {
        let error = of_sign_in(answer).await;
        assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");
        assert_eq!(error.provider_message(), Some("no"), "{error}");
        let hint = "check client id and secret, redirect URI, user name and password";
        assert!(error.to_string().contains(hint), "{error}");
    }
}

#[tokio::test]
async fn other_failures_of_a_sign_in_are_told_by_kind_and_without_the_hint() {
    let nested = r#"{"error":{"code":"invalid_request","message":"no"}}"#;
    for (answer, kind, word) in [
        (json(400, nested), ErrorKind::Invalid, "invalid_request"),
        (html(404), ErrorKind::NotFound, "no token endpoint"),
        (json(500, "{}"), ErrorKind::Provider, "500"),
        (ResponseTemplate::new(500), ErrorKind::Provider, "500"),
        (html(200), ErrorKind::Decode, "JSON"),
        (ResponseTemplate::new(201), ErrorKind::Decode, ""),
        (json(200, "{}"), ErrorKind::Decode, "access_token"),
        (
            json(200, r#"{"access_token":"a b","expires_in":3600}"#),
            ErrorKind::Decode,
            "access_token",
        ),
        (
            json(200, r#"{"access_token":"","expires_in":3600}"#),
            ErrorKind::Decode,
            "access_token",
        ),
    ] {
        let error = of_sign_in(answer).await;
        assert_eq!(error.kind(), kind, "{error}");
        let text = error.to_string();
        assert!(
            text.contains(word) && !text.contains("redirect URI"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn what_a_server_repeats_of_the_credentials_is_not_told() {
    let sent = [AUTH_STRING, CLIENT_SECRET, PASSWORD];
    let body = format!(
        r#"{{"error":{{"code":"{CLIENT_SECRET}","message":"{} canary-access canary-refresh"}}}}"#,
        sent.join(" ")
    );
    for code in [400, 401] {
        let of_call = of_call(json(code, &body)).await;
        assert_hidden(&of_call, &sent);
        assert_hidden(&of_call, &["canary-access", "canary-refresh", PASSWORD]);
        assert_hidden(&of_sign_in(json(code, &body)).await, &sent);
    }
}

#[track_caller]
fn assert_hidden(error: &Error, secrets: &[&str]) {
    let kept = String::from_utf8_lossy(error.body().unwrap_or_default()).into_owned();
    let text = format!("{error} {error:?} {kept} {:?}", told(error));
    assert!(text.contains("[REDACTED]"), "{text}");
    for secret in secrets {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}
