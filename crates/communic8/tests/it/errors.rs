//! Shows what each failure of the vendor, or of what stands before it, becomes.

use std::time::Duration;

use communic8::{Error, ErrorKind, StatusCode};
use wiremock::ResponseTemplate;

use crate::client::{
    TOKEN_ID, TOKEN_VALUE, channels, client_credentials, json, no_channels, once, requests, server,
    static_token,
};

const HTML: &str = "<!doctype html><title>502</title><h1>Bad gateway</h1>";

fn html(status: u16) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(HTML, "text/html")
}

/// The error of a call that is answered with `answer`.
async fn of_call(answer: ResponseTemplate) -> Error {
    let server = server(json(500, "{}"), answer).await;
    let client = static_token(&server.uri()).settings(once()).build();
    let error = channels(&client.expect("a client"))
        .await
        .expect_err("a failure");
    assert_eq!(requests(&server).await.len(), 1, "{error}");
    error
}

/// The error of a sign-in that is answered with `answer`.
async fn of_sign_in(answer: ResponseTemplate) -> Error {
    let server = server(answer, no_channels()).await;
    let client = client_credentials(&server.uri()).settings(once()).build();
    let error = client.expect("a client").sign_in().await;
    assert_eq!(requests(&server).await.len(), 1);
    error.expect_err("a failure")
}

fn status(error: &Error) -> u16 {
    error.status().as_ref().map_or(0, StatusCode::as_u16)
}

#[tokio::test]
async fn success_false_under_200_is_invalid_with_the_vendor_s_message() {
    let body = r#"{"success":false,"message":"Invalid parameters"}"#;
    let error = of_call(json(200, body)).await;
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.provider_message(), Some("Invalid parameters"));
    assert_eq!(status(&error), 200);
    assert!(!error.is_retryable());
    assert!(error.to_string().ends_with(": Invalid parameters"));
    assert_eq!(error.body(), Some(body.as_bytes()));
}

#[tokio::test]
async fn success_false_deeper_in_the_body_is_no_failure() {
    let body = r#"{"success":true,"data":[{"success":false}]}"#;
    let server = server(json(500, "{}"), json(200, body)).await;
    let client = static_token(&server.uri()).build().expect("a client");
    let answer = channels(&client).await.expect("channels");
    assert_eq!(answer.bytes().as_ref(), body.as_bytes());
}

#[tokio::test]
async fn failures_of_calls_are_told_by_kind() {
    let told = r#"{"success":false,"message":"no"}"#;
    for (answer, code, kind, message) in [
        (json(400, told), 400, ErrorKind::Invalid, Some("no")),
        (json(401, told), 401, ErrorKind::Unauthorized, Some("no")),
        (json(403, told), 403, ErrorKind::Permission, Some("no")),
        (json(404, told), 404, ErrorKind::NotFound, Some("no")),
        (json(429, told), 429, ErrorKind::RateLimited, Some("no")),
        (json(500, told), 500, ErrorKind::Provider, Some("no")),
        (html(404), 404, ErrorKind::NotFound, None),
        (html(502), 502, ErrorKind::Provider, None),
        (ResponseTemplate::new(500), 500, ErrorKind::Provider, None),
        (json(503, "{}"), 503, ErrorKind::Provider, None),
        (json(500, "{\"success\""), 500, ErrorKind::Provider, None),
        (
            ResponseTemplate::new(302).insert_header("location", "https://elsewhere.example.com/"),
            302,
            ErrorKind::Blocked,
            None,
        ),
    ] {
        let error = of_call(answer).await;
        assert_eq!((status(&error), error.kind()), (code, kind), "{error}");
        assert_eq!(error.provider_message(), message, "{error}");
        assert_eq!(error.provider_code(), None, "{error}");
        let retryable = matches!(code, 429 | 502..=504);
        assert_eq!(error.is_retryable(), retryable, "{error}");
        let hinted = error.to_string().contains("Communic8 support");
        assert_eq!(hinted, code == 401, "{error}");
    }
}

#[tokio::test]
async fn a_proxy_s_page_is_kept_for_support_and_not_printed() {
    let error = of_call(html(502)).await;
    assert_eq!(error.body(), Some(HTML.as_bytes()));
    assert!(!format!("{error} {error:?}").contains("gateway"));
}

