//! `DASH_V4`, seed 000: authorization code, refresh, API key.

use comm100::{Client, ClientBuilder, ManualClock, Method, OAuthClient, Platform, TokenBody};

use super::{HALF_A_DAY, code, value};
use crate::fixture::{
    self, DASH_CLIENT, DASH_REDIRECT, DASH_SECRET, DASH_VERIFIER, EMAIL, SITE, Sample,
};
use crate::mock::{FORM, JSON, Origin, answer, dash, get, on};

const CAMPAIGNS: &str = "/v4/livechat/campaigns";

fn application() -> OAuthClient {
    OAuthClient::new(DASH_CLIENT).redirect_uri(DASH_REDIRECT)
}

/// Two origins, the first of which answers a code exchange and a refresh as the samples do.
async fn origins() -> (Origin, Origin) {
    let (tokens, api) = (Origin::start().await, Origin::start().await);
    for name in [
        "dash_v4_code_exchange.response.json",
        "dash_v4_refresh.response.json",
    ] {
        tokens.answer_sample("/oauth/token", name).await;
    }
    api.answer(
        CAMPAIGNS,
        answer(200, &serde_json::json!({ "campaigns": [] })),
    )
    .await;
    (tokens, api)
}

/// A client with the sample's code.
fn with_code(tokens: &Origin, api: &Origin, client: OAuthClient) -> ClientBuilder {
    let callback = format!("{DASH_REDIRECT}?code={}", fixture::dash_code());
    let code = code(
        "DASH_V4",
        &tokens.url(),
        DASH_REDIRECT,
        Some(DASH_VERIFIER),
        &callback,
    );
    dash(tokens, api)
        .oauth_client(client)
        .authorization_code(code)
}

fn bearer(sample: &str) -> String {
    format!("Bearer {}", fixture::member(sample, "access_token"))
}

#[test]
fn authorization_url_is_the_samples_with_state() {
    let builder = Client::builder(Platform::Dash11)
        .site_id(SITE)
        .oauth_client(application());
    let (url, pending) = builder.authorization_request().unwrap().start().unwrap();
    let (challenge, state) = (value(&url, "code_challenge"), value(&url, "state"));
    assert_eq!(
        url.as_str(),
        format!(
            "https://dash11.comm100.io/oauth/authorize?client_id=77e39f6c-f17a-4dcf-97c6-4d953dd776b9\
             &response_type=code&redirect_uri=https%3A%2F%2Fdash11.comm100.io%2Fagentconsole%2Fauthed\
             &code_challenge={challenge}&code_challenge_method=S256&siteId=20417&state={state}"
        )
    );
    assert_eq!((challenge.len(), state.len()), (43, 43));

    // The challenge and our `state` are the only differences from the sample.
    let mut sample = Sample::read("dash_v4_authorize.request.json").query();
    for (name, value) in &mut sample {
        if name == "code_challenge" {
            value.clone_from(&challenge);
        }
    }
    sample.push(("state".to_owned(), state.clone()));
    assert_eq!(fixture::decode(url.query().unwrap()), sample);

    // Neither is used twice, and what is kept is not what is shown.
    let (second, _) = builder.authorization_request().unwrap().start().unwrap();
    assert_ne!(value(&second, "code_challenge"), challenge);
    assert_ne!(value(&second, "state"), state);
    let kept: serde_json::Value = serde_json::from_str(pending.export().expose()).unwrap();
    assert_eq!(kept["state"], state);
    assert_ne!(kept["verifier"], challenge);
    assert!((43..=128).contains(&kept["verifier"].as_str().unwrap().len()));
}

#[test]
fn authorization_url_has_a_scope_only_on_request() {
    let builder = Client::builder(Platform::Dash17)
        .site_id(SITE)
        .oauth_client(application())
        .scope("openid offline_access");
    let (url, _) = builder.authorization_request().unwrap().start().unwrap();
    assert!(
        url.as_str()
            .starts_with("https://dash17.comm100.io/oauth/authorize?client_id=")
    );
    assert!(
        url.as_str().ends_with("&scope=openid%20offline_access"),
        "{url}"
    );
}

