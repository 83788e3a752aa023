//! A tiny document that breaks no rule, and what is said about it when one piece of it changes.

use anyhow::{Context as _, Result};

use super::{Documents, count, document, offenses_of};

const FINE: &str = "\
openapi: 3.1.0
info:
  title: Tiny
  version: v1
  description: Things.
x-area: tiny
servers:
  - url: /
tags:
  - name: things
  - name: webhook_events
paths:
  /things/{id}:
    get:
      operationId: tiny.things.list
      tags:
        - things
      summary: List the things
      externalDocs:
        url: https://example.com/things
      x-paging:
        style: comm100_envelope
        items: things
      parameters:
        - name: id
          in: path
          required: true
          schema:
            type: integer
            x-id: Box
      responses:
        '200':
          description: Those found.
          content:
            application/json:
              schema:
                type: object
                properties:
                  things:
                    type: array
                    items:
                      $ref: '#/components/schemas/Thing'
webhooks:
  thing_made:
    post:
      operationId: tiny.webhook_events.thing_made
      tags:
        - webhook_events
      summary: A thing was made
      externalDocs:
        url: https://example.com/webhooks
      x-event:
        key: event
        values:
          - thing_made
      requestBody:
        required: true
        content:
          application/json:
            schema:
              $ref: '#/components/schemas/ThingMade'
      responses:
        '200':
          description: Received.
components:
  schemas:
    Thing:
      type: object
      required:
        - size
      properties:
        size:
          type: integer
          minimum: 1
          maximum: 3
          enum:
            - 1
            - 2
          default: 1
        made:
          type: string
          format: date-time
          x-time: iso
    ThingMade:
      type: object
      properties:
        event:
          type: string
        thing:
          type: integer
          x-also:
            - item
";

/// The offenses of the document with one piece changed, or why it can't be read.
fn said(piece: &str, other: &str) -> Result<Vec<String>> {
    anyhow::ensure!(FINE.contains(piece), "there is no {piece}");
    let document: document::Document = serde_saphyr::from_str(&FINE.replacen(piece, other, 1))?;
    let documents = Documents::from([("tiny.yaml".to_owned(), document)]);
    Ok(offenses_of(&documents))
}

#[test]
fn the_tiny_document_is_fine() -> Result<()> {
    assert_eq!(said("List", "List")?, Vec::<String>::new());
    let document = serde_saphyr::from_str(FINE)?;
    let documents = Documents::from([("tiny.yaml".to_owned(), document)]);
    assert_eq!(count("vendor", &documents), "vendor 1 operations (tiny 1)");
    Ok(())
}

#[test]
fn every_rule_is_told() -> Result<()> {
    let rules = [
        ("openapi: 3.1.0", "openapi: 3.0.0", "isn't 3.1.0"),
        ("url: /\n", "url: /v1\n", "isn't the one"),
        ("title: Tiny", "title: ''", "`info` has an empty text"),
        ("- name: things", "- name: boxes", "`tags` aren't"),
        ("x-area: tiny", "x-area: other", "the area is other"),
        ("tiny.things.list", "tiny.list", "area.resource.verb"),
        ("tiny.things.list", "tiny.things.Find", "snake case"),
        (
            "tiny.things.list",
            "tiny.boxes.list",
            "the one tag is boxes",
        ),
        (
            "tiny.things.list",
            "tiny.things.create",
            "doesn't go with GET",
        ),
        ("List the things", "List the things.", "short fragment"),
        ("https://example", "http://example", "begins with https"),
        ("/things/{id}", "/things/{box}", "aren't those of the path"),
        ("in: path", "in: header", "header id is unknown"),
        ("required: true\n          ", "", "so it is required"),
        (
            "          schema:\n            type: integer",
            "          style: form\n          schema:\n            type: integer",
            "only a list has a style",
        ),
        ("'200'", "'400'", "400 is no success"),
        ("'200'", "'204'", "is bare"),
        ("application/json", "text/html", "media type text/html"),
        ("comm100_envelope", "pages", "style of paging pages"),
        (
            "comm100_envelope",
            "webcommander_max_offset",
            "without x-older",
        ),
        ("items: things", "items: boxes", "hasn't the array"),
        ("schemas/Thing'", "schemas/Box'", "leads nowhere"),
        (
            "schemas/Thing'",
            "schemas/Box'",
            "Thing is used by no operation",
        ),
        ("    Thing:", "    thing:", "Pascal case"),
        ("- size", "- weight", "weight is required, but"),
        (
            "type: string",
            "description: Now.",
            "without a type is x-open",
        ),
        ("type: string", "type: array", "`items` goes with `array`"),
        ("date-time", "moment", "format moment is unknown"),
        ("maximum: 3", "maximum: 0", "above the upper one"),
        ("minimum: 1", "minLength: 1", "doesn't go with the type"),
        ("- 2", "- two", "of another type, or double"),
        ("- 2", "- 1", "of another type, or double"),
        ("default: 1", "default: 3", "isn't a value of it"),
        ("x-time: iso", "x-time: local", "x-time is unknown"),
        ("x-time: iso", "x-body: rot13", "x-body is unknown"),
        ("x-time: iso", "x-id: Box", "stands on several types"),
        ("x-time: iso", "x-id: box", "x-id names a resource"),
        ("x-time: iso", "x-inferred-note: So.", "without x-inferred"),
        ("x-time: iso", "deprecated: true", "says why"),
        ("default: 1", "x-body: base64_prefixed", "not on a string"),
        (
            "            x-id: Box",
            "            x-money: false",
            "what is false is left out",
        ),
        ("summary:", "sumary:", "unknown field"),
        ("x-time: iso", "x-tiem: iso", "unknown field"),
        (
            "  - name: things\n",
            "  - name: things\n  - name: things\n",
            "`tags` aren't",
        ),
        ("version: v1", "version: v1\n  version: v2", "duplicate"),
    ];
    tells(&rules)
}

