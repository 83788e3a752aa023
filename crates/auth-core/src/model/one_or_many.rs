//! Lists that some providers send without the brackets.

use std::ops::Deref;

use serde_json::Value;

use super::json::{Extent, FromJson, ToJson};
use super::place::{Misfit, Place};
use super::tree::{Json, Node};

/// A list that may come as its only element alone, for fields of which a provider documents both. Reads like a slice;
/// written as it came.
///
/// # Examples
/// ```
/// use auth_core::model::{FromJson, OneOrMany, Place, ToJson};
///
/// let names = OneOrMany::<String>::from_json("a".into(), &Place::root())?;
/// assert_eq!(names.first().map(String::as_str), Some("a"));
/// assert_eq!(names.to_json(), "a");
/// assert_eq!(OneOrMany::from(vec![1_i64]).to_json().to_string(), "[1]");
/// # Ok::<(), auth_core::model::Misfit>(())
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct OneOrMany<T> {
    list: Vec<T>,
    is_bare: bool,
}

impl<T> Deref for OneOrMany<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.list
    }
}

impl<T> From<Vec<T>> for OneOrMany<T> {
    fn from(list: Vec<T>) -> Self {
        let is_bare = false;
        Self { list, is_bare }
    }
}

impl<T: FromJson> FromJson for OneOrMany<T> {
    fn read(value: Json<'_>, place: &Place<'_>) -> Result<Self, Misfit> {
        if matches!(value.0, Node::List(_)) {
            return Vec::read(value, place).map(Self::from);
        }
        let list = vec![T::read(value, place)?];
        let is_bare = true;
        Ok(Self { list, is_bare })
    }
}

impl<T: ToJson> ToJson for OneOrMany<T> {
    fn encode(&self, extent: Extent) -> Value {
        match self.list.as_slice() {
            [one] if self.is_bare => one.encode(extent),
            _ => self.list.encode(extent),
        }
    }
}
