//! Tries saves that come at the same instant.

use std::sync::Arc;

use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::store::Saved;

use super::calls::{Handle, all};
use super::register::expect;
use super::samples::record;
use super::{Flaw, Place, Trial, key};

const SAVERS: usize = 4;
/// How often all save at once.
const ROUNDS: u64 = 16;
/// How often each saves without a lock.
const SAVES: u64 = 5;
/// So often at most a save may be superseded in a row: each time, another one has written.
const TRIES: u64 = 4 * SAVES;

pub(super) async fn one_winner(place: &Place) -> Trial {
    let key = key("one winner");
    let mut before = None;
    for round in 1..=ROUNDS {
        let start = Arc::new(Barrier::new(SAVERS));
        let mut savers = JoinSet::new();
        for saver in 0..SAVERS {
            let (handle, start, key) = (pick(place, saver), Arc::clone(&start), key.clone());
            savers.spawn(async move {
                let new = record(round, &format!("{round}-{saver}"));
                let saved = handle.save_together(start, &key, before, &new).await?;
                Ok((saved, new))
            });
        }
        let saved = all(savers).await?.into_iter();
        let winners = saved.filter(|(saved, _)| *saved == Saved::Written);
        let winners: Vec<_> = winners.map(|(_, new)| new).collect();
        let [winner] = &winners[..] else {
            return Err(Flaw::new(format!(
                "of {SAVERS} saves at once that expected the same number, {} were written",
                winners.len()
            )));
        };
        let what = "several saves at once, of which one was written";
        expect(&place.first, &key, winner, what).await?;
        before = Some(round);
    }
    Ok(())
}

pub(super) async fn no_lost_update(place: &Place) -> Trial {
    let mut savers = JoinSet::new();
    for saver in 0..SAVERS {
        let handle = pick(place, saver);
        savers.spawn(async move {
            for round in 0..SAVES {
                add_one(&handle, &format!("{saver}-{round}")).await?;
            }
            Ok(SAVES)
        });
    }
    let written: u64 = all(savers).await?.into_iter().sum();
    let stored = place.second.load(&key("no lost update")).await?;
    let number = stored.map_or(0, |stored| stored.generation.number());
    if number != written {
        return Err(Flaw::new(format!(
            "load gave the number {number} after {written} saves that were written and each added one"
        )));
    }
    Ok(())
}

/// Loads and saves, until nobody comes in between.
async fn add_one(handle: &Handle, label: &str) -> Trial {
    let key = key("no lost update");
    for _ in 0..TRIES {
        let stored = handle.load(&key).await?;
        let before = stored.map(|stored| stored.generation.number());
        let new = record(before.unwrap_or(0) + 1, label);
        if let Saved::Written = handle.save(&key, before, &new).await? {
            return Ok(());
        }
    }
    Err(Flaw::new(format!(
        "a save that expected the loaded number was superseded {TRIES} times, more often than \
         others can have written"
    )))
}

fn pick(place: &Place, saver: usize) -> Handle {
    if saver.is_multiple_of(2) {
        place.first.clone()
    } else {
        place.second.clone()
    }
}
