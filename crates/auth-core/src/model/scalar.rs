//! Reads numbers, booleans and texts in each other's clothes.
//!
//! A number may come as text that holds one, a boolean as 0 and 1 or as text, a text as a bare number. What is
//! written is the plain form; [`Verbatim`](super::Verbatim) keeps the other.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde_json::{Number, Value};

use super::json::{Extent, FromJson, ToJson};
use super::place::{Misfit, Place};
use super::tree::{Json, Node};
use crate::secret::Secret;

/// A text, number or boolean exactly as it came. Two are equal if their forms are too: `12` is not `"12"`.
///
/// # Examples
/// ```
/// use auth_core::model::{Scalar, ToJson};
///
/// let code = Scalar::from(12);
/// assert_eq!(code.text(), "12");
/// assert_eq!(code.to_json().to_string(), "12");
/// assert_ne!(code, Scalar::from("12"));
/// ```
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Scalar {
    /// `true` or `false`.
    Boolean(bool),
    /// A number, with all digits that the JSON parser keeps.
    Number(Number),
    /// A text.
    Text(String),
}

impl Scalar {
    /// The value as text, whatever its form.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Boolean(true) => "true".into(),
            Self::Boolean(false) => "false".into(),
            Self::Number(number) => number.to_string().into(),
            Self::Text(text) => text.into(),
        }
    }

    /// A scalar if the value is one.
    fn of(value: Json<'_>) -> Option<Self> {
        match value.0 {
            Node::Boolean(value) => Some(Self::Boolean(value)),
            Node::Number(value) => Some(Self::Number(value)),
            Node::Text(value) => Some(Self::Text(value.into_owned())),
            Node::Null | Node::List(_) | Node::Object(_) => None,
        }
    }

    /// The integer that it is or holds, if it is one: `12`, `12.0`, `"12"`. With a fraction of zero or an exponent it must be
    /// below 2^52, for it is read as a float.
    pub(super) fn integer(&self) -> Option<i128> {
        match self {
            Self::Boolean(_) => None,
            Self::Number(number) => integer(number),
            Self::Text(text) => {
                let text = text.trim();
                text.parse().ok().or_else(|| integral(decimal(text)?))
            }
        }
    }

    fn float(&self) -> Option<f64> {
        match self {
            Self::Boolean(_) => None,
            Self::Number(number) => number.as_f64().filter(|number| number.is_finite()),
            Self::Text(text) => decimal(text.trim()),
        }
    }

    fn boolean(&self) -> Option<bool> {
        match self {
            Self::Boolean(value) => Some(*value),
            Self::Number(number) => match integer(number) {
                Some(0) => Some(false),
                Some(1) => Some(true),
                _ => None,
            },
            Self::Text(text) => match text.trim() {
                "0" => Some(false),
                "1" => Some(true),
                text if text.eq_ignore_ascii_case("false") => Some(false),
                text if text.eq_ignore_ascii_case("true") => Some(true),
                _ => None,
            },
        }
    }
}

/// The integer that a JSON number is, however it is spelled.
pub(super) fn integer(number: &Number) -> Option<i128> {
    number
        .as_i64()
        .map(i128::from)
        .or_else(|| number.as_u64().map(i128::from))
        .or_else(|| integral(number.as_f64()?))
}

/// A float without a fraction that is surely the integer which was written.
fn integral(number: f64) -> Option<i128> {
    /// 2^52. From 2^53 on another integer may have been rounded to the same float, and the JSON parser may miss by one place
    /// more: below this limit that gives a fraction, and never another integer.
    const SURE: f64 = 4_503_599_627_370_496.0;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the number is whole and within 53 bits, as this line checks"
    )]
    (number.fract() == 0.0 && number.abs() < SURE).then_some(number as i128)
}

/// A number in the notation of JSON, leading zeros and `+` allowed; not `inf` and `NaN`, which Rust would read.
fn decimal(text: &str) -> Option<f64> {
    let is_plain = |c: char| matches!(c, '0'..='9' | '+' | '-' | '.' | 'e' | 'E');
    let number = text.chars().all(is_plain).then(|| text.parse().ok())??;
    Some(number).filter(|number: &f64| number.is_finite())
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text())
    }
}

impl From<i64> for Scalar {
    fn from(number: i64) -> Self {
        Self::Number(number.into())
    }
}

