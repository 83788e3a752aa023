//! Makes an answer of what is stored: members that fit stay, and required ones that are missing are made up.

use serde_json::{Map, Value};

use crate::openapi::{Direction, Schema, mix};

/// A value that the schema allows in an answer, as close to `stored` as can be.
///
/// `unknown` keeps members that the schema does not name.
pub(super) fn fit(schema: Schema, stored: &Value, seed: u64, unknown: bool) -> Value {
    fitted(schema, stored, seed, unknown).unwrap_or_else(|| schema.sample_answer(seed))
}

fn fitted(schema: Schema, stored: &Value, seed: u64, unknown: bool) -> Option<Value> {
    let alternatives = schema.any_of();
    if !alternatives.is_empty() {
        let mut all = alternatives.into_iter();
        return all.find_map(|one| fitted(one, stored, seed, unknown));
    }
    match stored {
        Value::Object(_) if !schema.allows("object") && !schema.types().is_empty() => None,
        Value::Object(members) => Some(object(schema, members, seed, unknown)),
        Value::Array(items) if schema.allows("array") => {
            let Some(kind) = schema.items() else {
                return Some(stored.clone());
            };
            let items = items
                .iter()
                .enumerate()
                .filter_map(|(at, item)| fitted(kind, item, mix(seed, &at.to_string()), unknown));
            let fitted = Value::Array(items.collect());
            (schema.check(&fitted, Direction::Answer).is_ok()).then_some(fitted)
        }
        _ => {
            let fits = schema.check(stored, Direction::Answer).is_ok();
            fits.then(|| stored.clone())
        }
    }
}

fn object(schema: Schema, members: &Map<String, Value>, seed: u64, unknown: bool) -> Value {
    let mut made = Map::new();
    for (name, member) in schema.properties() {
        if member.is_write_only() {
            continue;
        }
        let seed = mix(seed, name);
        let value = members.get(name);
        let value = value.and_then(|value| fitted(member, value, seed, unknown));
        if let Some(value) = value {
            made.insert(name.to_owned(), value);
        } else if schema.requires(name) {
            made.insert(name.to_owned(), member.sample_answer(seed));
        }
    }
    if unknown || schema.is_open() {
        for (name, value) in members {
            if schema.property(name).is_none() {
                made.insert(name.clone(), value.clone());
            }
        }
    }
    Value::Object(made)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::fit;
    use crate::openapi::{Direction, Provider, Schema, documents};

    fn schema(provider: Provider, document: &str, name: &str) -> Schema {
        let mut all = documents(provider).iter();
        let document = all.find(|one| one.name == document).unwrap();
        document.schema(name).unwrap()
    }

    #[test]
    fn what_is_missing_is_made_up_and_what_is_wrong_is_left_out() {
        let campaign = schema(Provider::Comm100, "v2", "Campaign");
        let fitted = fit(
            campaign,
            &json!({ "name": "n", "id": "one", "color": 1 }),
            3,
            false,
        );
        assert_eq!(campaign.check(&fitted, Direction::Answer), Ok(()));
        let names: Vec<_> = fitted.as_object().unwrap().keys().collect();
        assert_eq!(names, ["language", "name"]);
        assert_eq!(fitted, fit(campaign, &fitted, 4, false));
    }

    #[test]
    fn unknown_members_stay_where_they_are_wanted_or_the_schema_is_open() {
        let stored = json!({ "name": "n", "language": "l", "color": 1 });
        let campaign = schema(Provider::Comm100, "v2", "Campaign");
        assert_eq!(fit(campaign, &stored, 3, true), stored);
        let open = schema(Provider::Communic8, "communic8", "Campaign");
        assert_eq!(fit(open, &stored, 3, false)["color"], 1);
    }

    #[test]
    fn members_that_are_only_written_are_never_shown() {
        for provider in Provider::ALL {
            for document in documents(provider) {
                for (name, schema) in document.schemas() {
                    let shown = fit(schema, &schema.sample(0), 3, false);
                    let checked = schema.check(&shown, Direction::Answer);
                    assert_eq!(checked, Ok(()), "{name}");
                }
            }
        }
    }
}
