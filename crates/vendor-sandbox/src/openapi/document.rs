//! Parses the documents of a provider once and hands them out.

use std::fmt;
use std::sync::OnceLock;

use serde_json::{Map, Value};

use super::operation::Operation;
use super::schema::Schema;
use crate::host::Host;
pub use crate::vendors::Provider;
use crate::vendors::SOURCES;

/// One OpenAPI document.
///
/// ```
/// use vendor_sandbox::openapi::{self, Provider};
///
/// let document = openapi::documents(Provider::Communic8).first().unwrap();
/// assert_eq!((document.name, document.area), ("communic8", "v1"));
/// assert!(document.schema("Channel").is_some());
/// ```
#[non_exhaustive]
pub struct Document {
    /// The name of its file, without the ending.
    pub name: &'static str,
    /// Its `x-area`: the feature and accessor of the typed client.
    pub area: &'static str,
    /// The host that serves it.
    pub host: Host,
    /// Its operations, in the order of their paths.
    pub operations: Vec<Operation>,
    provider: Provider,
}

impl Document {
    /// Every named schema, in the order of the names.
    pub fn schemas(&self) -> impl Iterator<Item = (&'static str, Schema)> {
        let (provider, name) = (self.provider, self.name);
        let all = components(provider, name).into_iter().flatten();
        all.map(move |(key, node)| (key.as_str(), Schema::new(provider, name, node)))
    }

    /// A schema by its name.
    #[must_use]
    pub fn schema(&self, name: &str) -> Option<Schema> {
        let node = components(self.provider, self.name)?.get(name)?;
        Some(Schema::new(self.provider, self.name, node))
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Document")
            .field("name", &self.name)
            .field("area", &self.area)
            .field("host", &self.host)
            .field("operations", &self.operations.len())
            .finish_non_exhaustive()
    }
}

/// The documents of a provider, in the order of their names.
///
/// ```
/// use vendor_sandbox::openapi::{Provider, documents};
///
/// let count: usize = documents(Provider::Communic8).iter().map(|one| one.operations.len()).sum();
/// assert_eq!(count, 6);
/// ```
#[must_use]
pub fn documents(provider: Provider) -> &'static [Document] {
    static DOCUMENTS: Lazy<Document> = [const { OnceLock::new() }; COUNT];
    of(provider, &DOCUMENTS, || {
        let own = SOURCES.iter().filter(|source| source.provider == provider);
        let parsed = own.map(|source| Document {
            name: source.name,
            area: raw(provider, source.name)["x-area"]
                .as_str()
                .unwrap_or_default(),
            host: source.host,
            operations: Operation::all(provider, source.name, source.host),
            provider,
        });
        parsed.collect()
    })
}

/// Every operation of a provider, document by document.
///
/// ```
/// use vendor_sandbox::openapi::{Provider, operations};
///
/// assert!(operations(Provider::Comm100).any(|one| one.id == "global.agents.unlock"));
/// ```
pub fn operations(provider: Provider) -> impl Iterator<Item = &'static Operation> {
    let documents = documents(provider).iter();
    documents.flat_map(|document| &document.operations)
}

/// An operation by its `operationId`.
///
/// ```
/// use vendor_sandbox::openapi::{Provider, operation};
///
/// let operation = operation(Provider::Communic8, "v1.campaigns.list").unwrap();
/// assert_eq!(operation.path, "/int/v1/campaign");
/// ```
#[must_use]
pub fn operation(provider: Provider, id: &str) -> Option<&'static Operation> {
    operations(provider).find(|operation| operation.id == id)
}

/// The JSON of a document; null where there is none of this name.
pub(crate) fn raw(provider: Provider, name: &str) -> &'static Value {
    static NONE: Value = Value::Null;
    static RAW: Lazy<(&'static str, Value)> = [const { OnceLock::new() }; COUNT];
    let all = of(provider, &RAW, || {
        let own = SOURCES.iter().filter(|source| source.provider == provider);
        // A document that is no JSON has no operations, which the tests of this crate notice.
        own.map(|source| {
            (
                source.name,
                serde_json::from_str(source.text).unwrap_or_default(),
            )
        })
        .collect()
    });
    let found = all.iter().find(|(known, _)| *known == name);
    found.map_or(&NONE, |(_, value)| value)
}

fn components(provider: Provider, name: &str) -> Option<&'static Map<String, Value>> {
    raw(provider, name)["components"]["schemas"].as_object()
}

/// Something for each provider, made when it is first asked for.
type Lazy<T> = [OnceLock<Vec<T>>; COUNT];

const COUNT: usize = Provider::ALL.len();

/// What a provider has in such a table.
fn of<T>(
    provider: Provider,
    table: &'static Lazy<T>,
    make: impl FnOnce() -> Vec<T>,
) -> &'static [T] {
    table[provider as usize].get_or_init(make)
}
