//! Walks whole sign-ins through the sandbox: expiry, revocation, crowds, faults, export.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use communic8::{
    Client, Error, ErrorKind, ManualClock, MemoryStore, Method, Secret, SecretProvider,
    SecretSource, Settings, TokenSet, async_trait,
};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use vendor_sandbox::{
    Communic8SignIn, Endpoint, Fault, Host, Injection, RetryAfter, Sandbox, credentials,
};

use crate::client::{channels, in_sandbox};

const DAY: Duration = Duration::from_secs(86_400);

async fn sandbox() -> Sandbox {
    Sandbox::start().await.expect("a sandbox")
}

fn client(sandbox: &Sandbox, settings: Settings) -> Client {
    let builder = in_sandbox(sandbox).settings(settings);
    builder.build().expect("a client")
}

/// How many token requests and calls came, all of them such as a correct client sends.
fn counts(sandbox: &Sandbox) -> (usize, usize) {
    assert_eq!(sandbox.refusals(), []);
    (
        sandbox.token_requests(Host::Communic8),
        sandbox.api_requests(Host::Communic8),
    )
}

async fn hundred(client: &Client) {
    let mut callers = JoinSet::new();
    for _ in 0..100 {
        let client = client.clone();
        callers.spawn(async move { channels(&client).await.map(|_| ()) });
    }
    for outcome in callers.join_all().await {
        outcome.expect("channels");
    }
}

fn fault(fault: Fault, endpoint: Endpoint) -> Injection {
    Injection::new(fault)
        .host(Host::Communic8)
        .endpoint(endpoint)
}

/// A server that is down and says that it will be back at once.
fn down() -> Fault {
    Fault::Status {
        code: 503,
        retry_after: Some(RetryAfter::Seconds(0)),
    }
}

#[tokio::test]
async fn one_sign_in_serves_many_calls() {
    let sandbox = sandbox().await;
    let client = client(&sandbox, Settings::new());
    for _ in 0..3 {
        let answer = channels(&client).await.expect("channels");
        let body: serde_json::Value = answer.json().expect("JSON");
        assert_eq!(body["data"].as_array().map(Vec::len), Some(3));
    }
    assert_eq!(counts(&sandbox), (1, 3));
}

#[tokio::test]
async fn an_expired_token_is_renewed_by_the_first_grant_before_the_next_call() {
    let sandbox = sandbox().await;
    let clock = ManualClock::new();
    let client = client(&sandbox, Settings::new().clock(clock.clone()));
    channels(&client).await.expect("channels");
    clock.advance(DAY);
    channels(&client).await.expect("channels");
    assert_eq!(counts(&sandbox), (2, 2));
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
    clock.advance(DAY - Duration::from_secs(60));
    channels(&client).await.expect("channels");
    let second = renewed.recv().await.expect("a second token");
    assert_ne!(first, second);
    let calls: Vec<_> = sandbox
        .requests()
        .into_iter()
        .filter(|request| request.endpoint == Endpoint::Api)
        .collect();
    assert_eq!(
        calls[0].header("authorization"),
        Some(format!("Bearer {first}").as_str())
    );
    assert_eq!(counts(&sandbox), (2, 1));
}

#[tokio::test]
async fn a_hundred_callers_cost_one_token_request_at_first_and_one_at_expiry() {
    let sandbox = sandbox().await;
    let clock = ManualClock::new();
    let client = client(&sandbox, Settings::new().clock(clock.clone()));
    hundred(&client).await;
    assert_eq!(counts(&sandbox), (1, 100));
    clock.advance(DAY);
    hundred(&client).await;
    assert_eq!(counts(&sandbox), (2, 200));
}

#[tokio::test]
async fn a_revoked_token_costs_one_renewal_and_one_replay() {
    let sandbox = sandbox().await;
    let client = client(&sandbox, Settings::new());
    channels(&client).await.expect("channels");
    sandbox.revoke_access_tokens(Host::Communic8);
    channels(&client).await.expect("channels");
    assert_eq!(counts(&sandbox), (2, 3));
}

#[tokio::test]
async fn a_hundred_callers_with_a_revoked_token_cost_one_renewal() {
    let sandbox = sandbox().await;
    let client = client(&sandbox, Settings::new());
    channels(&client).await.expect("channels");
    sandbox.revoke_access_tokens(Host::Communic8);
    hundred(&client).await;
    assert_eq!(counts(&sandbox).0, 2);
}

#[tokio::test]
async fn oauth_that_is_switched_off_is_told_with_the_hint_about_support() {
    let sandbox = sandbox().await;
    sandbox.set_communic8_sign_in(Communic8SignIn::StaticToken);
    let client = client(&sandbox, Settings::new());
    let error = channels(&client).await.expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert_eq!(error.status().map(|status| status.as_u16()), Some(401));
    let text = error.to_string();
    assert!(
        text.contains("OAuth 2.0 is off until Communic8 support switches it on"),
        "{text}"
    );
    assert_eq!(counts(&sandbox), (1, 0), "a refusal is not tried again");
}

#[tokio::test]
async fn a_static_token_that_is_switched_off_is_told_and_never_renewed() {
    let sandbox = sandbox().await;
    let client = Client::builder(sandbox.url(Host::Communic8))
        .static_token(credentials::COMMUNIC8_TOKEN)
        .build()
        .expect("a client");
    channels(&client).await.expect("channels");
    sandbox.set_communic8_sign_in(Communic8SignIn::OAuth);
    let error = channels(&client).await.expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(
        error.to_string().contains("ask Communic8 support"),
        "{error}"
    );
    assert_eq!(counts(&sandbox), (0, 2));
}

