//! What a model holds besides its fields, and how its fields are taken out of an object and put back.

use std::fmt;
use std::mem;

use serde_json::{Map, Value};

use super::json::{Extent, FromJson, ToJson, object};
use super::place::{Misfit, Place};

/// The members of an object that its model does not know, readable and writable: a provider adds some without notice.
///
/// They are sent along with the model, also in bodies of requests: a provider that replaces the whole resource would
/// lose them otherwise. For one that refuses what it does not document, [`clear`](Self::clear) them first. `Debug`
/// shows names only, since a value may be a secret or a person's.
///
/// Also remembered is which known fields came as `null` or under another of their names, so that they go as they
/// came. That does not count when two are compared. What came as a further spelling of a known field is here, too, but is
/// left out of bodies: it would say once more, and after a change something else, what the field says, or what only the
/// provider sets.
///
/// # Examples
/// ```
/// use auth_core::model::{FromJson, Place, ToJson, Value};
///
/// auth_core::model! {
///     /// A group.
///     pub struct Group {
///         optional {
///             /// Its name.
///             name: Option<String> = "name",
///         }
///     }
/// }
///
/// let value: Value = serde_json::from_str(r#"{"name":null,"color":"red"}"#)?;
/// let mut group = Group::from_json(value.clone(), &Place::root())?;
/// assert_eq!(group.unknown.get("color"), Some(&"red".into()));
/// assert_eq!(group.to_json(), value);
///
/// group.unknown.insert("color", "blue");
/// group.name = Some("Sales".to_owned());
/// assert_eq!(group.to_json().to_string(), r#"{"color":"blue","name":"Sales"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Fields(Option<Box<Rest>>);

#[derive(Clone, Default)]
struct Rest {
    members: Map<String, Value>,
    forms: Vec<Form>,
    /// Members that are other spellings of a field that came: they are kept, and never sent.
    twins: Vec<String>,
}

/// How a known field came, where that can't be told from its value.
#[derive(Clone)]
struct Form {
    name: &'static str,
    spelled: Option<String>,
    is_null: bool,
}

impl Fields {
    /// No fields.
    pub const fn new() -> Self {
        Self(None)
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.as_ref()?.members.get(name)
    }

    /// Adds a field or replaces its value. A field that the model knows wins over one of the same name here, unless it
    /// is `None` or [`Keep`](super::Change::Keep).
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        let rest = self.0.get_or_insert_default();
        let name = name.into();
        // From now on it is the caller's word.
        rest.twins.retain(|twin| *twin != name);
        rest.members.insert(name, value.into());
    }

    /// Takes a field out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.0.as_mut()?.members.remove(name)
    }

    /// Forgets everything, also which known fields came as `null`.
    pub fn clear(&mut self) {
        self.0 = None;
    }

    /// Says whether there are none.
    pub fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    /// All fields.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        let members = self.0.iter().flat_map(|rest| &rest.members);
        members.map(|(name, value)| (name.as_str(), value))
    }

    /// The same fields for an update: which known ones came as `null` is forgotten, since there `null` clears. For the
    /// expansion of [`model!`](crate::model!).
    #[doc(hidden)]
    #[must_use]
    pub fn into_update(mut self) -> Self {
        if let Some(rest) = &mut self.0 {
            rest.forms.iter_mut().for_each(|form| form.is_null = false);
        }
        self
    }

    fn form(&self, name: &str) -> Option<&Form> {
        let rest = self.0.as_ref()?;
        rest.forms.iter().find(|form| form.name == name)
    }
}

/// Compares the fields, not how others came.
impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        let members = |fields: &Self| fields.iter().count();
        members(self) == members(other)
            && self
                .iter()
                .all(|(name, value)| other.get(name) == Some(value))
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.iter().map(|(name, _)| name))
            .finish()
    }
}

/// Takes the fields of a model out of an object. For the expansion of [`model!`](crate::model!).
///
/// A misfit in an optional field is kept until [`rest`](Self::rest), so that the expansion has one way out for all.
#[doc(hidden)]
#[expect(
    missing_debug_implementations,
    reason = "it holds values, and only the macro's expansion names it"
)]
pub struct Reader<'a> {
    place: &'a Place<'a>,
    rest: Rest,
    any_case: bool,
    misfit: Option<Misfit>,
}

impl<'a> Reader<'a> {
    /// Opens the object at `place`.
    pub fn new(value: Value, place: &'a Place<'a>, any_case: bool) -> Result<Self, Misfit> {
        let rest = Rest {
            members: object(value, place)?,
            forms: Vec::new(),
            twins: Vec::new(),
        };
        Ok(Self {
            place,
            rest,
            any_case,
            misfit: None,
        })
    }

