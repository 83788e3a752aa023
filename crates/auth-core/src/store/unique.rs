//! Makes texts that are made once in the world.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// 128 bits that nobody else has, on any machine. The keys of the standard library's hash come from the operating system;
/// `fastrand` seeds itself from the time since the machine's start, and many machines start alike.
pub(super) fn unique() -> String {
    let half = || RandomState::new().build_hasher().finish();
    format!("{:016x}{:016x}", half(), half())
}

/// Says whether a text has the form of these.
#[cfg(feature = "file-store")]
pub(super) fn is_unique(text: &str) -> bool {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == 32 && text.bytes().all(is_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_are_alike() {
        let all: std::collections::HashSet<_> = (0..1000).map(|_| unique()).collect();
        assert_eq!(all.len(), 1000);
        assert!(all.iter().all(|text| text.len() == 32));
    }
}
