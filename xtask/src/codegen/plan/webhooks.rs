//! Plans the enum of a document's webhooks.

use anyhow::{Context as _, Result, ensure};

use super::schemas::remarks;
use super::{Event, Events, Planner, Spot, Type, Webhook};
use crate::check::openapi::{document::Operation, webhooks};
use crate::codegen::names::pascal;

/// The enum of all bodies that a member tells apart.
const NAME: &str = "WebhookPayload";

impl Planner<'_> {
    /// Plans the enum, if there is something to tell apart. What carries nothing to be told by stays a model.
    pub(super) fn webhooks(&mut self, area: usize) -> Result<()> {
        let document = self.areas[area].document;
        let file = self.areas[area].file;
        let mut keys = Vec::new();
        let mut events = Vec::new();
        let mut resource = 0;
        let kind = self.type_name(&document.area, NAME);
        for (_, name, operation) in document.webhooks() {
            let tag = operation.tags.first().context("no tag")?;
            resource = document
                .tags
                .iter()
                .position(|it| it.name == *tag)
                .context("no such tag")?;
            let spot = Spot {
                area,
                resource,
                name: pascal(name),
                action: String::new(),
                owner: None,
                any_case: true,
            };
            let body = webhooks::body(file, operation, self.documents).context("no body")?;
            let media = operation
                .request_body
                .iter()
                .flat_map(|it| it.content.values())
                .next();
            let rust = self.rust(&spot, &media.context("no body")?.schema)?;
            ensure!(
                !rust.text.contains('<'),
                "{name}: the body has to be a model"
            );
            let variant = operation
                .event
                .as_ref()
                .map(|_| (kind.clone(), pascal(name)));
            self.areas[area].webhooks.push(Webhook {
                name: name.to_owned(),
                body: rust.clone(),
                variant,
            });
            let Some(event) = &operation.event else {
                continue;
            };
            let member = body
                .properties
                .get(&event.key)
                .context("the body lacks the event's key")?;
            keys = [&event.key]
                .into_iter()
                .chain(&member.also)
                .cloned()
                .collect();
            events.push(Event {
                variant: pascal(name),
                docs: docs(operation),
                rust,
                values: event.values.clone(),
            });
        }
        if events.is_empty() {
            return Ok(());
        }
        self.areas[area].take(&kind, "the webhooks")?;
        let types = &mut self.areas[area].resources[resource].types;
        types.push(Type::Events(Events {
            name: kind,
            keys,
            events,
        }));
        Ok(())
    }
}

fn docs(webhook: &Operation) -> Vec<String> {
    let mut docs = vec![format!("{}.", webhook.summary)];
    docs.extend(webhook.description.clone());
    let source = &webhook.external_docs;
    let page = source.description.as_deref().unwrap_or("source");
    docs.push(format!("[{page}]({})", source.url));
    docs.extend(remarks(
        webhook.inferred.0,
        webhook.inferred_note.as_deref(),
        webhook.older.0,
    ));
    docs
}
