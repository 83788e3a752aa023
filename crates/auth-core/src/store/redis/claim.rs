//! Holds, or tries to get, one lock on the server, and frees it whatever becomes of the holder.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::{Clock as _, SystemClock};

use super::super::unique::unique;
use super::connection::{Server, Trouble};
use super::{eval, milliseconds};

/// The first pause after a release that failed; each further one is twice as long, up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// One holder's claim to a lock. Dropped before it was released, it is released by a task of its own.
#[derive(Debug)]
pub(super) struct Claim {
    server: Arc<Server>,
    key: String,
    /// Tells this holder from all others. It stays the same for all attempts, so that an attempt whose answer was lost
    /// is known again.
    holder: String,
    lease: Duration,
    /// Whether something of this holder may stand on the server.
    may_stand: bool,
}

impl Claim {
    pub(super) fn new(server: Arc<Server>, key: String, lease: Duration) -> Self {
        Self {
            server,
            key,
            holder: unique(),
            lease,
            may_stand: false,
        }
    }

    /// Takes the lock if it is free, for the lease from now on; says whether it did.
    pub(super) async fn attempt(&mut self) -> Result<bool, Trouble> {
        let stood = std::mem::replace(&mut self.may_stand, true);
        let lease = milliseconds(self.lease).to_string();
        let command = eval(
            include_str!("lock.lua"),
            &[&self.key],
            &[&self.holder, &lease],
        );
        let taken = self.server.ask(&command).await;
        if taken.as_ref().is_err_and(|trouble| !trouble.may_be_done) {
            self.may_stand = stood;
        }
        taken
    }

    /// Frees the lock, if it is still this holder's.
    pub(super) async fn release(mut self) -> Result<(), Trouble> {
        release(&self.server, &self.key, &self.holder).await?;
        self.may_stand = false;
        Ok(())
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if self.may_stand
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            let (server, lease) = (Arc::clone(&self.server), self.lease);
            let (key, holder) = (self.key.clone(), self.holder.clone());
            runtime.spawn(async move {
                let since = SystemClock.now();
                let mut pause = FIRST_PAUSE;
                // After that, the lease has done it.
                while release(&server, &key, &holder).await.is_err()
                    && SystemClock.now().saturating_duration_since(since) < lease
                {
                    SystemClock.sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            });
        }
    }
}

async fn release(server: &Server, key: &str, holder: &str) -> Result<(), Trouble> {
    let command = eval(include_str!("release.lua"), &[key], &[holder]);
    server.ask(&command).await
}
