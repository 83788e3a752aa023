//! What holds for any JSON, tried with thousands of random documents of a fixed seed.

use std::collections::BTreeMap;

use auth_core::Secret;
use auth_core::model::{
    Base64Text, Change, Decimal, FromJson, Money, OneOrMany, Place, Scalar, Time, ToJson, Value,
    Verbatim,
};
use fastrand::Rng;
use serde_json::{Map, json};

use super::generate::{anything, integer, number, object, text};
use super::models::{Ending, Event, Part, Priority, Role, Status, Thing, ThingId, thing};

/// How many documents each property is tried with.
const TRIES: usize = 4_000;

/// Equality as JSON Schema has it: numbers by value, so that `5` is `5.0`.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(a), Value::Number(b)) => a == b || a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            let is_same = |(name, a): (&String, &Value)| b.get(name).is_some_and(|b| same(a, b));
            a.len() == b.len() && a.iter().all(is_same)
        }
        (one, other) => one == other,
    }
}

/// Reads a value if it fits, uses what came of it, and reads once more what is written.
fn survives<T: FromJson + ToJson>(value: &Value) -> Option<T> {
    let read = T::from_json(value.clone(), &Place::root()).ok()?;
    let again = T::from_json(read.to_json(), &Place::root()).expect("our own JSON");
    assert!(same(&again.to_json(), &read.to_json()), "{value}");
    read.to_body();
    Some(read)
}

#[test]
fn any_json_is_read_or_refused_without_a_panic() {
    let mut rng = Rng::with_seed(1);
    for _ in 0..TRIES {
        let value = anything(&mut rng, 3);
        survives::<bool>(&value);
        survives::<i32>(&value);
        survives::<i64>(&value);
        survives::<u64>(&value);
        survives::<f64>(&value);
        survives::<String>(&value);
        survives::<Secret>(&value);
        survives::<Scalar>(&value);
        survives::<Role>(&value);
        survives::<Priority>(&value);
        survives::<Ending>(&value);
        survives::<Event>(&value);
        survives::<Part>(&value);
        survives::<Change<i64>>(&value);
        survives::<Verbatim<bool>>(&value);
        survives::<OneOrMany<Status>>(&value);
        survives::<Vec<Option<Scalar>>>(&value);
        survives::<BTreeMap<String, Value>>(&value);
        if let Some(id) = survives::<ThingId>(&value) {
            assert_eq!(id, ThingId::from(id.to_string()));
        }
        if let Some(money) = survives::<Money>(&value) {
            assert_eq!(money.amount().map_or(money.clone(), Money::from), money);
        }
        if let Some(time) = survives::<Time>(&value) {
            assert!(time.utc().is_none() || time.naive().is_some());
            assert!(time.naive().is_none() || time.date().is_some());
            assert_eq!(time.to_string(), time.text());
        }
        if let Some(text) = survives::<Base64Text>(&value) {
            assert_eq!(Base64Text::encoded(&text.text()), text);
        }
    }
}

#[test]
fn a_model_takes_any_json_in_any_field() {
    let mut rng = Rng::with_seed(2);
    let names: Vec<String> = whole(&mut rng, 0)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let mut fitted = 0;
    for _ in 0..TRIES {
        let mut members = schema_valid(&mut rng, 2);
        let name = &names[rng.usize(0..names.len())];
        members.insert(name.clone(), anything(&mut rng, 2));
        fitted += usize::from(survives::<Thing>(&members.into()).is_some());
    }
    assert!((TRIES / 4..TRIES).contains(&fitted), "{fitted} fit");
}

#[test]
fn schema_valid_json_is_written_back_equal_in_value() {
    let mut rng = Rng::with_seed(3);
    for _ in 0..TRIES {
        let value = Value::from(schema_valid(&mut rng, 2));
        let read = thing(value.clone());
        let written = read.to_json();
        assert!(same(&written, &value), "{value}\n{written}");
        for (name, unknown) in read.unknown.iter() {
            assert_eq!(Some(unknown), value.get(name), "{name}");
        }
        let count = |value: &Value| {
            value
                .as_object()
                .expect("an object")
                .keys()
                .filter(|name| name.ends_with('?'))
                .count()
        };
        assert_eq!(read.unknown.iter().count(), count(&value));
        assert_eq!(thing(written), read);
    }
}

