//! Holds JSON that was read and waits to be taken apart by models.

mod reader;

use std::borrow::Cow;
use std::fmt;

use serde_json::{Map, Number, Value};

use super::place::{Misfit, Place};

/// JSON without a schema, whose texts stay where they were read, as far as they have no escapes: a model that takes it
/// apart copies what it keeps and nothing else, where a [`Value`] has copied every name and text before.
///
/// Of members of one name the last counts, as in [`Value`].
///
/// # Examples
/// ```
/// use auth_core::model::{FromJson, Json, Place, Value};
///
/// let json = Json::parse(br#"{"a":[1,"two"]}"#)?;
/// let value: Value = json.clone().into_value();
/// assert_eq!(value["a"][1], "two");
/// assert_eq!(Value::read(json, &Place::root())?, value);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Json<'a>(pub(super) Node<'a>);

#[derive(Clone)]
pub(super) enum Node<'a> {
    Null,
    Boolean(bool),
    Number(Number),
    Text(Cow<'a, str>),
    List(Vec<Json<'a>>),
    Object(Members<'a>),
}

/// The members of an object, each name once.
#[derive(Clone, Default)]
pub(super) struct Members<'a> {
    list: Vec<(Cow<'a, str>, Option<Json<'a>>)>,
    /// Where the next one is likely to stand: providers write members in the order of their documentation.
    next: usize,
}

impl<'a> Json<'a> {
    /// Reads a whole document of UTF-8, of at most 1,048,576 values and 131,072 objects: what is short on the wire can be
    /// large in memory.
    ///
    /// # Errors
    /// What is no JSON, and where, or that there is too much of it; it repeats nothing of what was found.
    ///
    /// # Examples
    /// ```
    /// use auth_core::model::Json;
    ///
    /// let json = Json::parse(br#"{"a":1}"#)?;
    /// assert_eq!(json.into_value()["a"], 1);
    /// assert!(Json::parse(b"{").is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn parse(document: &'a [u8]) -> Result<Self, serde_json::Error> {
        match std::str::from_utf8(document) {
            // Looked at once and not text by text.
            Ok(text) => reader::whole(serde_json::Deserializer::from_str(text)),
            Err(_) => reader::whole(serde_json::Deserializer::from_slice(document)),
        }
    }

    /// The same as a [`Value`].
    pub fn into_value(self) -> Value {
        match self.0 {
            Node::Null => Value::Null,
            Node::Boolean(value) => Value::Bool(value),
            Node::Number(number) => Value::Number(number),
            Node::Text(text) => Value::String(text.into_owned()),
            Node::List(list) => list.into_iter().map(Json::into_value).collect(),
            Node::Object(members) => Value::Object(members.into_map()),
        }
    }

    pub(super) const fn is_null(&self) -> bool {
        matches!(self.0, Node::Null)
    }

    /// The value of the member that a model would take for its field of these names, whatever their case: a text, or
    /// `None` for any other kind of value. `Err` says what is missing at `place`.
    pub(crate) fn told(
        &self,
        names: &[&'static str],
        place: &Place<'_>,
    ) -> Result<Option<&str>, Misfit> {
        let Node::Object(members) = &self.0 else {
            return Err(place.misfit("expected an object"));
        };
        let Some((at, _)) = members.position(names, true) else {
            let name = names.first().copied().unwrap_or_default();
            return Err(place.key(name).misfit("a required value is missing"));
        };
        Ok(match members.get(at) {
            Some(Self(Node::Text(text))) => Some(text),
            _ => None,
        })
    }

    /// Takes out the member of this name.
    pub(crate) fn into_member(self, name: &str, place: &Place<'_>) -> Result<Option<Self>, Misfit> {
        match self.0 {
            Node::Object(mut members) => Ok(members.remove(name)),
            _ => Err(place.misfit("expected an object")),
        }
    }
}

/// Shows what kind of JSON it is and nothing more: it can hold secrets and what a person wrote.
impl fmt::Debug for Json<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            Node::Null => "null",
            Node::Boolean(_) => "a boolean",
            Node::Number(_) => "a number",
            Node::Text(_) => "a text",
            Node::List(_) => "a list",
            Node::Object(_) => "an object",
        })
    }
}

impl From<Value> for Json<'_> {
    fn from(value: Value) -> Self {
        Self(match value {
            Value::Null => Node::Null,
            Value::Bool(value) => Node::Boolean(value),
            Value::Number(number) => Node::Number(number),
            Value::String(text) => Node::Text(text.into()),
            Value::Array(list) => Node::List(list.into_iter().map(Self::from).collect()),
            Value::Object(members) => {
                let list = members.into_iter();
                let list = list.map(|(name, value)| (name.into(), Some(value.into())));
                let list = list.collect();
                Node::Object(Members { list, next: 0 })
            }
        })
    }
}

