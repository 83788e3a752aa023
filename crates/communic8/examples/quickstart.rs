//! A first program: signs in to Communic8, lists the channels, renews the token, and gets over a failure of the API.
//!
//! With `COMMUNIC8_BASE_URL` and `COMMUNIC8_TOKEN_VALUE` set (and `COMMUNIC8_TOKEN_ID`, where support has switched
//! OAuth 2.0 on), it talks to that instance. Without, it starts a sandbox on this machine.
#![expect(clippy::print_stdout, reason = "the program's output is its purpose")]

use std::iter::successors;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, error};

use communic8::{Client, ClientBuilder, Error, ErrorKind, Method, Session, Settings};
use tokio::task::JoinSet;
use vendor_sandbox::{Endpoint, Fault, Host, Injection, Sandbox, credentials};

type Outcome = Result<(), Box<dyn error::Error>>;

/// How many token sets the vendor has issued to this program.
static TOKEN_SETS: AtomicUsize = AtomicUsize::new(0);
const CHANNELS: &str = "/int/v1/channel";

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt::init(); // silent, unless RUST_LOG says what to show: RUST_LOG=debug
    if let Err(error) = run().await {
        eprintln!("error: {error}");
        for cause in successors(error.source(), |cause| cause.source()) {
            eprintln!("  caused by: {cause}");
        }
        eprintln!("{}", error.downcast_ref().map_or("Report it.", advice));
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

async fn run() -> Outcome {
    let settings = Settings::new().on_renewed(|_| {
        TOKEN_SETS.fetch_add(1, Ordering::Relaxed);
    });
    let address = env::var("COMMUNIC8_BASE_URL").unwrap_or_default();
    if !address.trim().is_empty() {
        println!(
            "COMMUNIC8_BASE_URL is set: this talks to what the variables name, and no fault is injected."
        );
        let client = ClientBuilder::from_env()?.settings(settings).build()?;
        show(&client).await?;
        // With OAuth 2.0 this costs one token request.
        return renew(client.session()).await;
    }
    println!("COMMUNIC8_BASE_URL is not set: this talks to a sandbox on this machine.");
    let sandbox = Sandbox::start().await?;
    let client = Client::builder(sandbox.url(Host::Communic8))
        .client_credentials(
            credentials::COMMUNIC8_TOKEN_ID,
            credentials::COMMUNIC8_TOKEN,
        )
        .settings(settings)
        .build()?;
    show(&client).await?;
    renew(client.session()).await?;
    sandbox.inject(Injection::new(Fault::status(503)).endpoint(Endpoint::Api));
    show(&client).await?;
    match sandbox.api_requests(Host::Communic8) {
        3 => println!("2 calls, 3 requests: one was answered with 503, and its call worked"),
        other => return Err(format!("2 calls, {other} requests instead of 3").into()),
    }
    Ok(())
}

/// Signs in, so that a wrong credential shows at once; then calls one resource and prints the answer's beginning.
async fn show(client: &Client) -> Outcome {
    client.sign_in().await?;
    let answer = client.request(Method::GET, CHANNELS).send().await?;
    println!("GET {CHANNELS} answers {}:", answer.status());
    let value: serde_json::Value = answer.json()?;
    for line in format!("{value:#}").lines().take(6) {
        println!("  {line}");
    }
    Ok(())
}

/// Does what 100 calls do that were all answered with 401: each asks for a newer token than the refused one.
async fn renew(session: &Session) -> Outcome {
    if !session.can_renew() {
        println!("A static token has no lifetime: it never expires, and nothing is renewed.");
        return Ok(());
    }
    let refused = session.authorization().await?.generation();
    let before = TOKEN_SETS.load(Ordering::Relaxed);
    let ask = |session: Session| async move { session.renew(refused).await };
    let callers: JoinSet<_> = (0..100).map(|_| ask(session.clone())).collect();
    let answers = callers.join_all().await.into_iter();
    answers.collect::<Result<Vec<_>, _>>()?;
    match TOKEN_SETS.load(Ordering::Relaxed) - before {
        1 => println!("100 callers, 1 renewal"),
        other => return Err(format!("100 callers, {other} renewals").into()),
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
        _ => "Try again, and if it stays, report it with the lines above.",
    }
}
