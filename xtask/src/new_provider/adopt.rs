//! Turns an ordinary OpenAPI document into one that follows docs/openapi.md, as far as that is mechanical.
//!
//! What is left out on the way is noted; what somebody has to decide is told all at once, and then nothing is adopted.

mod exceptions;
mod operations;
mod schemas;

use std::cell::RefCell;
use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};

use self::operations::{Operations, Written};
use self::schemas::Schemas;
use super::node::{Members, Node};
use crate::codegen::names::snake;

/// A document of ours, and what the crate around it needs to know of it.
#[derive(Debug)]
pub(super) struct Adopted {
    pub(super) document: Node,
    pub(super) area: String,
    /// Each resource with its calls, in the order of the document.
    pub(super) resources: Vec<(String, Vec<String>)>,
    /// A call that needs nothing but the sign-in.
    pub(super) probe: Probe,
    /// The styles of paging that lists have.
    pub(super) styles: BTreeSet<&'static str>,
    /// Whether any list tells a total.
    pub(super) has_total: bool,
    /// Rust names for members and parameters that can't have their own.
    pub(super) fields: BTreeSet<(String, String)>,
    /// Members whose listed values are no words.
    pub(super) texts: BTreeSet<String>,
    /// The vendor's page.
    pub(super) page: String,
    /// The vendor's server, or an example.
    pub(super) server: String,
    /// What was changed in a way that a reader should know.
    pub(super) notes: Vec<String>,
}

/// A call without arguments.
#[derive(Clone, Debug)]
pub(super) struct Probe {
    pub(super) path: String,
    pub(super) resource: String,
    pub(super) verb: String,
    pub(super) is_list: bool,
}

/// Where the document's security schemes say that tokens come from and people are asked.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Endpoints {
    pub(super) token: Option<String>,
    pub(super) authorize: Option<String>,
}

/// What was read, before anything is made of it.
pub(super) fn read(text: &str) -> Result<Node> {
    let document: Node = serde_saphyr::from_str(text)
        .map_err(|error| anyhow::anyhow!("it is neither YAML nor JSON: {error}"))?;
    let version = document.text_at("openapi").unwrap_or_default();
    ensure!(
        version.starts_with("3."),
        "`openapi` is to be 3.0 or 3.1; convert what is older first"
    );
    Ok(document)
}

/// Where tokens come from, if the document says so. The flow called `wanted` goes first: another's endpoint may be its own.
pub(super) fn endpoints(document: &Node, wanted: &str) -> Endpoints {
    let mut flows = flows(document);
    flows.sort_by_key(|(name, _)| *name != wanted);
    let mut found = Endpoints::default();
    for (_, flow) in flows {
        let path = |key| flow.text_at(key).map(|url| path_of(url).to_owned());
        found.token = found.token.or_else(|| path("tokenUrl"));
        found.authorize = found.authorize.or_else(|| path("authorizationUrl"));
    }
    found
}

/// The OAuth flows of the document's security schemes, by name.
fn flows(document: &Node) -> Vec<(&str, &Node)> {
    let schemes = document
        .get("components")
        .and_then(|it| it.get("securitySchemes"))
        .and_then(Node::as_map);
    let flows = schemes.into_iter().flat_map(Members::values);
    let flows = flows.filter_map(|scheme| scheme.get("flows")?.as_map());
    flows
        .flatten()
        .map(|(name, flow)| (name.as_str(), flow))
        .collect()
}

/// What a document says of the sign-in and no flag takes: it is noted, for it concerns where secrets are sent.
fn note_sign_in(source: &Node, server: &str, remarks: &Remarks) {
    for (name, flow) in flows(source) {
        for key in ["tokenUrl", "authorizationUrl"] {
            let other = flow.text_at(key).and_then(host_of);
            let (Some(other), Some(own)) = (other, host_of(server)) else {
                continue;
            };
            if other != own {
                remarks.note(format!(
                    "{name}: `{key}` is on {other}, the API on {own}: give the builder a second address before a secret is \
                     sent, as `token_base` of crates/comm100 is, and hand it to `Profile::new`"
                ));
            }
        }
        if flow
            .get("scopes")
            .and_then(Node::as_map)
            .is_some_and(|it| !it.is_empty())
        {
            remarks.note(format!(
                "{name}: scopes are not sent; where the vendor demands one, it is a parameter of the rows in src/dialect.rs"
            ));
        }
    }
}

/// The host of an address, with its port; none where it has none.
fn host_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    rest.split(['/', '?', '#']).next()
}

/// The path of an address, without what follows it.
fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = match url.contains("://") {
        true => rest.find('/').map_or("", |at| &rest[at..]),
        false => rest,
    };
    path.split(['?', '#'])
        .next()
        .unwrap_or_default()
        .trim_end_matches('/')
}

/// What is said of a document on the way.
#[derive(Debug, Default)]
struct Remarks {
    /// What somebody has to decide.
    left: RefCell<Vec<String>>,
    /// What was changed.
    notes: RefCell<Vec<String>>,
}

impl Remarks {
    fn decide(&self, what: impl Into<String>) {
        self.left.borrow_mut().push(what.into());
    }

    fn note(&self, what: impl Into<String>) {
        self.notes.borrow_mut().push(what.into());
    }
}

