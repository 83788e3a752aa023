//! API calls: what they carry, what a 401 does, and what an answer becomes; the rest in files of its own.

mod answers;
mod deadline;
mod limits;
mod refusals;
mod retry;
mod retry_budget;

use auth_core::{ApiClient, ErrorKind, Grant, Method, ParameterValue, Principal, Settings};
use serde::Deserialize;
use serde_json::{Value, json};
use wiremock::{Request, ResponseTemplate};

use crate::clocks::HastyClock;
use crate::dialects::{FORM, JSON, KEYED};
use crate::endpoint::json_machine;
use crate::raw::{Act, RawServer, http};
use crate::stage::{Vendor, answer, client, granted, header, machine, profile};

/// A provider's answer to an API call.
fn say(status: u16, body: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_raw(body, "application/json")
}

/// A client that has its token, so that what follows is about the call alone.
async fn signed_in(vendor: &Vendor, settings: &Settings) -> ApiClient {
    let client = client(FORM, &vendor.url(), machine(), settings);
    client.sign_in().await.expect("a token");
    client
}

fn bearer(request: &Request) -> &str {
    let value = request.headers.get("authorization").expect("a token");
    value.to_str().expect("visible characters")
}

/// Sends calls at a raw server, and gives the heads and bodies of the calls; the host is replaced by `HOST`.
async fn calls<F: Future<Output = ()>>(
    make: impl FnOnce(&str) -> ApiClient,
    send: impl FnOnce(ApiClient) -> F,
) -> Vec<String> {
    let server =
        RawServer::start(|n| Act::Answer(http("200 OK", "", &answer(n).to_string()))).await;
    let url = server.url();
    send(make(&url)).await;
    let host = url.replace("http://", "");
    server
        .seen()
        .iter()
        .filter(|request| !request.starts_with("POST /oauth/token "))
        .map(|request| request.replace(&host, "HOST"))
        .collect()
}

#[tokio::test]
async fn a_call_carries_its_token_and_nothing_that_nobody_asked_for() {
    let form = |url: &str| client(FORM, url, machine(), &Settings::new());
    let seen = calls(form, |client| async move {
        let get = client
            .request(Method::GET, "/v4/agents/7:unlock?a=%2F")
            .query("filter", "x y&z=ü+1")
            .query("page", 2);
        get.send().await.expect("an answer");
        let delete = client.request(Method::DELETE, "/v4/agents");
        let delete = delete.json(&json!({ "ids": [1, 2] }));
        delete.send().await.expect("an answer");
        let post = client.request(Method::POST, "/v4/agents");
        post.send().await.expect("an answer");
        let own = client
            .request(Method::GET, "/file")
            .header("Accept", "text/csv")
            .header("If-None-Match", "\"1\"");
        own.send().await.expect("an answer");
    })
    .await;
    let token = "authorization: Bearer access-0\r\nuser-agent: it/1.0\r\nhost: HOST\r\n";
    assert_eq!(
        seen,
        [
            format!(
                "GET /v4/agents/7:unlock?a=%2F&filter=x%20y%26z%3D%C3%BC%2B1&page=2 HTTP/1.1\r\n\
                 accept: application/json\r\n{token}\r\n"
            ),
            format!(
                "DELETE /v4/agents HTTP/1.1\r\ncontent-type: application/json\r\n\
                 accept: application/json\r\n{token}content-length: 13\r\n\r\n{{\"ids\":[1,2]}}"
            ),
            format!(
                "POST /v4/agents HTTP/1.1\r\naccept: application/json\r\ncontent-length: 0\r\n{token}\r\n"
            ),
            format!(
                "GET /file HTTP/1.1\r\naccept: text/csv\r\nif-none-match: \"1\"\r\n{token}\r\n"
            ),
        ]
    );
}

#[tokio::test]
async fn a_call_carries_the_token_where_the_dialect_has_it_and_the_query_of_its_key_once() {
    let make = |url: &str| {
        let mut principal = Principal::new(Grant::StaticToken("access-0".into()));
        principal
            .parameters
            .push(("site_id", ParameterValue::Text("10 1".to_owned())));
        let profile = profile(KEYED, url, principal);
        ApiClient::new(profile, &Settings::new()).expect("a good client")
    };
    let seen = calls(make, |client| async move {
        for path in ["/a", "/a?x=1", "/a?siteId=7"] {
            let call = client.request(Method::GET, path);
            call.send().await.expect("an answer");
        }
        let own = client.request(Method::GET, "/a").query("siteId", 8);
        own.send().await.expect("an answer");
        let elsewhere = client.request_at_token_host(Method::GET, "/me");
        elsewhere.send().await.expect("an answer");
    })
    .await;
    let head = "HTTP/1.1\r\naccept: application/json\r\nx-token: access-0\r\nuser-agent: it/1.0\r\n\
                host: HOST\r\n\r\n";
    assert_eq!(
        seen,
        [
            format!("GET /a?siteId=10%201 {head}"),
            format!("GET /a?x=1&siteId=10%201 {head}"),
            format!("GET /a?siteId=7 {head}"),
            format!("GET /a?siteId=8 {head}"),
            format!("GET /me?siteId=10%201 {head}"),
        ]
    );
}

