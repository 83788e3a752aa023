//! Saves again, in the background, what the store did not take.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use crate::clock::Clock;

use super::Inner;
use super::landing::pause;

impl Inner {
    /// Sees to it that tokens which could not be saved are saved later, by one task for as long as there are any.
    pub(super) fn save_later(self: &Arc<Self>) {
        let is_needed = self.source.place.has_unsaved();
        if !is_needed || self.saves_later.swap(true, Ordering::AcqRel) {
            return;
        }
        let task = Task {
            session: Arc::downgrade(self),
            clock: Arc::clone(&self.clock),
            is_on_duty: true,
        };
        // Where there is no runtime, or one that is shutting down, the next flight or look makes up for it.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(task.run());
        }
    }
}

/// The task; it does not keep its session alive.
struct Task {
    session: Weak<Inner>,
    clock: Arc<dyn Clock>,
    /// Whether the flag in the session is this task's.
    is_on_duty: bool,
}

impl Task {
    async fn run(mut self) {
        let mut failures = 0;
        loop {
            failures += 1;
            let wait = pause(failures).mul_f64(0.5 + fastrand::f64() / 2.0) / 4;
            self.clock.sleep(wait).await;
            let Some(session) = self.session.upgrade() else {
                return;
            };
            match session.source.place.save_again(self.clock.as_ref()).await {
                Ok(()) => {
                    session.changes.send_replace(());
                    self.is_on_duty = false;
                    session.saves_later.store(false, Ordering::Release);
                    // A flight that failed to save in this moment has left it to this task.
                    session.save_later();
                    return;
                }
                Err(error) => tracing::warn!(
                    name: "auth_core.tokens.still_unsaved",
                    error = %error.with_causes(),
                    failures,
                    "new tokens are still in memory only"
                ),
            }
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        if self.is_on_duty
            && let Some(session) = self.session.upgrade()
        {
            session.saves_later.store(false, Ordering::Release);
        }
    }
}
