//! What a person does between the authorization request and its answer: sign in, then approve or deny.
//!
//! A question has one page, which shows what is due. Both forms are answered with a redirect, so that no page of a
//! browser's history is one that would have to be sent again.

use http::Method;

use crate::answer::{Answer, Problem};
use crate::consent::{Ask, Question};
use crate::inbound::Inbound;
use crate::state::State;
use crate::strict::Field::{self, Must};
use crate::strict::{self, Notes, Params};
use crate::{code, form, page, signed_in, token};

const QUESTION: &[Field] = &[Must("ticket")];

const SIGN_IN: &[Field] = &[Must("ticket"), Must("email"), Must("password")];

const DECISION: &[Field] = &[Must("ticket"), Must("decision")];

/// Where the people of a vendor sign in.
pub(crate) struct Panel {
    /// What the pages call the vendor.
    pub(crate) vendor: &'static str,
    /// The authorization endpoint; the pages are below it.
    pub(crate) path: &'static str,
    /// Who signs in.
    pub(crate) email: &'static str,
    /// With which password.
    pub(crate) password: &'static str,
    /// What else the account is known by, and what that is called.
    pub(crate) account: fn() -> Option<(&'static str, String)>,
    /// The address that a person is sent to with a code, which can be exchanged from now on.
    pub(crate) approval: fn(&State, Ask) -> String,
}

impl Panel {
    /// Whether `path` is one of the pages.
    pub(crate) fn has(&self, path: &str) -> bool {
        let page = path.strip_prefix(self.path);
        matches!(page, Some("/question" | "/sign-in" | "/decision"))
    }

    /// Where the page of a question is.
    fn question(&self, ticket: &str) -> String {
        format!("{}/question?ticket={ticket}", self.path)
    }

    fn back(&self, body: &Params) -> Answer {
        see_other(self.question(&form::escape(body.need("ticket"))))
    }
}

/// Sends the browser to a page of this question's own: going back to it later doesn't ask anew.
pub(crate) fn ask(panel: &Panel, state: &State, ask: Ask) -> Answer {
    let ticket = token::hex(16);
    let page = panel.question(&ticket);
    state.consents.ask(ticket, ask);
    Answer::redirect(302, page).with("cache-control", "no-store".to_owned())
}

/// Answers for the pages.
pub(crate) fn answer(
    panel: &Panel,
    state: &State,
    inbound: &Inbound,
    notes: &mut Notes,
) -> Result<Answer, Problem> {
    match inbound.path.strip_prefix(panel.path) {
        Some("/question") => question(panel, state, inbound, notes),
        Some("/sign-in") => sign_in(panel, state, inbound, notes),
        _ => decision(panel, state, inbound, notes),
    }
}

/// `GET {panel}/question`: the form that is due, or what became of the question.
fn question(
    panel: &Panel,
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
        None => page::unknown(panel),
        Some(Question::Answered { approved }) => page::answered(panel, approved),
        Some(Question::Open { ask, .. }) if signed_in::is_signed_in(state, inbound) => {
            page::consent(panel, ticket, &ask)
        }
        Some(Question::Open { ask, is_mistyped }) => {
            page::sign_in(panel, ticket, &ask, is_mistyped)
        }
    })
}

/// `POST {panel}/sign-in`: back to the question, with a cookie if email and password are right.
fn sign_in(
    panel: &Panel,
    state: &State,
    inbound: &Inbound,
    notes: &mut Notes,
) -> Result<Answer, Problem> {
    let body = form_of(inbound, SIGN_IN, notes)?;
    let is_right = body.need("email") == panel.email && body.need("password") == panel.password;
    state.consents.tried(body.need("ticket"), !is_right);
    let back = panel.back(&body);
    Ok(match is_right {
        true => back.with(
            "set-cookie",
            signed_in::start(state, inbound.host, panel.path),
        ),
        false => back,
    })
}

/// `POST {panel}/decision`: on to the client, or back to the question where there is nothing to decide.
fn decision(
    panel: &Panel,
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
        return Ok(panel.back(&body));
    }
    let answer = match state.consents.answer(body.need("ticket"), approved) {
        Some(ask) if approved => see_other((panel.approval)(state, ask)),
        Some(ask) => see_other(code::denial(state, &ask)),
        None => return Ok(panel.back(&body)),
    };
    Ok(match signed_in::renew(state, inbound, panel.path) {
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

/// The status that has no browser send its form once more (RFC 9700, section 4.12).
fn see_other(location: String) -> Answer {
    Answer::redirect(303, location).with("cache-control", "no-store".to_owned())
}
