//! Text that may travel in Base64, behind a prefix that says so.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde_json::Value;

use super::json::{Extent, FromJson, ToJson};
use super::place::{Misfit, Place};
use super::tree::Json;

/// What stands before text in Base64.
const PREFIX: &str = "data:text/plain;base64,";

/// Padded when written; read with and without padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// A text that may come, and may be sent, as `data:text/plain;base64,…`: a way past web firewalls that take an
/// article or a signature for an attack. Kept as it came; two are equal if they read the same.
///
/// # Examples
/// ```
/// use auth_core::model::{Base64Text, ToJson};
///
/// let text = Base64Text::from("data:text/plain;base64,PGI+aGk8L2I+");
/// assert_eq!(text.text(), "<b>hi</b>");
/// assert_eq!(text, Base64Text::from("<b>hi</b>"));
/// assert_eq!(Base64Text::encoded("<b>hi</b>").to_json(), text.raw());
/// ```
#[derive(Clone, Debug)]
pub struct Base64Text(String);

impl Base64Text {
    /// A text that is sent in Base64, behind the prefix.
    pub fn encoded(text: &str) -> Self {
        Self(format!("{PREFIX}{}", BASE64.encode(text)))
    }

    /// The text, decoded where it came in Base64. What only looks like Base64 is given as it is.
    pub fn text(&self) -> Cow<'_, str> {
        let decoded = self.0.split_at_checked(PREFIX.len());
        decoded
            .filter(|(prefix, _)| prefix.eq_ignore_ascii_case(PREFIX))
            .and_then(|(_, text)| BASE64.decode(text.trim()).ok())
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .map_or(Cow::Borrowed(&self.0), Cow::Owned)
    }

    /// The text as it came.
    pub fn raw(&self) -> &str {
        &self.0
    }
}

impl PartialEq for Base64Text {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

impl Eq for Base64Text {}

impl fmt::Display for Base64Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text())
    }
}

impl From<&str> for Base64Text {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Base64Text {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl FromJson for Base64Text {
    fn read(value: Json<'_>, place: &Place<'_>) -> Result<Self, Misfit> {
        String::read(value, place).map(Self)
    }
}

impl ToJson for Base64Text {
    fn encode(&self, _: Extent) -> Value {
        Value::String(self.0.clone())
    }
}
