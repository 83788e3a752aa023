//! Reads query, headers and path of a request as the operation's parameters say.

use serde_json::Value;

use super::plan::Plan;
use super::template::Bound;
use crate::answer::Problem;
use crate::form::shown;
use crate::inbound::Inbound;
use crate::openapi::{Direction, PagingStyle, Parameter, Place, Provider, Schema};

/// What the query says: names and values of the parameter's type.
pub(super) struct Query(Vec<(&'static str, Value)>);

impl Query {
    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| value)
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.get(name).and_then(Value::as_u64)
    }
}

/// The parameters that pages are asked for with; they are taken where a list pages, whether or not it says so.
const PAGES: [&str; 2] = ["pageIndex", "pageSize"];
/// Sizes of pages: what is too large is cut down, not refused, but by Communic8.
const CAPPED: [&str; 3] = ["limit", "max", "pageSize"];

/// A refusal with the code that WebCommander's errors have.
pub(super) fn refused(provider: Provider, code: &'static str, reason: String) -> Problem {
    let problem = Problem::malformed(reason);
    Problem {
        code: (provider == Provider::WebCommander).then_some(code),
        ..problem
    }
}

/// Reads the query.
pub(super) fn query(plan: &Plan, inbound: &Inbound, pages: bool) -> Result<Query, Problem> {
    let operation = plan.operation;
    let provider = operation.provider;
    let declared = |name: &str| operation.at(Place::Query).find(|one| one.name == name);
    let mut found: Vec<(&'static str, Value)> = Vec::new();
    for (name, text) in inbound.query()? {
        let Some(parameter) = declared(&name) else {
            if let Some(page) = PAGES.into_iter().find(|known| *known == name && pages) {
                let number = text.parse::<u64>().ok().filter(|number| *number > 0);
                let Some(number) = number else {
                    let reason = format!("`{page}` is no positive number");
                    return Err(Problem::malformed(reason).expected());
                };
                found.push((page, Value::from(number)));
                continue;
            }
            // The site of the account, which every call to Comm100 may name; the sign-in has judged it.
            if provider == Provider::Comm100 && name == "siteId" {
                continue;
            }
            let reason = format!("unknown parameter `{}`", shown(&name));
            return Err(refused(provider, "unknown_parameter", reason));
        };
        take(parameter, &text, provider, &mut found)?;
    }
    for parameter in operation.at(Place::Query).filter(|one| one.required) {
        if !found.iter().any(|(name, _)| *name == parameter.name) {
            let reason = format!("parameter `{}` is missing", parameter.name);
            return Err(refused(provider, "missing_parameter", reason));
        }
    }
    Ok(Query(found))
}

fn take(
    parameter: &Parameter,
    text: &str,
    provider: Provider,
    found: &mut Vec<(&'static str, Value)>,
) -> Result<(), Problem> {
    let name = parameter.name;
    let wrong = |flaw: &str| {
        let range = flaw.contains("at least") || flaw.contains("at most");
        let code = if range {
            "out_of_range"
        } else {
            "invalid_parameter"
        };
        let reason = format!("parameter `{name}`{}", flaw.trim_start_matches('$'));
        refused(provider, code, reason).expected()
    };
    let capped = provider != Provider::Communic8 && CAPPED.contains(&name);
    let judge = |schema: Schema, text: &str| {
        let value = typed(schema, text);
        let flaw = schema.check(&value, Direction::Request);
        match flaw {
            Err(flaw) if capped && flaw.contains("at most") => Ok(value),
            Err(flaw) => Err(wrong(&flaw)),
            Ok(()) => Ok(value),
        }
    };
    let known = found.iter_mut().find(|(known, _)| *known == name);
    let Some(items) = parameter.schema.items() else {
        if known.is_some() {
            let reason = format!("parameter `{name}` is doubled");
            return Err(refused(provider, "invalid_parameter", reason));
        }
        found.push((name, judge(parameter.schema, text)?));
        return Ok(());
    };
    let parts = match parameter.explode {
        true => vec![text],
        false => text.split(',').collect(),
    };
    let values = parts.into_iter().map(|part| judge(items, part));
    let values = values.collect::<Result<Vec<_>, _>>()?;
    match known {
        Some((_, Value::Array(all))) if parameter.explode => all.extend(values),
        Some(_) => {
            let reason = format!("parameter `{name}` is doubled");
            return Err(refused(provider, "invalid_parameter", reason));
        }
        None => found.push((name, Value::Array(values))),
    }
    Ok(())
}

/// The text as a value of the first type that takes it; as a text where none does.
fn typed(schema: Schema, text: &str) -> Value {
    let mut types = schema.types().into_iter();
    let value = types.find_map(|kind| match kind {
        "integer" => text.parse::<i64>().ok().map(Value::from),
        "number" => text.parse::<f64>().ok().map(Value::from),
        "boolean" => text.parse::<bool>().ok().map(Value::from),
        _ => None,
    });
    value.unwrap_or_else(|| Value::from(text))
}

/// Checks the types of what stands in the path; what can't be an id names nothing.
pub(super) fn path(plan: &Plan, bound: &[Bound]) -> Result<(), Problem> {
    for (name, text) in bound {
        let parameter = plan.operation.at(Place::Path).find(|one| one.name == *name);
        let fits = parameter.is_none_or(|one| {
            let value = typed(one.schema, text);
            one.schema.check(&value, Direction::Request).is_ok()
        });
        if !fits {
            return Err(Problem::not_found(format!("nothing has such a `{name}`")));
        }
    }
    Ok(())
}

/// Checks the headers, and hands out the key under which a repeated request is known.
pub(super) fn headers<'r>(plan: &Plan, inbound: &'r Inbound) -> Result<Option<&'r str>, Problem> {
    for parameter in plan.operation.at(Place::Header).filter(|one| one.required) {
        if inbound.header(parameter.name)?.is_none_or(str::is_empty) {
            let reason = format!("header `{}` is missing", parameter.name);
            return Err(refused(plan.operation.provider, "missing_header", reason));
        }
    }
    match plan.operation.idempotency_key {
        true => inbound.header("idempotency-key"),
        false => Ok(None),
    }
}

/// Whether a list takes the numbers of pages.
pub(super) fn pages(plan: &Plan) -> bool {
    let by_style = matches!(
        plan.style(),
        Some(PagingStyle::Comm100Envelope | PagingStyle::Comm100List)
    );
    // Without a link there is no way to a second page, so all comes at once.
    let answer = plan.operation.answer.schema;
    let links = answer.is_some_and(|answer| answer.property("nextPage").is_some());
    let mut declared = plan.operation.at(Place::Query);
    (by_style && links) || declared.any(|one| one.name == "pageIndex")
}
