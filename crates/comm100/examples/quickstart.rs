//! A first program: signs in to Comm100, calls one resource, renews the token, and gets over a failure of the API.
//!
//! With `COMM100_PLATFORM` set, it talks to Comm100 (`ClientBuilder::from_env` lists all variables), else to a sandbox.
#![expect(clippy::print_stdout, reason = "the program's output is its purpose")]

use std::iter::successors;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, error};

use comm100::{
    Client, ClientBuilder, Error, ErrorKind, Method, OAuthClient, Platform, Session, Settings,
};
use tokio::task::JoinSet;
use vendor_sandbox::{Endpoint, Fault, Host, Injection, Sandbox, credentials};

type Outcome = Result<(), Box<dyn error::Error>>;

/// How many token sets the vendor has issued to this program.
static TOKEN_SETS: AtomicUsize = AtomicUsize::new(0);
const CAMPAIGNS: &str = "/v4/livechat/campaigns";

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
    let address = env::var("COMM100_PLATFORM").unwrap_or_default();
    if !address.trim().is_empty() {
        println!(
            "COMM100_PLATFORM is set: this talks to what the variables name, and no fault is injected."
        );
        let client = ClientBuilder::from_env()?.settings(settings).build()?;
        let path = match address.parse()? {
            Platform::V2(_) => "/api/v2/livechat/campaigns",
            #[cfg(feature = "partner")]
            Platform::PartnerV4 => "/v4/global/sites",
            _ => CAMPAIGNS,
        };
        show(&client, path).await?;
        // This costs one token request, or two where the refresh token is not taken.
        return renew(client.session()).await;
    }
    println!("COMM100_PLATFORM is not set: this talks to a sandbox on this machine.");
    let sandbox = Sandbox::start().await?;
    // A real account needs neither `token_base` nor `api_base`: the platform has them.
    let application = OAuthClient::new(credentials::COMM100_CLIENT_ID);
    let builder = Client::builder(Platform::Dash11)
        .token_base(sandbox.url(Host::Comm100DashPanel))
        .api_base(sandbox.url(Host::Comm100DashApi))
        .site_id(credentials::COMM100_SITE_ID)
        .oauth_client(application.redirect_uri(credentials::COMM100_REDIRECT_URI))
        .settings(settings);
    let (url, pending) = builder.authorization_request()?.start()?;
    // In real life a person opens `url`, and Comm100 sends the browser on to the redirect URI.
    let code = pending.check(&sandbox.approve(url.as_str()).await?)?;
    let client = builder.authorization_code(code).build()?;
    show(&client, CAMPAIGNS).await?;
    renew(client.session()).await?;
    sandbox.inject(Injection::new(Fault::status(503)).endpoint(Endpoint::Api));
    show(&client, CAMPAIGNS).await?;
    match sandbox.api_requests(Host::Comm100DashApi) {
        3 => println!("2 calls, 3 requests: one was answered with 503, and its call worked"),
        other => return Err(format!("2 calls, {other} requests instead of 3").into()),
    }
    Ok(())
}

/// Signs in, so that a wrong credential shows at once; then calls one resource and prints the answer's beginning.
async fn show(client: &Client, path: &str) -> Outcome {
    client.sign_in().await?;
    let answer = client.request(Method::GET, path).send().await?;
    println!("GET {path} answers {}:", answer.status());
    let value: serde_json::Value = answer.json()?;
    for line in format!("{value:#}").lines().take(6) {
        println!("  {line}");
    }
    Ok(())
}

/// Does what 100 calls do that were all answered with 401: each asks for a newer token than the refused one.
async fn renew(session: &Session) -> Outcome {
    if !session.can_renew() {
        println!("An API key has no lifetime: it never expires, and nothing is renewed.");
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
        ErrorKind::Unauthorized | ErrorKind::Permission => "Check credentials and rights.",
        _ if error.is_retryable() => "Try again later; nothing has to be changed.",
        _ => "Try again, and if it stays, report it with the lines above.",
    }
}
