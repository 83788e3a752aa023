//! Compares every request with the vendor's page, byte by byte.

use std::time::Duration;

use communic8::{Client, Clock as _, ManualClock, Method, Settings};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request};

use crate::client::{
    CHANNELS, TOKEN_PATH, channels, client_credentials, json, no_channels, requests, server,
    static_token,
};
use crate::fixture;

const USER_AGENT: &str = concat!("communic8-rust/", env!("CARGO_PKG_VERSION"));
const GRANT: &str = r#"{"grant_type":"client_credentials"}"#;
/// Base64 of the samples' `id:value`.
const PAIR: &str = "Bearer MjRiMmZjZjJiNjE2MDBjYTlmYzJhNmEyOmt+eUJQMU5RNzlmbHdMeDFWWTZLeENVd3JmSnE5RWNXUk5DWlczdDI=";
const ISSUED: &str = "Bearer 38b7561e6436b1d72aab086e91b89338";

/// Says that a request to `server` has this line, these headers and no other, and this body.
#[track_caller]
fn assert_wire(
    (server, request): (&MockServer, &Request),
    line: &str,
    headers: &[(&str, &str)],
    body: &str,
) {
    let target = request.url.query().map_or_else(
        || request.url.path().to_owned(),
        |query| format!("{}?{query}", request.url.path()),
    );
    assert_eq!(format!("{} {target}", request.method), line);
    let length = request.body.len().to_string();
    let host = server.address().to_string();
    let mut wanted = vec![
        ("accept", "application/json"),
        ("host", &host),
        ("user-agent", USER_AGENT),
    ];
    if !body.is_empty() {
        wanted.push(("content-length", &length));
    }
    wanted.extend(headers);
    wanted.sort_unstable();
    let mut sent: Vec<(&str, &str)> = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.to_str().expect("visible ASCII")))
        .collect();
    sent.sort_unstable();
    assert_eq!(sent, wanted);
    assert_eq!(String::from_utf8_lossy(&request.body), body);
}

#[track_caller]
fn assert_token_request(server: &MockServer, request: &Request, authorization: &str) {
    let headers = [
        ("authorization", authorization),
        ("content-type", "application/json"),
    ];
    assert_wire(
        (server, request),
        &format!("POST {TOKEN_PATH}"),
        &headers,
        GRANT,
    );
}

#[tokio::test]
async fn static_token_travels_as_bearer_and_costs_no_token_request() {
    let server = server(json(500, "{}"), no_channels()).await;
    let client = static_token(&server.uri()).build().expect("a client");
    channels(&client).await.expect("channels");
    let seen = requests(&server).await;
    let [call] = seen.as_slice() else {
        panic!("one request, not {}", seen.len())
    };
    let token = "Bearer k~yBP1NQ79flwLx1VY6KxCUwrfJq9EcWRNCZW3t2";
    assert_wire(
        (&server, call),
        &format!("GET {CHANNELS}"),
        &[("authorization", token)],
        "",
    );
    fixture::assert_is_sample(call, "static_token.request.json");
    assert!(client.token_set().is_none());
}

#[tokio::test]
async fn client_credentials_are_the_page_s_request_and_the_call_carries_the_new_token() {
    let answer = json(200, &fixture::text("oauth_token.response.json"));
    let server = server(answer, no_channels()).await;
    let clock = ManualClock::new();
    let client = client_credentials(&server.uri())
        .settings(Settings::new().clock(clock.clone()))
        .build()
        .expect("a client");
    channels(&client).await.expect("channels");
    let seen = requests(&server).await;
    let [token, call] = seen.as_slice() else {
        panic!("two requests, not {}", seen.len())
    };
    assert_token_request(&server, token, PAIR);
    fixture::assert_is_sample(token, "oauth_token.request.json");
    assert_wire(
        (&server, call),
        &format!("GET {CHANNELS}"),
        &[("authorization", ISSUED)],
        "",
    );
    let tokens = client.token_set().expect("tokens");
    assert_eq!(
        tokens.access_token().expose(),
        fixture::json("oauth_token.response.json")["access_token"]
    );
    assert!(tokens.refresh_token().is_none());
    let end = clock.utc() + Duration::from_secs(86_400);
    assert_eq!(tokens.expires_at(), Some(end));
}

