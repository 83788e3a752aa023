//! Runs an example of comm100 as its own process, against a sandbox in the test's.

use std::net::{Ipv4Addr, TcpListener};
use std::process::{ExitStatus, Stdio};

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;
use vendor_sandbox::{Host, Sandbox, credentials};

use crate::PATIENCE;

pub(crate) struct Program {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    said: Vec<String>,
}

impl Program {
    /// The web app, and where it is.
    pub(crate) async fn web_login(sandbox: &Sandbox) -> (Self, String) {
        let port = free_port();
        let uri = format!("http://127.0.0.1:{port}/callback");
        let mut program = Self::web_login_at(sandbox, port, &uri);
        let home = program.line("Open ").await;
        (program, home)
    }

    /// The web app on a port, with any redirect URI.
    pub(crate) fn web_login_at(sandbox: &Sandbox, port: u16, uri: &str) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_web_login"));
        set_up(&mut command, sandbox)
            .env("PORT", port.to_string())
            .env("COMM100_REDIRECT_URI", uri);
        Self::spawn(command)
    }

    /// The command-line program, and where it asks its person to go.
    pub(crate) async fn cli_login(sandbox: &Sandbox) -> (Self, String) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cli_login"));
        set_up(&mut command, sandbox).arg("--no-browser");
        let mut program = Self::spawn(command);
        let url = program.line("Sign in at: ").await;
        (program, url)
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self {
            lines: BufReader::new(child.stdout.take().unwrap()).lines(),
            child,
            said: Vec::new(),
        }
    }

    /// Waits for a line that begins so, and gives the rest of it.
    pub(crate) async fn line(&mut self, beginning: &str) -> String {
        loop {
            let line = timeout(PATIENCE, self.lines.next_line()).await;
            let Ok(Ok(Some(line))) = line else {
                panic!("no line begins with `{beginning}`: {:?}", self.said);
            };
            if let Some(rest) = line.strip_prefix(beginning) {
                return rest.trim().to_owned();
            }
            self.said.push(line);
        }
    }

    /// Waits until it ends by itself: how, and what it has said, errors last.
    pub(crate) async fn end(mut self) -> (ExitStatus, String) {
        let all = async {
            while let Some(line) = self.lines.next_line().await.unwrap() {
                self.said.push(line);
            }
            let mut errors = String::new();
            let mut stream = self.child.stderr.take().unwrap();
            stream.read_to_string(&mut errors).await.unwrap();
            self.said.push(errors);
            self.child.wait().await.unwrap()
        };
        let status = timeout(PATIENCE, all)
            .await
            .expect("the program does not end");
        (status, self.said.join("\n"))
    }
}

pub(crate) fn free_port() -> u16 {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    free.local_addr().unwrap().port()
}

/// No variable of whoever runs the tests leads the program elsewhere.
fn set_up<'c>(command: &'c mut Command, sandbox: &Sandbox) -> &'c mut Command {
    command
        .env_clear()
        .env("COMM100_PLATFORM", "https://dash11.comm100.io")
        .env("COMM100_TOKEN_BASE", sandbox.url(Host::Comm100DashPanel))
        .env("COMM100_API_BASE", sandbox.url(Host::Comm100DashApi))
        .env("COMM100_SITE_ID", credentials::COMM100_SITE_ID.to_string())
        .env("COMM100_CLIENT_ID", credentials::COMM100_CLIENT_ID)
}

/// How often a code was exchanged, or tried to be.
pub(crate) fn exchanges(sandbox: &Sandbox) -> usize {
    sandbox.token_requests(Host::Comm100DashPanel)
}

/// The authorization request that arrived last, as an address.
pub(crate) fn last_authorization(sandbox: &Sandbox) -> String {
    let requests = sandbox.requests();
    let is_one = |path: &str| path == "/oauth/authorize";
    let last = requests.iter().rev().find(|request| is_one(&request.path));
    let query = last.and_then(|request| request.query.clone()).unwrap();
    let panel = sandbox.url(Host::Comm100DashPanel);
    format!("{panel}/oauth/authorize?{query}")
}
