//! Checks what stands below `paths`: names, sources, parameters, bodies, answers and paging.

use std::collections::BTreeSet;

use super::document::{Document, Kind, Mark, Media, Method, Operation, Place, Schema};
use super::is_snake;

/// How lists are paged.
const PAGING: [&str; 9] = [
    "comm100_array",
    "comm100_envelope",
    "comm100_list",
    "communic8_keyset",
    "communic8_list",
    "limit_offset",
    "webcommander_limit_offset",
    "webcommander_list",
    "whole_list",
];
/// How lists of older servers are paged.
const OLDER_PAGING: &str = "webcommander_max_offset";
/// What bodies and answers may be.
const MEDIA: [&str; 3] = [
    "application/json",
    "application/octet-stream",
    "multipart/form-data",
];
/// A longer summary isn't one.
const SUMMARY: usize = 90;

/// What is wrong with the operations of a document.
pub(super) fn offenses(document: &Document) -> Vec<String> {
    let mut offenses = Vec::new();
    for (method, path, operation) in document.operations() {
        let mut found = Vec::new();
        name(&document.area, method, operation, &mut found);
        words(operation, &mut found);
        parameters(path, operation, &mut found);
        bodies(method, operation, &mut found);
        paging(operation, &mut found);
        if operation.event.is_some() {
            found.push("x-event goes with a webhook".to_owned());
        }
        offenses.extend(
            found
                .into_iter()
                .map(|it| format!("{}: {it}", operation.id)),
        );
    }
    offenses
}

pub(super) fn name(area: &str, method: Method, operation: &Operation, offenses: &mut Vec<String>) {
    let parts: Vec<_> = operation.id.split('.').collect();
    let [first, resource, verb] = parts[..] else {
        offenses.push("an operationId is area.resource.verb".to_owned());
        return;
    };
    if first != area {
        offenses.push(format!("the area is {area}"));
    }
    if operation.tags != [resource] {
        offenses.push(format!("the one tag is {resource}"));
    }
    if ![resource, verb].into_iter().all(is_snake) {
        offenses.push("an operationId is in snake case".to_owned());
    }
    let fits = match verb {
        "list" | "get" | "count" => method == Method::Get,
        "check" | "check_list" => method == Method::Head,
        "create" => method == Method::Post,
        "replace" => method == Method::Put,
        "update" => matches!(method, Method::Patch | Method::Put),
        "delete" => method == Method::Delete,
        _ => true,
    };
    if !fits {
        offenses.push(format!("{verb} doesn't go with {}", method.name()));
    }
}

pub(super) fn words(operation: &Operation, offenses: &mut Vec<String>) {
    let summary = &operation.summary;
    let is_fragment = summary.starts_with(|c: char| c.is_uppercase())
        && !summary.ends_with('.')
        && summary.len() <= SUMMARY;
    if !is_fragment {
        offenses.push("a summary is a short fragment".to_owned());
    }
    if !operation.external_docs.url.starts_with("https://") {
        offenses.push("externalDocs.url begins with https://".to_owned());
    }
    let body = operation.request_body.as_ref();
    let texts = [
        operation.description.as_deref(),
        operation.external_docs.description.as_deref(),
        operation.inferred_note.as_deref(),
        body.and_then(|body| body.description.as_deref()),
    ];
    let parameters = operation
        .parameters
        .iter()
        .map(|it| it.description.as_deref());
    let answers = operation
        .responses
        .values()
        .map(|it| Some(it.description.as_str()));
    let mut texts = texts.into_iter().chain(parameters).chain(answers).flatten();
    if texts.any(|text| text.trim().is_empty()) {
        offenses.push("a text is empty".to_owned());
    }
    if operation.inferred_note.is_some() && operation.inferred == Mark(false) {
        offenses.push("x-inferred-note without x-inferred".to_owned());
    }
    let is_old = operation
        .paging
        .as_ref()
        .is_some_and(|it| it.style == OLDER_PAGING);
    if is_old && operation.older == Mark(false) {
        offenses.push(format!("{OLDER_PAGING} without x-older"));
    }
}

