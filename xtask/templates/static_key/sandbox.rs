//! {{Title}}: who is let in, and how errors look.
//!
//! Source: the answers that its crate was made with; a page of the vendor belongs here.

use serde_json::json;

use crate::answer::{Answer, Problem};
use crate::bearer;
use crate::credentials::{{NAME}}_API_KEY;
use crate::host::{Endpoint, Host};
use crate::inbound::Inbound;
use crate::resources;
use crate::sandbox::Sandbox;
use crate::state::State;
use crate::strict::Notes;
use crate::vendors::{Setup, Variables, Vendor};

/// {{Title}} as the table of vendors has it.
pub(crate) const VENDOR: Vendor = Vendor {
    endpoint: |_, _| Endpoint::Api,
    answer,
    error,
    environment,
    panel: None,
};

/// The variables that the crate `{{name}}` reads.
fn environment(sandbox: &Sandbox, _: Setup) -> Variables {
    vec![
        ("{{NAME}}_BASE_URL", sandbox.url(Host::{{Title}}).to_owned()),
        ("{{NAME}}_API_KEY", {{NAME}}_API_KEY.to_owned()),
    ]
}

fn answer(state: &State, inbound: &Inbound, _: &mut Notes) -> Result<Answer, Problem> {
    {{admit}}
    if key != {{NAME}}_API_KEY {
        return Err(Problem::credentials(None, "wrong key"));
    }
    resources::answer(state, inbound).unwrap_or_else(|| Err(Problem::not_found("no such address")))
}

/// No page of the vendor has been read for it.
fn error(problem: &Problem) -> Answer {
    let code = problem.code.unwrap_or(match problem.status {
        401 => "unauthorized",
        403 => "forbidden",
        404 => "not_found",
        429 => "rate_limited",
        500.. => "server_error",
        _ => "invalid_request",
    });
    let body = json!({ "error": code, "message": problem.reason });
    Answer::json(problem.status, &body)
}
