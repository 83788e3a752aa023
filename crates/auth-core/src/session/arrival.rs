//! Tells everyone who waits for a renewal how it ended, ten thousand as fast as one.
//!
//! Answers: [`Teller::tell`], [`Arrival::wait`]. Never: knows what is waited for, or for how long.
//!
//! No waker is woken or dropped under the lock: either may run code of the executor that comes back here.

use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::error::Error;
use crate::token::{Authorization, LiveToken};

/// How a renewal ended.
pub(super) type Outcome = Result<Arc<LiveToken>, Error>;

/// The end of one renewal, and who waits for it.
#[derive(Default)]
pub(super) struct Arrival {
    outcome: OnceLock<Outcome>,
    waiters: Mutex<Waiters>,
}

#[derive(Default)]
struct Waiters {
    /// Empty for good once the outcome was told.
    wakers: Vec<Option<Waker>>,
    /// Which of them may be used again, because whoever waited there gave up.
    free: Vec<usize>,
}

impl Arrival {
    /// Tells the outcome, unless one was told before.
    fn tell(&self, outcome: Outcome) {
        if self.outcome.set(outcome).is_err() {
            return;
        }
        let waiters = mem::take(&mut *self.waiters());
        for waker in waiters.wakers.into_iter().flatten() {
            // It is foreign code. Who waits behind it is woken all the same; the panic was printed by its hook.
            let _ = panic::catch_unwind(AssertUnwindSafe(|| waker.wake()));
        }
    }

    /// Waits for the outcome.
    pub(super) fn wait(self: &Arc<Self>) -> Wait {
        Wait {
            arrival: Arc::clone(self),
            place: None,
        }
    }

    fn authorization(&self) -> Option<Result<Authorization, Error>> {
        let outcome = self.outcome.get()?.as_ref();
        Some(match outcome {
            Ok(token) => Ok(token.authorization.clone()),
            Err(error) => Err(error.clone()),
        })
    }

    fn waiters(&self) -> MutexGuard<'_, Waiters> {
        self.waiters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sees to it that an outcome is told: dropped without one, that the renewal was cut off.
pub(super) struct Teller(pub(super) Arc<Arrival>);

impl Teller {
    /// Tells the outcome.
    pub(super) fn tell(&self, outcome: Outcome) {
        self.0.tell(outcome);
    }
}

impl Drop for Teller {
    fn drop(&mut self) {
        // Nothing, where one was told.
        self.0.tell(Err(Error::cancelled()));
    }
}

impl Waiters {
    /// Leaves `waker` at `place`, or at a new one; gives the waker back that stood there.
    fn leave(&mut self, waker: Waker, place: &mut Option<usize>) -> Option<Waker> {
        let place = *place.get_or_insert_with(|| self.free.pop().unwrap_or(self.wakers.len()));
        match self.wakers.get_mut(place) {
            Some(known) => known.replace(waker),
            None => {
                self.wakers.push(Some(waker));
                None
            }
        }
    }

    /// Gives up a place.
    fn give_up(&mut self, place: usize) -> Option<Waker> {
        let waker = self.wakers.get_mut(place)?.take();
        self.free.push(place);
        waker
    }
}

/// Ready with the header once the outcome was told.
pub(super) struct Wait {
    arrival: Arc<Arrival>,
    place: Option<usize>,
}

impl Future for Wait {
    type Output = Result<Authorization, Error>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        if let Some(told) = this.arrival.authorization() {
            this.place = None;
            return Poll::Ready(told);
        }
        let waker = context.waker().clone();
        let mut waiters = this.arrival.waiters();
        // It may have been told between the look and the lock; afterwards nobody is woken any more.
        if let Some(told) = this.arrival.authorization() {
            return Poll::Ready(told);
        }
        let earlier = waiters.leave(waker, &mut this.place);
        drop(waiters);
        drop(earlier);
        Poll::Pending
    }
}

impl Drop for Wait {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            let waker = self.arrival.waiters().give_up(place);
            drop(waker);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use super::*;

    /// Counts how often it is woken; holds what its task holds.
    #[derive(Default)]
    struct Task {
        woken: AtomicUsize,
        holds: Mutex<Option<Wait>>,
        panics: bool,
    }

    impl Wake for Task {
        fn wake(self: Arc<Self>) {
            self.woken.fetch_add(1, Ordering::SeqCst);
            assert!(!self.panics, "the executor is gone");
        }
    }

