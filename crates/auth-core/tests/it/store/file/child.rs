//! Runs a store in a process of its own, which does what it is told line by line.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child as Process, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use auth_core::{FileStore, Generation, Saved, StoreLock, TokenStore as _};

use crate::clocks::eventually;

use super::{ends, key, room, tokens, tokens_of, told};

/// Tells the child its directory.
const DIRECTORY: &str = "AUTH_CORE_TEST_DIRECTORY";
/// Begins each line of the child that is an answer; the test harness writes lines of its own.
const ANSWER: &str = "child: ";

/// A process with the store; ended when dropped.
pub(super) struct Child {
    process: Process,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Child {
    /// Starts a process on the store in `directory`.
    pub(super) fn start(directory: &Path) -> Self {
        Self::start_after("", directory, directory).expect("a child")
    }

    /// Starts a process in `home` after the shell commands of `prelude`, which change what a process inherits. `None`
    /// where they don't work on this machine.
    pub(super) fn start_after(prelude: &str, home: &Path, directory: &Path) -> Option<Self> {
        let mut process = Command::new("sh")
            .args(["-c", &format!("{prelude}\nexec \"$0\" \"$@\"")])
            .arg(std::env::current_exe().expect("this binary"))
            .args(["--exact", "store::file::child::does_what_it_is_told"])
            .args(["--ignored", "--nocapture"])
            .env(DIRECTORY, directory)
            .current_dir(home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let to = process.stdin.take().expect("piped");
        let from = BufReader::new(process.stdout.take().expect("piped"));
        let mut child = Self { process, to, from };
        (child.answer()? == "ready").then_some(child)
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Tells without waiting for the answer.
    pub(super) fn tell(&mut self, line: &str) {
        writeln!(self.to, "{line}").expect("the child listens");
    }

    /// The next answer; `None` if the child is gone.
    pub(super) fn answer(&mut self) -> Option<String> {
        let mut line = String::new();
        loop {
            line.clear();
            if self.from.read_line(&mut line).ok()? == 0 {
                return None;
            }
            // The harness ends its own line only after the test.
            if let Some((_, answer)) = line.split_once(ANSWER) {
                return Some(answer.trim_end().to_owned());
            }
        }
    }

    pub(super) fn ask(&mut self, line: &str) -> String {
        self.tell(line);
        self.answer().expect("the child answers")
    }

    fn signal(&self, name: &str) {
        let process = self.id().to_string();
        let sent = Command::new("kill").args([name, &process]).status();
        assert!(sent.expect("kill").success());
    }

    /// Stops it, and returns when it does nothing any more.
    pub(super) async fn stop(&self) {
        self.signal("-STOP");
        self.stopped().await;
    }

    /// Returns when somebody has stopped it.
    pub(super) async fn stopped(&self) {
        eventually("the process has stopped", || self.is_stopped()).await;
    }

    #[cfg(target_os = "linux")]
    fn is_stopped(&self) -> bool {
        let threads = fs::read_dir(format!("/proc/{}/task", self.id()));
        threads.expect("it runs").all(|thread| {
            let status = thread.expect("an entry").path().join("status");
            // A thread that has ended meanwhile does nothing either.
            fs::read_to_string(status).map_or(true, |status| status.contains("State:\tT"))
        })
    }

    #[cfg(not(target_os = "linux"))]
    fn is_stopped(&self) -> bool {
        let state = Command::new("ps")
            .args(["-o", "state=", "-p", &self.id().to_string()])
            .output();
        state.expect("ps").stdout.starts_with(b"T")
    }

    pub(super) fn go_on(&self) {
        self.signal("-CONT");
    }

    /// Ends it without giving it a chance to tidy up.
    pub(super) fn kill(mut self) {
        self.process.kill().expect("it runs");
        self.process.wait().expect("it ends");
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the child holds between two lines.
struct Role {
    store: FileStore,
    lock: Option<StoreLock>,
}

impl Role {
    async fn act(&mut self, words: &[&str]) -> String {
        let number = |word: &str| word.parse::<u64>().expect("a number");
        let outcome = match words {
            ["lock", milliseconds] => {
                let lease = Duration::from_millis(number(milliseconds));
                self.store.lock(&key(), lease).await.map(|lock| {
                    self.lock = Some(lock);
                    "locked".to_owned()
                })
            }
            ["unlock"] => {
                self.lock = None;
                return "unlocked".to_owned();
            }
            ["load"] => self.store.load(&key()).await.map(|stored| {
                stored.map_or("none".to_owned(), |stored| {
                    stored.generation.number().to_string()
                })
            }),
            ["save", expected, new, length] => {
                let expected = expected.parse().ok().map(Generation::new);
                let length = usize::try_from(number(length)).expect("it fits");
                let new = tokens_of(number(new), length);
                let saved = self.store.save(&key(), expected, &new).await;
                saved.map(|saved| format!("{saved:?}"))
            }
            ["count", tries] => return count(&self.store, number(tries)).await.to_string(),
            ["cycle", milliseconds, end] => {
                let lease = Duration::from_millis(number(milliseconds));
                let is_over = || fs::exists(end).expect("examined");
                return cycle(&self.store, lease, is_over).await.to_string();
            }
            ["ends"] => {
                let directory = std::env::var(DIRECTORY).expect("set by the parent");
                return ends(&room(Path::new(&directory))).join(" ");
            }
            ["chdir", path] => {
                std::env::set_current_dir(path).expect("a directory");
                return "there".to_owned();
            }
            ["fill", path] => return filled(path).expect_err("no end of room").kind().to_string(),
            ["sh", ..] => {
                let status = Command::new("sh")
                    .args(["-c", &words[1..].join(" ")])
                    .status();
                return status.is_ok_and(|status| status.success()).to_string();
            }
            _ => panic!("nobody told the child how to {words:?}"),
        };
        outcome.unwrap_or_else(|error| told(&error))
    }
}

/// Writes to a file until that fails.
fn filled(path: &str) -> std::io::Result<()> {
    let mut file = fs::File::create(path)?;
    for _ in 0..1024 {
        file.write_all(&[0; 512])?;
    }
    Ok(())
}

/// Reads and replaces the tokens without a lock, `tries` times, and counts how often that went well.
pub(super) async fn count(store: &FileStore, tries: u64) -> u64 {
    let mut written = 0;
    for _ in 0..tries {
        let stored = store.load(&key()).await.expect("loaded");
        let expected = stored.map(|stored| stored.generation);
        let new = tokens(expected.map_or(0, Generation::number) + 1);
        let saved = store.save(&key(), expected, &new).await.expect("saved");
        written += u64::from(saved == Saved::Written);
    }
    written
}

/// Reads and replaces the tokens under the lock, again and again, and counts how often that went well.
async fn cycle(store: &FileStore, lease: Duration, is_over: impl Fn() -> bool) -> u64 {
    let mut written = 0;
    while !is_over() {
        let lock = store.lock(&key(), lease).await.expect("locked");
        written += count(store, 1).await;
        drop(lock);
    }
    written
}

#[test]
#[ignore = "other tests start it in a process of its own"]
fn does_what_it_is_told() {
    let Ok(directory) = std::env::var(DIRECTORY) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let store = FileStore::open(directory).expect("a store");
    let mut role = Role { store, lock: None };
    println!("{ANSWER}ready");
    for line in std::io::stdin().lines() {
        let line = line.expect("text");
        let words: Vec<_> = line.split(' ').collect();
        let answer = runtime.block_on(role.act(&words));
        println!("{ANSWER}{answer}");
    }
}
