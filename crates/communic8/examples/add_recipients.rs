//! Adds the recipients whose e-mail addresses a CSV file lists to a group, a hundred at a time, and reports on each.
//!
//! ```sh
//! cargo run -p communic8 --example add_recipients -- people.csv 65000009000000000000000a
//! ```
//!
//! The addresses are in the column `email`, or in the first one if there are no column names. Who is in the group
//! stays in it. The vendor adds only recipients that it knows; the others come back in its log.
//!
//! With `COMMUNIC8_BASE_URL` set, it talks to that instance (`ClientBuilder::from_env` lists all variables) and needs
//! the file and the group's id. Without, it talks to a sandbox on this machine, and adds a sample if no file is named.
#![expect(clippy::print_stdout, reason = "the program's output is its purpose")]

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs::File;
use std::io::{Cursor, Read};
use std::iter::successors;
use std::process::ExitCode;
use std::time::Duration;
use std::{env, error};

use communic8::model::Value;
use communic8::v1::{AddRecipients, RecipientGroupId};
use communic8::{Client, ClientBuilder};
use indicatif::{ProgressBar, ProgressStyle};
use vendor_sandbox::{Host, Sandbox, credentials};

type Outcome = Result<(), Box<dyn error::Error>>;

/// So many addresses go with one call.
const BATCH: usize = 100;
/// The group that the sandbox has.
const SANDBOX_GROUP: &str = "650000090000000000000001";
const SAMPLE: &str = "\
email,name
recipient1@example.com,Recipient 1
recipient2@example.com,Recipient 2
Recipient1@Example.com,the first one again
,somebody without an address
nobody@example.com,not known to the sandbox
";

/// What became of the addresses so far.
#[derive(Default)]
struct Report {
    sent: usize,
    succeeded: i64,
    failed: i64,
    log: Vec<Value>,
}

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
    let (path, group) = (env::args_os().nth(1), env::args().nth(2));
    let address = env::var("COMMUNIC8_BASE_URL").unwrap_or_default();
    if !address.trim().is_empty() {
        // People may get mail because of this: nothing is assumed.
        let (Some(path), Some(group)) = (path, group) else {
            return Err("name a CSV file and the id of a recipient group".into());
        };
        let emails = emails(open(&path)?)?;
        return add(&ClientBuilder::from_env()?.build()?, &group, &emails).await;
    }
    println!("COMMUNIC8_BASE_URL is not set: this talks to a sandbox on this machine.");
    let emails = match path {
        Some(path) => emails(open(&path)?)?,
        None => emails(Cursor::new(SAMPLE))?,
    };
    let sandbox = Sandbox::start().await?;
    let client = Client::builder(sandbox.url(Host::Communic8))
        .client_credentials(
            credentials::COMMUNIC8_TOKEN_ID,
            credentials::COMMUNIC8_TOKEN,
        )
        .build()?;
    add(&client, group.as_deref().unwrap_or(SANDBOX_GROUP), &emails).await
}

fn open(path: &OsStr) -> Result<File, String> {
    File::open(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// The addresses of a table, each once, in their order.
fn emails(table: impl Read) -> Result<Vec<String>, Box<dyn error::Error>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(table);
    let (mut column, mut seen, mut emails) = (0, HashSet::new(), Vec::new());
    let (mut empty, mut twice) = (0, 0);
    for (index, record) in reader.records().enumerate() {
        let record = record?;
        if index == 0 && !record.iter().any(|cell| cell.contains('@')) {
            let mut names = record.iter();
            let named = names.position(|name| name.eq_ignore_ascii_case("email"));
            column = named.ok_or("the table has neither a column `email` nor an address")?;
            continue;
        }
        match record.get(column).unwrap_or_default() {
            "" => empty += 1,
            // The vendor does not tell capitals from small letters.
            email if seen.insert(email.to_lowercase()) => emails.push(email.to_owned()),
            _ => twice += 1,
        }
    }
    println!(
        "{} addresses; left out: {empty} empty, {twice} repeated",
        emails.len()
    );
    Ok(emails)
}

async fn add(client: &Client, group: &str, emails: &[String]) -> Outcome {
    let style = ProgressStyle::with_template("{spinner} {bar:30} {pos}/{len} addresses")?;
    let bar = ProgressBar::new(emails.len() as u64).with_style(style);
    bar.enable_steady_tick(Duration::from_millis(100));
    let mut report = Report::default();
    let outcome = add_batches(client, &group.into(), emails, &mut report, &bar).await;
    bar.finish_and_clear();

    let Report {
        sent,
        succeeded,
        failed,
        log,
    } = report;
    println!(
        "{sent} of {} sent: {succeeded} are in the group, {failed} are not",
        emails.len()
    );
    for entry in log {
        println!("  {entry}");
    }
    if outcome.is_err() {
        println!("The others may be missing: run this again when the cause is gone.");
    }
    outcome
}

async fn add_batches(
    client: &Client,
    group: &RecipientGroupId,
    emails: &[String],
    report: &mut Report,
    bar: &ProgressBar,
) -> Outcome {
    for batch in emails.chunks(BATCH) {
        let mut body = AddRecipients::new();
        // `reset` stays unset: it would remove all members first, before each batch.
        body.recipient_emails = Some(batch.to_vec());
        let groups = client.v1().recipient_groups();
        let answer = groups.add_recipients(group, &body).send().await?;
        report.sent += batch.len();
        // A call can succeed in part: only the counts tell.
        report.succeeded += answer.success_count.unwrap_or_default();
        report.failed += answer.error_count.unwrap_or_default();
        report.log.extend(answer.error_log.unwrap_or_default());
        bar.inc(batch.len() as u64);
    }
    Ok(())
}