    fn poll(wait: &mut Wait, task: &Arc<Task>) -> Poll<Result<Authorization, Error>> {
        let waker = Waker::from(Arc::clone(task));
        Pin::new(wait).poll(&mut Context::from_waker(&waker))
    }

    #[test]
    fn everyone_is_woken_once_and_told_the_first_outcome() {
        let arrival = Arc::new(Arrival::default());
        let tasks: Vec<_> = (0..3).map(|_| Arc::new(Task::default())).collect();
        let mut waits: Vec<_> = tasks.iter().map(|_| arrival.wait()).collect();
        for (wait, task) in waits.iter_mut().zip(&tasks) {
            assert!(poll(wait, task).is_pending());
            assert!(poll(wait, task).is_pending());
        }
        arrival.tell(Err(Error::cancelled()));
        arrival.tell(Err(Error::timeout("waiting for a token", false)));
        for (wait, task) in waits.iter_mut().zip(&tasks) {
            assert_eq!(task.woken.load(Ordering::SeqCst), 1);
            let Poll::Ready(Err(error)) = poll(wait, task) else {
                panic!("it was told");
            };
            assert_eq!(error.to_string(), Error::cancelled().to_string());
        }
        assert!(poll(&mut arrival.wait(), &tasks[0]).is_ready());
    }

    #[test]
    fn whoever_waits_behind_a_waker_that_panics_is_woken() {
        let arrival = Arc::new(Arrival::default());
        let bad = Arc::new(Task {
            panics: true,
            ..Task::default()
        });
        let good = Arc::new(Task::default());
        let mut waits: Vec<_> = (0..3).map(|_| arrival.wait()).collect();
        for (wait, task) in waits.iter_mut().zip([&bad, &good, &good]) {
            assert!(poll(wait, task).is_pending());
        }
        arrival.tell(Err(Error::cancelled()));
        assert_eq!(bad.woken.load(Ordering::SeqCst), 1);
        assert_eq!(good.woken.load(Ordering::SeqCst), 2);
    }

    #[test]
    fn a_teller_that_ends_without_an_outcome_tells_that() {
        let arrival = Arc::new(Arrival::default());
        let task = Arc::new(Task::default());
        let mut wait = arrival.wait();
        assert!(poll(&mut wait, &task).is_pending());
        drop(Teller(arrival));
        assert_eq!(task.woken.load(Ordering::SeqCst), 1);
        assert!(poll(&mut wait, &task).is_ready());
    }

    #[test]
    fn the_task_that_asked_last_is_woken() {
        let arrival = Arc::new(Arrival::default());
        let [first, last] = [(); 2].map(|()| Arc::new(Task::default()));
        let mut wait = arrival.wait();
        assert!(poll(&mut wait, &first).is_pending());
        assert!(poll(&mut wait, &last).is_pending());
        assert_eq!(Arc::strong_count(&first), 1);
        arrival.tell(Err(Error::cancelled()));
        assert_eq!(first.woken.load(Ordering::SeqCst), 0);
        assert_eq!(last.woken.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn whoever_gives_up_leaves_nothing() {
        let arrival = Arc::new(Arrival::default());
        let task = Arc::new(Task::default());
        let mut stays = arrival.wait();
        assert!(poll(&mut stays, &task).is_pending());
        for _ in 0..1_000 {
            let mut two = [arrival.wait(), arrival.wait()];
            for wait in &mut two {
                assert!(poll(wait, &task).is_pending());
            }
        }
        assert_eq!(Arc::strong_count(&task), 2);
        assert_eq!(arrival.waiters().wakers.len(), 3);
        arrival.tell(Err(Error::cancelled()));
        assert_eq!(task.woken.load(Ordering::SeqCst), 1);
        drop(stays);
        assert_eq!(arrival.waiters().free.len(), 0);
    }

    #[test]
    fn a_task_that_ends_with_its_waker_may_hold_another_place() {
        let arrival = Arc::new(Arrival::default());
        let other = Arc::new(Task::default());
        let mut wait = arrival.wait();
        for _ in 0..2 {
            let task = Arc::new(Task::default());
            let mut held = arrival.wait();
            assert!(poll(&mut held, &other).is_pending());
            *task.holds.lock().expect("nobody panics") = Some(held);
            assert!(poll(&mut wait, &task).is_pending());
        }
        drop(wait);
        assert_eq!(Arc::strong_count(&other), 1, "nobody waits any more");
    }
}
