//! Values that are written in the very form in which they came.

use std::ops::Deref;

use serde_json::Value;

use super::json::{Extent, FromJson, ToJson};
use super::place::{Misfit, Place};
use super::tree::Json;

/// A value together with the JSON it was read from, for fields whose documented form is open: a count that is a
/// number or a text, an enum that is a name or a number.
///
/// It reads like the value itself. To change it, put another in its place; that one is written in its plain form.
///
/// # Examples
/// ```
/// use auth_core::model::{FromJson, Place, ToJson, Verbatim};
///
/// let mut count = Verbatim::<i64>::from_json("12".into(), &Place::root())?;
/// assert_eq!(*count, 12);
/// assert_eq!(count.to_json(), "12");
/// count = 13.into();
/// assert_eq!(count.to_json(), 13);
/// # Ok::<(), auth_core::model::Misfit>(())
/// ```
#[derive(Clone, Debug)]
pub struct Verbatim<T> {
    value: T,
    came: Came,
}

/// Kept out of `Debug`: the value beside it may be one that does not print.
#[derive(Clone)]
struct Came(Option<Value>);

impl std::fmt::Debug for Came {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.0.is_some() {
            "as it came"
        } else {
            "new"
        })
    }
}

impl<T> Verbatim<T> {
    /// The value without its form.
    pub fn into_inner(self) -> T {
        self.value
    }
}

impl<T> Deref for Verbatim<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> From<T> for Verbatim<T> {
    fn from(value: T) -> Self {
        Self {
            value,
            came: Came(None),
        }
    }
}

/// By value: the form does not count.
impl<T: PartialEq> PartialEq for Verbatim<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl<T: Eq> Eq for Verbatim<T> {}

impl<T: FromJson> FromJson for Verbatim<T> {
    fn read(value: Json<'_>, place: &Place<'_>) -> Result<Self, Misfit> {
        let came = Came(Some(value.clone().into_value()));
        let value = T::read(value, place)?;
        Ok(Self { value, came })
    }
}

impl<T: ToJson> ToJson for Verbatim<T> {
    fn encode(&self, extent: Extent) -> Value {
        let came = self.came.0.clone();
        came.unwrap_or_else(|| self.value.encode(extent))
    }
}
