//! Holds a lock that a store has given, waits for one, and unlocks it either way.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use tokio::runtime;
use tokio::task::JoinHandle;

use crate::error::Error;
use crate::store::StoreLock;

use super::Flaw;
use super::calls::{LIMIT, ask, cut_short, refused};

/// A lock that is being waited for.
pub(super) struct Waiting(JoinHandle<Result<Held, Flaw>>);

impl Waiting {
    pub(super) fn new(task: JoinHandle<Result<Held, Flaw>>) -> Self {
        Self(task)
    }

    /// Says whether the lock was given, or the wait has failed.
    pub(super) fn is_over(&self) -> bool {
        self.0.is_finished()
    }

    pub(super) async fn given(self) -> Result<Held, Flaw> {
        self.0.await.unwrap_or_else(|_| Err(cut_short()))
    }
}

/// The two ways to unlock.
#[derive(Clone, Copy)]
pub(super) enum Unlock {
    Drop,
    Release,
}

impl fmt::Display for Unlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Drop => "the drop of the lock",
            Self::Release => "the release of the lock",
        })
    }
}

/// A lock that was given.
pub(super) struct Held {
    lock: Option<StoreLock>,
    runtime: runtime::Handle,
}

impl Held {
    pub(super) fn new(lock: StoreLock, runtime: runtime::Handle) -> Self {
        Self {
            lock: Some(lock),
            runtime,
        }
    }

    /// Unlocks, and waits until that is done as far as one can.
    pub(super) async fn unlock(self, way: Unlock) -> Result<(), Flaw> {
        match self.unlocked(way).await? {
            Some(Ok(())) => Ok(()),
            Some(Err(error)) => Err(refused(&way.to_string(), &error)),
            None => Err(Flaw::late(format!("{way} took more than {LIMIT:?}"))),
        }
    }

    /// Unlocks what somebody else may hold by now; a store may say so.
    pub(super) async fn unlock_late(self, way: Unlock) -> Result<(), Flaw> {
        match self.unlocked(way).await? {
            Some(_) => Ok(()),
            None => Err(Flaw::late(format!(
                "{way} by a holder that had lost it took more than {LIMIT:?}"
            ))),
        }
    }

    async fn unlocked(mut self, way: Unlock) -> Result<Option<Result<(), Error>>, Flaw> {
        let lock = self.lock.take();
        let unlocking = async move {
            match (lock, way) {
                (Some(lock), Unlock::Release) => lock.release().await,
                (lock, _) => {
                    drop(lock);
                    Ok(())
                }
            }
        };
        ask(&self.runtime, &way.to_string(), LIMIT, unlocking).await
    }
}

impl Drop for Held {
    /// Where a rule ends early, a panic of the guard must not end the suite.
    fn drop(&mut self) {
        let lock = self.lock.take();
        // The rule has its finding already.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(lock)));
    }
}
