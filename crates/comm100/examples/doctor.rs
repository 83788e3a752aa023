//! Prints what a support ticket should say of this machine's Comm100 client: no secret, and what to do next.
//!
//! With `COMM100_PLATFORM` set, it signs in to Comm100 as `ClientBuilder::from_env` says, and ends with a failure where
//! something is broken. Without, it shows a client of a sandbox on this machine twice: well, and ill.
#![expect(clippy::print_stdout, reason = "the program's output is its purpose")]

use std::process::ExitCode;
use std::{env, error};

use comm100::{Client, ClientBuilder, Diagnosis, FindingState, Method, OAuthClient, Platform};
use vendor_sandbox::{Host, Sandbox, credentials};

const ELSEWHERE: &str = "\nYour program's own store, and a person's sign-in, can't be looked at from here: there, print \
                         `client.diagnose().await`.";

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt::init(); // silent, unless RUST_LOG says what to show: RUST_LOG=debug
    let is_real = env::var("COMM100_PLATFORM").is_ok_and(|address| !address.trim().is_empty());
    let outcome = match is_real {
        true => real().await,
        false => sandbox().await,
    };
    match outcome {
        Ok(diagnosis) if is_real && diagnosis.worst().state() == FindingState::Broken => {
            ExitCode::FAILURE
        }
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("There is no client to look over: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn real() -> Result<Diagnosis, Box<dyn error::Error>> {
    let path = match env::var("COMM100_PLATFORM")?.parse()? {
        Platform::V2(_) => "/api/v2/livechat/campaigns",
        #[cfg(feature = "partner")]
        Platform::PartnerV4 => "/v4/global/sites",
        _ => "/v4/livechat/campaigns",
    };
    let client = ClientBuilder::from_env()?.build();
    let client = client.inspect_err(|_| println!("{ELSEWHERE}"))?;
    // Whatever comes of these is among the findings.
    let _ = client.sign_in().await;
    let _ = client.request(Method::GET, path).send().await;
    let diagnosis = show(&client).await;
    println!("{ELSEWHERE}");
    Ok(diagnosis)
}

async fn sandbox() -> Result<Diagnosis, Box<dyn error::Error>> {
    println!("COMM100_PLATFORM is not set: this looks at clients of a sandbox on this machine.\n");
    let sandbox = Sandbox::start().await?;
    let application = OAuthClient::new(credentials::COMM100_CLIENT_ID);
    let builder = Client::builder(Platform::Dash11)
        .token_base(sandbox.url(Host::Comm100DashPanel))
        .api_base(sandbox.url(Host::Comm100DashApi))
        .site_id(credentials::COMM100_SITE_ID)
        .oauth_client(application.redirect_uri(credentials::COMM100_REDIRECT_URI));
    let (url, pending) = builder.authorization_request()?.start()?;
    let code = pending.check(&sandbox.approve(url.as_str()).await?)?;
    let client = builder.authorization_code(code).build()?;
    client.sign_in().await?;
    show(&client).await;

    println!("\n\nThe person's sign-in is revoked, and the next call finds out:\n");
    sandbox.revoke_access_tokens(Host::Comm100DashPanel);
    sandbox.revoke_refresh_tokens(Host::Comm100DashPanel);
    let call = client.request(Method::GET, "/v4/livechat/campaigns").send();
    match call.await {
        Ok(_) => Err("a revoked token was taken".into()),
        Err(_) => Ok(show(&client).await),
    }
}

async fn show(client: &Client) -> Diagnosis {
    let diagnosis = client.diagnose().await;
    println!("{diagnosis}");
    diagnosis
}
