//! Documents, samples and checks: what is made is allowed, and what is not allowed is named.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use vendor_sandbox::openapi::{
    Direction, Place, Provider, Schema, documents, operation, operations,
};

use crate::documented::KNOWN;

/// Every schema of a provider's documents: the named ones, and those of bodies, answers and parameters that have no name.
fn schemas(provider: Provider) -> Vec<(String, Schema)> {
    let mut all = Vec::new();
    for document in documents(provider) {
        for (name, schema) in document.schemas() {
            all.push((format!("{}#{name}", document.name), schema));
        }
        for operation in &document.operations {
            let body = operation.body.as_ref().map(|body| body.schema);
            let parameters = operation.parameters.iter().map(|one| one.schema);
            let own = parameters.chain(body).chain(operation.answer.schema);
            for schema in own.filter(|schema| schema.name().is_none()) {
                all.push((operation.id.to_owned(), schema));
            }
        }
    }
    all
}

#[test]
fn every_operation_is_read_and_has_an_id_of_its_own() {
    let mut ids = BTreeSet::new();
    for provider in KNOWN {
        for operation in operations(provider) {
            assert!(ids.insert(operation.id), "{}", operation.id);
            assert!(operation.answer.status / 100 == 2, "{}", operation.id);
            let named = operation.path.matches('{').count();
            assert_eq!(operation.at(Place::Path).count(), named, "{}", operation.id);
        }
    }
    assert_eq!(ids.len(), 717);
}

/// Checks what is made of each schema of a provider.
fn samples_pass(provider: Provider) {
    for (name, schema) in schemas(provider) {
        for seed in 0..50 {
            for (value, direction) in [
                (schema.sample(seed), Direction::Either),
                (schema.sample_request(seed), Direction::Request),
                (schema.sample_answer(seed), Direction::Answer),
                (schema.sample_with_unknown(seed), Direction::Answer),
            ] {
                let checked = schema.check(&value, direction);
                assert_eq!(
                    checked,
                    Ok(()),
                    "{name}, seed {seed}, {direction:?}: {value}"
                );
            }
        }
    }
}

#[test]
fn samples_of_fifty_seeds_pass_the_check_of_every_schema_of_comm100() {
    samples_pass(Provider::Comm100);
}

#[test]
fn samples_of_fifty_seeds_pass_the_check_of_every_schema_of_communic8() {
    samples_pass(Provider::Communic8);
}

#[test]
fn samples_of_fifty_seeds_pass_the_check_of_every_schema_of_webcommander() {
    samples_pass(Provider::WebCommander);
}

#[test]
fn seed_0_has_all_members_and_seed_1_the_required_ones() {
    let channel = documents(Provider::Communic8)[0].schema("Channel").unwrap();
    let all = channel.sample(0);
    for name in ["_id", "aDate", "status", "paused", "defaults", "ownerId"] {
        assert!(all.get(name).is_some(), "{name}");
    }
    let names: Vec<_> = channel
        .sample(1)
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(names, ["_id"]);
    assert_ne!(channel.sample(2), channel.sample(3));
    assert_eq!(channel.sample(2), channel.sample(2));
}

#[test]
fn unknown_members_are_in_every_object() {
    fn count(value: &Value) -> (usize, usize) {
        match value {
            Value::Object(members) => {
                let own = members.keys().any(|name| name.starts_with("unknown_"));
                members
                    .values()
                    .map(count)
                    .fold((1, usize::from(own)), |sum, one| {
                        (sum.0 + one.0, sum.1 + one.1)
                    })
            }
            Value::Array(items) => items
                .iter()
                .map(count)
                .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1)),
            _ => (0, 0),
        }
    }
    let get = operation(Provider::WebCommander, "customers.customers.get").unwrap();
    let value = get.answer.schema.unwrap().sample_with_unknown(0);
    let (objects, unknown) = count(&value);
    // What the unknown members hold may be an object without one.
    assert!(
        objects > 4 && unknown * 3 >= objects,
        "{unknown} of {objects}"
    );
}

#[test]
fn a_flaw_is_named_by_its_path_and_never_repeats_a_value() {
    let create = operation(Provider::WebCommander, "customers.customers.create").unwrap();
    let schema = create.body.as_ref().unwrap().schema;
    for (body, flaw) in [
        (json!([]), "$: expected object"),
        (json!({}), "$.customer: expected to be there"),
        (
            json!({ "customer": { "email": 5 } }),
            "$.customer.email: expected string",
        ),
        (
            json!({ "customer": { "custom_properties": [{}, "s3cret"] } }),
            "$.customer.custom_properties[1]: expected object",
        ),
        (
            json!({ "customer": { "password": ["s3cret"] } }),
            "$.customer.password: expected string",
        ),
        (
            json!({ "customer": {}, "s3cret=x": 1 }),
            "$: expected no member `(name withheld)`",
        ),
    ] {
        assert_eq!(
            schema.check(&body, Direction::Request),
            Err(flaw.to_owned())
        );
    }
    let status = json!({ "customer": { "status": "s3cret" } });
    let flaw = schema.check(&status, Direction::Request).unwrap_err();
    assert!(
        flaw.starts_with("$.customer.status: expected one of \"active\""),
        "{flaw}"
    );
    assert!(!flaw.contains("s3cret"));
}

#[test]
fn bounds_and_formats_are_kept() {
    let named = |document: &str, name: &str| {
        let mut all = documents(Provider::WebCommander).iter();
        let document = all.find(|one| one.name == document).unwrap();
        document.schema(name).unwrap()
    };
    let hours = named("orders", "TimeslotInput");
    let mut slot = hours.sample_request(0);
    for (hour, right) in [(0, true), (23, true), (24, false), (-1, false)] {
        slot["start_hour"] = json!(hour);
        assert_eq!(
            hours.check(&slot, Direction::Request).is_ok(),
            right,
            "{hour}"
        );
    }
    let group = named("search", "SearchSynonymGroup");
    for (words, right) in [(json!(["a"]), false), (json!(["a", "b"]), true)] {
        let mut value = group.sample(0);
        value["keywords"] = words;
        assert_eq!(group.check(&value, Direction::Either).is_ok(), right);
    }
    let get = operation(Provider::Comm100, "livechat.campaigns.get").unwrap();
    let id = get.at(Place::Path).next().unwrap().schema;
    assert!(
        id.check(
            &json!("000000ca-0000-4000-8000-000000000001"),
            Direction::Either
        )
        .is_ok()
    );
    let flaw = id.check(&json!("one"), Direction::Either).unwrap_err();
    assert_eq!(flaw, "$: expected a UUID");
}

#[test]
fn references_lead_to_other_documents() {
    let order = operation(Provider::WebCommander, "carts.carts.create_order").unwrap();
    let value = order.answer.schema.unwrap().sample_answer(0);
    assert!(value["order"]["order_id"].is_i64(), "{value}");
}