#[tokio::test]
async fn code_exchange_is_a_form_with_verifier_and_without_secret() {
    let (tokens, api) = origins().await;
    // A secret that is set goes with a refresh only.
    let client = with_code(&tokens, &api, application().secret(DASH_SECRET))
        .build()
        .unwrap();
    get(&client, CAMPAIGNS).await;
    let [exchange] = tokens.seen().await.try_into().unwrap();
    exchange.is(
        "POST",
        "/oauth/token",
        &format!(
            "grant_type=authorization_code&client_id=77e39f6c-f17a-4dcf-97c6-4d953dd776b9\
             &code_verifier=PBkzsQjSVfT1vdl4N5PRG4mbShZgiNAZyWIXPHQQOKJ&code={}\
             &redirect_uri=https%3A%2F%2Fdash11.comm100.io%2Fagentconsole%2Fauthed",
            fixture::dash_code()
        ),
    );
    exchange.is_token_request_to(&tokens, FORM);
    Sample::read("dash_v4_code_exchange.request.json").compare(&exchange);

    let [call] = api.seen().await.try_into().unwrap();
    call.is("GET", "/v4/livechat/campaigns", "");
    call.is_call_to(&api, &bearer("dash_v4_code_exchange.response.json"));
}

#[tokio::test]
async fn code_exchange_as_json_is_the_other_reading_and_its_refresh_stays_a_form() {
    let (tokens, api) = origins().await;
    let clock = ManualClock::new();
    let client = with_code(&tokens, &api, application())
        .token_body(TokenBody::Json)
        .settings(on(&clock))
        .build()
        .unwrap();
    get(&client, CAMPAIGNS).await;
    clock.advance(HALF_A_DAY);
    get(&client, CAMPAIGNS).await;
    let [exchange, refresh] = tokens.seen().await.try_into().unwrap();
    exchange.is(
        "POST",
        "/oauth/token",
        &format!(
            r#"{{"grant_type":"authorization_code","client_id":"77e39f6c-f17a-4dcf-97c6-4d953dd776b9","code_verifier":"PBkzsQjSVfT1vdl4N5PRG4mbShZgiNAZyWIXPHQQOKJ","code":"{}","redirect_uri":"https://dash11.comm100.io/agentconsole/authed"}}"#,
            fixture::dash_code()
        ),
    );
    exchange.is_token_request_to(&tokens, JSON);
    Sample::read("dash_v4_code_exchange_json.request.json").compare(&exchange);
    refresh.is_token_request_to(&tokens, FORM);
    assert!(refresh.body.starts_with("grant_type=refresh_token&"));
}

#[tokio::test]
async fn secret_goes_with_the_code_only_on_request() {
    let (tokens, api) = origins().await;
    let client = application().secret(DASH_SECRET).secret_with_code();
    let client = with_code(&tokens, &api, client).build().unwrap();
    get(&client, CAMPAIGNS).await;
    let [exchange] = tokens.seen().await.try_into().unwrap();
    assert!(
        exchange.body.ends_with(
            "&redirect_uri=https%3A%2F%2Fdash11.comm100.io%2Fagentconsole%2Fauthed\
             &client_secret=605b44dfd18f3b308a9ac3c526ebfcd113a8d0bfe4e31589fbcb35b54f38e0f2"
        ),
        "{}",
        exchange.body
    );
    exchange.is_token_request_to(&tokens, FORM);
}

#[tokio::test]
async fn site_id_is_in_the_query_of_every_token_request_only_on_request() {
    let (tokens, api) = origins().await;
    let clock = ManualClock::new();
    let client = with_code(&tokens, &api, application())
        .site_id(SITE)
        .token_site_id()
        .settings(on(&clock))
        .build()
        .unwrap();
    get(&client, CAMPAIGNS).await;
    clock.advance(HALF_A_DAY);
    get(&client, CAMPAIGNS).await;
    for request in tokens.seen().await {
        assert_eq!(request.query.as_deref(), Some("siteId=20417"));
        assert!(!request.body.contains("siteId"), "{}", request.body);
    }
    // With a token, the API itself is not told the site.
    for call in api.seen().await {
        call.is("GET", "/v4/livechat/campaigns", "");
    }
}

