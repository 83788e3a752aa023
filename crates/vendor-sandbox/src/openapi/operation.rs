//! Describes one operation: what it takes, what it answers, and how its list is paged.

use std::fmt;

use http::Method;
use serde_json::Value;

use super::document::{Provider, raw};
use super::draw::mix;
use super::schema::Schema;
use crate::credentials::COMM100_SITE_ID;
use crate::host::Host;
use crate::resources;

/// One method on one path.
///
/// ```
/// use vendor_sandbox::{Host, openapi::{Provider, operation}};
///
/// let get = operation(Provider::Comm100, "livechat.campaigns.get").unwrap();
/// assert_eq!((get.area, get.resource, get.verb), ("livechat", "campaigns", "get"));
/// assert_eq!(get.host, Host::Comm100DashApi);
/// assert_eq!(get.answer.status, 200);
/// ```
#[non_exhaustive]
pub struct Operation {
    /// Its `operationId`, `<area>.<resource>.<verb>`.
    pub id: &'static str,
    /// The first part of the id.
    pub area: &'static str,
    /// The second part of the id.
    pub resource: &'static str,
    /// The third part of the id.
    pub verb: &'static str,
    /// The vendor.
    pub provider: Provider,
    /// The host that serves it.
    pub host: Host,
    /// The HTTP method.
    pub method: Method,
    /// The path from the root of the host, with `{name}` where a parameter stands.
    pub path: &'static str,
    /// The parameters of path, query and headers, in the order of the document.
    pub parameters: Vec<Parameter>,
    /// The body of the request, if there is one.
    pub body: Option<RequestBody>,
    /// The answer of a success.
    pub answer: Expected,
    /// How the list is paged; `None` where the operation is no list.
    pub paging: Option<Paging>,
    /// Whether it carries an `Idempotency-Key`.
    pub idempotency_key: bool,
}

/// A parameter of an operation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Parameter {
    /// Its name on the wire.
    pub name: &'static str,
    /// Where it stands.
    pub place: Place,
    /// Whether a request without it is refused.
    pub required: bool,
    /// What it may be.
    pub schema: Schema,
    /// Whether the items of a list are sent under a key of their own each, instead of with commas.
    pub explode: bool,
}

/// Where a parameter stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// In a header.
    Header,
    /// In the path.
    Path,
    /// In the query.
    Query,
}

/// The body that an operation takes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct RequestBody {
    /// `application/json` or `multipart/form-data`.
    pub content_type: &'static str,
    /// Whether a request without it is refused.
    pub required: bool,
    /// What it may be.
    pub schema: Schema,
}

/// The answer of a success.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Expected {
    /// The HTTP status.
    pub status: u16,
    /// The type of the body; `None` where there is no body.
    pub content_type: Option<&'static str>,
    /// The shape of the body; `None` where there is no body.
    pub schema: Option<Schema>,
}

/// How a list is paged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Paging {
    /// The style.
    pub style: PagingStyle,
    /// The key of the array; `None` for a bare array.
    pub items: Option<&'static str>,
}

/// The styles of paging, named as in the documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PagingStyle {
    /// A bare array.
    Comm100Array,
    /// A key like the resource, with `total`, `nextPage` and `previousPage`.
    Comm100Envelope,
    /// The same with the key `list`.
    Comm100List,
    /// `limit` and `previousLastId`.
    Communic8Keyset,
    /// All at once.
    Communic8List,
    /// `limit` and `offset`, on until a page is empty; for vendors whose style has no name of its own.
    LimitOffset,
    /// `limit` and `offset`, on while `has_next`.
    WebCommanderLimitOffset,
    /// All at once.
    WebCommanderList,
    /// `max` and `offset`.
    WebCommanderMaxOffset,
    /// All at once; for vendors whose style has no name of its own.
    WholeList,
}

