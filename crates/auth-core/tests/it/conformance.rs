//! Each departure from the standard that a dialect declares is seen on the wire, at every stage that it is declared for.

use auth_core::{Dialect, Exchange, Grant, GrantType, HeaderMap, Method, Settings, Stage};
use serde_json::json;
use wiremock::ResponseTemplate;

use crate::dialects::{BASIC, FORM, GUESS, JSON, TOKEN_PATH};
use crate::endpoint::json_machine;
use crate::stage::{Vendor, application, authorization, client, member, renew};

/// One exchange, kept.
struct Seen {
    stage: Stage,
    query: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// Signs in with `grant`, refreshes and calls, and gives what was on the wire.
async fn journey(dialect: Dialect, first: GrantType, answer: &serde_json::Value) -> Vec<Seen> {
    let reply = answer.clone();
    let vendor = Vendor::new(move |_, _| ResponseTemplate::new(200).set_body_json(&reply)).await;
    let url = vendor.url();
    let principal = match first {
        GrantType::AuthorizationCode => crate::stage::person(dialect, &url, "code-1"),
        #[cfg(feature = "password-grant")]
        GrantType::Password => application(Grant::Password {
            username: "ann".to_owned(),
            password: "pa55word".into(),
        }),
        _ if dialect.name() == JSON.name() => json_machine(),
        _ => application(Grant::ClientCredentials),
    };
    let client = client(dialect, &url, principal, &Settings::new());
    renew(&client).await.expect("a token and a newer one");
    let call = client.request(Method::GET, "/things");
    call.send().await.expect("an answer");
    let mut seen = vec![Seen {
        stage: Stage::Answer,
        query: String::new(),
        headers: HeaderMap::new(),
        body: answer.to_string().into_bytes(),
    }];
    for request in vendor.requests().await {
        let grant = member(&request.body, "grant_type");
        let stage = if request.url.path() != TOKEN_PATH {
            Stage::ApiCall
        } else if grant.as_deref() == Some("refresh_token") {
            Stage::Refresh(first)
        } else {
            Stage::First(first)
        };
        seen.push(Seen {
            stage,
            query: request.url.query().unwrap_or_default().to_owned(),
            headers: request.headers,
            body: request.body,
        });
    }
    seen
}

/// The declared departures that were not seen.
fn unseen(dialect: Dialect, seen: &[Seen]) -> Vec<String> {
    let exchanges: Vec<_> = seen
        .iter()
        .map(|seen| Exchange::new(seen.stage, &seen.query, &seen.headers, &seen.body))
        .collect();
    let unseen = dialect.unseen(&exchanges);
    unseen.iter().map(ToString::to_string).collect()
}

fn page(dialect: Dialect) -> Seen {
    let (url, _) = authorization(dialect, "https://panel.example")
        .start()
        .expect("a sign-in");
    Seen {
        stage: Stage::Authorize,
        query: url.query().unwrap_or_default().to_owned(),
        headers: HeaderMap::new(),
        body: Vec::new(),
    }
}

fn standard_answer() -> serde_json::Value {
    crate::stage::answer(0)
}

#[test]
fn the_standard_form_declares_nothing() {
    assert_eq!(FORM.deviations(), []);
    assert_eq!(BASIC.deviations(), []);
    assert!(FORM.to_markdown().contains("- none"));
}

#[tokio::test]
async fn every_departure_shows_at_first_grant_refresh_and_call_alike() {
    let answer = json!({ "access_token": "t", "refresh_token": "r" });
    let seen = journey(JSON, GrantType::ClientCredentials, &answer).await;
    assert_eq!(unseen(JSON, &seen), [""; 0]);
    let declared: Vec<_> = JSON.deviations().iter().map(ToString::to_string).collect();
    assert_eq!(
        declared,
        [
            "client credentials: the body is JSON, not a form",
            "client credentials: the client's pair stands in Base64 behind `Bearer`, not `Basic`",
            "client credentials: `proof` is sent besides",
            "client credentials: `tenant` is sent besides, in the query",
            "refresh after client credentials: the body is JSON, not a form",
            "refresh after client credentials: the client's pair stands in Base64 behind `Bearer`, \
             not `Basic`",
            "refresh after client credentials: `refresh_token` is called `renewal`",
            "refresh after client credentials: `tenant` is sent besides, in the query",
            "API call: the token travels bare in a header called `x-token`",
            "token answer: `token_type` is missing and read as `bearer`",
        ]
    );
    let markdown = JSON.to_markdown();
    for line in declared {
        assert!(markdown.contains(&format!("- {line}\n")), "{markdown}");
    }
}

#[tokio::test]
async fn a_departure_of_the_sign_in_page_shows_in_its_query() {
    let mut seen = vec![page(GUESS)];
    seen.extend(journey(GUESS, GrantType::AuthorizationCode, &standard_answer()).await);
    #[cfg(feature = "password-grant")]
    seen.extend(journey(GUESS, GrantType::Password, &standard_answer()).await);
    assert_eq!(unseen(GUESS, &seen), [""; 0]);
    let declared: Vec<_> = GUESS.deviations().iter().map(ToString::to_string).collect();
    for line in [
        "authorization URL: `client_id` is called `app`",
        "authorization URL: `siteId` is sent besides, in the query",
        "API call: the token travels bare in `Authorization`",
    ] {
        assert!(declared.iter().any(|known| known == line), "{declared:?}");
    }
}

#[tokio::test]
async fn a_departure_that_is_not_on_the_wire_is_missed() {
    // What the standard form puts on the wire holds none of what the others declare.
    let mut seen = vec![page(FORM)];
    for first in [GrantType::ClientCredentials, GrantType::AuthorizationCode] {
        seen.extend(journey(FORM, first, &standard_answer()).await);
    }
    for dialect in [JSON, GUESS] {
        let all: Vec<_> = dialect
            .deviations()
            .iter()
            .map(ToString::to_string)
            .collect();
        let site = "authorization URL: `siteId` is sent besides, in the query";
        let expected: Vec<_> = all.into_iter().filter(|line| line != site).collect();
        assert_eq!(unseen(dialect, &seen), expected);
    }
    // A stage that was not reached is missed too.
    let answer = json!({ "access_token": "t", "refresh_token": "r" });
    let mut seen = journey(JSON, GrantType::ClientCredentials, &answer).await;
    seen.retain(|seen| seen.stage != Stage::Refresh(GrantType::ClientCredentials));
    let missed = unseen(JSON, &seen);
    assert_eq!(missed.len(), 4, "{missed:?}");
    assert!(missed.iter().all(|line| line.starts_with("refresh after")));
}
