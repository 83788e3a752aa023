//! Locks a key, and takes the lock of a holder that was stopped.
//!
//! A renewal holds an OS lock on the lock file with the highest number. The OS frees it when its holder dies. A holder
//! that is only stopped keeps it, so each writes a mark of its own into the file, with its lease, and whoever waits reads
//! it: once one mark has been there for that lease, the waiter lets a new lock file follow, locked and marked already.
//!
//! | step | who comes too late |
//! |---|---|
//! | to lock the file | finds it locked, and waits |
//! | to write the mark | finds a lock file with a higher number afterwards, and waits like anybody else |
//! | to take over, if the old mark still stands in the old file | can't let a file follow: another one has (see [`succession`]) |
//!
//! So whoever is stopped, at any of these steps, is waited for as long as the lease in the file says and no longer.
//!
//! # What remains
//! A holder that was stopped for longer than its lease still believes itself to be it when it wakes. So may one that
//! locks and marks the old file in the instant in which another, who has looked at the mark for the last time, lets a new
//! one follow. Two may then be at work, and the number in a save lets one of them go on: see [`succession`] as well.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use super::super::unique::unique;
use super::failure::Failure;
use super::names::{Kind, Names};
use super::temporary::Temporary;
use super::{entry, succession};

/// So much of a lock file is read; more than a mark of ours has.
const MARK_READ: u64 = 64;
/// So much of the time between two looks counts at most: where all processes were stopped together, the holder gets its
/// time back.
const LONGEST_STEP: Duration = Duration::from_secs(1);

/// A locked file, unlocked when dropped.
pub(super) struct Held(File);

impl Drop for Held {
    fn drop(&mut self) {
        // To close it would not do while a child process that was just forked has the handle too.
        let _ = self.0.unlock();
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

    fn read(mut file: &File, path: &Path) -> Result<Self, Failure> {
        let mut mark = Vec::new();
        file.rewind()
            .and_then(|()| file.take(MARK_READ).read_to_end(&mut mark))
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

/// What came of a look at the lock.
pub(super) enum Look {
    Held(Held),
    /// Another has it, whose mark this is. None where it has just changed hands, or where no mark can be read while
    /// another holds the lock (elsewhere than on Unix); then nobody is taken over.
    Waiting(Option<Mark>),
}

/// Takes the lock, for a `lease`, if it is free or the mark of its holder is still `stopped`.
pub(super) fn look(
    names: &Names,
    lease: Duration,
    stopped: Option<&Mark>,
) -> Result<Look, Failure> {
    let newest = succession::newest(names, Kind::Lock)?;
    if newest == 0 {
        return follow(names, 0, lease, || Ok(None));
    }
    let path = names.numbered(Kind::Lock, newest);
    let Some(file) = entry::open(&path, true)? else {
        return Ok(Look::Waiting(None));
    };
    match file.try_lock() {
        Ok(()) => hold(names, newest, Held(file), lease),
        Err(TryLockError::WouldBlock) if cfg!(not(unix)) => Ok(Look::Waiting(None)),
        Err(TryLockError::WouldBlock) => {
            let mark = Mark::read(&file, &path)?;
            if stopped != Some(&mark) {
                return Ok(Look::Waiting(Some(mark)));
            }
            follow(names, newest, lease, || {
                let now = Mark::read(&file, &path)?;
                Ok((now != mark).then_some(now))
            })
        }
        Err(TryLockError::Error(error)) => Err(Failure::io(&path, "locked")(error)),
    }
}

/// Writes our mark into the lock file `number`, which we have locked, and sees whether it still is the one that counts.
fn hold(names: &Names, number: u64, held: Held, lease: Duration) -> Result<Look, Failure> {
    let path = names.numbered(Kind::Lock, number);
    Mark::new(lease).write(&held.0, &path)?;
    // Whoever takes over from now on reads the mark. Whoever has done so is seen.
    let is_newest = succession::newest(names, Kind::Lock)? == number;
    Ok(if is_newest {
        Look::Held(held)
    } else {
        Look::Waiting(None)
    })
}

/// Lets a lock file of our own follow the one with the number `newest`, unless at the last moment `changed` gives the mark
/// of a new holder.
fn follow(
    names: &Names,
    newest: u64,
    lease: Duration,
    changed: impl FnOnce() -> Result<Option<Mark>, Failure>,
) -> Result<Look, Failure> {
    let number = succession::after(names, Kind::Lock, newest)?;
    let new = Temporary::create(names, Kind::Lock, number, &Mark::new(lease).0)?;
    // Nobody else knows it, so it is free.
    let locked = new.file().try_lock();
    locked.map_err(|error| Failure::io(new.path(), "locked")(error.into()))?;
    if let Some(mark) = changed()? {
        return Ok(Look::Waiting(Some(mark)));
    }
    if !succession::place(names, Kind::Lock, &new)? {
        return Ok(Look::Waiting(None));
    }
    let held = Held(new.into_file());
    succession::sweep(names, Kind::Lock, number);
    if newest > 0 {
        tracing::warn!(
            name: "auth_core.lock.taken_over",
            path = %names.numbered(Kind::Lock, number).display(),
            "a lock was taken over: its lease has run out"
        );
    }
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
    use crate::clock::{Clock as _, ManualClock};
    use crate::store::StoreKey;

    const LEASE: Duration = Duration::from_secs(3);

    fn held(look: Result<Look, Failure>) -> Option<Held> {
        match look.expect("no failure") {
            Look::Held(held) => Some(held),
            Look::Waiting(_) => None,
        }
    }

    fn waiting(look: Result<Look, Failure>) -> Option<Mark> {
        match look.expect("no failure") {
            Look::Held(_) => panic!("the lock was given"),
            Look::Waiting(mark) => mark,
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_holder_that_comes_just_before_a_takeover_is_not_taken_over() {
        let home = tempfile::tempdir().expect("a temporary directory");
        let names = Names::new(home.path(), &StoreKey::new("p", "a", "t", "s"));
        std::fs::create_dir(names.directory()).expect("a directory");
        let first = held(look(&names, LEASE, None)).expect("free");
        let old = waiting(look(&names, LEASE, None)).expect("a mark");
        drop(first);
        let _second = held(look(&names, LEASE, None)).expect("free");
        let new = waiting(look(&names, LEASE, Some(&old))).expect("a mark");
        assert_ne!(old, new);
        // The same, where the mark changes at the last moment.
        let late = follow(&names, 1, LEASE, || Ok(Some(new.clone())));
        assert_eq!(waiting(late), Some(new.clone()));
        assert_eq!(succession::newest(&names, Kind::Lock).expect("listed"), 1);

        // One that is stopped after it has opened the file, or locked it.
        let path = names.numbered(Kind::Lock, 1);
        let opened = entry::open(&path, true).expect("opened").expect("a file");
        let _third = held(look(&names, LEASE, Some(&new))).expect("taken over");
        let late = follow(&names, 1, LEASE, || Ok(None));
        assert_eq!(waiting(late), None);
        assert_eq!(waiting(hold(&names, 1, Held(opened), LEASE)), None);
        assert!(held(look(&names, LEASE, Some(&new))).is_none());
        assert_eq!(succession::newest(&names, Kind::Lock).expect("listed"), 2);
    }

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
