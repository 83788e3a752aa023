//! Tries keys of any text: each must have tokens and a lock of its own.

use crate::store::{Saved, StoreKey};

use super::calls::Handle;
use super::held::Unlock;
use super::register::{expect, write};
use super::samples::record;
use super::{Flaw, LONG_LEASE, Place, Trial};

/// Long enough for any limit on names of files, columns or keys.
const LONG: usize = 100_000;

/// Keys that a careless name would confuse with each other, or that would lead elsewhere; each with what is special
/// about it.
fn odd_keys() -> Vec<(&'static str, StoreKey)> {
    let long = |end: &str| "x/".repeat(LONG / 2) + end;
    [
        ("four plain parts", ["p", "a", "t", "s"]),
        ("another provider", ["q", "a", "t", "s"]),
        ("another account", ["p", "b", "t", "s"]),
        ("another tenant", ["p", "a", "u", "s"]),
        ("another scope", ["p", "a", "t", "r"]),
        ("parts in another order", ["a", "p", "s", "t"]),
        ("empty parts", ["", "", "", ""]),
        ("text in the first part", ["pat", "", "", ""]),
        ("text moved to the second part", ["p", "at", "", ""]),
        ("text moved to the third part", ["p", "a", "t", ""]),
        ("text moved to the last part", ["", "", "", "pat"]),
        ("a slash within a part", ["p/a", "t", "s", ""]),
        ("a slash between parts", ["p", "a/t", "s", ""]),
        ("a colon within a part", ["p:a", "t", "s", ""]),
        ("a colon between parts", ["p", "a:t", "s", ""]),
        ("an underscore within a part", ["p_a", "t", "s", ""]),
        ("an underscore between parts", ["p", "a_t", "s", ""]),
        ("a vertical bar within a part", ["p|a", "t", "s", ""]),
        ("a vertical bar between parts", ["p", "a|t", "s", ""]),
        ("NUL within a part", ["p\0a", "t", "s", ""]),
        ("NUL between parts", ["p", "a\0t", "s", ""]),
        ("a newline within a part", ["p\na", "t", "s", ""]),
        ("a newline between parts", ["p", "a\nt", "s", ""]),
        ("upper case", ["P", "A", "T", "S"]),
        ("upper case in one part", ["p", "A", "t", "s"]),
        ("a final dot", ["p", "a.", "t", "s"]),
        ("a final space", ["p", "a ", "t", "s"]),
        ("the present directory", [".", ".", ".", "."]),
        ("the directory above", ["..", "..", "..", ".."]),
        ("a path upwards", ["../x", "../../x", "/x", "\\..\\x"]),
        ("a path", ["x", "x", "/x", "x"]),
        ("an accent in one character", ["p", "é", "t", "s"]),
        ("an accent in two characters", ["p", "e\u{301}", "t", "s"]),
        ("a percent-encoded slash", ["p%2Fa", "t", "s", ""]),
        ("signs of query languages", ["*", "{x}", "'; --", "$1?"]),
        ("text from right to left", ["p", "\u{202e}a", "t", "s"]),
        ("a long part", ["p", &long("a"), "t", "s"]),
        ("a long part with another end", ["p", &long("b"), "t", "s"]),
    ]
    .map(|(name, [provider, account, tenant, scope])| {
        (name, StoreKey::new(provider, account, tenant, scope))
    })
    .into()
}

pub(super) async fn own_tokens(place: &Place) -> Trial {
    let keys = odd_keys();
    for (number, (name, key)) in keys.iter().enumerate() {
        let new = record(1, &format!("key-{number}"));
        let what = format!("a first save under a key with {name}");
        match place.first.save(key, None, &new).await {
            Ok(Saved::Written) => {}
            Ok(Saved::Superseded) => {
                let text = format!("{what} was superseded, as if another key were the same");
                return Err(Flaw::new(text));
            }
            Err(flaw) => return Err(flaw.after(&format!("the call of {what}"))),
        }
    }
    for (number, (name, key)) in keys.iter().enumerate() {
        let saved = record(1, &format!("key-{number}"));
        let what = format!("saves under many keys, for the key with {name}");
        expect(&place.second, key, &saved, &what).await?;
        let next = record(2, "next");
        write(&place.second, key, Some(1), &next, &what).await?;
    }
    Ok(())
}

pub(super) async fn own_locks(place: &Place) -> Trial {
    let handles = [&place.first, &place.second].into_iter().cycle();
    let mut all = Vec::new();
    for ((name, key), handle) in odd_keys().iter().zip(handles) {
        let what = format!("locks of other keys were given, for a key with {name}");
        let held = handle.lock(key, LONG_LEASE).await;
        all.push(held.map_err(|flaw: Flaw| flaw.after(&what))?);
    }
    for held in all {
        held.unlock(Unlock::Release).await?;
    }
    unlocked_again(&place.first).await
}

/// The release of many locks must have freed each.
async fn unlocked_again(handle: &Handle) -> Trial {
    for (name, key) in odd_keys() {
        let what = format!("its release, for a key with {name}");
        let held = handle.lock(&key, LONG_LEASE).await;
        let held = held.map_err(|flaw| flaw.after(&what))?;
        held.unlock(Unlock::Release).await?;
    }
    Ok(())
}
