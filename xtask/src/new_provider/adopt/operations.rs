//! Names the operations, and writes their parameters, bodies and answers in our way.

use std::collections::{BTreeMap, BTreeSet};

use super::schemas::{Schemas, resolved};
use super::{Probe, Remarks};
use crate::codegen::names::{is_identifier, pascal, singular, snake};
use crate::new_provider::node::{Members, Node};

const METHODS: &[&str] = &["get", "head", "post", "put", "patch", "delete"];
/// A longer summary isn't one.
const SUMMARY: usize = 90;
const JSON: &str = "application/json";
/// What bodies and answers may be.
const MEDIA: &[&str] = &[JSON, "application/octet-stream", "multipart/form-data"];

/// One operation on its way.
struct Operation<'d> {
    path: String,
    method: &'static str,
    node: &'d Node,
    /// Those of the path, and its own.
    parameters: Vec<&'d Node>,
    resource: String,
    verb: String,
    id: String,
}

impl Operation<'_> {
    fn place(&self) -> String {
        format!("{} {}", self.method.to_uppercase(), self.path)
    }
}

/// All operations of a document.
pub(super) struct Operations<'d> {
    source: &'d Node,
    page: &'d str,
    all: Vec<Operation<'d>>,
    remarks: &'d Remarks,
}

/// What became of them.
pub(super) struct Written {
    pub(super) paths: Members,
    pub(super) resources: Vec<(String, Vec<String>)>,
    pub(super) probe: Option<Probe>,
    pub(super) styles: BTreeSet<&'static str>,
    pub(super) has_total: bool,
}

