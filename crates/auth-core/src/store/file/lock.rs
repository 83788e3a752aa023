//! Locks files, and takes the lock of a holder that was stopped.
//!
//! # The long lock
//! A renewal holds an OS lock on the file `.lock`. The OS frees it when its holder dies. A holder that is only stopped
//! keeps it, so each holder writes a mark of its own into the file, with its lease, and whoever waits reads it: once one
//! mark has been there for that lease, the waiter puts a new file in the place of the old, locked and marked already.
//!
//! # Why there is one holder at most
//! Marks are written and files are replaced only under the lock on `.commit`, which is held for some file operations
//! and never across an `await`.
//!
//! | step | what keeps a second one from it |
//! |---|---|
//! | to lock the file at the path | the OS |
//! | to become the holder: to write a mark | under the commit lock, and only if the locked file still stands at the path; it can't be replaced meanwhile |
//! | to take over | under the commit lock, and only if the stopped holder's mark still stands in the file at the path; the new file has another, so the next waiter begins to watch anew |
//!
//! A holder that was stopped between locking and marking finds another file at the path when it wakes, and waits like
//! anybody else.
//!
//! # What remains
//! One that was stopped as the holder still believes itself to be it when it wakes. It holds the lock on a file without
//! a name, which nobody asks for, and its save is refused by the number once the new holder has saved. One that is
//! stopped in the moment in which it holds the commit lock can't be taken over: until it goes on or dies, locks and saves
//! fail after [`COMMIT_WAIT`].

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::clock::{Clock as _, SystemClock};

use super::super::unique::unique;
use super::entry;
use super::failure::Failure;
use super::names::{Kind, Names};
use super::temporary::Temporary;

/// So long a thread waits for the commit lock; less than a session gives to a save by default.
pub(super) const COMMIT_WAIT: Duration = Duration::from_secs(4);
/// The first pause between two looks at the commit lock.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
/// The longest one.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);
/// So much of a lock file is read; more than a mark of ours has.
const MARK_READ: u64 = 64;
/// So much of the time between two looks counts at most: where all processes were stopped together, the holder gets its
/// time back.
const LONGEST_STEP: Duration = Duration::from_secs(1);
/// So often a lock file may be replaced while it is being locked.
const TRIES: usize = 16;

/// A locked file, unlocked when dropped.
pub(super) struct Held(File);

impl Held {
    pub(super) fn file(&self) -> &File {
        &self.0
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // To close it would not do while a child process that was just forked has the handle too.
        let _ = self.0.unlock();
    }
}

/// What came of a try to lock.
pub(super) enum Tried {
    Busy(File),
    Held(Held),
    /// The file was locked, but no longer stands at its path.
    Replaced,
}

/// Locks `file`, which was opened at `path`, if that is possible at once.
pub(super) fn try_lock(file: File, path: &Path) -> Result<Tried, Failure> {
    match file.try_lock() {
        Ok(()) => {
            let held = Held(file);
            Ok(if entry::stands_at(held.file(), path)? {
                Tried::Held(held)
            } else {
                Tried::Replaced
            })
        }
        Err(std::fs::TryLockError::WouldBlock) => Ok(Tried::Busy(file)),
        Err(std::fs::TryLockError::Error(error)) => Err(Failure::io(path, "locked")(error)),
    }
}

/// Locks the file at `path`, which is made where it is missing, if that is possible at once.
fn try_lock_at(path: &Path) -> Result<Tried, Failure> {
    for _ in 0..TRIES {
        match try_lock(entry::open_or_create(path)?, path)? {
            Tried::Replaced => {}
            tried => return Ok(tried),
        }
    }
    Ok(Tried::Replaced)
}

