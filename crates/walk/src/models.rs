//! Reads and writes every model with made-up data of its schema, unknown members included.

use auth_core::model::{FromJson, Misfit, Place, ToJson, Value};
use vendor_sandbox::openapi::{self, Provider};

use crate::same::difference;

/// Each model meets so many samples.
const SEEDS: u64 = 48;

/// One model and its schema.
#[derive(Clone, Copy, Debug)]
pub struct Specimen {
    schema: &'static str,
    reread: fn(Value) -> Result<Value, Misfit>,
}

impl Specimen {
    /// The model of a schema, `document#Name`.
    pub const fn new(schema: &'static str, reread: fn(Value) -> Result<Value, Misfit>) -> Self {
        Self { schema, reread }
    }
}

/// Reads a value as a model and writes it again.
///
/// # Errors
/// What does not fit.
pub fn reread<T: FromJson + ToJson>(value: Value) -> Result<Value, Misfit> {
    T::from_json(value, &Place::root()).map(|model| model.to_json())
}

/// Fails unless every model writes what it read, equal in value.
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
            let value = found.sample_with_unknown(seed);
            let flaw = match reread(value.clone()) {
                Ok(written) => difference(&value, &written, "$"),
                Err(misfit) => Some(misfit.to_string()),
            };
            flaw.map(|flaw| format!("{schema}, seed {seed}: {flaw}"))
        });
        failures.extend(flaw);
    }
    assert!(
        failures.is_empty(),
        "{} models:\n{}",
        failures.len(),
        failures.join("\n")
    );
}
