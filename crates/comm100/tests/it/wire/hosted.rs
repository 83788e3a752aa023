//! `HOSTED_V2`, seed 001: authorization code, client credentials, API key, and the refresh after each.

use comm100::{Client, ManualClock, OAuthClient, Platform};

use super::{HALF_A_DAY, code, value};
use crate::fixture::{self, EMAIL, HOSTED_CLIENT, HOSTED_REDIRECT, HOSTED_SECRET, SITE, Sample};
use crate::mock::{FORM, Origin, answer, get, hosted, on};

const AGENTS: &str = "/api/v2/account/agents";
const BEARER: &str = "Bearer yEsOJPWeePXBWLDQB95a_cBMg8Mt1qt2Zo2_beip0XafD-UmFEW2b-2Km8fGCnxVzKmv";
/// What all v2 grants but the password's send to renew.
const REFRESH: &str = "grant_type=refresh_token\
    &refresh_token=ee6a898dc7bd66f6a52ebc2f92e5586373ab7c1eacf1845b80ae2de1f2827ef6\
    &client_id=67e26cfb-1b62-48c7-b6a9-237dddfd690a&client_secret=525a081e90e58e1fba4c1b41bfc02976";

fn application() -> OAuthClient {
    OAuthClient::new(HOSTED_CLIENT)
        .secret(HOSTED_SECRET)
        .redirect_uri(HOSTED_REDIRECT)
}

/// An origin that answers the first token request and a refresh with `sample`.
async fn origin(sample: &str) -> Origin {
    let origin = Origin::start().await;
    for _ in 0..2 {
        origin.answer_sample("/oauth/token", sample).await;
    }
    origin
        .answer(AGENTS, answer(200, &serde_json::json!([])))
        .await;
    origin
}

#[test]
fn authorization_url_is_the_samples_with_state() {
    let builder = Client::builder(Platform::hosted())
        .site_id(SITE)
        .oauth_client(application());
    let (url, _) = builder.authorization_request().unwrap().start().unwrap();
    let state = value(&url, "state");
    assert_eq!(
        url.as_str(),
        format!(
            "https://hosted.comm100.com/oauth/authorize?client_id=67e26cfb-1b62-48c7-b6a9-237dddfd690a\
             &siteId=20417&redirect_uri=https%3A%2F%2Fapp.example.com%2Foauth%2Fcallback\
             &response_type=code&state={state}"
        )
    );
    let mut sample = Sample::read("hosted_v2_authorize.request.json").query();
    sample.push(("state".to_owned(), state.clone()));
    assert_eq!(fixture::decode(url.query().unwrap()), sample);
    assert_eq!(state.len(), 43);
}

#[tokio::test]
async fn plus_of_the_code_stays_a_plus_in_exchange_and_refresh_follows() {
    let origin = origin("hosted_v2_code_exchange.response.json").await;
    let callback = fixture::text("hosted_v2_authorize.response.txt");
    assert!(
        callback.contains("d4dff+6166ca7"),
        "the sample has a bare plus"
    );
    let code = code(
        "HOSTED_V2",
        &origin.url(),
        HOSTED_REDIRECT,
        None,
        callback.trim(),
    );
    let clock = ManualClock::new();
    let client = hosted(&origin)
        .site_id(SITE)
        .oauth_client(application())
        .authorization_code(code)
        .settings(on(&clock))
        .build()
        .unwrap();
    get(&client, AGENTS).await;
    clock.advance(HALF_A_DAY);
    get(&client, AGENTS).await;

    let [exchange, call, refresh, again] = origin.seen().await.try_into().unwrap();
    exchange.is(
        "POST",
        "/oauth/token",
        "grant_type=authorization_code\
         &code=e3b46c606db94890d6babbc2524d75aa56c731f5e4c79092b23d4dff%2B6166ca7\
         &redirect_uri=https%3A%2F%2Fapp.example.com%2Foauth%2Fcallback\
         &client_id=67e26cfb-1b62-48c7-b6a9-237dddfd690a&client_secret=525a081e90e58e1fba4c1b41bfc02976",
    );
    exchange.is_token_request_to(&origin, FORM);
    Sample::read("hosted_v2_code_exchange.request.json").compare(&exchange);
    refresh.is("POST", "/oauth/token", REFRESH);
    refresh.is_token_request_to(&origin, FORM);
    for call in [call, again] {
        call.is("GET", "/api/v2/account/agents", "");
        call.is_call_to(&origin, BEARER);
    }
}

#[tokio::test]
async fn client_credentials_send_redirect_uri_and_site_and_no_code() {
    let origin = origin("hosted_v2_client_credentials.response.json").await;
    let clock = ManualClock::new();
    let client = hosted(&origin)
        .site_id(SITE)
        .oauth_client(application())
        .client_credentials()
        .settings(on(&clock))
        .build()
        .unwrap();
    get(&client, AGENTS).await;
    clock.advance(HALF_A_DAY);
    get(&client, AGENTS).await;

    let [first, call, refresh, again] = origin.seen().await.try_into().unwrap();
    first.is(
        "POST",
        "/oauth/token",
        "grant_type=client_credentials\
         &redirect_uri=https%3A%2F%2Fapp.example.com%2Foauth%2Fcallback\
         &client_id=67e26cfb-1b62-48c7-b6a9-237dddfd690a&client_secret=525a081e90e58e1fba4c1b41bfc02976\
         &siteId=20417",
    );
    first.is_token_request_to(&origin, FORM);
    // The sample's `code` is in no parameter list.
    let sample = Sample::read("hosted_v2_client_credentials.request.json");
    sample.without("code").compare(&first);
    refresh.is("POST", "/oauth/token", REFRESH);
    refresh.is_token_request_to(&origin, FORM);
    for call in [call, again] {
        call.is("GET", "/api/v2/account/agents", "");
        call.is_call_to(&origin, BEARER);
    }
}

#[tokio::test]
async fn api_key_is_basic_without_site() {
    let origin = origin("hosted_v2_client_credentials.response.json").await;
    let client = hosted(&origin)
        .site_id(SITE)
        .api_key(EMAIL, "1988c327eb8141d3191b7a48f59b6b28")
        .build()
        .unwrap();
    get(&client, AGENTS).await;
    let [call] = origin.seen().await.try_into().unwrap();
    call.is("GET", "/api/v2/account/agents", "");
    call.is_call_to(
        &origin,
        "Basic YWRhLmFnZW50K2FwaUBleGFtcGxlLmNvbToxOTg4YzMyN2ViODE0MWQzMTkxYjdhNDhmNTliNmIyOA==",
    );
}
