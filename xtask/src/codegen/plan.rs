//! Decides what Rust has for each thing of the documents: names, types, places. The only room that knows exceptions.

mod forms;
mod operations;
mod paging;
mod schemas;
mod usage;
mod webhooks;

pub(crate) use self::schemas::is_words;

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, bail, ensure};

use super::exceptions::Exceptions;
use super::names::{is_identifier, pascal, snake};
use crate::check::openapi::document::Document;
use usage::Usage;

/// All documents of one provider, by file name.
pub(super) type Documents = BTreeMap<String, Document>;

/// The typed layer of one provider.
#[derive(Debug)]
pub(super) struct Layer {
    pub(super) areas: Vec<Area>,
    /// Every id of the provider with the resource that it names.
    pub(super) ids: BTreeSet<String>,
}

impl Layer {
    /// How many operations there are.
    pub(super) fn operations(&self) -> usize {
        let resources = self.areas.iter().flat_map(|area| &area.resources);
        resources.map(|resource| resource.methods.len()).sum()
    }
}

/// One document: a module, a feature and an accessor of the client.
#[derive(Debug)]
pub(super) struct Area {
    pub(super) name: String,
    pub(super) file: String,
    pub(super) title: String,
    pub(super) version: String,
    pub(super) description: String,
    pub(super) resources: Vec<Resource>,
    /// The areas whose models this one uses.
    pub(super) needs: BTreeSet<String>,
    /// The ids that its models and calls use.
    pub(super) ids: BTreeSet<String>,
    pub(super) webhooks: Vec<Webhook>,
}

/// What a vendor sends to an address of the integrator.
#[derive(Debug)]
pub(super) struct Webhook {
    pub(super) name: String,
    pub(super) body: Rust,
    /// The enum that tells it from others, and its variant there.
    pub(super) variant: Option<(String, String)>,
}

/// One tag of a document: a file with its calls and the models that live with them.
#[derive(Debug)]
pub(super) struct Resource {
    pub(super) name: String,
    /// Its module.
    pub(super) module: String,
    pub(super) handle: String,
    pub(super) description: Option<String>,
    pub(super) methods: Vec<Method>,
    pub(super) types: Vec<Type>,
}

/// One operation.
#[derive(Debug)]
pub(super) struct Method {
    pub(super) id: String,
    pub(super) state: State,
    pub(super) name: String,
    pub(super) docs: Vec<String>,
    pub(super) verb: &'static str,
    pub(super) path: String,
    pub(super) arguments: Vec<Argument>,
    /// Whether each try carries the same fresh `Idempotency-Key`.
    pub(super) idempotency_key: bool,
    /// Whether a 401 renews the token and sends the call once more.
    pub(super) replay: bool,
    pub(super) answer: Answer,
    /// The type that takes its optional parameters.
    pub(super) options: Option<Options>,
}

/// What a method is given.
#[derive(Debug)]
pub(super) struct Argument {
    pub(super) name: String,
    pub(super) rust: Rust,
    pub(super) place: Place,
}

/// Where an argument goes.
#[derive(Debug)]
pub(super) enum Place {
    /// In the query what another argument has brought into the path.
    Again(String),
    Path(String),
    Query(String),
    /// Below these keys, from the outside in; none for the whole body.
    Body(Vec<String>),
    File(String),
}

/// What a method gives.
#[derive(Debug)]
pub(super) enum Answer {
    Download,
    Empty,
    Exists,
    List {
        item: Rust,
        constant: String,
        paging: Vec<String>,
    },
    /// What stands below these keys, from the outside in.
    Model {
        rust: Rust,
        keys: Vec<String>,
    },
}

/// A method's optional parameters.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) name: String,
    pub(super) parameters: Vec<Parameter>,
}

#[derive(Debug)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) rust: Rust,
    pub(super) key: String,
    pub(super) docs: Vec<String>,
}

/// A type that a resource's file defines.
#[derive(Debug)]
pub(super) enum Type {
    Events(Events),
    Model(Model),
    Names(Names),
}

impl Type {
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Events(events) => &events.name,
            Self::Model(model) => &model.name,
            Self::Names(names) => &names.name,
        }
    }
}

#[derive(Debug)]
pub(super) struct Model {
    pub(super) name: String,
    pub(super) docs: Vec<String>,
    pub(super) any_case: bool,
    /// The model whose update this is.
    pub(super) from: Option<String>,
    pub(super) required: Vec<Field>,
    pub(super) optional: Vec<Field>,
    pub(super) read_only: Vec<Field>,
    /// Where its schema stands, as `file#Name`; none for what has no schema of its own.
    pub(super) schema: Option<String>,
    /// How much of it is documented.
    pub(super) state: State,
}

