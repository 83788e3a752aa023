//! Prints what a support ticket should say of this machine's {{Title}} client: no secret, and what to do next.
//!
//! With `{{NAME}}_BASE_URL` set, it signs in to {{Title}} as `ClientBuilder::from_env` says, and ends with a failure where
//! something is broken. Without, it shows a client of a sandbox on this machine twice: well, and ill.
#![expect(clippy::print_stdout, reason = "the program's output is its purpose")]

use std::process::ExitCode;
use std::{env, error};

use {{name}}::{Client, ClientBuilder, Diagnosis, FindingState, Method};
use vendor_sandbox::{Fault, Host, Injection, Sandbox, credentials};

const ELSEWHERE: &str =
    "\nYour program's own store was not looked at: there, print `client.diagnose().await`.";

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt::init(); // silent, unless RUST_LOG says what to show: RUST_LOG=debug
    let is_real = env::var("{{NAME}}_BASE_URL").is_ok_and(|address| !address.trim().is_empty());
    let outcome = match is_real {
        true => real().await,
        false => sandbox().await,
    };
    match outcome {
        Ok(diagnosis) if is_real && diagnosis.worst().state() == FindingState::Broken => {
            ExitCode::FAILURE
        }
        Ok(_) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("There is no client to look over: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn real() -> Result<Diagnosis, Box<dyn error::Error>> {
    let builder = ClientBuilder::from_env()?;
    {{quickstart_real}}
    // Whatever comes of these is among the findings.
    let _ = client.sign_in().await;
    let _ = client.request(Method::GET, "{{probe}}").send().await;
    let diagnosis = show(&client).await;
    println!("{ELSEWHERE}");
    Ok(diagnosis)
}

async fn sandbox() -> Result<Diagnosis, Box<dyn error::Error>> {
    println!("{{NAME}}_BASE_URL is not set: this looks at clients of a sandbox on this machine.\n");
    let sandbox = Sandbox::start().await?;
    {{doc_client}}
    client.sign_in().await?;
    show(&client).await;

    println!("\n\nThe vendor fails for a while, and a call finds out:\n");
    sandbox.inject(Injection::new(Fault::status(503)).times(9));
    match client.request(Method::GET, "{{probe}}").send().await {
        Ok(_) => Err("a vendor that is down has answered".into()),
        Err(_) => Ok(show(&client).await),
    }
}

async fn show(client: &Client) -> Diagnosis {
    let diagnosis = client.diagnose().await;
    println!("{diagnosis}");
    diagnosis
}
