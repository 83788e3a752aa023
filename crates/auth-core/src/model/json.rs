//! Reads values out of JSON and writes them into it: one reader and one writer for each type.
//!
//! Readers go by [`Json`], writers by [`Value`]: what is generic over a format would be compiled once more for each format.

use std::collections::BTreeMap;

use serde_json::Value;

use super::place::{Misfit, Place};
use super::tree::{Json, Members, Node};

/// A type that can be read out of JSON as providers really send it.
///
/// # Examples
/// ```
/// use auth_core::model::{FromJson, Place, Value};
///
/// let value: Value = "12".into();
/// assert_eq!(i64::from_json(value, &Place::root()), Ok(12));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no model of this crate",
    note = "a type of your own with `serde::Deserialize` is read by `json()` instead of `model()`"
)]
pub trait FromJson: Sized {
    /// Whether `null` reads as absence, so that a model must note which of the two came.
    const NULL_IS_ABSENCE: bool = false;

    /// Takes the value at `place` apart.
    ///
    /// # Errors
    /// A [`Misfit`] that names the place and what was expected there.
    fn read(value: Json<'_>, place: &Place<'_>) -> Result<Self, Misfit>;

    /// The same with a value that has been read before.
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    fn from_json(value: Value, place: &Place<'_>) -> Result<Self, Misfit> {
        Self::read(value.into(), place)
    }

    /// What it means that `place` does not exist: a misfit, but for types that have a value for it.
    ///
    /// # Errors
    /// A [`Misfit`] where absence is not a value of this type.
    fn absent(place: &Place<'_>) -> Result<Self, Misfit> {
        Err(place.misfit("a required value is missing"))
    }
}

/// How much of a model is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Extent {
    /// What a request may say: fields that only the provider sets are left out, at every depth.
    Body,
    /// Everything.
    Whole,
}

/// A type that can be written as JSON.
///
/// # Examples
/// ```
/// use auth_core::model::ToJson;
///
/// assert_eq!(vec![1_i64, 2].to_json().to_string(), "[1,2]");
/// ```
pub trait ToJson {
    /// Writes the value to that extent.
    fn encode(&self, extent: Extent) -> Value;

    /// Writes the value as a member of an object; `None` leaves the member out.
    fn encode_member(&self, extent: Extent) -> Option<Value> {
        Some(self.encode(extent))
    }

    /// The whole value: what [`FromJson`] has read comes out equal. On a trait object, [`encode`](Self::encode) does it.
    fn to_json(&self) -> Value
    where
        Self: Sized,
    {
        self.encode(Extent::Whole)
    }

    /// What a request with this value says: as [`to_json`](Self::to_json), without the fields that only the provider
    /// sets.
    fn to_body(&self) -> Value
    where
        Self: Sized,
    {
        self.encode(Extent::Body)
    }
}

impl<T: ToJson + ?Sized> ToJson for &T {
    fn encode(&self, extent: Extent) -> Value {
        (**self).encode(extent)
    }

    fn encode_member(&self, extent: Extent) -> Option<Value> {
        (**self).encode_member(extent)
    }
}

/// For models that contain themselves.
impl<T: FromJson> FromJson for Box<T> {
    const NULL_IS_ABSENCE: bool = T::NULL_IS_ABSENCE;

    fn read(value: Json<'_>, place: &Place<'_>) -> Result<Self, Misfit> {
        T::read(value, place).map(Self::new)
    }

    fn absent(place: &Place<'_>) -> Result<Self, Misfit> {
        T::absent(place).map(Self::new)
    }
}

impl<T: ToJson + ?Sized> ToJson for Box<T> {
    fn encode(&self, extent: Extent) -> Value {
        (**self).encode(extent)
    }

    fn encode_member(&self, extent: Extent) -> Option<Value> {
        (**self).encode_member(extent)
    }
}

/// `null` and absence are both `None`; a model's [`Fields`](super::Fields) remember which of them came.
impl<T: FromJson> FromJson for Option<T> {
    const NULL_IS_ABSENCE: bool = true;

    fn read(value: Json<'_>, place: &Place<'_>) -> Result<Self, Misfit> {
        if value.is_null() {
            return Ok(None);
        }
        // Not `?`, which would be compiled once more for each type of value.
        match T::read(value, place) {
            Ok(value) => Ok(Some(value)),
            Err(misfit) => Err(misfit),
        }
    }

    fn absent(_: &Place<'_>) -> Result<Self, Misfit> {
        Ok(None)
    }
}

impl<T: ToJson> ToJson for Option<T> {
    fn encode(&self, extent: Extent) -> Value {
        match self {
            Some(value) => value.encode(extent),
            None => Value::Null,
        }
    }

    fn encode_member(&self, extent: Extent) -> Option<Value> {
        match self {
            Some(value) => value.encode_member(extent),
            None => None,
        }
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn read(value: Json<'_>, place: &Place<'_>) -> Result<Self, Misfit> {
        // A loop, not a chain of adapters: it is compiled for each type of element.
        let list = list(value, place)?;
        let mut read = Self::with_capacity(list.len());
        for (index, value) in list.into_iter().enumerate() {
            read.push(T::read(value, &place.index(index))?);
        }
        Ok(read)
    }
}

impl<T: ToJson> ToJson for Vec<T> {
    fn encode(&self, extent: Extent) -> Value {
        let mut written = Vec::with_capacity(self.len());
        for value in self {
            written.push(value.encode(extent));
        }
        Value::Array(written)
    }
}

impl<T: FromJson> FromJson for BTreeMap<String, T> {
    fn read(value: Json<'_>, place: &Place<'_>) -> Result<Self, Misfit> {
        object(value, place)?
            .into_pairs()
            .map(|(key, value)| {
                let value = T::read(value, &place.key(&key))?;
                Ok((key.into_owned(), value))
            })
            .collect()
    }
}

impl<T: ToJson> ToJson for BTreeMap<String, T> {
    fn encode(&self, extent: Extent) -> Value {
        self.iter()
            .map(|(key, value)| (key.clone(), value.encode(extent)))
            .collect()
    }
}

/// For what has no schema.
impl FromJson for Value {
    fn read(value: Json<'_>, _: &Place<'_>) -> Result<Self, Misfit> {
        Ok(value.into_value())
    }
}

impl ToJson for Value {
    fn encode(&self, _: Extent) -> Value {
        self.clone()
    }
}

/// The elements of a list.
fn list<'a>(value: Json<'a>, place: &Place<'_>) -> Result<Vec<Json<'a>>, Misfit> {
    match value.0 {
        Node::List(list) => Ok(list),
        _ => Err(place.misfit("expected a list")),
    }
}

/// The members of an object.
pub(super) fn object<'a>(value: Json<'a>, place: &Place<'_>) -> Result<Members<'a>, Misfit> {
    match value.0 {
        Node::Object(members) => Ok(members),
        _ => Err(place.misfit("expected an object")),
    }
}
