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
fn one_id_for_two_operations_is_told() -> Result<()> {
    let (paths, _) = FINE.split_once("components:").context("components")?;
    let (_, operation) = paths.split_once("paths:\n").context("paths")?;
    let second = operation.replace("/things/", "/boxes/");
    let offenses = said("components:", &format!("{second}components:"))?;
    assert_eq!(
        offenses,
        ["tiny.yaml: operationId tiny.things.list exists already"]
    );
    Ok(())
}
