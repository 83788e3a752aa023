//! What Comm100 and what stands in between say when they refuse, and which error comes of it.

use std::error::Error as _;
use std::time::Duration;

use comm100::{
    Client, ClientBuilder, Error, ErrorKind, ManualClock, Method, OAuthClient, Settings,
};
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use crate::fixture;
use crate::mock::{JSON, Origin, answer, dash, hosted};
use crate::way::{failed, ok};

const PATH: &str = "/api/v2/livechat/campaigns";
const TOKEN: &str = "canary-access-token";

/// A client of v2 with client credentials, whose tokens are granted.
async fn signed_in(origin: &Origin) -> Client {
    let tokens = json!({ "access_token": TOKEN, "token_type": "bearer", "expires_in": 43199 });
    origin.answer("/oauth/token", answer(200, &tokens)).await;
    client(origin)
}

fn client(origin: &Origin) -> Client {
    ok(builder(origin).build())
}

/// A builder for v2 with client credentials.
fn builder(origin: &Origin) -> ClientBuilder {
    let application = OAuthClient::new("client-1")
        .secret("canary-secret")
        .redirect_uri("https://app.example.com/callback");
    hosted(origin)
        .site_id(1)
        .oauth_client(application)
        .client_credentials()
}

/// The error that `given` becomes, and how many requests for tokens and to the API it took.
async fn failure(given: ResponseTemplate) -> (Error, [usize; 2]) {
    let origin = Origin::start().await;
    let client = signed_in(&origin).await;
    origin.answer(PATH, given).await;
    let call = client.request(Method::GET, PATH).send().await;
    let seen = origin.seen().await;
    let count = |path| seen.iter().filter(|request| request.path == path).count();
    let error = failed(call, "the answer is a failure");
    (error, [count("/oauth/token"), count(PATH)])
}

fn says(status: u16, code: u32, message: &str) -> ResponseTemplate {
    answer(status, &json!({ "code": code, "message": message }))
}

#[tokio::test]
async fn status_code_and_message_decide_the_kind() {
    for (status, code, message, kind) in [
        (
            400,
            400_000,
            "Parameter 'timeFrom' is required.",
            ErrorKind::Invalid,
        ),
        (404, 404_001, "No such campaign.", ErrorKind::NotFound),
        (409, 409_000, "The name exists.", ErrorKind::Invalid),
        (403, 403_000, "Access denied.", ErrorKind::Permission),
        (
            403,
            403_003,
            "The permission is missing.",
            ErrorKind::Permission,
        ),
        (
            403,
            403_009,
            "The daily LIMIT is reached.",
            ErrorKind::RateLimited,
        ),
        (500, 500_010, "No more calls today.", ErrorKind::RateLimited),
        (
            500,
            500_000,
            "Something broke at the limit.",
            ErrorKind::Provider,
        ),
    ] {
        let (error, requests) = failure(says(status, code, message)).await;
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.status().unwrap(), status);
        assert_eq!(error.provider_code(), Some(code.to_string().as_str()));
        assert_eq!(error.provider_message(), Some(message));
        assert_eq!(error.retry_after(), None);
        let shown = error.to_string();
        assert!(
            shown.contains(&format!("(status {status}, code {code})")),
            "{shown}"
        );
        // No renewal, and no second try: a limit without a wait lasts for hours.
        assert_eq!(requests, [1, 1], "{error}");
    }
}

#[tokio::test]
async fn sample_of_the_vendor_is_understood() {
    let body = fixture::text("hosted_v2_error.response.json");
    let (error, _) = failure(ResponseTemplate::new(400).set_body_raw(body, JSON)).await;
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.provider_code(), Some("400000"));
    assert_eq!(
        error.provider_message(),
        Some("Parameter 'timeFrom' is required.")
    );

    // As the page prints it, without quotes, it is no JSON: the status decides, the text is kept.
    let body = "{ code: 400000, message: \"Parameter 'timeFrom' is required.\" }";
    let (error, _) = failure(ResponseTemplate::new(400).set_body_raw(body, JSON)).await;
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(
        (error.provider_code(), error.provider_message()),
        (None, None)
    );
    assert_eq!(error.body(), Some(body.as_bytes()));
}

#[tokio::test]
async fn forbidden_is_never_renewed_whatever_it_says() {
    for given in [
        says(403, 403_000, "Access denied."),
        says(403, 403_000, "The access token may not do this: limit."),
        ResponseTemplate::new(403),
        ResponseTemplate::new(403).set_body_raw("<html>403</html>", "text/html"),
    ] {
        let (error, requests) = failure(given).await;
        assert!(
            matches!(error.kind(), ErrorKind::Permission | ErrorKind::RateLimited),
            "{error}"
        );
        assert_eq!(requests, [1, 1], "{error}");
    }
}

