//! Compares every request with the dialect's row, byte by byte.

use crate::fixture::{KEY, PROBE, assert_wire, client, json, probe, requests, server_with};

#[tokio::test]
async fn the_key_travels_with_the_call_and_nothing_else_is_sent() {
    let server = server_with(json(200, "{}")).await;
    let client = client(&server.uri()).build().expect("a client");
    client.sign_in().await.expect("nothing to do");
    probe(&client).await.expect("an answer");
    let seen = requests(&server).await;
    let [call] = seen.as_slice() else {
        panic!("one request, not {}", seen.len())
    };
    let line = format!("GET {PROBE}");
    assert_wire((&server, call), &line, &[{{call_header}}], "");
    assert!(client.session().token_set().is_none());
}
