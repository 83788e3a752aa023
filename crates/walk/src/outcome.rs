//! Turns what typed calls give into JSON, so that one test can compare all of them.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use auth_core::model::{ToJson, Value};
use auth_core::{Download, Error, Items};

use crate::Given;

/// What comes of a call, as JSON: nothing is `null`, a file is the number of its bytes.
pub type Outcome<'c> = Pin<Box<dyn Future<Output = Result<Value, Error>> + 'c>>;

/// One operation and how it is called.
pub struct Exercise<C> {
    /// Its `operationId`.
    pub(crate) id: &'static str,
    /// Calls it with what it is given.
    pub(crate) call: for<'c> fn(&'c C, &Given) -> Outcome<'c>,
}

impl<C> Exercise<C> {
    /// The operation `id`.
    pub const fn new(id: &'static str, call: for<'c> fn(&'c C, &Given) -> Outcome<'c>) -> Self {
        Self { id, call }
    }
}

impl<C> Clone for Exercise<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Exercise<C> {}

impl<C> fmt::Debug for Exercise<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Exercise").field(&self.id).finish()
    }
}

/// What was found below `keys` of the answer, put back there.
pub fn model<'c, T: ToJson>(
    keys: &'static str,
    call: impl Future<Output = Result<T, Error>> + 'c,
) -> Outcome<'c> {
    Box::pin(async move {
        let mut value = call.await?.to_json();
        for key in keys.rsplit('/').filter(|key| !key.is_empty()) {
            value = Value::Object([(key.to_owned(), value)].into_iter().collect());
        }
        Ok(value)
    })
}

/// All items of a list.
pub fn items<'c, T: ToJson + 'c>(mut items: Items<T>) -> Outcome<'c> {
    Box::pin(async move {
        let mut all = Vec::new();
        while let Some(item) = items.try_next().await? {
            all.push(item.to_json());
        }
        Ok(Value::Array(all))
    })
}

/// Nothing.
pub fn empty<'c>(call: impl Future<Output = Result<(), Error>> + 'c) -> Outcome<'c> {
    Box::pin(async move {
        call.await?;
        Ok(Value::Null)
    })
}

/// Whether something is there.
pub fn exists<'c>(call: impl Future<Output = Result<bool, Error>> + 'c) -> Outcome<'c> {
    Box::pin(async move { Ok(call.await?.into()) })
}

/// The size of a file.
pub fn download<'c>(call: impl Future<Output = Result<Download, Error>> + 'c) -> Outcome<'c> {
    Box::pin(async move { Ok(call.await?.bytes().await?.len().into()) })
}
