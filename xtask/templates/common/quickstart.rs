//! A first program: signs in to {{Title}}, calls it, renews the token, and gets over a failure of the API.
//!
//! With {{variable_names}} set, it talks to that server. Without, it starts a sandbox on this machine.
#![expect(clippy::print_stdout, reason = "the program's output is its purpose")]

use std::iter::successors;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, error};

use {{name}}::{Client, ClientBuilder, Error, ErrorKind, Method, Session, Settings};
use tokio::task::JoinSet;
use vendor_sandbox::{Endpoint, Fault, Host, Injection, Sandbox, credentials};

type Outcome = Result<(), Box<dyn error::Error>>;

/// How many token sets the vendor has issued to this program.
static TOKEN_SETS: AtomicUsize = AtomicUsize::new(0);
const PROBE: &str = "{{probe}}";

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
    let address = env::var("{{NAME}}_BASE_URL").unwrap_or_default();
    if !address.trim().is_empty() {
        println!(
            "{{NAME}}_BASE_URL is set: this talks to what the variables name, and no fault is injected."
        );
        let builder = ClientBuilder::from_env()?.settings(settings);
        {{quickstart_real}}
        show(&client).await?;
        return renew(client.session()).await;
    }
    println!("{{NAME}}_BASE_URL is not set: this talks to a sandbox on this machine.");
    let sandbox = Sandbox::start().await?;
    {{quickstart_sandbox}}
    show(&client).await?;
    renew(client.session()).await?;
    sandbox.inject(Injection::new(Fault::status(503)).endpoint(Endpoint::Api));
    show(&client).await?;
    match sandbox.api_requests(Host::{{Title}}) {
        3 => println!("2 calls, 3 requests: one was answered with 503, and its call worked"),
        other => return Err(format!("2 calls, {other} requests instead of 3").into()),
    }
    Ok(())
}

/// Signs in, so that a wrong credential shows at once; then makes one call and prints the answer's beginning.
async fn show(client: &Client) -> Outcome {
    client.sign_in().await?;
    let answer = client.request(Method::GET, PROBE).send().await?;
    println!("GET {PROBE} answers {}:", answer.status());
    let value: serde_json::Value = answer.json()?;
    for line in format!("{value:#}").lines().take(6) {
        println!("  {line}");
    }
    Ok(())
}

/// Does what 100 calls do that were all answered with 401: each asks for a newer token than the refused one.
async fn renew(session: &Session) -> Outcome {
    if {{cannot_renew}} {
        println!("Nothing is renewed: {{no_renewal}}.");
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
        ErrorKind::Unauthorized => "Check the credentials.",
        ErrorKind::Permission => "The credentials may not read this; ask who made them.",
        ErrorKind::NotFound => "Check that the address is the right one.",
        ErrorKind::Reauthorize => "A person has to sign in again.",
        _ if error.is_retryable() => "Try again later; nothing has to be changed.",
        _ => "Try again, and if it stays, report it with the lines above.",
    }
}
