//! Tries whether a store keeps what [`TokenStore`] promises.
//!
//! Answers: [`check_token_store`]. Never: knows any store, shows a token.

mod calls;
mod cancel;
mod held;
mod keys;
mod lease;
mod lock;
mod race;
mod register;
mod samples;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime;

use crate::clock::{Clock as _, SystemClock};

use super::{StoreKey, TokenStore};
use calls::Handle;
use held::Unlock;

/// Longer than the whole suite: a lock with this lease is freed by its holder or not at all.
const LONG_LEASE: Duration = Duration::from_secs(60);
/// After so many calls that took too long, the rest is not tried.
const LATE_CALLS: usize = 3;
/// How long a lock is watched that must not be given.
const GLIMPSE: Duration = Duration::from_millis(100);

/// What a store does wrong, a sentence for each fault that was found; empty if it conforms.
///
/// Each `open()` gives a handle on the same place, as another process would open it. The place is the suite's own: empty
/// at first, and full of invented tokens afterwards. A finding begins with the name of its rule:
///
/// | rule | what is tried |
/// |---|---|
/// | `open` | a handle can be opened and dropped |
/// | `nothing yet` | a key that was never saved gives nothing |
/// | `round trip` | every field comes back as it was saved, also where the tokens before had more fields or fewer |
/// | `one place` | each handle sees what the other has saved |
/// | `wrong number` | a save that expects another number than stands there is superseded and changes nothing |
/// | `great numbers` | numbers up to the greatest are kept exactly |
/// | `large tokens` | tokens of 64 KiB are kept; what is too large for a store is refused and changes nothing |
/// | `keys` | keys of any text have their own tokens, and their own locks that don't wait for each other |
/// | `exclusion` | a second lock waits while the first is held, whichever handle it is asked of, and comes soon afterwards |
/// | `rounds under the lock` | whoever holds the lock loads and saves undisturbed |
/// | `lease` | a lock whose lease has run out goes to one of those who wait, and not before |
/// | `late holder` | who has lost the lock can neither save over the new holder's tokens nor free the new holder's lock |
/// | `one winner` | of several saves at once that expect the same number, one is written, and it is what stands there |
/// | `no lost update` | of many saves without a lock, none that was written is lost |
/// | `dropped lock` | a lock that is given up at any of its awaits leaves nothing locked |
/// | `dropped save` | a save that is given up at any of its awaits leaves the old tokens or the new ones, whole |
/// | `reopened` | what was saved is there when the place is opened anew |
/// | `secrecy` | neither `Debug` nor an error shows a token |
///
/// Errors where none is due, errors that are not of [`ErrorKind::Store`](crate::ErrorKind::Store), panics and calls that
/// never end are findings of the rule during which they come. After three calls that do not end, or one that blocks its
/// thread, the rules that follow are not tried.
///
/// It needs a Tokio runtime with its time running: a paused one finds fault with any store. A good store takes two
/// seconds or some more, most of them spent waiting for leases to run out; no call gets more than five. Each call is
/// made in a thread of its own, also on a runtime with one thread, so that saves at the same instant are just that, and
/// a store that blocks is found out. Only `open` is called directly, and must come back.
///
/// # Examples
/// ```
/// use auth_core::{MemoryStore, check_token_store};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let place = MemoryStore::new();
/// let findings = check_token_store(|| place.clone()).await;
/// assert!(findings.is_empty(), "{findings:#?}");
/// # }
/// ```
#[must_use]
pub async fn check_token_store<S: TokenStore + 'static>(open: impl Fn() -> S) -> Vec<String> {
    let mut findings = Findings::default();
    let Ok(runtime) = runtime::Handle::try_current() else {
        findings.add("open", &Flaw::last("the suite needs a Tokio runtime"));
        return findings.sentences;
    };
    let open = || -> Option<Handle> {
        let store = catch_unwind(AssertUnwindSafe(&open)).ok()?;
        Some(Handle::new(Arc::new(store), runtime.clone()))
    };
    let (Some(first), Some(second)) = (open(), open()) else {
        findings.add("open", &Flaw::last("opening the place panicked"));
        return findings.sentences;
    };
    let place = Place { first, second };
    let is_left = Box::pin(try_rules(&place, &mut findings)).await;
    findings.close(place.first);
    findings.close(place.second);
    if is_left {
        match open() {
            Some(anew) => {
                findings.note("reopened", register::stays(&anew)).await;
                findings.close(anew);
            }
            None => findings.add("reopened", &Flaw::new("opening the place anew panicked")),
        }
    }
    findings.sentences
}

/// Two handles on one place.
struct Place {
    first: Handle,
    second: Handle,
}

/// One sentence about what went wrong.
struct Flaw {
    /// Another rule than the one that was being tried.
    rule: Option<&'static str>,
    text: String,
    weight: Weight,
}