fn parameters(path: &str, operation: &Operation, offenses: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    let mut in_path = BTreeSet::new();
    let mut has_key = false;
    for parameter in &operation.parameters {
        let name = parameter.name.as_str();
        if !seen.insert((parameter.place, name)) {
            offenses.push(format!("parameter {name} exists already"));
        }
        match parameter.place {
            Place::Path => drop(in_path.insert(name)),
            Place::Header => has_key |= name == "Idempotency-Key",
            Place::Query => {}
        }
        if parameter.place == Place::Path && parameter.required == Mark(false) {
            offenses.push(format!(
                "parameter {name} is in the path, so it is required"
            ));
        }
        if parameter.place == Place::Header && name != "Idempotency-Key" {
            offenses.push(format!("header {name} is unknown"));
        }
        let is_list = parameter.schema.kind.has(Kind::Array);
        let has_style = parameter.style.is_some() || parameter.explode.is_some();
        if has_style && !(is_list && parameter.style.as_deref() == Some("form")) {
            offenses.push(format!("parameter {name}: only a list has a style, `form`"));
        }
    }
    if in_path != named_in(path) {
        offenses.push("the parameters aren't those of the path".to_owned());
    }
    if has_key != (operation.idempotency_key == Mark(true)) {
        offenses.push("x-idempotency-key goes with the header".to_owned());
    }
}

/// The names in braces.
fn named_in(path: &str) -> BTreeSet<&str> {
    path.split('{')
        .skip(1)
        .filter_map(|rest| Some(rest.split_once('}')?.0))
        .collect()
}

pub(super) fn bodies(method: Method, operation: &Operation, offenses: &mut Vec<String>) {
    let body = operation.request_body.as_ref();
    if body.is_some() && matches!(method, Method::Get | Method::Head) {
        offenses.push(format!("{} has no body", method.name()));
    }
    if body.is_some_and(|body| body.required == Mark(true) && body.content.is_empty()) {
        offenses.push("a body that is required has no content".to_owned());
    }
    if operation.responses.is_empty() {
        offenses.push("there is no answer".to_owned());
    }
    for (status, answer) in &operation.responses {
        if status.len() != 3 || !status.starts_with('2') {
            offenses.push(format!("{status} is no success"));
        }
        let is_bare = status == "204" || method == Method::Head;
        if is_bare && !answer.content.is_empty() {
            offenses.push(format!("an answer {status} to {} is bare", method.name()));
        }
    }
    let sent = body.iter().flat_map(|body| body.content.keys());
    let received = operation
        .responses
        .values()
        .flat_map(|it| it.content.keys());
    for kind in sent.chain(received) {
        if !MEDIA.contains(&kind.as_str()) {
            offenses.push(format!("media type {kind} is unknown"));
        }
    }
}

fn paging(operation: &Operation, offenses: &mut Vec<String>) {
    let Some(paging) = &operation.paging else {
        if operation.id.ends_with(".list") {
            offenses.push("a list has x-paging".to_owned());
        }
        return;
    };
    if !PAGING.contains(&paging.style.as_str()) && paging.style != OLDER_PAGING {
        offenses.push(format!("style of paging {} is unknown", paging.style));
    }
    let mut answers = operation.responses.values();
    let answer = answers.find_map(|it| it.content.get("application/json"));
    let has_array = answer.is_some_and(|Media { schema }| match &paging.items {
        None => schema.kind.has(Kind::Array),
        // What a reference stands for is looked up by the generator.
        Some(items) if schema.reference.is_none() => is_array(schema, items),
        Some(_) => true,
    });
    if !has_array {
        offenses.push("the answer hasn't the array that x-paging names".to_owned());
    }
}

fn is_array(schema: &Schema, key: &str) -> bool {
    let property = schema.properties.get(key);
    property.is_some_and(|it| it.kind.has(Kind::Array))
}
