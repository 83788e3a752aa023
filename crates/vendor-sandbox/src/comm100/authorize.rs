//! The authorization endpoint of Comm100 and its consent page.

use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::answer::{Answer, Problem};
use crate::consent::Ask;
use crate::credentials::{COMM100_CLIENT_ID, COMM100_SITE_ID};
use crate::form;
use crate::inbound::Inbound;
use crate::state::{Implicit, State};
use crate::strict::Field::{self, May, Must};
use crate::strict::{self, Notes, Params};
use crate::token::{self, Audience, Origin};

use super::redirect::registered;
use super::sign_in;

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

const DECISION: &[Field] = &[Must("ticket"), Must("decision")];

/// What a query value needs escaped.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

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
        "code" => Ok(consent_page(state, ask)),
        "token" if audience == Audience::Hosted => Ok(implicit(state, &ask)),
        _ => Err(Problem::malformed(
            "this endpoint does not know the `response_type`",
        )),
    }
}

/// `POST {panel}/oauth/authorize/decision`: what the buttons of the page send.
pub(super) fn decision(
    state: &State,
    inbound: &Inbound,
    notes: &mut Notes,
) -> Result<Answer, Problem> {
    let text = std::str::from_utf8(&inbound.body).unwrap_or_default();
    let pairs = form::parse(text).map_err(|flaw| Problem::malformed(format!("the body {flaw}")))?;
    let body = strict::check(pairs, DECISION, ("body", &[], "query"), notes)?;
    let Some(ask) = state.consents.answer(body.need("ticket")) else {
        return Err(Problem::malformed(
            "this question was answered before, or never asked",
        ));
    };
    let answer = match body.need("decision") {
        "approve" => {
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
        _ => callback(state, &ask, '?', "error=access_denied"),
    };
    Ok(Answer::redirect(302, answer))
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

fn consent_page(state: &State, ask: Ask) -> Answer {
    let ticket = token::hex(16);
    let page = format!(
        r#"<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Sign in to the Comm100 sandbox</title></head>
<body>
<h1>Allow access?</h1>
<p>Client <strong>{client}</strong> asks for access to site <strong>{COMM100_SITE_ID}</strong>
and wants the answer at <code>{redirect}</code>.</p>
<form method="post" action="/oauth/authorize/decision">
<input type="hidden" name="ticket" value="{ticket}">
<button type="submit" name="decision" value="approve">Approve</button>
<button type="submit" name="decision" value="deny">Deny</button>
</form>
</body>
</html>
"#,
        client = html(&ask.client_id),
        redirect = html(&ask.redirect_uri),
    );
    state.consents.ask(ticket, ask);
    Answer::html(200, page).with("cache-control", "no-store".to_owned())
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

fn escape(value: &str) -> String {
    utf8_percent_encode(value, VALUE).to_string()
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
