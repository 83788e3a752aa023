//! Tries what a store does with one load or save at a time.

use crate::store::{RefreshMark, Saved, StoreKey, StoredTokens};

use super::calls::Handle;
use super::samples::{difference, long_record, record, tells_token, variety};
use super::{Flaw, Place, Trial, key};

/// A token of this size must find room.
const LARGE: usize = 64 * 1024;
/// A token of this size may be refused.
const OVERSIZED: usize = 1024 * 1024;

pub(super) async fn nothing_yet(place: &Place) -> Trial {
    for handle in [&place.first, &place.second] {
        if handle.load(&key("nothing yet")).await?.is_some() {
            let text = "load gave tokens for a key that was never saved; was the place empty?";
            return Err(Flaw::new(text));
        }
    }
    Ok(())
}

pub(super) async fn round_trip(place: &Place) -> Trial {
    let (key, mut before) = (key("round trip"), None);
    for (case, stored) in variety() {
        let what = format!("a save of tokens with {case}");
        write(&place.first, &key, before, &stored, &what).await?;
        expect(&place.first, &key, &stored, &what).await?;
        let what = format!("{what} through the other handle");
        expect(&place.second, &key, &stored, &what).await?;
        before = Some(stored.generation.number());
    }
    Ok(())
}

pub(super) async fn one_place(place: &Place) -> Trial {
    let key = key("one place");
    let mut before = None;
    for (writer, reader) in [
        (&place.first, &place.second),
        (&place.second, &place.first),
        (&place.first, &place.second),
    ] {
        let number = before.unwrap_or(0) + 1;
        let stored = record(number, &format!("turn-{number}"));
        let what = "a save through one of two handles in turn";
        write(writer, &key, before, &stored, what).await?;
        expect(reader, &key, &stored, "a save through the other handle").await?;
        before = Some(number);
    }
    Ok(())
}

pub(super) async fn wrong_number(place: &Place) -> Trial {
    let key = key("wrong number");
    superseded(&place.first, &key, Some(1), &record(2, "over-nothing")).await?;
    if place.first.load(&key).await?.is_some() {
        let text = "load gave tokens though the only save, which expected number 1, was superseded";
        return Err(Flaw::new(text));
    }
    let mut present = record(5, "five");
    write(&place.first, &key, None, &present, "a first save").await?;
    for handle in [&place.second, &place.first] {
        let number = present.generation.number();
        for wrong in [None, Some(number - 1), Some(number + 1), Some(u64::MAX)] {
            let mut new = record(number + 4, "wrong");
            new.mark = RefreshMark::Spent;
            new.tokens.scope = None;
            superseded(handle, &key, wrong, &new).await?;
            let what = "a save that was superseded";
            expect(&place.first, &key, &present, what).await?;
        }
        // The same once more is no longer what it was.
        superseded(handle, &key, None, &present).await?;
        let next = record(number + 4, "right");
        let what = "a save that expects the present number";
        write(handle, &key, Some(number), &next, what).await?;
        superseded(handle, &key, Some(number), &next).await?;
        expect(&place.second, &key, &next, what).await?;
        present = next;
    }
    Ok(())
}

pub(super) async fn great_numbers(place: &Place) -> Trial {
    let key = key("great numbers");
    // Where a floating-point number stops being exact, where a signed one ends, and where all end.
    let (exact, signed) = (1_u64 << 53, i64::MAX.unsigned_abs());
    let mut before = None;
    for number in [exact, exact + 1, signed, signed + 1, u64::MAX - 1, u64::MAX] {
        let stored = record(number, "great");
        let what = format!("a save with the number {number}");
        write(&place.first, &key, before, &stored, &what).await?;
        expect(&place.second, &key, &stored, &what).await?;
        superseded(&place.second, &key, Some(number - 1), &stored).await?;
        before = Some(number);
    }
    Ok(())
}

pub(super) async fn large_tokens(place: &Place) -> Trial {
    let (key, large) = (key("large tokens"), long_record(1, LARGE));
    let what = "a save of tokens of 64 KiB";
    write(&place.first, &key, None, &large, what).await?;
    expect(&place.second, &key, &large, what).await
}

/// A store may have its limit, but must not cut what is above it.
pub(super) async fn oversized(place: &Place) -> Trial {
    let key = key("oversized tokens");
    let (mut present, oversized) = (record(1, "small"), long_record(2, OVERSIZED));
    let what = "a save of small tokens";
    write(&place.first, &key, None, &present, what).await?;
    let saved = place.first.may_save(&key, Some(1), &oversized).await?;
    let what = match saved {
        None => "a save of tokens of 1 MiB that gave an error",
        Some(Saved::Superseded) => {
            let text = "a save of tokens of 1 MiB that expected the present number was superseded";
            return Err(Flaw::new(text));
        }
        Some(Saved::Written) => {
            present = oversized;
            "a save of tokens of 1 MiB that was written"
        }
    };
    expect(&place.second, &key, &present, what).await?;
    let number = present.generation.number();
    write(&place.first, &key, Some(number), &record(9, "next"), what).await
}

/// Saves what [`stays`] looks for.
pub(super) async fn leave(place: &Place) -> Trial {
    let what = "a save before the place is opened anew";
    write(
        &place.first,
        &key("reopened"),
        None,
        &record(1, "left"),
        what,
    )
    .await
}

pub(super) async fn stays(anew: &Handle) -> Trial {
    let (key, left) = (key("reopened"), record(1, "left"));
    expect(
        anew,
        &key,
        &left,
        "all handles were dropped and the place was opened anew",
    )
    .await?;
    let what = "the place was opened anew";
    write(anew, &key, Some(1), &record(2, "next"), what).await
}

pub(super) async fn debug(handle: &Handle) -> Trial {
    if tells_token(&handle.debug().await?) {
        return Err(Flaw::shown("Debug of the store shows a token"));
    }
    Ok(())
}

/// Saves, and must be the one who writes.
pub(super) async fn write(
    handle: &Handle,
    key: &StoreKey,
    expected: Option<u64>,
    new: &StoredTokens,
    what: &str,
) -> Trial {
    match handle.save(key, expected, new).await? {
        Saved::Written => Ok(()),
        Saved::Superseded => Err(Flaw::new(format!(
            "{what} was superseded though {}",
            stood(expected)
        ))),
    }
}

/// Saves, and must not write.
async fn superseded(
    handle: &Handle,
    key: &StoreKey,
    wrong: Option<u64>,
    new: &StoredTokens,
) -> Trial {
    match handle.save(key, wrong, new).await? {
        Saved::Superseded => Ok(()),
        Saved::Written => Err(Flaw::new(format!(
            "a save for the case that {} was written though that was not so",
            stood(wrong)
        ))),
    }
}

/// Loads, and must find all that was saved.
pub(super) async fn expect(
    handle: &Handle,
    key: &StoreKey,
    saved: &StoredTokens,
    after: &str,
) -> Trial {
    let loaded = handle.load(key).await;
    let found = loaded.map_err(|flaw| flaw.after(after))?;
    match difference(saved, found.as_ref()) {
        None => Ok(()),
        Some(difference) => Err(Flaw::new(format!("load gave {difference}")).after(after)),
    }
}

fn stood(number: Option<u64>) -> String {
    match number {
        Some(number) => format!("the number {number} stood there"),
        None => "nothing stood there".to_owned(),
    }
}
