//! The token endpoints of Comm100: what each grant may carry, and what it buys.

use serde_json::{Value, json};

use crate::answer::{Answer, Problem};
use crate::bearer::refresh_refused;
use crate::code;
use crate::credentials as known;
use crate::inbound::Inbound;
use crate::state::State;
use crate::strict::Encoding::{Form, FormOrJson};
use crate::strict::Field::{May, Must};
use crate::strict::{self, Grant, Notes, Params, SignIn};
use crate::token::{Audience, Issued, Origin};

use super::audience;
use super::redirect::registered;

/// Seed document 000. The starred extra of the dialect table: `siteId` in the query.
const DASH: &[Grant] = &[
    Grant {
        name: "password",
        encoding: Form,
        body: &[Must("email"), Must("password"), Must("client_id")],
        query: &[May("siteId")],
    },
    Grant {
        name: "authorization_code",
        encoding: FormOrJson,
        body: &[
            Must("client_id"),
            Must("code_verifier"),
            Must("code"),
            Must("redirect_uri"),
            May("client_secret"),
        ],
        query: &[May("siteId")],
    },
    Grant {
        name: "refresh_token",
        encoding: Form,
        body: &[
            Must("client_id"),
            Must("refresh_token"),
            May("client_secret"),
        ],
        query: &[May("siteId")],
    },
];

/// Seed document 001; the refresh is ours, with the client proof of the first grant.
const HOSTED: &[Grant] = &[
    Grant {
        name: "authorization_code",
        encoding: Form,
        body: &[
            Must("code"),
            Must("redirect_uri"),
            Must("client_id"),
            Must("client_secret"),
        ],
        query: &[],
    },
    Grant {
        name: "password",
        encoding: Form,
        body: &[Must("email"), Must("password")],
        query: &[],
    },
    Grant {
        name: "client_credentials",
        encoding: Form,
        body: &[
            Must("redirect_uri"),
            Must("client_id"),
            Must("client_secret"),
            Must("siteId"),
        ],
        query: &[],
    },
    Grant {
        name: "refresh_token",
        encoding: Form,
        body: &[
            Must("refresh_token"),
            May("client_id"),
            May("client_secret"),
        ],
        query: &[],
    },
];

/// Seed document 001, partner API; the refresh is ours.
const HOSTED_PARTNER: &[Grant] = &[
    Grant {
        name: "password",
        encoding: Form,
        body: &[Must("email"), Must("password")],
        query: &[],
    },
    Grant {
        name: "refresh_token",
        encoding: Form,
        body: &[Must("refresh_token")],
        query: &[],
    },
];

/// Seed document 002.
const PARTNER: &[Grant] = &[Grant {
    name: "password",
    encoding: Form,
    body: &[Must("client_id"), Must("email"), Must("password")],
    query: &[Must("partnerId")],
}];

/// `POST {panel}/oauth/token` of v4.
pub(super) fn dash(state: &State, inbound: &Inbound, notes: &mut Notes) -> Result<Answer, Problem> {
    let SignIn { grant, body, query } = read(inbound, DASH, notes)?;
    client(
        &body,
        known::COMM100_CLIENT_ID,
        known::COMM100_CLIENT_SECRET,
    )?;
    same(
        query.get("siteId"),
        &known::COMM100_SITE_ID.to_string(),
        "siteId",
    )?;
    let audience = &audience::DASH;
    let (token_type, issued) = match grant {
        "password" => {
            person(&body, known::COMM100_EMAIL, known::COMM100_PASSWORD)?;
            ("bearer", state.issue(audience, Origin::Password, true))
        }
        "authorization_code" => ("Bearer", code(state, &body, audience)?),
        _ => ("Bearer", refresh(state, &body, audience)?),
    };
    Ok(Answer::json(200, &answer(token_type, &issued)))
}

/// `POST {panel}/oauth/token` of v2.
pub(super) fn hosted(
    state: &State,
    inbound: &Inbound,
    notes: &mut Notes,
) -> Result<Answer, Problem> {
    let SignIn { grant, body, .. } = read(inbound, HOSTED, notes)?;
    client(
        &body,
        known::COMM100_CLIENT_ID,
        known::COMM100_CLIENT_SECRET,
    )?;
    let audience = &audience::HOSTED;
    let issued = match grant {
        "authorization_code" => code(state, &body, audience)?,
        "password" => {
            person(&body, known::COMM100_EMAIL, known::COMM100_PASSWORD)?;
            state.issue(audience, Origin::Password, true)
        }
        "client_credentials" => {
            registered(body.need("redirect_uri"))?;
            same(
                body.get("siteId"),
                &known::COMM100_SITE_ID.to_string(),
                "siteId",
            )?;
            state.issue(audience, Origin::ClientCredentials, true)
        }
        _ => {
            proof_of_first_grant(state, &body, audience)?;
            refresh(state, &body, audience)?
        }
    };
    Ok(Answer::json(200, &answer("bearer", &issued)))
}

