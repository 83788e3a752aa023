//! Writes yesterday's chats into a CSV file: one line a chat, from all pages of the search.
//!
//! ```sh
//! cargo run -p comm100 --example export_chats -- chats.csv
//! ```
//!
//! Yesterday is that of UTC, and all times in the file are UTC. Without a path the file goes into the directory for
//! temporary files. It is there whole or not at all: it gets its name when its last line is written.
//!
//! With `COMM100_PLATFORM` set, it talks to Comm100 (`ClientBuilder::from_env` lists all variables), else to a sandbox.
#![expect(clippy::print_stdout, reason = "the program's output is its purpose")]

use std::iter::successors;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, SystemTime};
use std::{env, error};

use comm100::livechat::{
    Chat, ChatAgent, ChatInclude, ChatSearch, ChatSortBy, ChatSortOrder, SearchChats,
};
use comm100::model::{DateTime, NaiveDate, Time, Utc};
use comm100::{Client, ClientBuilder, Platform};
use indicatif::{ProgressBar, ProgressStyle};
use tempfile::NamedTempFile;
use vendor_sandbox::{Host, Sandbox, credentials};

type Outcome = Result<(), Box<dyn error::Error>>;

const HEADER: [&str; 10] = [
    "id",
    "start_utc",
    "end_utc",
    "duration_seconds",
    "status",
    "source",
    "visitor",
    "email",
    "agents",
    "department_id",
];

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt::init(); // silent, unless RUST_LOG says what to show: RUST_LOG=debug
    if let Err(error) = run().await {
        eprintln!("error: {error}");
        for cause in successors(error.source(), |cause| cause.source()) {
            eprintln!("  caused by: {cause}");
        }
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

async fn run() -> Outcome {
    let path = env::args_os().nth(1).map_or_else(
        || env::temp_dir().join("chats.csv"),
        |argument| PathBuf::from(&argument),
    );
    let address = env::var("COMM100_PLATFORM").unwrap_or_default();
    if !address.trim().is_empty() {
        if matches!(address.parse()?, Platform::V2(_)) {
            return Err("this program uses v4; for v2 see `client.v2().chats()`".into());
        }
        return export(&ClientBuilder::from_env()?.build()?, &path).await;
    }
    println!("COMM100_PLATFORM is not set: this talks to a sandbox on this machine,");
    println!("which answers with all its chats, whatever day is asked for.");
    let sandbox = Sandbox::start().await?;
    let client = Client::builder(Platform::Dash11)
        .token_base(sandbox.url(Host::Comm100DashPanel))
        .api_base(sandbox.url(Host::Comm100DashApi))
        .site_id(credentials::COMM100_SITE_ID)
        .api_key(credentials::COMM100_EMAIL, credentials::COMM100_API_KEY)
        .build()?;
    export(&client, &path).await
}

async fn export(client: &Client, path: &Path) -> Outcome {
    let today = DateTime::<Utc>::from(SystemTime::now()).date_naive();
    let yesterday = today.pred_opt().ok_or("there is no yesterday")?;
    // Beside the target, since a file gets another name at once only within its file system. On Unix nobody else may
    // read it: these are what people wrote.
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let file = NamedTempFile::new_in(directory)?;
    let mut table = csv::Writer::from_writer(&file);
    table.write_record(HEADER)?;
    let bar = bar()?;
    let mut count = 0_u64;
    let mut chats = search(client, yesterday).stream();
    while let Some(chat) = chats.try_next().await? {
        table.write_record(row(&chat))?;
        count += 1;
        // The list's length comes with its first page, if it comes at all.
        if let Some(total) = chats.total() {
            bar.set_length(total);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    table.flush()?;
    drop(table);
    file.as_file().sync_all()?;
    file.persist(path)?;
    println!(
        "{count} chats are in {}; asked for was {yesterday} (UTC)",
        path.display()
    );
    Ok(())
}

/// The chats of one day, in an order that stays while pages are read.
fn search(client: &Client, day: NaiveDate) -> SearchChats<'_> {
    let mut search = ChatSearch::new();
    search.start_time = Some(Time::from(format!("{day}T00:00:00Z").as_str()));
    // Short of midnight: no page says whether the end belongs to the range.
    search.end_time = Some(Time::from(format!("{day}T23:59:59.999Z").as_str()));
    client
        .livechat()
        .chats()
        .search(&search)
        .include([ChatInclude::ChatAgent])
        .sort_by(ChatSortBy::StartTime)
        .sort_order(ChatSortOrder::Asc)
}

/// A chat as a line of the table. What the chat does not say is empty.
fn row(chat: &Chat) -> [String; HEADER.len()] {
    let (start, end) = (instant(&chat.start_time), instant(&chat.end_time));
    let duration = start
        .zip(end)
        .map(|(start, end)| (end - start).num_seconds());
    let id = chat.id.as_ref().map(ToString::to_string);
    let department = chat.department_id.as_ref().map(ToString::to_string);
    [
        id.or_else(|| chat.guid.clone()).unwrap_or_default(),
        text(start),
        text(end),
        duration
            .map(|seconds| seconds.to_string())
            .unwrap_or_default(),
        // The name, or what came in its place: a vendor adds values without notice.
        chat.status
            .as_ref()
            .map(|status| status.text().into_owned())
            .unwrap_or_default(),
        chat.source
            .as_ref()
            .map(|source| source.text().into_owned())
            .unwrap_or_default(),
        harmless(chat.pre_chat_name.as_deref()),
        harmless(chat.pre_chat_email.as_deref()),
        harmless(Some(&agents(chat))),
        department.unwrap_or_default(),
    ]
}

fn instant(time: &Option<Time>) -> Option<DateTime<Utc>> {
    time.as_ref()?.utc()
}

fn text(time: Option<DateTime<Utc>>) -> String {
    time.map(|time| time.format("%Y-%m-%d %H:%M:%S").to_string())
        .unwrap_or_default()
}

/// Who answered: the agents that were included, or else the one name that the chat itself has.
fn agents(chat: &Chat) -> String {
    let included = chat.chat_agents.iter().flatten();
    let names: Vec<&str> = included.filter_map(agent).collect();
    match names.is_empty() {
        true => chat.agent_name.clone().unwrap_or_default(),
        false => names.join("; "),
    }
}

fn agent(chat_agent: &ChatAgent) -> Option<&str> {
    let agent = chat_agent.agent.as_ref();
    let names = [
        &chat_agent.display_name,
        &chat_agent.name,
        agent.map_or(&None, |agent| &agent.display_name),
        agent.map_or(&None, |agent| &agent.email),
    ];
    names
        .into_iter()
        .flatten()
        .map(String::as_str)
        .find(|name| !name.trim().is_empty())
}

/// What a visitor wrote, so that no spreadsheet takes it for a formula and runs it.
fn harmless(text: Option<&str>) -> String {
    let text = text.unwrap_or_default();
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        true => format!("'{text}"),
        false => text.to_owned(),
    }
}

/// A bar on standard error; where that is no terminal, it shows nothing.
fn bar() -> Result<ProgressBar, Box<dyn error::Error>> {
    let style = ProgressStyle::with_template("{spinner} {bar:30} {pos}/{len} chats")?;
    let bar = ProgressBar::no_length().with_style(style);
    bar.enable_steady_tick(Duration::from_millis(100));
    Ok(bar)
}