#[tokio::test]
async fn refresh_with_a_secret_is_the_samples() {
    let (tokens, api) = origins().await;
    let clock = ManualClock::new();
    let client = with_code(&tokens, &api, application().secret(DASH_SECRET))
        .settings(on(&clock))
        .build()
        .unwrap();
    get(&client, CAMPAIGNS).await;
    clock.advance(HALF_A_DAY);
    get(&client, CAMPAIGNS).await;
    let [_, refresh] = tokens.seen().await.try_into().unwrap();
    refresh.is(
        "POST",
        "/oauth/token",
        &format!(
            "grant_type=refresh_token&client_id=77e39f6c-f17a-4dcf-97c6-4d953dd776b9&refresh_token={}\
             &client_secret=605b44dfd18f3b308a9ac3c526ebfcd113a8d0bfe4e31589fbcb35b54f38e0f2",
            fixture::member("dash_v4_code_exchange.response.json", "refresh_token")
        ),
    );
    refresh.is_token_request_to(&tokens, FORM);
    Sample::read("dash_v4_refresh.request.json").compare(&refresh);
    let [_, call] = api.seen().await.try_into().unwrap();
    call.is_call_to(&api, &bearer("dash_v4_refresh.response.json"));
}

#[tokio::test]
async fn refresh_without_a_secret_has_no_such_parameter() {
    // An empty secret is none.
    for client in [application(), application().secret("")] {
        let (tokens, api) = origins().await;
        let clock = ManualClock::new();
        let client = with_code(&tokens, &api, client)
            .settings(on(&clock))
            .build()
            .unwrap();
        get(&client, CAMPAIGNS).await;
        clock.advance(HALF_A_DAY);
        get(&client, CAMPAIGNS).await;
        let [_, refresh] = tokens.seen().await.try_into().unwrap();
        refresh.is(
            "POST",
            "/oauth/token",
            &format!(
                "grant_type=refresh_token&client_id=77e39f6c-f17a-4dcf-97c6-4d953dd776b9&refresh_token={}",
                fixture::member("dash_v4_code_exchange.response.json", "refresh_token")
            ),
        );
        let sample = Sample::read("dash_v4_refresh.request.json");
        sample.without("client_secret").compare(&refresh);
    }
}

#[tokio::test]
async fn new_refresh_token_replaces_the_old() {
    let (tokens, api) = origins().await;
    tokens
        .answer_sample("/oauth/token", "dash_v4_refresh.response.json")
        .await;
    let clock = ManualClock::new();
    let client = with_code(&tokens, &api, application())
        .settings(on(&clock))
        .build()
        .unwrap();
    for _ in 0..3 {
        get(&client, CAMPAIGNS).await;
        clock.advance(HALF_A_DAY);
    }
    let [_, _, second] = tokens.seen().await.try_into().unwrap();
    let new = fixture::member("dash_v4_refresh.response.json", "refresh_token");
    assert!(second.body.ends_with(&format!("&refresh_token={new}")));
    let kept = client.token_set().unwrap();
    assert_eq!(kept.refresh_token().unwrap().expose(), new);
}

#[tokio::test]
async fn api_key_is_basic_with_the_site_in_the_query_once() {
    for (path, query, target) in [
        (CAMPAIGNS, None, "/v4/livechat/campaigns?siteId=20417"),
        (
            CAMPAIGNS,
            Some(("siteId", "7")),
            "/v4/livechat/campaigns?siteId=7",
        ),
        (
            "/v4/livechat/campaigns?siteId=7",
            None,
            "/v4/livechat/campaigns?siteId=7",
        ),
        (
            "/v4/livechat/campaigns?pageIndex=2",
            Some(("pageSize", "5")),
            "/v4/livechat/campaigns?pageIndex=2&pageSize=5&siteId=20417",
        ),
    ] {
        let (tokens, api) = origins().await;
        let client = dash(&tokens, &api)
            .site_id(SITE)
            .api_key(EMAIL, "1988c327eb8141d3191b7a48f59b6b28")
            .build()
            .unwrap();
        let mut call = client.request(Method::GET, path);
        if let Some((name, value)) = query {
            call = call.query(name, value);
        }
        call.send().await.unwrap();
        let [seen] = api.seen().await.try_into().unwrap();
        let sample = Sample::read("dash_v4_api_key.request.json");
        seen.is("GET", target, "");
        seen.is_call_to(&api, sample.header("authorization"));
        if target.ends_with("campaigns?siteId=20417") {
            sample.compare(&seen);
        }
        assert_eq!(tokens.seen().await.len(), 0, "a key needs no token request");
        assert!(client.token_set().is_none());
    }
}
