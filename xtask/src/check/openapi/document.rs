//! Reads an OpenAPI document into structs that know every key of docs/openapi.md and no other.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::Value;

/// One file below `openapi/`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) openapi: String,
    pub(super) info: Info,
    #[serde(rename = "x-area")]
    pub(super) area: String,
    pub(super) servers: Vec<Server>,
    pub(super) tags: Vec<Tag>,
    pub(super) paths: BTreeMap<String, BTreeMap<Method, Operation>>,
    pub(super) components: Components,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Info {
    pub(super) title: String,
    pub(super) version: String,
    pub(super) description: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Server {
    pub(super) url: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tag {
    pub(super) name: String,
    pub(super) description: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "lowercase")]
pub(super) enum Method {
    Get,
    Head,
    Post,
    Put,
    Patch,
    Delete,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Operation {
    #[serde(rename = "operationId")]
    pub(super) id: String,
    pub(super) tags: Vec<String>,
    pub(super) summary: String,
    pub(super) description: Option<String>,
    #[serde(rename = "externalDocs")]
    pub(super) external_docs: ExternalDocs,
    #[serde(rename = "x-paging")]
    pub(super) paging: Option<Paging>,
    #[serde(default, rename = "x-idempotency-key")]
    pub(super) idempotency_key: Mark,
    #[serde(default, rename = "x-older")]
    pub(super) older: Mark,
    #[serde(default, rename = "x-inferred")]
    pub(super) inferred: Mark,
    #[serde(rename = "x-inferred-note")]
    pub(super) inferred_note: Option<String>,
    #[serde(default)]
    pub(super) parameters: Vec<Parameter>,
    #[serde(rename = "requestBody")]
    pub(super) request_body: Option<RequestBody>,
    pub(super) responses: BTreeMap<String, Response>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExternalDocs {
    pub(super) url: String,
    pub(super) description: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Paging {
    pub(super) style: String,
    pub(super) items: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Parameter {
    pub(super) name: String,
    #[serde(rename = "in")]
    pub(super) place: Place,
    #[serde(default)]
    pub(super) required: Mark,
    pub(super) description: Option<String>,
    pub(super) style: Option<String>,
    pub(super) explode: Option<bool>,
    pub(super) schema: Schema,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "lowercase")]
pub(super) enum Place {
    Path,
    Query,
    Header,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestBody {
    pub(super) description: Option<String>,
    #[serde(default)]
    pub(super) required: Mark,
    pub(super) content: BTreeMap<String, Media>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Response {
    pub(super) description: String,
    #[serde(default)]
    pub(super) content: BTreeMap<String, Media>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Media {
    pub(super) schema: Schema,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Components {
    pub(super) schemas: BTreeMap<String, Schema>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Schema {
    #[serde(rename = "$ref")]
    pub(super) reference: Option<String>,
    #[serde(rename = "type")]
    pub(super) kind: Kinds,
    pub(super) format: Option<String>,
    pub(super) description: Option<String>,
    pub(super) read_only: Mark,
    pub(super) write_only: Mark,
    pub(super) deprecated: Mark,
    #[serde(rename = "enum")]
    pub(super) values: Option<Vec<Value>>,
    pub(super) default: Option<Value>,
    pub(super) minimum: Option<i64>,
    pub(super) maximum: Option<i64>,
    pub(super) min_length: Option<u64>,
    pub(super) max_length: Option<u64>,
    pub(super) min_items: Option<u64>,
    pub(super) items: Option<Box<Schema>>,
    pub(super) required: Vec<String>,
    pub(super) properties: BTreeMap<String, Schema>,
    pub(super) any_of: Vec<Schema>,
    #[serde(rename = "x-id")]
    pub(super) id: Option<String>,
    #[serde(rename = "x-time")]
    pub(super) time: Option<String>,
    #[serde(rename = "x-money")]
    pub(super) money: Mark,
    #[serde(rename = "x-body")]
    pub(super) body: Option<String>,
    #[serde(rename = "x-open")]
    pub(super) open: Mark,
    #[serde(rename = "x-inferred")]
    pub(super) inferred: Mark,
    #[serde(rename = "x-inferred-note")]
    pub(super) inferred_note: Option<String>,
    #[serde(rename = "x-older")]
    pub(super) older: Mark,
}

/// A key that is written only where it is true.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(try_from = "bool")]
pub(super) struct Mark(pub(super) bool);

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
pub(super) struct Kinds(pub(super) Vec<Kind>);

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
pub(super) enum Kind {
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
    pub(super) fn has(&self, kind: Kind) -> bool {
        self.0.contains(&kind)
    }
}

impl Method {
    /// As it stands in a request.
    pub(super) fn name(self) -> String {
        format!("{self:?}").to_uppercase()
    }
}

impl Document {
    /// The operations with method and path.
    pub(super) fn operations(&self) -> impl Iterator<Item = (Method, &str, &Operation)> {
        self.paths.iter().flat_map(|(path, operations)| {
            operations
                .iter()
                .map(move |(method, operation)| (*method, path.as_str(), operation))
        })
    }
}

impl Operation {
    /// The schemas of its parameters, body and answers, with where each stands.
    pub(super) fn schemas(&self) -> impl Iterator<Item = (String, &Schema)> {
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
    pub(super) fn walk<'a>(&'a self, place: &str, visit: &mut impl FnMut(&str, &'a Self)) {
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
pub(super) fn load(directory: &Path) -> Result<BTreeMap<String, Document>> {
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
