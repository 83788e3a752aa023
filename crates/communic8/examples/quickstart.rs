//! A first program: signs in to Communic8, lists the channels, and prints the beginning of the answer.
//!
//! With `COMMUNIC8_BASE_URL` and `COMMUNIC8_TOKEN_VALUE` set (and `COMMUNIC8_TOKEN_ID`, where support has switched
//! OAuth 2.0 on), it talks to that instance. Without, it starts a sandbox on this machine.
#![expect(clippy::print_stdout, reason = "the program's output is its purpose")]

use std::env;
use std::error::Error as _;
use std::process::ExitCode;

use communic8::{Client, ClientBuilder, Error, ErrorKind, Method};
use vendor_sandbox::{Host, Sandbox, credentials};

const CHANNELS: &str = "/int/v1/channel";

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
    if let Ok(address) = env::var("COMMUNIC8_BASE_URL") {
        println!("COMMUNIC8_BASE_URL is set: this talks to {address}.");
        return show(&ClientBuilder::from_env()?.build()?).await;
    }
    println!("COMMUNIC8_BASE_URL is not set: this talks to a sandbox on this machine.");
    let sandbox = Sandbox::start()
        .await
        .map_err(|error| Error::config("sandbox", error))?;
    let client = Client::builder(sandbox.url(Host::Communic8))
        .static_token(credentials::COMMUNIC8_TOKEN)
        .build()?;
    show(&client).await
}

async fn show(client: &Client) -> Result<(), Error> {
    // The first call would sign in as well; this way a wrong credential shows before it.
    client.sign_in().await?;
    let answer = client.request(Method::GET, CHANNELS).send().await?;
    let value: serde_json::Value = answer.json()?;
    println!("GET {CHANNELS} answers {}:", answer.status());
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
        ErrorKind::Unauthorized => "Check the token, and which sign-in support has switched on.",
        ErrorKind::Permission => "The token may not read this; ask the instance's administrator.",
        ErrorKind::NotFound => "Check that the address is the one of your instance.",
        _ if error.is_retryable() => "Try again later; nothing has to be changed.",
        _ => "Try again, and if it stays, report it with the line above.",
    }
}
