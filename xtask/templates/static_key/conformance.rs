//! Says which departures the dialect declares; the wire test has the one request there is.

use {{name}}::{{NAME}};
use auth_core::{Exchange, Stage};

use crate::fixture::{client, json, probe, requests, server_with};

#[tokio::test]
async fn every_declared_departure_is_seen() {
    let server = server_with(json(200, "{}")).await;
    let client = client(&server.uri()).build().expect("a client");
    probe(&client).await.expect("an answer");
    let seen = requests(&server).await;
    let call = Exchange::new(Stage::ApiCall, "", &seen[0].headers, &seen[0].body);
    let unseen: Vec<_> = {{NAME}}.unseen(&[call]).iter().map(ToString::to_string).collect();
    assert_eq!(unseen, Vec::<String>::new());
    let declared: Vec<_> = {{NAME}}.deviations().iter().map(ToString::to_string).collect();
    let expected: &[&str] = &[{{deviations}}];
    assert_eq!(declared, expected);
}
