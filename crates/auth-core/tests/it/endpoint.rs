//! What the token endpoint may say, and what is made of it: answers here, broken transports in `transport`.

mod secrets;
mod transport;
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use auth_core::{
    ApiClient, Clock as _, Dialect, Error, ErrorKind, ParameterValue, Principal, Settings,
    Transport,
};
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::clocks::HastyClock;
use crate::dialects::{FORM, JSON};
use crate::leak;
use crate::raw::{Act, RawServer, http};
use crate::stage::{
    CLIENT_SECRET, Vendor, answer, client, granted, header, machine, refused, seconds,
};

/// A token that no error may tell.
const LEAK: &str = "tok-canary-31337";

/// An application of the JSON dialect.
pub(crate) fn json_machine() -> Principal {
    let mut principal = machine();
    principal.parameters = vec![
        (
            "pair",
            ParameterValue::Base64Pair("ann".to_owned(), "pa55word-of-ann".into()),
        ),
        ("tenant", ParameterValue::Text("t 1".to_owned())),
    ];
    principal
}

fn principal(dialect: Dialect) -> Principal {
    if dialect.name() == JSON.name() {
        json_machine()
    } else {
        machine()
    }
}

/// What came of one hostile answer.
struct Outcome {
    result: Result<String, Error>,
    requests: usize,
    pauses: Vec<Duration>,
}

/// Lets a fresh session meet `hostile`, then another, on the same connections, a good answer.
async fn meet(name: &str, dialect: Dialect, hostile: ResponseTemplate) -> Outcome {
    let healed = Arc::new(AtomicBool::new(false));
    let is_healed = Arc::clone(&healed);
    let vendor = Vendor::new(move |n, _| {
        if is_healed.load(Ordering::SeqCst) {
            granted(n)
        } else {
            hostile.clone()
        }
    })
    .await;
    let clock = HastyClock::default();
    let settings = Settings::new()
        .clock(clock.clone())
        .transport(Transport::builder().build().expect("a transport"));
    let fresh = || client(dialect, &vendor.url(), principal(dialect), &settings);
    let result = header(&fresh()).await;
    if let Err(error) = &result {
        leak::check(name, error, &[CLIENT_SECRET, "pa55word-of-ann"], &[LEAK]);
    }
    let outcome = Outcome {
        result,
        requests: vendor.tokens(),
        pauses: clock.pauses(),
    };
    healed.store(true, Ordering::SeqCst);
    header(&fresh())
        .await
        .unwrap_or_else(|error| panic!("{name}: a good answer later: {error}"));
    outcome
}

fn ok(body: impl Into<String>) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_raw(body.into(), "application/json")
}

/// An answer with this as the JSON of its access token.
fn token(json: &str) -> ResponseTemplate {
    ok(format!(
        "{{\"access_token\":{json},\"token_type\":\"bearer\",\"refresh_token\":\"{LEAK}\"}}"
    ))
}

/// A good answer with more members.
fn with(members: &str) -> ResponseTemplate {
    ok(format!("{{\"access_token\":\"{LEAK}\",{members}}}"))
}

#[tokio::test]
async fn an_answer_that_is_no_token_answer_is_a_decode_error_without_the_token() {
    let nested = "[".repeat(100_000);
    let rows = [
        ("empty body", ok("")),
        ("no content", ResponseTemplate::new(204)),
        ("HTML", ok(format!("<html>{LEAK}</html>"))),
        ("truncated", ok(format!("{{\"access_token\":\"{LEAK}"))),
        ("text after it", ok(format!("{} {LEAK}", answer(1)))),
        (
            "list",
            ok(format!("[\"{LEAK}\",\"bearer\",null,3600,null]")),
        ),
        ("list of objects", ok(format!("[{}]", answer(1)))),
        ("null", ok("null")),
        ("number", ok("7")),
        ("text", ok(format!("\"{LEAK}\""))),
        (
            "no UTF-8",
            ok("").set_body_bytes(b"{\"access_token\":\"\xff\"}"),
        ),
        ("nothing", ok("{}")),
        ("no access token", ok(format!("{{\"token\":\"{LEAK}\"}}"))),
        ("empty token", token("\"\"")),
        ("token with CR LF", token(&format!("\"{LEAK}\\r\\nx: y\""))),
        ("token with NUL", token(&format!("\"{LEAK}\\u0000\""))),
        ("token with space", token(&format!("\"{LEAK} {LEAK}\""))),
        ("token beyond ASCII", token(&format!("\"{LEAK}é\""))),
        ("number as token", token("31337")),
        ("null as token", token("null")),
        ("list as token", token(&format!("[\"{LEAK}\"]"))),
        ("null token beside an error", token("null,\"error\":\"no\"")),
        (
            "token twice",
            with(&format!(
                "\"access_token\":\"{LEAK}\",\"token_type\":\"bearer\""
            )),
        ),
        ("no token type", with("\"expires_in\":1")),
        ("null token type", with("\"token_type\":null")),
        ("mac", with("\"token_type\":\"mac\"")),
        ("number as token type", with("\"token_type\":7")),
        (
            "number as refresh token",
            with("\"token_type\":\"bearer\",\"refresh_token\":31337"),
        ),
        (
            "object as refresh token",
            with(&format!(
                "\"token_type\":\"bearer\",\"refresh_token\":{{\"a\":\"{LEAK}\"}}"
            )),
        ),
        ("lists in lists", ok(nested.clone())),
        (
            "lists in lists in a member",
            with(&format!("\"token_type\":\"bearer\",\"scope\":{nested}")),
        ),
        ("failure of no known shape", ok("{\"success\":false}")),
    ];
    for (name, hostile) in rows {
        let outcome = meet(name, FORM, hostile).await;
        let error = outcome.result.expect_err(name);
        assert_eq!(error.kind(), ErrorKind::Decode, "{name}: {error}");
        assert!(!error.is_retryable(), "{name}");
        assert_eq!(outcome.requests, 1, "{name}");
    }
}

