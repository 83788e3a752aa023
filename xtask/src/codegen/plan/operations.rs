//! Plans the method of each operation: its arguments, what it sends, and what it gives.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, bail, ensure};

use super::schemas::remarks;
use super::usage::{is_model, is_partial, resolve};
use super::{Answer, Argument, Method, Options, Parameter, Place, Planner, Rust, Spot, Type};
use crate::check::openapi::document::{self, Kind, Operation, Schema};
use crate::codegen::exceptions::Style;
use crate::codegen::names::{camel, is_identifier, pascal, singular, snake};

/// The header that makes a second try harmless.
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// Operations of these verbs are named after the whole collection.
const OF_ALL: &[&str] = &[
    "check_list",
    "count",
    "delete_many",
    "export",
    "import",
    "list",
    "query",
    "search",
];

/// Setters that every call has.
const OPTIONS: &[&str] = &[
    "into_call",
    "page_size",
    "query",
    "send",
    "stream",
    "with_deadline",
    "with_idempotency_key",
    "with_idempotent",
    "with_prefetch",
    "with_timeout",
];

impl<'a> Planner<'a> {
    /// Plans one operation.
    pub(super) fn operation(
        &mut self,
        area: usize,
        verb: document::Method,
        path: &str,
        operation: &Operation,
    ) -> Result<()> {
        let action = operation.id.rsplit('.').next().unwrap_or_default();
        ensure!(is_identifier(action), "`{action}` can't be a method's name");
        let tag = operation.tags.first().context("no tag")?;
        let document = self.areas[area].document;
        let resource = document
            .tags
            .iter()
            .position(|it| it.name == *tag)
            .context("no such tag")?;
        let of = if OF_ALL.contains(&action) {
            tag.clone()
        } else {
            singular(tag)
        };
        let name = format!("{}{}", pascal(action), pascal(&of));
        let spot = Spot {
            area,
            resource,
            name: pascal(&singular(tag)),
            action: pascal(action.split('_').next().unwrap_or_default()),
            owner: None,
            any_case: false,
        };
        let mut arguments = self.path_arguments(&spot, path, operation)?;
        let mut parameters = Vec::new();
        let style = self.style(operation)?;
        let is_paging = |key: &String| {
            style.is_some_and(|it| it.size.as_ref() == Some(key) || it.drop.contains(key))
        };
        for parameter in &operation.parameters {
            let key = &parameter.name;
            match parameter.place {
                document::Place::Path => {}
                document::Place::Header
                    if key == IDEMPOTENCY_KEY && operation.idempotency_key.0 => {}
                document::Place::Header => bail!("no rule for the header `{key}`"),
                document::Place::Query if is_paging(key) => {}
                document::Place::Query => {
                    let rust = self.query(&spot, parameter)?;
                    let rust_name = self.field_name(&spot.name, key)?;
                    if parameter.required.0 {
                        let place = if arguments.iter().any(|it| it.name == rust_name) {
                            // The path has the same value already.
                            Place::Again(key.clone())
                        } else {
                            Place::Query(key.clone())
                        };
                        arguments.push(Argument {
                            name: rust_name,
                            rust,
                            place,
                        });
                    } else {
                        ensure!(
                            !OPTIONS.contains(&rust_name.as_str()),
                            "`{rust_name}` is an option of every call: name `{key}` below `fields` of plan.toml"
                        );
                        let mut docs: Vec<_> = parameter.description.iter().cloned().collect();
                        docs.extend(super::schemas::docs(&parameter.schema));
                        parameters.push(Parameter {
                            name: rust_name,
                            rust,
                            key: key.clone(),
                            docs,
                        });
                    }
                }
            }
        }
        let answer = self.answer(&spot, &name, verb, operation)?;
        arguments.extend(self.body(&spot, &name, verb, operation)?);
        let options = if parameters.is_empty() {
            None
        } else {
            let name = self.type_name(&document.area, &name);
            self.areas[area].take(&name, &format!("the parameters of {}", operation.id))?;
            Some(Options { name, parameters })
        };
        let method = Method {
            id: operation.id.clone(),
            state: super::schemas::state(operation.inferred.0, false),
            name: action.to_owned(),
            docs: method_docs(verb, path, operation),
            verb: verb_name(verb),
            path: path.to_owned(),
            arguments,
            idempotency_key: operation.idempotency_key.0,
            replay: self.exceptions.is_replayed(&operation.id),
            answer,
            options,
        };
        let methods = &mut self.areas[area].resources[resource].methods;
        ensure!(
            methods.iter().all(|it| it.name != method.name),
            "{tag} has two methods `{action}`"
        );
        methods.push(method);
        Ok(())
    }