impl<'d> Operations<'d> {
    pub(super) fn new(source: &'d Node, prefix: &str, page: &'d str, remarks: &'d Remarks) -> Self {
        let mut all = Vec::new();
        let paths = source.get("paths").and_then(Node::as_map);
        for (path, item) in paths.into_iter().flatten() {
            let listed = |node: &'d Node| {
                let list = node.get("parameters").and_then(Node::as_list);
                let list = list.unwrap_or_default().iter();
                list.filter_map(|it| resolved(source, it))
                    .collect::<Vec<_>>()
            };
            for method in METHODS {
                let Some(node) = item.get(method) else {
                    continue;
                };
                let own = listed(node);
                let is_same = |a: &Node, b: &Node| {
                    a.get("name") == b.get("name") && a.get("in") == b.get("in")
                };
                let shared = listed(item).into_iter();
                let shared = shared.filter(|it| !own.iter().any(|one| is_same(one, it)));
                let parameters = shared.chain(own.iter().copied()).collect();
                all.push(Operation {
                    path: format!("{prefix}{path}"),
                    method,
                    node,
                    parameters,
                    resource: String::new(),
                    verb: String::new(),
                    id: String::new(),
                });
            }
        }
        if all.is_empty() {
            remarks.decide("paths: there is no operation");
        }
        Self {
            source,
            page,
            all,
            remarks,
        }
    }

    pub(super) fn paths(&self) -> Vec<String> {
        self.all.iter().map(|it| it.path.clone()).collect()
    }

    /// Gives each operation its id: the document's own where it is `area.resource.verb`, else one that follows from method
    /// and path.
    pub(super) fn name(&mut self, area: &str) {
        let paths: BTreeSet<String> = self.all.iter().map(|it| it.path.clone()).collect();
        let reads: BTreeSet<String> = self
            .all
            .iter()
            .filter(|it| it.method == "get")
            .map(|it| it.path.clone())
            .collect();
        let mut taken: BTreeMap<String, String> = BTreeMap::new();
        for operation in &mut self.all {
            let place = operation.place();
            let own = operation.node.text_at("operationId").unwrap_or_default();
            let parts: Vec<_> = own.split('.').collect();
            let (mut resource, verb) = match parts[..] {
                [first, resource, verb] if first == area => (resource.to_owned(), verb.to_owned()),
                _ => derived(self.source, operation, &paths, &reads),
            };
            if taken.contains_key(&format!("{resource}.{verb}"))
                && let Some(parent) = parent(&operation.path)
            {
                resource = format!("{parent}_{resource}");
            }
            let cure = format!("give it an operationId `{area}.<resource>.<verb>` in snake case");
            if let Some(other) = taken.get(&format!("{resource}.{verb}")) {
                self.remarks
                    .decide(format!("{place} is called like {other}: {cure}"));
            } else if !is_identifier(&resource) || !is_identifier(&verb) {
                self.remarks
                    .decide(format!("{place} would be `{resource}.{verb}`: {cure}"));
            }
            taken.insert(format!("{resource}.{verb}"), place);
            operation.id = format!("{area}.{resource}.{verb}");
            operation.resource = resource;
            operation.verb = verb;
        }
    }

    /// Writes them all.
    pub(super) fn write(&self, schemas: &mut Schemas<'_>) -> Written {
        let mut written = Written {
            paths: Members::new(),
            resources: Vec::new(),
            probe: None,
            styles: BTreeSet::new(),
            has_total: false,
        };
        for operation in &self.all {
            self.one(operation, schemas, &mut written);
        }
        written
    }

    fn one(&self, operation: &Operation<'_>, schemas: &mut Schemas<'_>, written: &mut Written) {
        let place = operation.place();
        let answers = self.answers(operation, &place, schemas);
        let (parameters, has_key) = self.parameters(operation, &place, schemas);
        let body = self.body(operation, &place, schemas);
        let mut node = Members::new();
        let mut add = |key: &str, value: Node| drop(node.insert(key.to_owned(), value));
        add("operationId", Node::text(&operation.id));
        add("tags", Node::List(vec![Node::text(&operation.resource)]));
        let (summary, more) = words(operation);
        add("summary", Node::text(summary));
        if let Some(more) = more {
            add("description", Node::text(more));
        }
        let docs = operation
            .node
            .get("externalDocs")
            .and_then(|it| it.text_at("url"));
        let docs = docs
            .filter(|it| it.starts_with("https://"))
            .unwrap_or(self.page);
        let docs = Members::from_iter([("url".to_owned(), Node::text(docs))]);
        add("externalDocs", Node::Map(docs));
        let is_list = operation.verb == "list";
        if is_list {
            let (paging, style, has_total) = self.paging(operation, &answers, schemas);
            add("x-paging", paging);
            written.styles.insert(style);
            written.has_total |= has_total;
        }
        if has_key {
            add("x-idempotency-key", Node::Bool(true));
        }
        let needs_nothing = !parameters.iter().any(|it| it.is_true("required"));
        if !parameters.is_empty() {
            add("parameters", Node::List(parameters));
        }
        if let Some(body) = body {
            add("requestBody", body);
        }
        add("responses", Node::Map(answers));
        let item = written.paths.entry(operation.path.clone());
        if let Node::Map(item) = item.or_insert_with(|| Node::Map(Members::new())) {
            item.insert(operation.method.to_owned(), Node::Map(node));
        }
        let (resource, verb) = (operation.resource.clone(), operation.verb.clone());
        match written
            .resources
            .iter_mut()
            .find(|(name, _)| *name == resource)
        {
            Some((_, calls)) => calls.push(verb.clone()),
            None => written
                .resources
                .push((resource.clone(), vec![verb.clone()])),
        }
        let is_better = written
            .probe
            .as_ref()
            .is_none_or(|it| !it.is_list && is_list);
        if operation.method == "get" && needs_nothing && !operation.path.contains('{') && is_better
        {
            let path = operation.path.clone();
            written.probe = Some(Probe {
                path,
                resource,
                verb,
                is_list,
            });
        }
    }

    fn parameters(
        &self,
        operation: &Operation<'_>,
        place: &str,
        schemas: &mut Schemas<'_>,
    ) -> (Vec<Node>, bool) {
        let mut parameters = Vec::new();
        let mut has_key = false;
        for parameter in &operation.parameters {
            let name = parameter.text_at("name").unwrap_or_default();
            let place = format!("{place}, parameter {name}");
            let is_required = parameter.is_true("required");
            let wire = parameter.text_at("in").unwrap_or_default();
            let is_key = wire == "header" && name.eq_ignore_ascii_case("Idempotency-Key");
            if matches!(wire, "header" | "cookie") && !is_key {
                match is_required && !name.eq_ignore_ascii_case("authorization") {
                    true => self.remarks.decide(format!(
                        "{place}: no call has a {wire} of its own: take it out, and let the client's builder set it"
                    )),
                    false => self.remarks.note(format!("{place}: a {wire} is left out")),
                }
                continue;
            }
            has_key |= is_key;
            let Some(schema) = parameter.get("schema") else {
                self.remarks
                    .decide(format!("{place}: say what it is by `schema`"));
                continue;
            };
            let kind = resolved(self.source, schema);
            if kind.is_some_and(|it| {
                it.text_at("type") == Some("object") || it.get("properties").is_some()
            }) {
                self.remarks.decide(format!(
                    "{place}: an object has no form of its own in an address: write its members as parameters"
                ));
                continue;
            }
            let mut schema = schemas.inline(&place, schema);
            let is_list = schema.text_at("type") == Some("array");
            if wire == "path"
                && let Node::Map(members) = &mut schema
            {
                let kind = members
                    .get("type")
                    .and_then(Node::as_text)
                    .unwrap_or_default();
                if matches!(kind, "integer" | "string") && !members.contains_key("enum") {
                    let owner =
                        owner(&operation.path, name).unwrap_or_else(|| operation.resource.clone());
                    let id = pascal(&singular(&owner));
                    schemas.identify(&id, kind);
                    members.insert("x-id".to_owned(), Node::text(id));
                }
            }
            let mut node = Members::new();
            let mut add = |key: &str, value: Node| drop(node.insert(key.to_owned(), value));
            add(
                "name",
                Node::text(if is_key { "Idempotency-Key" } else { name }),
            );
            add("in", Node::text(wire));
            if is_required || wire == "path" {
                add("required", Node::Bool(true));
            }
            if let Some(text) = said(parameter) {
                add("description", text);
            }
            if is_list && parameter.get("explode") == Some(&Node::Bool(false)) {
                add("style", Node::text("form"));
                add("explode", Node::Bool(false));
            }
            add("schema", schema);
            parameters.push(Node::Map(node));
        }
        (parameters, has_key)
    }

    fn body(
        &self,
        operation: &Operation<'_>,
        place: &str,
        schemas: &mut Schemas<'_>,
    ) -> Option<Node> {
        let body = resolved(self.source, operation.node.get("requestBody")?)?;
        if matches!(operation.method, "get" | "head") {
            self.remarks.note(format!("{place}: a body is left out"));
            return None;
        }
        let place = format!("{place}, body");
        let content = self.content(&place, body, schemas)?;
        if !body.is_true("required") {
            self.remarks.note(format!(
                "{place} is always sent, with nothing in it where there is nothing to say"
            ));
        }
        let mut node = Members::new();
        if let Some(text) = said(body) {
            node.insert("description".to_owned(), text);
        }
        node.insert("required".to_owned(), Node::Bool(true));
        node.insert("content".to_owned(), content);
        Some(Node::Map(node))
    }

    fn answers(
        &self,
        operation: &Operation<'_>,
        place: &str,
        schemas: &mut Schemas<'_>,
    ) -> Members {
        let mut answers = Members::new();
        let all = operation.node.get("responses").and_then(Node::as_map);
        for (status, answer) in all.into_iter().flatten() {
            let Some(answer) = resolved(self.source, answer).filter(|_| status.starts_with('2'))
            else {
                continue; // Errors are the client's business.
            };
            let status = if status.eq_ignore_ascii_case("2XX") {
                "200"
            } else {
                status
            };
            let mut node = Members::new();
            let text = said(answer).unwrap_or_else(|| Node::text("Done."));
            node.insert("description".to_owned(), text);
            let is_bare = status == "204" || operation.method == "head";
            if !is_bare
                && answer.get("content").is_some()
                && let Some(content) =
                    self.content(&format!("{place}, answer {status}"), answer, schemas)
            {
                node.insert("content".to_owned(), content);
            }
            answers.insert(status.to_owned(), Node::Map(node));
        }
        if answers.is_empty() {
            self.remarks
                .decide(format!("{place}: no answer is a success: add one"));
        }
        answers
    }

    /// The one media type that counts.
    fn content(&self, place: &str, holder: &Node, schemas: &mut Schemas<'_>) -> Option<Node> {
        let content = holder.get("content").and_then(Node::as_map)?;
        let essence = |kind: &String| kind.split(';').next().unwrap_or_default().trim().to_owned();
        let known = |kind: &&str| content.iter().find(|(own, _)| essence(own) == **kind);
        let Some((kind, (_, media))) = MEDIA.iter().find_map(|kind| Some((*kind, known(kind)?)))
        else {
            let kinds = content.keys().cloned().collect::<Vec<_>>().join(", ");
            self.remarks.decide(format!(
                "{place}: {kinds} is none of {}: leave the operation out",
                MEDIA.join(", ")
            ));
            return None;
        };
        let empty = Node::Map(Members::new());
        let schema = media.get("schema").unwrap_or(&empty);
        let schema = match kind {
            JSON => schemas.outer(place, schema),
            _ => schemas.inline(place, schema),
        };
        let media = Members::from_iter([("schema".to_owned(), schema)]);
        Some(Node::Map(Members::from_iter([(
            kind.to_owned(),
            Node::Map(media),
        )])))
    }

    /// How a list is paged: by limit and offset where it takes both, else all at once.
    fn paging(
        &self,
        operation: &Operation<'_>,
        answers: &Members,
        schemas: &Schemas<'_>,
    ) -> (Node, &'static str, bool) {
        let place = operation.place();
        let has = |name: &str| {
            operation
                .parameters
                .iter()
                .any(|it| it.text_at("name") == Some(name))
        };
        let style = match has("limit") && has("offset") {
            true => "limit_offset",
            false => "whole_list",
        };
        let moves = [
            "after",
            "cursor",
            "offset",
            "page",
            "pageToken",
            "page_token",
            "starting_after",
        ];
        if style == "whole_list" && moves.into_iter().any(has) {
            self.remarks.note(format!(
                "{place}: how it pages is not known, so that its stream ends with the first page: describe its style in \
                 plan.toml and play it in the sandbox, see docs/openapi.md"
            ));
        }
        let mut paging = Members::from_iter([("style".to_owned(), Node::text(style))]);
        let schema = answers.values().find_map(json);
        let schema = schema.map(|it| schemas.looked_up(it));
        let properties = schema
            .and_then(|it| it.get("properties"))
            .and_then(Node::as_map);
        if let Some(properties) = properties {
            let is_array = |it: &&Node| it.text_at("type") == Some("array");
            let array = properties.iter().find(|(_, it)| is_array(it));
            if let Some((key, _)) = array {
                paging.insert("items".to_owned(), Node::text(key));
            }
        }
        let has_total = properties.is_some_and(|it| it.contains_key("total"));
        (Node::Map(paging), style, has_total)
    }
}

