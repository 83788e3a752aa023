//! Serves every operation of the OpenAPI documents from a store of records, as the documents say.

use http::Method;
use serde_json::{Map, Value, json};

use crate::answer::{Answer, Problem};
use crate::inbound::Inbound;
use crate::openapi::{Operation, Place, Provider, Schema, mix};
use crate::state::State;

mod act;
mod body;
mod fit;
mod ids;
mod list;
mod multipart;
mod parameters;
mod plan;
mod rules;
mod seeds;
mod shape;
mod store;
mod template;

pub use body::Upload;
use fit::fit;
use parameters::Query;
use plan::{Plan, Plans, Resource, plans};
pub(crate) use rules::keep_rules;
pub(crate) use store::Store;
use template::Bound;

/// Answers a call that was let in; `None` where no document has its path.
pub(crate) fn answer(state: &State, inbound: &Inbound) -> Option<Result<Answer, Problem>> {
    let plans = plans(Provider::of(inbound.host));
    match plans.route(inbound.host, &inbound.method, &inbound.segments()) {
        Ok((plan, bound)) => Some(serve(state, inbound, plans, plan, &bound)),
        Err(true) => Some(Err(Problem {
            status: 405,
            ..Problem::malformed("this address takes other methods")
        })),
        Err(false) => None,
    }
}

fn serve(
    state: &State,
    inbound: &Inbound,
    plans: &'static Plans,
    plan: &'static Plan,
    bound: &[Bound],
) -> Result<Answer, Problem> {
    parameters::path(plan, bound)?;
    let pages = parameters::pages(plan) || list::is_wrapped(state, plan);
    let query = parameters::query(plan, inbound, pages)?;
    let key = parameters::headers(plan, inbound)?;
    let key = key.map(|key| format!("{} {} {key}", inbound.host.name(), inbound.path));
    let payload = body::read(plan, inbound)?;
    if let Some(key) = &key
        && let Some(answer) = state.records.repeated(key, &inbound.body)?
    {
        return Ok(answer);
    }
    let Some(resource) = plans.resources.get(plan.resource) else {
        return Err(Problem::not_found("no such address"));
    };
    parents(state, plans, plan, bound)?;
    let answer = match plan.task {
        plan::Task::List => list::list(state, plan, resource, bound, inbound, &query)?,
        _ => act::act(state, plan, resource, bound, &query, payload)?,
    };
    if let Some(key) = key {
        state
            .records
            .remember(key, inbound.body.clone(), answer.clone());
    }
    Ok(match inbound.method {
        Method::HEAD => Answer::empty(answer.status),
        _ => answer,
    })
}

/// Refuses a path through a record that does not exist.
fn parents(
    state: &State,
    plans: &'static Plans,
    plan: &Plan,
    bound: &[Bound],
) -> Result<(), Problem> {
    for (name, end, parent) in &plan.parents {
        let (Some(parent), Some(before)) =
            (plans.resources.get(*parent), plan.template.0.get(..*end))
        else {
            continue;
        };
        let mut home = template::Template::filled(before, bound);
        if plan::any_case(plan.operation.provider) {
            home.make_ascii_lowercase();
        }
        let id = bound.iter().find(|(known, _)| known == name);
        let id = id.map_or("", |(_, id)| id);
        let found = state
            .records
            .shelf(parent, &home, |shelf| shelf.find(id, name));
        if found.is_none() {
            return Err(Problem::not_found(format!("nothing has this `{name}`")));
        }
    }
    Ok(())
}

/// Values for the path of an operation that a fresh sandbox knows.
pub(crate) fn path_parameters(operation: &'static Operation) -> Vec<(&'static str, String)> {
    let plans = plans(operation.provider);
    let plan = plans.of(operation);
    let all = operation.at(Place::Path).map(|parameter| {
        let name = parameter.name;
        let record = plan.and_then(|plan| {
            if plan.id == Some(name) {
                return plans.resources.get(plan.resource);
            }
            let parent = plan.parents.iter().find(|(known, ..)| *known == name);
            plans.resources.get(parent?.2)
        });
        let value = match (record, rules::known(operation.id)) {
            (_, Some(known)) => known,
            (Some(resource), None) => first_id(resource, name),
            (None, None) => ids::text(&parameter.schema.sample_request(1)),
        };
        (name, value)
    });
    all.collect()
}

