//! Every operation and every model of the typed layer: on the sandbox, and with answers from the vendor's pages.

use std::path::Path;

#[cfg(feature = "customers")]
use auth_core::model::{FromJson as _, Place};
use vendor_sandbox::{Host, Sandbox};
use walk::Provider;
#[cfg(feature = "customers")]
use webcommander::ErrorKind;
use webcommander::TokenSet;
#[cfg(feature = "customers")]
use webcommander::customers::ChangePasswordCustomerBody;

use super::client::{in_sandbox, once, user};
use super::generated::{exercises, specimens, webhooks};

#[test]
fn every_operation_round_trips_on_the_sandbox() {
    let client = async |sandbox: Sandbox, _: Host| {
        let client = in_sandbox(&sandbox).settings(once()).build().unwrap();
        client.sign_in().await.unwrap();
        client
    };
    walk::call_every_operation(Provider::WebCommander, &exercises(), client);
}

#[tokio::test]
async fn every_answer_of_the_vendor_s_pages_is_read() {
    let client = async |url: String| {
        let token = TokenSet::import(r#"{"version":1,"access_token":"of-another-day"}"#).unwrap();
        user(&url).tokens(token).settings(once()).build().unwrap()
    };
    let answers = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/answers");
    walk::read_every_transcribed_answer(
        Provider::WebCommander,
        &answers,
        &exercises(),
        &[],
        client,
    )
    .await;
}

#[test]
fn every_model_writes_what_it_read() {
    walk::read_every_model(Provider::WebCommander, &specimens());
}

#[test]
fn every_webhook_of_the_vendor_s_pages_is_read_in_any_case() {
    let bodies = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/webhooks");
    walk::read_every_webhook(&bodies, &webhooks());
}

/// A 401 of this call means the customer's old password, not the token.
#[cfg(feature = "customers")]
#[tokio::test]
async fn a_wrong_old_password_is_told_at_once_and_the_token_stays() {
    let sandbox = Sandbox::start().await.unwrap();
    let client = in_sandbox(&sandbox).settings(once()).build().unwrap();
    client.sign_in().await.unwrap();
    sandbox.clear();
    let body = serde_json::json!({ "customer": {
        "email": "customer1@example.com",
        "old_password": "wrong",
        "password": "new",
    } });
    let body = ChangePasswordCustomerBody::from_json(body, &Place::root()).unwrap();
    let customers = client.customers().customers();
    let error = customers.change_password(1001, &body).send().await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Unauthorized);
    let host = Host::WebCommander;
    let counts = (sandbox.api_requests(host), sandbox.token_requests(host));
    assert_eq!(counts, (1, 0));
}
