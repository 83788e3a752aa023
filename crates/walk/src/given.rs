//! Makes up what an operation is called with: sample data of its own schemas.

use std::any::Any;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use auth_core::Upload;
use auth_core::model::{FromJson, Place, Value};
use serde_json::Map;
use vendor_sandbox::openapi::{self, Operation};

use crate::known::unknown;
use crate::outcome::{Exercise, Outcome};

/// What every file holds that is sent.
pub(crate) const FILE: &[u8] = b"email,name\nada@example.com,Ada\n";

/// Parameters that say where a list begins: a walk reads lists whole.
const OF_PAGING: &[&str] = &[
    "limit",
    "max",
    "offset",
    "page",
    "pageIndex",
    "pageSize",
    "previousLastId",
];

/// The arguments of one call, all of them made up from the operation's schemas and a seed.
#[derive(Debug)]
pub struct Given {
    operation: &'static Operation,
    seed: u64,
    /// Names and values of the query that were handed out.
    query: Mutex<Vec<(String, Value)>>,
    /// The body that was handed out.
    body: Mutex<Option<Value>>,
}

impl Given {
    pub(crate) fn new(operation: &'static Operation, seed: u64) -> Self {
        Self {
            operation,
            seed,
            query: Mutex::default(),
            body: Mutex::default(),
        }
    }

    /// Calls the operation with these. Generated code wants values and no errors, so what can't be given is a panic until
    /// here.
    pub(crate) fn call<'c, C>(
        &self,
        exercise: &Exercise<C>,
        client: &'c C,
    ) -> Result<Outcome<'c>, String> {
        let call = AssertUnwindSafe(|| (exercise.call)(client, self));
        catch_unwind(call).map_err(|panic| said(panic.as_ref()))
    }

    /// A parameter of the path.
    pub fn path<T: FromJson + Debug>(&self, name: &str) -> T {
        let known = self.operation.path_parameters();
        let value = known.into_iter().find(|(known, _)| *known == name);
        let (_, value) = value.unwrap_or_else(|| panic!("the documents have no `{name}`"));
        self.read(value.into())
    }

    /// A required parameter of the query.
    pub fn query<T: FromJson + Debug>(&self, name: &str) -> T {
        let value = self.sample(name);
        self.hand_out(
            name,
            value.unwrap_or_else(|| panic!("the documents have no `{name}`")),
        )
    }

    /// Sets an optional parameter of the query, unless it says where a list begins or this seed leaves it out.
    pub fn option<C, T: FromJson + Debug>(
        &self,
        call: C,
        name: &str,
        set: impl FnOnce(C, T) -> C,
    ) -> C {
        match self.sample(name) {
            Some(value) if !OF_PAGING.contains(&name) => set(call, self.hand_out(name, value)),
            _ => call,
        }
    }

    /// A value that the query may have under this name.
    fn sample(&self, name: &str) -> Option<Value> {
        let query = self.operation.sample_query(self.seed);
        let (_, text) = query.into_iter().find(|(known, _)| *known == name)?;
        let parameter = self
            .operation
            .parameters
            .iter()
            .find(|it| it.name == name)?;
        Some(match parameter.schema.sample_request(self.seed) {
            Value::Array(items) if items.is_empty() => Value::Array(vec![text.into()]),
            Value::Array(items) => Value::Array(items),
            _ => text.into(),
        })
    }

    /// The body, or what stands in it below `keys`.
    pub fn body<T: FromJson + Debug>(&self, keys: &str) -> T {
        let mut value = self.operation.sample_body(self.seed).unwrap_or(Value::Null);
        let keys = || keys.split('/').filter(|key| !key.is_empty());
        for key in keys() {
            value = value[key].take();
        }
        if value.is_null() && keys().next().is_some() {
            // What the sample leaves out is said with nothing in it.
            value = Value::Object(Map::new());
        }
        let whole = keys().rev().fold(value.clone(), |inner, key| {
            Value::Object(Map::from_iter([(key.to_owned(), inner)]))
        });
        if let Ok(mut body) = self.body.lock() {
            *body = Some(whole);
        }
        self.read(value)
    }

    /// The whole body, as it has to arrive.
    pub(crate) fn whole_body(&self) -> Option<Value> {
        self.body
            .lock()
            .map(|body| body.clone())
            .unwrap_or_default()
    }

    /// A file.
    pub fn file(&self) -> Upload {
        Upload::bytes("people.csv", FILE)
    }

    /// The query that was handed out, as `name=value` with each item of a list by itself.
    pub(crate) fn handed_out(&self) -> Vec<(String, Value)> {
        self.query
            .lock()
            .map(|query| query.clone())
            .unwrap_or_default()
    }

    /// Whether the answer was asked to include this.
    pub(crate) fn includes(&self, name: &str) -> bool {
        let all = self.handed_out();
        let includes = all.iter().filter(|(known, _)| known == "include");
        includes
            .filter_map(|(_, value)| value.as_array())
            .any(|values| values.iter().any(|value| value == name))
    }

    fn hand_out<T: FromJson + Debug>(&self, name: &str, value: Value) -> T {
        if let Ok(mut query) = self.query.lock() {
            query.push((name.to_owned(), value.clone()));
        }
        self.read(value)
    }

    fn read<T: FromJson + Debug>(&self, value: Value) -> T {
        let shown = value.clone();
        let read = T::from_json(value, &Place::root())
            .unwrap_or_else(|misfit| panic!("{misfit}: {shown}"));
        if let Some(flaw) = unknown(&format!("{read:?}")) {
            panic!("{flaw}: {shown}");
        }
        read
    }
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic").to_owned()
}

/// The operation of this id.
pub(crate) fn operation(provider: openapi::Provider, id: &str) -> &'static Operation {
    openapi::operation(provider, id).unwrap_or_else(|| panic!("the documents have no {id}"))
}
