//! Comm100: which request goes where, who is let in, and how errors look.
//!
//! Source: seed documents 000 (v4), 001 (v2 and its partner API) and 002 (partner panel).

use serde_json::json;

use crate::answer::{Answer, Problem};
use crate::host::{Endpoint, Host};
use crate::inbound::Inbound;
use crate::person;
use crate::state::State;
use crate::strict::Notes;
use crate::vendors::Vendor;

mod admission;
mod api;
mod audience;
mod authorize;
mod environment;
pub(crate) mod records;
mod redirect;
mod sign_in;

/// Comm100 as the table of vendors has it.
pub(crate) const VENDOR: Vendor = Vendor {
    endpoint,
    answer,
    error,
    environment: environment::environment,
    panel: Some(&authorize::PANEL),
};

fn endpoint(host: Host, path: &str) -> Endpoint {
    match (host, path) {
        (
            Host::Comm100DashPanel | Host::Comm100Hosted | Host::Comm100PartnerPanel,
            "/oauth/token",
        )
        | (Host::Comm100Hosted, "/partner/oauth/token") => Endpoint::Token,
        (Host::Comm100DashPanel | Host::Comm100Hosted, "/oauth/authorize") => Endpoint::Authorize,
        (Host::Comm100DashPanel | Host::Comm100Hosted, _) if authorize::PANEL.has(path) => {
            Endpoint::Authorize
        }
        _ => Endpoint::Api,
    }
}

/// Answers for the five hosts of Comm100.
fn answer(state: &State, inbound: &Inbound, notes: &mut Notes) -> Result<Answer, Problem> {
    match (inbound.host, inbound.path.as_str()) {
        (Host::Comm100DashPanel, "/oauth/token") => sign_in::dash(state, inbound, notes),
        (Host::Comm100Hosted, "/oauth/token") => sign_in::hosted(state, inbound, notes),
        (Host::Comm100Hosted, "/partner/oauth/token") => {
            sign_in::hosted_partner(state, inbound, notes)
        }
        (Host::Comm100PartnerPanel, "/oauth/token") => sign_in::partner(state, inbound, notes),
        (Host::Comm100DashPanel, "/oauth/authorize") => {
            authorize::page(state, inbound, &audience::DASH, notes)
        }
        (Host::Comm100Hosted, "/oauth/authorize") => {
            authorize::page(state, inbound, &audience::HOSTED, notes)
        }
        (Host::Comm100DashPanel | Host::Comm100Hosted, _)
            if authorize::PANEL.has(&inbound.path) =>
        {
            person::answer(&authorize::PANEL, state, inbound, notes)
        }
        _ => api::answer(state, inbound),
    }
}

/// `{"error", "error_description"}` for a grant that is turned down, `{"code", "message"}` for the rest.
fn error(problem: &Problem) -> Answer {
    let body = match problem.code {
        Some(code) => json!({ "error": code, "error_description": problem.reason }),
        None => json!({ "code": u32::from(problem.status) * 1000, "message": problem.reason }),
    };
    Answer::json(problem.status, &body)
}
