//! Turns a seed and a word into another seed: all that varies in a sample comes from here.

/// A seed that depends on every bit of `seed` and `salt` (FNV-1a, then the finalizer of SplitMix64).
///
/// Each member of a sample draws by its own name, so that a new member in a document leaves the others as they were.
pub(crate) fn mix(seed: u64, salt: &str) -> u64 {
    let mut state = seed ^ 0xcbf2_9ce4_8422_2325;
    for byte in salt.bytes() {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// A number below `bound`; zero where the bound is zero.
pub(super) fn below(seed: u64, salt: &str, bound: u64) -> u64 {
    mix(seed, salt).checked_rem(bound).unwrap_or(0)
}

/// One of several; `None` where there are none.
pub(super) fn one<'a, T>(seed: u64, salt: &str, from: &'a [T]) -> Option<&'a T> {
    let at = below(seed, salt, from.len() as u64);
    from.get(usize::try_from(at).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::{below, mix, one};

    #[test]
    fn seed_and_word_both_count_and_nothing_else_does() {
        assert_eq!(mix(1, "a"), mix(1, "a"));
        assert_ne!(mix(1, "a"), mix(2, "a"));
        assert_ne!(mix(1, "a"), mix(1, "b"));
    }

    #[test]
    fn draws_stay_below_their_bound_and_reach_all_of_it() {
        let drawn: std::collections::BTreeSet<_> =
            (0..200).map(|seed| below(seed, "x", 5)).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
        assert_eq!(below(9, "x", 0), 0);
        assert_eq!(one::<u8>(9, "x", &[]), None);
    }
}
