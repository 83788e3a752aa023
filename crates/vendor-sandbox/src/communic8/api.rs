//! Communic8's API: failures of the documented calls come under status 200.

use http::Method;
use serde_json::{Value, json};

use crate::answer::{Answer, Problem};
use crate::inbound::Inbound;
use crate::lock::lock;
use crate::resources;
use crate::state::State;

use super::records::{self, RECIPIENTS};

/// Answers an API call that was let in.
pub(super) fn answer(state: &State, inbound: &Inbound) -> Result<Answer, Problem> {
    // Members of a group are found among the recipients, which no schema says.
    if let (&Method::POST, ["int", "v1", "recipientGroup", id, "recipients"]) =
        (&inbound.method, inbound.segments().as_slice())
    {
        let body = inbound.json()?;
        if *id != records::group_id() {
            return Ok(invalid());
        }
        return Ok(add_recipients(state, &body).unwrap_or_else(invalid));
    }
    if is_contradictory(inbound)? {
        return Ok(invalid());
    }
    match resources::answer(state, inbound) {
        Some(Err(problem)) if problem.status == 400 => Ok(invalid()),
        Some(answer) => answer,
        None => Err(Problem::not_found("no such address")),
    }
}

/// Whether a list is asked for everything and for a part of it.
fn is_contradictory(inbound: &Inbound) -> Result<bool, Problem> {
    let query = inbound.query()?;
    let has = |name: &str| query.iter().any(|(known, _)| known == name);
    Ok(has("all") && has("onlyApi"))
}

fn invalid() -> Answer {
    let body = json!({ "success": false, "message": "Invalid parameters" });
    Answer::json(200, &body)
}

/// Adds or replaces members of the one group; `None` where the vendor says "Invalid parameters".
fn add_recipients(state: &State, body: &Value) -> Option<Answer> {
    let body = body.as_object()?;
    let known = ["recipientIds", "recipientEmails", "reset"];
    if !body.keys().all(|name| known.contains(&name.as_str())) {
        return None;
    }
    let reset = body.get("reset").map_or(Some(false), Value::as_bool)?;
    let (key, wanted) = match (body.get("recipientIds"), body.get("recipientEmails")) {
        (Some(ids), None) => ("_id", ids.as_array()?),
        (None, Some(emails)) => ("email", emails.as_array()?),
        _ => return None,
    };
    let mut members = lock(&state.communic8.members);
    if reset {
        members.clear();
    }
    let mut errors = Vec::new();
    for value in wanted {
        let text = value.as_str()?;
        let same = |own: &Value| {
            own[key]
                .as_str()
                .is_some_and(|own| own.eq_ignore_ascii_case(text))
        };
        match (1..=RECIPIENTS).map(records::recipient).find(same) {
            Some(found) => {
                members.insert(found["_id"].as_str()?.to_owned());
            }
            None => errors.push(json!({ "recipient": text, "message": "Recipient not found" })),
        }
    }
    let mut data = json!({
        "successCount": wanted.len() - errors.len(),
        "errorCount": errors.len(),
    });
    if !errors.is_empty() {
        data["errorLog"] = Value::from(errors);
    }
    Some(Answer::json(200, &json!({ "success": true, "data": data })))
}
