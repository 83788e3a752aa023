//! Reads the webhook bodies that were transcribed from the vendors' pages: as they are, and with names in other cases.

use std::fs;
use std::path::Path;

use auth_core::Error;
use auth_core::model::{ToJson, Value};
use serde_json::Map;

use crate::same::difference;

/// One webhook and how its body is read.
#[derive(Clone, Copy, Debug)]
pub struct Posted {
    /// `<area>/<name>`.
    name: &'static str,
    read: fn(&[u8]) -> Result<Value, Error>,
}

impl Posted {
    /// The webhook of this name.
    pub const fn new(name: &'static str, read: fn(&[u8]) -> Result<Value, Error>) -> Self {
        Self { name, read }
    }
}

/// What was read, as JSON.
///
/// # Panics
/// If it was read as another event than it is.
pub fn told<T: ToJson>(event: T, is_told_apart: impl Fn(&T) -> bool) -> Value {
    assert!(is_told_apart(&event), "it was read as another event");
    event.to_json()
}

/// Fails unless every body below `directory` (`<area>/<name>[.variant].json`) reads and is written equal in value, and
/// each webhook has one.
///
/// # Panics
/// With all bodies that don't.
pub fn read_every_webhook(directory: &Path, webhooks: &[Posted]) {
    let mut failures = Vec::new();
    for Posted { name, read } in webhooks {
        let (area, event) = name.split_once('/').expect("area/name");
        let mut seen = 0;
        for file in fs::read_dir(directory.join(area)).expect("the bodies") {
            let file = file.expect("a body").path();
            let stem = file
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            let (of, variant) = stem.split_once('.').unwrap_or((stem.as_str(), ""));
            // An answer is what the integrator says.
            if of != event || variant == "answer" {
                continue;
            }
            seen += 1;
            let text = fs::read_to_string(&file).expect("a body");
            let body: Value = serde_json::from_str(&text).expect("JSON");
            for body in [recased(&body, str::to_ascii_uppercase), body] {
                let flaw = match read(body.to_string().as_bytes()) {
                    Ok(written) => difference(&body, &written, "$"),
                    Err(error) => Some(error.to_string()),
                };
                failures.extend(flaw.map(|flaw| format!("{}: {flaw}", file.display())));
            }
        }
        if seen == 0 {
            failures.push(format!("{name} has no body"));
        }
    }
    assert!(
        failures.is_empty(),
        "{} webhooks:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// The same with all names in another case, but where two would become one.
fn recased(value: &Value, case: fn(&str) -> String) -> Value {
    match value {
        Value::Array(items) => items.iter().map(|item| recased(item, case)).collect(),
        Value::Object(members) => {
            let renamed: Map<_, _> = members
                .iter()
                .map(|(name, value)| (case(name), recased(value, case)))
                .collect();
            if renamed.len() == members.len() {
                renamed.into()
            } else {
                value.clone()
            }
        }
        other => other.clone(),
    }
}
