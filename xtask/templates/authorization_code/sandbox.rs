//! {{Title}}: its token endpoint, who is let in, and how errors look.
//!
//! Source: the answers that its crate was made with; a page of the vendor belongs here.

{{sandbox_uses}}
use http::Method;
use serde_json::json;

use crate::answer::{Answer, Problem};
use crate::bearer;
use crate::code;
use crate::consent::Ask;
use crate::credentials::{
    {{NAME}}_CLIENT_ID, {{secret_credential}}{{NAME}}_EMAIL, {{NAME}}_PASSWORD, {{NAME}}_REDIRECT_URI,
};
{{sandbox_form_use}}
use crate::host::{Endpoint, Host};
use crate::inbound::Inbound;
use crate::person::{self, Panel};
use crate::resources;
use crate::sandbox::Sandbox;
use crate::state::State;
{{sandbox_field_use}}
use crate::strict::{self, Encoding, Grant, Notes{{sandbox_params_use}}};
use crate::token::{self, Audience};
use crate::vendors::{Setup, Variables, Vendor};

/// {{Title}} as the table of vendors has it.
pub(crate) const VENDOR: Vendor = Vendor {
    endpoint: |_, path| match path {
        TOKEN => Endpoint::Token,
        AUTHORIZE => Endpoint::Authorize,
        _ if PANEL.has(path) => Endpoint::Authorize,
        _ => Endpoint::Api,
    },
    answer,
    error,
    environment,
    panel: Some(&PANEL),
};

const TOKEN: &str = "{{token_path}}";
const AUTHORIZE: &str = "{{authorize_path}}";

/// Where people sign in.
static PANEL: Panel = Panel {
    vendor: "{{Title}}",
    path: AUTHORIZE,
    email: {{NAME}}_EMAIL,
    password: {{NAME}}_PASSWORD,
    account: || None,
    approval,
};

/// Everything that an authorization request may carry.
const PAGE: &[Field] = &[
    Must("client_id"),
    Must("response_type"),
    Must("redirect_uri"),
    Must("code_challenge"),
    Must("code_challenge_method"),
    Must("state"),
    May("scope"),
];

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
        name: "authorization_code",
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
        {{secret_environment}}("{{NAME}}_REDIRECT_URI", {{NAME}}_REDIRECT_URI.to_owned()),
    ]
}

fn answer(state: &State, inbound: &Inbound, notes: &mut Notes) -> Result<Answer, Problem> {
    match inbound.path.as_str() {
        TOKEN => return sign_in(state, inbound, notes),
        AUTHORIZE => return page(state, inbound, notes),
        path if PANEL.has(path) => return person::answer(&PANEL, state, inbound, notes),
        _ => {}
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

/// Asks the person.
fn page(state: &State, inbound: &Inbound, notes: &mut Notes) -> Result<Answer, Problem> {
    if inbound.method != Method::GET {
        return Err(Problem::malformed("the authorization endpoint takes GET only"));
    }
    let query = strict::check(inbound.query()?, PAGE, ("query", &[], "body"), notes)?;
    for (name, right) in [
        ("client_id", {{NAME}}_CLIENT_ID),
        ("redirect_uri", {{NAME}}_REDIRECT_URI),
        ("response_type", "code"),
    ] {
        if query.need(name) != right {
            return Err(Problem::malformed(format!("`{name}` is not the registered one")));
        }
    }
    let ask = Ask {
        audience: &AUDIENCE,
        client_id: query.need("client_id").to_owned(),
        redirect_uri: query.need("redirect_uri").to_owned(),
        state: query.get("state").map(str::to_owned),
        challenge: code::challenge(&query)?,
    };
    Ok(person::ask(&PANEL, state, ask))
}

/// Where a person is sent who said yes.
fn approval(state: &State, ask: Ask) -> String {
    let code = token::url(24);
    let callback = code::callback(state, &ask, '?', &format!("code={code}"));
    state.consents.approve(code, ask);
    callback
}
