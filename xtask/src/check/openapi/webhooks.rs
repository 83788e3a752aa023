//! Checks what stands below `webhooks`: names, bodies, and how one is told from the others.

use std::collections::BTreeSet;

use super::document::{Document, Event, Kind, Mark, Method, Operation, Schema};
use super::operations::{bodies, name, words};
use super::schemas::component;
use super::{Documents, is_snake};

/// The resource of all webhooks.
const RESOURCE: &str = "webhook_events";

/// What is wrong with the webhooks of a document.
pub(super) fn offenses(file: &str, document: &Document, all: &Documents) -> Vec<String> {
    let mut offenses = Vec::new();
    let mut keys = BTreeSet::new();
    let mut values = BTreeSet::new();
    for (method, place, webhook) in document.webhooks() {
        let mut found = Vec::new();
        name(&document.area, method, webhook, &mut found);
        words(webhook, &mut found);
        bodies(method, webhook, &mut found);
        post(method, place, &document.area, webhook, &mut found);
        if let Some(event) = &webhook.event {
            keys.insert(event.key.as_str());
            if event.values.is_empty() {
                found.push("x-event has no value".to_owned());
            }
            for value in &event.values {
                if !values.insert(value.as_str()) {
                    found.push(format!("x-event {value} exists already"));
                }
            }
            if !is_told(event, file, webhook, all) {
                found.push(format!("x-event: {} isn't a text of the body", event.key));
            }
        }
        offenses.extend(found.into_iter().map(|it| format!("{}: {it}", webhook.id)));
    }
    if keys.len() > 1 {
        offenses.push(format!("x-event has several keys: {keys:?}"));
    }
    offenses
}

/// A webhook is one POST with JSON, and nothing that only operations have.
fn post(method: Method, place: &str, area: &str, webhook: &Operation, offenses: &mut Vec<String>) {
    let mut wrong = |is_wrong: bool, what: &str| {
        if is_wrong {
            offenses.push(what.to_owned());
        }
    };
    wrong(method != Method::Post, "a webhook is a POST");
    wrong(!is_snake(place), "a webhook's name is in snake case");
    wrong(
        webhook.id != format!("{area}.{RESOURCE}.{place}"),
        "a webhook's operationId is area.webhook_events.name",
    );
    wrong(
        !webhook.parameters.is_empty()
            || webhook.paging.is_some()
            || webhook.idempotency_key == Mark(true)
            || webhook.older == Mark(true),
        "a webhook has neither parameters nor marks of operations",
    );
    let body = webhook.request_body.as_ref();
    let is_json = body
        .is_some_and(|it| it.required == Mark(true) && it.content.keys().eq(["application/json"]));
    wrong(!is_json, "a webhook has a body, in JSON");
}

/// Whether the body has the key that x-event names.
fn is_told(event: &Event, file: &str, webhook: &Operation, all: &Documents) -> bool {
    let property = body(file, webhook, all).and_then(|it| it.properties.get(&event.key));
    property.is_some_and(|it| it.kind.has(Kind::String))
}

/// The schema of a webhook's body.
pub(crate) fn body<'a>(
    file: &str,
    webhook: &'a Operation,
    all: &'a Documents,
) -> Option<&'a Schema> {
    let body = webhook.request_body.as_ref()?;
    let schema = &body.content.get("application/json")?.schema;
    match &schema.reference {
        Some(reference) => component(file, reference, all),
        None => Some(schema),
    }
}
