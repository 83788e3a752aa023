//! Calls every operation on a fresh sandbox, and compares what arrived with what was said, what came back with the schema.

use std::collections::BTreeSet;
use std::future::Future;

use serde_json::Value;
use vendor_sandbox::openapi::{self, Direction, Operation, Provider};
use vendor_sandbox::{CampaignList, Endpoint, Host, Recorded, Sandbox};

use crate::given::{FILE, Given, operation};
use crate::outcome::Exercise;
use crate::same::difference;

/// Each operation is called with so many different arguments.
const SEEDS: u64 = 3;

/// Fails unless every operation of the areas that `exercises` are of does what its document says. `client` makes one
/// that is signed in at the host.
///
/// # Panics
/// With all operations that don't.
pub async fn call_every_operation<C, F: Future<Output = C>>(
    provider: Provider,
    exercises: &[Exercise<C>],
    client: impl Fn(Sandbox, Host) -> F,
) where
    C: 'static,
{
    let areas: BTreeSet<_> = exercises
        .iter()
        .map(|it| operation(provider, it.id).area)
        .collect();
    let all = openapi::operations(provider).filter(|it| areas.contains(it.area));
    let all: BTreeSet<_> = all.map(|it| it.id).collect();
    let called: BTreeSet<_> = exercises.iter().map(|it| it.id).collect();
    assert_eq!(all, called, "documents and generated code differ");
    let mut failures = Vec::new();
    for exercise in exercises {
        for seed in 0..SEEDS {
            if let Err(failure) = call(provider, exercise, &client, seed).await {
                failures.push(format!("{}, seed {seed}: {failure}", exercise.id));
                break;
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} operations:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

async fn call<C, F: Future<Output = C>>(
    provider: Provider,
    exercise: &Exercise<C>,
    client: impl Fn(Sandbox, Host) -> F,
    seed: u64,
) -> Result<(), String>
where
    C: 'static,
{
    let sandbox = Sandbox::start().await.map_err(|error| error.to_string())?;
    let operation = operation(provider, exercise.id);
    // The document has a bare array, other sources an envelope: the sandbox plays both.
    if seed == 1 {
        sandbox.set_campaign_list(CampaignList::Array);
    }
    let client = client(sandbox.clone(), operation.host).await;
    sandbox.clear();
    let given = Given::new(operation, seed);
    let value = (exercise.call)(&client, &given).await;
    let requests = sandbox.requests();
    let of_api = |it: &&Recorded| it.endpoint == Endpoint::Api;
    let request = requests.iter().find(of_api);
    let refusal = request
        .and_then(|it| it.refusal.as_deref())
        .unwrap_or_default();
    let value = value.map_err(|error| format!("{error} {refusal}"))?;
    arrived(operation, &given, request.ok_or("no request came")?)?;
    answered(operation, &given, &value)
}

/// Whether the request is what was said.
fn arrived(operation: &'static Operation, given: &Given, request: &Recorded) -> Result<(), String> {
    if request.method != operation.method.as_str() || request.path != operation.sample_path() {
        return Err(format!("{} {} came", request.method, request.path));
    }
    if request.status != Some(operation.answer.status) {
        return Err(format!("the status is {:?}", request.status));
    }
    let query = query(request);
    for (name, value) in given.handed_out() {
        let parameter = operation.parameters.iter().find(|it| it.name == name);
        let is_joined = parameter.is_some_and(|it| !it.explode);
        let texts: Vec<String> = match value {
            Value::Array(items) => items.iter().map(text).collect(),
            one => vec![text(&one)],
        };
        let texts = if is_joined && texts.len() > 1 {
            vec![texts.join(",")]
        } else {
            texts
        };
        let came: Vec<_> = query
            .iter()
            .filter(|(known, _)| *known == name)
            .map(|(_, it)| it)
            .collect();
        if came != texts.iter().collect::<Vec<_>>() {
            return Err(format!("`{name}` is {came:?} instead of {texts:?}"));
        }
    }
    if let Some(body) = given.whole_body() {
        let came = request.json().unwrap_or(Value::Null);
        if let Some(difference) = difference(&body, &came, "$") {
            return Err(format!("the body differs: {difference}"));
        }
    } else if operation.body.is_some() {
        let has_file = request.body.windows(FILE.len()).any(|it| it == FILE);
        if !has_file {
            return Err("the file did not come".to_owned());
        }
    }
    Ok(())
}

/// Whether what came back is what the document says.
fn answered(operation: &'static Operation, given: &Given, value: &Value) -> Result<(), String> {
    let Some(schema) = operation.answer.schema else {
        let is_fine = value.is_null() || *value == Value::Bool(true);
        return if is_fine {
            Ok(())
        } else {
            Err(format!("{value} came back"))
        };
    };
    if operation.paging.is_some() {
        let items = value.as_array().map(Vec::len);
        // Made-up filters may find nothing.
        let is_fine = items > Some(0) || !given.handed_out().is_empty();
        return is_fine
            .then_some(())
            .ok_or_else(|| "the list is empty".to_owned());
    }
    if operation.answer.content_type != Some("application/json") {
        let size = value.as_u64();
        return if size > Some(0) {
            Ok(())
        } else {
            Err("the file is empty".to_owned())
        };
    }
    // A typed call gives what stands below the keys of an envelope, which stays behind.
    let (mut schema, mut value) = (schema, value);
    while let Value::Object(members) = value
        && let (1, Some((key, only))) = (members.len(), members.iter().next())
        && let Some(inner) = schema.property(key)
    {
        (schema, value) = (inner, only);
    }
    schema.check(value, Direction::Answer)
}

fn query(request: &Recorded) -> Vec<(String, String)> {
    let query = request.query.as_deref().unwrap_or_default();
    let url = format!("http://localhost/?{query}");
    let url = auth_core::Url::parse(&url).expect("a query");
    url.query_pairs().into_owned().collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
