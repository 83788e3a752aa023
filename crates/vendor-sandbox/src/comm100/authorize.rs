//! The authorization endpoint of Comm100: what a client may ask for, and the answer that its redirect URI gets.

use http::Method;

use crate::answer::{Answer, Problem};
use crate::code;
use crate::consent::Ask;
use crate::credentials::{COMM100_CLIENT_ID, COMM100_EMAIL, COMM100_PASSWORD, COMM100_SITE_ID};
use crate::form::escape;
use crate::inbound::Inbound;
use crate::person::{self, Panel};
use crate::state::{Implicit, State};
use crate::strict::Field::{self, May, Must};
use crate::strict::{self, Notes, Params};
use crate::token::{self, Audience, Origin};

use super::redirect::registered;
use super::{audience, sign_in};

/// Where people sign in, on both panels.
pub(super) static PANEL: Panel = Panel {
    vendor: "Comm100",
    path: "/oauth/authorize",
    email: COMM100_EMAIL,
    password: COMM100_PASSWORD,
    account: || Some(("Site", COMM100_SITE_ID.to_string())),
    approval,
};

/// Seed document 000; `state` and `scope` are ours.
const DASH: &[Field] = &[
    Must("client_id"),
    Must("response_type"),
    Must("redirect_uri"),
    Must("code_challenge"),
    Must("code_challenge_method"),
    Must("siteId"),
    May("state"),
    May("scope"),
];

/// Seed document 001; `state` and `scope` are ours.
const HOSTED: &[Field] = &[
    Must("client_id"),
    Must("siteId"),
    Must("redirect_uri"),
    Must("response_type"),
    May("state"),
    May("scope"),
];

/// `GET {panel}/oauth/authorize`: asks the person, or answers an implicit grant at once.
pub(super) fn page(
    state: &State,
    inbound: &Inbound,
    audience: &'static Audience,
    notes: &mut Notes,
) -> Result<Answer, Problem> {
    if inbound.method != Method::GET {
        return Err(Problem::malformed(
            "the authorization endpoint takes GET only",
        ));
    }
    let table = if audience == &audience::DASH {
        DASH
    } else {
        HOSTED
    };
    let query = strict::check(inbound.query()?, table, ("query", &[], "body"), notes)?;
    let ask = ask(&query, audience)?;
    match query.need("response_type") {
        "code" => Ok(person::ask(&PANEL, state, ask)),
        "token" if audience == &audience::HOSTED => Ok(implicit(state, &ask)),
        _ => Err(Problem::malformed(
            "this endpoint does not know the `response_type`",
        )),
    }
}

/// The address that a person is sent to with a code, which can be exchanged from now on.
fn approval(state: &State, ask: Ask) -> String {
    let is_hosted = ask.audience == &audience::HOSTED;
    let code = match is_hosted {
        true => format!("{}+{}", token::hex(28), token::hex(4)),
        false => format!("eyJ{}.{}", token::url(24), token::url(24)),
    };
    // The v2 sample shows a bare plus in the callback, so a plus stays one there.
    let shown = match is_hosted {
        true => code.clone(),
        false => escape(&code),
    };
    let callback = code::callback(state, &ask, '?', &format!("code={shown}"));
    state.consents.approve(code, ask);
    callback
}

fn ask(query: &Params, audience: &'static Audience) -> Result<Ask, Problem> {
    if query.need("client_id") != COMM100_CLIENT_ID {
        return Err(Problem::malformed("`client_id` is not registered"));
    }
    if query.need("siteId") != COMM100_SITE_ID.to_string() {
        return Err(Problem::malformed(
            "`siteId` is not the one of this account",
        ));
    }
    registered(query.need("redirect_uri"))?;
    let challenge = code::challenge(query)?;
    Ok(Ask {
        audience,
        client_id: query.need("client_id").to_owned(),
        redirect_uri: query.need("redirect_uri").to_owned(),
        state: query.get("state").map(str::to_owned),
        challenge,
    })
}

fn implicit(state: &State, ask: &Ask) -> Answer {
    match state.settings().implicit {
        Implicit::Json => {
            let issued = state.issue(ask.audience, Origin::Implicit, true);
            Answer::json(200, &sign_in::answer("bearer", &issued))
        }
        Implicit::Fragment => {
            let issued = state.issue(ask.audience, Origin::Implicit, false);
            let token = escape(&issued.access);
            let expires_in = issued.expires_in();
            let values = format!("access_token={token}&token_type=bearer&expires_in={expires_in}");
            Answer::redirect(302, code::callback(state, ask, '#', &values))
        }
    }
}
