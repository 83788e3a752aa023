//! The password grant of `DASH_V4` (seed 000) and `HOSTED_V2` (seed 001).

use comm100::{ManualClock, OAuthClient};

use super::HALF_A_DAY;
use crate::fixture::{self, DASH_CLIENT, EMAIL, PASSWORD, SITE, Sample};
use crate::mock::{FORM, Origin, answer, dash, get, hosted, on};

#[tokio::test]
async fn dash_password_is_a_form_with_email_and_client_id() {
    let (tokens, api) = (Origin::start().await, Origin::start().await);
    for name in [
        "dash_v4_password.response.json",
        "dash_v4_refresh.response.json",
    ] {
        tokens.answer_sample("/oauth/token", name).await;
    }
    let path = "/v4/livechat/campaigns";
    api.answer(path, answer(200, &serde_json::json!([]))).await;
    let clock = ManualClock::new();
    let client = dash(&tokens, &api)
        .site_id(SITE)
        .oauth_client(OAuthClient::new(DASH_CLIENT))
        .password(EMAIL, PASSWORD)
        .settings(on(&clock))
        .build()
        .unwrap();
    get(&client, path).await;
    clock.advance(HALF_A_DAY);
    get(&client, path).await;

    let [first, refresh] = tokens.seen().await.try_into().unwrap();
    first.is(
        "POST",
        "/oauth/token",
        "grant_type=password&email=ada.agent%2Bapi%40example.com\
         &password=inv3nted+%26+made%2Bup%3D100%25&client_id=77e39f6c-f17a-4dcf-97c6-4d953dd776b9",
    );
    first.is_token_request_to(&tokens, FORM);
    Sample::read("dash_v4_password.request.json").compare(&first);
    refresh.is(
        "POST",
        "/oauth/token",
        &format!(
            "grant_type=refresh_token&client_id=77e39f6c-f17a-4dcf-97c6-4d953dd776b9&refresh_token={}",
            fixture::member("dash_v4_password.response.json", "refresh_token")
        ),
    );
    refresh.is_token_request_to(&tokens, FORM);

    let [call, again] = api.seen().await.try_into().unwrap();
    for (call, sample) in [
        (call, "dash_v4_password.response.json"),
        (again, "dash_v4_refresh.response.json"),
    ] {
        call.is("GET", "/v4/livechat/campaigns", "");
        let token = fixture::member(sample, "access_token");
        call.is_call_to(&api, &format!("Bearer {token}"));
    }
}

#[tokio::test]
async fn hosted_password_and_its_refresh_name_no_client() {
    let origin = Origin::start().await;
    for _ in 0..2 {
        origin
            .answer_sample("/oauth/token", "hosted_v2_password.response.json")
            .await;
    }
    let path = "/api/v2/account/agents";
    origin
        .answer(path, answer(200, &serde_json::json!([])))
        .await;
    let clock = ManualClock::new();
    let client = hosted(&origin)
        // Not asked for, so not sent.
        .oauth_client(OAuthClient::new(DASH_CLIENT).secret("never-sent"))
        .password(EMAIL, PASSWORD)
        .settings(on(&clock))
        .build()
        .unwrap();
    get(&client, path).await;
    clock.advance(HALF_A_DAY);
    get(&client, path).await;

    let [first, call, refresh, _] = origin.seen().await.try_into().unwrap();
    first.is(
        "POST",
        "/oauth/token",
        "grant_type=password&email=ada.agent%2Bapi%40example.com\
         &password=inv3nted+%26+made%2Bup%3D100%25",
    );
    first.is_token_request_to(&origin, FORM);
    Sample::read("hosted_v2_password.request.json").compare(&first);
    call.is_call_to(
        &origin,
        "Bearer yEsOJPWeePXBWLDQB95a_cBMg8Mt1qt2Zo2_beip0XafD-UmFEW2b-2Km8fGCnxVzKmv",
    );
    refresh.is(
        "POST",
        "/oauth/token",
        "grant_type=refresh_token\
         &refresh_token=ee6a898dc7bd66f6a52ebc2f92e5586373ab7c1eacf1845b80ae2de1f2827ef6",
    );
    refresh.is_token_request_to(&origin, FORM);
}
