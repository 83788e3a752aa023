//! Tries whether a lock excludes all others while it is held, and none afterwards.

use std::time::Duration;

use tokio::task::JoinSet;

use crate::store::{Saved, StoreKey};

use super::calls::{Handle, all};
use super::held::Unlock;
use super::samples::record;
use super::{Flaw, GLIMPSE, LONG_LEASE, Place, Trial, key, pause};

/// The lease that one who waits asks for. It must not count as long as another holds the lock.
const BRIEF_LEASE: Duration = Duration::from_millis(50);
const WORKERS: u64 = 4;
const ROUNDS: u64 = 4;

pub(super) async fn exclusion(
    holder: &Handle,
    waiter: &Handle,
    key: &StoreKey,
    way: Unlock,
) -> Trial {
    let held = holder.lock(key, LONG_LEASE).await?;
    let waiting = waiter.wait_for_lock(key, BRIEF_LEASE);
    pause(GLIMPSE).await;
    if waiting.is_over() {
        waiting.given().await?;
        return Err(Flaw::new(
            "a second lock was given while the first was held",
        ));
    }
    held.unlock(way).await?;
    let given = waiting.given().await;
    given
        .map_err(|flaw| flaw.after(&way.to_string()))?
        .unlock(way)
        .await?;
    // Nobody waits now, and nobody holds it.
    let again = holder.lock(key, LONG_LEASE).await;
    again
        .map_err(|flaw| flaw.after(&format!("{way}, twice")))?
        .unlock(way)
        .await
}

/// Load and save under the lock, from all sides: no save is superseded, and each is seen by the next.
pub(super) async fn rounds(place: &Place) -> Trial {
    let mut workers = JoinSet::new();
    for worker in 0..WORKERS {
        let handle = if worker % 2 == 0 {
            place.first.clone()
        } else {
            place.second.clone()
        };
        workers.spawn(async move {
            for round in 0..ROUNDS {
                one_round(&handle, &format!("{worker}-{round}")).await?;
            }
            Ok(())
        });
    }
    all(workers).await?;
    let stored = place.first.load(&key("rounds under the lock")).await?;
    let number = stored.map_or(0, |stored| stored.generation.number());
    if number != WORKERS * ROUNDS {
        let saves = WORKERS * ROUNDS;
        return Err(Flaw::new(format!(
            "load gave the number {number} after {saves} saves that each added one"
        )));
    }
    Ok(())
}

async fn one_round(handle: &Handle, label: &str) -> Trial {
    let key = key("rounds under the lock");
    let held = handle.lock(&key, LONG_LEASE).await?;
    let stored = handle.load(&key).await?;
    let before = stored.map(|stored| stored.generation.number());
    let new = record(before.unwrap_or(0) + 1, label);
    if let Saved::Superseded = handle.save(&key, before, &new).await? {
        let text = "a save under the lock that expected the loaded number was superseded";
        return Err(Flaw::new(text));
    }
    held.unlock(Unlock::Release).await
}
