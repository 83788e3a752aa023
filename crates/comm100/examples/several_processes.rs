//! For several processes on one machine: a directory holds the tokens, one process renews them, all go on.
//!
//! A person signs in once, in whichever process serves the callback; the others take the tokens from the directory. The
//! vendor takes each refresh token once only, so without the store's lock the processes would lock each other out.
//!
//! ```sh
//! cargo run -p comm100 --features file-store --example several_processes
//! ```
//!
//! It talks to a sandbox on this machine, whose tokens live for two seconds; no account is needed.
#![expect(clippy::print_stdout, reason = "the program's output is its purpose")]

use std::error::Error;
use std::path::Path;
use std::time::Duration;
use std::{env, iter};

use comm100::{Client, ClientBuilder, FileStore, Method, OAuthClient, Platform, Settings};
use tokio::process::Command;
use tokio::time::{Instant, sleep};
use vendor_sandbox::{Host, Sandbox, credentials};

type Outcome = Result<(), Box<dyn Error>>;

const PROCESSES: usize = 4;
const SPAN: Duration = Duration::from_secs(6);

#[tokio::main]
async fn main() -> Outcome {
    tracing_subscriber::fmt::init(); // silent, unless RUST_LOG says what to show: RUST_LOG=debug
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.as_slice() {
        [] => start_all().await,
        [directory, panel, api] => make_calls(builder(directory.as_ref(), panel, api)?).await,
        _ => Err("this program takes no arguments".into()),
    }
}

/// The same in each process: whose account it is, and where its tokens are kept.
fn builder(directory: &Path, panel: &str, api: &str) -> Result<ClientBuilder, comm100::Error> {
    let settings = Settings::new()
        .store(FileStore::open(directory)?)
        .account("jo@example.com"); // the store can hold the tokens of several persons
    Ok(Client::builder(Platform::Dash11)
        .token_base(panel) // a real account needs neither this nor the next
        .api_base(api)
        .site_id(credentials::COMM100_SITE_ID)
        .oauth_client(
            OAuthClient::new(credentials::COMM100_CLIENT_ID)
                .redirect_uri(credentials::COMM100_REDIRECT_URI),
        )
        .settings(settings))
}

/// Where the person's callback arrives: exchanges the code, and so puts the first tokens into the directory.
async fn sign_in(sandbox: &Sandbox, builder: ClientBuilder) -> Outcome {
    let (url, pending) = builder.authorization_request()?.start()?;
    let callback = sandbox.approve(url.as_str()).await?; // in real life: the person, in a browser
    let client = builder
        .authorization_code(pending.check(&callback)?)
        .build()?;
    Ok(client.sign_in().await?)
}

/// What each of the processes does.
async fn make_calls(builder: ClientBuilder) -> Outcome {
    let client = builder.stored_tokens().build()?;
    let end = Instant::now() + SPAN;
    while Instant::now() < end {
        let call = client.request(Method::GET, "/v4/livechat/campaigns");
        call.send().await?; // `ErrorKind::Reauthorize` here would mean: send a person to the sign-in page
        sleep(Duration::from_millis(100)).await;
    }
    // A renewal may be under way in the background; cut off here, it could cost the sign-in.
    Ok(client.session().settle().await?)
}

async fn start_all() -> Outcome {
    let sandbox = Sandbox::builder().token_lifetime(Duration::from_secs(2));
    let sandbox = sandbox.start().await?;
    let panel = sandbox.url(Host::Comm100DashPanel);
    let api = sandbox.url(Host::Comm100DashApi);
    let temporary = tempfile::tempdir()?; // with a real account, a directory that stays
    let directory = temporary.path().join("tokens"); // made by the store, for this user alone
    sign_in(&sandbox, builder(&directory, panel, api)?).await?;

    let start = || {
        let mut command = Command::new(env::current_exe()?);
        command.arg(&directory).args([panel, api]);
        command.kill_on_drop(true).spawn()
    };
    let processes: Vec<_> = iter::repeat_with(start).take(PROCESSES).collect();
    for process in processes {
        let status = process?.wait().await?;
        if !status.success() {
            return Err(format!("a process ended with {status}").into());
        }
    }

    let calls = sandbox.api_requests(Host::Comm100DashApi);
    let requests = sandbox.token_requests(Host::Comm100DashPanel);
    println!("{PROCESSES} processes, {calls} calls in {SPAN:?}, token requests: {requests}");
    match sandbox.reuse_detected() {
        0 => println!("no refresh token was sent twice"),
        times => return Err(format!("a refresh token was sent again, {times} times").into()),
    }
    Ok(())
}
