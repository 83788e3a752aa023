//! Finds what plan.toml has to say of an adopted document: names that Rust keeps for itself, lists that are no words.

use std::collections::BTreeSet;

use crate::codegen::names::{is_identifier, pascal, singular, snake};
use crate::codegen::plan::is_words;
use crate::new_provider::node::{Members, Node};

/// Options that every call has, so that no parameter can be called so.
const OPTIONS: &[&str] = &["into_call", "page_size", "query", "send", "stream"];

/// Rust names by name, and members and parameters whose listed values are no words.
pub(super) fn of(
    paths: &Members,
    components: &Members,
) -> (BTreeSet<(String, String)>, BTreeSet<String>) {
    let (mut fields, mut texts) = (BTreeSet::new(), BTreeSet::new());
    for (name, schema) in components {
        members(name, schema, &mut fields, &mut texts);
    }
    let operations = paths
        .values()
        .filter_map(Node::as_map)
        .flat_map(Members::values);
    for operation in operations {
        let tag = operation
            .get("tags")
            .and_then(Node::as_list)
            .and_then(|it| it.first());
        let owner = pascal(&singular(tag.and_then(Node::as_text).unwrap_or_default()));
        let parameters = operation.get("parameters").and_then(Node::as_list);
        for parameter in parameters.unwrap_or_default() {
            let name = parameter.text_at("name").unwrap_or_default();
            rename(name, parameter.text_at("in") == Some("query"), &mut fields);
            if let Some(schema) = parameter.get("schema") {
                text(&owner, name, schema, &mut texts);
            }
        }
    }
    (fields, texts)
}

fn members(
    owner: &str,
    schema: &Node,
    fields: &mut BTreeSet<(String, String)>,
    texts: &mut BTreeSet<String>,
) {
    let properties = schema.get("properties").and_then(Node::as_map);
    for (name, property) in properties.into_iter().flatten() {
        rename(name, false, fields);
        text(owner, name, property, texts);
    }
}

fn rename(name: &str, is_option: bool, fields: &mut BTreeSet<(String, String)>) {
    let rust = snake(name);
    let is_taken = is_option && OPTIONS.contains(&rust.as_str());
    if is_identifier(&rust) && !is_taken {
        return;
    }
    let other = match rust.as_str() {
        "type" => "kind".to_owned(),
        rust => format!("its_{rust}"),
    };
    fields.insert((name.to_owned(), other));
}

fn text(owner: &str, name: &str, schema: &Node, texts: &mut BTreeSet<String>) {
    let listed = schema.get("items").unwrap_or(schema);
    let values = listed
        .get("enum")
        .and_then(Node::as_list)
        .unwrap_or_default();
    let words: Vec<_> = values.iter().filter_map(Node::as_text).collect();
    if !words.is_empty() && !is_words(&words) {
        texts.insert(format!("{owner}.{name}"));
    }
}
