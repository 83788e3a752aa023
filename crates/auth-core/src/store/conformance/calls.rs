//! Asks a store: each call in a thread of its own, under a time limit, with its panic caught.

use std::error::Error as _;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use tokio::runtime;
use tokio::sync::{Barrier, oneshot};
use tokio::task::JoinSet;

use crate::clock::{SystemClock, within};
use crate::error::{Error, ErrorKind};
use crate::store::{Saved, StoreKey, StoreLock, StoredTokens, TokenStore};
use crate::token::Generation;

use super::Flaw;
use super::held::{Held, Waiting};
use super::samples::tells_token;

/// No call gets more time.
pub(super) const LIMIT: Duration = Duration::from_secs(5);
/// A call whose thread is still not back so long after its time was over blocks it.
const GRACE: Duration = Duration::from_secs(2);
/// A call that is to be dropped at a later poll is dropped at the end of this time at the latest.
const NEXT_POLL: Duration = Duration::from_secs(1);

/// One handle on the store.
#[derive(Clone)]
pub(super) struct Handle {
    store: Arc<dyn TokenStore>,
    runtime: runtime::Handle,
}

impl Handle {
    pub(super) fn new(store: Arc<dyn TokenStore>, runtime: runtime::Handle) -> Self {
        Self { store, runtime }
    }

    pub(super) async fn load(&self, key: &StoreKey) -> Result<Option<StoredTokens>, Flaw> {
        let (store, key) = (Arc::clone(&self.store), key.clone());
        let loading = async move { store.load(&key).await };
        self.in_time("load", loading).await
    }

    pub(super) async fn save(
        &self,
        key: &StoreKey,
        expected: Option<u64>,
        new: &StoredTokens,
    ) -> Result<Saved, Flaw> {
        self.in_time("save", self.saving(key, expected, new)).await
    }

    /// Saves as soon as all others have come to the barrier.
    pub(super) async fn save_together(
        &self,
        others: Arc<Barrier>,
        key: &StoreKey,
        expected: Option<u64>,
        new: &StoredTokens,
    ) -> Result<Saved, Flaw> {
        let saving = self.saving(key, expected, new);
        let saving = async move {
            others.wait().await;
            saving.await
        };
        self.in_time("save", saving).await
    }

    /// Saves, and drops the save where it is not over at its poll of that number; `true` if it was over before.
    pub(super) async fn save_dropped(
        &self,
        key: &StoreKey,
        expected: Option<u64>,
        new: &StoredTokens,
        polls: usize,
    ) -> Result<bool, Flaw> {
        let saving = dropped_at(polls, self.saving(key, expected, new));
        let saved = ask(&self.runtime, "save", NEXT_POLL, saving).await?;
        match saved.flatten() {
            Some(Err(error)) => Err(refused("save", &error)),
            Some(Ok(_)) => Ok(true),
            None => Ok(false),
        }
    }

    /// What a save that may be refused came to; a refusal that shows a token is a flaw.
    pub(super) async fn may_save(
        &self,
        key: &StoreKey,
        expected: Option<u64>,
        new: &StoredTokens,
    ) -> Result<Option<Saved>, Flaw> {
        let saving = self.saving(key, expected, new);
        match ask(&self.runtime, "save", LIMIT, saving).await? {
            None => Err(late("save")),
            Some(Ok(saved)) => Ok(Some(saved)),
            Some(Err(error)) => match refused("save", &error) {
                flaw if flaw.rule.is_some() || error.kind() != ErrorKind::Store => Err(flaw),
                _ => Ok(None),
            },
        }
    }

    pub(super) async fn lock(&self, key: &StoreKey, lease: Duration) -> Result<Held, Flaw> {
        let held = self.lock_within(key, lease, LIMIT).await?;
        held.ok_or_else(|| Flaw::late(format!("lock was not given within {LIMIT:?}")))
    }

    /// Waits for a lock for `limit` and then gives up.
    pub(super) async fn lock_within(
        &self,
        key: &StoreKey,
        lease: Duration,
        limit: Duration,
    ) -> Result<Option<Held>, Flaw> {
        let locked = ask(&self.runtime, "lock", limit, self.locking(key, lease)).await?;
        self.held(locked)
    }

    /// Asks for a lock, and drops that where it is not given at its poll of that number.
    pub(super) async fn lock_dropped(
        &self,
        key: &StoreKey,
        lease: Duration,
        polls: usize,
    ) -> Result<Option<Held>, Flaw> {
        let locking = dropped_at(polls, self.locking(key, lease));
        let locked = ask(&self.runtime, "lock", NEXT_POLL, locking).await?;
        self.held(locked.flatten())
    }

    /// Begins to wait for a lock.
    pub(super) fn wait_for_lock(&self, key: &StoreKey, lease: Duration) -> Waiting {
        let (handle, key) = (self.clone(), key.clone());
        let waiting = async move { handle.lock(&key, lease).await };
        Waiting::new(self.runtime.spawn(waiting))
    }

