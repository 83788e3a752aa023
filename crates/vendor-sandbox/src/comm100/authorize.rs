//! The authorization endpoint of Comm100: what a client may ask for, and the answer that its redirect URI gets.

use http::Method;

use crate::answer::{Answer, Problem};
use crate::consent::Ask;
use crate::credentials::{COMM100_CLIENT_ID, COMM100_SITE_ID};
use crate::form::escape;
use crate::inbound::Inbound;
use crate::state::{Implicit, State};
use crate::strict::Field::{self, May, Must};
use crate::strict::{self, Notes, Params};
use crate::token::{self, Audience, Origin};

use super::redirect::registered;
use super::{person, sign_in};

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
    audience: Audience,
    notes: &mut Notes,
) -> Result<Answer, Problem> {
    if inbound.method != Method::GET {
        return Err(Problem::malformed(
            "the authorization endpoint takes GET only",
        ));
    }
    let table = if audience == Audience::Dash {
        DASH
    } else {
        HOSTED
    };
    let query = strict::check(inbound.query()?, table, ("query", &[], "body"), notes)?;
    let ask = ask(&query, audience)?;
    match query.need("response_type") {
        "code" => Ok(question(state, ask)),
        "token" if audience == Audience::Hosted => Ok(implicit(state, &ask)),
        _ => Err(Problem::malformed(
            "this endpoint does not know the `response_type`",
        )),
    }
}

/// The address that a person is sent to with a code, which can be exchanged from now on.
pub(super) fn approval(state: &State, ask: Ask) -> String {
    let code = code(ask.audience);
    // The v2 sample shows a bare plus in the callback, so a plus stays one there.
    let shown = match ask.audience {
        Audience::Hosted => code.clone(),
        _ => escape(&code),
    };
    let callback = callback(state, &ask, '?', &format!("code={shown}"));
    state.consents.approve(code, ask);
    callback
}

/// The address that a person is sent to who said no (RFC 6749, section 4.1.2.1).
pub(super) fn denial(state: &State, ask: &Ask) -> String {
    callback(state, ask, '?', "error=access_denied")
}

fn ask(query: &Params, audience: Audience) -> Result<Ask, Problem> {
    if query.need("client_id") != COMM100_CLIENT_ID {
        return Err(Problem::malformed("`client_id` is not registered"));
    }
    if query.need("siteId") != COMM100_SITE_ID.to_string() {
        return Err(Problem::malformed(
            "`siteId` is not the one of this account",
        ));
    }
    registered(query.need("redirect_uri"))?;
    let challenge = query.get("code_challenge").map(str::to_owned);
    if let Some(challenge) = &challenge {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if query.need("code_challenge_method") != "S256" {
            return Err(Problem::malformed("`code_challenge_method` must be S256"));
        }
        if challenge.len() != 43 || !challenge.bytes().all(allowed) {
            return Err(Problem::malformed(
                "`code_challenge` must be 43 characters of the URL-safe Base64 alphabet",
            ));
        }
    }
    Ok(Ask {
        audience,
        client_id: query.need("client_id").to_owned(),
        redirect_uri: query.need("redirect_uri").to_owned(),
        state: query.get("state").map(str::to_owned),
        challenge,
    })
}

/// Sends the browser to a page of this question's own: going back to it later doesn't ask anew.
fn question(state: &State, ask: Ask) -> Answer {
    let ticket = token::hex(16);
    let page = person::question_path(&ticket);
    state.consents.ask(ticket, ask);
    Answer::redirect(302, page).with("cache-control", "no-store".to_owned())
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
            Answer::redirect(302, callback(state, ask, '#', &values))
        }
    }
}

/// The redirect URI with `values` and the state behind it.
fn callback(state: &State, ask: &Ask, mark: char, values: &str) -> String {
    let uri = &ask.redirect_uri;
    let joint = if mark == '?' && uri.contains('?') {
        '&'
    } else {
        mark
    };
    match &ask.state {
        Some(own) if state.settings().echo_state => {
            format!("{uri}{joint}{values}&state={}", escape(own))
        }
        _ => format!("{uri}{joint}{values}"),
    }
}

fn code(audience: Audience) -> String {
    match audience {
        Audience::Hosted => format!("{}+{}", token::hex(28), token::hex(4)),
        _ => format!("eyJ{}.{}", token::url(24), token::url(24)),
    }
}
