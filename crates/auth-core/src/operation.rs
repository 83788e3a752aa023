//! Turns a typed operation into a call and its answer into a model: what generated clients consist of.
//!
//! Answers: [`ApiClient::operation`], the endings of a [`Call`] that say what its answer is, [`Request`], and the macro
//! [`parameters!`](crate::parameters!). Never: sends anything but by [`Call`], knows an operation.
//!
//! # Invariants
//! - A value fills one segment of a path and arrives as it is, or nothing is sent (guard: `tests/it/operation.rs`).
//! - What is generic only decodes: hundreds of operations compile one way of sending.

mod parameters;
mod path;
mod request;

use std::fmt::Display;

use http::Method;

use crate::authorize::random_uuid;
use crate::error::Error;
use crate::http::{ApiClient, Call, Download};
use crate::model::{Extent, FromJson, Place, QueryValue, ToJson, Value, sayable};
use crate::page::{ItemPlace, List, Paging};

pub use request::Request;

impl ApiClient {
    /// Begins a call to an operation: `values` fill the `{names}` of `template` in their order.
    ///
    /// Each is percent-encoded as part of one segment: it arrives as it is after one decoding, whatever it holds. All but
    /// the unreserved characters of RFC 3986 is encoded, `:` too, so that no id can name an action (`7:unlock`) that the
    /// template does not. A value that is empty, or has a part `.` or `..` between slashes or backslashes, is refused, naming
    /// the parameter: it would lead to another path, if only behind a server that decodes too early.
    ///
    /// # Examples
    /// ```
    /// use auth_core::{ApiClient, Error, Method, Request};
    ///
    /// auth_core::ids! { /** Names an agent. */ AgentId }
    /// auth_core::model! {
    ///     /// An agent.
    ///     pub struct Agent {
    ///         read_only {
    ///             /// Its id.
    ///             id: Option<AgentId> = "id",
    ///         }
    ///     }
    /// }
    ///
    /// fn unlock(client: &ApiClient, id: impl Into<AgentId>) -> Request<'_, Agent> {
    ///     client.operation(Method::POST, "/v4/agents/{id}:unlock", &[&id.into()]).model()
    /// }
    ///
    /// async fn example(client: &ApiClient) -> Result<(), Error> {
    ///     let agent = unlock(client, 7).send().await?;
    ///     println!("{:?}", agent.id);
    ///     Ok(())
    /// }
    /// ```
    pub fn operation(
        &self,
        method: Method,
        template: &'static str,
        values: &[&dyn Display],
    ) -> Call<'_> {
        match path::fill(template, values) {
            Ok(path) => self.request(method, &path),
            Err(problem) => self.request(method, "/").refused(problem),
        }
    }
}

/// Why a number is not sent.
const UNSAYABLE: &str = "is infinite or NaN, which JSON can't say";

/// What an operation sends, and what its answer is; behind the feature `models`.
impl<'c> Call<'c> {
    /// Sends a model: what a request with it [says](ToJson::to_body). A number in it that is infinite or NaN makes the call
    /// one that is refused.
    pub fn body(self, body: &dyn ToJson) -> Self {
        match sayable(|| body.encode(Extent::Body)) {
            Some(body) => self.json(&body),
            None => self.refused(Error::invalid(format!("a number of the body {UNSAYABLE}"))),
        }
    }

    /// Sends a model as the one member `keys` of an object: `"order"`, or `"order/lines"` for the one member `lines` of the
    /// one member `order`. Otherwise as [`body`](Self::body).
    pub fn body_in(self, keys: &str, body: &dyn ToJson) -> Self {
        let Some(body) = sayable(|| body.encode(Extent::Body)) else {
            let problem = format!("a number of `{keys}` in the body {UNSAYABLE}");
            return self.refused(Error::invalid(problem));
        };
        let wrapped = keys.rsplit('/').fold(body, |inner, key| {
            Value::Object([(key.to_owned(), inner)].into_iter().collect())
        });
        self.json(&wrapped)
    }

    /// Sets a query parameter: what was set under this name before is replaced. A number that is infinite or NaN makes the
    /// call one that is refused.
    pub fn value(self, name: &str, value: &dyn QueryValue) -> Self {
        let Some(texts) = sayable(|| value.texts()) else {
            let problem = format!("the number of the parameter `{name}` {UNSAYABLE}");
            return self.refused(Error::invalid(problem));
        };
        let call = self.without_query(name);
        texts
            .into_iter()
            .fold(call, |call, text| call.query(name, text))
    }

    /// Sends an `Idempotency-Key`, a random UUID that is the same for all tries, so that the call may be made
    /// [twice](Call::with_idempotent). [`Request::with_idempotency_key`] puts the caller's own in its place.
    pub fn idempotency_key(self) -> Self {
        self.with_key(&random_uuid())
    }

    fn with_key(self, key: &str) -> Self {
        if key.trim().is_empty() {
            return self.refused(Error::invalid("the idempotency key is empty"));
        }
        self.header("idempotency-key", key).with_idempotent(true)
    }

    /// The answer is a model.
    pub fn model<T: FromJson>(self) -> Request<'c, T> {
        Request::model(self)
    }

    /// The answer holds a model as its member `keys`; see [`Response::model_at`](crate::Response::model_at).
    pub fn model_at<T: FromJson>(self, keys: &'static str) -> Request<'c, T> {
        Request::model_at(self, keys)
    }

    /// The answer says nothing but that the call has succeeded; what its body holds is not looked at.
    pub fn empty(self) -> Request<'c, ()> {
        Request::empty(self)
    }

    /// The answer says whether the thing exists: `true` on success, `false` where the API itself answers 404. A 404 of the
    /// endpoint for tokens is an error.
    pub fn exists(self) -> Request<'c, bool> {
        Request::exists(self)
    }

    /// The answer is a page of a list.
    pub fn list<T: FromJson>(self, paging: &'static Paging) -> List<'c, T> {
        List::new(self, paging, item)
    }

    /// The answer is a file, to be read as it comes; what its JSON would mean is not looked at.
    pub fn download(self) -> Request<'c, Download> {
        Request::download(self)
    }
}

/// Decodes an item of a list.
fn item<T: FromJson>(value: Value, place: &ItemPlace) -> Result<T, Error> {
    T::from_json(value, &Place::root())
        .map_err(|misfit| place.misfit(misfit.path(), misfit.problem()))
}

impl<T> List<'_, T> {
    /// Sets a query parameter of each page's call; see [`Call::value`].
    pub fn value(self, name: &str, value: &dyn QueryValue) -> Self {
        self.map_call(|call| call.value(name, value))
    }
}