#[tokio::test]
async fn a_limit_tells_how_long_to_wait() {
    let limited = || json(429, "{}").insert_header("retry-after", "7");
    for error in [of_call(limited()).await, of_sign_in(limited()).await] {
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
    }
}

#[tokio::test]
async fn a_page_or_nothing_under_200_is_told_when_it_is_decoded() {
    for (answer, word) in [
        (html(200), "text/html"),
        (ResponseTemplate::new(200), "empty"),
    ] {
        let server = server(json(500, "{}"), answer).await;
        let client = static_token(&server.uri()).build().expect("a client");
        let answer = channels(&client).await.expect("an answer");
        let error = answer.json::<Vec<u8>>().expect_err("no JSON");
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[tokio::test]
async fn refused_sign_ins_are_unauthorized_with_the_hint() {
    for answer in [
        json(200, r#"{"success":false,"message":"no"}"#),
        json(
            200,
            r#"{"error":"invalid_client","error_description":"no"}"#,
        ),
        json(400, r#"{"success":false,"message":"no"}"#),
        json(
            401,
            r#"{"error":"invalid_client","error_description":"no"}"#,
        ),
        json(403, r#"{"success":false,"message":"no"}"#),
    ] {
        let error = of_sign_in(answer).await;
        assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");
        assert_eq!(error.provider_message(), Some("no"), "{error}");
        assert!(error.to_string().contains("OAuth 2.0 is off"), "{error}");
    }
}

#[tokio::test]
async fn other_failures_of_a_sign_in_are_told_by_kind_and_without_the_hint() {
    let token = |members: &str| json(200, &format!("{{\"access_token\":\"t\"{members}}}"));
    for (answer, kind, word) in [
        (
            json(400, r#"{"error":"invalid_request"}"#),
            ErrorKind::Invalid,
            "invalid_request",
        ),
        (html(404), ErrorKind::NotFound, "no token endpoint"),
        (html(502), ErrorKind::Provider, "502"),
        (ResponseTemplate::new(500), ErrorKind::Provider, "500"),
        (
            ResponseTemplate::new(307).insert_header("location", "https://elsewhere.example.com/"),
            ErrorKind::Blocked,
            "redirects",
        ),
        (html(200), ErrorKind::Decode, "JSON"),
        (ResponseTemplate::new(200), ErrorKind::Decode, ""),
        (json(200, "{}"), ErrorKind::Decode, "access_token"),
        (token(""), ErrorKind::Decode, "token_type"),
        (
            token(r#","token_type":"mac""#),
            ErrorKind::Decode,
            "token_type",
        ),
    ] {
        let error = of_sign_in(answer).await;
        assert_eq!(error.kind(), kind, "{error}");
        let text = error.to_string();
        assert!(text.contains(word) && !text.contains("OAuth 2.0"), "{text}");
    }
}

#[tokio::test]
async fn what_a_server_repeats_of_the_credentials_is_not_told() {
    let pair =
        "MjRiMmZjZjJiNjE2MDBjYTlmYzJhNmEyOmt+eUJQMU5RNzlmbHdMeDFWWTZLeENVd3JmSnE5RWNXUk5DWlczdDI=";
    let body = format!(
        r#"{{"success":false,"message":"{TOKEN_ID} {TOKEN_VALUE}","code":"{pair}","x":"{TOKEN_VALUE}"}}"#
    );
    let errors = [
        of_call(json(400, &body)).await,
        of_call(json(200, &body)).await,
        of_sign_in(json(401, &body)).await,
        of_sign_in(json(200, &body)).await,
    ];
    for error in errors {
        let kept = String::from_utf8_lossy(error.body().unwrap_or_default()).into_owned();
        let text = format!(
            "{error} {error:?} {kept} {:?} {:?}",
            error.provider_code(),
            error.provider_message()
        );
        assert!(text.contains("[REDACTED]"), "{text}");
        assert!(
            !text.contains(TOKEN_VALUE) && !text.contains(pair),
            "{text}"
        );
    }
}
