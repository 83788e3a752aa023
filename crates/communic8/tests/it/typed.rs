//! Every operation and every model of the typed layer: on the sandbox, and with answers from the vendor's pages.

use std::path::Path;

use vendor_sandbox::{Host, Sandbox};
use walk::Provider;

use super::client::{in_sandbox, once, static_token};
use super::generated::{exercises, specimens};

#[test]
fn every_operation_round_trips_on_the_sandbox() {
    let client = async |sandbox: Sandbox, _: Host| {
        let client = in_sandbox(&sandbox).settings(once()).build().unwrap();
        client.sign_in().await.unwrap();
        client
    };
    walk::call_every_operation(Provider::Communic8, &exercises(), client);
}

#[tokio::test]
async fn every_answer_of_the_vendor_s_pages_is_read() {
    let client = async |url: String| static_token(&url).settings(once()).build().unwrap();
    let answers = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/answers");
    walk::read_every_transcribed_answer(Provider::Communic8, &answers, &exercises(), &[], client)
        .await;
}

#[test]
fn every_model_writes_what_it_read() {
    walk::read_every_model(Provider::Communic8, &specimens());
}
