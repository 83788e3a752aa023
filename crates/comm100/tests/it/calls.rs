//! What is particular to Comm100's paths: actions after a colon, bodies of DELETE, pages on absolute URLs.

use comm100::{ErrorKind, Method, Settings};
use serde_json::{Value, json};
use vendor_sandbox::{Host, Sandbox};

use crate::mock::{JSON, Origin, answer, dash};
use crate::way::{Way, with_key};

#[tokio::test]
async fn colon_of_an_action_stays_as_it_is() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = with_key(&sandbox).build().unwrap();
    let agent = "000000a9-0000-4000-8000-000000000002";
    let path = format!("/v4/global/agents/{agent}:unlock");
    let unlocked = client.request(Method::POST, &path).send().await.unwrap();
    assert_eq!(unlocked.json::<Value>().unwrap()["isLocked"], false);
    let [request] = sandbox.requests().try_into().unwrap();
    assert_eq!(request.path, path);
    assert_eq!(request.query.as_deref(), Some("siteId=10000"));
    assert_eq!(sandbox.refusals(), []);
}

#[tokio::test]
async fn delete_sends_its_ids_as_json() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = with_key(&sandbox).build().unwrap();
    let delete = client
        .request(Method::DELETE, "/v4/livechat/chats")
        .json(&[9001, 9002]);
    let answer = delete.send().await.unwrap();
    assert_eq!(answer.status(), 204);
    answer.json::<()>().unwrap();
    let left = client
        .request(Method::POST, "/v4/livechat/chats:search")
        .json(&json!({}));
    let left: Value = left.send().await.unwrap().json().unwrap();
    assert_eq!(left["total"], 10);
    assert_eq!(sandbox.refusals(), []);
}

#[tokio::test]
async fn delete_with_a_body_is_this_on_the_wire() {
    let origin = Origin::start().await;
    origin
        .answer("/v4/livechat/chats", answer(204, &Value::Null))
        .await;
    let client = dash(&origin, &origin)
        .site_id(7)
        .api_key("a", "k")
        .build()
        .unwrap();
    let delete = client
        .request(Method::DELETE, "/v4/livechat/chats")
        .json(&[9001, 9002]);
    delete.send().await.unwrap();
    let [seen] = origin.seen().await.try_into().unwrap();
    seen.is("DELETE", "/v4/livechat/chats?siteId=7", "[9001,9002]");
    seen.has_only(&[
        ("accept", JSON),
        ("authorization", "Basic YTpr"),
        ("content-length", "11"),
        ("content-type", JSON),
        ("host", &origin.host()),
        (
            "user-agent",
            concat!("comm100-rust/", env!("CARGO_PKG_VERSION")),
        ),
    ]);
}

#[tokio::test]
async fn pages_are_followed_by_their_absolute_url_with_the_site_once() {
    let sandbox = Sandbox::start().await.unwrap();
    for builder in [with_key(&sandbox), Way::DashCode.signed_in(&sandbox).await] {
        sandbox.clear();
        let client = builder.build().unwrap();
        let mut next = "/v4/livechat/campaigns".to_owned();
        let mut found = 0;
        loop {
            let page = client.request(Method::GET, &next).send().await.unwrap();
            let page: Value = page.json().unwrap();
            found += page["campaigns"].as_array().unwrap().len();
            match page["nextPage"].as_str() {
                Some(url) => next = url.to_owned(),
                None => break,
            }
            assert!(next.starts_with("http://127.0.0.1:"), "{next}");
        }
        assert_eq!(found, 25);
        assert_eq!(sandbox.api_requests(Host::Comm100DashApi), 3);
        assert_eq!(sandbox.refusals(), []);
    }
}

#[tokio::test]
async fn page_on_another_host_is_blocked_before_anything_is_sent() {
    let (tokens, api, other) = (
        Origin::start().await,
        Origin::start().await,
        Origin::start().await,
    );
    let client = dash(&tokens, &api)
        .site_id(7)
        .api_key("a", "k")
        .settings(Settings::new().call_retries(0))
        .build()
        .unwrap();
    for next in [
        format!("{}/v4/livechat/campaigns?pageIndex=2", other.url()),
        // The token host is not the API's either.
        format!("{}/v4/livechat/campaigns?pageIndex=2", tokens.url()),
        "https://api11.comm100.io/v4/livechat/campaigns?pageIndex=2".to_owned(),
        api.url().replace("http://", "https://") + "/v4/x",
        api.url().replace("http://", "http://user@") + "/v4/x",
        format!("//{}/v4/x", other.host()),
    ] {
        let error = client.request(Method::GET, &next).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Blocked, "{next}");
        assert!(!error.may_have_been_processed(), "{next}");
    }
    for origin in [&tokens, &api, &other] {
        assert_eq!(origin.seen().await.len(), 0);
    }
}

#[tokio::test]
async fn header_of_the_credential_is_not_a_callers_to_set() {
    let origin = Origin::start().await;
    let client = dash(&origin, &origin)
        .site_id(7)
        .api_key("a", "k")
        .build()
        .unwrap();
    for name in ["Authorization", "cookie", "host"] {
        let call = client.request(Method::GET, "/v4/x").header(name, "x");
        assert_eq!(
            call.send().await.unwrap_err().kind(),
            ErrorKind::Blocked,
            "{name}"
        );
    }
    assert_eq!(origin.seen().await.len(), 0);
}
