//! Finds where in a body the record stands, and puts records there.

use serde_json::{Map, Value};

use crate::openapi::{Paging, Schema};

/// Members that stand beside a record, not in it.
const BESIDE: [&str; 11] = [
    "currentPage",
    "field_metadata",
    "group_meta",
    "message",
    "nextPage",
    "pagination",
    "previousPage",
    "status",
    "success",
    "total",
    "transaction_no",
];
/// How deep a record may stand in its wrapping.
const DEPTH: usize = 3;

/// Where the record stands in a body: the members that lead to it, and its schema there.
#[derive(Clone, Debug)]
pub(super) struct Slot {
    pub(super) path: Vec<&'static str>,
    pub(super) schema: Schema,
}

impl Slot {
    /// What one record looks like: the items where there are several.
    pub(super) fn one(&self) -> Option<Schema> {
        match self.is_many() {
            true => self.schema.items(),
            false => Some(self.schema),
        }
    }

    pub(super) fn is_many(&self) -> bool {
        self.schema.allows("array")
    }

    /// What stands in the slot of a body.
    pub(super) fn of<'v>(&self, body: &'v Value) -> Option<&'v Value> {
        self.path
            .iter()
            .try_fold(body, |value, name| value.get(name))
    }

    /// A body that has `value` in the slot and nothing else.
    pub(super) fn nest(&self, value: Value) -> Value {
        self.path.iter().rev().fold(value, |inner, name| {
            Value::Object(Map::from_iter([((*name).to_owned(), inner)]))
        })
    }
}

fn is_object(schema: Schema) -> bool {
    schema.allows("object") || schema.word("properties").is_object()
}

/// Whether a schema describes objects or lists of them.
fn holds_records(schema: Schema) -> bool {
    is_object(schema) || schema.items().is_some_and(is_object)
}

/// The slot of a body: behind the key of a list, or behind the one member that is no mere companion.
pub(super) fn slot(body: Schema, paging: Option<Paging>) -> Option<Slot> {
    if let Some(key) = paging.and_then(|paging| paging.items) {
        return keyed(body, key, 0);
    }
    let mut slot = Slot {
        path: Vec::new(),
        schema: body,
    };
    for _ in 0..DEPTH {
        let mut members: Vec<_> = slot.schema.properties().collect();
        members.retain(|(name, _)| !BESIDE.contains(name));
        let is_named = slot.schema.name().is_some();
        let others = members
            .iter()
            .filter(|(_, member)| !holds_records(*member))
            .count();
        let mut records = members.iter().filter(|(_, member)| holds_records(*member));
        match (records.next(), records.next()) {
            (Some((name, member)), None) if !is_named || others == 0 => {
                slot.path.push(name);
                slot.schema = *member;
            }
            _ => break,
        }
    }
    Some(slot)
}

fn keyed(body: Schema, key: &'static str, depth: usize) -> Option<Slot> {
    if let Some(schema) = body.property(key) {
        return Some(Slot {
            path: vec![key],
            schema,
        });
    }
    if depth == DEPTH {
        return None;
    }
    body.properties().find_map(|(name, member)| {
        let mut inner = keyed(member, key, depth + 1)?;
        inner.path.insert(0, name);
        Some(inner)
    })
}

/// Where in a body a record of this very schema stands, alone or in a list.
pub(super) fn find(body: Schema, record: Schema) -> Option<Slot> {
    search(body, record, 0)
}

fn search(body: Schema, record: Schema, depth: usize) -> Option<Slot> {
    if body.is(record) || body.items().is_some_and(|items| items.is(record)) {
        return Some(Slot {
            path: Vec::new(),
            schema: body,
        });
    }
    if depth == DEPTH - 1 {
        return None;
    }
    body.properties().find_map(|(name, member)| {
        let mut inner = search(member, record, depth + 1)?;
        inner.path.insert(0, name);
        Some(inner)
    })
}