impl PagingStyle {
    fn of(name: &str) -> Self {
        match name {
            "comm100_envelope" => Self::Comm100Envelope,
            "comm100_list" => Self::Comm100List,
            "communic8_keyset" => Self::Communic8Keyset,
            "communic8_list" => Self::Communic8List,
            "limit_offset" => Self::LimitOffset,
            "webcommander_limit_offset" => Self::WebCommanderLimitOffset,
            "webcommander_list" => Self::WebCommanderList,
            "webcommander_max_offset" => Self::WebCommanderMaxOffset,
            "whole_list" => Self::WholeList,
            _ => Self::Comm100Array,
        }
    }
}

impl Operation {
    /// The operations of a document, in the order of their paths.
    pub(super) fn all(provider: Provider, document: &'static str, host: Host) -> Vec<Self> {
        let paths = raw(provider, document)["paths"].as_object();
        let items = paths.into_iter().flatten();
        items
            .flat_map(|(path, item)| {
                let methods = item.as_object().into_iter().flatten();
                methods.filter_map(move |(method, node)| {
                    let method = method.to_ascii_uppercase().parse().ok()?;
                    Self::read(provider, document, host, (method, path), node)
                })
            })
            .collect()
    }

    fn read(
        provider: Provider,
        document: &'static str,
        host: Host,
        (method, path): (Method, &'static str),
        node: &'static Value,
    ) -> Option<Self> {
        let schema = |node| Schema::new(provider, document, node);
        let id = node["operationId"].as_str()?;
        let mut parts = id.splitn(3, '.');
        let (area, resource, verb) = (parts.next()?, parts.next()?, parts.next()?);
        let parameters = node["parameters"].as_array().into_iter().flatten();
        let parameters = parameters.filter_map(|node| {
            Some(Parameter {
                name: node["name"].as_str()?,
                place: match node["in"].as_str()? {
                    "path" => Place::Path,
                    "header" => Place::Header,
                    _ => Place::Query,
                },
                required: node["required"] == true,
                schema: schema(&node["schema"]),
                explode: node["explode"] != false,
            })
        });
        let content = |node: &'static Value| {
            let mut all = node["content"].as_object()?.iter();
            let (content_type, media) = all.next()?;
            Some((content_type.as_str(), schema(&media["schema"])))
        };
        let body = node.get("requestBody").and_then(|body| {
            let (content_type, schema) = content(body)?;
            Some(RequestBody {
                content_type,
                required: body["required"] == true,
                schema,
            })
        });
        let (status, answer) = node["responses"].as_object()?.iter().next()?;
        let answer_content = content(answer);
        let paging = node.get("x-paging").map(|paging| Paging {
            style: PagingStyle::of(paging["style"].as_str().unwrap_or_default()),
            items: paging["items"].as_str(),
        });
        Some(Self {
            id,
            area,
            resource,
            verb,
            provider,
            host,
            method,
            path,
            parameters: parameters.collect(),
            body,
            answer: Expected {
                status: status.parse().ok()?,
                content_type: answer_content.map(|(content_type, _)| content_type),
                schema: answer_content.map(|(_, schema)| schema),
            },
            paging,
            idempotency_key: node["x-idempotency-key"] == true,
        })
    }

    /// The parameters at one place.
    pub fn at(&self, place: Place) -> impl Iterator<Item = &Parameter> {
        let all = self.parameters.iter();
        all.filter(move |parameter| parameter.place == place)
    }

    /// Values for the parameters of the path that name something that a fresh sandbox has, whatever its seed.
    ///
    /// ```
    /// use vendor_sandbox::openapi::{Provider, operation};
    ///
    /// let get = operation(Provider::WebCommander, "customers.customers.get").unwrap();
    /// assert_eq!(get.path_parameters(), [("customer_id", "1001".to_owned())]);
    /// assert_eq!(get.sample_path(), "/api/v4/admin/customers/1001");
    /// ```
    #[must_use]
    pub fn path_parameters(&'static self) -> Vec<(&'static str, String)> {
        resources::path_parameters(self)
    }

