//! For processes on many machines: a Redis server holds the tokens, one process renews them, all go on.
//!
//! As `several_processes`, with another store; each process here stands for one on a machine of its own.
//!
//! ```sh
//! cargo run -p comm100 --features redis --example fleet
//! REDIS_URL=redis://127.0.0.1:6379/ cargo run -p comm100 --features redis --example fleet
//! ```
//!
//! Without `REDIS_URL` it starts a `redis-server` of its own. It talks to a sandbox on this machine, whose tokens live
//! for two seconds; no account is needed.
#![expect(clippy::print_stdout, reason = "the program's output is its purpose")]

use std::error::Error;
use std::process::Stdio;
use std::time::Duration;
use std::{env, iter};

use comm100::{Client, ClientBuilder, Method, OAuthClient, Platform, RedisStore, Settings};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};
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
        [panel, api] => make_calls(builder(&env::var("REDIS_URL")?, panel, api)?).await,
        _ => Err("this program takes no arguments".into()),
    }
}

/// The same on each machine: whose account it is, and where its tokens are kept.
fn builder(redis: &str, panel: &str, api: &str) -> Result<ClientBuilder, comm100::Error> {
    let settings = Settings::new()
        .store(RedisStore::new(redis)?) // `rediss://` with TLS; the tokens are kept there in clear
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
    let (_server, redis) = match env::var("REDIS_URL") {
        Ok(url) => (None, url),
        Err(_) => match own_server().await? {
            Some((server, url)) => (Some(server), url),
            None => {
                println!("skipped: no REDIS_URL is set, and no `redis-server` installed");
                println!("(Debian: apt-get install redis-server)");
                return Ok(());
            }
        },
    };
    let sandbox = Sandbox::builder().token_lifetime(Duration::from_secs(2));
    let sandbox = sandbox.start().await?;
    let panel = sandbox.url(Host::Comm100DashPanel);
    let api = sandbox.url(Host::Comm100DashApi);
    // Where the person's callback arrives: the code is exchanged, and the first tokens go to the server.
    let builder = builder(&redis, panel, api)?;
    let (url, pending) = builder.authorization_request()?.start()?;
    let callback = sandbox.approve(url.as_str()).await?; // in real life: the person, in a browser
    let client = builder
        .authorization_code(pending.check(&callback)?)
        .build()?;
    client.sign_in().await?;

    let start = || {
        let mut command = Command::new(env::current_exe()?);
        command.args([panel, api]).env("REDIS_URL", &redis); // no argument: it may hold a password
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

/// A server on a free port of loopback, for as long as the child is kept, and its URL; `None` where none is installed.
async fn own_server() -> Result<Option<(Child, String)>, Box<dyn Error>> {
    let free = TcpListener::bind("127.0.0.1:0").await?;
    let address = free.local_addr()?;
    drop(free);
    let mut command = Command::new("redis-server");
    command.args(["--bind", "127.0.0.1", "--port", &address.port().to_string()]);
    command.args(["--save", ""]).stdout(Stdio::null());
    let Ok(mut child) = command.kill_on_drop(true).spawn() else {
        return Ok(None);
    };
    while TcpStream::connect(address).await.is_err() {
        if let Some(status) = child.try_wait()? {
            return Err(format!("redis-server ended with {status}").into());
        }
        sleep(Duration::from_millis(50)).await;
    }
    Ok(Some((child, format!("redis://{address}/"))))
}