/// How much the vendor's pages say of something.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum State {
    Complete,
    Inferred,
    Open,
}

#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) rust: Rust,
    pub(super) key: String,
    pub(super) also: Vec<String>,
    pub(super) docs: Vec<String>,
}

/// The bodies that a vendor sends to an address of the integrator, told apart by a member.
#[derive(Debug)]
pub(super) struct Events {
    pub(super) name: String,
    /// The names of that member.
    pub(super) keys: Vec<String>,
    pub(super) events: Vec<Event>,
}

#[derive(Debug)]
pub(super) struct Event {
    pub(super) variant: String,
    pub(super) docs: Vec<String>,
    pub(super) rust: Rust,
    pub(super) values: Vec<String>,
}

/// An enum.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) name: String,
    pub(super) docs: Vec<String>,
    pub(super) values: Vec<Value>,
}

/// One documented value: its variant, and its text and number on the wire.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Value {
    pub(super) variant: String,
    pub(super) text: String,
    pub(super) number: Option<i64>,
}

/// A type as it stands in code, and what has to be imported for it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Rust {
    pub(super) text: String,
    pub(super) uses: BTreeSet<String>,
}

impl Rust {
    /// A type that needs no import.
    fn plain(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            uses: BTreeSet::new(),
        }
    }

    /// A type that is imported from `module`.
    fn of(module: &str, name: &str) -> Self {
        Self {
            text: name.to_owned(),
            uses: BTreeSet::from([format!("{module}::{name}")]),
        }
    }

    /// The type as the argument of `outer`, which needs no import.
    fn inside(mut self, outer: &str) -> Self {
        self.text = format!("{outer}<{}>", self.text);
        self
    }

    /// The type as the argument of `outer` of the `model` room.
    fn inside_model(self, outer: &str) -> Self {
        let mut inside = self.inside(outer);
        inside.uses.insert(format!("{MODEL}::{outer}"));
        inside
    }
}

/// The module of values and models.
const MODEL: &str = "auth_core::model";

/// Names that generated files use for something else.
const RESERVED: &[&str] = &[
    "ApiClient",
    "Area",
    "BTreeMap",
    "Base64Text",
    "Box",
    "Change",
    "Download",
    "Into",
    "Joined",
    "List",
    "Method",
    "Money",
    "Option",
    "Paging",
    "Request",
    "Result",
    "Scalar",
    "Secret",
    "String",
    "Time",
    "Upload",
    "Value",
    "Vec",
    "Verbatim",
];

/// Plans the typed layer of a provider.
pub(super) fn plan(documents: &Documents, exceptions: &Exceptions) -> Result<Layer> {
    let usage = Usage::of(documents)?;
    let mut planner = Planner {
        documents,
        exceptions,
        usage: &usage,
        ids: BTreeSet::new(),
        areas: Vec::new(),
    };
    for (file, document) in documents {
        let area = Draft::new(&planner, file, document)?;
        planner.areas.push(area);
    }
    for index in 0..planner.areas.len() {
        let file = planner.areas[index].file;
        planner.plan_area(index).with_context(|| file.to_owned())?;
    }
    let unused = exceptions.unused();
    ensure!(
        unused.is_empty(),
        "plan.toml has what nothing asks for: remove it or mend its name:\n  - {}",
        unused.join("\n  - ")
    );
    let ids = planner.ids;
    let areas = planner.areas.into_iter().map(Draft::finish);
    Ok(Layer {
        areas: areas.collect::<Result<_>>()?,
        ids,
    })
}

/// What is being planned.
struct Planner<'a> {
    documents: &'a Documents,
    exceptions: &'a Exceptions,
    usage: &'a Usage,
    ids: BTreeSet<String>,
    areas: Vec<Draft<'a>>,
}

/// An area that is being planned.
struct Draft<'a> {
    file: &'a str,
    document: &'a Document,
    resources: Vec<Resource>,
    needs: BTreeSet<String>,
    ids: BTreeSet<String>,
    webhooks: Vec<Webhook>,
    /// Names of types that are taken, with what took them.
    taken: BTreeMap<String, String>,
}

