//! Numbers the records of a collection in the form that its ids have, and reads the number back.

use serde_json::Value;

use crate::openapi::{Parameter, Schema, mix};

/// What the ids of a collection look like.
#[derive(Clone, Debug)]
pub(super) struct Ids {
    /// The member of a record that holds its id.
    pub(super) member: Option<&'static str>,
    /// The parameter of the path that takes it.
    pub(super) parameter: Option<&'static str>,
    form: Form,
    /// Tells the ids of one collection from those of others.
    kind: u64,
}

#[derive(Clone, Debug)]
enum Form {
    /// One of a few names.
    Choice(Vec<String>),
    Integer,
    Text,
    Uuid,
}

/// The number before the first one.
const START: u64 = 1000;

impl Ids {
    /// The ids of records of this schema, as the path takes them.
    pub(super) fn of(name: &str, record: Option<Schema>, parameter: Option<&Parameter>) -> Self {
        let kind = mix(0, name) & 0xff_ffff;
        let x_id = parameter.map_or("", |one| one.schema.text("x-id"));
        let record_members = || record.into_iter().flat_map(Schema::properties);
        let by_x_id =
            record_members().find(|(_, member)| !x_id.is_empty() && member.text("x-id") == x_id);
        let named = |name: &str| record_members().find(|(known, _)| *known == name);
        let member = by_x_id
            .or_else(|| parameter.and_then(|one| named(one.name)))
            .or_else(|| ["id", "_id", "guid"].into_iter().find_map(named));
        let schema = member
            .map(|(_, schema)| schema)
            .or(parameter.map(|one| one.schema));
        let choices = parameter.and_then(|one| one.schema.choices());
        let first = schema.and_then(|one| one.types().first().copied());
        let form = match (choices, first) {
            (Some(choices), _) => {
                let names = choices.into_iter().filter_map(Value::as_str);
                Form::Choice(names.map(str::to_owned).collect())
            }
            (None, Some("integer")) => Form::Integer,
            (None, _) if schema.is_some_and(|one| one.text("format") == "uuid") => Form::Uuid,
            (None, _) => Form::Text,
        };
        Self {
            member: member.map(|(name, _)| name),
            parameter: parameter.map(|one| one.name),
            form,
            kind,
        }
    }

    /// The id of the record with this number, counted from 1.
    pub(super) fn id(&self, number: u64) -> Value {
        let kind = self.kind;
        match &self.form {
            Form::Choice(names) => {
                let at = usize::try_from(number).unwrap_or(1).saturating_sub(1);
                let name = names.get(at % names.len().max(1));
                name.map_or(Value::Null, |name| Value::from(name.as_str()))
            }
            Form::Integer => Value::from(START + number),
            Form::Text => Value::from(format!("65{kind:06x}{number:016x}")),
            Form::Uuid => Value::from(format!("{kind:08x}-0000-4000-8000-{number:012x}")),
        }
    }

    /// The number of the record with this id, wherever [`Ids::id`] could have made it.
    pub(super) fn number(&self, id: &str) -> Option<u64> {
        let number = match &self.form {
            Form::Choice(names) => {
                let at = names.iter().position(|name| name == id)?;
                u64::try_from(at).ok()?.checked_add(1)?
            }
            Form::Integer => id.parse::<u64>().ok()?.checked_sub(START)?,
            Form::Text => u64::from_str_radix(id.get(8..)?, 16).ok()?,
            Form::Uuid => u64::from_str_radix(id.rsplit('-').next()?, 16).ok()?,
        };
        let made = self.id(number);
        let same = text(&made).eq_ignore_ascii_case(id);
        (number > 0 && same).then_some(number)
    }
}

/// An id as it stands in a path.
pub(super) fn text(id: &Value) -> String {
    match id {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