#[tokio::test]
async fn a_401_renews_once_and_replays_once_with_the_new_token() {
    let vendor = Vendor::with_api(
        |n, _| granted(n),
        |_, request| match bearer(request) {
            "Bearer access-1" => say(200, "{\"n\":1}"),
            _ => say(401, "{\"message\":\"token is over\"}"),
        },
    )
    .await;
    let client = signed_in(&vendor, &Settings::new()).await;
    let post = client.request(Method::POST, "/things");
    let post = post.json(&json!({ "name": "x" }));
    let answer: Value = post
        .send()
        .await
        .and_then(|answer| answer.json())
        .expect("the replay is answered");
    assert_eq!(answer["n"], 1);
    assert_eq!((vendor.tokens(), vendor.calls()), (2, 2));
    let requests = vendor.requests().await;
    assert_eq!(requests[1].body, requests[3].body);
}

#[tokio::test]
async fn a_second_401_is_the_answer() {
    let vendor = Vendor::with_api(
        |n, _| granted(n),
        |_, _| say(401, "{\"code\":\"E1\",\"message\":\"go away\"}"),
    )
    .await;
    let client = signed_in(&vendor, &Settings::new()).await;
    let call = client.request(Method::GET, "/things");
    let error = call.send().await.expect_err("a second 401");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(error.provider_code(), Some("E1"));
    assert_eq!((vendor.tokens(), vendor.calls()), (2, 2));
}

#[tokio::test]
async fn a_hundred_401s_at_once_cost_one_renewal() {
    let vendor = Vendor::with_api(
        |n, _| granted(n),
        |_, request| match bearer(request) {
            "Bearer access-0" => say(401, ""),
            _ => say(200, "{}"),
        },
    )
    .await;
    let client = signed_in(&vendor, &Settings::new()).await;
    let calls = (0..100).map(|_| client.request(Method::GET, "/things").send());
    for outcome in futures_util::future::join_all(calls).await {
        outcome.expect("the replay is answered");
    }
    assert_eq!(vendor.tokens(), 2);
}

#[tokio::test]
async fn what_a_new_token_would_not_help_renews_nothing() {
    let challenge = "Bearer realm=\"x\", error=\"insufficient_scope\", scope=\"admin\"";
    let scope = say(401, "{}").insert_header("www-authenticate", challenge);
    for (name, answer, kind, replay) in [
        ("401 for the scope", scope, ErrorKind::Permission, true),
        ("403", say(403, "{}"), ErrorKind::Permission, true),
        ("404", say(404, ""), ErrorKind::NotFound, true),
        ("410", say(410, ""), ErrorKind::NotFound, true),
        ("422", say(422, "[]"), ErrorKind::Invalid, true),
        ("500", say(500, "null"), ErrorKind::Provider, true),
        (
            "401 of a call's own",
            say(401, "{}"),
            ErrorKind::Unauthorized,
            false,
        ),
    ] {
        let vendor = Vendor::with_api(|n, _| granted(n), move |_, _| answer.clone()).await;
        let client = signed_in(&vendor, &Settings::new()).await;
        let call = client.request(Method::GET, "/things").with_replay(replay);
        let error = call.send().await.expect_err(name);
        assert_eq!(error.kind(), kind, "{name}");
        assert_eq!((vendor.tokens(), vendor.calls()), (1, 1), "{name}");
    }
}

#[tokio::test]
async fn a_renewal_that_fails_after_a_401_is_the_answer() {
    let vendor = Vendor::with_api(
        |n, _| match n {
            0 => granted(n),
            _ => crate::stage::refused(401, "invalid_client"),
        },
        |_, _| say(401, "{}"),
    )
    .await;
    let client = signed_in(&vendor, &Settings::new()).await;
    let call = client.request(Method::GET, "/things");
    let error = call.send().await.expect_err("no new token");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(error.provider_code(), Some("invalid_client"));
    assert_eq!(vendor.calls(), 1);
}

