//! What a person does between the authorization request and its answer: sign in, then approve or deny.
//!
//! A question has one page, which shows what is due. Both forms are answered with a redirect, so that no page of a
//! browser's history is one that would have to be sent again.

use http::Method;

use crate::answer::{Answer, Problem};
use crate::consent::Question;
use crate::credentials::{COMM100_EMAIL, COMM100_PASSWORD};
use crate::form;
use crate::inbound::Inbound;
use crate::signed_in;
use crate::state::State;
use crate::strict::Field::{self, Must};
use crate::strict::{self, Notes, Params};

use super::{authorize, page};

const QUESTION: &[Field] = &[Must("ticket")];

const SIGN_IN: &[Field] = &[Must("ticket"), Must("email"), Must("password")];

const DECISION: &[Field] = &[Must("ticket"), Must("decision")];

/// Where the page of a question is.
pub(super) fn question_path(ticket: &str) -> String {
    format!("/oauth/authorize/question?ticket={ticket}")
}

/// `GET {panel}/oauth/authorize/question`: the form that is due, or what became of the question.
pub(super) fn question(
    state: &State,
    inbound: &Inbound,
    notes: &mut Notes,
) -> Result<Answer, Problem> {
    if inbound.method != Method::GET {
        return Err(Problem::malformed("the page of a question takes GET only"));
    }
    let query = strict::check(inbound.query()?, QUESTION, ("query", &[], "body"), notes)?;
    let ticket = query.need("ticket");
    Ok(match state.consents.question(ticket) {
        None => page::unknown(),
        Some(Question::Answered { approved }) => page::answered(approved),
        Some(Question::Open { ask, .. }) if signed_in::is_signed_in(state, inbound) => {
            page::consent(ticket, &ask)
        }
        Some(Question::Open { ask, is_mistyped }) => page::sign_in(ticket, &ask, is_mistyped),
    })
}

/// `POST {panel}/oauth/authorize/sign-in`: back to the question, with a cookie if email and password are right.
pub(super) fn sign_in(
    state: &State,
    inbound: &Inbound,
    notes: &mut Notes,
) -> Result<Answer, Problem> {
    let body = form_of(inbound, SIGN_IN, notes)?;
    let is_right = body.need("email") == COMM100_EMAIL && body.need("password") == COMM100_PASSWORD;
    state.consents.tried(body.need("ticket"), !is_right);
    let back = back(&body);
    Ok(match is_right {
        true => back.with("set-cookie", signed_in::start(state, inbound.host)),
        false => back,
    })
}

/// `POST {panel}/oauth/authorize/decision`: on to the client, or back to the question where there is nothing to decide.
pub(super) fn decision(
    state: &State,
    inbound: &Inbound,
    notes: &mut Notes,
) -> Result<Answer, Problem> {
    let body = form_of(inbound, DECISION, notes)?;
    let approved = match body.need("decision") {
        "approve" => true,
        "deny" => false,
        _ => return Err(Problem::malformed("`decision` is `approve` or `deny`")),
    };
    if !signed_in::is_signed_in(state, inbound) {
        return Ok(back(&body));
    }
    let answer = match state.consents.answer(body.need("ticket"), approved) {
        Some(ask) if approved => see_other(authorize::approval(state, ask)),
        Some(ask) => see_other(authorize::denial(state, &ask)),
        None => return Ok(back(&body)),
    };
    Ok(match signed_in::renew(state, inbound) {
        Some(cookie) => answer.with("set-cookie", cookie),
        None => answer,
    })
}

fn form_of(inbound: &Inbound, fields: &[Field], notes: &mut Notes) -> Result<Params, Problem> {
    if inbound.method != Method::POST {
        return Err(Problem::malformed("the forms of the pages take POST only"));
    }
    // Browsers name where a form came from, and no page can make them lie.
    if !matches!(
        inbound.header("sec-fetch-site")?,
        None | Some("same-origin")
    ) {
        return Err(Problem::malformed("the form was sent by another site"));
    }
    if inbound.content_type()? != Some("application/x-www-form-urlencoded") {
        return Err(Problem::malformed(
            "the content type must be application/x-www-form-urlencoded",
        ));
    }
    let flawed = |flaw| Problem::malformed(format!("the body {flaw}"));
    let text = std::str::from_utf8(&inbound.body).map_err(|_| flawed("is not UTF-8"))?;
    let pairs = form::parse(text).map_err(flawed)?;
    strict::check(pairs, fields, ("body", &[], "query"), notes)
}

fn back(body: &Params) -> Answer {
    see_other(question_path(&form::escape(body.need("ticket"))))
}

/// The status that has no browser send its form once more (RFC 9700, section 4.12).
fn see_other(location: String) -> Answer {
    Answer::redirect(303, location).with("cache-control", "no-store".to_owned())
}
