//! Writes and reads the text of a record: one JSON document with a format name and a version.

use std::borrow::Cow;
use std::error::Error as _;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::error::without_value;

use super::super::stored::other_version;
use super::super::{StoreKey, StoredTokens};

/// What every record says of itself.
const FORMAT: &str = "token-file";
/// The version of the document.
const VERSION: u64 = 1;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document<'a> {
    #[serde(borrow)]
    format: Cow<'a, str>,
    version: u64,
    key: [Cow<'a, str>; 4],
    /// An export in its own JSON, so that it is versioned in one place; empty where there are no tokens any more.
    #[serde(borrow)]
    stored: Cow<'a, str>,
}

/// So much every version of the document has in common.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(borrow)]
    format: Cow<'a, str>,
    version: u64,
}

/// Why a text is not read. Neither repeats a value.
#[derive(Debug)]
pub(super) enum Undecoded {
    /// Another release of this crate wrote it and can read it.
    OtherVersion(String),
    /// It is no record of this key.
    Unreadable(String),
}

/// The whole text of a record, in a buffer that need not grow, so that no copy of the tokens is left behind.
pub(super) fn encode(key: &StoreKey, stored: Option<&StoredTokens>) -> Zeroizing<Vec<u8>> {
    let export = stored.map(StoredTokens::export);
    let export = export.as_ref().map_or("", |export| export.expose());
    let parts = key.parts();
    // In JSON text each byte of JSON text takes two bytes at most, each byte of any text six.
    let room = export.len() * 2 + parts.map(str::len).iter().sum::<usize>() * 6 + 128;
    let mut text = Zeroizing::new(Vec::with_capacity(room));
    let document = Document {
        format: FORMAT.into(),
        version: VERSION,
        key: parts.map(Cow::Borrowed),
        stored: export.into(),
    };
    // A struct of texts and numbers always has a JSON form, and a `Vec` takes all of it.
    let _ = serde_json::to_writer(&mut *text, &document);
    text.push(b'\n');
    text
}

/// Reads what [`encode`] wrote for `key`.
pub(super) fn decode(key: &StoreKey, text: &[u8]) -> Result<Option<StoredTokens>, Undecoded> {
    let unreadable = |reason: &str| Undecoded::Unreadable(reason.to_owned());
    let text = std::str::from_utf8(text).map_err(|_| unreadable("it is no UTF-8 text"))?;
    if let Ok(head) = serde_json::from_str::<Head<'_>>(text)
        && head.format == FORMAT
        && head.version != VERSION
    {
        let found = format!("the record is of version {}, not {VERSION}", head.version);
        return Err(Undecoded::OtherVersion(found));
    }
    let document: Document<'_> =
        serde_json::from_str(text).map_err(|error| unreadable(&without_value(&error)))?;
    if document.format != FORMAT {
        return Err(unreadable("it has another format"));
    }
    if document.key != key.parts() {
        return Err(unreadable("it holds the tokens of another key"));
    }
    if document.stored.is_empty() {
        return Ok(None);
    }
    let export = Zeroizing::new(document.stored.into_owned());
    let stored = StoredTokens::import(&export).map_err(|error| {
        let reason = error
            .source()
            .map_or_else(|| error.to_string(), ToString::to_string);
        match other_version(&export) {
            Some(_) => Undecoded::OtherVersion(reason),
            None => Undecoded::Unreadable(reason),
        }
    })?;
    Ok(Some(stored))
}
