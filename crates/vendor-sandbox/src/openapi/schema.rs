//! A schema of a document, with its references followed.

use std::fmt;

use serde_json::{Map, Value};

use super::check;
use super::document::{Provider, raw};
use super::sample::{Manner, Sampler};

/// How many references in a row are followed; the documents have one.
const HOPS: usize = 8;

/// Which way a value goes.
///
/// ```
/// use vendor_sandbox::openapi::{Direction, Provider, documents};
///
/// let channel = documents(Provider::Communic8)[0].schema("Channel").unwrap();
/// let made = serde_json::json!({ "_id": "65f0" });
/// assert_eq!(channel.check(&made, Direction::Answer), Ok(()));
/// let flaw = channel.check(&made, Direction::Request).unwrap_err();
/// assert_eq!(flaw, "$._id: expected to be left out, for only answers have it");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Direction {
    /// From the vendor: members that are only written are left out, unknown ones may be there.
    Answer,
    /// Either: all members may be there, unknown ones only where the schema is open.
    Either,
    /// To the vendor: members that are only read are left out, unknown ones may be there only where the schema is open.
    Request,
}

/// What a value may be: a schema of a document, at any depth.
///
/// `Debug` shows its JSON.
///
/// ```
/// use vendor_sandbox::openapi::{Provider, documents};
///
/// let documents = documents(Provider::WebCommander);
/// let blogs = documents.iter().find(|one| one.name == "blogs").unwrap();
/// let blog = blogs.schema("Blog").unwrap();
/// assert!(blog.sample(0).is_object());
/// ```
#[derive(Clone, Copy)]
pub struct Schema {
    provider: Provider,
    /// The document that `target` stands in.
    document: &'static str,
    /// As it is written, perhaps a reference with switches beside it.
    node: &'static Value,
    /// What the reference leads to, or the same.
    target: &'static Value,
    /// The name of the component that it refers to.
    name: Option<&'static str>,
}

impl Schema {
    pub(super) fn new(provider: Provider, document: &'static str, node: &'static Value) -> Self {
        let mut schema = Self {
            provider,
            document,
            node,
            target: node,
            name: None,
        };
        for _ in 0..HOPS {
            let Some(reference) = schema.target["$ref"].as_str() else {
                break;
            };
            let (file, pointer) = reference.split_once('#').unwrap_or((reference, ""));
            let document = file.strip_suffix(".yaml").unwrap_or(schema.document);
            let Some(target) = raw(provider, document).pointer(pointer) else {
                break;
            };
            schema.document = document;
            schema.target = target;
            schema.name = pointer.rsplit('/').next();
        }
        schema
    }

    fn at(self, node: &'static Value) -> Self {
        Self::new(self.provider, self.document, node)
    }

