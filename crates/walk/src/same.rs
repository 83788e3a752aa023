//! Compares JSON by value: `5` is `5.0`.

use serde_json::Value;

/// The place of the first difference, if there is one.
pub(crate) fn difference(one: &Value, other: &Value, place: &str) -> Option<String> {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) if one.as_f64() == other.as_f64() => None,
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let pairs = one.iter().zip(other).enumerate();
            pairs
                .filter_map(|(index, (one, other))| {
                    difference(one, other, &format!("{place}[{index}]"))
                })
                .next()
        }
        (Value::Object(one), Value::Object(other)) if one.len() == other.len() => {
            one.iter().find_map(|(key, value)| match other.get(key) {
                Some(other) => difference(value, other, &format!("{place}.{key}")),
                None => Some(format!("{place}.{key} is missing")),
            })
        }
        _ if one == other => None,
        _ => Some(format!("{place}: {other} instead of {one}")),
    }
}
