//! Every departure that a dialect declares is seen on the wire, in every stage it is declared for.

use std::time::Duration;

use auth_core::{Dialect, Exchange, GrantType, Parameter, Stage, TokenRow};
use comm100::{
    Client, DASH_V4, HOSTED_V2, HeaderMap, HeaderName, HeaderValue, ManualClock, Platform,
};
use vendor_sandbox::{Endpoint, Host, Recorded, Sandbox, credentials};

use crate::mock::{get, on};
use crate::way::{Way, ok};

/// One exchange, kept until it is looked at.
struct Kept {
    stage: Stage,
    query: String,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Kept {
    fn of(way: Way, request: &Recorded) -> Option<Self> {
        let grant = || {
            let form = request.form();
            form.into_iter().find(|(name, _)| name == "grant_type")
        };
        let stage = match request.endpoint {
            Endpoint::Token if grant()?.1 == "refresh_token" => Stage::Refresh(way.grant()),
            Endpoint::Token => Stage::First(way.grant()),
            Endpoint::Authorize if request.path == "/oauth/authorize" => Stage::Authorize,
            Endpoint::Api => Stage::ApiCall,
            _ => return None,
        };
        let mut headers = HeaderMap::new();
        for (name, value) in &request.headers {
            headers.append(
                name.parse::<HeaderName>().ok()?,
                value.parse::<HeaderValue>().ok()?,
            );
        }
        Some(Self {
            stage,
            query: request.query.clone().unwrap_or_default(),
            headers,
            body: request.body.clone(),
        })
    }
}

/// Signs in, calls, renews and calls again by each of `ways`.
async fn exchanges(ways: &[Way]) -> Vec<Kept> {
    let mut kept = Vec::new();
    for &way in ways {
        let sandbox = ok(Sandbox::start().await);
        let clock = ManualClock::new();
        let client = way.signed_in(&sandbox).await.settings(on(&clock));
        let client = ok(client.build());
        get(&client, way.path()).await;
        clock.advance(Duration::from_secs(43_200));
        get(&client, way.path()).await;
        let requests = sandbox.requests();
        kept.extend(requests.iter().filter_map(|request| Kept::of(way, request)));
    }
    kept
}

/// A call with an API key on a dash platform.
async fn key_call() -> Vec<Kept> {
    let sandbox = ok(Sandbox::start().await);
    let client = Client::builder(Platform::Dash11)
        .token_base(sandbox.url(Host::Comm100DashPanel))
        .api_base(sandbox.url(Host::Comm100DashApi))
        .site_id(credentials::COMM100_SITE_ID)
        .api_key(credentials::COMM100_EMAIL, credentials::COMM100_API_KEY);
    get(&ok(client.build()), Way::DashCode.path()).await;
    let requests = sandbox.requests();
    let kept = requests
        .iter()
        .filter_map(|request| Kept::of(Way::DashCode, request));
    kept.map(|kept| Kept {
        stage: Stage::KeyCall,
        ..kept
    })
    .collect()
}

/// The departures of `dialect` that the exchanges do not bear out.
fn unseen(dialect: Dialect, exchanges: &[Kept]) -> Vec<String> {
    assert!(
        !dialect.deviations().is_empty(),
        "{} departs nowhere",
        dialect.name()
    );
    let exchanges: Vec<_> = exchanges
        .iter()
        .map(|kept| Exchange::new(kept.stage, &kept.query, &kept.headers, &kept.body))
        .collect();
    let unseen = dialect.unseen(&exchanges);
    unseen.iter().map(ToString::to_string).collect()
}

async fn all_are_seen(dialect: Dialect, ways: &[Way]) {
    let none: [String; 0] = [];
    let mut exchanges = exchanges(ways).await;
    exchanges.extend(key_call().await);
    assert_eq!(unseen(dialect, &exchanges), none, "{}", dialect.name());
}

#[tokio::test]
async fn every_departure_of_dash_v4_is_seen() {
    let ways = [
        Way::DashCode,
        #[cfg(feature = "password-grant")]
        Way::DashPassword,
    ];
    all_are_seen(DASH_V4, &ways).await;
}

#[tokio::test]
async fn every_departure_of_hosted_v2_is_seen() {
    let ways = [
        Way::HostedCode,
        Way::HostedClientCredentials,
        #[cfg(feature = "password-grant")]
        Way::HostedPassword,
        #[cfg(feature = "implicit")]
        Way::HostedImplicit,
    ];
    all_are_seen(HOSTED_V2, &ways).await;
}

#[cfg(feature = "partner")]
#[tokio::test]
async fn every_departure_of_the_partner_dialects_is_seen() {
    all_are_seen(comm100::PARTNER_V2, &[Way::PartnerV2]).await;
    all_are_seen(comm100::PARTNER_V4, &[Way::PartnerV4]).await;
}

#[tokio::test]
async fn departure_that_is_only_declared_is_named() {
    const ROWS: &[TokenRow] = &[
        TokenRow::new(
            GrantType::ClientCredentials,
            "/oauth/token",
            &[Parameter::body("client_id"), Parameter::body("siteId")],
        ),
        TokenRow::new(
            GrantType::RefreshToken,
            "/oauth/token",
            &[Parameter::body("client_id"), Parameter::body("siteId")],
        )
        .after(&[GrantType::ClientCredentials]),
    ];
    let exchanges = exchanges(&[Way::HostedClientCredentials]).await;
    // The first grant shows it, the refresh does not.
    assert_eq!(
        unseen(Dialect::new("MADE_UP", ROWS), &exchanges),
        ["refresh after client credentials: `siteId` is sent besides"]
    );
}

#[cfg(feature = "password-grant")]
#[tokio::test]
async fn refresh_that_never_happened_leaves_its_departures_unseen() {
    let way = Way::HostedPassword;
    let sandbox = Sandbox::start().await.unwrap();
    let client = way.signed_in(&sandbox).await.build().unwrap();
    get(&client, way.path()).await;
    let requests = sandbox.requests();
    let kept: Vec<_> = requests
        .iter()
        .filter_map(|request| Kept::of(way, request))
        .collect();
    let unseen = unseen(HOSTED_V2, &kept);
    let says = |line: &str| unseen.iter().any(|unseen| unseen == line);
    assert!(
        says("refresh after password: the client does not name itself"),
        "{unseen:?}"
    );
    assert!(
        !says("password: the client does not name itself"),
        "{unseen:?}"
    );
}
