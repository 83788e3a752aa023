//! Checks schemas: references that lead somewhere, and keys that go with the type.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::document::{Document, Kind, Mark, Schema};
use super::{Documents, is_pascal};

const FORMATS: [&str; 5] = ["binary", "date", "date-time", "time", "uuid"];
const TIMES: [&str; 4] = ["date_only", "iso", "ms_date", "store_time"];
/// What a reference into another schema begins with.
const COMPONENT: &str = "#/components/schemas/";

/// What is wrong with the schemas of a document.
pub(super) fn offenses(file: &str, document: &Document, all: &Documents) -> Vec<String> {
    let mut offenses = Vec::new();
    for (name, schema) in &document.components.schemas {
        if !is_pascal(name) {
            offenses.push(format!("{name} isn't in Pascal case"));
        }
        if !schema.also.is_empty() {
            offenses.push(format!("{name}: x-also goes with a property"));
        }
    }
    for (place, schema) in places(document) {
        let mut found = Vec::new();
        spellings(schema, &mut found);
        reference(file, schema, all, &mut found);
        shape(schema, &mut found);
        limits(schema, &mut found);
        values(schema, &mut found);
        extensions(schema, &mut found);
        offenses.extend(found.into_iter().map(|it| format!("{place}: {it}")));
    }
    offenses
}

/// Every schema of a document, those inside of others, too.
fn places(document: &Document) -> Vec<(String, &Schema)> {
    let mut found = Vec::new();
    let mut visit = |place: &str, schema| found.push((place.to_owned(), schema));
    for (name, schema) in &document.components.schemas {
        schema.walk(name, &mut visit);
    }
    for operation in document.calls() {
        for (place, schema) in operation.schemas() {
            schema.walk(&format!("{} {place}", operation.id), &mut visit);
        }
    }
    found
}

/// File and name that a reference means.
fn target<'a>(file: &'a str, reference: &'a str) -> Option<(&'a str, &'a str)> {
    let (other, name) = reference.split_once(COMPONENT)?;
    Some((if other.is_empty() { file } else { other }, name))
}

/// The schema that a reference means.
pub(super) fn component<'a>(file: &str, reference: &str, all: &'a Documents) -> Option<&'a Schema> {
    let (file, name) = target(file, reference)?;
    all.get(file)?.components.schemas.get(name)
}

fn reference(file: &str, schema: &Schema, all: &Documents, offenses: &mut Vec<String>) {
    let Some(reference) = &schema.reference else {
        return;
    };
    if component(file, reference, all).is_none() {
        offenses.push(format!("{reference} leads nowhere"));
    }
    let is_more = !schema.kind.0.is_empty()
        || schema.items.is_some()
        || !schema.properties.is_empty()
        || !schema.any_of.is_empty()
        || schema.open == Mark(true);
    if is_more {
        offenses.push("a reference has no shape of its own".to_owned());
    }
}

/// What x-also says of the properties, and that nothing else has it.
fn spellings(schema: &Schema, offenses: &mut Vec<String>) {
    let mut inner = schema.items.as_deref().into_iter().chain(&schema.any_of);
    if inner.any(|it| !it.also.is_empty()) {
        offenses.push("x-also goes with a property".to_owned());
    }
    let names = schema.properties.keys().map(|it| it.to_ascii_lowercase());
    let mut taken: BTreeSet<_> = names.collect();
    for (name, property) in &schema.properties {
        for other in &property.also {
            if !taken.insert(other.to_ascii_lowercase()) {
                offenses.push(format!("x-also of {name}: {other} is taken already"));
            }
        }
    }
}

fn shape(schema: &Schema, offenses: &mut Vec<String>) {
    let kind = &schema.kind;
    let has_shape = schema.reference.is_some() || !kind.0.is_empty() || !schema.any_of.is_empty();
    if !has_shape && schema.open == Mark(false) {
        offenses.push("a schema without a type is x-open".to_owned());
    }
    if kind.has(Kind::Array) != schema.items.is_some() {
        offenses.push("`items` goes with `array`".to_owned());
    }
    if !schema.properties.is_empty() && !kind.has(Kind::Object) {
        offenses.push("`properties` goes with `object`".to_owned());
    }
    let is_empty = kind.has(Kind::Object) && schema.properties.is_empty();
    if is_empty && schema.open == Mark(false) {
        offenses.push("an object without properties is x-open".to_owned());
    }
    for name in &schema.required {
        if !schema.properties.contains_key(name) {
            offenses.push(format!("{name} is required, but there is none"));
        }
    }
    if let Some(format) = &schema.format
        && (!FORMATS.contains(&format.as_str()) || !kind.has(Kind::String))
    {
        offenses.push(format!("format {format} is unknown, or not on a string"));
    }
    if schema.read_only == Mark(true) && schema.write_only == Mark(true) {
        offenses.push("readOnly and writeOnly at once".to_owned());
    }
    if schema
        .description
        .as_deref()
        .is_some_and(|it| it.trim().is_empty())
    {
        offenses.push("a text is empty".to_owned());
    }
}

