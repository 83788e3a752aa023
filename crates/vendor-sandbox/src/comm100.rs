//! Comm100: which request goes where, who is let in, and how errors look.
//!
//! Source: seed documents 000 (v4), 001 (v2 and its partner API) and 002 (partner panel).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::answer::{Answer, Problem};
use crate::bearer;
use crate::credentials::{COMM100_API_KEY, COMM100_EMAIL, COMM100_SITE_ID};
use crate::host::Host;
use crate::inbound::Inbound;
use crate::state::State;
use crate::strict::Notes;
use crate::token::Audience;

mod api;
mod authorize;
mod records;
mod sign_in;

pub(crate) use records::Comm100;

/// Answers for the five hosts of Comm100.
pub(crate) fn answer(
    state: &State,
    inbound: &Inbound,
    notes: &mut Notes,
) -> Result<Answer, Problem> {
    match (inbound.host, inbound.path.as_str()) {
        (Host::Comm100DashPanel, "/oauth/token") => sign_in::dash(state, inbound, notes),
        (Host::Comm100Hosted, "/oauth/token") => sign_in::hosted(state, inbound, notes),
        (Host::Comm100Hosted, "/partner/oauth/token") => {
            sign_in::hosted_partner(state, inbound, notes)
        }
        (Host::Comm100PartnerPanel, "/oauth/token") => sign_in::partner(state, inbound, notes),
        (Host::Comm100DashPanel, "/oauth/authorize") => {
            authorize::page(state, inbound, Audience::Dash, notes)
        }
        (Host::Comm100Hosted, "/oauth/authorize") => {
            authorize::page(state, inbound, Audience::Hosted, notes)
        }
        (Host::Comm100DashPanel | Host::Comm100Hosted, "/oauth/authorize/decision") => {
            authorize::decision(state, inbound, notes)
        }
        _ => api::answer(state, inbound),
    }
}

/// `{"error", "error_description"}` for a grant that is turned down, `{"code", "message"}` for the rest.
pub(crate) fn error(problem: &Problem) -> Answer {
    let body = match problem.code {
        Some(code) => json!({ "error": code, "error_description": problem.reason }),
        None => json!({ "code": u32::from(problem.status) * 1000, "message": problem.reason }),
    };
    Answer::json(problem.status, &body)
}

/// Whether and how an API takes an API key over HTTP Basic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ApiKey {
    /// With `siteId` in the query.
    WithSite,
    /// As it is.
    Plain,
    /// Not at all.
    Never,
}

/// Lets a live token of `audience` through, or the API key where one is taken.
fn admit(
    state: &State,
    inbound: &Inbound,
    audience: Audience,
    api_key: ApiKey,
) -> Result<(), Problem> {
    let query = inbound.query()?;
    if query.iter().any(|(name, _)| name == "access_token") {
        return Err(Problem::malformed("an access token in the query"));
    }
    let mut sites = query.iter().filter(|(name, _)| name == "siteId");
    let site = sites.next();
    if sites.next().is_some() {
        return Err(Problem::malformed("`siteId` is doubled in the query"));
    }
    if site.is_some_and(|(_, site)| *site != COMM100_SITE_ID.to_string()) {
        return Err(Problem::malformed("`siteId` names no site of this account"));
    }
    let pair = match inbound.header("authorization")? {
        Some(value) if api_key != ApiKey::Never => value.strip_prefix("Basic "),
        _ => None,
    };
    let Some(pair) = pair else {
        return bearer::honor(state, bearer::token(inbound)?, audience);
    };
    if STANDARD.decode(pair).ok() != Some(format!("{COMM100_EMAIL}:{COMM100_API_KEY}").into()) {
        return Err(Problem::credentials(None, "wrong email or API key"));
    }
    if api_key == ApiKey::WithSite && site.is_none() {
        return Err(Problem::malformed("`siteId` is missing in the query"));
    }
    Ok(())
}
