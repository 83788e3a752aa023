//! Walks whole sign-ins through the sandbox: expiry, rotation, revocation, crowds, export.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use vendor_sandbox::{Endpoint, Host, Recorded, Sandbox, credentials};
use webcommander::{
    Call, Client, ClientBuilder, ErrorKind, ManualClock, MemoryStore, Method, Secret,
    SecretProvider, SecretSource, Settings, TokenSet, async_trait,
};

use crate::client::{application_in, customers, in_sandbox};

pub(crate) const HOUR: Duration = Duration::from_secs(3600);

pub(crate) async fn sandbox() -> Sandbox {
    Sandbox::start().await.expect("a sandbox")
}

pub(crate) fn client(sandbox: &Sandbox, settings: Settings) -> Client {
    let builder = in_sandbox(sandbox).settings(settings);
    builder.build().expect("a client")
}

/// How many token requests and calls came, all of them such as a correct client sends.
pub(crate) fn counts(sandbox: &Sandbox) -> (usize, usize) {
    assert_eq!(sandbox.refusals(), []);
    (
        sandbox.token_requests(Host::WebCommander),
        sandbox.api_requests(Host::WebCommander),
    )
}

/// The grants of all token requests, in order.
pub(crate) fn grants(sandbox: &Sandbox) -> Vec<String> {
    let requests = sandbox.requests();
    let tokens = requests
        .iter()
        .filter(|request| request.endpoint == Endpoint::Token);
    tokens
        .map(|request| {
            let body = request.json().expect("JSON");
            body["grant_type"].as_str().expect("a grant").to_owned()
        })
        .collect()
}

async fn hundred(client: &Client) {
    let mut callers = JoinSet::new();
    for _ in 0..100 {
        let client = client.clone();
        callers.spawn(async move { customers(&client).await.map(|_| ()) });
    }
    for outcome in callers.join_all().await {
        outcome.expect("customers");
    }
}

#[tokio::test]
async fn one_sign_in_serves_many_calls_whatever_the_status_of_its_answer() {
    for status in [200, 201] {
        let sandbox = sandbox().await;
        sandbox.set_webcommander_token_status(status);
        let client = client(&sandbox, Settings::new());
        for _ in 0..3 {
            let answer = customers(&client).await.expect("customers");
            let body: serde_json::Value = answer.json().expect("JSON");
            assert_eq!(body["pagination"]["total"], 45);
        }
        assert_eq!(counts(&sandbox), (1, 3));
    }
}

#[tokio::test]
async fn each_expiry_costs_one_refresh_with_the_newest_refresh_token() {
    let sandbox = sandbox().await;
    let clock = ManualClock::new();
    let client = client(&sandbox, Settings::new().clock(clock.clone()));
    for _ in 0..4 {
        customers(&client).await.expect("customers");
        clock.advance(HOUR);
    }
    assert_eq!(
        grants(&sandbox),
        [
            "client_credentials",
            "refresh_token",
            "refresh_token",
            "refresh_token"
        ]
    );
    assert_eq!(counts(&sandbox), (4, 4));
    assert_eq!(sandbox.reuse_detected(), 0);
}

#[tokio::test]
async fn a_token_near_its_end_serves_the_call_and_is_renewed_behind_it() {
    let sandbox = sandbox().await;
    let clock = ManualClock::new();
    let (told, mut renewed) = mpsc::unbounded_channel();
    let settings = Settings::new().clock(clock.clone()).on_renewed(move |set| {
        told.send(set.access_token().expose().to_owned())
            .expect("a listener");
    });
    let client = client(&sandbox, settings);
    client.sign_in().await.expect("a token");
    let first = renewed.recv().await.expect("a token");
    clock.advance(HOUR - Duration::from_secs(60));
    customers(&client).await.expect("customers");
    let second = renewed.recv().await.expect("a second token");
    assert_ne!(first, second);
    let is_call = |request: &Recorded| request.endpoint == Endpoint::Api;
    let call = sandbox.requests().into_iter().find(is_call);
    let call = call.expect("a call");
    assert_eq!(call.header("access_token"), Some(first.as_str()));
    assert_eq!(counts(&sandbox), (2, 1));
}

