//! A first program: signs in to Comm100, calls one resource, and prints the beginning of the answer.
//!
//! With `COMM100_PLATFORM` set (any address of your control panel), it talks to Comm100 as the account that the other
//! `COMM100_…` variables name; `ClientBuilder::from_env` lists them. Without, it starts a sandbox on this machine.
#![expect(clippy::print_stdout, reason = "the program's output is its purpose")]

use std::env;
use std::error::Error as _;
use std::process::ExitCode;

use comm100::{Client, ClientBuilder, Error, ErrorKind, Method, Platform};
use vendor_sandbox::{Host, Sandbox, credentials};

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            let mut cause = error.source();
            while let Some(found) = cause {
                eprintln!("  caused by: {found}");
                cause = found.source();
            }
            eprintln!("{}", advice(&error));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Error> {
    if let Ok(address) = env::var("COMM100_PLATFORM") {
        println!("COMM100_PLATFORM is set: this talks to {address}.");
        let client = ClientBuilder::from_env()?.build()?;
        // Paths start at the host's root, version included.
        return match address.parse()? {
            Platform::V2(_) => show(&client, "/api/v2/livechat/campaigns").await,
            _ => show(&client, "/v4/livechat/campaigns").await,
        };
    }
    println!("COMM100_PLATFORM is not set: this talks to a sandbox on this machine.");
    let sandbox = Sandbox::start()
        .await
        .map_err(|error| Error::config("sandbox", error))?;
    // A real account needs neither `token_base` nor `api_base`: they follow from the platform.
    let client = Client::builder(Platform::Dash11)
        .token_base(sandbox.url(Host::Comm100DashPanel))
        .api_base(sandbox.url(Host::Comm100DashApi))
        .site_id(credentials::COMM100_SITE_ID)
        .api_key(credentials::COMM100_EMAIL, credentials::COMM100_API_KEY)
        .build()?;
    show(&client, "/v4/livechat/campaigns").await
}

async fn show(client: &Client, path: &str) -> Result<(), Error> {
    // The first call would sign in as well; this way a wrong credential shows before it.
    client.sign_in().await?;
    let answer = client.request(Method::GET, path).send().await?;
    let value: serde_json::Value = answer.json()?;
    println!("GET {path} answers {}:", answer.status());
    for line in format!("{value:#}").lines().take(12) {
        println!("  {line}");
    }
    Ok(())
}

/// What to do about an error is decided by its kind alone.
fn advice(error: &Error) -> &'static str {
    match error.kind() {
        ErrorKind::Config => "Set what is missing, or correct what is wrong, and start again.",
        ErrorKind::Connect => "Check the network and the address, then try again.",
        ErrorKind::Unauthorized => "Check the credentials in the control panel.",
        ErrorKind::Reauthorize => "A person has to sign in again in the browser.",
        ErrorKind::Permission => "The account may not read this; ask its administrator.",
        ErrorKind::NotFound => "Check that the platform is the one of your control panel.",
        _ if error.is_retryable() => "Try again later; nothing has to be changed.",
        _ => "Try again, and if it stays, report it with the line above.",
    }
}
