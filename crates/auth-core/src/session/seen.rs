//! Remembers the token sets that were seen last: a provider may still speak of them when they are out of use.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::token::TokenSet;

/// So many token sets are remembered: the one in use, one of another holder of the store, and those before them. A call
/// that is refused and made again has seen three.
const KEPT: usize = 6;

/// The token sets that were seen last, the latest first, keys that need no exchange among them.
#[derive(Default)]
pub(super) struct Seen(Mutex<Vec<TokenSet>>);

impl Seen {
    /// Remembers `tokens` as the latest.
    pub(super) fn add(&self, tokens: &TokenSet) {
        let mut seen = self.lock();
        seen.retain(|known| {
            known.access_token != tokens.access_token || known.refresh_token != tokens.refresh_token
        });
        seen.insert(0, tokens.clone());
        seen.truncate(KEPT);
    }

    /// Copies of all of them, so that nobody has to wait for what is made of them.
    pub(super) fn all(&self) -> Vec<TokenSet> {
        self.lock().clone()
    }

    /// No foreign code runs under this lock, so a poisoned one is as good as any other.
    fn lock(&self) -> MutexGuard<'_, Vec<TokenSet>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