    /// What `Debug` shows.
    pub(super) async fn debug(&self) -> Result<String, Flaw> {
        let store = Arc::clone(&self.store);
        let shown = async move { Ok(format!("{store:?} {store:#?}")) };
        self.in_time("Debug", shown).await
    }

    fn saving(
        &self,
        key: &StoreKey,
        expected: Option<u64>,
        new: &StoredTokens,
    ) -> impl Future<Output = Result<Saved, Error>> + Send + 'static {
        let (store, key, new) = (Arc::clone(&self.store), key.clone(), new.clone());
        async move {
            let expected = expected.map(Generation::new);
            store.save(&key, expected, &new).await
        }
    }

    fn locking(
        &self,
        key: &StoreKey,
        lease: Duration,
    ) -> impl Future<Output = Result<StoreLock, Error>> + Send + 'static {
        let (store, key) = (Arc::clone(&self.store), key.clone());
        async move { store.lock(&key, lease).await }
    }

    fn held(&self, locked: Option<Result<StoreLock, Error>>) -> Result<Option<Held>, Flaw> {
        let lock = locked
            .transpose()
            .map_err(|error| refused("lock", &error))?;
        Ok(lock.map(|lock| Held::new(lock, self.runtime.clone())))
    }

    async fn in_time<T: Send + 'static>(
        &self,
        what: &str,
        work: impl Future<Output = Result<T, Error>> + Send + 'static,
    ) -> Result<T, Flaw> {
        let answer = ask(&self.runtime, what, LIMIT, work).await?;
        let answer = answer.ok_or_else(|| late(what))?;
        answer.map_err(|error| refused(what, &error))
    }
}

/// Runs one call in a thread of its own; `None` means that its time ran out and that it was dropped.
pub(super) async fn ask<T: Send + 'static>(
    runtime: &runtime::Handle,
    what: &str,
    limit: Duration,
    work: impl Future<Output = T> + Send + 'static,
) -> Result<Option<T>, Flaw> {
    let (sender, answer) = oneshot::channel();
    let its_runtime = runtime.clone();
    let call = move || {
        its_runtime.block_on(async move {
            let answer = within(&SystemClock, limit, caught(work)).await;
            // Where nobody waits any longer, a lock that was given is dropped here.
            let _ = sender.send(answer);
        });
    };
    if let Err(error) = thread::Builder::new().spawn(call) {
        let text = format!("the suite could not start a thread to call {what} ({error})");
        return Err(Flaw::last(text));
    }
    match within(&SystemClock, limit + GRACE, answer).await {
        Some(Ok(Some(Some(value)))) => Ok(Some(value)),
        Some(Ok(Some(None))) => Err(Flaw::new(format!("{what} panicked"))),
        Some(Ok(None)) => Ok(None),
        Some(Err(_)) => Err(Flaw::new(format!("{what} panicked when it was dropped"))),
        None => Err(Flaw::last(format!(
            "{what} blocked its thread, so that no time limit can end it"
        ))),
    }
}

/// Runs `work` to its end; `None` where it panics.
async fn caught<T>(work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    poll_fn(
        |context| match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(context))) {
            Ok(polled) => polled.map(Some),
            Err(_) => Poll::Ready(None),
        },
    )
    .await
}

/// Polls `work` so many times, each time when it asks for that; `None` where it is not over then.
async fn dropped_at<T>(polls: usize, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut polled = 0;
    poll_fn(|context| {
        polled += 1;
        match work.as_mut().poll(context) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending if polled >= polls => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}

/// Waits for all tasks, or for the first that finds a flaw.
pub(super) async fn all<T: 'static>(mut tasks: JoinSet<Result<T, Flaw>>) -> Result<Vec<T>, Flaw> {
    let mut values = Vec::new();
    while let Some(task) = tasks.join_next().await {
        values.push(task.unwrap_or_else(|_| Err(cut_short()))?);
    }
    Ok(values)
}

pub(super) fn cut_short() -> Flaw {
    Flaw::last("the runtime ended a task of the suite")
}

fn late(what: &str) -> Flaw {
    Flaw::late(format!("{what} took more than {LIMIT:?}"))
}

/// A call that failed; its error is repeated unless it shows a token.
pub(super) fn refused(what: &str, error: &Error) -> Flaw {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    if tells_token(&format!("{text} {error:?} {error:#?}")) {
        return Flaw::shown(format!("{what} gave an error that shows a token"));
    }
    let text = text.replace(char::is_control, " ");
    match error.kind() {
        ErrorKind::Store => Flaw::new(format!("{what} gave the error `{text}`")),
        kind => Flaw::new(format!(
            "{what} gave an error of kind {kind:?}, not Store: `{text}`"
        )),
    }
}
