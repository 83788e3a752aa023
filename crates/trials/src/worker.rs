//! Makes authorized calls in a loop and prints one line for each event: one of the processes of a trial.
//!
//! | line | when |
//! |---|---|
//! | `ready` | once, before the first call |
//! | `call ok 7` | the seventh call that worked |
//! | `reauthorize` | a call was told that a person must sign in again |
//! | `call failed Store retryable token store: lock: ...` | any other failure, with its causes; `final` where it is not retryable |
//! | `health fresh saved` | the session's health is another than before: its state in a word, and whether the store has the latest tokens or not (`unsaved`) |
//!
//! The client's own variables say who signs in (`ClientBuilder::from_env`); a Comm100 client without credentials goes on
//! with what the store has.
//!
//! | variable | what it holds |
//! |---|---|
//! | `TRIAL_VENDOR` | `comm100` or `webcommander` |
//! | `TRIAL_STORE` | `file:DIRECTORY`, or the URL of a Redis server |
//! | `TRIAL_ACCOUNT` | whose tokens these are |
//! | `TRIAL_PAUSE_MS` | the time between two calls; 10 unless set |
//! | `TRIAL_SECONDS` | when to end; 120 unless set |
//! | `TRIAL_TOKEN_TIMEOUT_MS`, `TRIAL_STORE_TIMEOUT_MS`, `TRIAL_CALL_DEADLINE_MS` | the settings of these names |
//!
//! It ends earlier where its standard input does, so that none outlives the test that started it.
#![forbid(unsafe_code)]

use std::error::Error as _;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::str::FromStr;
use std::time::{Duration, Instant};
use std::{env, thread};

use comm100::{
    Call, Error, ErrorKind, FileStore, HealthState, Method, RedisStore, Session, Settings,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    thread::spawn(end_with_input);
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            writeln!(io::stderr(), "error: {}", with_causes(&error)).ok();
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Error> {
    let end = Instant::now() + Duration::from_secs(number("TRIAL_SECONDS")?.unwrap_or(120));
    let pause = Duration::from_millis(number("TRIAL_PAUSE_MS")?.unwrap_or(10));
    let client = Client::from_env()?;
    tokio::spawn(tell_health(client.session().clone()));
    say("ready");
    let mut calls = 0_u64;
    while Instant::now() < end {
        match client.call().send().await {
            Ok(_) => {
                calls += 1;
                say(&format!("call ok {calls}"));
            }
            Err(error) if error.kind() == ErrorKind::Reauthorize => say("reauthorize"),
            Err(error) => say(&failed(&error)),
        }
        tokio::time::sleep(pause).await;
    }
    Ok(())
}

/// A client of either vendor.
enum Client {
    Comm100(comm100::Client),
    WebCommander(webcommander::Client),
}

impl Client {
    fn from_env() -> Result<Self, Error> {
        match text("TRIAL_VENDOR")?.as_str() {
            "comm100" => {
                let builder = comm100::ClientBuilder::from_env()?.stored_tokens();
                Ok(Self::Comm100(builder.settings(settings()?).build()?))
            }
            "webcommander" => {
                let builder = webcommander::ClientBuilder::from_env()?;
                Ok(Self::WebCommander(builder.settings(settings()?).build()?))
            }
            _ => Err(Error::config("TRIAL_VENDOR", "is no vendor of the trials")),
        }
    }

    fn call(&self) -> Call<'_> {
        match self {
            Self::Comm100(client) => client.request(Method::GET, "/v4/livechat/campaigns"),
            Self::WebCommander(client) => client.request(Method::GET, "/api/v4/admin/customers"),
        }
    }

    fn session(&self) -> &Session {
        match self {
            Self::Comm100(client) => client.session(),
            Self::WebCommander(client) => client.session(),
        }
    }
}

fn settings() -> Result<Settings, Error> {
    let mut settings = Settings::new()
        .account(text("TRIAL_ACCOUNT")?)
        .no_rate_limiter();
    let place = text("TRIAL_STORE")?;
    settings = match place.strip_prefix("file:") {
        Some(directory) => settings.store(FileStore::open(directory)?),
        None => settings.store(RedisStore::new(place)?),
    };
    if let Some(limit) = milliseconds("TRIAL_TOKEN_TIMEOUT_MS")? {
        settings = settings.token_timeout(limit);
    }
    if let Some(limit) = milliseconds("TRIAL_STORE_TIMEOUT_MS")? {
        settings = settings.store_timeout(limit);
    }
    if let Some(limit) = milliseconds("TRIAL_CALL_DEADLINE_MS")? {
        settings = settings.call_deadline(limit);
    }
    Ok(settings)
}

/// Follows the session's health.
async fn tell_health(session: Session) {
    let mut watch = session.watch_health();
    loop {
        let health = watch.changed().await;
        let state = match health.state {
            HealthState::Fresh => "fresh",
            HealthState::Stale => "stale",
            HealthState::BackingOff { .. } => "backing-off",
            HealthState::NeedsPerson => "needs-person",
            _ => "unknown",
        };
        let saved = if health.is_saved { "saved" } else { "unsaved" };
        say(&format!("health {state} {saved}"));
    }
}

fn failed(error: &Error) -> String {
    let again = if error.is_retryable() {
        "retryable"
    } else {
        "final"
    };
    let (kind, causes) = (error.kind(), with_causes(error));
    format!("call failed {kind:?} {again} {causes}")
}

/// The error and its causes in one line.
fn with_causes(error: &Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(&format!(": {error}"));
        cause = error.source();
    }
    line.replace('\n', " ")
}

fn text(name: &str) -> Result<String, Error> {
    env::var(name).map_err(|_| Error::config(name, "is missing"))
}

fn number<N: FromStr>(name: &str) -> Result<Option<N>, Error> {
    let Ok(text) = env::var(name) else {
        return Ok(None);
    };
    let number = text.parse().ok();
    number
        .map(Some)
        .ok_or_else(|| Error::config(name, "is not a number"))
}

fn milliseconds(name: &str) -> Result<Option<Duration>, Error> {
    Ok(number(name)?.map(Duration::from_millis))
}

/// Who reads no more needs no more calls.
fn say(line: &str) {
    if writeln!(io::stdout(), "{line}").is_err() {
        std::process::exit(0);
    }
}

/// Waits for the end of standard input, which the parent holds open as long as it lives.
fn end_with_input() {
    io::copy(&mut io::stdin(), &mut io::sink()).ok();
    std::process::exit(0);
}
