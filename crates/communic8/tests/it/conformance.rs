//! Looks on the wire for every departure that the dialect declares.

use std::time::Duration;

use auth_core::{
    BodyFormat, ClientProof, Dialect, Exchange, GrantType, Parameter, Placement, Stage, TokenRow,
};
use communic8::{COMMUNIC8, HeaderMap, ManualClock, Settings};
use wiremock::Request;

use crate::client::{
    TOKEN_PATH, channels, client_credentials, json, no_channels, requests, server, static_token,
};
use crate::fixture;

/// One exchange as it was on the wire.
struct Seen {
    stage: Stage,
    query: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Seen {
    fn request(request: Request) -> Self {
        let stage = if request.url.path() == TOKEN_PATH {
            Stage::First(GrantType::ClientCredentials)
        } else {
            Stage::ApiCall
        };
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

/// Every kind of exchange that a client has: first grant, renewal, call, token answer, call with a static token.
async fn everything() -> Vec<Seen> {
    let answer = fixture::text("oauth_token.response.json");
    let server = server(json(200, &answer), no_channels()).await;
    let clock = ManualClock::new();
    let client = client_credentials(&server.uri())
        .settings(Settings::new().clock(clock.clone()))
        .build()
        .expect("a client");
    channels(&client).await.expect("channels");
    clock.advance(Duration::from_secs(86_400));
    channels(&client).await.expect("channels");
    let client = static_token(&server.uri()).build().expect("a client");
    channels(&client).await.expect("channels");
    let seen = requests(&server).await;
    assert_eq!(seen.len(), 5);
    let mut seen: Vec<Seen> = seen.into_iter().map(Seen::request).collect();
    seen.push(Seen::answer(&answer));
    seen
}

#[tokio::test]
async fn every_declared_departure_is_seen() {
    assert!(!COMMUNIC8.deviations().is_empty());
    assert_eq!(
        unseen(&COMMUNIC8, &everything().await),
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_declared_departure_that_is_never_made_is_named() {
    const MADE_UP: Dialect = Dialect::new(
        "MADE_UP",
        &[TokenRow::new(
            GrantType::ClientCredentials,
            TOKEN_PATH,
            &[Parameter::body("grant_type"), Parameter::body("realm")],
        )
        .format(BodyFormat::Json)
        .client(ClientProof::BearerBase64)],
    )
    .missing_token_type()
    .placement(Placement::Header("x-token"));
    assert_eq!(
        unseen(&MADE_UP, &everything().await),
        [
            "client credentials: `realm` is sent besides",
            "API call: the token travels bare in a header called `x-token`",
            "token answer: `token_type` is missing and read as `bearer`",
        ]
    );
}

#[test]
fn the_standard_s_own_request_shows_no_departure() {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", "Basic aTpz".parse().expect("a value"));
    let standard = Seen {
        stage: Stage::First(GrantType::ClientCredentials),
        query: String::new(),
        headers,
        body: b"grant_type=client_credentials".to_vec(),
    };
    let declared = COMMUNIC8.deviations().len();
    assert_eq!(unseen(&COMMUNIC8, &[standard]).len(), declared);
}
