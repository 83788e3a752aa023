//! Copies the documents into the sandbox: as JSON, without prose, one operation and one schema a line.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};

use super::write::Files;

/// Keys that say nothing about the wire, wherever they are not the name of a member.
const PROSE: &[&str] = &[
    "description",
    "externalDocs",
    "summary",
    "tags",
    "x-inferred",
    "x-inferred-note",
];

/// Parts of a document that the sandbox has no use for.
const LEFT_OUT: &[&str] = &["info", "openapi", "servers", "webhooks"];

/// The documents below `directory` as the sandbox has them, by path below its folder for the provider.
pub(super) fn copies(directory: &Path) -> Result<Files> {
    let mut files = Files::new();
    let entries = fs::read_dir(directory).with_context(|| directory.display().to_string())?;
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let document: Value = serde_saphyr::from_str(&text)
            .map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        files.insert(format!("{name}.json"), copy(document));
    }
    Ok(files)
}

/// Where the sandbox lists its vendors, and which host serves which document.
const VENDORS: &str = "crates/vendor-sandbox/src/vendors.rs";

/// The documents that the sandbox does not list, each with its cure.
pub(super) fn offenses(root: &Path, provider: &str, files: &Files) -> Result<Vec<String>> {
    let table = fs::read_to_string(root.join(VENDORS)).context(VENDORS)?;
    let row = table.split_once(&format!(" = {provider} {{"));
    let row = row.map_or("", |(_, rest)| {
        rest.split("\n    }\n").next().unwrap_or_default()
    });
    let names = files.keys().map(|file| file.trim_end_matches(".json"));
    let missing = names.filter(|name| !row.contains(&format!("\"{name}\" on ")));
    let offenses = missing.map(|name| {
        format!("the sandbox does not list `{provider}/{name}`: add it to the row in {VENDORS}, with the host that serves it")
    });
    Ok(offenses.collect())
}

/// One document.
fn copy(mut document: Value) -> String {
    if let Some(members) = document.as_object_mut() {
        members.retain(|key, _| !LEFT_OUT.contains(&key.as_str()));
    }
    strip(&mut document);
    let empty = Map::new();
    let members = document.as_object().unwrap_or(&empty);
    let parts = members.iter().map(|(key, part)| match key.as_str() {
        "components" => format!(
            "{key:?}:{{{}}}",
            listed("schemas", &part["schemas"], one_line)
        ),
        "paths" => listed(key, part, |path| listed_members(path, one_line)),
        _ => format!("{key:?}:{}", one_line(part)),
    });
    format!("{{\n{}\n}}\n", parts.collect::<Vec<_>>().join(",\n"))
}

/// A member whose own members stand on a line each.
fn listed(key: &str, value: &Value, shown: impl Fn(&Value) -> String) -> String {
    format!("{key:?}:{}", listed_members(value, shown))
}

fn listed_members(value: &Value, shown: impl Fn(&Value) -> String) -> String {
    let mut text = "{\n".to_owned();
    for (index, (key, value)) in value.as_object().into_iter().flatten().enumerate() {
        let comma = if index > 0 { ",\n" } else { "" };
        let _ = write!(text, "{comma}{key:?}:{}", shown(value));
    }
    text + "\n}"
}

fn one_line(value: &Value) -> String {
    value.to_string()
}

/// Takes the prose out. What stands below `properties` are names of members, not keys of OpenAPI.
fn strip(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|key, _| !PROSE.contains(&key.as_str()));
            for (key, member) in members {
                match member {
                    Value::Object(named) if key == "properties" || key == "schemas" => {
                        named.values_mut().for_each(strip);
                    }
                    other => strip(other),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(strip),
        _ => {}
    }
}