#[test]
fn every_rule_of_webhooks_is_told() -> Result<()> {
    let rules = [
        ("  thing_made:", "  thingMade:", "name is in snake case"),
        ("thing_made:\n    post", "thing_made:\n    put", "is a POST"),
        (
            "webhook_events.thing_made",
            "webhook_events.made",
            "operationId is area.webhook_events.name",
        ),
        ("A thing was", "a thing was", "short fragment"),
        (
            "requestBody:\n        required: true",
            "requestBody:",
            "has a body, in JSON",
        ),
        (
            "      x-event:",
            "      x-older: true\n      x-event:",
            "marks of operations",
        ),
        ("key: event", "key: kind", "kind isn't a text of the body"),
        ("key: event", "key: thing", "thing isn't a text of the body"),
        (
            "values:\n          - thing_made",
            "values: []",
            "has no value",
        ),
        (
            "          - thing_made\n",
            "          - thing_made\n          - thing_made\n",
            "x-event thing_made exists already",
        ),
        ("key: event", "name: event", "unknown field"),
        (
            "      x-paging:",
            "      x-event:\n        key: a\n        values:\n          - b\n      x-paging:",
            "x-event goes with a webhook",
        ),
        (
            "schemas/ThingMade'",
            "schemas/Thing'",
            "ThingMade is used by no",
        ),
    ];
    tells(&rules)
}

#[test]
fn every_rule_of_other_spellings_is_told() -> Result<()> {
    let rules = [
        ("- item\n", "- Event\n", "Event is taken already"),
        ("- item\n", "- Thing\n", "Thing is taken already"),
        (
            "- item\n",
            "- item\n            - item\n",
            "item is taken already",
        ),
        (
            "    Thing:\n",
            "    Thing:\n      x-also:\n        - Box\n",
            "x-also goes with a property",
        ),
        (
            "items:\n                      $ref",
            "items:\n                      x-also:\n                        - a\n                      $ref",
            "x-also goes with a property",
        ),
    ];
    tells(&rules)
}

/// Whether each change of a piece is answered with words of a rule.
fn tells(rules: &[(&str, &str, &str)]) -> Result<()> {
    for (piece, other, rule) in rules {
        let told = match said(piece, other) {
            Ok(offenses) => offenses.join("\n"),
            Err(error) => format!("{error:#}"),
        };
        assert!(told.contains(rule), "{piece} -> {other}: {told}");
    }
    Ok(())
}

#[test]
fn webhooks_of_one_document_are_told_apart_by_one_key() -> Result<()> {
    let (_, webhooks) = FINE.split_once("webhooks:\n").context("webhooks")?;
    let (webhook, _) = webhooks.split_once("components:").context("components")?;
    let second = webhook
        .replace("thing_made", "thing_lost")
        .replace("key: event", "key: kind");
    let offenses = said("components:", &format!("{second}components:"))?.join("\n");
    assert!(
        offenses.contains(r#"several keys: {"event", "kind"}"#),
        "{offenses}"
    );
    Ok(())
}

#[test]
fn an_id_that_comes_in_either_form_clashes_with_none() -> Result<()> {
    let text = "type: string\n          format: date-time\n          x-time: iso";
    let either = "type:\n            - string\n            - integer\n          x-id: Box";
    assert_eq!(said(text, either)?, Vec::<String>::new());
    Ok(())
}

#[test]
fn properties_keep_their_order() -> Result<()> {
    let document: document::Document = serde_saphyr::from_str(FINE)?;
    let thing = &document.components.schemas["Thing"];
    assert!(thing.properties.keys().eq(["size", "made"]));
    Ok(())
}

#[test]
fn one_id_for_two_operations_is_told() -> Result<()> {
    let (paths, _) = FINE.split_once("webhooks:").context("webhooks")?;
    let (_, operation) = paths.split_once("paths:\n").context("paths")?;
    let second = operation.replace("/things/", "/boxes/");
    let offenses = said("webhooks:", &format!("{second}webhooks:"))?;
    assert_eq!(
        offenses,
        ["tiny.yaml: operationId tiny.things.list exists already"]
    );
    Ok(())
}
