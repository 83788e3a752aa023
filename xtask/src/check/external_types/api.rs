//! Reads the public API of one crate out of rustdoc's JSON, as far as names of other crates are concerned.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::Value;

/// These come with the compiler.
const STANDARD: &[&str] = &["alloc", "core", "std"];

/// rustdoc's document, which has public items only.
#[derive(Debug, Deserialize)]
pub(super) struct Api {
    index: BTreeMap<String, Item>,
    paths: BTreeMap<String, Summary>,
    external_crates: BTreeMap<String, External>,
}

#[derive(Debug, Deserialize)]
struct Item {
    crate_id: u32,
    name: Option<String>,
    span: Option<Span>,
    /// What the item is, and its signature: an object with one key.
    inner: BTreeMap<String, Value>,
}

#[derive(Debug, Deserialize)]
struct Span {
    filename: String,
    begin: (u32, u32),
}

#[derive(Debug, Deserialize)]
struct Summary {
    crate_id: u32,
}

#[derive(Debug, Deserialize)]
struct External {
    name: String,
}

impl Api {
    /// Reads the document.
    pub(super) fn read(text: &str) -> Result<Self> {
        serde_json::from_str(text)
            .context("rustdoc's JSON is not as it was: the format changes with the compiler")
    }

    /// The foreign crates of whose items the signatures speak, each with the places.
    pub(super) fn foreign(&self) -> BTreeMap<String, Vec<String>> {
        let mut found = BTreeMap::<String, Vec<String>>::new();
        for item in self.index.values().filter(|item| item.crate_id == 0) {
            let mut ids = BTreeSet::new();
            for (kind, signature) in &item.inner {
                if kind == "impl" && is_given(signature) {
                    continue;
                }
                named(signature, &mut ids);
                // A re-export names what it brings by its `id` alone.
                ids.extend(signature.get("id").filter(|_| kind == "use").map(key));
            }
            let crates: BTreeSet<_> = ids.iter().filter_map(|id| self.crate_of(id)).collect();
            for name in crates {
                found.entry(name.to_owned()).or_default().push(item.place());
            }
        }
        for places in found.values_mut() {
            places.sort();
        }
        found
    }

    /// The foreign crate that an item comes from.
    fn crate_of(&self, id: &str) -> Option<&str> {
        let number = self.paths.get(id)?.crate_id;
        let name = &self.external_crates.get(&number.to_string())?.name;
        (!STANDARD.contains(&name.as_str())).then_some(name)
    }
}

impl Item {
    /// Where it is written, and its name if it has one.
    fn place(&self) -> String {
        let name = self.name.as_deref().unwrap_or("an impl");
        match &self.span {
            Some(Span { filename, begin }) => format!("{filename}:{} `{name}`", begin.0),
            None => format!("`{name}`"),
        }
    }
}

/// Whether an impl was not written here: rustdoc lists blanket impls of whole crates, and those of auto traits.
fn is_given(signature: &Value) -> bool {
    let is_blanket = signature
        .get("blanket_impl")
        .is_some_and(|it| !it.is_null());
    let is_synthetic = signature.get("is_synthetic").and_then(Value::as_bool);
    is_blanket || is_synthetic == Some(true)
}

/// Collects what a signature names: wherever there are a `path` and an `id`, there is a type or a trait.
fn named(signature: &Value, ids: &mut BTreeSet<String>) {
    match signature {
        Value::Object(fields) => {
            if let (Some(Value::String(_)), Some(id)) = (fields.get("path"), fields.get("id")) {
                ids.insert(key(id));
            }
            fields.values().for_each(|field| named(field, ids));
        }
        Value::Array(items) => items.iter().for_each(|item| named(item, ids)),
        _ => {}
    }
}

/// An id as a key of the document's tables.
fn key(id: &Value) -> String {
    match id {
        Value::String(id) => id.clone(),
        _ => id.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Api;

    /// The foreign crates in a crate with one public item.
    fn foreign(kind: &str, signature: Value) -> Vec<(String, Vec<String>)> {
        let document = json!({
            "format_version": 57,
            "index": {
                "1": {
                    "id": 1, "crate_id": 0, "name": "send", "inner": { kind: signature },
                    "span": { "filename": "src/lib.rs", "begin": [7, 1], "end": [9, 1] },
                },
                "2": {
                    "id": 2, "crate_id": 5, "name": "theirs", "span": null,
                    "inner": { "function": path("url", 20) },
                },
            },
            "paths": {
                "1": { "crate_id": 0, "path": ["ours", "send"], "kind": "function" },
                "10": { "crate_id": 1, "path": ["core", "option", "Option"], "kind": "enum" },
                "20": { "crate_id": 5, "path": ["url", "Url"], "kind": "struct" },
                "30": { "crate_id": 6, "path": ["reqwest", "Client"], "kind": "struct" },
            },
            "external_crates": {
                "1": { "name": "core" }, "5": { "name": "url" }, "6": { "name": "reqwest" },
            },
        });
        let api = Api::read(&document.to_string()).unwrap();
        api.foreign().into_iter().collect()
    }

    fn path(name: &str, id: u32) -> Value {
        json!({ "path": name, "id": id, "args": null })
    }

    #[test]
    fn own_items_and_those_of_the_standard_library_are_not_foreign() {
        let signature = json!({ "inputs": [["a", { "resolved_path": path("Option", 10) }]] });
        assert_eq!(foreign("function", signature), []);
    }

    #[test]
    fn foreign_types_are_found_however_deep_they_are() {
        let inside = json!({ "angle_bracketed": { "args": [
            { "type": { "borrowed_ref": { "type": { "resolved_path": path("Url", 20) } } } },
        ] } });
        let option = json!({ "resolved_path": { "path": "Option", "id": 10, "args": inside } });
        let place = vec!["src/lib.rs:7 `send`".to_owned()];
        let signature = json!({ "sig": { "inputs": [], "output": option } });
        assert_eq!(foreign("function", signature), [("url".to_owned(), place)]);
    }

    #[test]
    fn bounds_traits_and_reexports_count() {
        let bound = json!({ "generics": { "params": [{ "kind": { "type": { "bounds": [
            { "trait_bound": { "trait": path("Client", 30) } },
        ] } } }] } });
        let written =
            json!({ "trait": path("Client", 30), "blanket_impl": null, "is_synthetic": false });
        let exported =
            json!({ "source": "reqwest::Client", "name": "Client", "id": 30, "is_glob": false });
        for (kind, signature) in [("function", bound), ("impl", written), ("use", exported)] {
            let found = foreign(kind, signature);
            assert_eq!(found.len(), 1, "{kind}");
            assert_eq!(found[0].0, "reqwest", "{kind}");
        }
    }

    #[test]
    fn impls_that_nobody_wrote_do_not_count() {
        let blanket = json!({ "trait": path("Client", 30), "blanket_impl": { "generic": "T" } });
        let automatic =
            json!({ "trait": path("Client", 30), "blanket_impl": null, "is_synthetic": true });
        assert_eq!(foreign("impl", blanket), []);
        assert_eq!(foreign("impl", automatic), []);
    }

    #[test]
    fn another_format_is_refused() {
        assert!(Api::read("{}").is_err());
        assert!(Api::read("<!DOCTYPE html>").is_err());
    }
}
