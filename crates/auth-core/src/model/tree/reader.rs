//! Reads one JSON document into a tree, with a limit to its size and the last of members of one name.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::str::FromStr as _;
use std::sync::OnceLock;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::{Json, Members, Node};

/// A document with more values than this is refused: each takes some fifty bytes here, however short it came.
const MOST_VALUES: usize = 1 << 20;
/// A document with more objects than this is refused: each can become a model of a thousand bytes, however short it came.
const MOST_OBJECTS: usize = 1 << 17;
/// Objects with more members than this are searched by hash for names that come twice.
const FEW: usize = 64;

/// Reads one document and nothing behind it.
pub(super) fn whole<'de, R: serde_json::de::Read<'de>>(
    mut reader: serde_json::Deserializer<R>,
) -> Result<Json<'de>, serde_json::Error> {
    let left = Left {
        values: Cell::new(MOST_VALUES),
        objects: Cell::new(MOST_OBJECTS),
    };
    let json = Tree(&left).deserialize(&mut reader)?;
    reader.end()?;
    Ok(json)
}

/// How much a document may still hold.
struct Left {
    values: Cell<usize>,
    objects: Cell<usize>,
}

/// Takes one from what is left.
fn take<E: de::Error>(left: &Cell<usize>, too_much: &str) -> Result<(), E> {
    let one_less = left.get().checked_sub(1);
    left.set(one_less.ok_or_else(|| E::custom(too_much))?);
    Ok(())
}

