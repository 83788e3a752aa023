//! The standard's own form is refused wherever the vendor departs from it, and the client's form is not.

use auth_core::GrantType;
use comm100::ManualClock;
use vendor_sandbox::{Host, Sandbox, credentials as known};

use crate::mock::{FORM, JSON, get, on};
use crate::raw;
use crate::way::Way;

/// One request that RFC 6749, 6750 or 7617 would allow, and what the vendor says to it.
struct Standard {
    what: &'static str,
    host: Host,
    target: String,
    headers: Vec<(&'static str, &'static str)>,
    body: String,
    /// Part of the reason.
    reason: &'static str,
}

const CLIENT: &str = known::COMM100_CLIENT_ID;
const SECRET: &str = "fake%2Bclient%2Fsecret%3A50%25%26x%3D%C3%BC";
const PERSON: &str = "agent%40example.com";
const PASSWORD: &str = "not%2Ba%2Freal%3Apass%25word%26at%3Dall+%C3%A9";
const REDIRECT: &str = "https%3A%2F%2Fapp.example.com%2Fcomm100%2Fcallback";
/// RFC 6749 section 2.3.1.
const BASIC: (&str, &str) = (
    "authorization",
    "Basic MGExYjJjM2Qtc2FuZGJveC1jbGllbnQ6eA==",
);
/// A pair in Base64 where a token is due.
const AS_BEARER: (&str, &str) = (
    "authorization",
    "Bearer YWdlbnRAZXhhbXBsZS5jb206ZmFrZSthcGkva2V5OjEwMCUmbW9yZT3DsQ==",
);
const KEY: (&str, &str) = (
    "authorization",
    "Basic YWdlbnRAZXhhbXBsZS5jb206ZmFrZSthcGkva2V5OjEwMCUmbW9yZT3DsQ==",
);

fn token(host: Host, what: &'static str, body: String, reason: &'static str) -> Standard {
    Standard {
        what,
        host,
        target: "POST /oauth/token".to_owned(),
        headers: vec![("content-type", FORM)],
        body,
        reason,
    }
}

impl Standard {
    fn at(mut self, target: &str) -> Self {
        self.target = format!("POST {target}");
        self
    }

    fn with(mut self, header: (&'static str, &'static str)) -> Self {
        self.headers.retain(|(name, _)| *name != header.0);
        self.headers.push(header);
        self
    }
}

fn get_at(
    host: Host,
    what: &'static str,
    target: &str,
    headers: &[(&'static str, &'static str)],
    reason: &'static str,
) -> Standard {
    Standard {
        what,
        host,
        target: format!("GET {target}"),
        headers: headers.to_vec(),
        body: String::new(),
        reason,
    }
}

