//! Reads and writes every model with made-up data of its schema: unknown members are kept, and nothing else is unknown.

use std::any::type_name;
use std::fmt;

use auth_core::model::{FromJson, Misfit, Place, ToJson, Value};
use vendor_sandbox::openapi::{self, Provider, Schema};

use crate::known::unknown;
use crate::probes::probe;
use crate::same::difference;

/// Each model meets so many samples.
const SEEDS: u64 = 48;

/// One model and its schema.
#[derive(Clone, Copy, Debug)]
pub struct Specimen {
    schema: &'static str,
    reread: fn(Value) -> Result<Reread, Misfit>,
}

impl Specimen {
    /// The model of a schema, `document#Name`.
    pub const fn new(schema: &'static str, reread: fn(Value) -> Result<Reread, Misfit>) -> Self {
        Self { schema, reread }
    }
}

/// What became of a value that a model read.
#[derive(Clone, Debug)]
pub struct Reread {
    /// As it is written again.
    pub(crate) written: Value,
    /// The model's `Debug`.
    pub(crate) shown: String,
    /// The name of the model.
    model: &'static str,
}

/// Reads a value as a model and writes it again.
///
/// # Errors
/// What does not fit.
pub fn reread<T: FromJson + ToJson + fmt::Debug>(value: Value) -> Result<Reread, Misfit> {
    T::from_json(value, &Place::root()).map(|model| Reread {
        written: model.to_json(),
        shown: format!("{model:?}"),
        model: type_name::<T>().rsplit("::").next().unwrap_or_default(),
    })
}

/// Fails unless every model writes what it read, equal in value, has a field for each member of its schema under each
/// of its names, a name for each value of an enum, and refuses what the types of its members don't allow.
///
/// # Panics
/// With all models that don't.
pub fn read_every_model(provider: Provider, specimens: &[Specimen]) {
    let mut failures = Vec::new();
    for Specimen { schema, reread } in specimens {
        let (document, name) = schema.split_once('#').expect("document#Name");
        let mut documents = openapi::documents(provider).iter();
        let found = documents
            .find(|it| it.name == document)
            .and_then(|it| it.schema(name));
        let Some(found) = found else {
            failures.push(format!("{schema}: the sandbox has no such schema"));
            continue;
        };
        let flaw = (0..SEEDS).find_map(|seed| {
            let flaw = sampled(found, name, *reread, seed);
            flaw.map(|flaw| format!("{schema}, seed {seed}: {flaw}"))
        });
        failures.extend(flaw);
        let is_body = is_body(found, name, *reread);
        let flaws = probe(found, is_body, *reread);
        failures.extend(flaws.into_iter().map(|flaw| format!("{schema}: {flaw}")));
    }
    assert!(
        failures.is_empty(),
        "{} models:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

fn sampled(
    schema: Schema,
    name: &str,
    reread: fn(Value) -> Result<Reread, Misfit>,
    seed: u64,
) -> Option<String> {
    let strange = schema.sample_with_unknown(seed);
    let read = match reread(strange.clone()) {
        Ok(read) => read,
        Err(misfit) => return Some(misfit.to_string()),
    };
    if let Some(difference) = difference(&strange, &read.written, "$") {
        return Some(difference);
    }
    // The body of an update has no field for what is only read.
    let plain = match read.model == name {
        true => schema.sample(seed),
        false => schema.sample_request(seed),
    };
    match reread(plain.clone()) {
        Ok(read) => difference(&plain, &read.written, "$").or_else(|| unknown(&read.shown)),
        Err(misfit) => Some(misfit.to_string()),
    }
}

/// Whether the model is that of a request that is made of the schema, and not the schema's own.
fn is_body(schema: Schema, name: &str, reread: fn(Value) -> Result<Reread, Misfit>) -> bool {
    reread(schema.sample(0)).is_ok_and(|read| read.model != name)
}