/// What an operation's record is, in its answer.
pub(crate) fn item(operation: &'static Operation) -> Option<Schema> {
    let plan = plans(operation.provider).of(operation)?;
    plan.slot.as_ref()?.one()
}

/// The id of a collection's first record, as a parameter of this name takes it.
fn first_id(resource: &'static Resource, parameter: &str) -> String {
    Store::new(0).shelf(resource, "", |shelf| {
        let record = shelf.read(1);
        let internal = record.get("internal_id");
        match internal.filter(|_| parameter.contains("internal")) {
            Some(id) => ids::text(id),
            None => ids::text(&shelf.id(1)),
        }
    })
}

/// Puts samples in the place of what a list holds, wherever the path is known; says whether it is.
pub(crate) fn fill(state: &State, path: &str, items: u64) -> bool {
    let segments: Vec<_> = path.trim_start_matches('/').split('/').collect();
    let mut found = false;
    for provider in Provider::ALL {
        let plans = plans(provider);
        for (plan, bound) in plans.list_at(&segments) {
            if let Some(resource) = plans.resources.get(plan.resource) {
                let home = plan.home(resource, &bound);
                state.records.fill(resource, &home, items);
                found = true;
            }
        }
    }
    found
}

/// Adds the related objects that `include` asks for, and takes out those that it does not.
fn include(plan: &Plan, query: &Query, record: &mut Value, seed: u64) {
    let mut declared = plan
        .operation
        .at(Place::Query)
        .filter(|one| one.name == "include");
    let Some(choices) = declared
        .next()
        .and_then(|one| one.schema.items()?.choices())
    else {
        return;
    };
    let wanted = query.get("include").and_then(Value::as_array);
    let schema = plan.slot.as_ref().and_then(shape::Slot::one);
    let (Some(schema), Value::Object(members)) = (schema, record) else {
        return;
    };
    for name in choices.into_iter().filter_map(Value::as_str) {
        let asked = wanted.is_some_and(|wanted| wanted.iter().any(|one| one == name));
        let member = schema.property(name);
        if asked {
            // What no document describes is an object of which only an id is known.
            let made = || match member {
                Some(member) => member.sample_answer(seed),
                None => json!({ "id": ids::text(&Value::from(mix(seed, name))) }),
            };
            members.entry(name).or_insert_with(made);
        } else if member.is_some() && !schema.requires(name) {
            members.remove(name);
        }
    }
}

/// Adds what describes the fields, where the request asks for it.
fn with_metadata(plan: &Plan, query: &Query, body: &mut Value, seed: u64) {
    let name = "field_metadata";
    let asked = query
        .get(name)
        .is_some_and(|value| *value != false && *value != "false");
    let member = plan
        .operation
        .answer
        .schema
        .and_then(|schema| schema.property(name));
    if let (true, Some(member), Value::Object(members)) = (asked, member, body) {
        members.insert(name.to_owned(), member.sample_answer(seed));
    }
}

/// What Communic8 says of a page that no record leads to.
fn invalid_page() -> Problem {
    Problem::malformed("`previousLastId` names no record").expected()
}

/// The body of an answer: `value` in the record's place, and what must be beside it; `unknown` keeps members that no schema has.
fn composed(
    plan: &Plan,
    value: Option<Value>,
    extra: Map<String, Value>,
    seed: u64,
    unknown: bool,
) -> Answer {
    let expected = &plan.operation.answer;
    let Some(schema) = expected.schema else {
        return Answer::empty(expected.status);
    };
    let content_type = expected.content_type.unwrap_or("application/json");
    if content_type != "application/json" {
        let content = "number,name\r\n1,Grüße\r\n";
        let disposition = format!("attachment; filename=\"{}.csv\"", plan.operation.verb);
        return Answer::new(expected.status, content_type, content)
            .with("content-disposition", disposition);
    }
    let nested = value.zip(plan.slot.as_ref()).map(|(value, slot)| {
        let alone = slot.is_many() && !value.is_array();
        slot.nest(if alone {
            Value::from(vec![value])
        } else {
            value
        })
    });
    let mut body = nested.unwrap_or_else(|| schema.sample_answer(seed));
    if let Value::Object(members) = &mut body {
        members.extend(extra);
        // Communic8 tells failure from success by a member; a sample must not choose.
        if plan.operation.provider == Provider::Communic8 {
            members.insert("success".to_owned(), Value::Bool(true));
            members.remove("message");
        }
    }
    Answer::json(expected.status, &fit(schema, &body, seed, unknown))
}