fn dash() -> Vec<Standard> {
    let at = Host::Comm100DashPanel;
    let verifier = "a".repeat(43);
    let challenge = "b".repeat(43);
    let code = format!("grant_type=authorization_code&code=c&redirect_uri={REDIRECT}");
    let page = format!(
        "/oauth/authorize?client_id={CLIENT}&response_type=code&redirect_uri={REDIRECT}&state=s"
    );
    vec![
        get_at(
            at,
            "authorization without site",
            &format!("{page}&code_challenge={challenge}&code_challenge_method=S256"),
            &[],
            "`siteId` is missing in the query",
        ),
        get_at(
            at,
            "authorization without PKCE",
            &format!("{page}&siteId=10000"),
            &[],
            "`code_challenge` is missing in the query",
        ),
        token(
            at,
            "exchange without PKCE",
            format!("{code}&client_id={CLIENT}&client_secret={SECRET}"),
            "`code_verifier` is missing in the body",
        ),
        token(
            at,
            "exchange with the client in a header",
            format!("{code}&code_verifier={verifier}"),
            "an Authorization header",
        )
        .with(BASIC),
        token(
            at,
            "password under the name `username`",
            format!("grant_type=password&username={PERSON}&password={PASSWORD}&client_id={CLIENT}"),
            "unknown parameter `username` in the body",
        ),
        token(
            at,
            "password as JSON",
            format!(
                r#"{{"grant_type":"password","email":"{}","password":"x","client_id":"{CLIENT}"}}"#,
                known::COMM100_EMAIL
            ),
            "the content type must be application/x-www-form-urlencoded",
        )
        .with(("content-type", JSON)),
        token(
            at,
            "refresh with an empty secret",
            format!("grant_type=refresh_token&refresh_token=r&client_id={CLIENT}&client_secret="),
            "`client_secret` is empty in the body",
        ),
        token(
            at,
            "refresh with the client in a header",
            "grant_type=refresh_token&refresh_token=r".to_owned(),
            "an Authorization header",
        )
        .with(BASIC),
        token(
            at,
            "client credentials",
            format!("grant_type=client_credentials&client_id={CLIENT}&client_secret={SECRET}"),
            "does not know the grant_type",
        ),
        get_at(
            Host::Comm100DashApi,
            "API key without site",
            "/v4/livechat/campaigns",
            &[KEY],
            "`siteId` is missing in the query",
        ),
        get_at(
            Host::Comm100DashApi,
            "API key with the site twice",
            "/v4/livechat/campaigns?siteId=10000&siteId=10000",
            &[KEY],
            "`siteId` is doubled in the query",
        ),
        get_at(
            Host::Comm100DashApi,
            "API key as a bearer token",
            "/v4/livechat/campaigns?siteId=10000",
            &[AS_BEARER],
            "was not issued for this host",
        ),
        get_at(
            Host::Comm100DashApi,
            "token in the query",
            "/v4/livechat/campaigns?access_token=t",
            &[],
            "an access token in the query",
        ),
    ]
}

fn hosted() -> Vec<Standard> {
    let at = Host::Comm100Hosted;
    vec![
        get_at(
            at,
            "authorization without site",
            &format!(
                "/oauth/authorize?client_id={CLIENT}&response_type=code&redirect_uri={REDIRECT}&state=s"
            ),
            &[],
            "`siteId` is missing in the query",
        ),
        get_at(
            at,
            "implicit authorization without site",
            &format!(
                "/oauth/authorize?client_id={CLIENT}&response_type=token&redirect_uri={REDIRECT}&state=s"
            ),
            &[],
            "`siteId` is missing in the query",
        ),
        token(
            at,
            "exchange with the client in a header",
            format!("grant_type=authorization_code&code=c&redirect_uri={REDIRECT}"),
            "an Authorization header",
        )
        .with(BASIC),
        token(
            at,
            "refresh with the client in a header",
            "grant_type=refresh_token&refresh_token=r".to_owned(),
            "an Authorization header",
        )
        .with(BASIC),
        token(
            at,
            "client credentials without redirect URI and site",
            format!("grant_type=client_credentials&client_id={CLIENT}&client_secret={SECRET}"),
            "`redirect_uri` is missing in the body",
        ),
        token(
            at,
            "client credentials with the sample's stray code",
            format!(
                "grant_type=client_credentials&code=c&redirect_uri={REDIRECT}&client_id={CLIENT}\
                 &client_secret={SECRET}&siteId=10000"
            ),
            "unknown parameter `code` in the body",
        ),
        token(
            at,
            "password under the name `username`",
            format!("grant_type=password&username={PERSON}&password={PASSWORD}"),
            "unknown parameter `username` in the body",
        ),
        token(
            at,
            "password with a client",
            format!("grant_type=password&email={PERSON}&password={PASSWORD}&client_id={CLIENT}"),
            "unknown parameter `client_id` in the body",
        ),
        token(
            at,
            "partner's password with a client",
            format!(
                "grant_type=password&email=partner%40example.com&password=x&client_id={CLIENT}"
            ),
            "unknown parameter `client_id` in the body",
        )
        .at("/partner/oauth/token"),
        token(
            at,
            "partner's password under the name `username`",
            "grant_type=password&username=partner%40example.com&password=x".to_owned(),
            "unknown parameter `username` in the body",
        )
        .at("/partner/oauth/token"),
    ]
}

