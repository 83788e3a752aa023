//! Finds the Rust type of each schema, and plans the types that have to be made for it.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value as Json;

use super::usage::is_model;
use super::{Field, MODEL, Model, Names, Planner, Rust, Spot, State, Type, Value};
use crate::check::openapi::document::{Kind, Schema};
use crate::codegen::names::{is_identifier, pascal, singular, snake};

impl Planner<'_> {
    /// Plans what a component schema becomes.
    pub(super) fn component(
        &mut self,
        area: usize,
        resource: usize,
        name: &str,
        schema: &Schema,
    ) -> Result<()> {
        let file = self.areas[area].file;
        let rust = self.type_name(&self.areas[area].document.area, name);
        let spot = Spot {
            area,
            resource,
            name: rust.clone(),
            action: String::new(),
            owner: Some(name.to_owned()),
            any_case: self.usage.is_brought(file, name),
        };
        if !is_model(schema) {
            if let Some(values) = values(schema) {
                let docs = self.type_docs(name, schema);
                self.add(
                    &spot,
                    Type::Names(Names {
                        name: rust,
                        docs,
                        values,
                    }),
                );
            }
            return Ok(());
        }
        if self.usage.is_envelope(file, name) {
            return Ok(());
        }
        let update = self.usage.update(file, name);
        let is_whole = self.usage.is_whole(file, name);
        let mut model = self.model(&spot, name, schema)?;
        model.schema = Some(format!("{file}#{name}"));
        match update {
            Some(keeps) if !is_whole => {
                self.add(&spot, Type::Model(super::forms::update(model, keeps)))
            }
            Some(keeps) => {
                let update = self.update_name(area, &rust);
                self.areas[area].take(&update, &format!("the update of {name}"))?;
                let mut form = super::forms::update(self.model_again(&model), keeps);
                form.docs = form_docs(&rust, keeps);
                form.name = update;
                if self.exceptions.is_masked(name) {
                    form.docs.push(MASKED.to_owned());
                } else {
                    form.from = Some(rust);
                }
                self.add(&spot, Type::Model(model));
                self.add(&spot, Type::Model(form));
            }
            None => self.add(&spot, Type::Model(model)),
        }
        Ok(())
    }

    /// The name of the form that updates take of a model.
    pub(super) fn update_name(&self, area: usize, model: &str) -> String {
        let base = model.strip_suffix("Input").unwrap_or(model);
        self.type_name(&self.areas[area].document.area, &format!("{base}Update"))
    }

    /// The same fields once more; types that were made for them are shared.
    fn model_again(&self, model: &Model) -> Model {
        Model {
            name: model.name.clone(),
            docs: Vec::new(),
            any_case: model.any_case,
            from: None,
            required: model.required.clone(),
            optional: model.optional.clone(),
            read_only: model.read_only.clone(),
            schema: model.schema.clone(),
            state: model.state,
        }
    }

    /// A model with the members of `schema`.
    pub(super) fn model(&mut self, spot: &Spot, name: &str, schema: &Schema) -> Result<Model> {
        let mut model = Model {
            name: spot.name.clone(),
            docs: self.type_docs(name, schema),
            any_case: spot.any_case,
            from: None,
            required: Vec::new(),
            optional: Vec::new(),
            read_only: Vec::new(),
            schema: None,
            state: state(schema.inferred.0, schema.open.0),
        };
        for key in &schema.required {
            ensure!(
                schema.properties.contains_key(key),
                "`{key}` is required and not there"
            );
        }
        // The order of `required` is that of the arguments of `new`.
        let first = schema
            .required
            .iter()
            .filter_map(|key| schema.properties.get_key_value(key));
        let rest = schema
            .properties
            .iter()
            .filter(|(key, _)| !schema.required.contains(key));
        for (key, member) in first.chain(rest) {
            let is_required = schema.required.contains(key);
            let field = self.field(spot, name, key, member)?;
            let is_nullable = member.kind.has(Kind::Null);
            let group = match (is_required, member.read_only.0) {
                (true, false) => &mut model.required,
                (_, true) => &mut model.read_only,
                (false, false) => &mut model.optional,
            };
            let mut field = field;
            if is_nullable || !is_required || member.read_only.0 {
                field.rust = field.rust.inside("Option");
            }
            group.push(field);
        }
        let fields = [&model.required, &model.optional, &model.read_only];
        let mut names: Vec<_> = fields.into_iter().flatten().map(|it| &it.name).collect();
        names.sort();
        for pair in names.windows(2) {
            ensure!(
                pair[0] != pair[1],
                "two fields would be called `{}`: name one below `fields` of plan.toml",
                pair[0]
            );
        }
        Ok(model)
    }

    fn field(&mut self, spot: &Spot, owner: &str, key: &str, schema: &Schema) -> Result<Field> {
        let name = self.field_name(owner, key)?;
        let listed = schema.items.as_deref().unwrap_or(schema);
        let mut rust = if schema.reference.is_none() && self.is_text(owner, key, listed)? {
            let rust = Rust::plain("String");
            if schema.items.is_some() {
                rust.inside("Vec")
            } else {
                rust
            }
        } else {
            self.rust(&spot.member(key), schema)
                .with_context(|| format!("member {key}"))?
        };
        if rust.text == "String" && self.exceptions.is_secret(owner, key) {
            rust = Rust::of("auth_core", "Secret");
        }
        let has_both = |values: &[Json]| {
            values.iter().any(Json::is_number) && values.iter().any(Json::is_string)
        };
        if schema.values.as_deref().is_some_and(has_both) {
            // The form in which it came is kept.
            rust = rust.inside_model("Verbatim");
        }
        Ok(Field {
            name,
            rust,
            key: key.to_owned(),
            also: schema.also.clone(),
            docs: docs(schema),
        })
    }

    /// Whether the texts that a schema lists stay texts. What is no list of words has to be named among the exceptions, so
    /// that no enum is lost by a slip.
    pub(super) fn is_text(&self, owner: &str, key: &str, schema: &Schema) -> Result<bool> {
        let texts = schema
            .values
            .iter()
            .flatten()
            .filter(|it| it.is_string())
            .count();
        if texts == 0 {
            return Ok(false);
        }
        let is_text = self.exceptions.is_text(owner, key);
        ensure!(
            is_text || values(schema).is_some(),
            "the values of `{owner}.{key}` are no words, or two are the same word: list it below `texts` of plan.toml"
        );
        Ok(is_text)
    }

    /// The type of a value.
    pub(super) fn rust(&mut self, spot: &Spot, schema: &Schema) -> Result<Rust> {
        if let Some(reference) = &schema.reference {
            return self.referred(spot, reference);
        }
        if let Some(id) = &schema.id {
            self.ids.insert(id.clone());
            self.areas[spot.area].ids.insert(id.clone());
            return Ok(Rust::of("crate::ids", &format!("{id}Id")));
        }
        if schema.money.0 {
            return Ok(Rust::of(MODEL, "Money"));
        }
        if let Some(values) = values(schema) {
            return self.named_values(spot, schema, values);
        }
        let kinds: Vec<Kind> = schema
            .kind
            .0
            .iter()
            .copied()
            .filter(|kind| *kind != Kind::Null)
            .collect();
        Ok(match kinds.as_slice() {
            [Kind::Array] => {
                let items = schema.items.as_deref().context("a list without `items`")?;
                let mut one = spot.clone();
                one.name = pascal(&singular(&snake(&spot.name)));
                one.owner = None;
                self.rust(&one, items)?.inside("Vec")
            }
            [Kind::Boolean] => Rust::plain("bool"),
            [Kind::Integer] => Rust::plain("i64"),
            [Kind::Number] => Rust::plain("f64"),
            [Kind::String] => text(schema),
            [Kind::Object] if !schema.properties.is_empty() => {
                let mut spot = spot.clone();
                spot.name = self.type_name(&self.areas[spot.area].document.area, &spot.name);
                let name = spot.name.clone();
                self.areas[spot.area].take(&name, "a nameless object")?;
                let model = self.model(&spot, &name, schema)?;
                self.add(&spot, Type::Model(model));
                Rust::of("super", &name)
            }
            [_, _, ..] if !kinds.contains(&Kind::Array) && !kinds.contains(&Kind::Object) => {
                Rust::of(MODEL, "Scalar")
            }
            // Nothing is known of it, or it has several shapes.
            _ => Rust::of(MODEL, "Value"),
        })
    }

    /// The type of what a reference leads to.
    fn referred(&mut self, spot: &Spot, reference: &str) -> Result<Rust> {
        let own = self.areas[spot.area].file;
        let (file, name, schema) = super::usage::resolve(self.documents, own, reference)?;
        if !is_model(schema) && values(schema).is_none() {
            return self.rust(spot, schema);
        }
        let area = &self.documents[&file].area;
        let rust = self.type_name(area, &name);
        let loops = spot
            .owner
            .as_deref()
            .is_some_and(|owner| self.usage.leads_back((&file, &name), (own, owner)));
        let found = if file == own {
            Rust::of("super", &rust)
        } else {
            let found = Rust::plain(&format!("crate::{area}::{rust}"));
            self.areas[spot.area].needs.insert(area.clone());
            found
        };
        Ok(if loops { found.inside("Box") } else { found })
    }

    /// The enum of the values that a schema lists.
    fn named_values(&mut self, spot: &Spot, schema: &Schema, values: Vec<Value>) -> Result<Rust> {
        let area = &self.areas[spot.area];
        let mut name = self.type_name(&area.document.area, &spot.name);
        let types = || area.resources.iter().flat_map(|it| &it.types);
        let is_same = |name: &str| {
            types().any(|it| {
                it.name() == name && matches!(it, Type::Names(names) if names.values == values)
            })
        };
        if area.taken.contains_key(&name) && !is_same(&name) {
            name.insert_str(0, &spot.action);
        }
        if is_same(&name) {
            return Ok(Rust::of("super", &name));
        }
        self.areas[spot.area].take(&name, "an enum without a name")?;
        let docs =
            vec![schema.description.clone().unwrap_or_else(|| {
                "What the vendor documents, and whatever else comes.".to_owned()
            })];
        self.add(
            spot,
            Type::Names(Names {
                name: name.clone(),
                docs,
                values,
            }),
        );
        Ok(Rust::of("super", &name))
    }

    /// What is said of a type.
    fn type_docs(&self, name: &str, schema: &Schema) -> Vec<String> {
        let mut docs = vec![match &schema.description {
            Some(description) => description.clone(),
            None => format!("{}, as the vendor documents it.", spoken(name)),
        }];
        if schema.open.0 {
            docs.push("Not all of it is documented: what else comes is in `unknown`.".to_owned());
        }
        docs.extend(remarks(
            schema.inferred.0,
            schema.inferred_note.as_deref(),
            schema.older.0,
        ));
        docs
    }
}

