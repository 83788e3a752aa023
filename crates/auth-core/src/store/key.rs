//! Names the place of one principal's tokens in a store.

use sha2::{Digest as _, Sha256};

/// So much of the provider's name stands in an [`id`](StoreKey::id).
const NAME_KEPT: usize = 32;

/// Which token set is meant: one for each provider, account, tenant and scope. Made by the session; a store only reads
/// its [`id`](Self::id) or its [`parts`](Self::parts).
///
/// # Examples
/// ```
/// use auth_core::StoreKey;
///
/// let key = StoreKey::new("EXAMPLE_V4", "app-1/jo@example.com", "login.example.com", "");
/// assert!(key.id().starts_with("example_v4-") && key.id().len() == 75);
/// assert_ne!(key.id(), StoreKey::new("EXAMPLE_V4", "app-1", "jo@example.com/login.example.com", "").id());
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct StoreKey {
    provider: String,
    account: String,
    tenant: String,
    scope: String,
}

impl StoreKey {
    /// A key for a store's own tests and tools; a session makes its own. Any text will do for a part.
    pub fn new(
        provider: impl Into<String>,
        account: impl Into<String>,
        tenant: impl Into<String>,
        scope: impl Into<String>,
    ) -> Self {
        Self {
            provider: provider.into(),
            account: account.into(),
            tenant: tenant.into(),
            scope: scope.into(),
        }
    }

    /// The parts in order; together they are the key, and none of them is a secret.
    ///
    /// | part | what it holds | such as |
    /// |---|---|---|
    /// | provider | the dialect's name | `EXAMPLE_V4` |
    /// | account | client id, then `/` and the user or [`Settings::account`](crate::Settings::account) where there is one, each percent-encoded | `app%2D1/jo%40example%2Ecom` |
    /// | tenant | the host that tokens come from, percent-encoded, then `/` and each id of site or partner | `login%2Eexample%2Ecom/site_id=10000` |
    /// | scope | the scope as it was set, percent-encoded, or nothing | `openid%20offline%5Faccess` |
    pub fn parts(&self) -> [&str; 4] {
        [&self.provider, &self.account, &self.tenant, &self.scope]
    }

    /// The key as one short name, for a file, a row or a server: the provider in lower case, then the SHA-256 of all
    /// parts with their lengths.
    ///
    /// At most 97 bytes of `a-z`, `0-9`, `_` and `-`, so that it is bounded, leads nowhere else, and means the same
    /// where upper and lower case are one; two keys with one id are as rare as two texts with one SHA-256.
    pub fn id(&self) -> String {
        let mut digest = Sha256::new();
        for part in self.parts() {
            digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            digest.update(part);
        }
        let name = self.provider.chars().filter_map(|c| match c {
            'a'..='z' | '0'..='9' | '_' => Some(c),
            'A'..='Z' => Some(c.to_ascii_lowercase()),
            _ => None,
        });
        let name: String = name.take(NAME_KEPT).collect();
        format!("{name}-{:x}", digest.finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_is_bounded_and_safe_whatever_the_parts_hold() {
        let long = "x/".repeat(100_000);
        for part in [
            "",
            "..",
            "../../etc/passwd",
            "a\0b",
            "\u{202e}é",
            "A",
            &long,
        ] {
            let id = StoreKey::new(part, part, part, part).id();
            assert!(id.len() <= 97, "{id}");
            let is_safe = |byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
            assert!(id.bytes().all(is_safe), "{id}");
        }
    }

    #[test]
    fn a_text_that_moves_to_the_next_part_makes_another_id() {
        let ids = [
            StoreKey::new("p", "ab", "c", ""),
            StoreKey::new("p", "a", "bc", ""),
            StoreKey::new("p", "abc", "", ""),
            StoreKey::new("p", "", "abc", ""),
            StoreKey::new("P", "ab", "c", ""),
        ]
        .map(|key| key.id());
        let different: std::collections::HashSet<_> = ids.iter().collect();
        assert_eq!(different.len(), ids.len());
    }
}
