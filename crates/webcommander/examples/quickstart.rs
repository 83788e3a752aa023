//! A first program: signs in to WebCommander, lists customers, and prints the beginning of the answer.
//!
//! With `WC_BASE_URL`, `WC_CLIENT_ID`, `WC_CLIENT_SECRET`, `WC_REDIRECT_URI` and `WC_AUTH_STRING` set, it talks to that
//! store. Without, it starts a sandbox on this machine.
#![expect(clippy::print_stdout, reason = "the program's output is its purpose")]

use std::env;
use std::error::Error as _;
use std::process::ExitCode;

use vendor_sandbox::{Host, Sandbox, credentials};
use webcommander::{Client, ClientBuilder, Error, ErrorKind, Method};

const CUSTOMERS: &str = "/api/v4/admin/customers";

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
    if let Ok(address) = env::var("WC_BASE_URL") {
        println!("WC_BASE_URL is set: this talks to {address}.");
        return show(&ClientBuilder::from_env()?.build()?).await;
    }
    println!("WC_BASE_URL is not set: this talks to a sandbox on this machine.");
    let sandbox = Sandbox::start()
        .await
        .map_err(|error| Error::config("sandbox", error))?;
    let client = Client::builder(sandbox.url(Host::WebCommander))
        .application(
            credentials::WEBCOMMANDER_CLIENT_ID,
            credentials::WEBCOMMANDER_CLIENT_SECRET,
            credentials::WEBCOMMANDER_REDIRECT_URI,
        )
        .user(
            credentials::WEBCOMMANDER_USERNAME,
            credentials::WEBCOMMANDER_PASSWORD,
        )
        .build()?;
    show(&client).await
}

async fn show(client: &Client) -> Result<(), Error> {
    // The first call would sign in as well; this way a wrong credential shows before it.
    client.sign_in().await?;
    let call = client.request(Method::GET, CUSTOMERS).query("limit", 3);
    let answer = call.send().await?;
    let value: serde_json::Value = answer.json()?;
    println!("GET {CUSTOMERS} answers {}:", answer.status());
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
        ErrorKind::Unauthorized => "Check application, redirect URI, user name and password.",
        ErrorKind::Permission => "The store user may not read this; ask the store's administrator.",
        ErrorKind::NotFound => "Check that the address is the one of your store.",
        _ if error.is_retryable() => "Try again later; nothing has to be changed.",
        _ => "Try again, and if it stays, report it with the line above.",
    }
}