#[tokio::test]
async fn a_failure_under_a_success_status_is_an_error_where_the_dialect_says_so() {
    let body = "{\"success\":false,\"code\":7,\"message\":\"no such\\nthing\"}";
    let vendor = Vendor::with_api(|n, _| granted(n), move |_, _| say(200, body)).await;
    let strict = client(JSON, &vendor.url(), json_machine(), &Settings::new());
    let call = strict.request(Method::GET, "/things");
    let error = call.send().await.expect_err("a failure");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(error.provider_code(), Some("7"));
    assert_eq!(error.provider_message(), Some("no such thing"));
    assert_eq!(error.status().map(|status| status.as_u16()), Some(200));

    let lax = client(FORM, &vendor.url(), machine(), &Settings::new());
    let call = lax.request(Method::GET, "/things");
    assert_eq!(
        call.send().await.expect("an answer").bytes().as_ref(),
        body.as_bytes()
    );
}

#[tokio::test]
async fn an_answer_from_a_proxy_is_told_by_its_status() {
    let html = "<html><body>Bad gateway</body></html>";
    let vendor = Vendor::with_api(
        |n, _| granted(n),
        move |_, _| ResponseTemplate::new(502).set_body_raw(html, "text/html"),
    )
    .await;
    let settings = Settings::new().clock(HastyClock::default());
    let client = signed_in(&vendor, &settings).await;
    let call = client.request(Method::GET, "/things");
    let error = call.send().await.expect_err("a bad gateway");
    assert_eq!(error.kind(), ErrorKind::Provider);
    assert_eq!(error.provider_message(), None);
    assert!(!format!("{error} {error:?}").contains("html"), "{error:?}");
    assert_eq!(error.body(), Some(html.as_bytes()));
}

#[derive(Debug, Deserialize)]
struct Page {
    items: Vec<Item>,
}

#[derive(Debug, Deserialize)]
struct Item {
    #[expect(dead_code, reason = "it is there to be decoded")]
    name: String,
}

/// What the provider says, decoded.
async fn decoded<T: serde::de::DeserializeOwned>(
    answer: ResponseTemplate,
) -> Result<T, auth_core::Error> {
    let vendor = Vendor::with_api(|n, _| granted(n), move |_, _| answer.clone()).await;
    let client = signed_in(&vendor, &Settings::new()).await;
    let call = client.request(Method::GET, "/things");
    call.send().await.expect("a success").json()
}

#[tokio::test]
async fn an_empty_body_is_null() {
    decoded::<()>(ResponseTemplate::new(204))
        .await
        .expect("nothing is expected");
    let none = decoded::<Option<Page>>(ResponseTemplate::new(200)).await;
    assert!(none.expect("nothing is fine").is_none());
    let error = decoded::<Page>(say(200, ""))
        .await
        .expect_err("a page is expected");
    assert_eq!(error.kind(), ErrorKind::Decode);
    assert!(error.to_string().contains("the body is empty"), "{error}");
}

#[tokio::test]
async fn a_decode_error_names_the_place_and_not_the_value() {
    let page = decoded::<Page>(say(200, r#"{"items":[{"name":"a"}],"more":1}"#)).await;
    assert_eq!(page.expect("unknown members do no harm").items.len(), 1);
    for (body, place) in [
        (
            r#"{"items":[{"name":"a"},{"name":31337}]}"#,
            "`items[1].name`",
        ),
        (r#"{"items":[{"name":["31337"]}]}"#, "`items[0].name`"),
        (r#"{"items":"31337"}"#, "`items`"),
        (r#"{"items":[{"surname":"31337"}]}"#, "missing field `name`"),
        (r#"{"items":[]} 31337"#, "no valid JSON"),
        (r#"{"items":[{"name":"31337"#, "ends too early"),
    ] {
        let error = decoded::<Page>(say(200, body)).await.expect_err(body);
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.to_string().contains(place), "{body}: {error}");
        assert!(!crate::leak::told(&error).contains("31337"), "{error:?}");
    }
    let html = ResponseTemplate::new(200).set_body_raw("<html>", "text/html");
    let error = decoded::<Page>(html).await.expect_err("no JSON");
    assert!(error.to_string().contains("text/html"), "{error}");
}

#[tokio::test]
async fn an_answer_may_be_larger_than_a_token_answer_and_no_larger_than_16_mib() {
    let size = 16 << 20;
    let script = move |n: usize| match n {
        0 => Act::Answer(http("200 OK", "", &answer(n).to_string())),
        1 => Act::Answer(http("200 OK", "", &" ".repeat(size))),
        2 => Act::AnswerAndClose(http("200 OK", "", &" ".repeat(size + 1))),
        _ => Act::Flood("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"),
    };
    let server = RawServer::start(script).await;
    let client = client(FORM, &server.url(), machine(), &Settings::new());
    header(&client).await.expect("a token");
    let call = || client.request(Method::GET, "/file").send();
    assert_eq!(call().await.expect("just small enough").bytes().len(), size);
    for name in ["told", "not told"] {
        let error = call().await.expect_err(name);
        assert_eq!(error.kind(), ErrorKind::Blocked, "{name}");
        assert!(!error.is_retryable(), "{name}");
    }
    assert_eq!(server.seen().len(), 4);
}
