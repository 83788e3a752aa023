//! Finds out where each schema is used: in whose file it lives, in which direction it travels, what holds itself.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result};

use super::Documents;
use crate::check::openapi::document::{Document, Kind, Method, Operation, Schema};

/// A schema: its file and its name.
type Key = (String, String);

/// What is known of the use of all schemas of a provider.
#[derive(Debug, Default)]
pub(super) struct Usage {
    /// The resource with which a schema lives, by its place among the tags.
    homes: BTreeMap<Key, usize>,
    /// What an answer, the body of anything but an update, or another schema has use for.
    whole: BTreeSet<Key>,
    /// Bodies of updates, with whether some of these updates keep what is left out.
    updates: BTreeMap<Key, bool>,
    /// What lists come in: their callers get the items.
    envelopes: BTreeSet<Key>,
    /// What webhooks bring.
    brought: BTreeSet<Key>,
    /// What schemas hold directly, not in a list.
    direct: BTreeMap<Key, BTreeSet<Key>>,
}

impl Usage {
    pub(super) fn of(documents: &Documents) -> Result<Self> {
        let mut usage = Self::default();
        for (file, document) in documents {
            for (name, schema) in &document.components.schemas {
                let mut direct = BTreeSet::new();
                let mut all = BTreeSet::new();
                references(schema, true, &mut |reference, is_direct| {
                    all.insert((reference.to_owned(), is_direct));
                });
                for (reference, is_direct) in all {
                    let found = resolve(documents, file, &reference);
                    let (file, name, _) =
                        found.with_context(|| format!("{file}: schema {name}"))?;
                    usage.whole.insert((file.clone(), name.clone()));
                    if is_direct {
                        direct.insert((file, name));
                    }
                }
                usage.direct.insert((file.clone(), name.clone()), direct);
            }
        }
        for (file, document) in documents {
            let read = usage.read(documents, file, document);
            read.with_context(|| file.clone())?;
        }
        Ok(usage)
    }

    /// Reads the operations of a document.
    fn read(&mut self, documents: &Documents, file: &str, document: &Document) -> Result<()> {
        for (index, tag) in document.tags.iter().enumerate() {
            for (_, _, operation) in document.webhooks() {
                if operation.tags.first() == Some(&tag.name) {
                    for (_, schema) in operation.schemas() {
                        self.mark_whole(documents, file, schema)?;
                        self.house(documents, file, schema, index)?;
                        self.bring(documents, file, schema)?;
                    }
                }
            }
            for (verb, _, operation) in document.operations() {
                if operation.tags.first() != Some(&tag.name) {
                    continue;
                }
                let body = operation
                    .request_body
                    .iter()
                    .flat_map(|it| it.content.values());
                for media in body {
                    match update_body(verb, &media.schema) {
                        Some(reference) => {
                            let (at, name, _) = resolve(documents, file, reference)?;
                            let keeps = is_partial(verb, operation);
                            *self.updates.entry((at, name)).or_default() |= keeps;
                        }
                        None => self.mark_whole(documents, file, &media.schema)?,
                    }
                }
                let answers = operation
                    .responses
                    .values()
                    .flat_map(|it| it.content.values());
                for media in answers {
                    if let Some(reference) = &media.schema.reference
                        && operation.paging.is_some()
                    {
                        let (at, name, _) = resolve(documents, file, reference)?;
                        self.envelopes.insert((at, name));
                    }
                    self.mark_whole(documents, file, &media.schema)?;
                }
                for (_, schema) in operation.schemas() {
                    self.house(documents, file, schema, index)?;
                }
            }
        }
        Ok(())
    }

    fn mark_whole(&mut self, documents: &Documents, file: &str, schema: &Schema) -> Result<()> {
        let mut found = Vec::new();
        references(schema, true, &mut |reference, _| {
            found.push(reference.to_owned())
        });
        for reference in found {
            let (file, name, _) = resolve(documents, file, &reference)?;
            self.whole.insert((file, name));
        }
        Ok(())
    }

    /// Remembers all that a webhook's body holds.
    fn bring(&mut self, documents: &Documents, file: &str, schema: &Schema) -> Result<()> {
        let mut found = Vec::new();
        references(schema, true, &mut |reference, _| {
            found.push(reference.to_owned())
        });
        for reference in found {
            let (file, name, schema) = resolve(documents, file, &reference)?;
            if self.brought.insert((file.clone(), name)) {
                self.bring(documents, &file, schema)?;
            }
        }
        Ok(())
    }

