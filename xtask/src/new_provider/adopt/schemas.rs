//! Writes schemas in our way: keys that this workspace knows, models below `components`, ids marked as such.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use super::Remarks;
use crate::codegen::names::pascal;
use crate::new_provider::node::{Members, Node};

/// What a reference into another schema begins with.
const COMPONENT: &str = "#/components/schemas/";
/// Keys that are kept as they are, in our order.
const KEPT: &[&str] = &[
    "description",
    "readOnly",
    "writeOnly",
    "deprecated",
    "enum",
    "default",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "x-also",
    "x-time",
    "x-money",
    "x-body",
    "x-open",
    "x-id",
];
/// Formats that say something of the wire.
const FORMATS: &[&str] = &["binary", "date", "date-time", "time", "uuid"];
/// Keys that no reader of ours has use for, or that are written in another way.
const DROPPED: &[&str] = &[
    "$schema",
    "$id",
    "$comment",
    "title",
    "example",
    "examples",
    "externalDocs",
    "xml",
    "pattern",
    "multipleOf",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "additionalProperties",
    "nullable",
    "discriminator",
    "contentMediaType",
    "contentEncoding",
    "const",
    "oneOf",
    "anyOf",
    "allOf",
    "type",
    "format",
    "items",
    "required",
    "properties",
    "$ref",
];

/// Deeper no schema is nested, but one that holds itself.
const DEEPEST: usize = 32;

/// What a reference within the document leads to; the node itself where it is none.
pub(super) fn resolved<'d>(source: &'d Node, node: &'d Node) -> Option<&'d Node> {
    let Some(reference) = node.text_at("$ref") else {
        return Some(node);
    };
    let mut reference = reference;
    // A reference to a reference is one more step, and not for ever.
    for _ in 0..DEEPEST {
        let mut found = source;
        for part in reference.strip_prefix("#/")?.split('/') {
            found = found.get(&part.replace("~1", "/").replace("~0", "~"))?;
        }
        let Some(next) = found.text_at("$ref") else {
            return Some(found);
        };
        reference = next;
    }
    None
}

/// The schemas of a document.
pub(super) struct Schemas<'d> {
    source: &'d Node,
    remarks: &'d Remarks,
    /// Those that were written, by their new names.
    components: Members,
    /// How deep the schema that is written stands in others.
    depth: Cell<usize>,
    /// By resource, the types of its ids in paths.
    ids: BTreeMap<String, BTreeSet<String>>,
}

impl<'d> Schemas<'d> {
    pub(super) fn new(source: &'d Node, remarks: &'d Remarks) -> Self {
        let mut schemas = Self {
            source,
            remarks,
            components: Members::new(),
            depth: Cell::new(0),
            ids: BTreeMap::new(),
        };
        let all = source
            .get("components")
            .and_then(|it| it.get("schemas"))
            .and_then(Node::as_map);
        let mut names = BTreeMap::<String, &str>::new();
        for (name, schema) in all.into_iter().flatten() {
            if let Some(other) = names.insert(pascal(name), name) {
                remarks.decide(format!(
                    "components: {name} and {other} have the same name in Rust: rename one"
                ));
            }
            let written = schemas.inline(name, schema);
            schemas.components.insert(pascal(name), written);
        }
        schemas
    }

    /// Notes that a path has an id of this resource, of this type.
    pub(super) fn identify(&mut self, resource: &str, kind: &str) {
        self.ids
            .entry(resource.to_owned())
            .or_default()
            .insert(kind.to_owned());
    }

    /// What a reference to a component leads to, as it was written.
    pub(super) fn looked_up<'s>(&'s self, schema: &'s Node) -> &'s Node {
        let name = schema
            .text_at("$ref")
            .and_then(|it| it.strip_prefix(COMPONENT));
        name.and_then(|it| self.components.get(it))
            .unwrap_or(schema)
    }

