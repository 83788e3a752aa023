//! The few Comm100 resources that the sandbox plays.

use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::answer::{Answer, Problem};
use crate::bearer;
use crate::host::Host;
use crate::inbound::Inbound;
use crate::lock::lock;
use crate::state::State;
use crate::token::Audience;

use super::admission::{ApiKey, admit};

/// Page size when the request names none; the fact sheet has several, this one makes three pages of the campaigns.
const PAGE_SIZE: usize = 10;
/// The largest page size seen in the vendor's pages.
const PAGE_SIZE_LIMIT: usize = 500;

/// Answers whatever is neither a token endpoint nor the consent page.
pub(super) fn answer(state: &State, inbound: &Inbound) -> Result<Answer, Problem> {
    match inbound.host {
        Host::Comm100DashApi => dash(state, inbound),
        Host::Comm100Hosted => hosted(state, inbound),
        Host::Comm100PartnerPanel => partner_panel(state, inbound),
        Host::Comm100PartnerApi => partner(state, inbound),
        _ => Err(unknown()),
    }
}

fn unknown() -> Problem {
    Problem::not_found("no such address")
}

fn dash(state: &State, inbound: &Inbound) -> Result<Answer, Problem> {
    let segments = inbound.segments();
    if segments
        .iter()
        .any(|part| part.to_ascii_lowercase().contains("%3a"))
    {
        return Err(Problem::malformed(
            "the colon before an action stays literal",
        ));
    }
    admit(state, inbound, Audience::Dash, ApiKey::WithSite)?;
    let records = &state.comm100;
    match (&inbound.method, segments.as_slice()) {
        (&Method::GET, ["v4", "livechat", "campaigns"]) => {
            let page = page(state, inbound, "campaigns", &records.campaigns)?;
            Ok(Answer::json(200, &page))
        }
        (&Method::GET, ["v4", "livechat", "campaigns", id]) => {
            let id = decoded(id);
            let found = records
                .campaigns
                .iter()
                .find(|campaign| campaign["id"] == id);
            found
                .map(|campaign| Answer::json(200, campaign))
                .ok_or_else(|| missing("campaign"))
        }
        (&Method::GET, ["v4", "global", "agents"]) => {
            let agents = lock(&records.agents);
            Ok(Answer::json(200, &Value::from(agents.clone())))
        }
        (&Method::POST, ["v4", "global", "agents", action]) => unlock(state, action),
        (&Method::DELETE, ["v4", "livechat", "chats"]) => delete_chats(state, inbound),
        (&Method::POST, ["v4", "livechat", "chats:search"]) => {
            // The criteria must be an object; they are read and have no effect.
            if !inbound.json()?.is_object() {
                return Err(Problem::malformed("the body is no JSON object"));
            }
            let chats = lock(&records.chats);
            Ok(Answer::json(200, &page(state, inbound, "list", &chats)?))
        }
        _ => Err(unknown()),
    }
}

fn hosted(state: &State, inbound: &Inbound) -> Result<Answer, Problem> {
    let segments = inbound.segments();
    let partner = segments.starts_with(&["api", "v2", "partner"]);
    if partner {
        admit(state, inbound, Audience::HostedPartner, ApiKey::Never)?;
    } else {
        admit(state, inbound, Audience::Hosted, ApiKey::Plain)?;
    }
    let records = &state.comm100;
    match (&inbound.method, segments.as_slice()) {
        (&Method::GET, ["api", "v2", "livechat", "campaigns"]) => {
            // In v2 a campaign's id is a number.
            let mut campaigns = records.campaigns.clone();
            for (number, campaign) in (1..).zip(&mut campaigns) {
                campaign["id"] = Value::from(number);
            }
            Ok(Answer::json(200, &Value::from(campaigns)))
        }
        (&Method::GET, ["api", "v2", "account", "agents"]) => {
            let agents = lock(&records.agents);
            Ok(Answer::json(200, &Value::from(agents.clone())))
        }
        (&Method::GET, ["api", "v2", "partner", "sites"]) => {
            Ok(Answer::json(200, &Value::from(records.sites.clone())))
        }
        _ => Err(unknown()),
    }
}

fn partner_panel(state: &State, inbound: &Inbound) -> Result<Answer, Problem> {
    if inbound.method != Method::GET || inbound.path != "/oauth/userinfo" {
        return Err(unknown());
    }
    bearer::honor(state, bearer::token(inbound)?, Audience::Partner)?;
    Ok(Answer::json(200, &state.settings().userinfo))
}

fn partner(state: &State, inbound: &Inbound) -> Result<Answer, Problem> {
    bearer::honor(state, bearer::token(inbound)?, Audience::Partner)?;
    if inbound.method != Method::GET || inbound.path != "/v4/global/sites" {
        return Err(unknown());
    }
    Ok(Answer::json(200, &Value::from(state.comm100.sites.clone())))
}

fn unlock(state: &State, action: &str) -> Result<Answer, Problem> {
    let Some((id, "unlock")) = action.rsplit_once(':') else {
        return Err(unknown());
    };
    let id = decoded(id);
    let mut agents = lock(&state.comm100.agents);
    let Some(agent) = agents.iter_mut().find(|agent| agent["id"] == id) else {
        return Err(missing("agent"));
    };
    agent["isLocked"] = Value::Bool(false);
    agent["lockedTime"] = Value::Null;
    Ok(Answer::json(200, agent))
}

fn delete_chats(state: &State, inbound: &Inbound) -> Result<Answer, Problem> {
    let Value::Array(ids) = inbound.json()? else {
        return Err(Problem::malformed("the body is no JSON array of ids"));
    };
    if ids.is_empty() || !ids.iter().all(|id| id.is_u64() || id.is_string()) {
        return Err(Problem::malformed("the body is no JSON array of ids"));
    }
    // Chats go by their number or by their GUID.
    lock(&state.comm100.chats)
        .retain(|chat| !ids.contains(&chat["id"]) && !ids.contains(&chat["guid"]));
    Ok(Answer::empty(204))
}

fn missing(what: &str) -> Problem {
    Problem::not_found(format!("no {what} has this id"))
}

fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

/// One page in the v4 envelope: the items under `key`, `total`, `nextPage`, `previousPage`.
fn page(state: &State, inbound: &Inbound, key: &str, items: &[Value]) -> Result<Value, Problem> {
    let query = inbound.query()?;
    let number = |name: &str, default: usize| {
        let given = query.iter().find(|(known, _)| known == name);
        given.map_or(Ok(default), |(_, value)| match value.parse() {
            Ok(number) if number > 0 => Ok(number),
            _ => Err(Problem::malformed(format!("`{name}` is no positive number")).expected()),
        })
    };
    let index = number("pageIndex", 1)?;
    let size = number("pageSize", PAGE_SIZE)?.min(PAGE_SIZE_LIMIT);
    let start = (index - 1).saturating_mul(size);
    let site = query.iter().find(|(name, _)| name == "siteId");
    let link = |index: usize| {
        let site = site.map_or(String::new(), |(_, site)| format!("&siteId={site}"));
        let (url, path) = (state.url(inbound.host), &inbound.path);
        format!("{url}{path}?pageIndex={index}&pageSize={size}{site}")
    };
    let next = (start.saturating_add(size) < items.len()).then(|| link(index + 1));
    let previous = (index > 1).then(|| link(index - 1));
    let shown: Vec<_> = items.iter().skip(start).take(size).cloned().collect();
    Ok(json!({
        key: shown,
        "total": items.len(),
        "nextPage": next,
        "previousPage": previous,
    }))
}
