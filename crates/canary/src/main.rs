//! Looks through what a program has shown: `canary SECRETS SHOWN`, two files; in the first a secret a line.
//!
//! Ends with a failure where the second holds one of them in any disguise, or where there is nothing to look for.
#![forbid(unsafe_code)]
#![expect(
    clippy::print_stdout,
    reason = "a command-line tool answers on standard output"
)]

use std::process::ExitCode;
use std::{env, fs, io};

use canary::Secrets;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [secrets, shown] = arguments.as_slice() else {
        eprintln!("usage: canary SECRETS SHOWN");
        return ExitCode::FAILURE;
    };
    match look(secrets, shown) {
        Ok(words) => {
            println!("{words}");
            ExitCode::SUCCESS
        }
        Err(problem) => {
            eprintln!("{shown}: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// How much was looked at, or what is wrong.
fn look(secrets: &str, shown: &str) -> Result<String, String> {
    let read = |path: &str| -> io::Result<String> {
        Ok(String::from_utf8_lossy(&fs::read(path)?).into_owned())
    };
    let told = |path: &str| read(path).map_err(|error| format!("{path}: {error}"));
    let (secrets, text) = (told(secrets)?, told(shown)?);
    let secrets = Secrets::new(secrets.lines());
    if secrets.count() == 0 || text.is_empty() {
        return Err("there is nothing to look for, or nothing to look at".to_owned());
    }
    if !text.contains("TRACE") {
        return Err(
            "the program has set up no log: begin it with `tracing_subscriber::fmt::init()`"
                .to_owned(),
        );
    }
    match secrets.leak(&text) {
        Some(leak) => Err(leak),
        None => Ok(format!(
            "none of {} secrets in {} lines",
            secrets.count(),
            text.lines().count()
        )),
    }
}
