//! Shows every sign-in of every vendor at work against the sandbox, and fails if one does not.
//!
//! ```sh
//! cargo xtask demo              # all of them
//! cargo xtask demo comm100      # one vendor's
//! ```
//!
//! Each sign-in makes the same journey ([`journey`]) in a sandbox of its own: it signs in, calls a resource, meets an
//! API that is down for a moment, lets its token run out under a hundred callers, and meets a token endpoint that is
//! down for a moment. What that cost is counted at the sandbox, and shown in a table at the end.
#![forbid(unsafe_code)]

mod journey;
mod progress;
mod table;
mod vendors;

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::Result;

use journey::{Row, SignIn};
use progress::Progress;
use table::LEGEND;
use vendors::PROVIDERS;

const USAGE: &str = "\
Shows every sign-in of every vendor at work against the sandbox.

Usage: demo [PROVIDER]

Providers:
  comm100 communic8 webcommander    [default: all of them]

Options:
  -h, --help    Print this text
";

/// What the arguments ask for.
enum Wish {
    Help,
    Journeys(Vec<SignIn>),
}

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt::init(); // silent, unless RUST_LOG says what to show
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match parse(&arguments) {
        Ok(Wish::Help) => write!(io::stdout(), "{USAGE}").map_err(Into::into),
        Ok(Wish::Journeys(sign_ins)) => {
            let progress = Progress::new(sign_ins.len());
            let rows = travel_all(&sign_ins, &progress).await;
            match report(&rows) {
                Ok(()) => return ExitCode::from(exit_code(&rows)),
                Err(error) => Err(error),
            }
        }
        Err(problem) => {
            complain(&format!("error: {problem}\n\n{USAGE}"));
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("error: the result cannot be printed: {error:#}\n"));
            ExitCode::FAILURE
        }
    }
}

/// Reads the arguments; what is wrong with them is told in a sentence.
fn parse(arguments: &[String]) -> Result<Wish, String> {
    let all = || PROVIDERS.iter().flat_map(|provider| (provider.sign_ins)());
    match arguments {
        [] => Ok(Wish::Journeys(all().collect())),
        [one] if one == "-h" || one == "--help" => Ok(Wish::Help),
        [one] => {
            let found = PROVIDERS.iter().find(|provider| provider.name == *one);
            match found {
                Some(provider) => Ok(Wish::Journeys((provider.sign_ins)())),
                None => Err(format!("there is no provider `{one}`")),
            }
        }
        [_, second, ..] => Err(format!("`{second}` is one argument too many")),
    }
}

/// One journey after the other, so that their seconds can be compared. A failure stops none of the others.
async fn travel_all(sign_ins: &[SignIn], progress: &Progress) -> Vec<Row> {
    let mut rows = Vec::new();
    for sign_in in sign_ins {
        progress.begin(format!("{}, {}", sign_in.vendor, sign_in.name));
        rows.push(journey::travel(sign_in, progress).await);
    }
    progress.end();
    rows
}

/// The table and the sum on standard output, then each failure with its causes on standard error.
fn report(rows: &[Row]) -> Result<()> {
    let mut out = io::stdout().lock();
    let (table, sum) = (table::render(rows), table::sum(rows));
    write!(out, "\n{table}\n{LEGEND}\n{sum}\n")?;
    out.flush()?;
    for row in rows {
        if let Some(error) = &row.error {
            let (vendor, name) = (row.vendor, row.name);
            let mut text = format!("\nerror: {vendor}, {name}: {error}\n");
            for cause in error.chain().skip(1) {
                text.push_str(&format!("  caused by: {cause}\n"));
            }
            complain(&text);
        }
    }
    Ok(())
}

/// 0 if every journey came to its end, else 1.
fn exit_code(rows: &[Row]) -> u8 {
    u8::from(rows.iter().any(|row| row.error.is_some()))
}

/// Nobody is left to be told where standard error is gone.
fn complain(text: &str) {
    write!(io::stderr(), "{text}").ok();
}

#[cfg(test)]
mod tests {
    use super::{Wish, exit_code, parse, travel_all};
    use crate::journey::{FAILED, Renewal, SignIn, opened};
    use crate::progress::Progress;

    fn names(arguments: &[&str]) -> Result<Vec<&'static str>, String> {
        let arguments: Vec<String> = arguments.iter().map(|&text| text.to_owned()).collect();
        match parse(&arguments)? {
            Wish::Help => Ok(vec!["help"]),
            Wish::Journeys(sign_ins) => Ok(sign_ins.iter().map(|own| own.vendor).collect()),
        }
    }

    #[test]
    fn a_provider_is_chosen_by_its_name() {
        let all = names(&[]).unwrap();
        for vendor in ["Comm100", "Communic8", "WebCommander"] {
            let chosen = names(&[&vendor.to_lowercase()]).unwrap();
            assert!(chosen.iter().all(|own| *own == vendor), "{chosen:?}");
            let among_all = all.iter().filter(|own| **own == vendor).count();
            assert_eq!(chosen.len(), among_all);
        }
        assert_eq!(names(&["--help"]).unwrap(), ["help"]);
    }

    #[test]
    fn what_is_no_provider_is_an_error_that_names_it() {
        assert!(names(&["nobody"]).unwrap_err().contains("`nobody`"));
        assert!(
            names(&["comm100", "extra"])
                .unwrap_err()
                .contains("`extra`")
        );
    }

    #[tokio::test]
    async fn a_failing_journey_makes_the_exit_code_nonzero() {
        let wrong = SignIn {
            vendor: "Communic8",
            name: "wrong token",
            path: "/int/v1/channel",
            renewal: Renewal::NeverDue,
            open: |sandbox| {
                let url = sandbox.url(vendor_sandbox::Host::Communic8);
                let client = communic8::Client::builder(url).static_token("wrong-token");
                Box::pin(async { opened(client.build()) })
            },
        };
        let rows = travel_all(&[wrong], &Progress::hidden()).await;
        assert_eq!(rows[0].cells, ["ok", FAILED]);
        assert_eq!(exit_code(&rows), 1);
        assert_eq!(exit_code(&[]), 0);
    }
}
