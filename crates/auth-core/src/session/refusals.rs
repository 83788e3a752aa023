//! Tells a token that is no longer good from a path that refuses every token.

use std::time::Instant;

use crate::token::Generation;

use super::landing::pause;

/// So many tokens in a row may be refused and renewed before refusals are taken for the fault of what was called.
const REFUSALS_BELIEVED: u32 = 3;

/// Tokens that were refused with 401 although they had just replaced a refused one: then another does not help, and
/// each would cost a token request.
#[derive(Default)]
pub(super) struct Refusals {
    in_a_row: u32,
    /// A refusal has called for the renewal that is under way.
    is_cause: bool,
    /// The token that such a renewal brought.
    cure: Option<Generation>,
    /// Until then no refusal leads to a renewal.
    until: Option<Instant>,
}

impl Refusals {
    /// Writes down that the token of generation `seen` was refused; says whether that calls for another. Until that is
    /// there, further refusals say nothing new.
    pub(super) fn call_for_renewal(&mut self, seen: Generation, now: Instant) -> bool {
        if self.until.is_some_and(|until| now < until) {
            return false;
        }
        if self.is_cause {
            return true;
        }
        let did_not_help = self.cure == Some(seen);
        self.in_a_row = if did_not_help {
            self.in_a_row.saturating_add(1)
        } else {
            0
        };
        let beyond = self.in_a_row.saturating_sub(REFUSALS_BELIEVED);
        self.until = (beyond > 0).then(|| now + pause(beyond));
        self.is_cause = true;
        true
    }

    /// Writes down that a renewal has brought a token.
    pub(super) fn renewed(&mut self, generation: Generation) {
        self.cure = self.is_cause.then_some(generation);
        self.is_cause = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock as _, ManualClock};

    #[test]
    fn a_row_of_useless_cures_pauses_and_a_good_one_ends_it() {
        let now = ManualClock::new().now();
        let mut refusals = Refusals::default();
        let mut seen = Generation::new(1);
        let mut renewals = 0;
        while refusals.call_for_renewal(seen, now) {
            renewals += 1;
            seen = Generation::new(seen.number() + 1);
            refusals.renewed(seen);
        }
        assert_eq!(renewals, 5);
        assert!(refusals.call_for_renewal(seen, now + pause(1)));
        // While a renewal waits for its turn, every call is refused.
        for _ in 0..10 {
            assert!(refusals.call_for_renewal(seen, now + pause(1) + pause(2)));
        }
        // The next renewal is due by time, not by a refusal: what came before says nothing about its token.
        let later = now + pause(1) + pause(2);
        refusals.renewed(Generation::new(50));
        refusals.renewed(Generation::new(51));
        for _ in 0..2 {
            assert!(refusals.call_for_renewal(Generation::new(51), later));
        }
    }
}
