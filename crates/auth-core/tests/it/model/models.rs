//! A model of every kind of field.

use std::collections::BTreeMap;

use auth_core::Secret;
use auth_core::model::{
    Base64Text, Change, FromJson, Money, OneOrMany, Place, Scalar, Time, ToJson, Value, Verbatim,
};
use serde_json::json;

auth_core::ids! {
    /// Names a thing.
    ThingId,
}

auth_core::names! {
    /// Whether it works.
    pub enum Status: text {
        /// It does.
        Active = "active",
        /// It does not.
        Inactive = "inactive",
    }
}

auth_core::names! {
    /// Who acts.
    pub enum Role: text_in_any_case {
        /// An agent.
        Agent = "agent",
    }
}

auth_core::names! {
    /// How it ended.
    pub enum Ending: number_or_text {
        /// As it should.
        Normal = 0 | "normal",
        /// Nobody was there.
        Missed = 2 | "missed",
    }
}

auth_core::names! {
    /// How urgent it is.
    pub enum Priority: number {
        /// Less than not at all.
        Negative = -1,
        /// Not at all.
        Low = 0,
        /// Very.
        High = 1,
    }
}

auth_core::model! {
    /// One of everything.
    pub struct Thing {
        required {
            /// Its name.
            name: String = "name",
            /// How many there are.
            count: i64 = "count",
        }
        optional {
            /// A smaller one.
            small: Option<i32> = "small",
            /// A number without a sign.
            size: Option<u64> = "size",
            /// A number with a fraction.
            weight: Option<f64> = "weight",
            /// Whether it is for sale.
            on_sale: Option<bool> = "onSale",
            /// What it costs.
            price: Option<Money> = "price",
            /// When it comes.
            due: Option<Time> = "due",
            /// What it says.
            text: Option<Base64Text> = "text",
            /// Whether it works.
            status: Option<Status> = "status",
            /// How it ended.
            ending: Option<Verbatim<Ending>> = "ending",
            /// How urgent it is.
            priority: Option<Priority> = "priority",
            /// Words for it.
            tags: Option<Vec<String>> = "tags",
            /// A list that may lack its brackets.
            links: Option<OneOrMany<String>> = "links",
            /// Counts by name.
            counts: Option<BTreeMap<String, f64>> = "counts",
            /// What has no schema.
            extra: Option<Value> = "extra",
            /// What it is part of.
            parent: Option<Box<Thing>> = "parent",
            /// Its parts.
            parts: Option<Vec<Part>> = "parts",
            /// Where it stands.
            address_line1: Option<String> = "address_line1" | "address_line_1",
            /// A field of an update.
            note: Change<String> = "note",
            /// What opens it.
            key: Option<Secret> = "key",
        }
        read_only {
            /// Its number.
            id: Option<ThingId> = "id",
            /// When it was made.
            created: Option<Time> = "created",
        }
    }
}

auth_core::model! {
    /// A part of a thing.
    pub struct Part {
        required {
            /// Its status.
            status: Status = "status",
        }
        read_only {
            /// Its number.
            id: Option<ThingId> = "id",
        }
    }
}

auth_core::model! {
    /// What comes in several casings.
    pub struct Event: any_case {
        optional {
            /// Whose it is.
            site_id: Option<ThingId> = "siteId" | "site_id",
        }
    }
}

pub(crate) fn thing(value: Value) -> Thing {
    Thing::from_json(value, &Place::root()).expect("a thing")
}

#[test]
fn absent_stays_absent_null_stays_null_and_a_new_value_wins() {
    let value = json!({ "name": "a", "count": 1, "small": null, "id": null, "note": null });
    let mut read = thing(value.clone());
    assert_eq!((read.small, &read.note), (None, &Change::Clear));
    assert_eq!(read.to_json(), value);
    read.small = Some(2);
    read.note = Change::Keep;
    assert_eq!(
        read.to_json(),
        json!({ "name": "a", "count": 1, "small": 2, "id": null })
    );
    read.unknown.clear();
    read.small = None;
    assert_eq!(read.to_json(), json!({ "name": "a", "count": 1 }));
}

#[test]
fn how_a_field_came_does_not_count_in_a_comparison() {
    let with_null = thing(json!({ "name": "a", "count": 1, "small": null }));
    assert_eq!(with_null, Thing::new("a".to_owned(), 1));
    let with_more = thing(json!({ "name": "a", "count": 1, "more": null }));
    assert_ne!(with_more, with_null);
}

