//! Communic8: its token endpoint, who is let in, and how errors look.
//!
//! Source: seed document 003.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::answer::{Answer, Problem};
use crate::bearer;
use crate::credentials::{COMMUNIC8_TOKEN, COMMUNIC8_TOKEN_ID};
use crate::host::{Endpoint, Host};
use crate::inbound::Inbound;
use crate::sandbox::Sandbox;
use crate::state::{Communic8SignIn, State};
use crate::strict::{self, Encoding, Grant, Notes};
use crate::token::{self, Audience, Origin};
use crate::vendors::{Setup, Variables, Vendor};

mod api;
pub(crate) mod records;

/// The body names the grant and nothing else; the client stands in the header.
const GRANTS: &[Grant] = &[Grant {
    name: "client_credentials",
    encoding: Encoding::Json,
    body: &[],
    query: &[],
}];

/// Communic8 as the table of vendors has it.
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

const TOKEN: &str = "/int/v1/oauth/token";

static AUDIENCE: Audience = Audience {
    hosts: &[Host::Communic8],
    lifetime: 86_400,
    access_token: || token::hex(16),
    refresh_token: || token::hex(32),
    name: "communic8",
};

/// The variables that the crate `communic8` reads.
fn environment(sandbox: &Sandbox, setup: Setup) -> Variables {
    let mut variables = vec![
        (
            "COMMUNIC8_BASE_URL",
            sandbox.url(Host::Communic8).to_owned(),
        ),
        ("COMMUNIC8_TOKEN_VALUE", COMMUNIC8_TOKEN.to_owned()),
    ];
    if setup == Setup::Communic8ClientCredentials {
        variables.push(("COMMUNIC8_TOKEN_ID", COMMUNIC8_TOKEN_ID.to_owned()));
    }
    variables
}

/// Answers for a Communic8 instance.
fn answer(state: &State, inbound: &Inbound, notes: &mut Notes) -> Result<Answer, Problem> {
    if inbound.path == TOKEN {
        return sign_in(state, inbound, notes);
    }
    admit(state, inbound)?;
    api::answer(state, inbound)
}

/// The vendor shows no error of its token endpoint; this is the envelope of its other calls with an error status.
fn error(problem: &Problem) -> Answer {
    let body = json!({ "success": false, "message": problem.reason });
    Answer::json(problem.status, &body)
}

fn sign_in(state: &State, inbound: &Inbound, notes: &mut Notes) -> Result<Answer, Problem> {
    strict::sign_in(inbound, GRANTS, notes)?;
    let client = STANDARD
        .decode(bearer::token(inbound)?)
        .map_err(|_| Problem::malformed("the client is not in padded standard Base64"))?;
    if client != format!("{COMMUNIC8_TOKEN_ID}:{COMMUNIC8_TOKEN}").as_bytes() {
        return Err(Problem::credentials(None, "wrong token ID or token value"));
    }
    if state.settings().communic8 == Communic8SignIn::StaticToken {
        let reason = "OAuth is not switched on for this client, ask Communic8 support";
        return Err(Problem::credentials(None, reason).expected());
    }
    let issued = state.issue(&AUDIENCE, Origin::ClientCredentials, false);
    let body = json!({
        "access_token": issued.access,
        "token_type": "Bearer",
        "expires_in": issued.expires_in(),
    });
    Ok(Answer::json(200, &body))
}

fn admit(state: &State, inbound: &Inbound) -> Result<(), Problem> {
    let token = bearer::token(inbound)?;
    let switched_off =
        || Problem::credentials(None, "this way of signing in is not switched on").expected();
    let sign_in = state.settings().communic8;
    if token == COMMUNIC8_TOKEN {
        return match sign_in {
            Communic8SignIn::OAuth => Err(switched_off()),
            Communic8SignIn::StaticToken | Communic8SignIn::Both => Ok(()),
        };
    }
    bearer::honor(state, token, &AUDIENCE)?;
    match sign_in {
        Communic8SignIn::StaticToken => Err(switched_off()),
        Communic8SignIn::OAuth | Communic8SignIn::Both => Ok(()),
    }
}
