//! What is refused before, or instead of, being sent.

use std::time::Duration;

use auth_core::{ApiClient, BaseUrl, ErrorKind, Method, Settings, Transport};
use wiremock::ResponseTemplate;

use super::{say, signed_in};
use crate::dialects::{FORM, JSON};
use crate::endpoint::json_machine;
use crate::raw::{Act, RawServer, http};
use crate::stage::{Vendor, answer, client, granted, header, machine, profile};

#[tokio::test]
async fn a_redirected_call_is_blocked_and_the_other_host_sees_nothing() {
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = RawServer::start(|_| Act::Answer(http("200 OK", "", "{}"))).await;
        let location = format!("{}/things", elsewhere.url());
        let vendor = Vendor::with_api(
            |n, _| granted(n),
            move |_, _| ResponseTemplate::new(status).insert_header("location", location.as_str()),
        )
        .await;
        let client = signed_in(&vendor, &Settings::new()).await;
        let call = client.request(Method::GET, "/things");
        let error = call.send().await.expect_err("a redirect");
        assert_eq!(error.kind(), ErrorKind::Blocked, "{status}");
        assert_eq!(elsewhere.connections(), 0, "{status}");
        assert_eq!(vendor.calls(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_call_to_another_host_is_never_sent() {
    let elsewhere = RawServer::start(|_| Act::Answer(http("200 OK", "", "{}"))).await;
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let client = signed_in(&vendor, &Settings::new()).await;
    let other = format!("{}/things", elsewhere.url());
    let (_, host) = other.split_once("//").expect("a URL");
    let paths = [
        other.clone(),
        format!("//{host}"),
        format!("/\\{host}"),
        format!("http://app-1:secret@{host}"),
    ];
    for path in paths {
        let call = client.request(Method::GET, &path);
        let error = call.send().await.expect_err("another host");
        assert_eq!(error.kind(), ErrorKind::Blocked, "{path}");
        assert!(!error.may_have_been_processed());
    }
    assert_eq!((elsewhere.connections(), vendor.calls()), (0, 0));
    let own = format!("{}/things?page=2", vendor.url());
    let call = client.request(Method::GET, &own);
    call.send().await.expect("the API's own host");
    assert_eq!(vendor.calls(), 1);
}

#[tokio::test]
async fn a_path_that_a_parser_would_shorten_is_refused_in_every_spelling() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let client = signed_in(&vendor, &Settings::new()).await;
    let spellings = [".", "..", "%2e", "%2E%2E", ".%2e", "%2e.", "%2E%2e"];
    let paths = spellings.iter().flat_map(|dots| {
        [
            format!("/v4/agents/{dots}"),
            format!("/v4/agents/{dots}/tickets"),
            format!("/{dots}?x=1"),
            format!("{}/v4/agents/{dots}", vendor.url()),
            format!("{}/v4/agents/{dots}/tickets?x=1", vendor.url()),
        ]
    });
    let odd = [".\t.", "..\n", ".. "].map(|dots| format!("{}/v4/{dots}", vendor.url()));
    let backslash = format!("{}/v4\\..\\x", vendor.url());
    for path in paths.chain(odd).chain([backslash]) {
        let call = client.request(Method::DELETE, &path);
        let error = call.send().await.expect_err(&path);
        assert_eq!(error.kind(), ErrorKind::Invalid, "{path}");
        assert!(!error.may_have_been_processed(), "{path}");
    }
    assert_eq!(vendor.calls(), 0);
    for (path, sent) in [
        ("/v4/agents/...", "/v4/agents/..."),
        ("/v4/agents/..x", "/v4/agents/..x"),
        ("/v4/agents/..%2fx", "/v4/agents/..%2fx"),
        ("/v4/agents/%252e%252e", "/v4/agents/%252e%252e"),
        ("/v4/things?path=../..", "/v4/things"),
    ] {
        let call = client.request(Method::GET, path);
        call.send().await.expect(path);
        let requests = vendor.requests().await;
        assert_eq!(requests.last().map(|it| it.url.path()), Some(sent));
    }
}

#[tokio::test]
async fn methods_that_no_api_has_are_refused_and_nothing_is_sent() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let client = client(FORM, &vendor.url(), machine(), &Settings::new());
    for method in [Method::CONNECT, Method::TRACE] {
        let call = client.request(method.clone(), "/things");
        let error = call.send().await.expect_err(method.as_str());
        assert_eq!(error.kind(), ErrorKind::Invalid, "{method}");
        assert!(!error.may_have_been_processed(), "{method}");
    }
    assert_eq!((vendor.tokens(), vendor.calls()), (0, 0));
    for method in [Method::OPTIONS, Method::HEAD, Method::PATCH] {
        let call = client.request(method.clone(), "/things");
        call.send().await.expect("an answer");
    }
    assert_eq!(vendor.calls(), 3);
}

#[tokio::test]
async fn a_reserved_header_is_refused_and_nothing_is_sent() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let client = client(JSON, &vendor.url(), json_machine(), &Settings::new());
    for (name, kind) in [
        ("Authorization", ErrorKind::Blocked),
        ("x-token", ErrorKind::Blocked),
        ("X-Token", ErrorKind::Blocked),
        ("Cookie", ErrorKind::Blocked),
        ("Host", ErrorKind::Blocked),
        ("Content-Length", ErrorKind::Blocked),
        ("Transfer-Encoding", ErrorKind::Blocked),
        ("Connection", ErrorKind::Blocked),
        ("Proxy-Authorization", ErrorKind::Blocked),
        ("Expect", ErrorKind::Blocked),
        ("Keep-Alive", ErrorKind::Blocked),
        ("Proxy-Connection", ErrorKind::Blocked),
        ("TE", ErrorKind::Blocked),
        ("Trailer", ErrorKind::Blocked),
        ("Upgrade", ErrorKind::Blocked),
        ("a name", ErrorKind::Invalid),
        ("", ErrorKind::Invalid),
    ] {
        let call = client.request(Method::GET, "/things").header(name, "x");
        let error = call.send().await.expect_err(name);
        assert_eq!(error.kind(), kind, "{name}");
    }
    let call = client.request(Method::GET, "/things");
    let error = call
        .header("x-a", "b\r\nc: d")
        .send()
        .await
        .expect_err("CR LF");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!((vendor.tokens(), vendor.calls()), (0, 0));
}

