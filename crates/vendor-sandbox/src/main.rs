//! Runs a sandbox until Ctrl-C: prints where its hosts are and what they accept, then a line for each request.

#![forbid(unsafe_code)]

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use vendor_sandbox::{Host, Recorded, Sandbox, credentials};

const USAGE: &str = "\
Plays Comm100, Communic8 and WebCommander on 127.0.0.1.

Usage: vendor-sandbox [OPTIONS]

Options:
  --port N                 Take port N and the six ports after it [default: ports of the system's choice]
  --lenient                Let unknown parameters of a sign-in pass
  --token-lifetime SECONDS Let access tokens live this long, fractions allowed [default: the vendors' own]
  --help                   Print this text
";

/// How often the recorded requests are dropped, which nobody reads here.
const FORGET_EVERY: Duration = Duration::from_secs(60);

#[derive(Debug, Default, PartialEq)]
struct Options {
    port: Option<u16>,
    lenient: bool,
    token_lifetime: Option<Duration>,
    help: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = match parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(message) => {
            complain(&format!("{message}\n\n{USAGE}"));
            return ExitCode::from(2);
        }
    };
    if options.help {
        say(USAGE);
        return ExitCode::SUCCESS;
    }
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("the sandbox cannot run: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> io::Result<()> {
    let mut builder = Sandbox::builder()
        .lenient(options.lenient)
        .on_answer(|request| say(&line(request)));
    if let Some(port) = options.port {
        builder = builder.ports(port);
    }
    if let Some(lifetime) = options.token_lifetime {
        builder = builder.token_lifetime(lifetime);
    }
    let sandbox = builder.start().await?;
    say(&greeting(&sandbox));
    let mut minutes = tokio::time::interval(FORGET_EVERY);
    loop {
        tokio::select! {
            pressed = tokio::signal::ctrl_c() => return pressed,
            _ = minutes.tick() => sandbox.clear(),
        }
    }
}

fn parse(mut args: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options::default();
    while let Some(flag) = args.next() {
        let mut value = || args.next().ok_or_else(|| format!("{flag} needs a value"));
        match flag.as_str() {
            "--help" => options.help = true,
            "--lenient" => options.lenient = true,
            "--port" => {
                let port = value()?.parse();
                options.port = Some(port.map_err(|_| "--port needs a port number".to_owned())?);
            }
            "--token-lifetime" => {
                let seconds = value()?.parse().ok();
                let lifetime = seconds.and_then(|text| Duration::try_from_secs_f64(text).ok());
                let Some(lifetime) = lifetime else {
                    return Err("--token-lifetime needs a number of seconds".to_owned());
                };
                options.token_lifetime = Some(lifetime);
            }
            _ => return Err(format!("unknown option {flag}")),
        }
    }
    Ok(options)
}

fn greeting(sandbox: &Sandbox) -> String {
    let hosts = Host::ALL.map(|host| format!("  {:<22} {}", host.name(), sandbox.url(host)));
    let variables = variables(sandbox)
        .into_iter()
        .map(|(name, value)| format!("export {name}='{value}'"));
    format!(
        "The vendors are here:\n\n{}\n\n\
         What they accept, ready for a shell (invented values that open nothing else):\n\n{}\n\n\
         Requests follow; Ctrl-C ends.\n",
        hosts.join("\n"),
        variables.collect::<Vec<_>>().join("\n"),
    )
}

fn variables(sandbox: &Sandbox) -> Vec<(&'static str, String)> {
    let url = |name, host| (name, sandbox.url(host).to_owned());
    let text = |name, value: &str| (name, value.to_owned());
    vec![
        url("COMM100_DASH_PANEL_URL", Host::Comm100DashPanel),
        url("COMM100_DASH_API_URL", Host::Comm100DashApi),
        url("COMM100_HOSTED_URL", Host::Comm100Hosted),
        url("COMM100_PARTNER_PANEL_URL", Host::Comm100PartnerPanel),
        url("COMM100_PARTNER_API_URL", Host::Comm100PartnerApi),
        text("COMM100_SITE_ID", &credentials::COMM100_SITE_ID.to_string()),
        text("COMM100_EMAIL", credentials::COMM100_EMAIL),
        text("COMM100_PASSWORD", credentials::COMM100_PASSWORD),
        text("COMM100_API_KEY", credentials::COMM100_API_KEY),
        text("COMM100_CLIENT_ID", credentials::COMM100_CLIENT_ID),
        text("COMM100_CLIENT_SECRET", credentials::COMM100_CLIENT_SECRET),
        text("COMM100_REDIRECT_URI", credentials::COMM100_REDIRECT_URI),
        text(
            "COMM100_PARTNER_ID",
            &credentials::COMM100_PARTNER_ID.to_string(),
        ),
        text("COMM100_PARTNER_EMAIL", credentials::COMM100_PARTNER_EMAIL),
        text(
            "COMM100_PARTNER_PASSWORD",
            credentials::COMM100_PARTNER_PASSWORD,
        ),
        text(
            "COMM100_PARTNER_CLIENT_ID",
            credentials::COMM100_PARTNER_CLIENT_ID,
        ),
        url("COMMUNIC8_BASE_URL", Host::Communic8),
        text("COMMUNIC8_TOKEN_ID", credentials::COMMUNIC8_TOKEN_ID),
        text("COMMUNIC8_TOKEN", credentials::COMMUNIC8_TOKEN),
        url("WEBCOMMANDER_BASE_URL", Host::WebCommander),
        text("WEBCOMMANDER_USERNAME", credentials::WEBCOMMANDER_USERNAME),
        text("WEBCOMMANDER_PASSWORD", credentials::WEBCOMMANDER_PASSWORD),
        text(
            "WEBCOMMANDER_CLIENT_ID",
            credentials::WEBCOMMANDER_CLIENT_ID,
        ),
        text(
            "WEBCOMMANDER_CLIENT_SECRET",
            credentials::WEBCOMMANDER_CLIENT_SECRET,
        ),
        text(
            "WEBCOMMANDER_REDIRECT_URI",
            credentials::WEBCOMMANDER_REDIRECT_URI,
        ),
    ]
}

/// One line for one request; neither query, header nor body is in it.
fn line(request: &Recorded) -> String {
    let status = match request.status {
        Some(status) => status.to_string(),
        None => "no answer".to_owned(),
    };
    let host = request.host.name();
    let known = format!("{host:<22} {} {} {status}", request.method, request.path);
    match &request.refusal {
        Some(reason) => format!("{known} refused: {reason}"),
        None => known,
    }
}

/// A reader that went away is no reason to stop serving.
fn say(text: &str) {
    writeln!(io::stdout(), "{text}").ok();
}

fn complain(text: &str) {
    writeln!(io::stderr(), "{text}").ok();
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Options, parse, variables};

    fn parsed(args: &[&str]) -> Result<Options, String> {
        parse(args.iter().map(|&arg| arg.to_owned()))
    }

    #[test]
    fn flags_are_read() {
        let args = ["--port", "8000", "--lenient", "--token-lifetime", "1.5"];
        let wanted = Options {
            port: Some(8000),
            lenient: true,
            token_lifetime: Some(Duration::from_millis(1500)),
            help: false,
        };
        assert_eq!(parsed(&args), Ok(wanted));
        assert_eq!(parsed(&[]), Ok(Options::default()));
    }

    #[test]
    fn what_is_no_flag_is_an_error() {
        for args in [
            &["--nope"][..],
            &["--port"],
            &["--port", "99999"],
            &["--token-lifetime", "-1"],
            &["--token-lifetime", "NaN"],
            &["8000"],
        ] {
            assert!(parsed(args).is_err(), "{args:?}");
        }
    }

    #[tokio::test]
    async fn every_variable_can_be_pasted_into_a_shell() {
        let sandbox = vendor_sandbox::Sandbox::start().await.unwrap();
        for (name, value) in variables(&sandbox) {
            assert!(!value.is_empty() && !value.contains('\''), "{name}");
        }
    }
}
