//! Sets the scene: a provider on loopback whose answers the test writes, and clients that talk to it.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use auth_core::{
    ApiClient, AuthorizationCode, AuthorizationRequest, BaseUrl, Clock, Dialect, Error, Grant,
    GrantType, Principal, Profile, SecretSource, Settings, TokenSet,
};
use futures_util::FutureExt as _;
use serde_json::{Value, json};
use tokio::task::coop::{consume_budget, unconstrained};
use wiremock::matchers::{any, method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::dialects::TOKEN_PATH;

/// The client that most tests sign in with.
pub(crate) const CLIENT_ID: &str = "app-1";
/// Its secret.
pub(crate) const CLIENT_SECRET: &str = "s3cret/of+app 1";
/// Where its persons come back to.
pub(crate) const REDIRECT_URI: &str = "https://app.example/back?from=x y";

/// A provider: its token endpoint and its API, each answering by the number of the request.
pub(crate) struct Vendor {
    server: Server,
    tokens: Arc<AtomicUsize>,
    calls: Arc<AtomicUsize>,
}

impl Vendor {
    /// A provider whose API answers `{}` to everything.
    pub(crate) async fn new(
        tokens: impl Fn(usize, &Request) -> ResponseTemplate + Send + Sync + 'static,
    ) -> Self {
        Self::with_api(tokens, |_, _| {
            ResponseTemplate::new(200).set_body_json(json!({}))
        })
        .await
    }

    /// A provider with an API.
    pub(crate) async fn with_api(
        tokens: impl Fn(usize, &Request) -> ResponseTemplate + Send + Sync + 'static,
        api: impl Fn(usize, &Request) -> ResponseTemplate + Send + Sync + 'static,
    ) -> Self {
        let vendor = Self {
            server: Server(Some(MockServer::start().await)),
            tokens: Arc::default(),
            calls: Arc::default(),
        };
        let count = Arc::clone(&vendor.tokens);
        Mock::given(method("POST"))
            .and(path(TOKEN_PATH))
            .respond_with(move |request: &Request| {
                tokens(count.fetch_add(1, Ordering::SeqCst), request)
            })
            .with_priority(1)
            .mount(&vendor.server)
            .await;
        let count = Arc::clone(&vendor.calls);
        Mock::given(any())
            .respond_with(move |request: &Request| {
                api(count.fetch_add(1, Ordering::SeqCst), request)
            })
            .mount(&vendor.server)
            .await;
        vendor
    }

    pub(crate) fn url(&self) -> String {
        self.server.uri()
    }

    /// How many token requests have come.
    pub(crate) fn tokens(&self) -> usize {
        self.tokens.load(Ordering::SeqCst)
    }

    /// How many API calls have come.
    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    /// Every request so far, in order.
    pub(crate) async fn requests(&self) -> Vec<Request> {
        self.server
            .received_requests()
            .await
            .expect("requests are kept")
    }

    /// What each token request was about: its grant type, and the refresh token or code in it.
    pub(crate) async fn exchanges(&self) -> Vec<(String, String)> {
        let requests = self.requests().await;
        let tokens = requests
            .iter()
            .filter(|request| request.url.path() == TOKEN_PATH);
        tokens
            .map(|request| {
                let of = |name: &str| member(&request.body, name).unwrap_or_default();
                (of("grant_type"), of("refresh_token") + &of("code"))
            })
            .collect()
    }
}

/// A mock server that may be dropped anywhere. Its drop waits for a lock of tokio's without giving way, so in a task that
/// has used up its turn, for instance by joining a thousand others, it would spin for ever.
struct Server(Option<MockServer>);

impl Deref for Server {
    type Target = MockServer;

    fn deref(&self) -> &MockServer {
        self.0.as_ref().expect("it is there until the drop")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let server = self.0.take();
        unconstrained(async { drop(server) }).now_or_never();
    }
}

/// A member of a form or JSON body.
pub(crate) fn member(body: &[u8], name: &str) -> Option<String> {
    if let Ok(json) = serde_json::from_slice::<Value>(body) {
        return json[name].as_str().map(str::to_owned);
    }
    url::form_urlencoded::parse(body)
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

/// The usual token answer with the tokens `access-<n>` and `refresh-<n>`, good for an hour.
pub(crate) fn granted(n: usize) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(answer(n))
}

/// The body of [`granted`].
pub(crate) fn answer(n: usize) -> Value {
    json!({
        "access_token": format!("access-{n}"),
        "token_type": "Bearer",
        "expires_in": 3600,
        "refresh_token": format!("refresh-{n}"),
    })
}

/// The usual token answer without a refresh token.
pub(crate) fn granted_alone(n: usize) -> ResponseTemplate {
    let mut body = answer(n);
    body["refresh_token"] = Value::Null;
    ResponseTemplate::new(200).set_body_json(body)
}

/// A refusal with RFC 6749's code.
pub(crate) fn refused(status: u16, code: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(json!({ "error": code }))
}

/// An application that signs in for itself.
pub(crate) fn machine() -> Principal {
    application(Grant::ClientCredentials)
}

/// The application with another grant.
pub(crate) fn application(grant: Grant) -> Principal {
    let mut principal = Principal::new(grant);
    principal.client_id = Some(CLIENT_ID.to_owned());
    principal.client_secret = Some(SecretSource::from(CLIENT_SECRET));
    principal
}

/// Someone whose earlier sign-in is gone on with.
pub(crate) fn resumed() -> Principal {
    application(Grant::Resumed(GrantType::AuthorizationCode))
}

/// Someone who has just come back with `code`.
pub(crate) fn person(dialect: Dialect, url: &str, code: &str) -> Principal {
    application(Grant::AuthorizationCode(approved(dialect, url, code)))
}

/// The outcome of a sign-in page that gave `code`, which stands in the callback as it is.
pub(crate) fn approved(dialect: Dialect, url: &str, code: &str) -> AuthorizationCode {
    let (page, pending) = authorization(dialect, url).start().expect("a sign-in");
    let state = query(&page, "state");
    pending
        .check(&format!("/back?from=x%20y&code={code}&state={state}"))
        .expect("a good callback")
}

/// A request to the dialect's authorization page.
pub(crate) fn authorization(dialect: Dialect, url: &str) -> AuthorizationRequest {
    AuthorizationRequest::new(dialect, base(url), CLIENT_ID, REDIRECT_URI)
        .expect("a good request")
        .parameter("site_id", "10 1")
}

/// A parameter of a URL's query.
pub(crate) fn query(url: &url::Url, name: &str) -> String {
    url.query_pairs()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
        .unwrap_or_default()
}

pub(crate) fn base(url: &str) -> BaseUrl {
    BaseUrl::parse("base_url", url, &[]).expect("a loopback URL")
}

/// A client of `principal` at `url`.
pub(crate) fn client(
    dialect: Dialect,
    url: &str,
    principal: Principal,
    settings: &Settings,
) -> ApiClient {
    ApiClient::new(profile(dialect, url, principal), settings).expect("a good client")
}

/// A client that goes on with `tokens`.
pub(crate) fn client_with(url: &str, tokens: TokenSet, settings: &Settings) -> ApiClient {
    let mut profile = profile(crate::dialects::FORM, url, resumed());
    profile.tokens = Some(tokens);
    ApiClient::new(profile, settings).expect("a good client")
}

pub(crate) fn profile(dialect: Dialect, url: &str, principal: Principal) -> Profile {
    Profile::new(dialect, base(url), base(url), principal, "it/1.0")
}

/// Tokens of an earlier sign-in whose access token ends `left` from now, or ended `-left` ago.
pub(crate) fn tokens(clock: &dyn Clock, refresh_token: Option<&str>, left: i64) -> TokenSet {
    let now = clock
        .utc()
        .duration_since(UNIX_EPOCH)
        .expect("a time after 1970");
    let now = i64::try_from(now.as_millis()).expect("a time before the end of time");
    let mut text = json!({
        "version": 1,
        "access_token": "access-old",
        "expires_at_ms": now + left * 1000,
    });
    if let Some(token) = refresh_token {
        text["refresh_token"] = token.into();
    }
    TokenSet::import(&text.to_string()).expect("a good export")
}

/// The header that the session gives now, or the error.
pub(crate) async fn header(client: &ApiClient) -> Result<String, Error> {
    let authorization = client.session().authorization().await?;
    Ok(shown(authorization.value()))
}

/// A header value in clear.
pub(crate) fn shown(value: &auth_core::HeaderValue) -> String {
    value.to_str().expect("a visible header").to_owned()
}

/// Renews as after a 401 to the present token.
pub(crate) async fn renew(client: &ApiClient) -> Result<String, Error> {
    let seen = client.session().authorization().await?.generation();
    let renewed = client.session().renew(seen).await?;
    Ok(shown(renewed.value()))
}

/// Seconds, shorter.
pub(crate) const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test]
async fn a_vendor_is_dropped_by_a_task_that_has_used_up_its_turn() {
    let vendor = Vendor::new(|n, _| granted(n)).await;
    while consume_budget().now_or_never().is_some() {}
    drop(vendor);
}