/// Where a type is planned: the file that gets what has no name in the documents, and what to call it.
#[derive(Clone, Debug)]
struct Spot {
    area: usize,
    resource: usize,
    /// The name that a nameless type would get.
    name: String,
    /// What stands before the name where another type has it already.
    action: String,
    /// The component schema that directly holds the value, for models that hold themselves.
    owner: Option<String>,
    /// Whether names are read without regard to case.
    any_case: bool,
}

impl Spot {
    /// The spot of a member.
    fn member(&self, key: &str) -> Self {
        let mut spot = self.clone();
        spot.name = format!("{}{}", self.name, pascal(key));
        spot
    }
}

impl<'a> Draft<'a> {
    fn new(planner: &Planner<'a>, file: &'a str, document: &'a Document) -> Result<Self> {
        let mut draft = Self {
            file,
            document,
            resources: Vec::new(),
            needs: BTreeSet::new(),
            ids: BTreeSet::new(),
            webhooks: Vec::new(),
            taken: BTreeMap::new(),
        };
        for name in document.components.schemas.keys() {
            let rust = planner.type_name(&document.area, name);
            draft.take(&rust, &format!("schema {name}"))?;
        }
        for tag in &document.tags {
            let mut handle = pascal(&tag.name);
            if draft.taken.contains_key(&handle) {
                handle.push_str("Resource");
            }
            let handle = planner.type_name(&document.area, &handle);
            draft.take(&handle, &format!("resource {}", tag.name))?;
            // A module that is called like the one around it would confuse.
            let is_double = tag.name == document.area;
            draft.resources.push(Resource {
                name: tag.name.clone(),
                module: if is_double {
                    "base".to_owned()
                } else {
                    tag.name.clone()
                },
                handle,
                description: tag.description.clone(),
                methods: Vec::new(),
                types: Vec::new(),
            });
        }
        Ok(draft)
    }

    /// Reserves a name in the area.
    fn take(&mut self, name: &str, by: &str) -> Result<()> {
        ensure!(
            is_identifier(name)
                && name.starts_with(|it: char| it.is_ascii_uppercase())
                && !name.contains('_'),
            "{}: {by} can't be called `{name}`: name it below `types` of plan.toml",
            self.file
        );
        ensure!(
            !RESERVED.contains(&name),
            "{}: `{name}` means something else in generated files: rename {by} below `types` of plan.toml",
            self.file
        );
        if let Some(other) = self.taken.insert(name.to_owned(), by.to_owned()) {
            bail!(
                "{}: both {other} and {by} would be called `{name}`: rename one below `types` of plan.toml",
                self.file
            );
        }
        Ok(())
    }

    fn finish(self) -> Result<Area> {
        let document = self.document;
        let resources = self.resources.into_iter();
        let resources = resources.filter(|it| !it.methods.is_empty() || !it.types.is_empty());
        Ok(Area {
            name: document.area.clone(),
            file: self.file.to_owned(),
            title: document.info.title.clone(),
            version: document.info.version.clone(),
            description: document.info.description.clone(),
            resources: resources.collect(),
            needs: self.needs,
            ids: self.ids,
            webhooks: self.webhooks,
        })
    }
}

impl Planner<'_> {
    fn plan_area(&mut self, area: usize) -> Result<()> {
        let document = self.areas[area].document;
        let file = self.areas[area].file;
        for (name, schema) in &document.components.schemas {
            let home = self.usage.home(file, name);
            self.component(area, home, name, schema)
                .with_context(|| format!("schema {name}"))?;
        }
        self.webhooks(area).context("webhooks")?;
        for (verb, path, operation) in document.operations() {
            self.operation(area, verb, path, operation)
                .with_context(|| format!("operation {}", operation.id))?;
        }
        Ok(())
    }

    /// The name of a type, renamed if the exceptions say so.
    fn type_name(&self, area: &str, name: &str) -> String {
        self.exceptions
            .type_name(area, name)
            .unwrap_or(name)
            .to_owned()
    }

    /// The name of the member `key` of `owner`.
    fn field_name(&self, owner: &str, key: &str) -> Result<String> {
        let renamed = self.exceptions.field(owner, key).map(str::to_owned);
        let name = renamed.unwrap_or_else(|| snake(key));
        ensure!(
            is_identifier(&name) && name == snake(&name) && name != "unknown",
            "`{owner}.{key}` can't be called `{name}`: name it below `fields` of plan.toml"
        );
        Ok(name)
    }

    /// Puts a type into the file of a resource.
    fn add(&mut self, spot: &Spot, item: Type) {
        self.areas[spot.area].resources[spot.resource]
            .types
            .push(item);
    }
}
