//! A disk that is full or read-only for a while: new tokens are used from memory, and are saved as soon as that works.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tokio::process::Command;
use tokio::time::{sleep, timeout};
use vendor_sandbox::Sandbox;

use crate::account::{Account, Who};
use crate::place::Place;
use crate::worker::{Event, Worker};
use crate::{CORES, say};

const LONG: Duration = Duration::from_secs(3600);
/// Saving is tried again after pauses that double; none of them here is longer than this.
const BOUND: Duration = Duration::from_secs(15);

/// The store's own directory, below one that others may read.
const TOKENS: &str = "tokens";

/// Mounts a small disk of its own on `$1`, copies the tokens of `$2` to it, and becomes the worker `$3`.
const IN_NAMESPACE: &str =
    r#"mount -t tmpfs -o size=128k,mode=700 trials "$1" && cp -pR "$2/." "$1/" && exec "$3""#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_outlive_a_disk_that_is_full_and_one_that_is_read_only() {
    let _cores = CORES.read().await;
    let probe = TempDir::new().unwrap();
    let mounted = Command::new("unshare")
        .args(["-rm", "mount", "-t", "tmpfs", "trials"])
        .arg(probe.path())
        .output()
        .await;
    let problem = match mounted {
        Ok(output) if output.status.success() => None,
        Ok(output) => Some(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        Err(error) => Some(error.to_string()),
    };
    if let Some(problem) = problem {
        say(&format!(
            "full disk: skipped, for no small disk can be mounted here ({problem})"
        ));
        return;
    }
    for who in [Who::Person, Who::Application] {
        Disk::with_worker(who).await.proof().await;
    }
}

/// A worker whose tokens are on a disk of its own, which nobody else sees under its name.
struct Disk {
    sandbox: Sandbox,
    account: Account,
    worker: Worker,
    mounted_on: TempDir,
    /// Where the tokens come from, and where the proof looks at them.
    outside: TempDir,
}

impl Disk {
    async fn with_worker(who: Who) -> Self {
        let sandbox = Sandbox::builder().token_lifetime(LONG);
        let sandbox = sandbox.start().await.unwrap();
        let (outside, mounted_on) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let mut account =
            Account::new(&sandbox, who, &Place::files(outside.path().join(TOKENS))).await;
        account.place = Place::files(mounted_on.path());
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh", "-c", IN_NAMESPACE, "sh"]);
        command
            .arg(mounted_on.path())
            .arg(outside.path().join(TOKENS));
        command.arg(env!("CARGO_BIN_EXE_worker"));
        let mut worker = Worker::with_command(command, &account, &[]);
        worker.until_ok().await;
        Self {
            sandbox,
            account,
            worker,
            mounted_on,
            outside,
        }
    }

    async fn proof(mut self) {
        let who = self.account.who;

        // Full between the request for new tokens and their save.
        self.sandbox.set_token_latency(Duration::from_millis(400));
        let before = self.account.token_requests();
        self.lose_access_token();
        self.account.until_token_request(before).await;
        self.fill();
        self.worker
            .until(|event| is_saved(event) == Some(false))
            .await;
        self.sandbox.set_token_latency(Duration::ZERO);
        self.worker.until_ok().await;
        // Nobody but this worker knows the new refresh token, so it renews all the same.
        self.lose_access_token();
        sleep(Duration::from_millis(300)).await;
        self.assert_no_failure();
        self.free();
        let saved = self.worker.until(|event| is_saved(event) == Some(true));
        timeout(BOUND, saved)
            .await
            .expect("the tokens are never saved");
        self.assert_no_failure();
        self.assert_latest_are_stored().await;

        // Full before a renewal: that its token is being sent can't be noted, so it is not sent.
        self.fill();
        let before = self.account.token_requests();
        self.lose_access_token();
        match who {
            Who::Application => {
                self.worker
                    .until(|event| is_saved(event) == Some(false))
                    .await;
                self.worker.until_ok().await;
                self.assert_no_failure();
            }
            Who::Person => {
                self.worker.until(Event::is_store_refusal).await;
                assert_eq!(self.account.token_requests(), before);
            }
        }
        self.free();
        self.worker.forget();
        timeout(BOUND, self.worker.until_ok())
            .await
            .expect("no call works");
        if who == Who::Application {
            let saved = self.worker.until(|event| is_saved(event) == Some(true));
            timeout(BOUND, saved)
                .await
                .expect("the tokens are never saved");
        }
        self.assert_latest_are_stored().await;
        say(&format!(
            "full disk, {who:?}: used from memory, saved when there was room"
        ));

        // Read-only: no lock can be taken, and the token in memory is good for all calls.
        if let Err(problem) = self.remount("ro").await {
            say(&format!(
                "read-only directory, {who:?}: skipped, for the disk can't be remounted ({problem})"
            ));
            return;
        }
        self.worker.forget();
        sleep(Duration::from_millis(300)).await;
        self.assert_no_failure();
        self.lose_access_token();
        self.worker.until(Event::is_store_refusal).await;
        self.remount("rw").await.unwrap();
        self.worker.forget();
        timeout(BOUND, self.worker.until_ok())
            .await
            .expect("no call works");
        self.assert_latest_are_stored().await;
        say(&format!(
            "read-only directory, {who:?}: told, and healed when it could be written"
        ));
    }

