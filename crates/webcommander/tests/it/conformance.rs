//! Looks on the wire for every departure that the dialect declares.

use std::time::Duration;

use auth_core::{BodyFormat, Dialect, Exchange, GrantType, Parameter, Placement, Stage, TokenRow};
use webcommander::{HeaderMap, ManualClock, Settings, TokenHeader, WEBCOMMANDER};
use wiremock::Request;

use crate::client::{TOKEN_PATH, customers, json, no_customers, requests, server, user};
use crate::fixture;

/// One exchange as it was on the wire.
struct Seen {
    stage: Stage,
    query: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Seen {
    fn request(stage: Stage, request: Request) -> Self {
        Self {
            stage,
            query: request.url.query().unwrap_or_default().to_owned(),
            headers: request.headers,
            body: request.body,
        }
    }

    fn answer(body: &str) -> Self {
        Self {
            stage: Stage::Answer,
            query: String::new(),
            headers: HeaderMap::new(),
            body: body.into(),
        }
    }

    fn exchange(&self) -> Exchange<'_> {
        Exchange::new(self.stage, &self.query, &self.headers, &self.body)
    }
}

/// What `dialect` declares and `seen` does not bear out.
fn unseen(dialect: &Dialect, seen: &[Seen]) -> Vec<String> {
    let exchanges: Vec<_> = seen.iter().map(Seen::exchange).collect();
    let unseen = dialect.unseen(&exchanges);
    unseen.iter().map(ToString::to_string).collect()
}

/// Every kind of exchange that a client has: first grant, refresh, a call after each, token answer.
async fn everything(header: TokenHeader) -> Vec<Seen> {
    let answer = fixture::text("token.response.json");
    let server = server(json(200, &answer), no_customers()).await;
    let clock = ManualClock::new();
    let client = user(&server.uri())
        .token_header(header)
        .settings(Settings::new().clock(clock.clone()))
        .build()
        .expect("a client");
    customers(&client).await.expect("customers");
    clock.advance(Duration::from_secs(3600));
    customers(&client).await.expect("customers");
    let stages = [
        Stage::First(GrantType::ClientCredentials),
        Stage::ApiCall,
        Stage::Refresh(GrantType::ClientCredentials),
        Stage::ApiCall,
    ];
    let requests = requests(&server).await;
    assert_eq!(requests.len(), stages.len());
    let seen = stages.into_iter().zip(requests);
    let mut seen: Vec<Seen> = seen
        .map(|(stage, request)| Seen::request(stage, request))
        .collect();
    seen.push(Seen::answer(&answer));
    seen
}

#[tokio::test]
async fn every_declared_departure_is_seen_with_each_token_header() {
    for (header, placement) in [
        (TokenHeader::AccessToken, Placement::Header("access_token")),
        (
            TokenHeader::AuthorizationBearer,
            Placement::AuthorizationBearer,
        ),
        (TokenHeader::AuthorizationRaw, Placement::AuthorizationRaw),
    ] {
        let dialect = WEBCOMMANDER.placement(placement);
        assert!(!dialect.deviations().is_empty());
        let seen = everything(header).await;
        assert_eq!(unseen(&dialect, &seen), Vec::<String>::new(), "{header:?}");
    }
}

#[tokio::test]
async fn the_default_header_is_the_declared_one() {
    let seen = everything(TokenHeader::default()).await;
    assert_eq!(unseen(&WEBCOMMANDER, &seen), Vec::<String>::new());
}

#[tokio::test]
async fn a_declared_departure_that_is_never_made_is_named() {
    const MADE_UP: Dialect = Dialect::new(
        "MADE_UP",
        &[
            TokenRow::new(
                GrantType::ClientCredentials,
                TOKEN_PATH,
                &[Parameter::body("grant_type"), Parameter::body("client_id")],
            )
            .format(BodyFormat::Json),
            TokenRow::new(
                GrantType::RefreshToken,
                TOKEN_PATH,
                &[
                    Parameter::body("grant_type"),
                    Parameter::body("client_id"),
                    Parameter::body("auth_string"),
                    Parameter::query("store"),
                ],
            )
            .after(&[GrantType::ClientCredentials]),
        ],
    )
    .placement(Placement::Header("x-token"));
    assert_eq!(
        unseen(&MADE_UP, &everything(TokenHeader::AccessToken).await),
        [
            "refresh after client credentials: `auth_string` is sent besides",
            "refresh after client credentials: `store` is sent besides, in the query",
            "API call: the token travels bare in a header called `x-token`",
        ]
    );
}

#[tokio::test]
async fn a_departure_that_the_refresh_forgets_is_named() {
    let mut seen = everything(TokenHeader::AccessToken).await;
    for seen in &mut seen {
        if seen.stage == Stage::Refresh(GrantType::ClientCredentials) {
            seen.body = b"grant_type=refresh_token&refresh_token=r&client_id=c".to_vec();
        }
    }
    assert_eq!(
        unseen(&WEBCOMMANDER, &seen),
        [
            "refresh after client credentials: the body is JSON, not a form",
            "refresh after client credentials: `redirect_uri` is sent besides",
        ]
    );
}
