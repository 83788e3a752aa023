//! A command-line program that a person signs in to with the browser.
//!
//! ```sh
//! cargo run -p comm100 --features file-store,loopback --example cli_login
//! ```
//!
//! `--no-browser` opens none, for a session on another machine: then open the address that is shown, with its port
//! forwarded. `--keep DIRECTORY` keeps the tokens there, readable by this user alone, and the next run goes on with them;
//! otherwise they are gone at the end.
//!
//! With `COMM100_PLATFORM`, `COMM100_SITE_ID` and `COMM100_CLIENT_ID` set, it talks to Comm100
//! (`ClientBuilder::from_env` lists all variables), else to a sandbox. A `COMM100_REDIRECT_URI` has to be on loopback,
//! such as `http://127.0.0.1/callback`.
#![expect(clippy::print_stdout, reason = "the program's output is its purpose")]

use std::iter::successors;
use std::process::ExitCode;
use std::{env, error};

use comm100::{
    Client, ClientBuilder, ErrorKind, FileStore, LoopbackSignIn, Method, OAuthClient, Platform,
    Response, Settings,
};
use vendor_sandbox::{Host, Sandbox, credentials};

type Outcome<T> = Result<T, Box<dyn error::Error>>;

/// What was asked for on the command line.
#[derive(Default)]
struct Wishes {
    no_browser: bool,
    keep: Option<String>,
}

#[tokio::main]
async fn main() -> ExitCode {
    if let Err(error) = run().await {
        eprintln!("error: {error}");
        for cause in successors(error.source(), |cause| cause.source()) {
            eprintln!("  caused by: {cause}");
        }
        eprintln!("{}", error.downcast_ref().map_or("Start again.", advice));
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

async fn run() -> Outcome<()> {
    let wishes = read(env::args().skip(1))?;
    // The sandbox ends with its last handle.
    let (builder, path, _sandbox) = match env::var("COMM100_PLATFORM") {
        Ok(address) if !address.trim().is_empty() => {
            let path = match address.parse()? {
                Platform::V2(_) => "/api/v2/livechat/campaigns",
                _ => "/v4/livechat/campaigns",
            };
            (ClientBuilder::from_env()?, path, None)
        }
        _ => {
            println!("COMM100_PLATFORM is not set: this talks to a sandbox on this machine.");
            let sandbox = Sandbox::start().await?;
            let builder = Client::builder(Platform::Dash11)
                .token_base(sandbox.url(Host::Comm100DashPanel))
                .api_base(sandbox.url(Host::Comm100DashApi))
                .site_id(credentials::COMM100_SITE_ID)
                .oauth_client(OAuthClient::new(credentials::COMM100_CLIENT_ID));
            (builder, "/v4/livechat/campaigns", Some(sandbox))
        }
    };
    let mut settings = Settings::new();
    if let Some(directory) = &wishes.keep {
        // The store can hold several persons' tokens; here it is whoever runs this program.
        let store = FileStore::open(directory)?;
        settings = settings.store(store).account("me");
    }
    let (client, answer) = first_call(builder.settings(settings), &wishes, path).await?;
    println!("Signed in. GET {path} answers {}:", answer.status());
    let value: serde_json::Value = answer.json()?;
    for line in format!("{value:#}").lines().take(6) {
        println!("  {line}");
    }
    // A renewal may be under way, or tokens on their way to the directory.
    Ok(client.session().settle().await?)
}

/// Goes on with what was kept, or asks the person.
async fn first_call(
    builder: ClientBuilder,
    wishes: &Wishes,
    path: &str,
) -> Outcome<(Client, Response)> {
    if wishes.keep.is_some() {
        let client = builder.clone().stored_tokens().build()?;
        match client.request(Method::GET, path).send().await {
            Ok(answer) => return Ok((client, answer)),
            // Nothing was kept, or it is of no use any more, which only a call can find out.
            Err(error) if error.kind() == ErrorKind::Reauthorize => {}
            Err(error) => return Err(error.into()),
        }
    }
    let mut sign_in = LoopbackSignIn::new(|url| println!("Sign in at: {url}"));
    if wishes.no_browser {
        sign_in = sign_in.no_browser();
    }
    let client = builder.sign_in_with_browser(&sign_in).await?;
    let answer = client.request(Method::GET, path).send().await?;
    Ok((client, answer))
}

fn read(mut arguments: impl Iterator<Item = String>) -> Outcome<Wishes> {
    let mut wishes = Wishes::default();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--no-browser" => wishes.no_browser = true,
            "--keep" => {
                let directory = arguments.next();
                wishes.keep = Some(directory.ok_or("--keep needs a directory")?);
            }
            other => return Err(format!("`{other}` is neither --no-browser nor --keep").into()),
        }
    }
    Ok(wishes)
}

/// What to do about an error is decided by its kind alone.
fn advice(error: &comm100::Error) -> &'static str {
    match error.kind() {
        ErrorKind::Config => "Set what is missing, or correct what is wrong, and start again.",
        ErrorKind::Permission => "Nobody has approved. Start again, and approve.",
        ErrorKind::Reauthorize => {
            "Start again, and sign in once more: what you had is of no use any more."
        }
        ErrorKind::Timeout => "Start again, and take less time in the browser.",
        _ if error.is_retryable() => "Start again later; nothing has to be changed.",
        _ => "Start again, and if it stays, report it with the lines above.",
    }
}
