//! For a program that is one process: nothing has to be set up, the tokens live in its memory.
//!
//! Any number of tasks share one client and its token: the first call signs in, and a renewal is one request, whoever
//! needs it. After a restart the program signs in again, so this is for sign-ins that need no person.
//!
//! ```sh
//! cargo run -p comm100 --example one_process
//! ```
//!
//! It talks to a sandbox on this machine; no account is needed.
#![expect(clippy::print_stdout, reason = "the program's output is its purpose")]

use std::error::Error;
use std::time::Duration;

use comm100::{Client, Method, OAuthClient, Platform, Settings};
use tokio::task::JoinSet;
use vendor_sandbox::{Host, Sandbox, credentials};

const TASKS: usize = 500;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt::init(); // silent, unless RUST_LOG says what to show: RUST_LOG=debug
    let sandbox = Sandbox::builder().token_latency(Duration::from_millis(50));
    let sandbox = sandbox.start().await?;

    // With a real account: `Platform::hosted()` or the address of your control panel.
    let client = Client::builder(Platform::v2(sandbox.url(Host::Comm100Hosted)))
        .site_id(credentials::COMM100_SITE_ID)
        .oauth_client(
            OAuthClient::new(credentials::COMM100_CLIENT_ID)
                .secret(credentials::COMM100_CLIENT_SECRET)
                .redirect_uri(credentials::COMM100_REDIRECT_URI),
        )
        .client_credentials()
        .settings(Settings::new().call_deadline(Duration::from_secs(30)))
        .build()?;

    // Clones are the same client.
    let mut tasks = JoinSet::new();
    for _ in 0..TASKS {
        let client = client.clone();
        tasks.spawn(async move {
            let call = client.request(Method::GET, "/api/v2/livechat/campaigns");
            call.send().await
        });
    }
    let mut calls = 0;
    while let Some(ended) = tasks.join_next().await {
        ended??;
        calls += 1;
    }
    let requests = sandbox.token_requests(Host::Comm100Hosted);
    println!("{TASKS} tasks, {calls} calls, token requests: {requests}");
    if requests != 1 {
        return Err(format!("{requests} token requests instead of 1").into());
    }
    Ok(())
}
