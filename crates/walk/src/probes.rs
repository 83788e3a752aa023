//! Puts into each member of a model, one at a time, what its type has to refuse, to take, or to know.

use auth_core::model::{Misfit, Value};
use serde_json::json;
use vendor_sandbox::openapi::Schema;

use crate::known::unknown;
use crate::models::Reread;

type Read = fn(Value) -> Result<Reread, Misfit>;

/// What does not hold of the members of a model, one line for each.
pub(crate) fn probe(schema: Schema, is_body: bool, read: Read) -> Vec<String> {
    let whole = match is_body {
        true => schema.sample_request(0),
        false => schema.sample(0),
    };
    let is_flawed = read(whole.clone()).map_or(true, |read| unknown(&read.shown).is_some());
    let mut flaws = Vec::new();
    for (name, member) in schema.properties() {
        if whole.get(name).is_none() {
            continue;
        }
        let with = |value: &Value| {
            let mut changed = whole.clone();
            changed[name] = value.clone();
            changed
        };
        let place = format!("$.{name}");
        for value in refused(member) {
            match read(with(&value)) {
                Ok(_) => flaws.push(format!("{place} takes {value}")),
                Err(misfit) if misfit.path() == place => {}
                Err(misfit) => flaws.push(format!("{place} = {value}: {misfit}")),
            }
        }
        for value in taken(member) {
            if let Err(misfit) = read(with(&value)) {
                flaws.push(format!("{place} = {value}: {misfit}"));
            }
        }
        if is_flawed {
            // It would be told once more for each of these.
            continue;
        }
        for value in choices(member) {
            let flaw = match read(with(&value)) {
                Ok(read) => unknown(&read.shown),
                Err(misfit) => Some(misfit.to_string()),
            };
            flaws.extend(flaw.map(|flaw| format!("{place} = {value}: {flaw}")));
        }
        let others = other_names(member);
        flaws.extend(others.filter_map(|other| {
            let mut renamed = whole.clone();
            let members = renamed.as_object_mut()?;
            let value = members.remove(name)?;
            members.insert(other.to_owned(), value);
            let flaw = match read(renamed) {
                Ok(read) => unknown(&read.shown),
                Err(misfit) => Some(misfit.to_string()),
            };
            flaw.map(|flaw| format!("{place} as `{other}`: {flaw}"))
        }));
    }
    flaws
}

/// Further names under which a member may come.
fn other_names(member: Schema) -> impl Iterator<Item = &'static str> {
    let all = member.beside("x-also").as_array();
    all.into_iter().flatten().filter_map(Value::as_str)
}

fn types(schema: Schema) -> Vec<&'static str> {
    let all = match schema.word("type") {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect::<Vec<_>>(),
    };
    all.into_iter().filter(|kind| *kind != "null").collect()
}

fn is_time(schema: Schema) -> bool {
    let format = schema.word("format").as_str().unwrap_or_default();
    matches!(format, "date" | "date-time") || !schema.word("x-time").is_null()
}

fn is_money(schema: Schema) -> bool {
    *schema.beside("x-money") == true
}

/// Whether only its type says what it is.
fn is_plain(schema: Schema) -> bool {
    ["enum", "x-id", "x-body", "x-time", "format"]
        .iter()
        .all(|word| schema.word(word).is_null())
        && !is_money(schema)
}

/// What no reader of its type takes, however lenient.
fn refused(schema: Schema) -> Vec<Value> {
    let kinds = types(schema);
    let object = schema.word("properties").is_object();
    let mut all = match kinds.as_slice() {
        _ if schema.word("anyOf").is_array() => return Vec::new(),
        ["array"] => return vec![json!(true)],
        ["object"] if object => return vec![json!([])],
        [] | ["object"] => return Vec::new(),
        // Several types are kept as they come.
        _ if kinds.iter().any(|kind| ["array", "object"].contains(kind)) => return Vec::new(),
        _ => vec![json!([]), json!({})],
    };
    match kinds.as_slice() {
        ["string"] if is_time(schema) => all.extend([json!(true), json!(5)]),
        _ if is_money(schema) => all.push(json!(true)),
        ["integer"] if is_plain(schema) => all.extend([json!("n/a"), json!(1.5)]),
        ["number"] if is_plain(schema) => all.push(json!("n/a")),
        ["boolean"] => all.push(json!("perhaps")),
        _ => {}
    }
    all
}

/// What every reader of its type takes, though it is of another one.
fn taken(schema: Schema) -> Vec<Value> {
    match types(schema).as_slice() {
        _ if is_money(schema) => vec![json!("12.50"), json!("n/a"), json!(5)],
        ["string"] if is_plain(schema) => vec![json!(5), json!(true)],
        ["number"] if is_plain(schema) => vec![json!(1.5)],
        _ => Vec::new(),
    }
}

/// Each value of an enum, in the form that the member has.
fn choices(schema: Schema) -> Vec<Value> {
    let of = |schema: Schema| {
        let all = schema.word("enum").as_array().into_iter().flatten();
        all.filter(|one| !one.is_null())
            .cloned()
            .collect::<Vec<_>>()
    };
    match schema.items() {
        Some(items) => of(items).into_iter().map(|one| json!([one])).collect(),
        None => of(schema),
    }
}