/// Gives a wrong token first and the right one from then on, as a vault does around a change.
#[derive(Default)]
struct Vault(AtomicUsize);

#[async_trait]
impl SecretProvider for Vault {
    async fn secret(&self) -> Result<Secret, Box<dyn std::error::Error + Send + Sync>> {
        let first = self.0.fetch_add(1, Ordering::SeqCst) == 0;
        Ok(Secret::new(if first {
            "out-of-date"
        } else {
            credentials::COMMUNIC8_TOKEN
        }))
    }
}

#[tokio::test]
async fn a_static_token_from_a_provider_is_asked_for_again_after_a_401() {
    let sandbox = sandbox().await;
    let vault = Arc::new(Vault::default());
    let client = Client::builder(sandbox.url(Host::Communic8))
        .static_token(SecretSource::provider(vault.clone()))
        .build()
        .expect("a client");
    channels(&client).await.expect("channels");
    channels(&client).await.expect("channels");
    assert_eq!(vault.0.load(Ordering::SeqCst), 2);
    assert_eq!(sandbox.api_requests(Host::Communic8), 3);
    assert_eq!(sandbox.token_requests(Host::Communic8), 0);
}

#[tokio::test]
async fn a_token_endpoint_that_is_down_for_two_requests_is_survived() {
    let sandbox = sandbox().await;
    sandbox.inject(fault(down(), Endpoint::Token).times(2));
    let client = client(&sandbox, Settings::new());
    channels(&client).await.expect("channels");
    assert_eq!(counts(&sandbox), (3, 1));
}

#[tokio::test]
async fn a_token_endpoint_that_stays_down_is_a_typed_error_after_three_requests() {
    let sandbox = sandbox().await;
    sandbox.inject(fault(down(), Endpoint::Token).times(4));
    let client = client(&sandbox, Settings::new());
    let error = channels(&client).await.expect_err("no token");
    assert_eq!(error.kind(), ErrorKind::Provider);
    assert_eq!(error.status().map(|status| status.as_u16()), Some(503));
    assert!(error.is_retryable());
    assert_eq!(counts(&sandbox), (3, 0));
}

#[tokio::test]
async fn a_lost_token_answer_is_typed_and_the_next_try_signs_in_anew() {
    let sandbox = sandbox().await;
    let clock = ManualClock::new();
    sandbox.inject(fault(Fault::LostAnswer, Endpoint::Token));
    let client = client(&sandbox, Settings::new().clock(clock.clone()));
    let error = channels(&client).await.expect_err("no token");
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.may_have_been_processed());
    clock.advance(Duration::from_secs(1));
    channels(&client).await.expect("channels");
    assert_eq!(counts(&sandbox), (2, 1));
}

#[tokio::test]
async fn reading_calls_survive_a_server_that_is_down_a_reset_and_a_lost_answer() {
    for trouble in [down(), Fault::Reset, Fault::LostAnswer, Fault::Truncate] {
        let sandbox = sandbox().await;
        sandbox.inject(fault(trouble.clone(), Endpoint::Api));
        let client = client(&sandbox, Settings::new());
        let answer = channels(&client).await;
        assert!(answer.is_ok(), "{trouble:?}: {answer:?}");
        assert_eq!(counts(&sandbox), (1, 2), "{trouble:?}");
    }
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_is_not_sent_again() {
    let sandbox = sandbox().await;
    sandbox.inject(fault(Fault::LostAnswer, Endpoint::Api));
    let client = client(&sandbox, Settings::new());
    let call = client.request(Method::POST, "/int/v1/recipientGroup/x/recipients");
    let body = serde_json::json!({ "recipientIds": [] });
    let error = call.json(&body).send().await.expect_err("no answer");
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert!(error.may_have_been_processed());
    assert_eq!(counts(&sandbox), (1, 1));
}

#[tokio::test]
async fn exported_tokens_resume_without_a_token_request() {
    let sandbox = sandbox().await;
    let before = client(&sandbox, Settings::new());
    assert!(before.token_set().is_none());
    before.sign_in().await.expect("a token");
    let exported = before.token_set().expect("tokens").export();
    let tokens = TokenSet::import(exported.expose()).expect("our own export");
    let after = in_sandbox(&sandbox)
        .tokens(tokens)
        .build()
        .expect("a client");
    channels(&after).await.expect("channels");
    assert_eq!(counts(&sandbox), (1, 1));
}

#[tokio::test]
async fn clients_with_one_store_share_a_token_but_not_with_another_token_id() {
    let sandbox = sandbox().await;
    let store = MemoryStore::new();
    for _ in 0..2 {
        let client = client(&sandbox, Settings::new().store(store.clone()));
        channels(&client).await.expect("channels");
    }
    assert_eq!(counts(&sandbox), (1, 2));
    let stranger = Client::builder(sandbox.url(Host::Communic8))
        .client_credentials("another-id", credentials::COMMUNIC8_TOKEN)
        .settings(Settings::new().store(store))
        .build()
        .expect("a client");
    let error: Error = channels(&stranger).await.expect_err("a refusal");
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
}
