//! Compares the webhooks of the documents with their samples among the providers' fixtures.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::document::Operation;
use super::{Documents, of, webhooks};
use crate::workspace::{providers, root};

#[test]
fn every_webhook_has_samples_that_carry_its_event() -> Result<()> {
    let mut counts = Vec::new();
    for provider in &providers()? {
        let documents = of(provider)?;
        let fixtures = root()?.join(format!("crates/{provider}/tests/fixtures/webhooks"));
        for (file, document) in &documents {
            let wanted: BTreeSet<_> = document.webhooks().map(|(_, name, _)| name).collect();
            if wanted.is_empty() {
                continue;
            }
            let samples = samples(&fixtures.join(&document.area))?;
            let seen: BTreeSet<_> = samples.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(seen, wanted, "samples of {file}");
            for (_, name, webhook) in document.webhooks() {
                for (_, sample) in samples.iter().filter(|(it, _)| it == name) {
                    let is_it = carries(sample, file, webhook, &documents);
                    assert!(is_it, "{file}: a sample of {name} has another event");
                }
            }
            counts.push(format!("{} {}", document.area, wanted.len()));
        }
    }
    let promised = ["bot 5", "livechat 7", "ticketing 2", "v2 4", "carts 1"];
    for promise in promised {
        assert!(counts.iter().any(|it| it == promise), "{counts:?}");
    }
    Ok(())
}

/// The bodies of a directory, each with its webhook: what stands before the first dot of the file's name.
fn samples(directory: &Path) -> Result<Vec<(String, Value)>> {
    let mut samples = Vec::new();
    let entries = fs::read_dir(directory).with_context(|| directory.display().to_string())?;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let (webhook, rest) = name.split_once('.').context("a file without a dot")?;
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        let sample = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        if rest != "answer.json" {
            samples.push((webhook.to_owned(), sample));
        }
    }
    Ok(samples)
}

/// Whether a body has one of the webhook's values, below any spelling of the key.
fn carries(sample: &Value, file: &str, webhook: &Operation, all: &Documents) -> bool {
    let Some(event) = &webhook.event else {
        return true;
    };
    let property = webhooks::body(file, webhook, all).and_then(|it| it.properties.get(&event.key));
    let also = property.into_iter().flat_map(|it| &it.also);
    let mut keys = [&event.key].into_iter().chain(also);
    let came = keys.find_map(|key| sample.get(key)?.as_str());
    came.is_some_and(|came| event.values.iter().any(|value| value == came))
}
