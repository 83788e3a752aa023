//! Runs a sandbox until Ctrl-C: prints where its hosts are and what they accept, then a line for each request.

#![forbid(unsafe_code)]

use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::process::ExitCode;
use std::time::Duration;

use vendor_sandbox::{Host, Recorded, Sandbox, Setup};

const USAGE: &str = "\
Plays the vendors on 127.0.0.1.

Usage: vendor-sandbox [OPTIONS]

Options:
  --port N                 Take port N and the ports after it, one for each host [default: ports of the system's choice]
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
    let blocks = Setup::ALL.map(|setup| block(sandbox, setup));
    format!(
        "The vendors are here:\n\n{}\n\n\
         What sets a client up, each block ready for a shell (invented values that open nothing else):\n\n{}\n\
         Requests follow; Ctrl-C ends.\n",
        hosts.join("\n"),
        blocks.join("\n"),
    )
}

/// Shell commands that leave a vendor's client set up for one sign-in, whatever was set before.
fn block(sandbox: &Sandbox, setup: Setup) -> String {
    let variables = sandbox.environment(setup);
    let vendor = |name: &str| name.split('_').next().map(str::to_owned);
    let own = variables.first().and_then(|(name, _)| vendor(name));
    let others = Setup::ALL
        .iter()
        .flat_map(|&other| sandbox.environment(other));
    let stale: BTreeSet<_> = others
        .map(|(name, _)| name)
        .filter(|name| vendor(name) == own && variables.iter().all(|(used, _)| used != name))
        .collect();
    let mut block = format!("# {}\n", setup.title());
    if !stale.is_empty() {
        let stale = Vec::from_iter(stale).join(" ");
        block.push_str(&format!("unset {stale}\n"));
    }
    for (name, value) in variables {
        block.push_str(&format!("export {name}={}\n", quoted(&value)));
    }
    block
}

/// A value that a POSIX shell reads back as it is.
fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
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
    #[cfg(unix)]
    use std::collections::BTreeSet;
    #[cfg(unix)]
    use std::process::Command;
    use std::time::Duration;

    use vendor_sandbox::{Host, Sandbox, Setup};

    use super::{Options, block, greeting, parse, quoted};

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

    /// Runs each block where every variable of the vendors holds a leftover, and asks the shell what is set then.
    #[cfg(unix)]
    #[tokio::test]
    async fn each_block_alone_sets_its_variables_and_no_other() {
        let sandbox = Sandbox::start().await.unwrap();
        let names: BTreeSet<&str> = Setup::ALL
            .iter()
            .flat_map(|&setup| sandbox.environment(setup))
            .map(|(name, _)| name)
            .collect();
        for setup in Setup::ALL {
            let wanted = sandbox.environment(setup);
            let (prefix, _) = wanted[0].0.split_once('_').unwrap();
            let output = Command::new("sh")
                .arg("-c")
                .arg(format!("{}env", block(&sandbox, setup)))
                .envs(names.iter().map(|name| (name, "leftover")))
                .output()
                .unwrap();
            let printed = String::from_utf8(output.stdout).unwrap();
            let set: BTreeSet<&str> = printed
                .lines()
                .filter(|line| line.starts_with(&format!("{prefix}_")))
                .collect();
            let wanted: BTreeSet<String> = wanted
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            let wanted: BTreeSet<&str> = wanted.iter().map(String::as_str).collect();
            assert_eq!(set, wanted, "{setup:?}");
        }
    }

    #[test]
    fn quotes_in_a_value_are_kept() {
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }

    #[tokio::test]
    async fn greeting_has_every_host_and_every_block() {
        let sandbox = Sandbox::start().await.unwrap();
        let text = greeting(&sandbox);
        for host in Host::ALL {
            assert!(text.contains(sandbox.url(host)), "{host:?}");
        }
        for setup in Setup::ALL {
            assert!(text.contains(&block(&sandbox, setup)), "{setup:?}");
        }
    }
}
