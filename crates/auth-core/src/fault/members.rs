//! Looks at the top of a JSON object without keeping what is below: a hostile body must not grow in memory.

use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// The members of an object, each with whether its value is `false`.
pub(crate) struct Members(Vec<(String, IsFalse)>);

impl Members {
    /// Reads one JSON object with nothing behind it.
    pub(crate) fn read(body: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(body)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    pub(super) fn has_false(&self, name: &str) -> bool {
        self.0.iter().any(|(known, value)| known == name && value.0)
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// Whether a value is `false`, also as text.
struct IsFalse(bool);

impl<'de> Deserialize<'de> for IsFalse {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = IsFalse;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_bool<E>(self, value: bool) -> Result<IsFalse, E> {
                Ok(IsFalse(!value))
            }

            fn visit_str<E>(self, value: &str) -> Result<IsFalse, E> {
                Ok(IsFalse(value == "false"))
            }

            fn visit_u64<E>(self, _: u64) -> Result<IsFalse, E> {
                Ok(IsFalse(false))
            }

            fn visit_i64<E>(self, _: i64) -> Result<IsFalse, E> {
                Ok(IsFalse(false))
            }

            fn visit_f64<E>(self, _: f64) -> Result<IsFalse, E> {
                Ok(IsFalse(false))
            }

            fn visit_unit<E>(self) -> Result<IsFalse, E> {
                Ok(IsFalse(false))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<IsFalse, A::Error> {
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(IsFalse(false))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<IsFalse, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(IsFalse(false))
            }
        }
        deserializer.deserialize_any(Any)
    }
}