fn limits(schema: &Schema, offenses: &mut Vec<String>) {
    let kind = &schema.kind;
    let numbers = schema.minimum.is_some() || schema.maximum.is_some();
    let lengths = schema.min_length.is_some() || schema.max_length.is_some();
    if numbers && !kind.has(Kind::Integer) && !kind.has(Kind::Number)
        || lengths && !kind.has(Kind::String)
        || schema.min_items.is_some() && !kind.has(Kind::Array)
    {
        offenses.push("a limit doesn't go with the type".to_owned());
    }
    let is_upside_down = schema
        .minimum
        .zip(schema.maximum)
        .is_some_and(|(a, b)| a > b)
        || schema
            .min_length
            .zip(schema.max_length)
            .is_some_and(|(a, b)| a > b);
    if is_upside_down {
        offenses.push("the lower limit is above the upper one".to_owned());
    }
}

fn values(schema: &Schema, offenses: &mut Vec<String>) {
    let values = schema.values.as_deref().unwrap_or_default();
    if schema.values.is_some() && values.is_empty() {
        offenses.push("`enum` is empty".to_owned());
    }
    for (at, value) in values.iter().enumerate() {
        if !fits(schema, value) || values[..at].contains(value) {
            offenses.push(format!("{value} in `enum` is of another type, or double"));
        }
    }
    if let Some(default) = &schema.default {
        let is_listed = values.is_empty() || values.contains(default);
        if !fits(schema, default) || !is_listed {
            offenses.push(format!("the default {default} isn't a value of it"));
        }
    }
}

fn fits(schema: &Schema, value: &Value) -> bool {
    let kind = match value {
        Value::Null => Kind::Null,
        Value::Bool(_) => Kind::Boolean,
        Value::Number(number) if number.is_i64() || number.is_u64() => Kind::Integer,
        Value::Number(_) => Kind::Number,
        Value::String(_) => Kind::String,
        Value::Array(_) => Kind::Array,
        Value::Object(_) => Kind::Object,
    };
    schema.kind.has(kind) || kind == Kind::Integer && schema.kind.has(Kind::Number)
}

fn extensions(schema: &Schema, offenses: &mut Vec<String>) {
    let kind = &schema.kind;
    let mut wrong = |is_wrong: bool, what: &str| {
        if is_wrong {
            offenses.push(what.to_owned());
        }
    };
    let is_text = kind.has(Kind::String);
    if let Some(id) = &schema.id {
        wrong(
            !is_pascal(id) || !is_text && !kind.has(Kind::Integer),
            "x-id names a resource, on an integer or a string",
        );
    }
    if let Some(time) = &schema.time {
        let is_known = TIMES.contains(&time.as_str());
        wrong(
            !is_known || !is_text,
            "x-time is unknown, or not on a string",
        );
    }
    wrong(
        schema.money == Mark(true) && !is_text && !kind.has(Kind::Number),
        "x-money goes with a number or a string",
    );
    if let Some(body) = &schema.body {
        let is_known = body == "base64_prefixed";
        wrong(
            !is_known || !is_text,
            "x-body is unknown, or not on a string",
        );
    }
    wrong(
        schema.inferred_note.is_some() && schema.inferred == Mark(false),
        "x-inferred-note without x-inferred",
    );
    wrong(
        (schema.deprecated == Mark(true) || schema.older == Mark(true))
            && schema.description.is_none(),
        "what is deprecated or older says why",
    );
}

/// Ids that are numbers in one place and texts in another.
pub(super) fn clashing_ids(documents: &Documents) -> Vec<String> {
    let mut kinds = BTreeMap::<&str, BTreeSet<(Kind, Option<&str>)>>::new();
    for document in documents.values() {
        for (_, schema) in places(document) {
            let Some(id) = &schema.id else { continue };
            // Both at once says that servers differ, and clashes with neither.
            if schema.kind.has(Kind::Integer) && schema.kind.has(Kind::String) {
                continue;
            }
            let types = schema.kind.0.iter().filter(|kind| **kind != Kind::Null);
            let types = types.map(|kind| (*kind, schema.format.as_deref()));
            kinds.entry(id).or_default().extend(types);
        }
    }
    let clashing = kinds.into_iter().filter(|(_, kinds)| kinds.len() > 1);
    clashing
        .map(|(id, kinds)| format!("x-id {id} stands on several types: {kinds:?}"))
        .collect()
}

/// Schemas that no operation and no webhook leads to.
pub(super) fn unused(documents: &Documents) -> Vec<String> {
    let mut reached = BTreeSet::new();
    let mut next = Vec::new();
    for (file, document) in documents {
        for operation in document.calls() {
            next.extend(
                operation
                    .schemas()
                    .map(|(_, schema)| (file.as_str(), schema)),
            );
        }
    }
    while let Some((file, schema)) = next.pop() {
        schema.walk("", &mut |_, schema| {
            let reference = schema.reference.as_deref();
            let Some((file, name)) = reference.and_then(|it| target(file, it)) else {
                return;
            };
            let found = documents.get(file);
            let found = found.and_then(|it| it.components.schemas.get(name));
            if let Some(schema) = found.filter(|_| reached.insert((file, name))) {
                next.push((file, schema));
            }
        });
    }
    let named = documents.iter().flat_map(|(file, document)| {
        let names = document.components.schemas.keys();
        names.map(move |name| (file.as_str(), name.as_str()))
    });
    named
        .filter(|it| !reached.contains(it))
        .map(|(file, name)| format!("{file}: {name} is used by no operation"))
        .collect()
}