/// `POST {panel}/partner/oauth/token` of v2.
pub(super) fn hosted_partner(
    state: &State,
    inbound: &Inbound,
    notes: &mut Notes,
) -> Result<Answer, Problem> {
    let SignIn { grant, body, .. } = read(inbound, HOSTED_PARTNER, notes)?;
    let audience = &audience::HOSTED_PARTNER;
    let issued = if grant == "password" {
        person(
            &body,
            known::COMM100_PARTNER_EMAIL,
            known::COMM100_PARTNER_PASSWORD,
        )?;
        state.issue(audience, Origin::Password, true)
    } else {
        refresh(state, &body, audience)?
    };
    Ok(Answer::json(200, &answer("bearer", &issued)))
}

/// `POST https://partner.comm100.io/oauth/token?partnerId=…`; the answer has no refresh token.
pub(super) fn partner(
    state: &State,
    inbound: &Inbound,
    notes: &mut Notes,
) -> Result<Answer, Problem> {
    let SignIn { body, query, .. } = read(inbound, PARTNER, notes)?;
    same(
        query.get("partnerId"),
        &known::COMM100_PARTNER_ID.to_string(),
        "partnerId",
    )?;
    client(&body, known::COMM100_PARTNER_CLIENT_ID, "")?;
    person(
        &body,
        known::COMM100_PARTNER_EMAIL,
        known::COMM100_PARTNER_PASSWORD,
    )?;
    let issued = state.issue(&audience::PARTNER, Origin::Password, false);
    Ok(Answer::json(200, &answer("Bearer", &issued)))
}

/// The token answer, with `refresh_token` only where there is one.
pub(super) fn answer(token_type: &str, issued: &Issued) -> Value {
    let mut body = json!({
        "access_token": issued.access,
        "token_type": token_type,
        "expires_in": issued.expires_in(),
    });
    if let (Some(body), Some(refresh)) = (body.as_object_mut(), &issued.refresh) {
        body.insert("refresh_token".to_owned(), Value::from(refresh.as_str()));
    }
    body
}

fn read(inbound: &Inbound, grants: &'static [Grant], notes: &mut Notes) -> Result<SignIn, Problem> {
    if inbound.headers.contains_key("authorization") {
        return Err(Problem::malformed(
            "an Authorization header at a token endpoint that reads the client from the body",
        ));
    }
    strict::sign_in(inbound, grants, notes)
}

/// Compares an optional parameter that has one right value.
fn same(value: Option<&str>, right: &str, name: &str) -> Result<(), Problem> {
    match value {
        Some(value) if value != right => Err(Problem::malformed(format!(
            "`{name}` is not the one of this account"
        ))),
        _ => Ok(()),
    }
}

/// Judges the client as far as it shows itself; the tables decide whether it has to.
fn client(body: &Params, id: &str, secret: &str) -> Result<(), Problem> {
    let wrong = |name, right| body.get(name).is_some_and(|value| value != right);
    if wrong("client_id", id) || wrong("client_secret", secret) {
        return Err(Problem::credentials(
            Some("invalid_client"),
            "wrong client_id or client_secret",
        ));
    }
    Ok(())
}

fn person(body: &Params, email: &str, password: &str) -> Result<(), Problem> {
    if body.need("email") != email || body.need("password") != password {
        return Err(Problem::credentials(
            Some("invalid_grant"),
            "wrong email or password",
        ));
    }
    Ok(())
}

fn code(state: &State, body: &Params, audience: &'static Audience) -> Result<Issued, Problem> {
    code::exchange(state, body, body.need("client_id"), audience, true)
}

fn refresh(state: &State, body: &Params, audience: &'static Audience) -> Result<Issued, Problem> {
    let lifetime = state.token_lifetime();
    state
        .tokens
        .rotate(body.need("refresh_token"), audience, lifetime)
        .map_err(refresh_refused)
}

/// v2 documents no refresh; the sandbox wants the client to prove itself as it did first.
fn proof_of_first_grant(
    state: &State,
    body: &Params,
    audience: &'static Audience,
) -> Result<(), Problem> {
    let has = |name| body.get(name).is_some();
    let fits = match state.tokens.origin(body.need("refresh_token"), audience) {
        Some(Origin::Code | Origin::ClientCredentials) => has("client_id") && has("client_secret"),
        Some(Origin::Password) => !has("client_id") && !has("client_secret"),
        // The implicit grant names the client and never sees its secret.
        Some(Origin::Implicit) => has("client_id") && !has("client_secret"),
        // The rotation refuses it with a better reason.
        None => true,
    };
    if fits {
        Ok(())
    } else {
        Err(Problem::malformed(
            "a refresh proves the client as its first grant did",
        ))
    }
}