/// `ChatField` as `Chat field`.
fn spoken(name: &str) -> String {
    let words = snake(name).replace('_', " ");
    let first = words.chars().next().map(|it| it.to_ascii_uppercase());
    first.into_iter().chain(words.chars().skip(1)).collect()
}

/// Why there is no way from a model to its update.
const MASKED: &str =
    "It is not made from what was read: the vendor shows secrets as `***`, which would be written.";

/// What is said of the form in which updates say a model.
fn form_docs(model: &str, keeps: bool) -> Vec<String> {
    vec![if keeps {
        format!("What an update of [`{model}`] says: a field that it leaves out stays as it is.")
    } else {
        format!(
            "What takes the place of a [`{model}`]: what it leaves out may be lost, so begin with all that was read."
        )
    }]
}

/// What is said of something that the pages do not simply tell.
pub(super) fn remarks(is_inferred: bool, note: Option<&str>, is_older: bool) -> Vec<String> {
    let mut remarks = Vec::new();
    if is_inferred {
        remarks.push(match note {
            Some(note) => format!("Concluded, not read on a page: {}", note.trim()),
            None => "Concluded from sibling resources, not read on a page.".to_owned(),
        });
    }
    if is_older {
        remarks.push("Known of older servers only.".to_owned());
    }
    remarks
}