#[tokio::test]
async fn the_lifetime_is_the_answer_s_and_not_the_page_s() {
    let answer = r#"{"access_token":"t","token_type":"bearer","expires_in":60}"#;
    let server = server(json(200, answer), no_channels()).await;
    let clock = ManualClock::new();
    let client = client_credentials(&server.uri())
        .settings(Settings::new().clock(clock.clone()))
        .build()
        .expect("a client");
    client.sign_in().await.expect("a token");
    let end = clock.utc() + Duration::from_secs(60);
    assert_eq!(client.token_set().expect("tokens").expires_at(), Some(end));
}

#[tokio::test]
async fn renewal_is_the_first_request_again_even_where_a_refresh_token_came() {
    let answer = r#"{"access_token":"38b7561e6436b1d72aab086e91b89338","token_type":"Bearer",
        "expires_in":86400,"refresh_token":"unasked-for"}"#;
    let server = server(json(200, answer), no_channels()).await;
    let clock = ManualClock::new();
    let client = client_credentials(&server.uri())
        .settings(Settings::new().clock(clock.clone()))
        .build()
        .expect("a client");
    channels(&client).await.expect("channels");
    clock.advance(Duration::from_secs(86_400));
    channels(&client).await.expect("channels");
    let seen = requests(&server).await;
    let [first, _, second, _] = seen.as_slice() else {
        panic!("four requests, not {}", seen.len())
    };
    assert_token_request(&server, first, PAIR);
    assert_token_request(&server, second, PAIR);
}

#[tokio::test]
async fn the_pair_is_base64_of_utf_8_and_not_percent_encoded() {
    let answer = json(200, &fixture::text("oauth_token.response.json"));
    let server = server(answer, no_channels()).await;
    let client = Client::builder(server.uri())
        .client_credentials("id+1/2%20 ü", "k~y+/=&%3A \"é\\:日")
        .build()
        .expect("a client");
    client.sign_in().await.expect("a token");
    let seen = requests(&server).await;
    assert_eq!(seen.len(), 1);
    assert_token_request(
        &server,
        &seen[0],
        "Bearer aWQrMS8yJTIwIMO8Omt+eSsvPSYlM0EgIsOpXDrml6U=",
    );
}

#[tokio::test]
async fn a_write_has_its_query_encoded_once_and_its_body_as_json() {
    let server = server(json(500, "{}"), no_channels()).await;
    let place = "/int/v1/recipientGroup/65000009/recipients";
    Mock::given(method("POST"))
        .and(path(place))
        .respond_with(json(200, r#"{"success":true,"data":{}}"#))
        .mount(&server)
        .await;
    // A trailing slash of the base URL must not become a second one in the path.
    let client = static_token(&format!("{}/", server.uri()))
        .build()
        .expect("a client");
    client
        .request(Method::POST, place)
        .query("note", "a b+c&d=ü/%")
        .json(&serde_json::json!({ "recipientEmails": ["a@example.com"] }))
        .send()
        .await
        .expect("an answer");
    let seen = requests(&server).await;
    assert_eq!(seen.len(), 1);
    assert_wire(
        (&server, &seen[0]),
        &format!("POST {place}?note=a%20b%2Bc%26d%3D%C3%BC%2F%25"),
        &[
            (
                "authorization",
                "Bearer k~yBP1NQ79flwLx1VY6KxCUwrfJq9EcWRNCZW3t2",
            ),
            ("content-type", "application/json"),
        ],
        r#"{"recipientEmails":["a@example.com"]}"#,
    );
}