impl From<String> for Scalar {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<&str> for Scalar {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl FromJson for Scalar {
    fn read(value: Json<'_>, place: &Place<'_>) -> Result<Self, Misfit> {
        Self::of(value).ok_or_else(|| place.misfit("expected a text, number or boolean"))
    }
}

impl ToJson for Scalar {
    fn encode(&self, _: Extent) -> Value {
        match self {
            Self::Boolean(value) => Value::Bool(*value),
            Self::Number(value) => Value::Number(value.clone()),
            Self::Text(value) => Value::String(value.clone()),
        }
    }
}

impl FromJson for bool {
    fn read(value: Json<'_>, place: &Place<'_>) -> Result<Self, Misfit> {
        let found = Scalar::of(value).and_then(|scalar| scalar.boolean());
        found.ok_or_else(|| place.misfit("expected a boolean"))
    }
}

impl ToJson for bool {
    fn encode(&self, _: Extent) -> Value {
        Value::Bool(*self)
    }
}

macro_rules! integers {
    ($($integer:ident $expected:literal)*) => {$(
        impl FromJson for $integer {
            fn read(value: Json<'_>, place: &Place<'_>) -> Result<Self, Misfit> {
                let found = Scalar::of(value).and_then(|scalar| scalar.integer());
                found
                    .and_then(|integer| integer.try_into().ok())
                    .ok_or_else(|| place.misfit($expected))
            }
        }

        impl ToJson for $integer {
            fn encode(&self, _: Extent) -> Value {
                Value::from(*self)
            }
        }
    )*};
}

integers! {
    i32 "expected an integer of 32 bits"
    i64 "expected an integer of 64 bits"
    u64 "expected a positive integer of 64 bits"
}

impl FromJson for f64 {
    fn read(value: Json<'_>, place: &Place<'_>) -> Result<Self, Misfit> {
        let found = Scalar::of(value).and_then(|scalar| scalar.float());
        found.ok_or_else(|| place.misfit("expected a number"))
    }
}

thread_local! {
    /// Whether a float that JSON can't say has been written on this thread since somebody looked.
    static IS_UNSAYABLE: Cell<bool> = const { Cell::new(false) };
}

/// What `write` gives; `None` where a number in it was infinite or none, for which JSON has nothing but `null`.
///
/// A flag of the thread, and not an outcome of [`ToJson::encode`]: that would be looked at in each of hundreds of models.
pub(crate) fn sayable<T>(write: impl FnOnce() -> T) -> Option<T> {
    IS_UNSAYABLE.set(false);
    let written = write();
    (!IS_UNSAYABLE.take()).then_some(written)
}

/// Whole numbers are written as integers (`5`, not `5.0`), which every server reads. What JSON can't say (NaN and the
/// infinities) is `null`, and a call with it in a [body](crate::Call::body) or [parameter](crate::Call::value) is refused.
impl ToJson for f64 {
    fn encode(&self, _: Extent) -> Value {
        /// 2^53: up to here a float is exactly the integer that it shows.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        let is_negative_zero = *self == 0.0 && self.is_sign_negative();
        if self.fract() == 0.0 && self.abs() <= EXACT && !is_negative_zero {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "the number is whole and within 54 bits, as the line above checks"
            )]
            return Value::from(*self as i64);
        }
        let number = Number::from_f64(*self);
        if number.is_none() {
            IS_UNSAYABLE.set(true);
        }
        number.map_or(Value::Null, Value::Number)
    }
}

impl FromJson for String {
    fn read(value: Json<'_>, place: &Place<'_>) -> Result<Self, Misfit> {
        match Scalar::of(value) {
            Some(Scalar::Text(text)) => Ok(text),
            Some(other) => Ok(other.to_string()),
            None => Err(place.misfit("expected a text")),
        }
    }
}

impl ToJson for String {
    fn encode(&self, _: Extent) -> Value {
        Value::String(self.clone())
    }
}

impl ToJson for str {
    fn encode(&self, _: Extent) -> Value {
        Value::String(self.to_owned())
    }
}

/// The JSON that a secret is read from or written into belongs to the HTTP library and is not zeroed.
impl FromJson for Secret {
    fn read(value: Json<'_>, place: &Place<'_>) -> Result<Self, Misfit> {
        String::read(value, place).map(Self::from)
    }
}

impl ToJson for Secret {
    fn encode(&self, _: Extent) -> Value {
        Value::String(self.expose().to_owned())
    }
}
