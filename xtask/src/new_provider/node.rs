//! Holds a document as it is written, keys in their order, and writes it as YAML in block style.

use std::fmt;

use indexmap::IndexMap;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// A value of a document.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    /// As it was written.
    Number(serde_json::Number),
    Text(String),
    List(Vec<Self>),
    Map(Members),
}

/// The members of an object.
pub(super) type Members = IndexMap<String, Node>;

impl Node {
    pub(super) fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.as_map()?.get(key)
    }

    pub(super) fn as_map(&self) -> Option<&Members> {
        match self {
            Self::Map(members) => Some(members),
            _ => None,
        }
    }

    pub(super) fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text below a key.
    pub(super) fn text_at(&self, key: &str) -> Option<&str> {
        self.get(key)?.as_text()
    }

    pub(super) fn is_true(&self, key: &str) -> bool {
        self.get(key) == Some(&Self::Bool(true))
    }

    /// The document, a line for each value.
    pub(super) fn to_yaml(&self) -> String {
        let mut text = String::new();
        self.write(0, &mut text);
        text
    }

    fn write(&self, depth: usize, out: &mut String) {
        let indent = " ".repeat(depth * 2);
        match self {
            Self::Map(members) => {
                for (key, value) in members {
                    out.push_str(&format!("{indent}{}:", scalar(key)));
                    value.write_behind(depth, out);
                }
            }
            Self::List(items) => {
                for item in items {
                    let mut inner = String::new();
                    match item {
                        Self::Map(members) if members.is_empty() => inner.push_str("{}"),
                        Self::List(items) if items.is_empty() => inner.push_str("[]"),
                        _ => item.write(depth + 1, &mut inner),
                    }
                    // The first line of an item stands behind its dash.
                    let inner = inner.trim_start();
                    out.push_str(&format!("{indent}- {inner}"));
                    if !inner.ends_with('\n') {
                        out.push('\n');
                    }
                }
            }
            one => out.push_str(&one.in_line()),
        }
    }

    /// The value of a member, whose key is written.
    fn write_behind(&self, depth: usize, out: &mut String) {
        match self {
            Self::Map(members) if !members.is_empty() => {
                out.push('\n');
                self.write(depth + 1, out);
            }
            Self::List(items) if !items.is_empty() => {
                out.push('\n');
                self.write(depth + 1, out);
            }
            one => out.push_str(&format!(" {}\n", one.in_line())),
        }
    }

    fn in_line(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Text(text) => scalar(text),
            Self::List(_) => "[]".to_owned(),
            Self::Map(_) => "{}".to_owned(),
        }
    }
}

/// A text as it stands in YAML: plain where that can't be read as anything else, and else as JSON writes it.
fn scalar(text: &str) -> String {
    let first = text.chars().next();
    let begins = first.is_some_and(|it| it.is_ascii_alphabetic() || matches!(it, '/' | '_' | '$'));
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " _-./{}$,()'".contains(c);
    let is_word = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
        .contains(&text.to_ascii_lowercase().as_str());
    let ends = !text.ends_with(' ') && !text.contains("  ");
    // `https://…` is plain, too: only a colon before a space ends a key.
    let rest = text.replace("://", "");
    if begins && ends && !is_word && rest.chars().all(is_plain) {
        return text.to_owned();
    }
    serde_json::Value::from(text).to_string()
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Node, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        let number = serde_json::Number::from_f64(value);
        number
            .map(Node::Number)
            .ok_or_else(|| E::custom("no number"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node, E> {
        Ok(Node::text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let mut map = Members::new();
        while let Some(key) = members.next_key::<Node>()? {
            // A status may be written as a number.
            let key = match key {
                Node::Text(text) => text,
                other => other.in_line(),
            };
            map.insert(key, members.next_value()?);
        }
        Ok(Node::Map(map))
    }
}

#[cfg(test)]
mod tests {
    use super::Node;

    #[test]
    fn what_is_written_is_read_as_it_was() {
        let text = "a: [1, -2, 2.5, true, null, 'yes', 'a: b', \"x\\ny\", '', '007', ' a']\n\
                    b:\n  200: {c: [{d: 1, e: [x]}, []], f: {}}\n'#k': 'it''s'\nu: https://a.example/b\n";
        let node: Node = serde_saphyr::from_str(text).unwrap();
        let written = node.to_yaml();
        let again: Node = serde_saphyr::from_str(&written).unwrap();
        assert_eq!(again, node, "{written}");
        assert!(written.contains("u: https://a.example/b\n"), "{written}");
    }
}
