//! Ids: numbers, GUIDs or texts that are handed back exactly as they came.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde_json::{Number, Value};

use super::json::{Extent, FromJson, ToJson};
use super::place::{Misfit, Place};
use super::scalar::integer;
use super::tree::{Json, Node};

/// What the types of [`ids!`](crate::ids) hold. Compared by text: `12` is `"12"`, since the same provider sends both.
#[derive(Clone, Debug)]
pub struct RawId(Form);

#[derive(Clone, Debug)]
enum Form {
    Number(i64),
    /// A number beyond `i64`.
    Large(u64),
    Text(Box<str>),
}

impl RawId {
    /// The id as text.
    pub fn text(&self) -> Cow<'_, str> {
        match &self.0 {
            Form::Number(number) => number.to_string().into(),
            Form::Large(number) => number.to_string().into(),
            Form::Text(text) => (&**text).into(),
        }
    }
}

impl PartialEq for RawId {
    fn eq(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Form::Number(one), Form::Number(other)) => one == other,
            _ => self.text() == other.text(),
        }
    }
}

impl Eq for RawId {}

impl Hash for RawId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text().hash(state);
    }
}

/// Shorter texts first, so that numbers without a sign stand in their order.
impl Ord for RawId {
    fn cmp(&self, other: &Self) -> Ordering {
        let (one, other) = (self.text(), other.text());
        let by_length = one.len().cmp(&other.len());
        by_length.then_with(|| one.cmp(&other))
    }
}

impl PartialOrd for RawId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for RawId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text())
    }
}

impl From<i64> for RawId {
    fn from(number: i64) -> Self {
        Self(Form::Number(number))
    }
}

impl From<i32> for RawId {
    fn from(number: i32) -> Self {
        Self(Form::Number(number.into()))
    }
}

impl From<u32> for RawId {
    fn from(number: u32) -> Self {
        Self(Form::Number(number.into()))
    }
}

impl From<u64> for RawId {
    fn from(number: u64) -> Self {
        Self(i64::try_from(number).map_or(Form::Large(number), Form::Number))
    }
}

impl From<&str> for RawId {
    fn from(text: &str) -> Self {
        Self(Form::Text(text.into()))
    }
}

impl From<String> for RawId {
    fn from(text: String) -> Self {
        Self(Form::Text(text.into()))
    }
}

impl FromJson for RawId {
    fn read(value: Json<'_>, place: &Place<'_>) -> Result<Self, Misfit> {
        let form = match value.0 {
            Node::Text(text) => Some(Form::Text(text.into())),
            Node::Number(number) => form(&number),
            _ => None,
        };
        form.map(Self)
            .ok_or_else(|| place.misfit("expected an id: an integer or a text"))
    }
}

fn form(number: &Number) -> Option<Form> {
    let number = integer(number)?;
    let small = i64::try_from(number).map(Form::Number);
    small
        .or_else(|_| u64::try_from(number).map(Form::Large))
        .ok()
}

impl ToJson for RawId {
    fn encode(&self, _: Extent) -> Value {
        match &self.0 {
            Form::Number(number) => Value::from(*number),
            Form::Large(number) => Value::from(*number),
            Form::Text(text) => Value::String(text.to_string()),
        }
    }
}

/// Makes a type of its own for the ids of each resource, so that mixing them up does not compile.
///
/// An id is an integer, a GUID or any text, and is written as it came: `12` stays a number, `"12"` stays a text. Two
/// are equal if their texts are, so that `12` is `"12"`; the order puts shorter texts first. `Display` is the bare
/// text: whoever builds a path encodes it. An integer of 32 or 64 bits, a text and a reference to another id become one by
/// `into()`, and a query parameter may have one as its value. A literal beyond 32 bits says its type: `3_000_000_000_i64`.
///
/// # Examples
/// ```
/// use auth_core::model::{FromJson, Place, ToJson};
///
/// auth_core::ids! {
///     /// The public id of a customer.
///     CustomerId,
///     /// The id of the same customer in the database.
///     CustomerInternalId,
/// }
///
/// let id = CustomerId::from_json("12".into(), &Place::root())?;
/// assert_eq!(id, CustomerId::from(12));
/// assert_eq!(id, CustomerId::from(12_u64));
/// assert_eq!(id.to_json(), "12");
/// assert_eq!(format!("/customers/{id}"), "/customers/12");
/// # Ok::<(), auth_core::model::Misfit>(())
/// ```
///
/// ```compile_fail
/// # auth_core::ids! { /** One. */ CustomerId, /** Another. */ CustomerInternalId }
/// let id: CustomerId = CustomerInternalId::from(12);
/// ```
#[macro_export]
macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub struct $name($crate::model::RawId);

        $crate::__id_from! { $name i32 i64 u32 u64 }

        impl ::core::convert::From<&str> for $name {
            fn from(id: &str) -> Self {
                Self(id.into())
            }
        }

        impl ::core::convert::From<::std::string::String> for $name {
            fn from(id: ::std::string::String) -> Self {
                Self(id.into())
            }
        }

        impl ::core::convert::From<&$name> for $name {
            fn from(id: &$name) -> Self {
                id.clone()
            }
        }

        impl ::core::fmt::Display for $name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Display::fmt(&self.0, f)
            }
        }

        impl $crate::model::FromJson for $name {
            fn read(
                value: $crate::model::Json<'_>,
                place: &$crate::model::Place<'_>,
            ) -> ::core::result::Result<Self, $crate::model::Misfit> {
                match <$crate::model::RawId as $crate::model::FromJson>::read(value, place) {
                    ::core::result::Result::Ok(id) => ::core::result::Result::Ok(Self(id)),
                    ::core::result::Result::Err(misfit) => ::core::result::Result::Err(misfit),
                }
            }
        }

        impl $crate::model::ToJson for $name {
            fn encode(&self, extent: $crate::model::Extent) -> $crate::model::Value {
                $crate::model::ToJson::encode(&self.0, extent)
            }
        }

        impl $crate::model::QueryValue for $name {}
    )+};
}

/// Makes ids of integers, for [`ids!`](crate::ids).
#[doc(hidden)]
#[macro_export]
macro_rules! __id_from {
    ($name:ident $($integer:ident)+) => {$(
        impl ::core::convert::From<$integer> for $name {
            fn from(id: $integer) -> Self {
                Self(id.into())
            }
        }
    )+};
}
