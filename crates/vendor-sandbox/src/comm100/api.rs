//! The API hosts of Comm100: who is let in, and what no document describes.

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::Value;

use crate::answer::{Answer, Problem};
use crate::bearer;
use crate::host::Host;
use crate::inbound::Inbound;
use crate::resources;
use crate::state::State;

use super::admission::{ApiKey, admit};
use super::{audience, records};

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
    admit(state, inbound, &audience::DASH, ApiKey::WithSite)?;
    let answer = documented(state, inbound)?;
    match unlocked(inbound) {
        Some(agent) => documented(state, &agent),
        None => Ok(answer),
    }
}

/// The request for the agent that was unlocked, where the caller follows the fact sheet: its path has a small letter
/// and its answer the agent, while the vendor's page has a capital and no body.
fn unlocked(inbound: &Inbound) -> Option<Inbound> {
    let agent = inbound.path.strip_suffix(":unlock")?;
    agent.starts_with("/v4/global/agents/").then(|| Inbound {
        host: inbound.host,
        endpoint: inbound.endpoint,
        method: Method::GET,
        path: agent.to_owned(),
        query: None,
        headers: HeaderMap::new(),
        body: Bytes::new(),
    })
}

/// What the OpenAPI documents have.
fn documented(state: &State, inbound: &Inbound) -> Result<Answer, Problem> {
    resources::answer(state, inbound).unwrap_or_else(|| Err(unknown()))
}

fn hosted(state: &State, inbound: &Inbound) -> Result<Answer, Problem> {
    let segments = inbound.segments();
    let partner = segments.starts_with(&["api", "v2", "partner"]);
    if partner {
        admit(state, inbound, &audience::HOSTED_PARTNER, ApiKey::Never)?;
    } else {
        admit(state, inbound, &audience::HOSTED, ApiKey::Plain)?;
    }
    // Neither call has a page, so neither is in a document; clients of v2 know them.
    match (&inbound.method, segments.as_slice()) {
        (&Method::GET, ["api", "v2", "account", "agents"]) => {
            let agents = (1..=4).map(records::agent);
            Ok(Answer::json(200, &Value::from_iter(agents)))
        }
        (&Method::GET, ["api", "v2", "partner", "sites"]) => {
            let sites = (1..=3).map(records::site);
            Ok(Answer::json(200, &Value::from_iter(sites)))
        }
        _ => documented(state, inbound),
    }
}

fn partner_panel(state: &State, inbound: &Inbound) -> Result<Answer, Problem> {
    if inbound.method != Method::GET || inbound.path != "/oauth/userinfo" {
        return Err(unknown());
    }
    bearer::honor(state, bearer::token(inbound)?, &audience::PARTNER)?;
    Ok(Answer::json(200, &state.settings().userinfo))
}

fn partner(state: &State, inbound: &Inbound) -> Result<Answer, Problem> {
    bearer::honor(state, bearer::token(inbound)?, &audience::PARTNER)?;
    documented(state, inbound)
}
