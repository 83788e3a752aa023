//! Reads answers that were transcribed from the vendors' pages, by the calls that would get them.

use std::collections::BTreeMap;
use std::fs;
use std::future::Future;
use std::path::Path;

use auth_core::ErrorKind;
use serde_json::{Value, json};
use vendor_sandbox::openapi::{Operation, Provider};
use wiremock::matchers::{any, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::given::{Given, operation};
use crate::outcome::Exercise;
use crate::same::difference;

/// Fails unless every answer below `directory` (`<area>/<operationId>[.n].json`) reads and is written equal in value, and
/// each area that `exercises` are of has three of them, or as many as `fewer` says where the pages show no more. `client`
/// makes one that talks to the server of this URL.
///
/// # Panics
/// With all answers that don't read.
pub async fn read_every_transcribed_answer<C, F: Future<Output = C>>(
    provider: Provider,
    directory: &Path,
    exercises: &[Exercise<C>],
    fewer: &[(&str, usize)],
    client: impl Fn(String) -> F,
) where
    C: 'static,
{
    let mut failures = Vec::new();
    // One server and one client for all answers: a client takes long to build.
    let server = MockServer::start().await;
    let client = client(server.uri()).await;
    let areas = exercises.iter().map(|it| operation(provider, it.id).area);
    let mut read: BTreeMap<_, usize> = areas.map(|area| (area, 0)).collect();
    for area in fs::read_dir(directory).expect("the answers") {
        let area = area.expect("an area").path();
        if !area.is_dir() {
            continue;
        }
        for file in fs::read_dir(&area).expect("an area") {
            let file = file.expect("an answer").path();
            let name = file
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            let id = name
                .trim_end_matches(|c: char| c.is_ascii_digit())
                .trim_end_matches('.');
            // A name that no operation has is a slip.
            let known = operation(provider, id);
            let Some(exercise) = exercises.iter().find(|it| it.id == known.id) else {
                // Its area is switched off.
                continue;
            };
            let text = fs::read_to_string(&file).expect("an answer");
            let answer: Value = serde_json::from_str(&text).expect("JSON");
            *read.entry(operation(provider, id).area).or_default() += 1;
            if let Err(failure) =
                call(&server, operation(provider, id), exercise, &client, answer).await
            {
                failures.push(format!("{}: {failure}", file.display()));
            }
        }
    }
    assert!(
        failures.is_empty(),
        "{} answers:\n{}",
        failures.len(),
        failures.join("\n")
    );
    for (area, count) in read {
        let fewer = fewer.iter().find(|(name, _)| *name == area);
        let least = fewer.map_or(3, |(_, least)| *least);
        assert!(count >= least, "{area} has {count} answers");
    }
}

async fn call<C>(
    server: &MockServer,
    operation: &'static Operation,
    exercise: &Exercise<C>,
    client: &C,
    answer: Value,
) -> Result<(), String> {
    server.reset().await;
    let status = operation.answer.status;
    let respond = |body: &Value| ResponseTemplate::new(status).set_body_json(body);
    let at = || Mock::given(path(operation.sample_path()));
    let mut first = answer.clone();
    if let Some(link) = first.get_mut("nextPage") {
        // It leads to the vendor's host.
        *link = Value::Null;
    }
    at().respond_with(respond(&first))
        .up_to_n_times(1)
        .mount(server)
        .await;
    let key = operation.paging.and_then(|it| it.items);
    if operation.paging.is_some() {
        let end = key.map_or(json!([]), |key| json!({ key: [] }));
        at().respond_with(respond(&end)).mount(server).await;
    }
    Mock::given(any())
        .respond_with(ResponseTemplate::new(500))
        .mount(server)
        .await;
    let given = Given::new(operation, 1);
    let came = given.call(exercise, client)?.await;
    if answer["success"] == false {
        return match came {
            Err(error) if error.kind() == ErrorKind::Invalid => Ok(()),
            other => Err(format!("a failure was read as {other:?}")),
        };
    }
    let value = came.map_err(|error| error.to_string())?.value;
    let expected = match key {
        Some(key) if answer.is_object() => &answer[key],
        _ => &answer,
    };
    // Beside what was asked for, an answer may hold what its call doesn't give.
    let given = match (expected, &value) {
        (Value::Object(all), Value::Object(given)) if operation.paging.is_none() => {
            let kept = all.iter().filter(|(key, _)| given.contains_key(*key));
            Value::Object(
                kept.map(|(key, value)| (key.clone(), value.clone()))
                    .collect(),
            )
        }
        _ => expected.clone(),
    };
    match difference(&given, &value, "$") {
        Some(difference) => Err(difference),
        None => Ok(()),
    }
}
