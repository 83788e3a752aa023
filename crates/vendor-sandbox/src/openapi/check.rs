//! Says where a value departs from its schema.

use serde_json::{Map, Value};

use super::format;
use super::schema::{Direction, Schema};
use crate::form::shown;

pub(super) fn check(schema: Schema, value: &Value, direction: Direction) -> Result<(), String> {
    let mut path = "$".to_owned();
    Checker { direction }.value(schema, value, &mut path)
}

struct Checker {
    direction: Direction,
}

fn expected(path: &str, what: &str) -> Result<(), String> {
    Err(format!("{path}: expected {what}"))
}

impl Checker {
    fn value(&self, schema: Schema, value: &Value, path: &mut String) -> Result<(), String> {
        let alternatives = schema.any_of();
        if !alternatives.is_empty() {
            let (mut flaw, length) = (Ok(()), path.len());
            for one in alternatives {
                flaw = self.value(one, value, path);
                path.truncate(length);
                if flaw.is_ok() {
                    return flaw;
                }
            }
            return match value {
                // The flaw of the last alternative says more where it is deeper within.
                Value::Object(_) | Value::Array(_) => flaw,
                _ => expected(path, "one of several shapes"),
            };
        }
        let types = schema.types();
        if !types.is_empty() && !types.iter().any(|kind| is_of(value, kind)) {
            return expected(path, &types.join(" or "));
        }
        if let Some(choices) = schema.choices()
            && !value.is_null()
            && !choices.contains(&value)
        {
            let names: Vec<_> = choices.iter().map(ToString::to_string).collect();
            return expected(path, &format!("one of {}", names.join(", ")));
        }
        match value {
            Value::Object(members) => self.object(schema, members, path),
            Value::Array(items) => self.array(schema, items, path),
            Value::String(text) => string(schema, text, path),
            Value::Number(number) => within(schema, number.as_f64().unwrap_or_default(), path),
            Value::Null | Value::Bool(_) => Ok(()),
        }
    }

    fn object(
        &self,
        schema: Schema,
        members: &Map<String, Value>,
        path: &mut String,
    ) -> Result<(), String> {
        for (name, member) in schema.properties() {
            let length = path.len();
            path.push('.');
            path.push_str(name);
            let other_way = match self.direction {
                Direction::Answer => member.is_write_only().then_some("requests"),
                Direction::Request => member.is_read_only().then_some("answers"),
                Direction::Either => None,
            };
            match (members.get(name), other_way) {
                (Some(_), Some(others)) => {
                    return expected(path, &format!("to be left out, for only {others} have it"));
                }
                (Some(value), None) => self.value(member, value, path)?,
                (None, None) if schema.requires(name) => return expected(path, "to be there"),
                (None, _) => {}
            }
            path.truncate(length);
        }
        if self.direction == Direction::Answer || schema.is_open() {
            return Ok(());
        }
        let unknown = members.keys().find(|name| schema.property(name).is_none());
        match unknown {
            Some(name) => expected(path, &format!("no member `{}`", shown(name))),
            None => Ok(()),
        }
    }

    fn array(&self, schema: Schema, items: &[Value], path: &mut String) -> Result<(), String> {
        let least = schema.word("minItems").as_u64().unwrap_or(0);
        if (items.len() as u64) < least {
            return expected(path, &format!("{least} items at least"));
        }
        let Some(kind) = schema.items() else {
            return Ok(());
        };
        for (at, item) in items.iter().enumerate() {
            let length = path.len();
            path.push_str(&format!("[{at}]"));
            self.value(kind, item, path)?;
            path.truncate(length);
        }
        Ok(())
    }
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        _ => value.is_null(),
    }
}

fn string(schema: Schema, text: &str, path: &str) -> Result<(), String> {
    if schema.choices().is_some() {
        return Ok(());
    }
    if let Some(what) = format::flaw(schema, text) {
        return expected(path, what);
    }
    let length = text.chars().count() as u64;
    let least = schema.word("minLength").as_u64();
    let most = schema.word("maxLength").as_u64();
    match (least, most) {
        (Some(least), _) if length < least => {
            expected(path, &format!("{least} characters at least"))
        }
        (_, Some(most)) if length > most => expected(path, &format!("{most} characters at most")),
        _ => Ok(()),
    }
}

fn within(schema: Schema, number: f64, path: &str) -> Result<(), String> {
    let (least, most) = (schema.word("minimum"), schema.word("maximum"));
    if least.as_f64().is_some_and(|least| number < least) {
        return expected(path, &format!("{least} at least"));
    }
    if most.as_f64().is_some_and(|most| number > most) {
        return expected(path, &format!("{most} at most"));
    }
    Ok(())
}