#[tokio::test]
async fn a_hundred_callers_cost_one_token_request_at_first_and_one_at_expiry() {
    let sandbox = sandbox().await;
    let clock = ManualClock::new();
    let client = client(&sandbox, Settings::new().clock(clock.clone()));
    hundred(&client).await;
    assert_eq!(counts(&sandbox), (1, 100));
    clock.advance(HOUR);
    hundred(&client).await;
    assert_eq!(counts(&sandbox), (2, 200));
    assert_eq!(grants(&sandbox), ["client_credentials", "refresh_token"]);
    assert_eq!(sandbox.reuse_detected(), 0);
}

#[tokio::test]
async fn a_revoked_access_token_costs_one_refresh_and_one_replay() {
    let sandbox = sandbox().await;
    let client = client(&sandbox, Settings::new());
    customers(&client).await.expect("customers");
    sandbox.revoke_access_tokens(Host::WebCommander);
    customers(&client).await.expect("customers");
    assert_eq!(counts(&sandbox), (2, 3));
    assert_eq!(grants(&sandbox), ["client_credentials", "refresh_token"]);
}

#[tokio::test]
async fn a_hundred_callers_with_a_revoked_token_cost_one_refresh() {
    let sandbox = sandbox().await;
    let client = client(&sandbox, Settings::new());
    customers(&client).await.expect("customers");
    sandbox.revoke_access_tokens(Host::WebCommander);
    hundred(&client).await;
    assert_eq!(counts(&sandbox).0, 2);
    assert_eq!(sandbox.reuse_detected(), 0);
}

#[tokio::test]
async fn a_revoked_refresh_token_leads_to_the_first_grant_without_a_person() {
    let sandbox = sandbox().await;
    let clock = ManualClock::new();
    let client = client(&sandbox, Settings::new().clock(clock.clone()));
    customers(&client).await.expect("customers");
    sandbox.revoke_refresh_tokens(Host::WebCommander);
    clock.advance(HOUR);
    customers(&client).await.expect("customers");
    assert_eq!(
        grants(&sandbox),
        ["client_credentials", "refresh_token", "client_credentials"]
    );
    clock.advance(HOUR);
    customers(&client).await.expect("customers");
    assert_eq!(grants(&sandbox).last().expect("a grant"), "refresh_token");
    assert_eq!(counts(&sandbox), (4, 3));
}

/// The call that answers 401 for a reason of its own: a wrong old password.
fn change_password(client: &Client) -> Call<'_> {
    client
        .request(Method::POST, "/api/v4/admin/customers/1001/change-password")
        .json(&serde_json::json!({ "customer": {
            "email": "customer1@example.com",
            "old_password": "not-the-old-one",
            "password": "a-new-one",
        } }))
}

#[tokio::test]
async fn a_401_of_a_call_s_own_renews_once_and_replays_once_and_never_more() {
    let sandbox = sandbox().await;
    let client = client(&sandbox, Settings::new());
    client.sign_in().await.expect("a token");
    let error = change_password(&client).send().await.expect_err("a 401");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(
        error.provider_message(),
        Some("wrong email or old password")
    );
    assert_eq!(counts(&sandbox), (2, 2));
}

#[tokio::test]
async fn without_replay_a_401_is_told_at_once_and_the_token_stays() {
    let sandbox = sandbox().await;
    let client = client(&sandbox, Settings::new());
    let call = change_password(&client).with_replay(false);
    let error = call.send().await.expect_err("a 401");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(counts(&sandbox), (1, 1));
    customers(&client).await.expect("customers");
    assert_eq!(counts(&sandbox), (1, 2));
}

