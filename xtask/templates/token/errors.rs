//! Shows what each failure of the vendor, or of what stands before it, becomes.

use {{name}}::{Error, ErrorKind, StatusCode};
use wiremock::ResponseTemplate;

use crate::fixture::{SECRET, client, json, once, probe, requests, server, server_with};

const REFUSED: &str = r#"{"error":"invalid_client","error_description":"no"}"#;

/// The error of a call that is answered with `answer`.
async fn of_call(answer: ResponseTemplate) -> Error {
    let server = server_with(answer).await;
    let client = client(&server.uri()).settings(once()).build();
    let error = probe(&client.expect("a client")).await;
    error.expect_err("a failure")
}

/// The error of a sign-in that is answered with `answer`.
async fn of_sign_in(answer: ResponseTemplate) -> Error {
    let server = server(answer).await;
    let client = client(&server.uri()).settings(once()).build();
    let error = client.expect("a client").sign_in().await;
    assert_eq!(requests(&server).await.len(), 1);
    error.expect_err("a failure")
}

#[tokio::test]
async fn failures_of_calls_are_told_by_kind() {
    let told = r#"{"error":"code","message":"no"}"#;
    for (status, kind) in [
        (400, ErrorKind::Invalid),
        {{call_401}}
        (403, ErrorKind::Permission),
        (404, ErrorKind::NotFound),
        (429, ErrorKind::RateLimited),
        (500, ErrorKind::Provider),
        (503, ErrorKind::Provider),
    ] {
        let error = of_call(json(status, told)).await;
        assert_eq!(error.status().as_ref().map(StatusCode::as_u16), Some(status));
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.provider_message(), Some("no"), "{error}");
    }
}

#[tokio::test]
async fn failures_of_sign_ins_are_told_by_kind() {
    let page = ResponseTemplate::new(502).set_body_raw("<h1>Bad gateway</h1>", "text/html");
    for (answer, kind) in [
        (json(400, REFUSED), ErrorKind::{{refused_kind}}),
        (json(401, REFUSED), ErrorKind::{{refused_kind}}),
        (json(404, "{}"), ErrorKind::NotFound),
        (json(429, "{}"), ErrorKind::RateLimited),
        (page, ErrorKind::Provider),
        (json(200, "{}"), ErrorKind::Decode),
        (json(200, "no JSON"), ErrorKind::Decode),
        {{token_type_case}}
    ] {
        let error = of_sign_in(answer).await;
        assert_eq!(error.kind(), kind, "{error}");
    }
}

#[tokio::test]
async fn what_a_server_repeats_of_the_credentials_is_not_told() {
    let body = format!(r#"{{"error":"code","message":"{SECRET}"}}"#);
    for error in [
        of_sign_in(json(401, &body)).await,
        of_call(json(400, &body)).await,
    ] {
        let kept = String::from_utf8_lossy(error.body().unwrap_or_default()).into_owned();
        let text = format!("{error} {error:?} {kept} {:?}", error.provider_message());
        assert!(!text.contains(SECRET), "{text}");
        assert!(text.contains("[REDACTED]"), "{text}");
    }
}