fn partner() -> Vec<Standard> {
    let at = Host::Comm100PartnerPanel;
    let client = known::COMM100_PARTNER_CLIENT_ID;
    let body = format!("client_id={client}&grant_type=password&password=x");
    vec![
        token(
            at,
            "password under the name `username`",
            format!("{body}&username=partner%40example.com"),
            "unknown parameter `username` in the body",
        )
        .at("/oauth/token?partnerId=20000"),
        token(
            at,
            "partner in the body",
            format!("{body}&email=partner%40example.com&partnerId=20000"),
            "`partnerId` belongs into the query",
        ),
        token(
            at,
            "no partner",
            format!("{body}&email=partner%40example.com"),
            "`partnerId` is missing in the query",
        ),
        token(
            at,
            "refresh",
            format!("grant_type=refresh_token&refresh_token=r&client_id={client}"),
            "does not know the grant_type",
        )
        .at("/oauth/token?partnerId=20000"),
    ]
}

#[tokio::test]
async fn standard_form_is_refused_with_a_reason() {
    for standard in [dash(), hosted(), partner()].into_iter().flatten() {
        let (what, host) = (standard.what, standard.host);
        let sandbox = Sandbox::start().await.unwrap();
        let (method, target) = standard.target.split_once(' ').unwrap();
        let url = format!("{}{target}", sandbox.url(host));
        let answer = raw::send(method, &url, &standard.headers, &standard.body).await;
        assert!(matches!(answer.status, 400 | 401), "{what}: {answer:?}");
        assert!(answer.body.contains(standard.reason), "{what}: {answer:?}");
        let [refusal] = sandbox.refusals().try_into().unwrap();
        assert_eq!(refusal.host, host, "{what}");
        assert!(
            refusal.reason.contains(standard.reason),
            "{what}: {refusal:?}"
        );
    }
}

/// A refresh after `way` with one parameter more than the first grant proved itself by, or fewer.
#[tokio::test]
async fn refresh_that_proves_the_client_unlike_the_first_grant_is_refused() {
    for &way in Way::ALL {
        if way.is_documented() || !way.refreshes() {
            continue;
        }
        let sandbox = Sandbox::start().await.unwrap();
        let client = way.signed_in(&sandbox).await.build().unwrap();
        client.sign_in().await.unwrap();
        let tokens = client.token_set().unwrap();
        let refresh = tokens.refresh_token().unwrap().expose().to_owned();
        let both = format!("&client_id={CLIENT}&client_secret={SECRET}");
        let wrong = match way.grant() {
            GrantType::AuthorizationCode | GrantType::ClientCredentials => String::new(),
            _ => both,
        };
        let body = format!("grant_type=refresh_token&refresh_token={refresh}{wrong}");
        let path = match way.path() {
            "/api/v2/partner/sites" => "/partner/oauth/token",
            _ => "/oauth/token",
        };
        let url = format!("{}{path}", sandbox.url(way.panel()));
        let answer = raw::send("POST", &url, &[("content-type", FORM)], &body).await;
        assert_eq!(answer.status, 400, "{way:?}: {answer:?}");
        assert_eq!(sandbox.refusals().len(), 1, "{way:?}");
    }
}

#[tokio::test]
async fn form_of_the_client_is_accepted_for_first_grant_refresh_and_call() {
    for &way in Way::ALL {
        let sandbox = Sandbox::start().await.unwrap();
        let clock = ManualClock::new();
        let client = way.signed_in(&sandbox).await.settings(on(&clock));
        let client = client.build().unwrap();
        get(&client, way.path()).await;
        clock.advance(std::time::Duration::from_secs(43_200));
        get(&client, way.path()).await;
        assert_eq!(sandbox.refusals(), [], "{way:?}");
        assert_eq!(sandbox.warnings(), [], "{way:?}");
    }
}