    /// The schema of a body or an answer. Items of a list need a schema of their own: a nameless one gets a name.
    pub(super) fn outer(&mut self, place: &str, schema: &Node) -> Node {
        let mut written = self.inline(place, schema);
        let holder = match &mut written {
            Node::Map(members) if members.contains_key("items") => Some(members),
            Node::Map(members) => members.get_mut("properties").and_then(|it| match it {
                Node::Map(properties) => properties.values_mut().find_map(|it| match it {
                    Node::Map(members) if members.contains_key("items") => Some(members),
                    _ => None,
                }),
                _ => None,
            }),
            _ => None,
        };
        if let Some(item) = holder.and_then(|it| it.get_mut("items"))
            && item.get("properties").is_some()
        {
            let path = place.split([' ', ',']).nth(1).unwrap_or_default();
            let last = path
                .rsplit('/')
                .find(|it| !it.starts_with('{'))
                .unwrap_or("item");
            let mut name = pascal(&crate::codegen::names::singular(
                &crate::codegen::names::snake(last),
            ));
            while self.components.contains_key(&name) {
                name.push_str("Item");
            }
            let model = std::mem::replace(item, reference(&name));
            self.remarks
                .note(format!("{place}: its items are called {name}"));
            self.components.insert(name, model);
        }
        written
    }

    /// A schema where it stands.
    pub(super) fn inline(&self, place: &str, schema: &Node) -> Node {
        let depth = self.depth.get();
        if depth == DEEPEST {
            self.remarks.decide(format!(
                "{place}: it is nested too deeply, or in a circle: give it a name below `components/schemas`"
            ));
            return open();
        }
        self.depth.set(depth + 1);
        let written = self.written(place, schema);
        self.depth.set(depth);
        written
    }

    fn written(&self, place: &str, schema: &Node) -> Node {
        let Some(members) = schema.as_map() else {
            return open();
        };
        if let Some(target) = schema.text_at("$ref") {
            let Some(name) = target.strip_prefix(COMPONENT) else {
                return match resolved(self.source, schema) {
                    Some(found) => self.inline(place, found),
                    None => {
                        self.remarks
                            .decide(format!("{place}: {target} leads nowhere in this document"));
                        open()
                    }
                };
            };
            if resolved(self.source, schema).is_none() {
                self.remarks
                    .decide(format!("{place}: {target} leads nowhere"));
            }
            return reference(&pascal(name));
        }
        if let Some(parts) = schema.get("allOf").and_then(Node::as_list) {
            // How 3.0 puts a description or `nullable` beside a reference.
            if let [only] = parts
                && only.text_at("$ref").is_some()
                && schema.get("properties").is_none()
            {
                return self.inline(place, only);
            }
            return self.inline(place, &self.merged(place, members, parts, 0));
        }
        for key in members.keys() {
            let is_known = KEPT.contains(&key.as_str()) || DROPPED.contains(&key.as_str());
            if !is_known && !key.starts_with("x-") {
                self.remarks.decide(format!(
                    "{place}: `{key}` has no meaning here: write it otherwise"
                ));
            }
        }
        self.plain(place, schema, members)
    }

