//! Takes form bodies, queries and JSON objects apart without forgiving anything, and escapes what goes into them.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// Names and values in the order sent, doubles included.
pub(crate) type Pairs = Vec<(String, String)>;

/// What a value of a query or of a form needs escaped.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A value as it stands in a query or in a form.
pub(crate) fn escape(value: &str) -> String {
    utf8_percent_encode(value, VALUE).to_string()
}

/// Decodes `application/x-www-form-urlencoded`, refusing escapes that lenient decoders let through.
pub(crate) fn parse(text: &str) -> Result<Pairs, &'static str> {
    if text.is_empty() {
        return Ok(Pairs::new());
    }
    text.split('&')
        .map(|pair| {
            let (name, value) = pair.split_once('=').ok_or("has a part without `=`")?;
            Ok((component(name)?, component(value)?))
        })
        .collect()
}

fn component(text: &str) -> Result<String, &'static str> {
    let mut rest = text;
    while let Some((_, tail)) = rest.split_once('%') {
        let digits = tail.as_bytes().get(..2).unwrap_or_default();
        if digits.len() != 2 || !digits.iter().all(u8::is_ascii_hexdigit) {
            return Err("has a `%` that starts no escape");
        }
        rest = tail;
    }
    percent_decode_str(&text.replace('+', " "))
        .decode_utf8()
        .map(|text| text.into_owned())
        .map_err(|_| "is not UTF-8")
}

/// The members of a JSON object of strings, doubled members included.
pub(crate) fn members(body: &[u8]) -> Result<Pairs, &'static str> {
    let mut reader = serde_json::Deserializer::from_slice(body);
    let members = reader
        .deserialize_map(Members)
        .map_err(|_| "is not a JSON object")?;
    reader.end().map_err(|_| "is not a JSON object")?;
    members
        .into_iter()
        .map(|(name, value)| match value {
            Value::String(text) => Ok((name, text)),
            _ => Err("has a member that is not a JSON string"),
        })
        .collect()
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, Value)>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

/// A name fit for a log: what does not look like a parameter's name might be a secret and is not repeated.
pub(crate) fn shown(name: &str) -> &str {
    let plain = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-');
    if name.len() <= 24 && !name.is_empty() && name.bytes().all(plain) {
        name
    } else {
        "(name withheld)"
    }
}

#[cfg(test)]
mod tests {
    use super::{members, parse, shown};

    #[test]
    fn plus_is_a_space_and_escapes_are_bytes() {
        let pairs = parse("a=x+y&b=%2B%C3%A9").unwrap();
        assert_eq!(
            pairs,
            [
                ("a".to_owned(), "x y".to_owned()),
                ("b".to_owned(), "+é".to_owned())
            ]
        );
    }

    #[test]
    fn broken_escapes_are_refused() {
        for text in ["a=%", "a=%4", "a=%zz", "a=%é", "a=%ff", "a", "a=1&"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn doubled_members_survive() {
        assert_eq!(members(br#"{"a":"1","a":"2"}"#).unwrap().len(), 2);
        for body in [r#"{"a":1}"#, "[]", "{", r#"{"a":"1"} x"#] {
            assert!(members(body.as_bytes()).is_err(), "{body}");
        }
    }

    #[test]
    fn names_that_could_be_secrets_are_withheld() {
        assert_eq!(shown("web_commander_url"), "web_commander_url");
        for name in ["", "s3cret", r#"{"client_secret":"x"}"#] {
            assert_eq!(shown(name), "(name withheld)");
        }
    }
}
