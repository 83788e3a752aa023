//! Holds the lock on one key until it is released or dropped.

use std::any::Any;
use std::fmt;
use std::pin::Pin;

use crate::error::Error;

type Release = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// A lock on one key. The session releases it before it hands out what it renewed; where the lock is dropped instead, it
/// is released all the same, as far as the runtime allows.
///
/// # Examples
/// ```
/// use auth_core::StoreLock;
/// # let (guard, released) = (std::sync::Arc::new(()), async { Ok(()) });
/// let lock = StoreLock::new(guard); // dropping the guard unlocks, such as a `std::fs::File`
/// let lock = StoreLock::with_release(released); // a server has to be told
/// ```
pub struct StoreLock(Held);

enum Held {
    Guard(#[expect(dead_code, reason = "held for its drop")] Box<dyn Any + Send>),
    Release(Option<Release>),
}

impl StoreLock {
    /// Wraps whatever unlocks when it is dropped.
    pub fn new(guard: impl Send + 'static) -> Self {
        Self(Held::Guard(Box::new(guard)))
    }

    /// Wraps the request that unlocks. It is made once; where the lock is dropped, in a task of its own, and where no
    /// runtime is left for that, not at all: then the end of the lease unlocks.
    pub fn with_release(release: impl Future<Output = Result<(), Error>> + Send + 'static) -> Self {
        Self(Held::Release(Some(Box::pin(release))))
    }

    /// Unlocks, and waits until that is done.
    pub(crate) async fn release(mut self) -> Result<(), Error> {
        match &mut self.0 {
            Held::Release(release) => match release.take() {
                Some(release) => release.await,
                None => Ok(()),
            },
            Held::Guard(_) => Ok(()),
        }
    }
}

impl Drop for StoreLock {
    fn drop(&mut self) {
        if let Held::Release(release) = &mut self.0
            && let Some(release) = release.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(release);
        }
    }
}

impl fmt::Debug for StoreLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreLock")
    }
}