    /// A schema without `$ref` and `allOf`.
    fn plain(&self, place: &str, schema: &Node, members: &Members) -> Node {
        let choices = ["anyOf", "oneOf"]
            .iter()
            .find_map(|key| schema.get(key)?.as_list());
        // Which of its own fields an object has to have is no choice between things.
        let is_of_fields = |choice: &Node| {
            let keys = choice.as_map().into_iter().flat_map(Members::keys);
            keys.into_iter().all(|key| key == "required")
        };
        let choices = choices.filter(|all| !all.iter().all(is_of_fields));
        if choices.is_some() && schema.get("properties").is_some() {
            self.remarks.decide(format!(
                "{place}: it has `properties` and a choice between others: write it as the one or the other"
            ));
        }
        let mut kinds: Vec<String> = match schema.get("type") {
            Some(Node::List(kinds)) => kinds
                .iter()
                .filter_map(Node::as_text)
                .map(str::to_owned)
                .collect(),
            Some(Node::Text(kind)) => vec![kind.clone()],
            _ => Vec::new(),
        };
        if kinds.is_empty() {
            kinds.extend(self.guessed(schema).map(str::to_owned));
        }
        let mut nullable = schema.is_true("nullable") && !kinds.is_empty();
        let mut written = Members::new();
        if let Some(choices) = choices {
            let is_null = |it: &&Node| it.text_at("type") == Some("null");
            let others: Vec<_> = choices.iter().filter(|it| !is_null(it)).collect();
            if let [only] = others.as_slice() {
                // One thing or null: a member that may be absent says the same.
                return self.inline(place, only);
            }
            let all = others.iter().map(|it| self.inline(place, it)).collect();
            written.insert("anyOf".to_owned(), Node::List(all));
            nullable = false;
            kinds.clear();
        }
        if nullable && !kinds.iter().any(|it| it == "null") {
            kinds.push("null".to_owned());
        }
        let has = |kind: &str| kinds.iter().any(|it| it == kind);
        let mut add = |key: &str, value: Node| drop(written.insert(key.to_owned(), value));
        match kinds.as_slice() {
            [] => {}
            [one] => add("type", Node::text(one)),
            several => add("type", Node::List(several.iter().map(Node::text).collect())),
        }
        if let Some(format) = schema
            .text_at("format")
            .filter(|it| FORMATS.contains(it) && has("string"))
        {
            add("format", Node::text(format));
        }
        for key in KEPT {
            let Some(value) = members.get(*key) else {
                continue;
            };
            let is_said = match value {
                Node::Bool(value) => *value,
                Node::Text(text) => !text.trim().is_empty() || *key == "default",
                _ => true,
            };
            let is_number = |it: &Node| matches!(it, Node::Number(number) if number.is_i64() || number.is_u64());
            let fits = match *key {
                "minimum" | "maximum" => is_number(value) && (has("integer") || has("number")),
                "minLength" | "maxLength" => has("string"),
                "minItems" => has("array"),
                "default" => !matches!(value, Node::Null | Node::List(_) | Node::Map(_)),
                "deprecated" => members.get("description").is_some(),
                _ => true,
            };
            if fits && (is_said || *key == "default") {
                add(key, value.clone());
            }
        }
        if let Some(only) = schema.get("const") {
            add("enum", Node::List(vec![only.clone()]));
        }
        if has("array") {
            let items = schema
                .get("items")
                .map_or_else(open, |it| self.inline(&format!("{place}[]"), it));
            add("items", items);
        }
        let properties = schema.get("properties").and_then(Node::as_map);
        let properties = properties.filter(|it| has("object") && !it.is_empty());
        if let Some(properties) = properties {
            let required = schema
                .get("required")
                .and_then(Node::as_list)
                .unwrap_or_default();
            let named = |it: &&Node| it.as_text().is_some_and(|it| properties.contains_key(it));
            let required: Vec<_> = required.iter().filter(named).cloned().collect();
            if !required.is_empty() {
                add("required", Node::List(required));
            }
            let all = properties
                .iter()
                .map(|(name, it)| (name.clone(), self.inline(&format!("{place}.{name}"), it)));
            add("properties", Node::Map(all.collect()));
        }
        let is_open =
            kinds.is_empty() && choices.is_none() || has("object") && properties.is_none();
        if is_open {
            add("x-open", Node::Bool(true));
        }
        Node::Map(written)
    }