/// How much of something is documented.
pub(super) fn state(is_inferred: bool, is_open: bool) -> State {
    match (is_open, is_inferred) {
        (true, _) => State::Open,
        (false, true) => State::Inferred,
        (false, false) => State::Complete,
    }
}

/// What is said of a member or parameter besides its name.
pub(super) fn docs(schema: &Schema) -> Vec<String> {
    let mut docs: Vec<String> = schema.description.iter().cloned().collect();
    if let Some(listed) = &schema.values
        && values(schema).is_none()
    {
        let listed: Vec<_> = listed
            .iter()
            .filter(|it| !it.is_null())
            .map(|it| format!("`{it}`"))
            .collect();
        docs.push(format!("One of {}.", listed.join(", ")));
    }
    if schema.deprecated.0 {
        docs.push("Deprecated by the vendor.".to_owned());
    }
    docs.extend(remarks(
        schema.inferred.0,
        schema.inferred_note.as_deref(),
        schema.older.0,
    ));
    docs
}

/// The type of a text.
fn text(schema: &Schema) -> Rust {
    let is_time = matches!(schema.format.as_deref(), Some("date" | "date-time"));
    if schema.body.is_some() {
        Rust::of(MODEL, "Base64Text")
    } else if is_time || schema.time.is_some() {
        Rust::of(MODEL, "Time")
    } else {
        Rust::plain("String")
    }
}

/// The values that a schema lists: names first, then the numbers that stand for the first of them; `null` is no value.
/// None where words don't tell them apart.
pub(super) fn values(schema: &Schema) -> Option<Vec<Value>> {
    let listed = schema.values.as_deref()?;
    let numbers: Vec<i64> = listed.iter().filter_map(Json::as_i64).collect();
    let texts: Vec<&str> = listed.iter().filter_map(Json::as_str).collect();
    if texts.is_empty() || numbers.len() > texts.len() {
        return None;
    }
    let values = texts.iter().enumerate().map(|(index, text)| {
        Some(Value {
            variant: variant(text)?,
            text: (*text).to_owned(),
            number: numbers.get(index).copied(),
        })
    });
    let values: Vec<Value> = values.collect::<Option<_>>()?;
    let variants: BTreeSet<_> = values.iter().map(|it| &it.variant).collect();
    (variants.len() == values.len()).then_some(values)
}

/// Whether words tell these texts apart, so that they can be an enum.
pub(crate) fn is_words(texts: &[&str]) -> bool {
    let variants: Option<BTreeSet<_>> = texts.iter().map(|text| variant(text)).collect();
    variants.is_some_and(|variants| variants.len() == texts.len())
}

/// What a listed text is called in Rust, if it is a word.
fn variant(text: &str) -> Option<String> {
    let variant = match pascal(text).as_str() {
        "" if text.is_empty() => "Empty".to_owned(),
        "Unknown" => "NotKnown".to_owned(),
        "Self" => "Itself".to_owned(),
        variant => variant.to_owned(),
    };
    is_identifier(&variant).then_some(variant)
}