/// The schema of an answer in JSON.
fn json(answer: &Node) -> Option<&Node> {
    answer.get("content")?.get(JSON)?.get("schema")
}

/// A description that says something.
fn said(node: &Node) -> Option<Node> {
    let text = node.text_at("description")?.trim();
    (!text.is_empty()).then(|| Node::text(text))
}

/// Summary and description.
fn words(operation: &Operation<'_>) -> (String, Option<String>) {
    let own = operation.node.text_at("summary").unwrap_or_default().trim();
    let own = own.trim_end_matches('.').to_owned();
    let description = said(operation.node).and_then(|it| it.as_text().map(str::to_owned));
    let mut letters = own.chars();
    match letters.next() {
        Some(first) if own.len() <= SUMMARY && first.is_alphabetic() => {
            let first = first.to_uppercase();
            (first.chain(letters).collect(), description)
        }
        _ => {
            let what = operation.resource.replace('_', " ");
            let verb = operation.verb.replace('_', " ");
            let one = singular(&operation.resource).replace('_', " ");
            let summary = match verb.as_str() {
                "list" => format!("List the {what}"),
                "get" => format!("Read the {one}"),
                _ => format!("{}{} the {one}", verb[..1].to_uppercase(), &verb[1..]),
            };
            let texts = [own, description.unwrap_or_default()];
            let texts: Vec<_> = texts.into_iter().filter(|it| !it.is_empty()).collect();
            (summary, (!texts.is_empty()).then(|| texts.join(". ")))
        }
    }
}

