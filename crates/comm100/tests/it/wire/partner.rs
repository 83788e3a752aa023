//! `PARTNER_V2` (seed 001) and `PARTNER_V4` (seed 002).

use comm100::{Client, ManualClock, OAuthClient, Platform};
use serde_json::json;

use super::HALF_A_DAY;
use crate::fixture::{self, Sample};
use crate::mock::{FORM, Origin, answer, get, on, sample};

const CLIENT: &str = "dee6f13f-2b40-4245-b27b-66f2bc541045";

#[tokio::test]
async fn v2_password_has_a_path_of_its_own_and_names_no_client() {
    let origin = Origin::start().await;
    for _ in 0..2 {
        origin
            .answer_sample("/partner/oauth/token", "partner_v2_password.response.json")
            .await;
    }
    let path = "/api/v2/partner/sites";
    origin.answer(path, answer(200, &json!([]))).await;
    let clock = ManualClock::new();
    let client = Client::builder(Platform::PartnerV2(origin.url()))
        .password("petra.partner@example.net", "al5o = invented & long+")
        .settings(on(&clock))
        .build()
        .unwrap();
    get(&client, path).await;
    clock.advance(HALF_A_DAY);
    get(&client, path).await;

    let [first, call, refresh, _] = origin.seen().await.try_into().unwrap();
    first.is(
        "POST",
        "/partner/oauth/token",
        "grant_type=password&email=petra.partner%40example.net\
         &password=al5o+%3D+invented+%26+long%2B",
    );
    first.is_token_request_to(&origin, FORM);
    Sample::read("partner_v2_password.request.json").compare(&first);
    call.is("GET", "/api/v2/partner/sites", "");
    call.is_call_to(
        &origin,
        "Bearer yEsOJPWeePXBWLDQB95a_cBMg8Mt1qt2Zo2_beip0XafD-UmFEW2b-2Km8fGCnxVzKmv",
    );
    refresh.is(
        "POST",
        "/partner/oauth/token",
        "grant_type=refresh_token\
         &refresh_token=ee6a898dc7bd66f6a52ebc2f92e5586373ab7c1eacf1845b80ae2de1f2827ef6",
    );
    refresh.is_token_request_to(&origin, FORM);
}

fn v4(tokens: &Origin, api: &Origin) -> comm100::ClientBuilder {
    Client::builder(Platform::PartnerV4)
        .token_base(tokens.url())
        .api_base(api.url())
        .partner_id(30508)
        .oauth_client(OAuthClient::new(CLIENT))
        .password("broker3@example.org", "st1ll+&=%")
}

#[tokio::test]
async fn v4_password_has_the_partner_in_the_query_and_is_sent_again_instead_of_a_refresh() {
    let (tokens, api) = (Origin::start().await, Origin::start().await);
    tokens
        .answer("/oauth/token", sample("partner_v4_password.response.json"))
        .await;
    let path = "/v4/global/sites";
    api.answer(path, answer(200, &json!([]))).await;
    let clock = ManualClock::new();
    let client = v4(&tokens, &api).settings(on(&clock)).build().unwrap();
    get(&client, path).await;
    clock.advance(HALF_A_DAY);
    get(&client, path).await;

    let [first, second] = tokens.seen().await.try_into().unwrap();
    for request in [first, second] {
        request.is(
            "POST",
            "/oauth/token?partnerId=30508",
            "client_id=dee6f13f-2b40-4245-b27b-66f2bc541045&grant_type=password\
             &email=broker3%40example.org&password=st1ll%2B%26%3D%25",
        );
        request.is_token_request_to(&tokens, FORM);
        Sample::read("partner_v4_password.request.json").compare(&request);
    }
    let token = fixture::member("partner_v4_password.response.json", "access_token");
    for call in api.seen().await {
        call.is("GET", "/v4/global/sites", "");
        call.is_call_to(&api, &format!("Bearer {token}"));
    }
}

#[tokio::test]
async fn userinfo_is_asked_at_the_token_host_and_its_members_may_differ() {
    let (tokens, api) = (Origin::start().await, Origin::start().await);
    tokens
        .answer("/oauth/token", sample("partner_v4_password.response.json"))
        .await;
    let client = v4(&tokens, &api).build().unwrap();
    let told = fixture::json("partner_v4_userinfo.response.json");
    let agent = "4ead0692-cd47-4c73-92cd-2f8184dd0d7b";
    for (body, expected) in [
        (told, [Some(agent), Some("20653"), Some("AGENT")]),
        (
            json!({ "agentId": agent, "siteId": "20653", "role": "AGENT", "new": [1] }),
            [Some(agent), Some("20653"), Some("AGENT")],
        ),
        (json!({ "agentId": agent }), [Some(agent), None, None]),
        (
            json!({ "agentId": null, "siteId": null, "role": null }),
            [None, None, None],
        ),
        (json!({}), [None, None, None]),
    ] {
        tokens
            .answer_once("/oauth/userinfo", answer(200, &body))
            .await;
        let info = client.userinfo().await.unwrap();
        let found = [&info.agent_id, &info.site_id, &info.role];
        assert_eq!(found.map(Option::as_deref), expected, "{body}");
    }
    let seen = tokens.seen().await;
    assert_eq!(api.seen().await.len(), 0);
    let token = fixture::member("partner_v4_password.response.json", "access_token");
    for call in &seen[1..] {
        call.is("GET", "/oauth/userinfo", "");
        call.is_call_to(&tokens, &format!("Bearer {token}"));
        Sample::read("partner_v4_userinfo.request.json").compare(call);
    }
}

#[tokio::test]
async fn userinfo_of_another_shape_is_told_without_its_value() {
    let (tokens, api) = (Origin::start().await, Origin::start().await);
    tokens
        .answer("/oauth/token", sample("partner_v4_password.response.json"))
        .await;
    tokens
        .answer(
            "/oauth/userinfo",
            answer(200, &json!({ "siteId": ["canary"] })),
        )
        .await;
    let error = v4(&tokens, &api)
        .build()
        .unwrap()
        .userinfo()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), comm100::ErrorKind::Decode);
    assert!(error.to_string().contains("siteId"), "{error}");
    assert!(!error.to_string().contains("canary"), "{error}");
}
