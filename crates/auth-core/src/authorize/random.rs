//! Makes random texts and ids, from the generator that `state` comes from.

use oauth2::CsrfToken;
use sha2::{Digest as _, Sha256};

use crate::secret::Secret;

impl Secret {
    /// A new secret that nobody can guess, such as the id of a session: 256 bits, as 43 characters of the URL-safe Base64
    /// alphabet.
    ///
    /// # Examples
    /// ```
    /// use auth_core::Secret;
    /// assert_eq!(Secret::random().expose().len(), 43);
    /// assert!(Secret::random() != Secret::random());
    /// ```
    pub fn random() -> Self {
        Self::new(CsrfToken::new_random_len(32).into_secret())
    }
}

/// 128 bits that nobody can guess. The digest only brings the generator's text into bytes.
fn random() -> u128 {
    let text = CsrfToken::new_random_len(32);
    let digest = Sha256::digest(text.secret());
    digest
        .iter()
        .take(16)
        .fold(0, |number, byte| number << 8 | u128::from(*byte))
}

/// A text of 32 hexadecimal digits.
pub(crate) fn random_text() -> String {
    format!("{:032x}", random())
}

/// A random UUID, of version 4 (RFC 9562 section 5.4).
#[cfg(feature = "models")]
pub(crate) fn random_uuid() -> String {
    let version = random() & !(0xf << 76 | 0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let text = format!("{version:032x}");
    let part = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let parts = [
        part(0, 8),
        part(8, 12),
        part(12, 16),
        part(16, 20),
        part(20, 32),
    ];
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_differ_and_have_one_length() {
        let all: std::collections::HashSet<_> = (0..1000).map(|_| random_text()).collect();
        assert_eq!(all.len(), 1000);
        assert!(all.iter().all(|text| text.len() == 32));
    }

    #[cfg(feature = "models")]
    #[test]
    fn an_id_is_one_of_version_4() {
        for _ in 0..100 {
            let id = random_uuid();
            let shape: Vec<_> = id.split('-').map(str::len).collect();
            assert_eq!(shape, [8, 4, 4, 4, 12], "{id}");
            assert_eq!(&id[14..15], "4", "{id}");
            assert!(matches!(&id[19..20], "8" | "9" | "a" | "b"), "{id}");
        }
    }
}
