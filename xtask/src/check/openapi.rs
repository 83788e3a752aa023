//! Checks the OpenAPI documents of the providers: what no validator knows of docs/openapi.md.

#[cfg(test)]
mod catalogs;
pub(crate) mod document;
mod operations;
#[cfg(test)]
mod samples;
mod schemas;
pub(crate) mod webhooks;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;

use self::document::Document;
use crate::report::{Outcome, verdict};
use crate::workspace::{providers, root};

/// All documents of one provider, by file name.
pub(crate) type Documents = BTreeMap<String, Document>;

/// Fails where a document breaks a convention; tells how many operations there are.
pub(super) fn check() -> Result<Outcome> {
    let mut offenses = Vec::new();
    let mut counts = Vec::new();
    for provider in &providers()? {
        let documents = of(provider)?;
        let found = offenses_of(&documents);
        offenses.extend(
            found
                .into_iter()
                .map(|it| format!("{provider}/openapi/{it}")),
        );
        counts.push(count(provider, &documents));
    }
    verdict(&offenses)?;
    Ok(Outcome::Passed(counts.join("; ")))
}

/// The documents of a provider.
pub(crate) fn of(provider: &str) -> Result<Documents> {
    document::load(&root()?.join(format!("crates/{provider}/openapi")))
}

/// How many operations a provider has, in all and by area.
fn count(provider: &str, documents: &Documents) -> String {
    let mut areas = BTreeMap::<_, usize>::new();
    for document in documents.values() {
        *areas.entry(document.area.as_str()).or_default() += document.operations().count();
    }
    let total: usize = areas.values().sum();
    let areas = areas.iter().map(|(area, count)| format!("{area} {count}"));
    format!(
        "{provider} {total} operations ({})",
        areas.collect::<Vec<_>>().join(", ")
    )
}

/// What is wrong with the documents of one provider, each with its file.
pub(crate) fn offenses_of(documents: &Documents) -> Vec<String> {
    let mut offenses = Vec::new();
    for (file, document) in documents {
        let mut found = head(document);
        found.extend(operations::offenses(document));
        found.extend(webhooks::offenses(file, document, documents));
        found.extend(schemas::offenses(file, document, documents));
        offenses.extend(found.into_iter().map(|it| format!("{file}: {it}")));
    }
    offenses.extend(doubles(documents));
    offenses.extend(schemas::clashing_ids(documents));
    offenses.extend(schemas::unused(documents));
    offenses
}

/// What stands above the paths.
fn head(document: &Document) -> Vec<String> {
    let mut offenses = Vec::new();
    let mut wrong = |is_wrong: bool, what: &str| {
        if is_wrong {
            offenses.push(what.to_owned());
        }
    };
    wrong(document.openapi != "3.1.0", "`openapi` isn't 3.1.0");
    let servers: Vec<_> = document.servers.iter().map(|it| it.url.as_str()).collect();
    wrong(servers != ["/"], "`servers` isn't the one `/`");
    wrong(!is_snake(&document.area), "`x-area` isn't in snake case");
    let info = &document.info;
    let texts = [&info.title, &info.version, &info.description];
    wrong(
        texts.iter().any(|it| it.trim().is_empty()),
        "`info` has an empty text",
    );
    let used: BTreeSet<_> = document.calls().flat_map(|it| &it.tags).collect();
    let named: BTreeSet<_> = document.tags.iter().map(|tag| &tag.name).collect();
    wrong(
        used != named || named.len() != document.tags.len(),
        "`tags` aren't those of the operations",
    );
    let empty = |tag: &document::Tag| tag.description.as_deref().is_some_and(str::is_empty);
    wrong(
        document.tags.iter().any(empty),
        "a tag has an empty description",
    );
    offenses
}

/// Operation ids and areas that a provider has twice.
fn doubles(documents: &Documents) -> Vec<String> {
    let mut offenses = Vec::new();
    let mut seen = BTreeSet::new();
    for (file, document) in documents {
        let ids = document.calls().map(|it| format!("operationId {}", it.id));
        for name in ids.chain([format!("area {}", document.area)]) {
            if !seen.insert(name.clone()) {
                offenses.push(format!("{file}: {name} exists already"));
            }
        }
    }
    offenses
}

/// Whether a name is like `campaign_fields`.
fn is_snake(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(fits)
        && !name.ends_with('_')
        && !name.contains("__")
}

/// Whether a name is like `CampaignField`.
fn is_pascal(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests;