/// Makes the document ours.
pub(super) fn adopt(source: &Node) -> Result<Adopted> {
    let remarks = Remarks::default();
    let info = source.get("info").context("the document has no `info`")?;
    let title = info.text_at("title").unwrap_or_default();
    ensure!(
        !title.trim().is_empty(),
        "`info.title` is empty: name the API there"
    );
    let server = source
        .get("servers")
        .and_then(Node::as_list)
        .and_then(|it| it.first());
    let server = server.and_then(|it| it.text_at("url")).unwrap_or_default();
    let prefix = path_of(server).to_owned();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-~".contains(c);
    if !prefix.chars().all(is_plain) {
        remarks.decide(
            "servers: the path of the first server has variables or odd characters: write it out",
        );
    }
    note_sign_in(source, server, &remarks);
    let docs = source.get("externalDocs").and_then(|it| it.text_at("url"));
    let is_page = |url: &&str| url.starts_with("https://") && !url.contains('{');
    let page = docs
        .filter(is_page)
        .or(Some(server).filter(is_page))
        .unwrap_or_default();
    if page.is_empty() {
        remarks.decide(
            "no page is named: add `externalDocs: {url: https://…}` at the top, the vendor's reference"
        );
    } else if docs.is_none() {
        remarks.note(format!(
            "no page is named by `externalDocs`: {page} stands there, put the vendor's reference in its place"
        ));
    }
    for key in ["webhooks", "callbacks"] {
        if source.get(key).is_some() {
            remarks.note(format!(
                "`{key}` are left out: docs/openapi.md says how they are written"
            ));
        }
    }
    let mut operations = Operations::new(source, &prefix, page, &remarks);
    let area = area(source, &operations.paths(), &remarks);
    operations.name(&area);
    let mut schemas = Schemas::new(source, &remarks);
    let Written {
        mut paths,
        resources,
        probe,
        styles,
        has_total,
    } = operations.write(&mut schemas);
    let components = schemas.finish(&mut paths);
    let (fields, texts) = exceptions::of(&paths, &components);
    if probe.is_none() {
        remarks.decide(
            "there is no GET that needs no argument: add one to the document, for the quickstart and the tests",
        );
    }
    let mut left = remarks.left.take();
    left.sort();
    left.dedup();
    ensure!(
        left.is_empty(),
        "the document can't be adopted as it is; what is left to decide in it:\n  - {}",
        left.join("\n  - ")
    );
    let tags = resources
        .iter()
        .map(|(name, _)| Node::Map(Members::from_iter([("name".to_owned(), Node::text(name))])));
    let description = info
        .text_at("description")
        .filter(|it| !it.trim().is_empty());
    let version = info
        .text_at("version")
        .map(|it| it.split_whitespace().collect::<Vec<_>>().join(" "))
        .filter(|it| !it.is_empty())
        .unwrap_or_else(|| "1".to_owned());
    let text = |text: &str| Node::text(text);
    let map = |members: Vec<(&str, Node)>| {
        let members = members
            .into_iter()
            .map(|(key, value)| (key.to_owned(), value));
        Node::Map(members.collect())
    };
    let document = map(vec![
        ("openapi", text("3.1.0")),
        (
            "info",
            map(vec![
                ("title", text(title)),
                ("version", text(&version)),
                ("description", text(description.unwrap_or(title))),
            ]),
        ),
        ("x-area", text(&area)),
        ("servers", Node::List(vec![map(vec![("url", text("/"))])])),
        ("tags", Node::List(tags.collect())),
        ("paths", Node::Map(paths)),
        ("components", map(vec![("schemas", Node::Map(components))])),
    ]);
    Ok(Adopted {
        document,
        area,
        resources,
        probe: probe.context("a call without arguments")?,
        styles,
        has_total,
        fields,
        texts,
        page: page.to_owned(),
        server: Some(server)
            .filter(is_page)
            .and_then(|it| it.strip_suffix(&prefix).or(Some(it)))
            .map_or("https://api.example.com".to_owned(), |it| {
                it.trim_end_matches('/').to_owned()
            }),
        notes: remarks.notes.take(),
    })
}

/// The feature and accessor: what the document says, or the version that its paths have.
fn area(source: &Node, paths: &[String], remarks: &Remarks) -> String {
    let told = source.text_at("x-area").map(str::to_owned);
    let is_version = |part: &&str| {
        let digits = part.strip_prefix('v');
        digits.is_some_and(|it| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let version = |path: &String| path.split('/').find(is_version).map(str::to_owned);
    let mut versions: BTreeSet<_> = paths.iter().map(version).collect();
    let common = (versions.len() == 1)
        .then(|| versions.pop_first().flatten())
        .flatten();
    let area = told.or(common).unwrap_or_else(|| "api".to_owned());
    if snake(&area) != area || TAKEN.contains(&area.as_str()) {
        remarks.decide(format!(
            "x-area: `{area}` is no free name in snake case: give another"
        ));
    }
    area
}

/// Features and modules that every provider has.
const TAKEN: &[&str] = &[
    "client",
    "conformance",
    "default",
    "dialect",
    "file_store",
    "generated",
    "ids",
    "model",
    "redis",
    "request",
    "rustls",
    "session",
    "webhook",
];

#[cfg(test)]
mod tests;