#[tokio::test]
async fn a_body_without_a_json_form_is_refused() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    let client = signed_in(&vendor, &Settings::new()).await;
    let odd = std::collections::BTreeMap::from([((1, 2), 3)]);
    let call = client.request(Method::POST, "/things").json(&odd);
    let error = call.send().await.expect_err("keys that are no texts");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(vendor.calls(), 0);
}

#[tokio::test]
async fn many_clients_share_the_connections_of_one_transport() {
    let server =
        RawServer::start(|n| Act::Answer(http("200 OK", "", &answer(n).to_string()))).await;
    let transport = Transport::builder().user_agent("shared/1").build();
    let settings = Settings::new().transport(transport.expect("a transport"));
    for _ in 0..20 {
        let client = client(FORM, &server.url(), machine(), &settings);
        header(&client).await.expect("a token");
    }
    let seen = server.seen();
    assert_eq!((seen.len(), server.connections()), (20, 1));
    assert!(
        seen.iter()
            .all(|request| request.contains("user-agent: shared/1\r\n"))
    );
}

#[tokio::test]
async fn cookies_are_not_kept() {
    let vendor = Vendor::with_api(
        |n, _| granted(n).insert_header("set-cookie", "a=1; Path=/"),
        |_, _| say(200, "{}").insert_header("set-cookie", "b=2; Path=/"),
    )
    .await;
    let client = signed_in(&vendor, &Settings::new()).await;
    for _ in 0..2 {
        let call = client.request(Method::GET, "/things");
        call.send().await.expect("an answer");
    }
    for request in vendor.requests().await {
        assert!(!request.headers.contains_key("cookie"));
    }
}

fn refused(settings: &Settings, name: &str) {
    let profile = profile(FORM, "http://127.0.0.1:9", machine());
    let error = ApiClient::new(profile, settings).expect_err(name);
    assert_eq!(error.kind(), ErrorKind::Config, "{name}");
    assert!(error.to_string().contains(&format!("`{name}`")), "{error}");
}

#[test]
fn settings_that_cannot_work_are_refused_by_name() {
    refused(&Settings::new().token_retries(3), "token_retries");
    refused(
        &Settings::new().call_timeout(Duration::ZERO),
        "call_timeout",
    );
    refused(
        &Settings::new().call_deadline(Duration::ZERO),
        "call_deadline",
    );
    refused(
        &Settings::new().token_timeout(Duration::ZERO),
        "token_timeout",
    );
    refused(&Settings::new().user_agent("a\r\nb: c"), "user_agent");
    refused(&Settings::new().proxy("no proxy"), "proxy");
    refused(
        &Settings::new().root_certificate("no certificate"),
        "root_certificate",
    );
}

#[test]
fn a_shared_transport_and_settings_of_its_own_are_refused_together() {
    let transport = Transport::builder().build().expect("a transport");
    let shared = Settings::new().transport(transport);
    refused(&shared.clone().user_agent("mine/1"), "transport");
    refused(&shared.clone().proxy("http://127.0.0.1:9"), "transport");
    refused(&shared.clone().root_certificate("x"), "transport");
    refused(&shared.connect_timeout(Duration::from_secs(1)), "transport");
}

#[test]
fn plain_http_is_for_loopback_and_for_hosts_that_are_named() {
    for url in ["http://10.0.0.1", "http://intranet:8080", "http://0.0.0.0"] {
        let error = BaseUrl::parse("base_url", url, &[]).expect_err(url);
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("plain http"), "{error}");
    }
    let settings = Settings::new().allow_plain_http("intranet");
    let named = settings.plain_http_hosts();
    assert!(BaseUrl::parse("base_url", "http://intranet:8080", named).is_ok());
    assert!(BaseUrl::parse("base_url", "http://intranet.example", named).is_err());
}
