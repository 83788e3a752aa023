//! Drops calls before they are over, at each of their awaits.

use crate::store::{Saved, StoredTokens};

use super::held::Unlock;
use super::register::{expect, write};
use super::samples::{difference, record};
use super::{Flaw, GLIMPSE, LONG_LEASE, Place, Trial, key};

/// The last await at which a call is dropped.
const LAST_AWAIT: usize = 8;

pub(super) async fn free_lock(place: &Place) -> Trial {
    let key = key("dropped lock, free");
    for number in 1..=LAST_AWAIT {
        let given = place.second.lock_dropped(&key, LONG_LEASE, number).await?;
        let is_over = given.is_some();
        if let Some(held) = given {
            held.unlock(Unlock::Drop).await?;
        }
        let again = place.first.lock(&key, LONG_LEASE).await;
        let what = format!("a call of lock was dropped at its await {number}");
        let held = again.map_err(|flaw| flaw.after(&what))?;
        held.unlock(Unlock::Release).await?;
        if is_over {
            break;
        }
    }
    Ok(())
}

pub(super) async fn waiting_lock(place: &Place) -> Trial {
    let key = key("dropped lock, waiting");
    let held = place.first.lock(&key, LONG_LEASE).await?;
    let mut waiting = Vec::new();
    for handle in [&place.first, &place.second] {
        waiting.push(handle.lock_within(&key, LONG_LEASE, GLIMPSE).await?);
    }
    if waiting.iter().any(Option::is_some) {
        return Err(Flaw::new(
            "a second lock was given while the first was held",
        ));
    }
    held.unlock(Unlock::Release).await?;
    let again = place.second.lock(&key, LONG_LEASE).await;
    again
        .map_err(|flaw| flaw.after("others had given up waiting for it"))?
        .unlock(Unlock::Release)
        .await
}

/// One gives up at about the instant at which the lock would be theirs.
pub(super) async fn lock_handed_over(place: &Place) -> Trial {
    let key = key("dropped lock, handed over");
    for number in 1..=LAST_AWAIT {
        let held = place.first.lock(&key, LONG_LEASE).await?;
        let (waiter, its_key) = (place.second.clone(), key.clone());
        let waiting = tokio::spawn(async move {
            let given = waiter.lock_dropped(&its_key, LONG_LEASE, number).await?;
            match given {
                Some(held) => held.unlock(Unlock::Drop).await,
                None => Ok(()),
            }
        });
        tokio::task::yield_now().await;
        held.unlock(Unlock::Drop).await?;
        if let Ok(trial) = waiting.await {
            trial?;
        }
        let again = place.first.lock(&key, LONG_LEASE).await;
        let what = "one who waited for it had given up while it was unlocked";
        again
            .map_err(|flaw| flaw.after(what))?
            .unlock(Unlock::Release)
            .await?;
    }
    Ok(())
}

pub(super) async fn save(place: &Place) -> Trial {
    let key = key("dropped save");
    let mut present = record(1, "present");
    write(&place.first, &key, None, &present, "a first save").await?;
    for number in 1..=LAST_AWAIT {
        let before = present.generation.number();
        let new = record(before + 1, &format!("dropped-{number}"));
        let saving = place.second.save_dropped(&key, Some(before), &new, number);
        let is_over = saving.await?;
        let what = format!("a save was dropped at its await {number}");
        // What was begun may still come to its end, such as in a thread of a pool, until another save stands there.
        let next = record(before + 2, &format!("next-{number}"));
        let mut is_written = false;
        for _ in 0..2 {
            let found = place.first.load(&key).await;
            present = whole(found.map_err(|flaw| flaw.after(&what))?, [&present, &new])
                .map_err(|flaw| flaw.after(&what))?;
            let expected = Some(present.generation.number());
            if let Saved::Written = place.first.save(&key, expected, &next).await? {
                is_written = true;
                break;
            }
        }
        if !is_written {
            let text = "save was superseded twice though only one other was under way";
            return Err(Flaw::new(text).after(&what));
        }
        expect(&place.first, &key, &next, &what).await?;
        present = next;
        if is_over {
            break;
        }
    }
    Ok(())
}

/// What was found, if it is one of two records without a difference.
fn whole(found: Option<StoredTokens>, either: [&StoredTokens; 2]) -> Result<StoredTokens, Flaw> {
    let [old, new] = either;
    for one in either {
        if difference(one, found.as_ref()).is_none() {
            return Ok(one.clone());
        }
    }
    let found = found.as_ref();
    let from_old = difference(old, found).unwrap_or_default();
    let from_new = difference(new, found).unwrap_or_default();
    Err(Flaw::new(format!(
        "load gave neither the old tokens (but {from_old}) nor the new ones (but {from_new})"
    )))
}
