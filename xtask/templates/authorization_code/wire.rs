//! Compares every request with the dialect's row, byte by byte.

use std::time::Duration;

use {{name}}::{Clock as _, {{renewal_use}}ManualClock, Settings};
use wiremock::{MockServer, Request};

use crate::fixture::{
    PROBE, TOKEN_PATH, application, assert_wire, client, json, probe, requests, server, token,
};

const TOKEN_HEADERS: &[(&str, &str)] = &[{{token_headers}}];
/// What the first body begins with; the verifier follows.
const FIRST: &str = {{first_body}};
const END: &str = {{first_end}};
{{refresh_constant}}

#[track_caller]
fn assert_token_request(server: &MockServer, request: &Request, body: &str) {
    let line = format!("POST {TOKEN_PATH}");
    assert_wire((server, request), &line, TOKEN_HEADERS, body);
}

#[track_caller]
fn assert_call(server: &MockServer, request: &Request) {
    let line = format!("GET {PROBE}");
    assert_wire((server, request), &line, &[{{call_header}}], "");
}

#[tokio::test]
async fn the_token_request_is_the_row_s_and_the_call_carries_the_new_token() {
    let server = server(json(200, &token(1))).await;
    let clock = ManualClock::new();
    let client = client(&server.uri())
        .settings(Settings::new().clock(clock.clone()))
        .build()
        .expect("a client");
    probe(&client).await.expect("an answer");
    let seen = requests(&server).await;
    let [first, call] = seen.as_slice() else {
        panic!("two requests, not {}", seen.len())
    };
    let body = String::from_utf8_lossy(&first.body);
    let verifier = body.strip_prefix(FIRST).and_then(|it| it.strip_suffix(END));
    let verifier = verifier.unwrap_or_else(|| panic!("{body}"));
    assert!((43..=128).contains(&verifier.len()), "{body}");
    assert_token_request(&server, first, &body);
    assert_call(&server, call);
    let tokens = client.token_set().expect("tokens");
    assert_eq!(tokens.access_token().expose(), "access-1");
    let end = clock.utc() + Duration::from_secs(3600);
    assert_eq!(tokens.expires_at(), Some(end));
}

#[test]
fn the_page_is_the_row_s() {
    let request = application("https://api.example.com").authorization_request();
    let (url, _) = request.and_then(|it| it.start()).expect("a page");
    let (start, query) = url.as_str().split_once('?').expect("a query");
    assert_eq!(start, "https://api.example.com{{authorize_path}}");
    let values: Vec<&str> = query.split('&').collect();
    assert_eq!(values.len(), 6, "{query}");
    assert_eq!(
        values[..3],
        [
            "client_id=app-1",
            "response_type=code",
            "redirect_uri=https%3A%2F%2Fapp.example.com%2Fcallback"
        ]
    );
    assert!(values[3].starts_with("code_challenge=") && values[3].len() == 15 + 43);
    assert_eq!(values[4], "code_challenge_method=S256");
    assert!(values[5].starts_with("state="));
}

{{renewal_test}}
