//! {{Title}}: its token endpoint, who is let in, and how errors look.
//!
//! Source: the answers that its crate was made with; a page of the vendor belongs here.

{{sandbox_uses}}
use serde_json::json;

use crate::answer::{Answer, Problem};
use crate::bearer;
use crate::credentials::{ {{NAME}}_CLIENT_ID, {{NAME}}_CLIENT_SECRET};
{{sandbox_form_use}}
use crate::host::{Endpoint, Host};
use crate::inbound::Inbound;
use crate::resources;
use crate::sandbox::Sandbox;
use crate::state::State;
{{sandbox_field_use}}
use crate::strict::{self, Encoding, Grant, Notes{{sandbox_params_use}}};
use crate::token::{self, Audience, Origin};
use crate::vendors::{Setup, Variables, Vendor};

/// {{Title}} as the table of vendors has it.
pub(crate) const VENDOR: Vendor = Vendor {
    endpoint: |_, path| match path {
        TOKEN => Endpoint::Token,
        _ => Endpoint::Api,
    },
    answer,
    error,
    environment,
    panel: None,
};

const TOKEN: &str = "{{token_path}}";

static AUDIENCE: Audience = Audience {
    hosts: &[Host::{{Title}}],
    lifetime: 3_600,
    access_token: || token::url(32),
    refresh_token: || token::hex(32),
    name: "{{name}}",
};

/// Everything that a token request may carry.
const GRANTS: &[Grant] = &[
    Grant {
        name: "client_credentials",
        encoding: Encoding::{{Body}},
        body: &[{{grant_fields}}],
        query: &[],
    },
    {{refresh_grant}}
];

/// The variables that the crate `{{name}}` reads.
fn environment(sandbox: &Sandbox, _: Setup) -> Variables {
    vec![
        ("{{NAME}}_BASE_URL", sandbox.url(Host::{{Title}}).to_owned()),
        ("{{NAME}}_CLIENT_ID", {{NAME}}_CLIENT_ID.to_owned()),
        ("{{NAME}}_CLIENT_SECRET", {{NAME}}_CLIENT_SECRET.to_owned()),
    ]
}

fn answer(state: &State, inbound: &Inbound, notes: &mut Notes) -> Result<Answer, Problem> {
    if inbound.path == TOKEN {
        return sign_in(state, inbound, notes);
    }
    {{admit}}
    resources::answer(state, inbound).unwrap_or_else(|| Err(Problem::not_found("no such address")))
}

/// As RFC 6749, section 5.2, wants it; no page of the vendor has been read for it.
fn error(problem: &Problem) -> Answer {
    let code = problem.code.unwrap_or(match problem.status {
        401 => "invalid_client",
        403 => "forbidden",
        404 => "not_found",
        429 => "rate_limited",
        500.. => "server_error",
        _ => "invalid_request",
    });
    let body = json!({ "error": code, "error_description": problem.reason });
    Answer::json(problem.status, &body)
}

fn sign_in(state: &State, inbound: &Inbound, notes: &mut Notes) -> Result<Answer, Problem> {
    {{sign_in_start}}
    let issued = {{issue}};
    {{token_body}}
    Ok(Answer::json(200, &body))
}

{{client_check}}
