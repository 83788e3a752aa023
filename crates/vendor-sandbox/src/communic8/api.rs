//! The few Communic8 resources that the sandbox plays; failures of theirs come under status 200.

use http::Method;
use serde_json::{Value, json};

use crate::answer::{Answer, Problem};
use crate::inbound::Inbound;
use crate::lock::lock;
use crate::state::State;

/// The list parameters of the vendor's page; those without effect here are read all the same.
const CAMPAIGN_PARAMETERS: [&str; 8] = [
    "limit",
    "previousLastId",
    "status",
    "category",
    "minLiveDate",
    "maxLiveDate",
    "all",
    "onlyApi",
];

/// Answers an API call that was let in.
pub(super) fn answer(state: &State, inbound: &Inbound) -> Result<Answer, Problem> {
    let records = &state.communic8;
    match (&inbound.method, inbound.segments().as_slice()) {
        (&Method::GET, ["int", "v1", "channel"]) => {
            Ok(list(&records.channels, records.channels.len()))
        }
        (&Method::GET, ["int", "v1", "recipient"]) => {
            Ok(list(&records.recipients, records.recipients.len()))
        }
        (&Method::GET, ["int", "v1", "campaign"]) => {
            Ok(campaigns(state, inbound)?.unwrap_or_else(invalid))
        }
        (&Method::POST, ["int", "v1", "recipientGroup", id, "recipients"]) => {
            let body = inbound.json()?;
            if *id != records.group_id {
                return Ok(invalid());
            }
            Ok(add_recipients(state, &body).unwrap_or_else(invalid))
        }
        _ => Err(Problem::not_found("no such address")),
    }
}

fn list(items: &[Value], total: usize) -> Answer {
    let body = json!({ "success": true, "data": items, "total": total });
    Answer::json(200, &body)
}

fn invalid() -> Answer {
    let body = json!({ "success": false, "message": "Invalid parameters" });
    Answer::json(200, &body)
}

/// One page by keyset, newest first; `None` where the vendor says "Invalid parameters".
fn campaigns(state: &State, inbound: &Inbound) -> Result<Option<Answer>, Problem> {
    let query = inbound.query()?;
    let get = |name: &str| {
        let found = query.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    };
    let known = |name: &str| CAMPAIGN_PARAMETERS.contains(&name);
    let switches = [get("all"), get("onlyApi")];
    let status = get("status");
    let valid = query.iter().all(|(name, _)| known(name))
        && switches.iter().flatten().all(|value| *value == "1")
        && !switches.iter().all(Option::is_some)
        && status.is_none_or(|status| ["0", "1", "3", "4"].contains(&status));
    let limit = get("limit").map_or(Some(100), |text| text.parse().ok());
    let Some(limit @ 1..=1000) = limit.filter(|_| valid) else {
        return Ok(None);
    };
    let fits = |campaign: &&Value| status.is_none_or(|status| campaign["status"] == status);
    let all: Vec<_> = state
        .communic8
        .campaigns
        .iter()
        .filter(fits)
        .cloned()
        .collect();
    let start = match get("previousLastId") {
        Some(last) => match all.iter().position(|campaign| campaign["_id"] == last) {
            Some(at) => at + 1,
            None => return Ok(None),
        },
        None => 0,
    };
    let page: Vec<_> = all.iter().skip(start).take(limit).cloned().collect();
    Ok(Some(list(&page, all.len())))
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
        match state.communic8.recipients.iter().find(|own| same(own)) {
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
