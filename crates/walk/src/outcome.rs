//! Turns what typed calls give into JSON, so that one test can compare all of them.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use auth_core::model::{ToJson, Value};
use auth_core::{Download, Error, Items};

use crate::Given;

/// A list that has more items than this goes round in circles.
const MOST: usize = 1000;

/// What comes of a call.
pub type Outcome<'c> = Pin<Box<dyn Future<Output = Result<Came, Error>> + 'c>>;

/// What came of a call: nothing is `null`, a file is the number of its bytes.
#[derive(Clone, Debug)]
pub struct Came {
    /// As JSON.
    pub(crate) value: Value,
    /// Its `Debug`, where it is a model or a list of them.
    pub(crate) shown: String,
    /// How many items the list has, as far as it tells.
    pub(crate) total: Option<u64>,
}

impl From<Value> for Came {
    fn from(value: Value) -> Self {
        Self {
            value,
            shown: String::new(),
            total: None,
        }
    }
}

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
pub fn model<'c, T: ToJson + fmt::Debug>(
    keys: &'static str,
    call: impl Future<Output = Result<T, Error>> + 'c,
) -> Outcome<'c> {
    Box::pin(async move {
        let model = call.await?;
        let mut value = model.to_json();
        for key in keys.rsplit('/').filter(|key| !key.is_empty()) {
            value = Value::Object([(key.to_owned(), value)].into_iter().collect());
        }
        let shown = format!("{model:?}");
        Ok(Came {
            shown,
            ..value.into()
        })
    })
}

/// All items of a list.
pub fn items<'c, T: ToJson + fmt::Debug + 'c>(mut items: Items<T>) -> Outcome<'c> {
    Box::pin(async move {
        let (mut all, mut shown) = (Vec::new(), String::new());
        while let Some(item) = items.try_next().await?
            && all.len() < MOST
        {
            all.push(item.to_json());
            shown.push_str(&format!("{item:?} "));
        }
        Ok(Came {
            value: Value::Array(all),
            shown,
            total: items.total(),
        })
    })
}

/// Nothing.
pub fn empty<'c>(call: impl Future<Output = Result<(), Error>> + 'c) -> Outcome<'c> {
    Box::pin(async move {
        call.await?;
        Ok(Value::Null.into())
    })
}

/// Whether something is there.
pub fn exists<'c>(call: impl Future<Output = Result<bool, Error>> + 'c) -> Outcome<'c> {
    Box::pin(async move { Ok(Value::from(call.await?).into()) })
}

/// The size of a file.
pub fn download<'c>(call: impl Future<Output = Result<Download, Error>> + 'c) -> Outcome<'c> {
    Box::pin(async move { Ok(Value::from(call.await?.bytes().await?.len()).into()) })
}
