//! Reads `openapi/plan.toml`: what a provider's documents can't say about their Rust side.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde::Deserialize;

/// All exceptions of one provider.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Exceptions {
    /// Members of an answer beside what was asked for that tell a caller nothing.
    #[serde(default)]
    pub(super) envelope: Vec<String>,
    /// Operations that answer 401 for reasons of their own, so that a new token does not cure it.
    #[serde(default)]
    pub(super) no_replay: Vec<String>,
    /// Members whose text is a secret.
    #[serde(default)]
    pub(super) secrets: Vec<String>,
    /// What paging each `style` is.
    #[serde(default)]
    pub(super) paging: BTreeMap<String, Style>,
    /// Rust names by name in JSON, or by `Schema.name` for one alone.
    #[serde(default)]
    pub(super) fields: BTreeMap<String, String>,
    /// Rust names of types by the name that they would get, as `area.Name`.
    #[serde(default)]
    pub(super) types: BTreeMap<String, String>,
    /// What the vendor documents and the documents leave out.
    #[serde(default)]
    pub(super) left_out: Vec<LeftOut>,
}

/// How lists of one `style` are paged.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Style {
    /// What moves a list on; without it all items come at once.
    pub(super) step: Option<Step>,
    /// Where an answer links to the next page.
    pub(super) link: Option<String>,
    /// Where the items may stand besides the place that the operation names.
    #[serde(default)]
    pub(super) items: Vec<String>,
    /// Whether they may also stand under the name of the resource, in camel case.
    #[serde(default)]
    pub(super) items_like_resource: bool,
    #[serde(default)]
    pub(super) total: Vec<String>,
    #[serde(default)]
    pub(super) has_more: Vec<String>,
    /// The parameter that sets the size of a page.
    pub(super) size: Option<String>,
    pub(super) default_size: Option<u32>,
    pub(super) largest_size: Option<u32>,
}

/// What a list is moved on with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(super) enum Step {
    Index(String),
    Keyset { parameter: String, member: String },
    Offset(String),
}

impl Step {
    /// The parameter that moves the list on.
    pub(super) fn parameter(&self) -> &str {
        match self {
            Self::Index(parameter) | Self::Offset(parameter) => parameter,
            Self::Keyset { parameter, .. } => parameter,
        }
    }
}

/// Something that has no typed call.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LeftOut {
    pub(super) what: String,
    pub(super) why: String,
}

impl Exceptions {
    /// Those of the provider whose documents stand in `directory`.
    pub(super) fn load(directory: &Path) -> Result<Self> {
        let path = directory.join("plan.toml");
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        toml::from_str(&text).with_context(|| path.display().to_string())
    }
}
