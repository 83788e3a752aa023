//! Looks on the wire for every departure that the dialect declares.

use std::time::Duration;

use {{name}}::{ {{NAME}}, HeaderMap, ManualClock, Settings};
use auth_core::{Exchange, GrantType, Stage};
use wiremock::Request;

use crate::fixture::{TOKEN_PATH, client, json, probe, requests, server, token};

/// One exchange as it was on the wire.
struct Seen {
    stage: Stage,
    query: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Seen {
    fn request(request: Request) -> Self {
        let is_refresh = String::from_utf8_lossy(&request.body).contains("refresh_token");
        let stage = match request.url.path() == TOKEN_PATH {
            true if is_refresh => Stage::Refresh(GrantType::{{GrantType}}),
            true => Stage::First(GrantType::{{GrantType}}),
            false => Stage::ApiCall,
        };
        Self {
            stage,
            query: request.url.query().unwrap_or_default().to_owned(),
            headers: request.headers,
            body: request.body,
        }
    }

    fn exchange(&self) -> Exchange<'_> {
        Exchange::new(self.stage, &self.query, &self.headers, &self.body)
    }
}

/// Every kind of exchange that a client has, and a token answer.
async fn everything() -> Vec<Seen> {
    let server = server(json(200, &token(1))).await;
    let clock = ManualClock::new();
    let client = client(&server.uri())
        .settings(Settings::new().clock(clock.clone()))
        .build()
        .expect("a client");
    probe(&client).await.expect("an answer");
    clock.advance(Duration::from_secs(3600));
    {{second_probe}}
    let seen = requests(&server).await;
    assert_eq!(seen.len(), {{exchanges}});
    let mut seen: Vec<Seen> = seen.into_iter().map(Seen::request).collect();
    seen.push(Seen {
        stage: Stage::Answer,
        query: String::new(),
        headers: HeaderMap::new(),
        body: token(1).into_bytes(),
    });
    seen
}

#[tokio::test]
async fn every_declared_departure_is_seen() {
    let seen = everything().await;
    let exchanges: Vec<_> = seen.iter().map(Seen::exchange).collect();
    let unseen: Vec<_> = {{NAME}}.unseen(&exchanges).iter().map(ToString::to_string).collect();
    assert_eq!(unseen, Vec::<String>::new());
    let declared: Vec<_> = {{NAME}}.deviations().iter().map(ToString::to_string).collect();
    let expected: &[&str] = &[{{deviations}}];
    assert_eq!(declared, expected);
}
