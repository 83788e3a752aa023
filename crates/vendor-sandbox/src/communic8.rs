//! Communic8: its token endpoint, who is let in, and how errors look.
//!
//! Source: seed document 003.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::answer::{Answer, Problem};
use crate::bearer;
use crate::credentials::{COMMUNIC8_TOKEN, COMMUNIC8_TOKEN_ID};
use crate::inbound::Inbound;
use crate::state::{Communic8SignIn, State};
use crate::strict::{self, Encoding, Grant, Notes};
use crate::token::{Audience, Origin};

mod api;
pub(crate) mod records;

/// The body names the grant and nothing else; the client stands in the header.
const GRANTS: &[Grant] = &[Grant {
    name: "client_credentials",
    encoding: Encoding::Json,
    body: &[],
    query: &[],
}];

/// Answers for a Communic8 instance.
pub(crate) fn answer(
    state: &State,
    inbound: &Inbound,
    notes: &mut Notes,
) -> Result<Answer, Problem> {
    if inbound.path == "/int/v1/oauth/token" {
        return sign_in(state, inbound, notes);
    }
    admit(state, inbound)?;
    api::answer(state, inbound)
}

/// The vendor shows no error of its token endpoint; this is the envelope of its other calls with an error status.
pub(crate) fn error(problem: &Problem) -> Answer {
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
    let issued = state.issue(Audience::Communic8, Origin::ClientCredentials, false);
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
    bearer::honor(state, token, Audience::Communic8)?;
    match sign_in {
        Communic8SignIn::StaticToken => Err(switched_off()),
        Communic8SignIn::OAuth | Communic8SignIn::Both => Ok(()),
    }
}