/// Resource and verb, by method and path.
fn derived(
    source: &Node,
    operation: &Operation<'_>,
    paths: &BTreeSet<String>,
    reads: &BTreeSet<String>,
) -> (String, String) {
    let parts: Vec<&str> = operation.path.trim_matches('/').split('/').collect();
    let is_parameter = |part: &&&str| part.starts_with('{');
    let last = parts.last().copied().unwrap_or_default();
    let named = parts
        .iter()
        .rev()
        .find(|it| !is_parameter(it))
        .copied()
        .unwrap_or("root");
    let resource = snake(named);
    let is_item = last.starts_with('{');
    let below = |path: &String| path.starts_with(&format!("{}/{{", operation.path));
    let is_collection = paths.iter().any(below);
    let verb = match (operation.method, is_item) {
        ("get", true) => "get",
        ("get", false) if is_collection || is_list(source, operation) => "list",
        ("get", false) => "get",
        ("head", true) => "check",
        ("head", false) => "check_list",
        ("put", _) => "replace",
        ("patch", _) => "update",
        ("delete", false)
            if is_collection || reads.contains(&operation.path) && is_plural(&resource) =>
        {
            "delete_many"
        }
        ("delete", _) => "delete",
        // What nothing reads is done to what stands before it.
        (_, false) if parts.len() > 1 && !is_collection && !reads.contains(&operation.path) => {
            let before = &parts[..parts.len() - 1];
            let owner = before.iter().rev().find(|it| !is_parameter(it)).copied();
            return match owner.filter(|_| before.last().is_some_and(|it| it.starts_with('{'))) {
                Some(owner) => (snake(owner), snake(last)),
                None => (resource, "create".to_owned()),
            };
        }
        _ => "create",
    };
    (resource, verb.to_owned())
}

