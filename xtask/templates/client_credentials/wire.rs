//! Compares every request with the dialect's row, byte by byte.

use std::time::Duration;

use {{name}}::{Clock as _, ManualClock, Settings};
use wiremock::{MockServer, Request};

use crate::fixture::{PROBE, TOKEN_PATH, assert_wire, client, json, probe, requests, server, token};

const TOKEN_HEADERS: &[(&str, &str)] = &[{{token_headers}}];
const FIRST: &str = {{first_body}};
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
    assert_token_request(&server, first, FIRST);
    assert_call(&server, call);
    let tokens = client.token_set().expect("tokens");
    assert_eq!(tokens.access_token().expose(), "access-1");
    let end = clock.utc() + Duration::from_secs(3600);
    assert_eq!(tokens.expires_at(), Some(end));
}

{{renewal_test}}
