//! Starts workers, hears what they say, and kills, stops and continues them.

use std::process::Stdio;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use crate::PATIENCE;
use crate::account::Account;

/// A line of a worker.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Event {
    Ready,
    Ok,
    Reauthorize,
    Failed {
        kind: String,
        retryable: bool,
        causes: String,
    },
    Health(String),
}

impl Event {
    fn read(line: &str) -> Self {
        if line == "ready" {
            Self::Ready
        } else if line == "reauthorize" {
            Self::Reauthorize
        } else if line.starts_with("call ok ") {
            Self::Ok
        } else if let Some(health) = line.strip_prefix("health ") {
            Self::Health(health.to_owned())
        } else {
            let failed = line.strip_prefix("call failed ").expect(line);
            let mut words = failed.splitn(3, ' ').map(str::to_owned);
            let mut word = || words.next().expect(line);
            Self::Failed {
                kind: word(),
                retryable: word() == "retryable",
                causes: word(),
            }
        }
    }

    /// Whether a call was told that the store can't be used now, and that trying again helps.
    pub(crate) fn is_store_refusal(&self) -> bool {
        matches!(self, Self::Failed { kind, retryable: true, .. } if kind == "Store")
    }

    /// Whether a call has ended, well or not.
    pub(crate) fn is_outcome(&self) -> bool {
        !matches!(self, Self::Ready | Self::Health(_))
    }
}

/// What was heard, and when.
pub(crate) type History = Vec<(Instant, Event)>;

/// A process that makes calls until it is dropped.
pub(crate) struct Worker {
    child: Child,
    /// Its end is the end of the worker.
    _input: ChildStdin,
    lines: mpsc::UnboundedReceiver<(Instant, Event)>,
    history: History,
}

impl Worker {
    /// A worker for `account`; `more` are variables that only this one has.
    pub(crate) fn start(account: &Account, more: &[(&str, u64)]) -> Self {
        let command = Command::new(env!("CARGO_BIN_EXE_worker"));
        Self::with_command(command, account, more)
    }

    /// The same, by a command that becomes the worker in the end.
    pub(crate) fn with_command(
        mut command: Command,
        account: &Account,
        more: &[(&str, u64)],
    ) -> Self {
        let more = more.iter().map(|(name, value)| (*name, value.to_string()));
        let mut child = command
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .envs(account.variables())
            .envs(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::unbounded_channel();
        let mut output = BufReader::new(child.stdout.take().unwrap()).lines();
        tokio::spawn(async move {
            while let Ok(Some(line)) = output.next_line().await {
                sender.send((Instant::now(), Event::read(&line))).ok();
            }
        });
        Self {
            _input: child.stdin.take().unwrap(),
            child,
            lines,
            history: Vec::new(),
        }
    }

    /// Waits for an event that fits, and gives it.
    pub(crate) async fn until(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        loop {
            let heard = timeout(PATIENCE, self.lines.recv()).await;
            let Ok(Some((at, event))) = heard else {
                let last: Vec<_> = self.history.iter().rev().take(5).collect();
                panic!("the worker has ended or says nothing; its last words, backwards: {last:?}");
            };
            self.history.push((at, event.clone()));
            if wanted(&event) {
                return event;
            }
        }
    }

    pub(crate) async fn until_ready(&mut self) {
        self.until(|event| *event == Event::Ready).await;
    }

    pub(crate) async fn until_ok(&mut self) {
        self.until(|event| *event == Event::Ok).await;
    }

    /// Waits until the next call has ended.
    pub(crate) async fn outcome(&mut self) -> Event {
        self.until(Event::is_outcome).await
    }

    /// What was heard so far.
    pub(crate) fn history(&mut self) -> &History {
        while let Ok(heard) = self.lines.try_recv() {
            self.history.push(heard);
        }
        &self.history
    }

    /// Forgets what was heard so far.
    pub(crate) fn forget(&mut self) {
        self.history();
        self.history.clear();
    }

    /// Ends it as `kill -9` does, and gives what it has said.
    pub(crate) async fn kill(mut self) -> History {
        self.child.kill().await.unwrap();
        while let Some(heard) = self.lines.recv().await {
            self.history.push(heard);
        }
        self.history
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id().expect("it was not waited for")
    }

    /// Stops it in the middle of whatever it does.
    pub(crate) async fn stop(&self) {
        self.signal("STOP").await;
    }

    /// Lets it go on where it was stopped.
    pub(crate) async fn wake(&self) {
        self.signal("CONT").await;
    }

    async fn signal(&self, name: &str) {
        let command = format!("kill -{name} {}", self.id());
        let status = Command::new("sh").args(["-c", &command]).status().await;
        assert!(status.unwrap().success(), "{command}");
    }
}