#[tokio::test]
async fn exported_tokens_resume_without_a_token_request_and_can_be_refreshed() {
    let sandbox = sandbox().await;
    let before = client(&sandbox, Settings::new());
    assert!(before.token_set().is_none());
    before.sign_in().await.expect("a token");
    let exported = before.token_set().expect("tokens").export();
    let tokens = TokenSet::import(exported.expose()).expect("our own export");
    let clock = ManualClock::new();
    let after = in_sandbox(&sandbox)
        .tokens(tokens)
        .settings(Settings::new().clock(clock.clone()))
        .build()
        .expect("a client");
    customers(&after).await.expect("customers");
    assert_eq!(counts(&sandbox), (1, 1));
    clock.advance(HOUR);
    customers(&after).await.expect("customers");
    assert_eq!(grants(&sandbox), ["client_credentials", "refresh_token"]);
    assert_eq!(counts(&sandbox), (2, 2));
}

#[tokio::test]
async fn clients_with_one_store_share_a_token() {
    let sandbox = sandbox().await;
    let store = MemoryStore::new();
    for _ in 0..2 {
        let client = client(&sandbox, Settings::new().store(store.clone()));
        customers(&client).await.expect("customers");
    }
    assert_eq!(counts(&sandbox), (1, 2));
}

#[tokio::test]
async fn no_user_of_a_shared_store_is_given_another_user_s_token() {
    // Base64 of the sandbox's `username:password`, and of `other@example.com:password`.
    let owner = "c3RvcmVAZXhhbXBsZS5jb206c3RvcmUrcGFzcy93b3JkOiUyNiZjPcOl";
    let other = "b3RoZXJAZXhhbXBsZS5jb206cGFzc3dvcmQ=";
    let sandbox = sandbox().await;
    let store = MemoryStore::new();
    let with_store = |builder: ClientBuilder| {
        let settings = Settings::new().store(store.clone());
        builder.settings(settings).build().expect("a client")
    };
    let first = with_store(application_in(&sandbox).auth_string(owner));
    customers(&first).await.expect("customers");
    for builder in [
        application_in(&sandbox).auth_string(other),
        application_in(&sandbox).user("other@example.com", "password"),
    ] {
        let outcome = customers(&with_store(builder)).await;
        let error = outcome.expect_err("another user's token");
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
    }
    // The same user finds the token, however the pair is given.
    let before = sandbox.token_requests(Host::WebCommander);
    customers(&with_store(in_sandbox(&sandbox)))
        .await
        .expect("customers");
    assert_eq!(sandbox.token_requests(Host::WebCommander), before);
}

/// Gives the same secret each time, or fails.
struct Vault(Option<&'static str>);

#[async_trait]
impl SecretProvider for Vault {
    async fn secret(&self) -> Result<Secret, Box<dyn std::error::Error + Send + Sync>> {
        self.0.map(Secret::new).ok_or_else(|| "sealed".into())
    }
}

fn vault(secret: Option<&'static str>) -> SecretSource {
    SecretSource::provider(std::sync::Arc::new(Vault(secret)))
}

#[tokio::test]
async fn secrets_from_providers_sign_in_and_a_failing_one_is_named() {
    let sandbox = sandbox().await;
    let user = credentials::WEBCOMMANDER_USERNAME;
    let password = Some(credentials::WEBCOMMANDER_PASSWORD);
    let good = Client::builder(sandbox.url(Host::WebCommander))
        .application(
            credentials::WEBCOMMANDER_CLIENT_ID,
            vault(Some(credentials::WEBCOMMANDER_CLIENT_SECRET)),
            credentials::WEBCOMMANDER_REDIRECT_URI,
        )
        .user(user, vault(password));
    let good = good.build().expect("a client");
    customers(&good).await.expect("customers");
    for builder in [
        application_in(&sandbox).user(user, vault(None)),
        application_in(&sandbox).auth_string(vault(None)),
    ] {
        let client = builder.build().expect("a client");
        let error = customers(&client).await.expect_err("no secret");
        assert_eq!(error.kind(), ErrorKind::Store);
        assert!(error.to_string().contains("`auth_string`"), "{error}");
    }
    assert_eq!(counts(&sandbox), (1, 1));
}
