//! Reads a record as it stands on the server, and says what is wrong with one that is none.

use std::error::Error as _;

use crate::store::StoredTokens;
use crate::store::stored::other_version;

/// Why a record was not understood.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Unread {
    /// It has the form of another release, which may still need it.
    OtherVersion(u32),
    /// It is no record; why not, without any value.
    NoRecord(String),
}

/// Reads the two fields of a record.
pub(super) fn read(generation: &[u8], tokens: &[u8]) -> Result<StoredTokens, Unread> {
    let no_record = |problem: &str| Unread::NoRecord(problem.to_owned());
    let text = std::str::from_utf8(tokens).map_err(|_| no_record("its tokens are no text"))?;
    let stored = StoredTokens::import(text).map_err(|error| match other_version(text) {
        Some(version) => Unread::OtherVersion(version),
        None => match error.source() {
            Some(problem) => no_record(&format!("in its tokens, {problem}")),
            None => no_record("its tokens can't be read"),
        },
    })?;
    // Whoever saves next is compared with the field, and expects what the tokens say.
    if stored.generation.number().to_string().as_bytes() != generation {
        return Err(no_record("its generation is not that of its tokens"));
    }
    Ok(stored)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::{Generation, TokenSet};

    const TOKENS: &str = r#"{"version":1,"access_token":"canary"}"#;

    #[test]
    fn what_is_exported_now_is_of_the_present_version() {
        let tokens = TokenSet::import(TOKENS).expect("an export");
        let exported = StoredTokens::new(Generation::new(7), tokens).export();
        assert_eq!(other_version(exported.expose()), None);
        assert!(read(b"7", exported.expose().as_bytes()).is_ok());
    }

    #[test]
    fn record_is_told_from_none_and_from_another_version_without_its_values() {
        let whole = format!(r#"{{"version":1,"generation":7,"tokens":{TOKENS}}}"#);
        let newer =
            |inner: u8| format!(r#"{{"version":1,"tokens":{{"version":{inner},"canary":1}}}}"#);
        for (generation, tokens, version) in [
            ("7", whole.as_bytes(), None),
            ("8", whole.as_bytes(), Some(None)),
            ("", whole.as_bytes(), Some(None)),
            ("07", whole.as_bytes(), Some(None)),
            ("7", &whole.as_bytes()[..20], Some(None)),
            ("7", b"", Some(None)),
            ("7", b"\xff\xfecanary", Some(None)),
            ("7", br#"{"version":2,"canary":1}"#, Some(Some(2))),
            ("7", newer(3).as_bytes(), Some(Some(3))),
            ("7", newer(1).as_bytes(), Some(None)),
            ("7", br#"{"version":"canary"}"#, Some(None)),
        ] {
            let unread = read(generation.as_bytes(), tokens).err();
            assert!(!format!("{unread:?}").contains("canary"), "{unread:?}");
            let found = unread.map(|unread| match unread {
                Unread::OtherVersion(version) => Some(version),
                Unread::NoRecord(_) => None,
            });
            assert_eq!(found, version, "{generation} {tokens:?}");
        }
    }
}