    /// What an item of the list is; `None` where the operation is no list.
    ///
    /// ```
    /// use vendor_sandbox::openapi::{Provider, operation};
    ///
    /// let list = operation(Provider::WebCommander, "taxes.tax_codes.list").unwrap();
    /// assert_eq!(list.item().and_then(|item| item.name()), Some("TaxCode"));
    /// ```
    #[must_use]
    pub fn item(&'static self) -> Option<Schema> {
        self.paging?;
        resources::item(self)
    }

    /// The path with [`path_parameters`](Self::path_parameters) in their places.
    #[must_use]
    pub fn sample_path(&'static self) -> String {
        let mut path = self.path.to_owned();
        for (name, value) in self.path_parameters() {
            path = path.replace(&format!("{{{name}}}"), &value);
        }
        path
    }

    /// Names and values of the query without which the request is refused, the same for the same seed.
    ///
    /// `siteId` is the one that the accounts of the sandbox have.
    ///
    /// ```
    /// use vendor_sandbox::openapi::{Provider, operation};
    ///
    /// let check = operation(Provider::WebCommander, "customers.customers.check_email").unwrap();
    /// let query = check.required_query(1);
    /// assert_eq!(query.first().map(|(name, _)| *name), Some("email"));
    /// ```
    #[must_use]
    pub fn required_query(&self, seed: u64) -> Vec<(&'static str, String)> {
        self.query_of(seed, |parameter| parameter.required)
    }

    /// Names and values of a query that a fresh sandbox takes: all parameters for seed 0, the required ones for seed 1,
    /// a mixture for all others.
    ///
    /// Left out are what must name a record that was seen before, and the one of two parameters that exclude each other.
    ///
    /// ```
    /// use vendor_sandbox::openapi::{Provider, operation};
    ///
    /// let list = operation(Provider::WebCommander, "taxes.tax_codes.list").unwrap();
    /// let names: Vec<_> = list.sample_query(0).into_iter().map(|(name, _)| name).collect();
    /// assert_eq!(names, ["limit", "offset", "page"]);
    /// ```
    #[must_use]
    pub fn sample_query(&self, seed: u64) -> Vec<(&'static str, String)> {
        self.query_of(seed, |parameter| {
            let drawn = match seed {
                0 => true,
                1 => false,
                _ => mix(seed, parameter.name).is_multiple_of(2),
            };
            parameter.required
                || (drawn && !["previousLastId", "onlyApi"].contains(&parameter.name))
        })
    }

    /// A JSON body that a fresh sandbox takes, the same for the same seed; `None` where the operation takes no JSON.
    ///
    /// ```
    /// use vendor_sandbox::openapi::{Provider, operation};
    ///
    /// let create = operation(Provider::WebCommander, "customers.customers.create").unwrap();
    /// // No schema says that these are required.
    /// assert!(create.sample_body(1).unwrap()["customer"]["email"].is_string());
    /// ```
    #[must_use]
    pub fn sample_body(&self, seed: u64) -> Option<Value> {
        let body = self.body.as_ref()?;
        if body.content_type != "application/json" {
            return None;
        }
        let mut sample = body.schema.sample_request(seed);
        resources::keep_rules(self.id, &mut sample);
        Some(sample)
    }

    fn query_of(
        &self,
        seed: u64,
        wanted: impl Fn(&Parameter) -> bool,
    ) -> Vec<(&'static str, String)> {
        let parameters = self.at(Place::Query).filter(|parameter| wanted(parameter));
        let pairs = parameters.map(|parameter| {
            if parameter.name == "siteId" {
                return (parameter.name, COMM100_SITE_ID.to_string());
            }
            // Of a list, one item: an empty one can't be sent.
            let schema = parameter.schema.items().unwrap_or(parameter.schema);
            let text = match schema.sample_request(mix(seed, parameter.name)) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            (parameter.name, text)
        });
        pairs.collect()
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Operation")
            .field("id", &self.id)
            .field("method", &self.method)
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
