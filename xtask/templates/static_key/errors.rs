//! Shows what each failure of the vendor, or of what stands before it, becomes.

use {{name}}::{Error, ErrorKind, StatusCode};
use wiremock::ResponseTemplate;

use crate::fixture::{KEY, client, json, once, probe, server_with};

/// The error of a call that is answered with `answer`.
async fn of_call(answer: ResponseTemplate) -> Error {
    let server = server_with(answer).await;
    let client = client(&server.uri()).settings(once()).build();
    let error = probe(&client.expect("a client")).await;
    error.expect_err("a failure")
}

#[tokio::test]
async fn failures_of_calls_are_told_by_kind() {
    let told = r#"{"error":"code","message":"no"}"#;
    for (status, kind) in [
        (400, ErrorKind::Invalid),
        (401, ErrorKind::Unauthorized),
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
async fn what_a_server_repeats_of_the_key_is_not_told() {
    let body = format!(r#"{{"error":"code","message":"{KEY}"}}"#);
    let error = of_call(json(400, &body)).await;
    let kept = String::from_utf8_lossy(error.body().unwrap_or_default()).into_owned();
    let text = format!("{error} {error:?} {kept} {:?}", error.provider_message());
    assert!(!text.contains(KEY), "{text}");
    assert!(text.contains("[REDACTED]"), "{text}");
}
