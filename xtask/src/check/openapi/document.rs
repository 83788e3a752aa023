//! Reads an OpenAPI document into structs that know every key of docs/openapi.md and no other.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

/// One file below `openapi/`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Document {
    pub(crate) openapi: String,
    pub(crate) info: Info,
    #[serde(rename = "x-area")]
    pub(crate) area: String,
    pub(crate) servers: Vec<Server>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) paths: IndexMap<String, IndexMap<Method, Operation>>,
    #[serde(default)]
    pub(crate) webhooks: IndexMap<String, IndexMap<Method, Operation>>,
    pub(crate) components: Components,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Info {
    pub(crate) title: String,
    pub(crate) version: String,
    pub(crate) description: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Server {
    pub(crate) url: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tag {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Operation {
    #[serde(rename = "operationId")]
    pub(crate) id: String,
    pub(crate) tags: Vec<String>,
    pub(crate) summary: String,
    pub(crate) description: Option<String>,
    #[serde(rename = "externalDocs")]
    pub(crate) external_docs: ExternalDocs,
    #[serde(rename = "x-paging")]
    pub(crate) paging: Option<Paging>,
    #[serde(default, rename = "x-idempotency-key")]
    pub(crate) idempotency_key: Mark,
    #[serde(default, rename = "x-older")]
    pub(crate) older: Mark,
    #[serde(default, rename = "x-inferred")]
    pub(crate) inferred: Mark,
    #[serde(rename = "x-inferred-note")]
    pub(crate) inferred_note: Option<String>,
    #[serde(rename = "x-event")]
    pub(crate) event: Option<Event>,
    #[serde(default)]
    pub(crate) parameters: Vec<Parameter>,
    #[serde(rename = "requestBody")]
    pub(crate) request_body: Option<RequestBody>,
    pub(crate) responses: BTreeMap<String, Response>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExternalDocs {
    pub(crate) url: String,
    pub(crate) description: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Paging {
    pub(crate) style: String,
    pub(crate) items: Option<String>,
    /// The member that tells items apart, where it isn't their id.
    pub(crate) identity: Option<String>,
}

/// How a webhook is told from the others of its document.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Event {
    pub(crate) key: String,
    pub(crate) values: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Parameter {
    pub(crate) name: String,
    #[serde(rename = "in")]
    pub(crate) place: Place,
    #[serde(default)]
    pub(crate) required: Mark,
    pub(crate) description: Option<String>,
    pub(crate) style: Option<String>,
    pub(crate) explode: Option<bool>,
    pub(crate) schema: Schema,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    Path,
    Query,
    Header,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestBody {
    pub(crate) description: Option<String>,
    #[serde(default)]
    pub(crate) required: Mark,
    pub(crate) content: BTreeMap<String, Media>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Response {
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) content: BTreeMap<String, Media>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Media {
    pub(crate) schema: Schema,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Components {
    pub(crate) schemas: IndexMap<String, Schema>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct Schema {
    #[serde(rename = "$ref")]
    pub(crate) reference: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Kinds,
    pub(crate) format: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) read_only: Mark,
    pub(crate) write_only: Mark,
    pub(crate) deprecated: Mark,
    #[serde(rename = "enum")]
    pub(crate) values: Option<Vec<Value>>,
    pub(crate) default: Option<Value>,
    pub(crate) minimum: Option<i64>,
    pub(crate) maximum: Option<i64>,
    pub(crate) min_length: Option<u64>,
    pub(crate) max_length: Option<u64>,
    pub(crate) min_items: Option<u64>,
    pub(crate) items: Option<Box<Schema>>,
    pub(crate) required: Vec<String>,
    pub(crate) properties: IndexMap<String, Schema>,
    pub(crate) any_of: Vec<Schema>,
    #[serde(rename = "x-id")]
    pub(crate) id: Option<String>,
    #[serde(rename = "x-time")]
    pub(crate) time: Option<String>,
    #[serde(rename = "x-also")]
    pub(crate) also: Vec<String>,
    #[serde(rename = "x-money")]
    pub(crate) money: Mark,
    #[serde(rename = "x-body")]
    pub(crate) body: Option<String>,
    #[serde(rename = "x-open")]
    pub(crate) open: Mark,
    #[serde(rename = "x-inferred")]
    pub(crate) inferred: Mark,
    #[serde(rename = "x-inferred-note")]
    pub(crate) inferred_note: Option<String>,
    #[serde(rename = "x-older")]
    pub(crate) older: Mark,
}

/// A key that is written only where it is true.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(try_from = "bool")]
pub(crate) struct Mark(pub(crate) bool);

impl TryFrom<bool> for Mark {
    type Error = &'static str;

    fn try_from(value: bool) -> Result<Self, Self::Error> {
        value
            .then_some(Self(true))
            .ok_or("what is false is left out")
    }
}

/// One type or several; none where anything goes.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "OneOrMany")]
pub(crate) struct Kinds(pub(crate) Vec<Kind>);

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(Kind),
    Many(Vec<Kind>),
}

impl From<OneOrMany> for Kinds {
    fn from(kinds: OneOrMany) -> Self {
        match kinds {
            OneOrMany::One(kind) => Self(vec![kind]),
            OneOrMany::Many(kinds) => Self(kinds),
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Array,
    Boolean,
    Integer,
    Null,
    Number,
    Object,
    String,
}

impl Kinds {
    /// Whether a value of this type fits.
    pub(crate) fn has(&self, kind: Kind) -> bool {
        self.0.contains(&kind)
    }
}

impl Method {
    /// As it stands in a request.
    pub(crate) fn name(self) -> String {
        format!("{self:?}").to_uppercase()
    }
}

impl Document {
    /// The operations with method and path.
    pub(crate) fn operations(&self) -> impl Iterator<Item = (Method, &str, &Operation)> {
        flat(&self.paths)
    }

    /// What the vendor calls at the integrator's, with method and name.
    pub(crate) fn webhooks(&self) -> impl Iterator<Item = (Method, &str, &Operation)> {
        flat(&self.webhooks)
    }

    /// The operations, and then the webhooks.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &Operation> {
        let calls = self.operations().chain(self.webhooks());
        calls.map(|(_, _, operation)| operation)
    }
}

fn flat(
    places: &IndexMap<String, IndexMap<Method, Operation>>,
) -> impl Iterator<Item = (Method, &str, &Operation)> {
    places.iter().flat_map(|(place, operations)| {
        operations
            .iter()
            .map(move |(method, operation)| (*method, place.as_str(), operation))
    })
}

impl Operation {
    /// The schemas of its parameters, body and answers, with where each stands.
    pub(crate) fn schemas(&self) -> impl Iterator<Item = (String, &Schema)> {
        let parameters = self
            .parameters
            .iter()
            .map(|p| (format!("parameter {}", p.name), &p.schema));
        let body = self.request_body.iter().flat_map(|body| &body.content);
        let answers = self.responses.values().flat_map(|answer| &answer.content);
        parameters
            .chain(body.map(|(kind, media)| (format!("body {kind}"), &media.schema)))
            .chain(answers.map(|(kind, media)| (format!("answer {kind}"), &media.schema)))
    }
}

impl Schema {
    /// This schema and all written inside of it, with where each stands.
    pub(crate) fn walk<'a>(&'a self, place: &str, visit: &mut impl FnMut(&str, &'a Self)) {
        visit(place, self);
        if let Some(items) = &self.items {
            items.walk(&format!("{place}[]"), visit);
        }
        for schema in &self.any_of {
            schema.walk(place, visit);
        }
        for (name, schema) in &self.properties {
            schema.walk(&format!("{place}.{name}"), visit);
        }
    }
}

/// The documents of a provider by file name.
pub(crate) fn load(directory: &Path) -> Result<BTreeMap<String, Document>> {
    let mut documents = BTreeMap::new();
    let entries = fs::read_dir(directory).with_context(|| directory.display().to_string())?;
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let document = serde_saphyr::from_str(&text)
            .map_err(|error| anyhow::anyhow!("{}: {error}", path.display()))?;
        documents.insert(name.into_owned(), document);
    }
    Ok(documents)
}