    /// One argument for each part of the path in braces, in the order of the path.
    fn path_arguments(
        &mut self,
        spot: &Spot,
        path: &str,
        operation: &Operation,
    ) -> Result<Vec<Argument>> {
        let mut arguments = Vec::new();
        for part in path.split('{').skip(1) {
            let key = part.split('}').next().unwrap_or_default();
            let parameter = operation
                .parameters
                .iter()
                .find(|it| it.name == key && it.place == document::Place::Path);
            let parameter = parameter.with_context(|| format!("`{{{key}}}` is no parameter"))?;
            let rust = self.parameter_type(spot, key, &parameter.schema)?;
            let name = self.field_name(&spot.name, key)?;
            arguments.push(Argument {
                name,
                rust,
                place: Place::Path(key.to_owned()),
            });
        }
        Ok(arguments)
    }

    /// The type of a query parameter.
    fn query(&mut self, spot: &Spot, parameter: &document::Parameter) -> Result<Rust> {
        let rust = self.parameter_type(spot, &parameter.name, &parameter.schema)?;
        let is_joined = parameter.explode == Some(false);
        Ok(match rust.text.strip_prefix("Vec<") {
            Some(inner) if is_joined => {
                let mut joined = rust.clone();
                joined.text = format!("Joined<{inner}");
                joined.uses.insert("auth_core::Joined".to_owned());
                joined
            }
            _ => rust,
        })
    }

    /// The type of a parameter. An enum that a model of the same resource has as well is that of the model.
    fn parameter_type(&mut self, spot: &Spot, key: &str, schema: &Schema) -> Result<Rust> {
        let listed = schema.items.as_deref().unwrap_or(schema);
        if self.is_text(&spot.name, key, listed)? {
            let rust = Rust::plain("String");
            return Ok(if schema.items.is_some() {
                rust.inside("Vec")
            } else {
                rust
            });
        }
        if let Some(values) = super::schemas::values(listed) {
            let key = if schema.items.is_some() {
                singular(&snake(key))
            } else {
                snake(key)
            };
            let suffix = pascal(&key);
            let types = &self.areas[spot.area].resources[spot.resource].types;
            let is_same = |it: &&Type| matches!(it, Type::Names(names) if names.values == values && names.name.ends_with(&suffix));
            if let Some(same) = types.iter().find(is_same) {
                let rust = Rust::of("super", same.name());
                return Ok(if schema.items.is_some() {
                    rust.inside("Vec")
                } else {
                    rust
                });
            }
        }
        self.rust(&spot.member(key), schema)
    }

    /// What a method gives.
    fn answer(
        &mut self,
        spot: &Spot,
        name: &str,
        verb: document::Method,
        operation: &Operation,
    ) -> Result<Answer> {
        if verb == document::Method::Head {
            return Ok(Answer::Exists);
        }
        let media = operation
            .responses
            .values()
            .find_map(|it| it.content.iter().next());
        let Some((kind, media)) = media else {
            return Ok(Answer::Empty);
        };
        if kind != "application/json" {
            return Ok(Answer::Download);
        }
        let schema = &media.schema;
        if let Some(style) = self.style(operation)? {
            return self.list(spot, name, operation, schema, style);
        }
        let (keys, schema) = self.unwrap(schema);
        let mut spot = spot.clone();
        spot.name = if schema.properties.is_empty() {
            spot.name
        } else {
            format!("{name}Answer")
        };
        let mut rust = self.rust(&spot, schema)?;
        if schema.kind.has(Kind::Null) {
            rust = rust.inside("Option");
        }
        Ok(Answer::Model { rust, keys })
    }

