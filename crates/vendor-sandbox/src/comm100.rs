//! Comm100: which request goes where, who is let in, and how errors look.
//!
//! Source: seed documents 000 (v4), 001 (v2 and its partner API) and 002 (partner panel).

use serde_json::json;

use crate::answer::{Answer, Problem};
use crate::host::Host;
use crate::inbound::Inbound;
use crate::state::State;
use crate::strict::Notes;
use crate::token::Audience;

mod admission;
mod api;
mod authorize;
mod page;
mod person;
pub(crate) mod records;
mod redirect;
mod sign_in;

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
        (Host::Comm100DashPanel | Host::Comm100Hosted, "/oauth/authorize/question") => {
            person::question(state, inbound, notes)
        }
        (Host::Comm100DashPanel | Host::Comm100Hosted, "/oauth/authorize/sign-in") => {
            person::sign_in(state, inbound, notes)
        }
        (Host::Comm100DashPanel | Host::Comm100Hosted, "/oauth/authorize/decision") => {
            person::decision(state, inbound, notes)
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
