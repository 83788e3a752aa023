//! Names the place of an item in its answer, for the error that tells what does not fit there.

use http::StatusCode;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{Error, without_value};
use crate::session::Hider;

/// Decodes one item of a list. What does not fit becomes an error by [`ItemPlace::misfit`].
pub type Decode<T> = fn(Value, &ItemPlace) -> Result<T, Error>;

/// Where an item stands in the answer that it came in.
///
/// # Examples
/// A decoder that needs no derive:
/// ```
/// use auth_core::{Decode, Error, ItemPlace};
/// use serde_json::Value;
///
/// struct Price(String);
///
/// fn price(item: Value, place: &ItemPlace) -> Result<Price, Error> {
///     match item["price"].as_str() {
///         Some(text) => Ok(Price(text.to_owned())),
///         None => Err(place.misfit("price", "expected a text")),
///     }
/// }
///
/// const DECODE: Decode<Price> = price;
/// ```
#[derive(Clone, Debug)]
pub struct ItemPlace {
    pub(super) list: &'static str,
    pub(super) index: usize,
    pub(super) status: StatusCode,
    pub(super) hider: Hider,
}

impl ItemPlace {
    /// The place as a JSON path, such as `$.customers[3]`.
    pub fn path(&self) -> String {
        format!("{}[{}]", path(self.list), self.index)
    }

    /// An error that names the place `within` the item (`price`, `lines[2].price`, or nothing for the item itself) and
    /// the problem, which should not repeat what was found there. A leading `$` or `.` of `within` is left out.
    pub fn misfit(&self, within: &str, problem: &str) -> Error {
        let within = within.trim_start_matches(['$', '.']);
        let dot = if within.is_empty() || within.starts_with('[') {
            ""
        } else {
            "."
        };
        let path = format!("{}{dot}{within}", self.path());
        let error = Error::decode(&self.hider.hide(&path), problem, self.status);
        self.hider.failed(error)
    }
}

/// The JSON path of a JSON pointer.
pub(super) fn path(pointer: &str) -> String {
    format!("${}", pointer.replace('/', "."))
}

/// The decoder of whatever serde can read.
pub(super) fn from_serde<T: DeserializeOwned>(item: Value, place: &ItemPlace) -> Result<T, Error> {
    serde_path_to_error::deserialize(item).map_err(|error| {
        let problem = without_value(error.inner());
        // A value that has been read already has no lines.
        let problem = problem.trim_end_matches(" at line 0 column 0");
        place.misfit(&error.path().to_string(), problem)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_misfit_is_told_by_its_path_from_the_root() {
        let place = |list| ItemPlace {
            list,
            index: 3,
            status: StatusCode::OK,
            hider: Hider::default(),
        };
        for (list, within, path) in [
            ("", "", "`$[3]`"),
            ("/data", "", "`$.data[3]`"),
            ("/data", "price", "`$.data[3].price`"),
            ("/data", "$.price", "`$.data[3].price`"),
            ("/data/list", "[2].x", "`$.data.list[3][2].x`"),
        ] {
            let error = place(list).misfit(within, "expected a text");
            assert!(error.to_string().contains(path), "{error}");
            assert_eq!(error.status(), Some(StatusCode::OK));
        }
    }

    #[test]
    fn serde_tells_the_path_and_not_the_value() {
        #[derive(Debug, serde::Deserialize)]
        struct Item {
            #[serde(rename = "lines")]
            _lines: Vec<u64>,
        }
        let place = ItemPlace {
            list: "/items",
            index: 7,
            status: StatusCode::OK,
            hider: Hider::default(),
        };
        let told = |item| {
            let error = from_serde::<Item>(item, &place).expect_err("a misfit");
            error.to_string()
        };
        let text = told(json!({ "lines": [1, "canary"] }));
        assert!(
            text.ends_with("`$.items[7].lines[1]`: expected u64"),
            "{text}"
        );
        let text = told(json!({}));
        assert!(
            text.ends_with("`$.items[7]`: missing field `lines`"),
            "{text}"
        );
    }
}