    fn lose_access_token(&mut self) {
        self.worker.forget();
        self.sandbox.revoke_access_tokens(self.account.host());
    }

    /// The directory as seen from outside the worker's namespace.
    fn directory(&self) -> PathBuf {
        let inside = self.mounted_on.path().strip_prefix("/").unwrap();
        Path::new("/proc")
            .join(self.worker.id().to_string())
            .join("root")
            .join(inside)
    }

    fn filler(&self) -> PathBuf {
        self.directory().join("filler")
    }

    fn fill(&self) {
        let mut filler = fs::File::create(self.filler()).unwrap();
        while filler.write_all(&[0; 4096]).is_ok() {}
    }

    fn free(&self) {
        fs::remove_file(self.filler()).unwrap();
    }

    async fn remount(&self, mode: &str) -> Result<(), String> {
        let mut problem = String::new();
        // The disk is busy while the worker writes to it.
        for _ in 0..50 {
            let output = Command::new("nsenter")
                .args([
                    "-t",
                    &self.worker.id().to_string(),
                    "-U",
                    "-m",
                    "--preserve-credentials",
                ])
                .args(["mount", "-o", &format!("remount,{mode}")])
                .arg(self.mounted_on.path())
                .output()
                .await
                .map_err(|error| error.to_string())?;
            if output.status.success() {
                return Ok(());
            }
            problem = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            sleep(Duration::from_millis(20)).await;
        }
        Err(problem)
    }

    fn assert_no_failure(&mut self) {
        for (_, event) in self.worker.history() {
            assert!(*event == Event::Ok || !event.is_outcome(), "{event:?}");
        }
    }

    /// Fails unless what stands in the store is what the vendor issued last: a process that has nothing else renews
    /// with it.
    async fn assert_latest_are_stored(&mut self) {
        let outside = self.outside.path().join(TOKENS);
        for entry in fs::read_dir(self.directory()).unwrap() {
            let key = entry.unwrap();
            // Beside the directory of each key there can be what fills the disk.
            if key.file_type().unwrap().is_dir() {
                copy_records(&key.path(), &outside.join(key.file_name()));
            }
        }
        let stored = self.account.stored().await;
        let token = stored.tokens.access_token().expose().to_owned();
        let requests = self.sandbox.requests();
        let last = requests.iter().rev().find_map(|request| {
            let in_header = |name| request.header(name).map(|value| value.contains(&token));
            in_header("authorization").or_else(|| in_header("access_token"))
        });
        assert_eq!(last, Some(true), "the last call was made with other tokens");
        assert_eq!(self.sandbox.reuse_detected(), 0);
    }
}

/// Replaces what stands in the directory of a key by the records of another.
fn copy_records(from: &Path, to: &Path) {
    for file in fs::read_dir(to).unwrap() {
        fs::remove_file(file.unwrap().path()).unwrap();
    }
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        if file.path().extension().is_some_and(|end| end == "json") {
            fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
}

/// What a line says of the saving, if it is about that.
fn is_saved(event: &Event) -> Option<bool> {
    match event {
        Event::Health(health) if health.ends_with(" unsaved") => Some(false),
        Event::Health(_) => Some(true),
        _ => None,
    }
}