#[derive(Clone, Copy)]
struct Tree<'l>(&'l Left);

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        take(&self.0.values, "more than 1048576 values")?;
        deserializer.deserialize_any(self).map(Json)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node<'de>, E> {
        Ok(Node::Boolean(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node<'de>, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node<'de>, E> {
        Ok(Node::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node<'de>, E> {
        Ok(Number::from_f64(value).map_or(Node::Null, Node::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(text.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(text.to_owned().into()))
    }

    fn visit_string<E>(self, text: String) -> Result<Node<'de>, E> {
        Ok(Node::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Node<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element_seed(self)? {
            list.push(element);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node<'de>, A::Error> {
        take(&self.0.objects, "more than 131072 objects")?;
        let mut list = Vec::new();
        let mut seen = Seen::default();
        while let Some(name) = members.next_key_seed(Name)? {
            if name == NUMBER && list.is_empty() && keeps_digits() {
                return digits(&members.next_value::<String>()?);
            }
            let value = Some(members.next_value_seed(self)?);
            match seen.position(&list, &name) {
                None => list.push((name, value)),
                Some(at) => list[at].1 = value,
            }
        }
        Ok(Node::Object(Members { list, next: 0 }))
    }
}

/// The name under which serde_json hands over a number's digits, where some crate of the tree has switched on its feature
/// `arbitrary_precision`.
const NUMBER: &str = "$serde_json::private::Number";

/// Whether that feature is on; elsewhere an object may have a member of that name.
fn keeps_digits() -> bool {
    static KEEPS: OnceLock<bool> = OnceLock::new();
    const DIGITS: &str = "0.10000000000000000001";
    *KEEPS.get_or_init(|| Number::from_str(DIGITS).is_ok_and(|read| read.to_string() == DIGITS))
}

fn digits<'a, E: de::Error>(text: &str) -> Result<Node<'a>, E> {
    let number = Number::from_str(text);
    number.map(Node::Number).map_err(E::custom)
}

/// A member's name, borrowed where it can be.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
        Ok(name.into())
    }

    fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
        Ok(name.to_owned().into())
    }
}

/// Which names an object has had so far.
#[derive(Default)]
struct Seen<'a> {
    /// A bit for each: where it is not set, the name is new.
    bits: u64,
    /// Where each name stands, once there are many.
    many: HashMap<Cow<'a, str>, usize>,
}

impl<'a> Seen<'a> {
    /// Where `name` stands in `list`; if nowhere, it is about to stand at the end.
    #[expect(
        clippy::ptr_arg,
        reason = "a clone of it borrows where it does; a text would be copied"
    )]
    fn position<T>(&mut self, list: &[(Cow<'a, str>, T)], name: &Cow<'a, str>) -> Option<usize> {
        if list.len() >= FEW {
            if self.many.is_empty() {
                let known = list.iter().enumerate();
                self.many = known.map(|(at, (name, _))| (name.clone(), at)).collect();
            }
            let known = self.many.get(name).copied();
            if known.is_none() {
                self.many.insert(name.clone(), list.len());
            }
            return known;
        }
        let bytes = name.as_bytes();
        let ends = bytes.first().zip(bytes.last());
        let print = ends.map_or(0, |(first, last)| {
            first.wrapping_mul(7) ^ last.wrapping_mul(3)
        });
        let bit = 1 << ((usize::from(print) + bytes.len() * 13) % 64);
        let is_new = self.bits & bit == 0;
        self.bits |= bit;
        match is_new {
            true => None,
            false => list.iter().position(|(known, _)| known == name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn read(text: &str) -> Result<Value, serde_json::Error> {
        Json::parse(text.as_bytes()).map(Json::into_value)
    }

    #[test]
    fn what_is_no_utf8_is_refused_wherever_it_stands() {
        for document in [&b"\"\xff\""[..], b"{\"\xc3\":1}", b"\xff", b"[1]\xff"] {
            let expected = serde_json::from_slice::<Value>(document).expect_err("no JSON");
            let told = Json::parse(document).expect_err("no JSON");
            assert_eq!(told.to_string(), expected.to_string());
        }
    }

    #[test]
    fn what_is_read_is_what_serde_json_reads() {
        for text in [
            "null",
            "true",
            "-7",
            "18446744073709551615",
            "1.5e300",
            r#""plain""#,
            r#""with \"escapes\" \u00e9\ud83d\ude00""#,
            r#"[1,[],{},"two",[null,{"a":[false]}]]"#,
            r#"{"b":1,"a":{"\u0062":2,"b":3},"":0}"#,
            r#"{"a":1,"a":2}"#,
            r#"{"$serde_json::private::Number":"12"}"#,
        ] {
            let expected: Value = serde_json::from_str(text).expect(text);
            assert_eq!(read(text).ok(), Some(expected), "{text}");
        }
        for text in [
            "",
            "[1",
            "{\"a\"}",
            "{1:2}",
            "1e999",
            "nul",
            "\"\\ud800\"",
            "[1]x",
        ] {
            let expected = serde_json::from_str::<Value>(text).expect_err(text);
            let told = read(text).expect_err(text);
            assert_eq!(told.to_string(), expected.to_string(), "{text}");
        }
        let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
        assert!(
            read(&deep).is_err(),
            "as deep as serde_json goes, and no deeper"
        );
    }

    #[test]
    fn what_would_take_more_memory_than_an_answer_may_is_refused() {
        let list = |element: &str, count: usize| {
            format!("[{}{element}]", format!("{element},").repeat(count - 1))
        };
        for (element, most, told) in [
            // The list is a value, too.
            ("0", 1_048_575, "more than 1048576 values"),
            ("{}", 131_072, "more than 131072 objects"),
        ] {
            assert!(read(&list(element, most)).is_ok(), "{element}");
            let error = read(&list(element, most + 1)).expect_err(element);
            assert!(error.to_string().starts_with(told), "{error}");
        }
    }

    #[test]
    fn of_members_with_one_name_the_last_counts_however_many_there_are() {
        for count in [2, 10, 63, 64, 65, 66, 130, 1_000] {
            let members: Vec<String> = (0..count)
                .map(|n| format!(r#""member{}":{n}"#, n % (count / 2)))
                .collect();
            let text = format!("{{{}}}", members.join(","));
            let expected: Value = serde_json::from_str(&text).expect("JSON");
            let json = Json::parse(text.as_bytes()).expect("JSON");
            let Node::Object(members) = &json.0 else {
                panic!("an object");
            };
            assert_eq!(members.iter().count(), count / 2, "{count} members");
            assert_eq!(json.into_value(), expected, "{count} members");
        }
    }
}
