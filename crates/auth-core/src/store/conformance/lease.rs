//! Tries what becomes of a lock whose holder neither unlocks nor dies.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;

use crate::clock::{Clock as _, SystemClock};
use crate::store::Saved;

use super::calls::all;
use super::held::Unlock;
use super::register::{expect, write};
use super::samples::record;
use super::{Flaw, GLIMPSE, LONG_LEASE, Place, Trial, key, pause};

/// A lease that runs out while one waits.
const SHORT_LEASE: Duration = Duration::from_millis(300);
/// A clock of whole milliseconds may ring so much earlier.
const ROUNDING: Duration = Duration::from_millis(10);
/// How long each of a crowd stays in.
const STAY: Duration = Duration::from_millis(20);
const CROWD: usize = 4;

/// Many wait for a lease to run out; one takes over, and the others go on waiting.
pub(super) async fn one_takes_over(place: &Place) -> Trial {
    let key = key("lease");
    let asked = SystemClock.now();
    let lost = place.first.lock(&key, SHORT_LEASE).await?;
    let inside = Arc::new(AtomicUsize::new(0));
    let met = Arc::new(AtomicBool::new(false));
    let mut crowd = JoinSet::new();
    for waiter in 0..CROWD {
        let handle = if waiter % 2 == 0 {
            place.second.clone()
        } else {
            place.first.clone()
        };
        let (key, inside, met) = (key.clone(), Arc::clone(&inside), Arc::clone(&met));
        crowd.spawn(async move {
            let held = handle.lock(&key, LONG_LEASE).await;
            let what = format!("a lease of {SHORT_LEASE:?} that was not unlocked");
            let held = held.map_err(|flaw| flaw.after(&what))?;
            let given = SystemClock.now();
            if inside.fetch_add(1, Ordering::SeqCst) > 0 {
                met.store(true, Ordering::SeqCst);
            }
            pause(STAY).await;
            inside.fetch_sub(1, Ordering::SeqCst);
            held.unlock(Unlock::Release).await?;
            Ok(given)
        });
    }
    let given = all(crowd).await?;
    if met.load(Ordering::SeqCst) {
        let text = "a lock whose lease had run out was given to several at once";
        return Err(Flaw::new(text));
    }
    if let Some(first) = given.into_iter().min() {
        let waited = first.saturating_duration_since(asked);
        if waited + ROUNDING < SHORT_LEASE {
            return Err(Flaw::new(format!(
                "a lock with a lease of {SHORT_LEASE:?} went to another after {waited:?}"
            )));
        }
    }
    lost.unlock_late(Unlock::Drop).await
}

/// One who has lost the lock wakes up, saves and unlocks.
pub(super) async fn late_holder(place: &Place, way: Unlock) -> Trial {
    let key = key(&format!("late holder, {way}"));
    let before = record(1, "before");
    write(&place.first, &key, None, &before, "a first save").await?;
    let lost = place.first.lock(&key, SHORT_LEASE).await?;
    let taken_over = place.second.lock(&key, LONG_LEASE).await;
    let what = format!("a lease of {SHORT_LEASE:?} that was not unlocked");
    let held = taken_over.map_err(|flaw| flaw.after(&what))?;
    let new = record(2, "new-holder");
    let what = "the save of a holder that had taken the lock over";
    write(&place.second, &key, Some(1), &new, what).await?;
    if let Saved::Written = place
        .first
        .save(&key, Some(1), &record(2, "old-holder"))
        .await?
    {
        let text = "the late save of a holder that had lost its lock was written over the tokens \
                    of the new holder";
        return Err(Flaw::new(text));
    }
    expect(
        &place.first,
        &key,
        &new,
        "the late save of a holder that had lost its lock",
    )
    .await?;
    lost.unlock_late(way).await?;
    let waiting = place.first.wait_for_lock(&key, LONG_LEASE);
    pause(GLIMPSE).await;
    if waiting.is_over() {
        waiting.given().await?;
        return Err(Flaw::new(format!(
            "{way} by a holder that had lost it freed the lock of the new holder"
        )));
    }
    held.unlock(way).await?;
    let given = waiting.given().await;
    given
        .map_err(|flaw| flaw.after("the new holder had unlocked"))?
        .unlock(way)
        .await
}