    /// Lets all schemas of the document that `schema` leads to live with the resource, unless they have a home.
    fn house(
        &mut self,
        documents: &Documents,
        file: &str,
        schema: &Schema,
        index: usize,
    ) -> Result<()> {
        let mut found = Vec::new();
        references(schema, true, &mut |reference, _| {
            found.push(reference.to_owned())
        });
        for reference in found {
            let (at, name, schema) = resolve(documents, file, &reference)?;
            if at != file || self.homes.contains_key(&(at.clone(), name.clone())) {
                continue;
            }
            self.homes.insert((at, name), index);
            self.house(documents, file, schema, index)?;
        }
        Ok(())
    }

    /// The resource with which a schema lives; the first one, if only other documents use it.
    pub(super) fn home(&self, file: &str, name: &str) -> usize {
        let key = (file.to_owned(), name.to_owned());
        self.homes.get(&key).copied().unwrap_or_default()
    }

    /// Whether more than bodies of updates have use for a schema.
    pub(super) fn is_whole(&self, file: &str, name: &str) -> bool {
        let key = (file.to_owned(), name.to_owned());
        self.whole.contains(&key) || !self.updates.contains_key(&key)
    }

    /// Whether webhooks bring values of a schema, whose names come in any case.
    pub(super) fn is_brought(&self, file: &str, name: &str) -> bool {
        self.brought.contains(&(file.to_owned(), name.to_owned()))
    }

    /// Whether a schema is only what a list comes in.
    pub(super) fn is_envelope(&self, file: &str, name: &str) -> bool {
        self.envelopes.contains(&(file.to_owned(), name.to_owned()))
    }

    /// Whether a schema is the body of updates, and then whether one of them keeps what is left out.
    pub(super) fn update(&self, file: &str, name: &str) -> Option<bool> {
        self.updates
            .get(&(file.to_owned(), name.to_owned()))
            .copied()
    }

    /// Whether a value of the schema `held` would hold one of `owner` without a list between them.
    pub(super) fn leads_back(&self, held: (&str, &str), owner: (&str, &str)) -> bool {
        let owner = (owner.0.to_owned(), owner.1.to_owned());
        let mut seen = BTreeSet::new();
        let mut open = vec![(held.0.to_owned(), held.1.to_owned())];
        while let Some(key) = open.pop() {
            if key == owner {
                return true;
            }
            if seen.insert(key.clone()) {
                open.extend(self.direct.get(&key).into_iter().flatten().cloned());
            }
        }
        false
    }
}

/// Whether an operation keeps what its body leaves out.
pub(super) fn is_partial(verb: Method, operation: &Operation) -> bool {
    let action = operation.id.rsplit('.').next().unwrap_or_default();
    verb == Method::Patch || action.starts_with("update")
}

/// The schema that is the body of an update, alone or below keys of its own.
fn update_body(verb: Method, schema: &Schema) -> Option<&str> {
    if !matches!(verb, Method::Patch | Method::Put) {
        return None;
    }
    if let Some(reference) = &schema.reference {
        return Some(reference);
    }
    match schema.properties.values().collect::<Vec<_>>().as_slice() {
        [only] => update_body(verb, only),
        _ => None,
    }
}

/// Visits all references in a schema, with whether no list stands between.
fn references(schema: &Schema, is_direct: bool, visit: &mut impl FnMut(&str, bool)) {
    if let Some(reference) = &schema.reference {
        visit(reference, is_direct);
    }
    if let Some(items) = &schema.items {
        references(items, false, visit);
    }
    for member in schema.properties.values().chain(&schema.any_of) {
        references(member, is_direct, visit);
    }
}

/// The file and schema that a reference of `file` leads to.
pub(super) fn resolve<'a>(
    documents: &'a Documents,
    file: &str,
    reference: &str,
) -> Result<(String, String, &'a Schema)> {
    let (at, name) = reference
        .split_once("#/components/schemas/")
        .with_context(|| format!("`{reference}` leads to no schema"))?;
    let at = if at.is_empty() { file } else { at };
    let schema = documents
        .get(at)
        .and_then(|document| document.components.schemas.get(name));
    let schema = schema.with_context(|| format!("`{reference}` leads nowhere"))?;
    Ok((at.to_owned(), name.to_owned(), schema))
}

/// Whether a schema is a model: an object with members, or one whose members are not known.
pub(super) fn is_model(schema: &Schema) -> bool {
    schema.kind.has(Kind::Object) || !schema.properties.is_empty()
}
