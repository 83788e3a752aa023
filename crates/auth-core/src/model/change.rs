//! What an update does to one field: nothing, clear it, or set it.

use serde_json::Value;

use super::json::{Extent, FromJson, ToJson};
use super::place::{Misfit, Place};
use super::tree::Json;

/// A field in the body of an update, where "absent" and `null` mean different things.
///
/// # Examples
/// ```
/// use auth_core::model::{Change, ToJson};
///
/// auth_core::model! {
///     /// What to change about a customer.
///     pub struct CustomerPatch {
///         optional {
///             /// Its name.
///             name: Change<String> = "name",
///             /// What the staff should know.
///             note: Change<String> = "note",
///             /// Its telephone number.
///             phone: Change<String> = "phone",
///         }
///     }
/// }
///
/// let mut patch = CustomerPatch::new();
/// patch.name = "Ada".into();
/// patch.note = Change::Clear;
/// assert_eq!(patch.to_body().to_string(), r#"{"name":"Ada","note":null}"#);
/// ```
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a member of an object is absent, null, or there: nothing else can come"
)]
pub enum Change<T> {
    /// Leaves the field as it is: it is not sent.
    #[default]
    Keep,
    /// Sends `null`.
    Clear,
    /// Sends the value.
    Set(T),
}

impl<T> Change<T> {
    /// The value that is set, if one is.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Keep | Self::Clear => None,
        }
    }
}

impl<T> From<T> for Change<T> {
    fn from(value: T) -> Self {
        Self::Set(value)
    }
}

/// `None` keeps the field: a model that was read and is sent back as an update must not clear what it did not say.
impl<T> From<Option<T>> for Change<T> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Keep, Self::Set)
    }
}

impl From<&str> for Change<String> {
    fn from(value: &str) -> Self {
        Self::Set(value.to_owned())
    }
}

impl<T: FromJson> FromJson for Change<T> {
    fn read(value: Json<'_>, place: &Place<'_>) -> Result<Self, Misfit> {
        match value.is_null() {
            true => Ok(Self::Clear),
            false => T::read(value, place).map(Self::Set),
        }
    }

    fn absent(_: &Place<'_>) -> Result<Self, Misfit> {
        Ok(Self::Keep)
    }
}

impl<T: ToJson> ToJson for Change<T> {
    fn encode(&self, extent: Extent) -> Value {
        self.value()
            .map_or(Value::Null, |value| value.encode(extent))
    }

    fn encode_member(&self, extent: Extent) -> Option<Value> {
        match self {
            Self::Keep => None,
            Self::Clear => Some(Value::Null),
            Self::Set(value) => value.encode_member(extent),
        }
    }
}