/// Holds the commit lock. The thread waits for it, but not for ever.
pub(super) fn commit(names: &Names) -> Result<Held, Failure> {
    let path = names.commit();
    let until = SystemClock.now() + COMMIT_WAIT;
    let mut pause = SHORTEST_PAUSE;
    loop {
        if let Tried::Held(held) = try_lock_at(&path)? {
            return Ok(held);
        }
        if SystemClock.now() >= until {
            let wait = COMMIT_WAIT.as_secs();
            let problem = format!(
                "has been locked by another process for {wait} seconds, which takes milliseconds: \
                 see whether one was stopped, and let it go on or end it"
            );
            return Err(Failure::refused(&path, problem));
        }
        std::thread::sleep(pause.mul_f64(0.5 + fastrand::f64() / 2.0));
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// What stands in a lock file: a holder's number of chance and its lease in milliseconds, nothing yet, or anything else.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mark(Vec<u8>);

impl Mark {
    /// A mark that nobody else has. All are of one length, so that one can be written over another.
    fn new(lease: Duration) -> Self {
        let milliseconds = lease.as_nanos().div_ceil(1_000_000);
        let milliseconds = u64::try_from(milliseconds).unwrap_or(u64::MAX);
        Self(format!("{} {milliseconds:20}\n", unique()).into())
    }

    /// The lease that the holder asked for; `None` if it did not get so far as to write it down.
    fn lease(&self) -> Option<Duration> {
        let (_, milliseconds) = std::str::from_utf8(&self.0).ok()?.split_once(' ')?;
        Some(Duration::from_millis(milliseconds.trim().parse().ok()?))
    }

    fn read(file: &File, path: &Path) -> Result<Self, Failure> {
        let mut mark = Vec::new();
        file.take(MARK_READ)
            .read_to_end(&mut mark)
            .map_err(Failure::io(path, "read"))?;
        Ok(Self(mark))
    }

    /// Writes it over the old one, so that no room is needed where the disk is full.
    fn write(&self, mut file: &File, path: &Path) -> Result<(), Failure> {
        let length = u64::try_from(self.0.len()).unwrap_or(MARK_READ);
        file.write_all(&self.0)
            .and_then(|()| file.set_len(length))
            .map_err(Failure::io(path, "written"))
    }
}

/// What came of a look at the long lock.
pub(super) enum Look {
    Held(Held),
    /// Another has it, whose mark this is. None where it has just changed hands, or where no mark can be read while
    /// another holds the lock (elsewhere than on Unix); then nobody is taken over.
    Waiting(Option<Mark>),
}

/// Takes the long lock, for a `lease`, if it is free or the mark of its holder is still `stopped`.
pub(super) fn look(
    names: &Names,
    lease: Duration,
    stopped: Option<&Mark>,
) -> Result<Look, Failure> {
    let path = names.lock();
    match try_lock_at(&path)? {
        Tried::Busy(_) if cfg!(not(unix)) => Ok(Look::Waiting(None)),
        Tried::Busy(file) => {
            let mark = Mark::read(&file, &path)?;
            if stopped == Some(&mark) {
                take_over(names, lease, &mark)
            } else {
                Ok(Look::Waiting(Some(mark)))
            }
        }
        Tried::Held(held) => {
            let _commit = commit(names)?;
            if !entry::stands_at(held.file(), &path)? {
                return Ok(Look::Waiting(None));
            }
            Mark::new(lease).write(held.file(), &path)?;
            Ok(Look::Held(held))
        }
        Tried::Replaced => Ok(Look::Waiting(None)),
    }
}

/// Puts a lock file of our own in the place of the one that holds `stopped`.
fn take_over(names: &Names, lease: Duration, stopped: &Mark) -> Result<Look, Failure> {
    let path = names.lock();
    let _commit = commit(names)?;
    let Some(file) = entry::open(&path, false)? else {
        return Ok(Look::Waiting(None));
    };
    let mark = Mark::read(&file, &path)?;
    if mark != *stopped {
        return Ok(Look::Waiting(Some(mark)));
    }
    let new = Temporary::create(names, Kind::Lock, &Mark::new(lease).0)?;
    let held = new.replace(&path)?;
    tracing::warn!(
        name: "auth_core.lock.taken_over",
        path = %path.display(),
        "a lock was taken over: its lease has run out"
    );
    Ok(Look::Held(held))
}

/// What one waiter has seen of the holder.
#[derive(Default)]
pub(super) struct Watch {
    mark: Option<Mark>,
    /// For how long the mark has been the same.
    seen: Duration,
    last: Option<Instant>,
}

impl Watch {
    /// Notes the mark that was there a moment before `now`.
    pub(super) fn note(&mut self, mark: Option<Mark>, now: Instant) {
        let last = self.last.replace(now).unwrap_or(now);
        if mark.is_some() && mark == self.mark {
            let step = now.saturating_duration_since(last);
            self.seen += step.min(LONGEST_STEP);
        } else {
            self.mark = mark;
            self.seen = Duration::ZERO;
        }
    }

    /// The mark, once it has been there for the lease that it names; for `lease` if it names none.
    pub(super) fn stopped(&self, lease: Duration) -> Option<&Mark> {
        let is_over = |mark: &&Mark| self.seen >= mark.lease().unwrap_or(lease);
        self.mark.as_ref().filter(is_over)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    const LEASE: Duration = Duration::from_secs(3);

    fn mark(text: &str) -> Option<Mark> {
        Some(Mark(text.into()))
    }

    #[test]
    fn a_mark_names_the_lease_of_its_holder() {
        for lease in [Duration::ZERO, LEASE, Duration::from_millis(u64::MAX)] {
            let (one, other) = (Mark::new(lease), Mark::new(lease));
            assert_eq!(one.lease(), Some(lease));
            assert_ne!(one, other);
            assert_eq!(one.0.len(), 54);
        }
        let rounded_up = Mark::new(Duration::from_micros(1)).lease();
        assert_eq!(rounded_up, Some(Duration::from_millis(1)));
        assert_eq!(Mark::new(Duration::MAX).0.len(), 54);
        for text in ["", " ", "5", "0123 x", "0123 -5"] {
            assert_eq!(mark(text).and_then(|mark| mark.lease()), None, "{text}");
        }
    }

    #[test]
    fn the_lease_of_the_holder_counts_and_not_that_of_the_waiter() {
        let clock = ManualClock::new();
        let (short, long) = (Mark::new(LEASE / 3), Mark::new(LEASE * 3));
        for (mark, after_one, after_three) in [(short, true, true), (long, false, false)] {
            let mut watch = Watch::default();
            let mut is_over = Vec::new();
            for _ in 0..=3 {
                watch.note(Some(mark.clone()), clock.now());
                is_over.push(watch.stopped(LEASE).is_some());
                clock.advance(LEASE / 3);
            }
            assert_eq!(is_over, [false, after_one, after_one, after_three]);
        }
    }

    #[test]
    fn a_mark_that_changes_is_watched_anew() {
        let clock = ManualClock::new();
        let mut watch = Watch::default();
        for text in ["a", "a", "a", "b", "b", "b", "b"] {
            assert_eq!(watch.stopped(LEASE), None);
            watch.note(mark(text), clock.now());
            clock.advance(Duration::from_secs(1));
        }
        assert_eq!(watch.stopped(LEASE), mark("b").as_ref());
        watch.note(None, clock.now());
        watch.note(None, clock.now() + LEASE);
        assert_eq!(watch.stopped(LEASE), None);
    }

    #[test]
    fn an_empty_mark_is_a_mark() {
        let clock = ManualClock::new();
        let mut watch = Watch::default();
        for _ in 0..=3 {
            watch.note(mark(""), clock.now());
            clock.advance(Duration::from_secs(1));
        }
        assert_eq!(watch.stopped(LEASE), mark("").as_ref());
    }

    #[test]
    fn a_waiter_that_was_stopped_itself_does_not_count_that_time() {
        let clock = ManualClock::new();
        let mut watch = Watch::default();
        for _ in 0..=2 {
            watch.note(mark("a"), clock.now());
            clock.advance(Duration::from_secs(1000));
        }
        assert_eq!(watch.stopped(LEASE), None);
        watch.note(mark("a"), clock.now());
        assert_eq!(watch.stopped(LEASE), mark("a").as_ref());
    }
}
