//! Holds what a store keeps of one key: the tokens, their number, and whether a renewal has begun.

use serde::{Deserialize, Serialize};

use crate::error::{Error, without_value};
use crate::secret::Secret;
use crate::token::{self, Generation, TokenSet};

/// The version of the exported form.
const EXPORT_VERSION: u32 = 1;

/// What is known of the stored refresh token: the mark that tells the next holder of a lock how the last one ended.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RefreshMark {
    /// It was not sent, or the provider surely did nothing with it.
    #[default]
    Unspent,
    /// A renewal with it is under way. Read under the lock, this means that the renewal's holder was cut off, so that
    /// the token is possibly spent; it is tried once more.
    UnderWay,
    /// It was refused, or is being sent for the second time. It is not sent again.
    Spent,
}

/// A token set as it is stored. Its number grows with every save, also where only the mark is new.
///
/// # Examples
/// ```
/// use auth_core::{Error, Generation, RefreshMark, StoredTokens, TokenSet};
///
/// let tokens = TokenSet::import(r#"{"version":1,"access_token":"token-3","refresh_token":"more-3"}"#)?;
/// let mut stored = StoredTokens::new(Generation::new(3), tokens);
/// stored.mark = RefreshMark::UnderWay;
/// let again = StoredTokens::import(stored.export().expose())?; // what a row or a file holds
/// assert_eq!(again.generation.number(), 3);
/// assert_eq!(again.mark, RefreshMark::UnderWay);
/// assert_eq!(again.tokens.access_token().expose(), "token-3");
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoredTokens {
    /// The number of this save.
    pub generation: Generation,
    /// What is known of the refresh token.
    pub mark: RefreshMark,
    /// The tokens.
    pub tokens: TokenSet,
}

/// The exported form.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exported<'a> {
    version: u32,
    generation: u64,
    #[serde(default)]
    mark: RefreshMark,
    #[serde(borrow)]
    tokens: token::Exported<'a>,
}

/// The versions, whatever else an export holds.
#[cfg(any(feature = "file-store", feature = "redis"))]
#[derive(Deserialize)]
struct Versions {
    version: u32,
    tokens: Option<InnerVersion>,
}

#[cfg(any(feature = "file-store", feature = "redis"))]
#[derive(Deserialize)]
struct InnerVersion {
    version: u32,
}

/// The version of an export that another release has written; `None` for one of this release, and for no export.
#[cfg(any(feature = "file-store", feature = "redis"))]
pub(super) fn other_version(text: &str) -> Option<u32> {
    let found: Versions = serde_json::from_str(text).ok()?;
    let inner = found.tokens.map(|tokens| tokens.version);
    let is_other = |version: &u32| *version != EXPORT_VERSION && *version != token::EXPORT_VERSION;
    [Some(found.version), inner]
        .into_iter()
        .flatten()
        .find(is_other)
}

impl StoredTokens {
    /// Tokens whose refresh token is unspent.
    pub fn new(generation: Generation, tokens: TokenSet) -> Self {
        Self {
            generation,
            mark: RefreshMark::Unspent,
            tokens,
        }
    }

    /// Writes it as JSON, tokens in clear, for a place that keeps secrets.
    pub fn export(&self) -> Secret {
        let exported = Exported {
            version: EXPORT_VERSION,
            generation: self.generation.number(),
            mark: self.mark,
            tokens: self.tokens.exported(),
        };
        // A struct of texts and numbers always has a JSON form.
        Secret::new(serde_json::to_string(&exported).unwrap_or_default())
    }

    /// Reads what [`export`](Self::export) wrote.
    ///
    /// # Errors
    /// [`ErrorKind::Store`](crate::ErrorKind::Store) where the text is not such an export, or one of another version; no
    /// value is repeated.
    pub fn import(text: &str) -> Result<Self, Error> {
        let exported: Exported<'_> = serde_json::from_str(text)
            .map_err(|error| Error::store("load", without_value(&error)))?;
        if exported.version != EXPORT_VERSION {
            let problem = format!("the tokens are of version {}, not 1", exported.version);
            return Err(Error::store("load", problem));
        }
        Ok(Self {
            generation: Generation::new(exported.generation),
            mark: exported.mark,
            tokens: TokenSet::from_exported(exported.tokens)
                .map_err(|error| Error::store("load", error))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn import_refuses_what_is_no_export_without_repeating_it() {
        for text in [
            "",
            "[]",
            "{\"version\":2,\"generation\":1,\"tokens\":{\"version\":1,\"access_token\":\"canary\"}}",
            "{\"version\":1,\"generation\":1,\"tokens\":{\"version\":2,\"access_token\":\"canary\"}}",
            "{\"version\":1,\"generation\":1,\"mark\":\"canary\",\"tokens\":{\"version\":1,\"access_token\":\"x\"}}",
            "{\"version\":1,\"generation\":-1,\"tokens\":{\"version\":1,\"access_token\":\"canary\"}}",
            "{\"version\":1,\"generation\":1,\"canary\":2,\"tokens\":{\"version\":1,\"access_token\":\"x\"}}",
        ] {
            let error = StoredTokens::import(text).expect_err(text);
            assert_eq!(error.kind(), crate::ErrorKind::Store);
            assert!(
                !format!("{error} {error:?}").contains("canary"),
                "{error:?}"
            );
        }
    }
}