fn is_plural(name: &str) -> bool {
    singular(name) != name
}

/// Whether an answer is an array, or an object that holds one.
fn is_list(source: &Node, operation: &Operation<'_>) -> bool {
    let answers = operation.node.get("responses").and_then(Node::as_map);
    let good = answers
        .into_iter()
        .flatten()
        .filter(|(status, _)| status.starts_with('2'));
    let schema = good
        .filter_map(|(_, answer)| json(resolved(source, answer)?))
        .next();
    let Some(schema) = schema.and_then(|it| resolved(source, it)) else {
        return false;
    };
    let is_array = |it: &Node| it.text_at("type") == Some("array");
    let mut properties = schema
        .get("properties")
        .and_then(Node::as_map)
        .into_iter()
        .flatten();
    is_array(schema)
        || properties.any(|(_, it)| is_array(it)) && is_plural(last_name(&operation.path))
}

fn last_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// The resource whose records a parameter of the path names: what stands before it.
fn owner(path: &str, parameter: &str) -> Option<String> {
    let (before, _) = path.split_once(&format!("/{{{parameter}}}"))?;
    let name = last_name(before);
    (!name.is_empty() && !name.starts_with('{')).then(|| snake(name))
}

/// One of what stands before the parameter before the last name.
fn parent(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let mut names = parts.iter().rev().filter(|it| !it.starts_with('{'));
    names.next()?;
    names.next().map(|it| singular(&snake(it)))
}