#[tokio::test]
async fn second_401_is_told_with_a_hint() {
    let (error, requests) = failure(says(401, 401_000, "Unauthorized.")).await;
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(error.to_string().contains("control panel"), "{error}");
    assert_eq!(requests, [2, 2], "one renewal, one replay");
}

#[tokio::test]
async fn key_that_is_refused_is_not_sent_twice() {
    let origin = Origin::start().await;
    origin.answer("/v4/x", says(401, 401_000, "No.")).await;
    let client = dash(&origin, &origin)
        .site_id(1)
        .api_key("agent@example.com", "canary-key")
        .build()
        .unwrap();
    let error = client
        .request(Method::GET, "/v4/x")
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(origin.seen().await.len(), 1);
}

#[tokio::test]
async fn too_many_requests_wait_as_long_as_is_asked_for() {
    let origin = Origin::start().await;
    let clock = ManualClock::new();
    let busy = ResponseTemplate::new(429).insert_header("retry-after", "30");
    origin.answer("/v4/x", busy).await;
    let client = dash(&origin, &origin)
        .site_id(1)
        .api_key("a", "k")
        .settings(Settings::new().clock(clock.clone()))
        .build()
        .unwrap();
    // No time for that wait: told at once.
    let call = client.request(Method::GET, "/v4/x");
    let call = call.with_deadline(Duration::from_secs(10));
    let error = call.send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(30)));
    assert_eq!(error.status().unwrap(), 429);
    assert_eq!(origin.seen().await.len(), 1);
}

#[tokio::test]
async fn page_of_a_proxy_is_told_by_its_status() {
    for (status, kind, requests) in [
        (404, ErrorKind::NotFound, 1),
        (413, ErrorKind::Invalid, 1),
        (500, ErrorKind::Provider, 1),
        (502, ErrorKind::Provider, 3),
        (302, ErrorKind::Blocked, 1),
    ] {
        let page = ResponseTemplate::new(status)
            .set_body_raw("<html><h1>Bad Gateway</h1></html>", "text/html")
            .insert_header("location", "https://example.net/");
        let (error, counted) = failure(page).await;
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(
            (error.provider_code(), error.provider_message()),
            (None, None)
        );
        assert!(!error.to_string().contains("html"), "{error}");
        assert!(error.body().unwrap().starts_with(b"<html>"));
        assert_eq!(counted, [1, requests], "{status}");
    }
}

#[tokio::test]
async fn empty_body_is_told_by_its_status() {
    let (error, _) = failure(ResponseTemplate::new(500)).await;
    assert_eq!(error.kind(), ErrorKind::Provider);
    assert_eq!(error.body(), None);
    assert_eq!(error.to_string(), "the provider failed (status 500)");
}

#[tokio::test]
async fn success_that_is_no_json_fails_when_it_is_decoded() {
    for (body, kind, word) in [
        ("<html>sign in</html>", "text/html", "proxy"),
        ("", JSON, "empty"),
        ("[1,", JSON, "ends too early"),
    ] {
        let origin = Origin::start().await;
        let client = signed_in(&origin).await;
        origin
            .answer(PATH, ResponseTemplate::new(200).set_body_raw(body, kind))
            .await;
        let answer = client.request(Method::GET, PATH).send().await.unwrap();
        let error = answer.json::<Vec<Value>>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert_eq!(error.status().unwrap(), 200);
        assert!(error.to_string().contains(word), "{error}");
    }
}

#[tokio::test]
async fn answer_that_repeats_a_secret_is_scrubbed() {
    let origin = Origin::start().await;
    let client = signed_in(&origin).await;
    let repeated = format!("Token {TOKEN} of client-1:canary-secret is bad.");
    origin.answer(PATH, says(400, 400_000, &repeated)).await;
    let error = client.request(Method::GET, PATH).send().await.unwrap_err();
    let body = String::from_utf8_lossy(error.body().unwrap()).into_owned();
    for shown in [error.to_string(), format!("{error:?}"), body] {
        assert!(!shown.contains("canary"), "{shown}");
    }
    assert_eq!(
        error.provider_message(),
        Some("Token [REDACTED] of client-1:[REDACTED] is bad.")
    );
}