    /// The type of a schema that doesn't say it.
    fn guessed(&self, schema: &Node) -> Option<&'static str> {
        let first = |key| {
            schema
                .get(key)
                .and_then(Node::as_list)
                .and_then(|it| it.first())
        };
        if schema.get("properties").is_some() || schema.get("additionalProperties").is_some() {
            return Some("object");
        }
        if schema.get("items").is_some() {
            return Some("array");
        }
        match first("enum").or(schema.get("const")) {
            Some(Node::Text(_)) => Some("string"),
            Some(Node::Number(_)) => Some("integer"),
            Some(Node::Bool(_)) => Some("boolean"),
            _ => None,
        }
    }

    /// One object of several parts: the members of all.
    fn merged(&self, place: &str, own: &Members, parts: &[Node], depth: usize) -> Node {
        let mut whole = own.clone();
        whole.shift_remove("allOf");
        whole.insert("type".to_owned(), Node::text("object"));
        let (mut properties, mut required) = (Members::new(), Vec::new());
        let rest = Node::Map(
            own.iter()
                .filter(|(key, _)| *key != "allOf")
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect(),
        );
        for part in parts.iter().chain([&rest]) {
            let Some(found) = resolved(self.source, part).filter(|_| depth < 8) else {
                self.remarks.decide(format!(
                    "{place}: a part of `allOf` leads nowhere, or round in a circle"
                ));
                continue;
            };
            let inner = found.get("allOf").and_then(Node::as_list);
            let found = match (inner, found.as_map()) {
                (Some(inner), Some(members)) => self.merged(place, members, inner, depth + 1),
                _ => found.clone(),
            };
            let members = found.get("properties").and_then(Node::as_map);
            properties.extend(
                members
                    .into_iter()
                    .flatten()
                    .map(|(k, v)| (k.clone(), v.clone())),
            );
            required.extend(
                found
                    .get("required")
                    .and_then(Node::as_list)
                    .unwrap_or_default()
                    .iter()
                    .cloned(),
            );
        }
        required.dedup();
        whole.insert("properties".to_owned(), Node::Map(properties));
        whole.insert("required".to_owned(), Node::List(required));
        Node::Map(whole)
    }

    /// The components that an operation leads to, with their ids marked.
    pub(super) fn finish(mut self, paths: &mut Members) -> Members {
        let clashing: BTreeSet<String> = self
            .ids
            .iter()
            .filter(|(name, kinds)| kinds.len() > 1 || self.other_kind(name, kinds))
            .map(|(name, _)| name.clone())
            .collect();
        for name in &clashing {
            self.remarks.note(format!("the id of {name} is a number in one place and a text in another: it has no type of its own"));
        }
        for (name, kinds) in &self.ids {
            let kind = kinds.first().map_or("", String::as_str);
            let Some(Node::Map(model)) = self
                .components
                .get_mut(name)
                .filter(|_| !clashing.contains(name))
            else {
                continue;
            };
            if let Some(Node::Map(properties)) = model.get_mut("properties")
                && let Some(Node::Map(id)) = properties.get_mut("id")
                && id.get("type").and_then(Node::as_text) == Some(kind)
            {
                id.insert("x-id".to_owned(), Node::text(name));
            }
        }
        for path in paths.values_mut() {
            unmark(path, &clashing);
        }
        let mut reached = BTreeSet::new();
        let mut next: Vec<String> = paths.values().flat_map(references).collect();
        while let Some(name) = next.pop() {
            if reached.insert(name.clone())
                && let Some(schema) = self.components.get(&name)
            {
                next.extend(references(schema));
            }
        }
        let unused: Vec<_> = self
            .components
            .keys()
            .filter(|it| !reached.contains(*it))
            .cloned()
            .collect();
        if !unused.is_empty() {
            self.remarks.note(format!(
                "no operation leads to {}: left out",
                unused.join(", ")
            ));
        }
        self.components.retain(|name, _| reached.contains(name));
        self.components
    }

    /// Whether the model has an id of another type than the paths.
    fn other_kind(&self, name: &str, kinds: &BTreeSet<String>) -> bool {
        let id = self
            .components
            .get(name)
            .and_then(|it| it.get("properties")?.get("id"));
        id.and_then(|it| it.text_at("type"))
            .is_some_and(|kind| !kinds.contains(kind))
    }
}

fn reference(name: &str) -> Node {
    Node::Map(Members::from_iter([(
        "$ref".to_owned(),
        Node::text(format!("{COMPONENT}{name}")),
    )]))
}

/// Nothing is known of it.
fn open() -> Node {
    Node::Map(Members::from_iter([(
        "x-open".to_owned(),
        Node::Bool(true),
    )]))
}

/// The components that a node names.
fn references(node: &Node) -> Vec<String> {
    match node {
        Node::Map(members) => {
            let own = node
                .text_at("$ref")
                .and_then(|it| it.strip_prefix(COMPONENT));
            let inner = members.values().flat_map(references);
            own.map(str::to_owned).into_iter().chain(inner).collect()
        }
        Node::List(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// Takes the marks of ids away that would clash.
fn unmark(node: &mut Node, clashing: &BTreeSet<String>) {
    match node {
        Node::Map(members) => {
            let is_clash = |it: &Node| it.as_text().is_some_and(|it| clashing.contains(it));
            if members.get("x-id").is_some_and(is_clash) {
                members.shift_remove("x-id");
            }
            members.values_mut().for_each(|it| unmark(it, clashing));
        }
        Node::List(items) => items.iter_mut().for_each(|it| unmark(it, clashing)),
        _ => {}
    }
}