#[tokio::test]
async fn an_odd_answer_with_a_good_token_is_accepted() {
    let body = json!({ "access_token": "t", "token_type": "BEARER", "x": [1], "scope": ["a"] });
    let html = |status: u16| {
        ResponseTemplate::new(status).set_body_raw(body.to_string(), "text/html; charset=utf-8")
    };
    let rows = [
        ("200 as HTML", FORM, html(200), "Bearer t"),
        ("201 as HTML", FORM, html(201), "Bearer t"),
        (
            "no type where it may lack",
            JSON,
            ok("{\"access_token\":\"t\"}"),
            "t",
        ),
        (
            "a token in spite of a failure member",
            JSON,
            ok("{\"success\":false,\"access_token\":\"t\"}"),
            "t",
        ),
        (
            "every visible character",
            FORM,
            token("\"!#$%&'()*+,-./:;<=>?@[]^_`{|}~\""),
            "Bearer !#$%&'()*+,-./:;<=>?@[]^_`{|}~",
        ),
    ];
    for (name, dialect, odd, expected) in rows {
        let outcome = meet(name, dialect, odd).await;
        assert_eq!(outcome.result.expect(name), expected, "{name}");
        assert_eq!(outcome.requests, 1, "{name}");
    }
}

#[tokio::test]
async fn a_refusal_has_the_kind_that_its_status_or_its_body_says() {
    let told = format!("{{\"error\":\"invalid_client\",\"access\":\"{LEAK}\"}}");
    let status = |status: u16| ResponseTemplate::new(status).set_body_string(told.clone());
    let soft = json!({ "success": false, "message": "not today" });
    let rows = [
        (
            "error under 200",
            FORM,
            ok(told.clone()),
            ErrorKind::Unauthorized,
        ),
        (
            "failure under 200",
            JSON,
            ok(soft.to_string()),
            ErrorKind::Unauthorized,
        ),
        ("400", FORM, status(400), ErrorKind::Unauthorized),
        (
            "400 our fault",
            FORM,
            refused(400, "invalid_scope"),
            ErrorKind::Invalid,
        ),
        (
            "400 HTML",
            FORM,
            ResponseTemplate::new(400),
            ErrorKind::Unauthorized,
        ),
        ("401", FORM, status(401), ErrorKind::Unauthorized),
        ("403", FORM, status(403), ErrorKind::Unauthorized),
        (
            "403 quota",
            JSON,
            refused(403, "quota_used_up"),
            ErrorKind::RateLimited,
        ),
        ("404", FORM, status(404), ErrorKind::NotFound),
        ("408", FORM, status(408), ErrorKind::Timeout),
        ("422", FORM, status(422), ErrorKind::Invalid),
        ("500", FORM, status(500), ErrorKind::Provider),
        (
            "502 HTML",
            FORM,
            ResponseTemplate::new(502),
            ErrorKind::Provider,
        ),
        ("503", FORM, status(503), ErrorKind::Provider),
        ("504", FORM, status(504), ErrorKind::Provider),
    ];
    for (name, dialect, hostile, kind) in rows {
        let outcome = meet(name, dialect, hostile).await;
        let error = outcome.result.expect_err(name);
        assert_eq!(error.kind(), kind, "{name}: {error}");
        let busy = matches!(error.status().map(|it| it.as_u16()), Some(502..=504))
            || kind == ErrorKind::RateLimited;
        assert_eq!(outcome.requests, if busy { 3 } else { 1 }, "{name}");
        assert_eq!(
            error.is_retryable(),
            busy || kind == ErrorKind::Timeout,
            "{name}"
        );
        let hint = error.to_string().contains("is the dialect switched on?");
        let refused = kind == ErrorKind::Unauthorized && dialect.name() == JSON.name();
        assert_eq!(hint, refused, "{name}: {error}");
    }
}