#[tokio::test]
async fn token_endpoint_that_refuses_is_typed() {
    let oauth = |code: &str| json!({ "error": code, "error_description": "canary-secret is bad" });
    for (given, kind) in [
        (
            answer(400, &oauth("invalid_grant")),
            ErrorKind::Unauthorized,
        ),
        (answer(400, &oauth("invalid_request")), ErrorKind::Invalid),
        (
            answer(401, &oauth("invalid_client")),
            ErrorKind::Unauthorized,
        ),
        (says(400, 400_000, "canary-secret"), ErrorKind::Unauthorized),
        (
            says(403, 403_000, "Access denied."),
            ErrorKind::Unauthorized,
        ),
        (
            says(403, 403_000, "The daily limit is reached."),
            ErrorKind::RateLimited,
        ),
        (ResponseTemplate::new(404), ErrorKind::NotFound),
        (ResponseTemplate::new(500), ErrorKind::Provider),
        (
            ResponseTemplate::new(302).insert_header("location", "https://example.net/"),
            ErrorKind::Blocked,
        ),
        // A failure under a success status.
        (
            answer(200, &oauth("invalid_client")),
            ErrorKind::Unauthorized,
        ),
        (
            answer(200, &json!({ "token_type": "bearer" })),
            ErrorKind::Decode,
        ),
        (
            answer(200, &json!({ "access_token": "t" })),
            ErrorKind::Decode,
        ),
        (
            answer(200, &json!({ "access_token": "t", "token_type": "mac" })),
            ErrorKind::Decode,
        ),
        (
            answer(
                200,
                &json!({ "access_token": "canary\r\nx: y", "token_type": "bearer" }),
            ),
            ErrorKind::Decode,
        ),
        (
            ResponseTemplate::new(200).set_body_raw("<html>canary</html>", "text/html"),
            ErrorKind::Decode,
        ),
    ] {
        let origin = Origin::start().await;
        origin.answer("/oauth/token", given.clone()).await;
        let settings = Settings::new().token_retries(0);
        let client = builder(&origin).settings(settings).build().unwrap();
        let error = client.sign_in().await.expect_err("no token");
        assert_eq!(error.kind(), kind, "{given:?}: {error}");
        assert_eq!(origin.seen().await.len(), 1, "{error}");
        let hinted = error
            .to_string()
            .contains("redirect URI in the control panel");
        // A grant that is no longer good says nothing about the client's credentials.
        let is_grant = error.provider_code() == Some("invalid_grant");
        assert_eq!(
            hinted,
            kind == ErrorKind::Unauthorized && !is_grant,
            "{error}"
        );
        let shown = format!("{error} {error:?} {:?}", error.source());
        assert!(!shown.contains("canary"), "{shown}");
    }
}

#[tokio::test]
async fn refused_sign_in_is_shared_and_not_hammered() {
    let origin = Origin::start().await;
    origin
        .answer("/oauth/token", says(401, 401_000, "No."))
        .await;
    let client = client(&origin);
    let mut callers = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let client = client.clone();
        callers.spawn(async move { client.sign_in().await });
    }
    for outcome in callers.join_all().await {
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Unauthorized);
    }
    // The same failure, told again. It does not pass, so there is no time to wait for.
    let error = client.sign_in().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(!error.is_retryable());
    assert_eq!(error.retry_after(), None);
    assert_eq!(origin.seen().await.len(), 1);
}

#[tokio::test]
async fn sign_in_that_failed_for_now_is_told_again_with_the_wait_that_is_left() {
    let origin = Origin::start().await;
    origin
        .answer("/oauth/token", ResponseTemplate::new(503))
        .await;
    let clock = ManualClock::new();
    let settings = Settings::new().clock(clock.clone()).token_retries(0);
    let client = builder(&origin).settings(settings).build().unwrap();
    let first = client.sign_in().await.unwrap_err();
    assert_eq!((first.is_retryable(), first.retry_after()), (true, None));
    let again = client.sign_in().await.unwrap_err();
    assert_eq!(again.kind(), first.kind());
    assert!(again.is_retryable());
    let wait = again.retry_after().expect("a failure that may pass");
    assert_eq!(origin.seen().await.len(), 1);

    clock.advance(wait);
    client.sign_in().await.unwrap_err();
    assert_eq!(origin.seen().await.len(), 2);
}

#[tokio::test]
async fn dash_tells_failures_alike() {
    let origin = Origin::start().await;
    origin
        .answer("/v4/x", says(403, 403_000, "The daily limit is reached."))
        .await;
    origin.answer("/v4/y", says(500, 500_010, "")).await;
    origin.answer("/v4/z", says(403, 403_000, "No.")).await;
    let client = dash(&origin, &origin)
        .site_id(1)
        .api_key("a", "k")
        .build()
        .unwrap();
    for (path, kind) in [
        ("/v4/x", ErrorKind::RateLimited),
        ("/v4/y", ErrorKind::RateLimited),
        ("/v4/z", ErrorKind::Permission),
    ] {
        let error = client.request(Method::GET, path).send().await.unwrap_err();
        assert_eq!(error.kind(), kind, "{path}");
    }
}