impl<'a> Members<'a> {
    /// Those that are still there.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Json<'a>)> {
        self.list
            .iter()
            .filter_map(|(name, value)| Some((name.as_ref(), value.as_ref()?)))
    }

    /// Takes out the member of exactly this name.
    pub(super) fn remove(&mut self, name: &str) -> Option<Json<'a>> {
        let length = self.list.len();
        let is_it = |at: &usize| self.list.get(*at).is_some_and(|(own, _)| own == name);
        let at = (self.next..length).chain(0..self.next).find(is_it)?;
        self.next = at + 1;
        self.list[at].1.take()
    }

    /// Where the field of these names stands, and which of the names it bears: the first that is there, in its exact
    /// spelling or else, where that does not matter, in another case, of several the first in alphabetical order.
    pub(super) fn position(
        &self,
        names: &[&'static str],
        any_case: bool,
    ) -> Option<(usize, &'static str)> {
        let there = || {
            self.list
                .iter()
                .enumerate()
                .filter(|(_, (_, value))| value.is_some())
        };
        names.iter().find_map(|name| {
            let mut found = there().find(|(_, (key, _))| key == name);
            if any_case && found.is_none() {
                let same = there().filter(|(_, (key, _))| is_same(key, name, true));
                found = same.min_by_key(|(_, (key, _))| key);
            }
            found.map(|(at, _)| (at, *name))
        })
    }

    /// Takes out the member that stands there, with its name as it came.
    pub(super) fn take_at(&mut self, at: usize) -> Option<(Cow<'a, str>, Json<'a>)> {
        let (name, value) = self.list.get_mut(at)?;
        let value = value.take()?;
        Some((name.clone(), value))
    }

    /// The member that stands there.
    pub(super) fn get(&self, at: usize) -> Option<&Json<'a>> {
        self.list.get(at)?.1.as_ref()
    }

    /// What is still there, to be kept.
    pub(super) fn into_map(self) -> Map<String, Value> {
        self.into_pairs()
            .map(|(name, value)| (name.into_owned(), value.into_value()))
            .collect()
    }

    /// What is still there.
    pub(super) fn into_pairs(self) -> impl Iterator<Item = (Cow<'a, str>, Json<'a>)> {
        let pairs = self.list.into_iter();
        pairs.filter_map(|(name, value)| Some((name, value?)))
    }
}

/// Whether a member's name is that of a field.
pub(super) fn is_same(key: &str, name: &str, any_case: bool) -> bool {
    match any_case {
        true => key.eq_ignore_ascii_case(name),
        false => key == name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_are_found_in_any_order_and_once() {
        let names: Vec<String> = (0..40).map(|n| format!("n{n}")).collect();
        let value: Value = names
            .iter()
            .map(|name| (name.clone(), json!(name)))
            .collect();
        let text = value.to_string();
        for step in [1, 3, 7, 11, 39] {
            let json = Json::parse(text.as_bytes()).expect("JSON");
            let Node::Object(mut members) = json.0 else {
                panic!("an object");
            };
            for n in 0..40 {
                let name = &names[n * step % 40];
                let found = members.remove(name).map(Json::into_value);
                assert_eq!(found, Some(json!(name)));
                assert!(members.remove(name).is_none(), "it was taken out");
            }
            assert!(members.remove("n40").is_none());
            assert_eq!(members.iter().count(), 0);
        }
    }

    #[test]
    fn texts_without_escapes_are_not_copied() {
        let text = r#"{"name":["plain","esc\naped"]}"#;
        let json = Json::parse(text.as_bytes()).expect("JSON");
        let Node::Object(members) = json.0 else {
            panic!("an object");
        };
        let (name, list) = members.into_pairs().next().expect("a member");
        assert!(matches!(name, Cow::Borrowed("name")));
        let Node::List(list) = list.0 else {
            panic!("a list");
        };
        assert!(matches!(list[0].0, Node::Text(Cow::Borrowed("plain"))));
        assert!(matches!(list[1].0, Node::Text(Cow::Owned(_))));
    }

    #[test]
    fn debug_shows_nothing_of_it() {
        let json: Json<'_> = json!({ "canary": "canary" }).into();
        assert_eq!(format!("{json:?}"), "an object");
    }
}
