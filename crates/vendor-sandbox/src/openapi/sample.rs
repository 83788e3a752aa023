//! Makes values that a schema allows, the same ones for the same seed.

use serde_json::{Map, Number, Value, json};

use super::draw::{below, mix, one};
use super::format;
use super::schema::{Direction, Schema};

/// Objects within objects: below this depth optional members that hold others are left out, so recursion ends.
const DEPTH: usize = 4;
/// Where even required members end. No document gets here.
const FLOOR: usize = 16;

/// Which optional members are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Manner {
    /// All of them, and nothing is null.
    Everything,
    /// As the seed says.
    Mixed,
    /// None of them.
    Required,
}

/// How a sample is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sampler {
    pub(super) direction: Direction,
    pub(super) manner: Manner,
    /// Whether every object gets a member that no document names.
    pub(super) unknown: bool,
}

impl Sampler {
    pub(super) fn value(self, schema: Schema, seed: u64, depth: usize) -> Value {
        if depth > FLOOR {
            return Value::Null;
        }
        let alternatives = schema.any_of();
        if !alternatives.is_empty() {
            let shallow: Vec<_> = alternatives.iter().filter(|one| !holds(**one)).collect();
            let deep = depth >= DEPTH && !shallow.is_empty();
            let chosen = match self.manner {
                _ if deep => shallow.first().copied(),
                Manner::Mixed => one(seed, "any", &alternatives),
                Manner::Everything | Manner::Required => alternatives.first(),
            };
            return chosen.map_or(Value::Null, |chosen| {
                self.value(*chosen, mix(seed, "of"), depth)
            });
        }
        let types = schema.types();
        let kinds: Vec<_> = types.iter().filter(|kind| **kind != "null").collect();
        let nullable = kinds.len() < types.len();
        let null = match self.manner {
            Manner::Mixed => below(seed, "null", 4) == 0,
            Manner::Everything | Manner::Required => false,
        };
        if nullable && (null || kinds.is_empty()) {
            return Value::Null;
        }
        if let Some(choices) = schema.choices() {
            let chosen = one(seed, "enum", &choices).copied().cloned();
            return chosen.unwrap_or_default();
        }
        match one(seed, "type", &kinds).map(|kind| **kind) {
            Some("object") => self.object(schema, seed, depth),
            Some("array") => self.array(schema, seed, depth),
            Some("string") => Value::String(format::text(schema, seed)),
            Some("integer") => integer(schema, seed),
            Some("number") => number(schema, seed),
            Some("boolean") => Value::Bool(mix(seed, "yes").is_multiple_of(2)),
            _ if schema.word("properties").is_object() => self.object(schema, seed, depth),
            _ => anything(seed),
        }
    }

    fn object(self, schema: Schema, seed: u64, depth: usize) -> Value {
        let mut members = Map::new();
        for (name, member) in schema.properties() {
            let other_way = match self.direction {
                Direction::Answer => member.is_write_only(),
                Direction::Request => member.is_read_only(),
                Direction::Either => false,
            };
            let wanted = match self.manner {
                Manner::Everything => true,
                Manner::Required => false,
                Manner::Mixed => mix(seed, name) % 4 < 3,
            };
            let fits = wanted && (depth < DEPTH || !holds(member));
            if !other_way && (fits || schema.requires(name)) {
                members.insert(
                    name.to_owned(),
                    self.value(member, mix(seed, name), depth + 1),
                );
            }
        }
        let open =
            schema.is_open() && self.manner != Manner::Required && below(seed, "open", 2) == 0;
        if open || self.unknown {
            let name = format!("unknown_{:02x}", below(seed, "unknown", 256));
            members.insert(name, anything(mix(seed, "unknown")));
        }
        Value::Object(members)
    }

    fn array(self, schema: Schema, seed: u64, depth: usize) -> Value {
        let least = schema.word("minItems").as_u64().unwrap_or(0);
        let length = match self.manner {
            Manner::Everything if depth <= DEPTH => 2,
            Manner::Mixed if depth <= DEPTH => below(seed, "length", 4),
            _ => 0,
        };
        let Some(items) = schema.items() else {
            return json!([]);
        };
        let values = (0..length.max(least)).map(|at| {
            let seed = mix(seed, &at.to_string());
            self.value(items, seed, depth + 1)
        });
        Value::Array(values.collect())
    }
}

/// Whether values of it hold others.
fn holds(schema: Schema) -> bool {
    schema.allows("object")
        || schema.allows("array")
        || schema.word("properties").is_object()
        || schema.any_of().into_iter().any(holds)
}

fn integer(schema: Schema, seed: u64) -> Value {
    let id = !schema.text("x-id").is_empty();
    let least = schema.word("minimum").as_i64();
    let most = schema.word("maximum").as_i64();
    let bounded = least.is_some() || most.is_some() || id;
    let number = match below(seed, "size", 16) {
        0 if !bounded => 9_007_199_254_740_991,
        1 if !bounded => -1,
        _ => {
            let least = least.unwrap_or(i64::from(id));
            let most = most.unwrap_or(least.saturating_add(100_000)).max(least);
            let span = u64::try_from(most.saturating_sub(least))
                .unwrap_or(0)
                .saturating_add(1);
            least.saturating_add(i64::try_from(below(seed, "integer", span)).unwrap_or(0))
        }
    };
    Value::from(number)
}

fn number(schema: Schema, seed: u64) -> Value {
    let (digits, scale) = match schema.is_money() {
        true => (10_000_000, 100.0),
        false => (1_000_000, 1000.0),
    };
    let whole = u32::try_from(below(seed, "number", digits)).unwrap_or(0);
    let mut value = f64::from(whole) / scale;
    if let Some(least) = schema.word("minimum").as_f64() {
        value = value.max(least);
    }
    if let Some(most) = schema.word("maximum").as_f64() {
        value = value.min(most);
    }
    // Whole numbers come without a point, too, as JSON allows.
    let bounded = !schema.word("minimum").is_null() || !schema.word("maximum").is_null();
    if !bounded && below(seed, "point", 4) == 0 {
        return Value::from(whole % 1000);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

/// What an open schema may hold.
fn anything(seed: u64) -> Value {
    match below(seed, "anything", 6) {
        0 => json!("anything"),
        1 => json!(mix(seed, "n") % 1000),
        2 => json!([true, null, 1.5]),
        3 => json!({}),
        _ => json!({ "anything": { "goes": [1, "two"] } }),
    }
}
