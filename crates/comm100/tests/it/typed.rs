//! Every operation and every model of the typed layer: on the sandbox, and with answers from the vendor's pages.

use std::path::Path;

use comm100::{Client, OAuthClient, Platform, Settings};
use vendor_sandbox::{Host, Sandbox, credentials as known};
use walk::Provider;

use super::generated::{exercises, specimens, webhooks};

/// Areas whose pages show fewer than three answers.
const FEWER: &[(&str, usize)] = &[("aiagent", 2), ("report", 0), ("secureform", 0)];

fn once() -> Settings {
    Settings::new()
        .call_retries(0)
        .token_retries(0)
        .no_rate_limiter()
}

/// A client that is signed in at the host.
async fn client(sandbox: Sandbox, host: Host) -> Client {
    let url = |host| sandbox.url(host).to_owned();
    let builder = match host {
        Host::Comm100Hosted => Client::builder(Platform::v2(url(host)))
            .site_id(known::COMM100_SITE_ID)
            .oauth_client(
                OAuthClient::new(known::COMM100_CLIENT_ID)
                    .secret(known::COMM100_CLIENT_SECRET)
                    .redirect_uri(known::COMM100_REDIRECT_URI),
            )
            .client_credentials(),
        #[cfg(feature = "partner")]
        Host::Comm100PartnerApi => Client::builder(Platform::PartnerV4)
            .token_base(url(Host::Comm100PartnerPanel))
            .api_base(url(host))
            .partner_id(known::COMM100_PARTNER_ID)
            .oauth_client(OAuthClient::new(known::COMM100_PARTNER_CLIENT_ID))
            .password(
                known::COMM100_PARTNER_EMAIL,
                known::COMM100_PARTNER_PASSWORD,
            ),
        _ => dash(&url(Host::Comm100DashApi)),
    };
    let client = builder.settings(once()).build().expect("a client");
    client.sign_in().await.expect("a sign-in");
    client
}

fn dash(url: &str) -> comm100::ClientBuilder {
    Client::builder(Platform::Dash11)
        .token_base(url)
        .api_base(url)
        .site_id(known::COMM100_SITE_ID)
        .api_key(known::COMM100_EMAIL, known::COMM100_API_KEY)
}

#[test]
fn every_operation_round_trips_on_the_sandbox() {
    walk::call_every_operation(Provider::Comm100, &exercises(), client);
}

#[tokio::test]
async fn every_answer_of_the_vendor_s_pages_is_read() {
    let client = async |url: String| dash(&url).settings(once()).build().unwrap();
    let answers = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/answers");
    walk::read_every_transcribed_answer(Provider::Comm100, &answers, &exercises(), FEWER, client)
        .await;
}

#[test]
fn every_model_writes_what_it_read() {
    walk::read_every_model(Provider::Comm100, &specimens());
}

#[test]
fn every_webhook_of_the_vendor_s_pages_is_read_in_any_case() {
    let bodies = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/webhooks");
    walk::read_every_webhook(&bodies, &webhooks());
}