    /// The keys that lead to the only thing that an object holds, and its schema.
    fn unwrap<'s>(&self, schema: &'s Schema) -> (Vec<String>, &'s Schema) {
        let mut keys = Vec::new();
        let mut schema = schema;
        while schema.reference.is_none() {
            let told = schema.properties.iter();
            let told: Vec<_> = told
                .filter(|(key, _)| !self.exceptions.is_envelope(key))
                .collect();
            let [(key, only)] = told.as_slice() else {
                break;
            };
            keys.push((*key).clone());
            schema = only;
        }
        (keys, schema)
    }

    fn style(&self, operation: &Operation) -> Result<Option<&'a Style>> {
        let Some(paging) = &operation.paging else {
            return Ok(None);
        };
        let style = self.exceptions.style(&paging.style);
        let style = style.with_context(|| format!("plan.toml has no paging `{}`", paging.style))?;
        Ok(Some(style))
    }

    /// A list: its items, and its paging as a constant.
    fn list(
        &self,
        spot: &Spot,
        name: &str,
        operation: &Operation,
        schema: &Schema,
        style: &Style,
    ) -> Result<Answer> {
        let key = operation.paging.as_ref().and_then(|it| it.items.as_deref());
        let told = key.map(|key| format!("/{key}"));
        let mut pointers: Vec<String> = told.iter().cloned().collect();
        if style.items_like_resource {
            let tag = operation.tags.first().map_or("", String::as_str);
            pointers.push(format!("/{}", camel(tag)));
        }
        pointers.extend(style.items.iter().cloned());
        let mut seen = BTreeSet::new();
        pointers.retain(|it| seen.insert(it.clone()));
        let schema = match &schema.reference {
            Some(reference) => resolve(self.documents, self.areas[spot.area].file, reference)?.2,
            None => schema,
        };
        let list = match pointers.first() {
            Some(pointer) if schema.items.is_none() => {
                let key = pointer.trim_start_matches('/');
                schema
                    .properties
                    .get(key)
                    .with_context(|| format!("the answer has no `{key}`"))?
            }
            _ => schema,
        };
        let item = list.items.as_deref().context("the answer has no list")?;
        let item_schema = match &item.reference {
            Some(reference) => resolve(self.documents, self.areas[spot.area].file, reference)?.2,
            None => item,
        };
        ensure!(
            item.reference.is_some() || !is_model(item),
            "items of lists need a schema of their own below `components`"
        );
        let reference = item
            .reference
            .as_deref()
            .context("items of lists need a schema of their own below `components`")?;
        let (file, model, _) = resolve(self.documents, self.areas[spot.area].file, reference)?;
        let area = &self.documents[&file].area;
        let rust_name = self.type_name(area, &model);
        let item = if file == self.areas[spot.area].file {
            Rust::of("super", &rust_name)
        } else {
            Rust::plain(&format!("crate::{area}::{rust_name}"))
        };
        let named = operation
            .paging
            .as_ref()
            .and_then(|it| it.identity.as_deref());
        if let Some(named) = named {
            ensure!(
                item_schema.properties.contains_key(named),
                "`x-paging` names the identity `{named}`, which {model} has not"
            );
        }
        let found = item_schema.properties.iter().find(|(key, it)| {
            let is_id = matches!(key.as_str(), "id" | "_id");
            it.id.is_some() && (is_id || it.id.as_deref() == Some(model.as_str()))
        });
        let identity = named.or(found.map(|(key, _)| key.as_str()));
        Ok(Answer::List {
            item,
            constant: snake(name).to_uppercase(),
            paging: super::paging::paging(
                operation,
                style,
                &pointers,
                identity,
                schema.items.is_some(),
            ),
        })
    }

    /// The arguments that make the body.
    fn body(
        &mut self,
        spot: &Spot,
        name: &str,
        verb: document::Method,
        operation: &Operation,
    ) -> Result<Option<Argument>> {
        let media = operation
            .request_body
            .as_ref()
            .and_then(|it| it.content.iter().next());
        let Some((kind, media)) = media else {
            return Ok(None);
        };
        ensure!(
            operation
                .request_body
                .as_ref()
                .is_some_and(|it| it.required.0),
            "no rule for a body that may be left out: say `required: true`, or leave it out"
        );
        if kind == "multipart/form-data" {
            let field = media.schema.properties.keys().next().context("no part")?;
            ensure!(
                media.schema.properties.len() == 1,
                "no rule for several parts"
            );
            return Ok(Some(Argument {
                name: "file".to_owned(),
                rust: Rust::of("auth_core", "Upload"),
                place: Place::File(field.clone()),
            }));
        }
        let mut keys = Vec::new();
        let mut schema = &media.schema;
        while schema.reference.is_none() && schema.properties.len() == 1 {
            let (key, only) = schema.properties.first().context("one member")?;
            keys.push(key.clone());
            schema = only;
        }
        let is_update = matches!(verb, document::Method::Patch | document::Method::Put);
        let rust = if let Some(reference) = schema.reference.as_deref() {
            let rust = self.rust(spot, schema)?;
            if is_update {
                self.update_form(spot, reference, rust)?
            } else {
                rust
            }
        } else if !schema.properties.is_empty() {
            let name = format!("{name}Body");
            let name = self.type_name(&self.areas[spot.area].document.area.clone(), &name);
            self.areas[spot.area].take(&name, "a body without a name")?;
            let mut spot = spot.clone();
            spot.name.clone_from(&name);
            let mut model = self.model(&spot, &name, schema)?;
            model.docs = vec![format!("What `{}` sends.", operation.id)];
            if is_update {
                model = super::forms::update(model, is_partial(verb, operation));
            }
            self.add(&spot, Type::Model(model));
            Rust::of("super", &name)
        } else {
            self.rust(spot, schema)?
        };
        // Alone below its key, a value is called after it.
        let name = match keys.last() {
            Some(key) if schema.reference.is_none() && schema.properties.is_empty() => {
                self.field_name(&spot.name, key)?
            }
            _ => "body".to_owned(),
        };
        Ok(Some(Argument {
            name,
            rust,
            place: Place::Body(keys),
        }))
    }

    /// The form that updates take of what `reference` leads to.
    fn update_form(&self, spot: &Spot, reference: &str, rust: Rust) -> Result<Rust> {
        let own = self.areas[spot.area].file;
        let (file, name, schema) = resolve(self.documents, own, reference)?;
        if !is_model(schema) || !self.usage.is_whole(&file, &name) {
            return Ok(rust);
        }
        ensure!(
            file == own,
            "{file} has the model that is updated: an update needs a model of its own document"
        );
        let update = self.update_name(
            spot.area,
            &self.type_name(&self.documents[&file].area, &name),
        );
        Ok(Rust {
            uses: [format!("super::{update}")].into(),
            text: update,
        })
    }
}

fn verb_name(verb: document::Method) -> &'static str {
    match verb {
        document::Method::Get => "GET",
        document::Method::Head => "HEAD",
        document::Method::Post => "POST",
        document::Method::Put => "PUT",
        document::Method::Patch => "PATCH",
        document::Method::Delete => "DELETE",
    }
}

/// What is said of a method.
fn method_docs(verb: document::Method, path: &str, operation: &Operation) -> Vec<String> {
    let mut docs = vec![format!("{}.", operation.summary)];
    docs.extend(operation.description.clone());
    let source = &operation.external_docs;
    let page = source.description.as_deref().unwrap_or("source");
    docs.push(format!(
        "`{} {path}` [{page}]({})",
        verb_name(verb),
        source.url
    ));
    let (is_inferred, note) = (operation.inferred.0, operation.inferred_note.as_deref());
    docs.extend(remarks(is_inferred, note, operation.older.0));
    docs
}