#[tokio::test]
async fn a_provider_that_asks_for_time_gets_it_twice() {
    for (value, wait) in [("7", Some(7)), ("0", Some(0)), ("soon", None)] {
        let hostile = refused(429, "slow_down").insert_header("retry-after", value);
        let outcome = meet(value, FORM, hostile).await;
        let error = outcome.result.expect_err("still too many");
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(error.retry_after(), wait.map(seconds));
        assert_eq!(outcome.requests, 3);
        match wait {
            Some(wait) => assert_eq!(outcome.pauses, [seconds(wait); 2]),
            None => assert_eq!(outcome.pauses.len(), 2),
        }
    }
}

#[tokio::test]
async fn a_wait_may_be_told_as_a_date_and_one_beyond_all_patience_is_left_to_the_caller() {
    let clock = HastyClock::default();
    let settings = Settings::new().clock(clock.clone());
    for (ahead, tries) in [(seconds(20), 3), (seconds(600), 1)] {
        let date = chrono::DateTime::<chrono::Utc>::from(clock.utc() + ahead);
        let date = date.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let vendor = Vendor::new(move |_, _| {
            refused(429, "slow_down").insert_header("retry-after", date.as_str())
        })
        .await;
        let client = client(FORM, &vendor.url(), machine(), &settings);
        let before = clock.pauses().len();
        let error = header(&client).await.expect_err("too many");
        assert_eq!(error.kind(), ErrorKind::RateLimited);
        assert_eq!(vendor.tokens(), tries);
        if tries == 1 {
            let told = error.retry_after().expect("a wait");
            assert!(told <= ahead && told > ahead - seconds(2), "{told:?}");
            assert_eq!(clock.pauses().len(), before);
            // Until then the endpoint is not asked again.
            assert!(header(&client).await.is_err());
            assert_eq!(vendor.tokens(), 1);
        } else {
            let first = clock.pauses()[before];
            assert!(first <= ahead && first > ahead - seconds(2), "{first:?}");
        }
    }
}

#[tokio::test]
async fn a_message_that_repeats_the_credentials_is_scrubbed() {
    let form: String = url::form_urlencoded::byte_serialize(CLIENT_SECRET.as_bytes()).collect();
    let percent =
        percent_encoding::utf8_percent_encode(CLIENT_SECRET, percent_encoding::NON_ALPHANUMERIC)
            .to_string();
    let base64 =
        |text: &str| base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text);
    for echo in [
        CLIENT_SECRET.to_owned(),
        form,
        percent.to_lowercase(),
        percent,
        base64(CLIENT_SECRET),
        base64(&format!("app-1:{CLIENT_SECRET}")),
        base64(&format!("{{\"secret\":\"{CLIENT_SECRET}\"}}")),
        base64("ann:pa55word-of-ann"),
    ] {
        for dialect in [FORM, JSON] {
            if echo == base64("ann:pa55word-of-ann") && dialect.name() == FORM.name() {
                continue;
            }
            let message = format!("you sent <{echo}> to us");
            let body = json!({ "error": "invalid_client", "error_description": message });
            let hostile = ResponseTemplate::new(400)
                .set_body_json(&body)
                .insert_header("x-request-id", echo.escape_default().to_string());
            let outcome = meet(&echo, dialect, hostile).await;
            let error = outcome.result.expect_err("a refusal");
            let told = error.provider_message().expect("the message");
            assert!(told.contains("[REDACTED]"), "{told}");
            assert!(told.starts_with("you sent <"), "{told}");
        }
    }
}

#[tokio::test]
async fn credentials_follow_no_redirect() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere =
            RawServer::start(|n| Act::Answer(http("200 OK", "", &answer(n).to_string()))).await;
        let location = format!("{}/oauth/token", elsewhere.url());
        let hostile = ResponseTemplate::new(status).insert_header("location", location.as_str());
        let outcome = meet("redirect", FORM, hostile).await;
        let error = outcome.result.expect_err("a redirect");
        assert_eq!(error.kind(), ErrorKind::Blocked, "{status}");
        assert_eq!(elsewhere.connections(), 0, "{status}");
        assert_eq!(outcome.requests, 1);
    }
}

#[tokio::test]
async fn an_application_that_lacks_a_value_is_refused_before_anything_is_sent() {
    let missing = |change: fn(&mut Principal), dialect: Dialect, name: &str| {
        let mut principal = principal(dialect);
        change(&mut principal);
        let profile = crate::stage::profile(dialect, "http://127.0.0.1:9", principal);
        let error = ApiClient::new(profile, &Settings::new()).expect_err(name);
        assert_eq!(error.kind(), ErrorKind::Config, "{name}");
        assert!(error.to_string().contains(&format!("`{name}`")), "{error}");
    };
    missing(|it| it.client_id = None, FORM, "client_id");
    missing(|it| it.client_secret = None, FORM, "client_secret");
    missing(
        |it| it.client_secret = Some("".into()),
        FORM,
        "client_secret",
    );
    missing(|it| it.client_secret = None, JSON, "client_secret");
    missing(|it| drop(it.parameters.pop()), JSON, "tenant");
    missing(|it| drop(it.parameters.remove(0)), JSON, "pair");
}
