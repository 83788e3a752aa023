//! One request as it arrived, with readers that refuse what can be read in two ways.

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::Value;

use crate::answer::Problem;
use crate::form::{self, Pairs};
use crate::host::{Endpoint, Host};

/// A request whose body has been read to its end.
#[derive(Debug)]
pub(crate) struct Inbound {
    pub(crate) host: Host,
    pub(crate) endpoint: Endpoint,
    pub(crate) method: Method,
    /// As sent, percent-encoding included.
    pub(crate) path: String,
    pub(crate) query: Option<String>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Inbound {
    /// The path between its slashes, still encoded.
    pub(crate) fn segments(&self) -> Vec<&str> {
        self.path.trim_start_matches('/').split('/').collect()
    }

    /// The decoded query, empty when there is none.
    pub(crate) fn query(&self) -> Result<Pairs, Problem> {
        form::parse(self.query.as_deref().unwrap_or_default())
            .map_err(|flaw| Problem::malformed(format!("the query {flaw}")))
    }

    /// A header that may be there once at most.
    pub(crate) fn header(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut values = self.headers.get_all(name).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.next().is_some() {
            return Err(Problem::malformed(format!("header `{name}` is doubled")));
        }
        match value.to_str() {
            Ok(text) => Ok(Some(text)),
            Err(_) => Err(Problem::malformed(format!(
                "header `{name}` is not visible ASCII"
            ))),
        }
    }

    /// The content type without its parameters, of which only `charset` is allowed.
    pub(crate) fn content_type(&self) -> Result<Option<&str>, Problem> {
        let Some(value) = self.header("content-type")? else {
            return Ok(None);
        };
        let mut parts = value.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default();
        if parts.any(|part| !part.to_ascii_lowercase().starts_with("charset=")) {
            return Err(Problem::malformed(
                "the content type has a parameter other than charset",
            ));
        }
        Ok(Some(essence))
    }

    /// The body of an API call, which must be JSON and say so.
    pub(crate) fn json(&self) -> Result<Value, Problem> {
        if self.content_type()? != Some("application/json") {
            return Err(Problem::malformed(
                "the content type must be application/json",
            ));
        }
        serde_json::from_slice(&self.body).map_err(|_| Problem::malformed("the body is not JSON"))
    }
}