/// Every field of a thing with a value that its schema allows.
fn whole(rng: &mut Rng, depth: usize) -> Map<String, Value> {
    let words = |rng: &mut Rng| -> Value { (0..rng.usize(0..3)).map(|_| text(rng)).collect() };
    let one_of = |rng: &mut Rng, choice: &[Value]| choice[rng.usize(0..choice.len())].clone();
    let status = |rng: &mut Rng| one_of(rng, &[json!("active"), json!("inactive"), json!("new")]);
    let id = |rng: &mut Rng| one_of(rng, &[json!(7), json!("7"), json!("a-b")]);
    let parts = (0..rng.usize(0..3)).map(|_| {
        let mut part = object(rng, 1);
        part.insert("status".to_owned(), status(rng));
        if rng.bool() {
            part.insert("id".to_owned(), one_of(rng, &[json!(null), json!(1)]));
        }
        Value::from(part)
    });
    let parts: Value = parts.collect();
    let parent = match depth {
        0 => Value::Null,
        depth => schema_valid(rng, depth - 1).into(),
    };
    let members = json!({
        "name": text(rng),
        "count": rng.i64(..),
        "small": rng.i32(..),
        "size": rng.u64(..),
        "weight": number(rng),
        "onSale": rng.bool(),
        "price": one_of(rng, &[json!("12.50"), json!(0.1), json!(7), json!("")]),
        "due": text(rng),
        "text": text(rng),
        "status": status(rng),
        "ending": one_of(rng, &[json!(0), json!("missed"), json!(3), json!("2")]),
        "priority": one_of(rng, &[json!(-1), json!(1), json!(9)]),
        "tags": words(rng),
        "links": one_of(rng, &[json!("a"), json!([]), json!(["a"]), json!(["a", "b"])]),
        "counts": { "a": integer(rng), "b": number(rng) },
        "extra": anything(rng, 2),
        "parent": parent,
        "parts": parts,
        "address_line1": text(rng),
        "note": text(rng),
        "key": text(rng),
        "id": id(rng),
        "created": text(rng),
    });
    let members = members.as_object().cloned();
    members.expect("an object")
}

/// A thing with some of its fields, some of them null, and some that no schema names.
fn schema_valid(rng: &mut Rng, depth: usize) -> Map<String, Value> {
    let mut members = object(rng, 2);
    for (name, value) in whole(rng, depth) {
        let is_required = matches!(name.as_str(), "name" | "count");
        match rng.u8(0..4) {
            0 if !is_required => {}
            1 if !is_required => {
                members.insert(name, Value::Null);
            }
            _ => {
                members.insert(name, value);
            }
        }
    }
    members
}

#[test]
fn money_is_exact_to_fifteen_significant_digits() {
    let mut rng = Rng::with_seed(4);
    for _ in 0..TRIES {
        let digits = rng.i64(-999_999_999_999_999..=999_999_999_999_999);
        let amount = Decimal::new(digits, rng.u32(0..=12));
        let in_json = |text: &str| -> Value { serde_json::from_str(text).expect("JSON") };
        let read = |value| Money::from_json(value, &Place::root()).expect("money");
        let number = read(in_json(&amount.to_string()));
        assert_eq!(number.amount(), Some(amount), "{amount}");
        assert_eq!(
            Money::from(amount).to_json().as_f64(),
            number.to_json().as_f64()
        );
        // Text keeps the scale too.
        let text = read(in_json(&format!("\"{amount}\"")));
        assert_eq!(
            text.amount().map(|read| read.to_string()),
            Some(amount.to_string())
        );
        assert_eq!(text, number);
    }
}
