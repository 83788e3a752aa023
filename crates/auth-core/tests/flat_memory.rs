//! Shows that a stream of 100,000 items holds memory flat. A binary of its own: other tests would count, too.
#![cfg(test)]

use std::fs;

use auth_core::{
    ApiClient, BaseUrl, Dialect, Grant, KeyKind, KeyRow, List, Method, Paging, Principal, Profile,
    Settings,
};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

const DIALECT: Dialect = Dialect::new("FLAT", &[]).keys(&[KeyRow::new(KeyKind::Token, &[], "")]);
const ITEMS: u64 = 100_000;
const PAGE: u64 = 500;
const PAGING: Paging = Paging::offset("offset")
    .items(&["/items"])
    .has_more(&["/has_next"]);

/// One page of items, of some 300 bytes each.
fn page(request: &Request) -> ResponseTemplate {
    let mut query = request.url.query_pairs();
    let from = query.find(|(name, _)| name == "offset");
    let from: u64 = from.map_or(0, |(_, value)| value.parse().expect("a number"));
    let to = from + PAGE;
    let text = "x".repeat(250);
    let items: Value = (from..to)
        .map(|id| json!({ "id": id, "text": text }))
        .collect();
    ResponseTemplate::new(200).set_body_json(json!({ "items": items, "has_next": to < ITEMS }))
}

/// How much memory this process holds.
fn resident_kib() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.expect("a line").trim().trim_end_matches(" kB");
    number.parse().expect("a number")
}

#[tokio::test]
#[cfg_attr(
    not(target_os = "linux"),
    ignore = "only Linux tells it without unsafe code"
)]
async fn a_hundred_thousand_items_hold_memory_flat() {
    let server = MockServer::builder()
        .disable_request_recording()
        .start()
        .await;
    Mock::given(any()).respond_with(page).mount(&server).await;
    let base = BaseUrl::parse("base_url", &server.uri(), &[]).expect("a loopback URL");
    let principal = Principal::new(Grant::StaticToken("t-1".into()));
    let profile = Profile::new(DIALECT, base.clone(), base, principal, "it/1.0");
    let settings = Settings::new().no_rate_limiter();
    let client = ApiClient::new(profile, &settings).expect("a good client");
    let call = client.request(Method::GET, "/items");
    let mut items = List::new(call, &PAGING, |item, _| Ok(item)).stream();
    let mut count = 0;
    let (mut early, mut late) = (0, 0);
    while let Some(item) = items.try_next().await.expect("an item") {
        assert_eq!(item["id"], count);
        count += 1;
        if count % PAGE == 0 {
            let peak = if count <= ITEMS / 5 {
                &mut early
            } else {
                &mut late
            };
            *peak = resident_kib().max(*peak);
        }
    }
    assert_eq!(count, ITEMS);
    // The last 80,000 items are 24 MB of JSON, and more than that once read.
    assert!(late < early + 8 * 1024, "{early} KiB, and later {late} KiB");
}