    /// A field that must be there.
    pub fn required<T: FromJson>(&mut self, names: &[&'static str]) -> Result<T, Misfit> {
        let (value, name) = self.take(names, T::NULL_IS_ABSENCE);
        let place = self.place.key(name);
        match value {
            Some(value) => T::from_json(value, &place),
            None => T::absent(&place),
        }
    }

    /// A field that may be missing.
    pub fn optional<T: FromJson + Default>(&mut self, names: &[&'static str]) -> T {
        let (value, name) = self.take(names, T::NULL_IS_ABSENCE);
        let place = self.place.key(name);
        let read = match value {
            Some(value) => T::from_json(value, &place),
            None => T::absent(&place),
        };
        match read {
            Ok(value) => value,
            Err(misfit) => {
                self.keep(misfit);
                T::default()
            }
        }
    }

    fn keep(&mut self, misfit: Misfit) {
        self.misfit.get_or_insert(misfit);
    }

    /// What no field has taken, or the first misfit.
    pub fn rest(&mut self) -> Result<Fields, Misfit> {
        if let Some(misfit) = self.misfit.take() {
            return Err(misfit);
        }
        let rest = mem::take(&mut self.rest);
        let is_used = !rest.members.is_empty() || !rest.forms.is_empty();
        Ok(Fields(is_used.then(|| Box::new(rest))))
    }

    /// The value under the first of the names that is there, and that name; further spellings of them are noted.
    fn take(&mut self, names: &[&'static str], note_null: bool) -> (Option<Value>, &'static str) {
        let first = names.first().copied().unwrap_or_default();
        let any_case = self.any_case;
        let rest = &mut self.rest;
        let key = find(&rest.members, names, any_case).map(|(key, _, name)| (key.clone(), name));
        let Some((key, name)) = key else {
            return (None, first);
        };
        let Some(value) = rest.members.remove(&key) else {
            return (None, first);
        };
        let spelled = (key != first).then_some(key.as_str());
        rest.note(first, spelled, note_null && value.is_null());
        if any_case || names.len() > 1 {
            let twins = rest.members.keys();
            let twins = twins.filter(|key| names.iter().any(|name| is_same(key, name, any_case)));
            rest.twins.extend(twins.cloned());
        }
        (Some(value), name)
    }
}

/// The member that a field of these names is, and which of the names it bears: the first that is there, in its exact
/// spelling or else, where that does not matter, in another case, of several the first in alphabetical order.
pub(crate) fn find<'m>(
    members: &'m Map<String, Value>,
    names: &[&'static str],
    any_case: bool,
) -> Option<(&'m String, &'m Value, &'static str)> {
    for name in names {
        let mut found = members.get_key_value(*name);
        if any_case && found.is_none() {
            let same = members.iter().filter(|(key, _)| is_same(key, name, true));
            found = same.min_by_key(|(key, _)| *key);
        }
        if let Some((key, value)) = found {
            return Some((key, value, name));
        }
    }
    None
}

fn is_same(key: &str, name: &str, any_case: bool) -> bool {
    match any_case {
        true => key.eq_ignore_ascii_case(name),
        false => key == name,
    }
}

impl Rest {
    /// Notes how a field came, if that can't be told from its value.
    fn note(&mut self, name: &'static str, spelled: Option<&str>, is_null: bool) {
        if spelled.is_some() || is_null {
            let spelled = spelled.map(str::to_owned);
            self.forms.push(Form {
                name,
                spelled,
                is_null,
            });
        }
    }
}

/// A field of a model with its name. For the expansion of [`model!`](crate::model!).
#[doc(hidden)]
pub type Member<'a> = (&'static str, &'a dyn ToJson);

/// Puts the fields of a model into an object; `read_only` are those that only the provider sets. For the expansion of
/// [`model!`](crate::model!).
///
/// One call with a table: hundreds of models compile a table each instead of a call for each field.
#[doc(hidden)]
pub fn write(
    unknown: &Fields,
    extent: Extent,
    fields: &[Member<'_>],
    read_only: &[Member<'_>],
) -> Value {
    let members = unknown.0.as_ref().map(|rest| rest.members.clone());
    let mut members = members.unwrap_or_default();
    let read_only = match extent {
        Extent::Whole => read_only,
        Extent::Body => {
            for twin in unknown.0.iter().flat_map(|rest| &rest.twins) {
                members.remove(twin);
            }
            &[]
        }
    };
    for (name, value) in fields.iter().chain(read_only) {
        let form = unknown.form(name);
        let spelled = form.and_then(|form| form.spelled.as_deref());
        let name = spelled.unwrap_or(name);
        if let Some(value) = value.encode_member(extent) {
            members.insert(name.to_owned(), value);
        } else if form.is_some_and(|form| form.is_null) {
            // What the caller has put among the unknown fields under this name is newer.
            members.entry(name).or_insert(Value::Null);
        }
    }
    Value::Object(members)
}