    /// The name of the component that it refers to, if it is a reference.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        self.name
    }

    /// Whether it is the same place of the same document as another one.
    pub(crate) fn is(self, other: Self) -> bool {
        std::ptr::eq(self.target, other.target)
    }

    /// Whether the reference or what it refers to has this switch on.
    fn has(self, switch: &str) -> bool {
        self.node[switch] == true || self.target[switch] == true
    }

    pub(crate) fn is_read_only(self) -> bool {
        self.has("readOnly")
    }

    pub(crate) fn is_write_only(self) -> bool {
        self.has("writeOnly")
    }

    pub(crate) fn is_money(self) -> bool {
        self.has("x-money")
    }

    /// Whether members that no document names may be there: `x-open`, or an object of which nothing is said.
    pub(crate) fn is_open(self) -> bool {
        self.has("x-open") || self.target.get("properties").is_none()
    }

    /// A keyword of the schema itself; null where it has none.
    ///
    /// ```
    /// use vendor_sandbox::openapi::{Provider, documents};
    ///
    /// let channel = documents(Provider::Communic8)[0].schema("Channel").unwrap();
    /// assert_eq!(*channel.word("type"), "object");
    /// assert!(channel.word("x-nothing").is_null());
    /// ```
    #[must_use]
    pub fn word(self, keyword: &str) -> &'static Value {
        &self.target[keyword]
    }

    /// A keyword beside the reference, or else of what it refers to; null where neither has it.
    ///
    /// ```
    /// use vendor_sandbox::openapi::{Provider, documents};
    ///
    /// let taxes = documents(Provider::WebCommander).iter().find(|one| one.name == "taxes").unwrap();
    /// let default = taxes.schema("TaxCode").unwrap().property("default").unwrap();
    /// assert_eq!(*default.beside("x-also"), serde_json::json!(["is_default"]));
    /// ```
    #[must_use]
    pub fn beside(self, keyword: &str) -> &'static Value {
        match &self.node[keyword] {
            Value::Null => self.word(keyword),
            own => own,
        }
    }

    pub(crate) fn text(self, keyword: &str) -> &'static str {
        self.word(keyword).as_str().unwrap_or_default()
    }

    /// The types that it allows; none where nothing is said.
    pub(crate) fn types(self) -> Vec<&'static str> {
        match self.word("type") {
            Value::String(one) => vec![one.as_str()],
            Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        }
    }

    pub(crate) fn allows(self, kind: &str) -> bool {
        match self.word("type") {
            Value::String(one) => one == kind,
            Value::Array(several) => several.iter().any(|one| one == kind),
            _ => false,
        }
    }

    /// Names and schemas of its properties, in the order of the names.
    ///
    /// ```
    /// use vendor_sandbox::openapi::{Provider, documents};
    ///
    /// let channel = documents(Provider::Communic8)[0].schema("Channel").unwrap();
    /// assert!(channel.properties().any(|(name, _)| name == "_id"));
    /// ```
    pub fn properties(self) -> impl Iterator<Item = (&'static str, Self)> {
        let all = self.target["properties"].as_object();
        let all = all.into_iter().flat_map(Map::iter);
        all.map(move |(name, node)| (name.as_str(), self.at(node)))
    }

    /// The schema of one of its properties.
    #[must_use]
    pub fn property(self, name: &str) -> Option<Self> {
        let node = self.target["properties"].get(name)?;
        Some(self.at(node))
    }

    pub(crate) fn requires(self, name: &str) -> bool {
        let names = self.word("required").as_array();
        names.is_some_and(|names| names.iter().any(|known| known == name))
    }

    /// What an item of it is, where it is a list.
    ///
    /// ```
    /// use vendor_sandbox::openapi::{Provider, operation};
    ///
    /// let list = operation(Provider::Comm100, "livechat.campaigns.list").unwrap();
    /// assert!(list.item().is_some_and(|item| item.items().is_none()));
    /// ```
    #[must_use]
    pub fn items(self) -> Option<Self> {
        Some(self.at(self.target.get("items")?))
    }

    pub(crate) fn any_of(self) -> Vec<Self> {
        let all = self.target["anyOf"].as_array();
        let all = all.into_iter().flatten();
        all.map(|node| self.at(node)).collect()
    }

    /// The values of an enum, the null of which is left to the type.
    pub(crate) fn choices(self) -> Option<Vec<&'static Value>> {
        let all = self.word("enum").as_array()?;
        Some(all.iter().filter(|value| !value.is_null()).collect())
    }

    /// A value with members of both directions, the same for the same seed.
    ///
    /// Seed 0 has all optional members and no nulls, seed 1 none of the optional members; all others mix.
    #[must_use]
    pub fn sample(self, seed: u64) -> Value {
        self.drawn(Direction::Either, seed, false)
    }

    /// A value to send: without members that are only read.
    #[must_use]
    pub fn sample_request(self, seed: u64) -> Value {
        self.drawn(Direction::Request, seed, false)
    }

    /// A value as it comes: without members that are only written.
    #[must_use]
    pub fn sample_answer(self, seed: u64) -> Value {
        self.drawn(Direction::Answer, seed, false)
    }

    /// A value as it comes, with a member that no document names in every object.
    ///
    /// ```
    /// use vendor_sandbox::openapi::{Direction, Provider, operation};
    ///
    /// let get = operation(Provider::Comm100, "livechat.campaigns.get").unwrap();
    /// let schema = get.answer.schema.unwrap();
    /// let value = schema.sample_with_unknown(3);
    /// assert_eq!(schema.check(&value, Direction::Answer), Ok(()));
    /// assert!(schema.check(&value, Direction::Either).is_err());
    /// ```
    #[must_use]
    pub fn sample_with_unknown(self, seed: u64) -> Value {
        self.drawn(Direction::Answer, seed, true)
    }

    fn drawn(self, direction: Direction, seed: u64, unknown: bool) -> Value {
        let manner = match seed {
            0 => Manner::Everything,
            1 => Manner::Required,
            _ => Manner::Mixed,
        };
        let sampler = Sampler {
            direction,
            manner,
            unknown,
        };
        sampler.value(self, seed, 0)
    }

    /// Says whether a value is what the schema allows.
    ///
    /// # Errors
    ///
    /// The first flaw: the JSON path, and what was expected there. Values are never repeated.
    pub fn check(self, value: &Value, direction: Direction) -> Result<(), String> {
        check::check(self, value, direction)
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.node)
    }
}