/// What a flaw means for the rules that follow.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Weight {
    /// They can be tried.
    Light,
    /// A call took too long; with a few of them, the rest would only wait in vain.
    Late,
    /// They can't be tried.
    Last,
}

/// What comes of a rule that is tried.
type Trial = Result<(), Flaw>;

impl Flaw {
    fn new(text: impl Into<String>) -> Self {
        Self {
            rule: None,
            text: text.into(),
            weight: Weight::Light,
        }
    }

    fn late(text: impl Into<String>) -> Self {
        Self {
            weight: Weight::Late,
            ..Self::new(text)
        }
    }

    fn last(text: impl Into<String>) -> Self {
        Self {
            weight: Weight::Last,
            ..Self::new(text)
        }
    }

    /// A token was shown.
    fn shown(text: impl Into<String>) -> Self {
        Self {
            rule: Some("secrecy"),
            ..Self::new(text)
        }
    }

    /// Adds what came before.
    fn after(mut self, what: &str) -> Self {
        self.text = format!("{} after {what}", self.text);
        self
    }
}

/// What was found so far.
#[derive(Default)]
struct Findings {
    sentences: Vec<String>,
    /// How many calls took too long.
    late: usize,
    is_over: bool,
}

impl Findings {
    /// Tries a rule, unless that is in vain, and says whether it is kept.
    async fn note(&mut self, rule: &str, trial: impl Future<Output = Trial>) -> bool {
        if self.is_over {
            return false;
        }
        let trial = Box::pin(trial).await;
        if let Err(flaw) = &trial {
            self.add(rule, flaw);
        }
        trial.is_ok()
    }

    /// Drops one handle; of two at once, the panic of the second would end the process.
    fn close(&mut self, handle: Handle) {
        if catch_unwind(AssertUnwindSafe(|| drop(handle))).is_err() {
            self.add("open", &Flaw::new("a handle panicked when it was dropped"));
        }
    }

    fn add(&mut self, rule: &str, flaw: &Flaw) {
        let mut sentence = format!("{}: {}", flaw.rule.unwrap_or(rule), flaw.text);
        self.late += usize::from(flaw.weight == Weight::Late);
        if flaw.weight == Weight::Last || self.late == LATE_CALLS {
            self.is_over = true;
            sentence.push_str("; the rules that follow were not tried");
        }
        // One fault often shows in several trials of a rule.
        if !self.sentences.contains(&sentence) {
            self.sentences.push(sentence);
        }
    }
}

/// Tries all rules but the last, and says whether that can be tried.
async fn try_rules(place: &Place, findings: &mut Findings) -> bool {
    findings
        .note("nothing yet", register::nothing_yet(place))
        .await;
    findings
        .note("round trip", register::round_trip(place))
        .await;
    findings.note("one place", register::one_place(place)).await;
    findings
        .note("wrong number", register::wrong_number(place))
        .await;
    findings
        .note("great numbers", register::great_numbers(place))
        .await;
    findings
        .note("large tokens", register::large_tokens(place))
        .await;
    findings
        .note("large tokens", register::oversized(place))
        .await;
    findings.note("keys", keys::own_tokens(place)).await;
    findings.note("keys", keys::own_locks(place)).await;
    for (name, waiter) in [("one handle", &place.first), ("two", &place.second)] {
        for way in [Unlock::Drop, Unlock::Release] {
            let key = key(&format!("exclusion, {name}, {way}"));
            let trial = lock::exclusion(&place.first, waiter, &key, way);
            findings.note("exclusion", trial).await;
        }
    }
    findings
        .note("rounds under the lock", lock::rounds(place))
        .await;
    findings.note("lease", lease::one_takes_over(place)).await;
    for way in [Unlock::Drop, Unlock::Release] {
        findings
            .note("late holder", lease::late_holder(place, way))
            .await;
    }
    findings.note("one winner", race::one_winner(place)).await;
    findings
        .note("no lost update", race::no_lost_update(place))
        .await;
    findings
        .note("dropped lock", cancel::free_lock(place))
        .await;
    findings
        .note("dropped lock", cancel::waiting_lock(place))
        .await;
    findings
        .note("dropped lock", cancel::lock_handed_over(place))
        .await;
    findings.note("dropped save", cancel::save(place)).await;
    for handle in [&place.first, &place.second] {
        findings.note("secrecy", register::debug(handle)).await;
    }
    findings.note("reopened", register::leave(place)).await
}

/// The key under which a rule is tried, so that no rule meets what another has left.
fn key(rule: &str) -> StoreKey {
    StoreKey::new("CONFORMANCE", rule, "", "")
}

async fn pause(time: Duration) {
    SystemClock.sleep(time).await;
}
