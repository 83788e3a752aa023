//! What a model holds besides its fields, and how its fields are taken out of an object and put back.

use std::fmt;
use std::mem;

use serde_json::{Map, Value};

use super::json::{Extent, FromJson, ToJson, object};
use super::place::{Misfit, Place};
use super::tree::{Json, Members, is_same};

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
pub struct Reader<'a, 'j> {
    place: &'a Place<'a>,
    members: Members<'j>,
    forms: Vec<Form>,
    twins: Vec<String>,
    any_case: bool,
    misfit: Option<Misfit>,
}

impl<'a, 'j> Reader<'a, 'j> {
    /// Opens the object at `place`.
    pub fn new(value: Json<'j>, place: &'a Place<'a>, any_case: bool) -> Result<Self, Misfit> {
        Ok(Self {
            place,
            members: object(value, place)?,
            forms: Vec::new(),
            twins: Vec::new(),
            any_case,
            misfit: None,
        })
    }

    /// A field that must be there.
    pub fn required<T: FromJson>(&mut self, names: &[&'static str]) -> Result<T, Misfit> {
        let (value, name) = self.take(names, T::NULL_IS_ABSENCE);
        let place = self.place.key(name);
        match value {
            Some(value) => T::read(value, &place),
            None => T::absent(&place),
        }
    }

    /// A field that may be missing.
    pub fn optional<T: FromJson + Default>(&mut self, names: &[&'static str]) -> T {
        let (value, name) = self.take(names, T::NULL_IS_ABSENCE);
        let place = self.place.key(name);
        let read = match value {
            Some(value) => T::read(value, &place),
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
        if self.members.iter().next().is_none() && self.forms.is_empty() {
            return Ok(Fields::new());
        }
        Ok(Fields(Some(Box::new(Rest {
            members: mem::take(&mut self.members).into_map(),
            forms: mem::take(&mut self.forms),
            twins: mem::take(&mut self.twins),
        }))))
    }

    /// The value under the first of the names that is there, and that name; further spellings of them are noted.
    fn take(
        &mut self,
        names: &[&'static str],
        note_null: bool,
    ) -> (Option<Json<'j>>, &'static str) {
        let first = names.first().copied().unwrap_or_default();
        if names.len() == 1 && !self.any_case {
            let value = self.members.remove(first);
            if note_null && value.as_ref().is_some_and(Json::is_null) {
                self.note(first, None, true);
            }
            return (value, first);
        }
        let Some((at, name)) = self.members.position(names, self.any_case) else {
            return (None, first);
        };
        let Some((key, value)) = self.members.take_at(at) else {
            return (None, first);
        };
        let spelled = (key != first).then(|| key.into_owned());
        self.note(first, spelled, note_null && value.is_null());
        let is_twin = |key: &str| names.iter().any(|name| is_same(key, name, self.any_case));
        let twins = self.members.iter().map(|(key, _)| key);
        let twins = twins.filter(|key| is_twin(key)).map(str::to_owned);
        self.twins.extend(twins);
        (Some(value), name)
    }

    /// Notes how a field came, if that can't be told from its value.
    fn note(&mut self, name: &'static str, spelled: Option<String>, is_null: bool) {
        if spelled.is_some() || is_null {
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
