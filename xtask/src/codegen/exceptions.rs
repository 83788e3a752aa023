//! Reads `openapi/plan.toml`: what a provider's documents can't say about their Rust side.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
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
    envelope: Vec<String>,
    /// Models that no update is made from: what is read hides members of theirs behind a mask.
    #[serde(default)]
    no_from: Vec<String>,
    /// Operations that answer 401 for reasons of their own, so that a new token does not cure it.
    #[serde(default)]
    no_replay: Vec<String>,
    /// Members whose text is a secret, by name in JSON or as `Schema.name`.
    #[serde(default)]
    secrets: Vec<String>,
    /// Members and parameters whose listed values are no words, so that they stay texts, as `Owner.name`.
    #[serde(default)]
    texts: Vec<String>,
    /// What paging each `style` is.
    #[serde(default)]
    paging: BTreeMap<String, Style>,
    /// Rust names by name in JSON, or by `Schema.name` for one alone.
    #[serde(default)]
    fields: BTreeMap<String, String>,
    /// Rust names of types by the name that they would get, as `area.Name`.
    #[serde(default)]
    types: BTreeMap<String, String>,
    /// What was asked for and found.
    #[serde(skip)]
    used: RefCell<BTreeSet<String>>,
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
    /// Parameters that say the same as the step in another way, and would contradict it.
    #[serde(default)]
    pub(super) drop: Vec<String>,
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

    /// The Rust name of the member or parameter `key` of `owner`, if it has one of its own.
    pub(super) fn field(&self, owner: &str, key: &str) -> Option<&str> {
        let own = format!("{owner}.{key}");
        [own.as_str(), key].into_iter().find_map(|key| {
            let name = self.fields.get(key)?;
            self.note("fields", key);
            Some(name.as_str())
        })
    }

    /// The Rust name of the type `name` of `area`, if it has one of its own.
    pub(super) fn type_name(&self, area: &str, name: &str) -> Option<&str> {
        let key = format!("{area}.{name}");
        let renamed = self.types.get(&key)?;
        self.note("types", &key);
        Some(renamed)
    }

    pub(super) fn style(&self, name: &str) -> Option<&Style> {
        let style = self.paging.get(name)?;
        self.note("paging", name);
        Some(style)
    }

    pub(super) fn is_envelope(&self, key: &str) -> bool {
        self.has(&self.envelope, "envelope", key)
    }

    pub(super) fn is_masked(&self, model: &str) -> bool {
        self.has(&self.no_from, "no_from", model)
    }

    pub(super) fn is_replayed(&self, operation: &str) -> bool {
        !self.has(&self.no_replay, "no_replay", operation)
    }

    pub(super) fn is_secret(&self, owner: &str, key: &str) -> bool {
        let own = self.has(&self.secrets, "secrets", &format!("{owner}.{key}"));
        self.has(&self.secrets, "secrets", key) || own
    }

    pub(super) fn is_text(&self, owner: &str, key: &str) -> bool {
        self.has(&self.texts, "texts", &format!("{owner}.{key}"))
    }

    fn has(&self, list: &[String], kind: &str, key: &str) -> bool {
        let has = list.iter().any(|it| it == key);
        if has {
            self.note(kind, key);
        }
        has
    }

    fn note(&self, kind: &str, key: &str) {
        self.used.borrow_mut().insert(format!("{kind}: {key}"));
    }

    /// What nothing has asked for: a slip, or left over from what is gone.
    pub(super) fn unused(&self) -> Vec<String> {
        let lists = [
            ("envelope", &self.envelope),
            ("no_from", &self.no_from),
            ("no_replay", &self.no_replay),
            ("secrets", &self.secrets),
            ("texts", &self.texts),
        ];
        let listed = lists
            .into_iter()
            .flat_map(|(kind, list)| list.iter().map(move |key| (kind, key)));
        let named = [("fields", &self.fields), ("types", &self.types)];
        let named = named
            .into_iter()
            .flat_map(|(kind, map)| map.keys().map(move |key| (kind, key)));
        let styles = self.paging.keys().map(|key| ("paging", key));
        let all = listed.chain(named).chain(styles);
        let used = self.used.borrow();
        let all = all.map(|(kind, key)| format!("{kind}: {key}"));
        all.filter(|it| !used.contains(it)).collect()
    }
}
