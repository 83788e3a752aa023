//! What a query parameter may be: texts, numbers, and lists of them in either of two forms.

use serde_json::Value;

use super::json::{Extent, ToJson};
use super::{Money, RawId, Scalar, Time};

/// A value that a query parameter may have.
///
/// It travels as the text of its JSON form: a text as it is, a number in digits, a boolean as `true` or `false`, an enum
/// in its wire form. A list repeats the parameter for each of its elements; [`Joined`] is one parameter. `None` and an
/// empty list are left out.
///
/// # Examples
/// ```
/// use auth_core::model::{Joined, QueryValue, Time};
///
/// assert_eq!(true.texts(), ["true"]);
/// assert_eq!(2.5.texts(), ["2.5"]);
/// assert_eq!(Time::from("2026-11-22").texts(), ["2026-11-22"]);
/// assert_eq!(vec!["a", "b"].texts(), ["a", "b"]);
/// assert_eq!(Joined::from(vec![1_i64, 2]).texts(), ["1,2"]);
/// assert!(None::<i64>.texts().is_empty());
/// ```
pub trait QueryValue: ToJson {
    /// The value of each parameter that is sent.
    fn texts(&self) -> Vec<String> {
        texts(self.encode(Extent::Body))
    }
}

/// The texts of a scalar or of a list of them.
fn texts(value: Value) -> Vec<String> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) => vec![text],
        Value::Array(list) => list.into_iter().flat_map(texts).collect(),
        value => vec![value.to_string()],
    }
}

macro_rules! query_values {
    ($($type:ty),+) => {$(
        impl QueryValue for $type {}
    )+};
}

query_values!(
    bool, f64, i32, i64, u64, str, Money, RawId, Scalar, String, Time
);

impl<T: QueryValue + ?Sized> QueryValue for &T {}

impl<T: QueryValue> QueryValue for Option<T> {}

/// The parameter is repeated for each element.
impl<T: QueryValue> QueryValue for Vec<T> {}

/// A list that travels as one parameter, its elements with commas between them. An element that holds a comma itself is
/// read as two.
///
/// # Examples
/// ```
/// use auth_core::model::{Joined, QueryValue};
///
/// assert_eq!(Joined::from(vec![1_i64, 2]).texts(), ["1,2"]);
/// assert_eq!(Joined::<String>::from(["id", "name"]).texts(), ["id,name"]);
/// ```
#[derive(Clone, Debug, Default, Eq, Hash, PartialEq)]
pub struct Joined<T>(Vec<T>);

impl<T> From<Vec<T>> for Joined<T> {
    fn from(list: Vec<T>) -> Self {
        Self(list)
    }
}

impl<T, const N: usize> From<[T; N]> for Joined<T> {
    fn from(list: [T; N]) -> Self {
        Self(list.into())
    }
}

impl From<Vec<&str>> for Joined<String> {
    fn from(list: Vec<&str>) -> Self {
        list.into_iter().map(str::to_owned).collect()
    }
}

impl<const N: usize> From<[&str; N]> for Joined<String> {
    fn from(list: [&str; N]) -> Self {
        list.into_iter().map(str::to_owned).collect()
    }
}

impl<T> FromIterator<T> for Joined<T> {
    fn from_iter<I: IntoIterator<Item = T>>(list: I) -> Self {
        Self(list.into_iter().collect())
    }
}

/// The joined text; `null` for an empty list.
impl<T: ToJson> ToJson for Joined<T> {
    fn encode(&self, extent: Extent) -> Value {
        match texts(self.0.encode(extent)) {
            list if list.is_empty() => Value::Null,
            list => Value::String(list.join(",")),
        }
    }
}

impl<T: QueryValue> QueryValue for Joined<T> {}