#[test]
fn a_field_goes_under_the_name_under_which_it_came() {
    let mut read = thing(json!({ "name": "a", "count": 1, "address_line_1": "here" }));
    assert_eq!(read.address_line1.as_deref(), Some("here"));
    read.address_line1 = Some("there".to_owned());
    assert_eq!(read.to_json()["address_line_1"], "there");
    // Both: the documented one is the field, the other is kept.
    let both = json!({ "name": "a", "count": 1, "address_line1": "x", "address_line_1": "y" });
    assert_eq!(thing(both.clone()).to_json(), both);
}

#[test]
fn names_in_any_case_are_read_where_the_model_says_so() {
    for name in ["siteId", "SiteId", "SITEID", "site_id", "Site_Id"] {
        let value = json!({ name: 7, "Other": 1 });
        let event = Event::from_json(value.clone(), &Place::root()).expect("an event");
        assert_eq!(event.site_id, Some(ThingId::from(7)), "{name}");
        assert_eq!(event.to_json(), value);
    }
    assert!(
        Thing::from_json(json!({ "Name": "a", "count": 1 }), &Place::root()).is_err(),
        "the name is case-sensitive by default"
    );
}

#[test]
fn bodies_lack_what_only_the_provider_sets_at_every_depth() {
    let read = thing(json!({
        "name": "a", "count": 1, "id": 7, "created": null, "more": true,
        "parts": [{ "status": "active", "id": 8 }],
        "parent": { "name": "b", "count": 2, "id": 9 },
    }));
    let body = json!({
        "name": "a", "count": 1, "more": true,
        "parts": [{ "status": "active" }],
        "parent": { "name": "b", "count": 2 },
    });
    assert_eq!(read.to_body(), body);
}

#[test]
fn the_first_misfit_is_told_with_its_place_and_without_the_value() {
    for (value, told) in [
        (json!([]), "expected an object at `$`"),
        (
            json!({ "name": "a" }),
            "a required value is missing at `$.count`",
        ),
        (
            json!({ "name": "a", "count": "canary" }),
            "expected an integer of 64 bits at `$.count`",
        ),
        (
            json!({ "name": "a", "count": 1, "tags": ["b", ["canary"]] }),
            "expected a text at `$.tags[1]`",
        ),
        (
            json!({ "name": "a", "count": 1, "parent": { "name": "b", "count": 1, "parts": [{ "id": 1 }] } }),
            "a required value is missing at `$.parent.parts[0].status`",
        ),
        (
            json!({ "name": "a", "count": 1, "counts": { "x": 1, "y": "canary" }, "small": 1.5 }),
            "expected an integer of 32 bits at `$.small`",
        ),
        (
            json!({ "name": "a", "count": 1, "address_line_1": {} }),
            "expected a text at `$.address_line_1`",
        ),
    ] {
        let misfit = Thing::from_json(value, &Place::root()).expect_err(told);
        assert_eq!(misfit.to_string(), told);
    }
}

#[test]
fn debug_shows_neither_secrets_nor_what_unknown_fields_hold() {
    let read = thing(json!({ "name": "a", "count": 1, "key": "canary-1", "token": "canary-2" }));
    assert_eq!(read.key.as_ref().map(Secret::expose), Some("canary-1"));
    let shown = format!("{read:?}");
    assert!(!shown.contains("canary"), "{shown}");
    assert!(shown.contains("token"), "{shown}");
    let kept = Verbatim::<Secret>::from_json("canary-3".into(), &Place::root());
    let shown = format!("{kept:?}");
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn enums_read_names_and_numbers_and_keep_what_is_new() {
    fn read<T: FromJson>(value: Value) -> T {
        T::from_json(value, &Place::root()).expect("a scalar")
    }
    assert_eq!(read::<Ending>("missed".into()), Ending::Missed);
    assert_eq!(read::<Ending>("2".into()), Ending::Missed);
    assert_eq!(read::<Ending>(2.into()).to_json(), 2);
    assert_eq!(
        read::<Verbatim<Ending>>("missed".into()).to_json(),
        "missed"
    );
    assert_eq!(read::<Priority>(json!(-1.0)), Priority::Negative);
    assert_eq!(Priority::High.to_string(), "1");
    assert_eq!(read::<Role>("AGENT".into()), Role::Agent);
    assert_eq!(
        read::<Status>("Active".into()),
        Status::Unknown("Active".into())
    );
    for new in [json!(3), json!(1.5), json!("new"), json!(true), json!("")] {
        let status = read::<Status>(new.clone());
        assert!(matches!(&status, Status::Unknown(_)), "{new}");
        assert_eq!(status.to_json(), new);
        assert_eq!(status.text(), read::<Scalar>(new).text());
    }
    assert!(Status::from_json(Value::Null, &Place::root()).is_err());
}
