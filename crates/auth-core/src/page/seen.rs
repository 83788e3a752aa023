//! Notices that a server hands out what it has handed out before, in memory that does not grow.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::Value;

/// How many of the last prints are remembered.
const RECENT: usize = 32;

/// The prints of what came before: the last ones, so that a short circle is noticed at its first repetition, and one
/// milestone that moves further and further on, so that a circle of any length is noticed at some time (R. P. Brent, "An
/// improved Monte Carlo factorization algorithm", 1980).
#[derive(Clone, Default)]
pub(super) struct Seen {
    recent: VecDeque<u64>,
    milestone: Option<u64>,
    since: u64,
    span: u64,
}

impl Seen {
    /// Remembers a print, and says whether it was known.
    pub(super) fn knows(&mut self, print: u64) -> bool {
        if self.recent.contains(&print) || self.milestone == Some(print) {
            return true;
        }
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(print);
        if self.since == self.span {
            self.milestone = Some(print);
            self.span = (self.span * 2).max(1);
            self.since = 0;
        }
        self.since += 1;
        false
    }
}

/// The print of a text.
pub(super) fn print_of(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// The print of a page: of its items' identities if all have one, else of all that is in it.
pub(super) fn print_of_page(items: &[Value], identity: Option<&str>) -> u64 {
    let identities: Option<Vec<&Value>> = identity.and_then(|member| {
        let identities = items.iter().map(|item| item.get(member));
        identities.map(|id| id.filter(|id| !id.is_null())).collect()
    });
    let mut hasher = DefaultHasher::new();
    match identities {
        Some(identities) => identities.hash(&mut hasher),
        None => items.hash(&mut hasher),
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// How many prints of a walk into a circle are taken for new.
    fn new_ones(tail: u64, circle: u64) -> u64 {
        let mut seen = Seen::default();
        let walk = (0..tail).chain((0..).map(|n| tail + n % circle));
        let new = walk.take_while(|print| !seen.knows(*print)).count();
        assert!(seen.recent.len() <= RECENT);
        u64::try_from(new).expect("a small number")
    }

    #[test]
    fn a_short_circle_is_noticed_at_once() {
        for tail in [0, 1, 7, 1000] {
            for circle in [1, 2, 3, 32] {
                assert_eq!(new_ones(tail, circle), tail + circle);
            }
        }
    }

    #[test]
    fn a_long_circle_is_noticed_in_the_end() {
        for tail in [0, 1, 100, 5000] {
            for circle in [33, 100, 4096] {
                let new = new_ones(tail, circle);
                assert!(new <= 4 * (tail + circle), "{tail} {circle}: {new}");
            }
        }
    }

    #[test]
    fn nothing_new_is_taken_for_known() {
        let mut seen = Seen::default();
        assert!((0..100_000).all(|print| !seen.knows(print)));
    }

    #[test]
    fn pages_are_told_apart_by_identity_where_all_items_have_one() {
        let print = |items: Value| {
            let items = items.as_array().expect("a list").clone();
            print_of_page(&items, Some("id"))
        };
        assert_eq!(
            print(json!([{ "id": 1, "at": 1 }])),
            print(json!([{ "id": 1, "at": 2 }]))
        );
        assert_ne!(print(json!([{ "id": 1 }])), print(json!([{ "id": 2 }])));
        assert_ne!(
            print(json!([{ "id": 1, "at": 1 }, { "at": 1 }])),
            print(json!([{ "id": 1, "at": 1 }, { "at": 2 }]))
        );
        assert_ne!(
            print(json!([{ "id": null, "at": 1 }])),
            print(json!([{ "id": null, "at": 2 }]))
        );
    }
}
