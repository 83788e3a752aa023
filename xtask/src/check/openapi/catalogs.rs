//! Compares every operation of the documents with the catalogues of the vendors' pages, beside this
//! workspace where there are any.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::Value;

use super::document::{Kind, Mark, Operation, Parameter, Place, Schema};
use super::{Documents, of};
use crate::workspace::{providers, root};

/// What differs on purpose, by provider.
const CORRECTIONS: &str = include_str!("corrections.yaml");

/// The part of a catalogue that is compared.
#[derive(Debug, Deserialize)]
struct Catalog {
    resources: Vec<Resource>,
}

#[derive(Debug, Deserialize)]
struct Resource {
    area: Option<String>,
    generation: Option<String>,
    #[serde(default)]
    operations: Vec<Row>,
}

#[derive(Debug, Deserialize)]
struct Row {
    method: String,
    path: String,
    #[serde(default)]
    params: Option<Vec<Named>>,
    response: Option<Value>,
    response_fields: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Named {
    name: String,
    #[serde(rename = "in")]
    place: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    required: Option<Value>,
    #[serde(rename = "enum")]
    values: Option<Vec<Value>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Corrections {
    left_out: Vec<Correction>,
    parameters: Vec<Correction>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Correction {
    reason: String,
    operations: Vec<String>,
    #[serde(default)]
    removed: Vec<String>,
    #[serde(default)]
    added: Vec<String>,
    #[serde(default)]
    retyped: Vec<String>,
}

/// The document's area, and method and path.
type Key = (String, String);

/// The catalogues' directory, if there is one.
fn directory() -> Result<Option<PathBuf>> {
    let directory = root()?.join("../shared/vendor");
    Ok(directory.is_dir().then_some(directory))
}

#[test]
fn every_operation_is_the_catalogued_one() -> Result<()> {
    let Some(directory) = directory()? else {
        eprintln!("skipped: there is no ../shared/vendor");
        return Ok(());
    };
    let corrections: BTreeMap<String, Corrections> = serde_saphyr::from_str(CORRECTIONS)?;
    let mut offenses = Vec::new();
    for provider in &providers()? {
        let path = directory.join(format!("{provider}-endpoints.yaml"));
        if !path.exists() {
            eprintln!("skipped: there is no catalogue of {provider}");
            continue;
        }
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let catalog: Catalog = serde_saphyr::from_str(&text)?;
        let corrections = corrections
            .get(provider)
            .context("a provider without corrections")?;
        let found = differences(provider, &catalog, corrections, &of(provider)?);
        offenses.extend(found.into_iter().map(|it| format!("{provider} {it}")));
    }
    assert!(offenses.is_empty(), "{:#?}", offenses);
    Ok(())
}

#[test]
fn the_counts_are_those_that_were_promised() -> Result<()> {
    let count = |provider, is_counted: fn(&str, &Operation) -> bool| -> Result<usize> {
        let documents = of(provider)?;
        let mut counted = BTreeSet::new();
        for document in documents.values() {
            for (method, path, operation) in document.operations() {
                if is_counted(&document.area, operation) {
                    counted.insert((method, path.to_lowercase()));
                }
            }
        }
        Ok(counted.len())
    };
    assert_eq!(count("comm100", |area, _| area != "v2")?, 350);
    assert_eq!(count("comm100", |area, _| area == "v2")?, 71);
    assert_eq!(count("communic8", |_, _| true)?, 6);
    assert_eq!(count("webcommander", |_, it| it.older == Mark(false))?, 249);
    assert_eq!(count("webcommander", |_, it| it.older == Mark(true))?, 40);
    Ok(())
}

fn differences(
    provider: &str,
    catalog: &Catalog,
    corrections: &Corrections,
    documents: &Documents,
) -> Vec<String> {
    let mut offenses = Vec::new();
    let mut wanted = wanted(provider, catalog);
    for correction in corrections.left_out.iter().chain(&corrections.parameters) {
        if correction.reason.is_empty() {
            offenses.push("a correction without a reason".to_owned());
        }
    }
    for call in corrections.left_out.iter().flat_map(|it| &it.operations) {
        let known = wanted.len();
        wanted.retain(|(_, it), _| it != call);
        if wanted.len() == known {
            offenses.push(format!("{call} is left out, but there is none"));
        }
    }
    for document in documents.values() {
        for (method, path, operation) in document.operations() {
            let call = format!("{} {path}", method.name());
            let area = area(provider, &document.area, operation);
            let Some(named) = wanted.remove(&(area, call.clone())) else {
                offenses.push(format!("{call} isn't in the catalogue"));
                continue;
            };
            let found = parameters(&call, operation, &named, &corrections.parameters);
            offenses.extend(found.into_iter().map(|it| format!("{call}: {it}")));
        }
    }
    offenses.extend(
        wanted
            .into_keys()
            .map(|(area, call)| format!("{area} lacks {call}")),
    );
    offenses
}

/// Where the catalogue has what a document holds.
fn area(provider: &str, area: &str, operation: &Operation) -> String {
    match provider {
        "comm100" => area.to_owned(),
        _ if operation.older == Mark(true) => "older".to_owned(),
        _ => String::new(),
    }
}

/// The operations that the documents are to have.
fn wanted<'a>(provider: &str, catalog: &'a Catalog) -> BTreeMap<Key, Vec<&'a Named>> {
    let mut wanted = BTreeMap::new();
    for resource in &catalog.resources {
        let generation = resource.generation.as_deref().unwrap_or_default();
        let area = resource.area.as_deref().unwrap_or_default();
        for row in &resource.operations {
            let is_answered = row.response.is_some() || row.response_fields.is_some();
            let versioned = area == "aiagent" || row.path.starts_with("/api/");
            let (area, prefix) = match (provider, generation) {
                ("comm100", "v4" | "partner-v4") if versioned => (area, ""),
                ("comm100", "v4" | "partner-v4") => (area, "/v4"),
                ("comm100", "v2") if is_answered => ("v2", ""),
                ("comm100", _) => continue,
                _ => (generation, ""),
            };
            let call = format!("{} {prefix}{}", row.method, row.path);
            let named = row.params.iter().flatten().filter(|it| it.place != "body");
            wanted.insert((area.to_owned(), call), named.collect());
        }
    }
    wanted
}

fn parameters(
    call: &str,
    operation: &Operation,
    named: &[&Named],
    corrections: &[Correction],
) -> Vec<String> {
    let mut offenses = Vec::new();
    let mine = || {
        corrections
            .iter()
            .filter(|it| it.operations.iter().any(|it| it == call))
    };
    let mut removed: BTreeSet<_> = mine().flat_map(|it| &it.removed).collect();
    let mut added: BTreeSet<_> = mine().flat_map(|it| &it.added).collect();
    let retyped: BTreeSet<_> = mine().flat_map(|it| &it.retyped).collect();
    let mut unseen: Vec<_> = operation.parameters.iter().collect();
    for row in named {
        if removed.remove(&row.name) {
            continue;
        }
        let is_it = |it: &&Parameter| it.name == row.name && place(it) == row.place;
        let Some(at) = unseen.iter().position(is_it) else {
            offenses.push(format!("{} {} is missing", row.place, row.name));
            continue;
        };
        let parameter = unseen.swap_remove(at);
        let is_required = row.place == "path" || row.required == Some(Value::Bool(true));
        if is_required != (parameter.required == Mark(true)) {
            offenses.push(format!("{} is required in one of both", row.name));
        }
        if !retyped.contains(&row.name) && !has_type(row, &parameter.schema) {
            offenses.push(format!("{} is of another type than {}", row.name, row.kind));
        }
    }
    for parameter in unseen {
        if !added.remove(&parameter.name) {
            offenses.push(format!("{} isn't in the catalogue", parameter.name));
        }
    }
    let idle = removed.into_iter().chain(added);
    offenses.extend(idle.map(|name| format!("the correction of {name} corrects nothing")));
    offenses
}

fn place(parameter: &Parameter) -> &'static str {
    match parameter.place {
        Place::Path => "path",
        Place::Query => "query",
        Place::Header => "header",
    }
}

/// Whether a schema is what the catalogue's type and values say.
fn has_type(row: &Named, schema: &Schema) -> bool {
    let kind = row.kind.as_str();
    // One text in the tables; clients repeat the key, so the documents make it a list.
    let item = match kind {
        "string" if row.name == "include" => Some("string"),
        _ => kind.strip_prefix("array of "),
    };
    if let Some(item) = item {
        let is_list = schema.kind.has(Kind::Array);
        return is_list && schema.items.as_ref().is_some_and(|it| is_a(item, it, row));
    }
    is_a(kind, schema, row)
}

fn is_a(kind: &str, schema: &Schema, row: &Named) -> bool {
    let (kind, format) = match kind {
        "guid" => (Kind::String, Some("uuid")),
        "date" => (Kind::String, Some("date")),
        "datetime" | "date-time" => (Kind::String, Some("date-time")),
        "string" | "int_or_guid" => (Kind::String, None),
        "int" | "integer" => (Kind::Integer, None),
        "float" | "number" => (Kind::Number, None),
        "bool" | "boolean" => (Kind::Boolean, None),
        _ => return false,
    };
    let has_values = row.values.is_none() || row.values == schema.values;
    schema.kind.0 == [kind] && schema.format.as_deref() == format && has_values
}
