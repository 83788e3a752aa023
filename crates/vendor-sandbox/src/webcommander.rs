//! WebCommander: its token endpoint, who is let in, and how errors look.
//!
//! Source: seed document 004; the refresh and the two other header styles come from the vendor's newer pages.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::answer::{Answer, Problem};
use crate::bearer;
use crate::credentials as known;
use crate::host::{Endpoint, Host};
use crate::inbound::Inbound;
use crate::sandbox::Sandbox;
use crate::state::{State, TokenHeader};
use crate::strict::Field::Must;
use crate::strict::{self, Encoding, Grant, Notes, Params};
use crate::token::{self, Audience, Origin};
use crate::vendors::{Setup, Variables, Vendor};

mod api;
pub(crate) mod records;

const GRANTS: &[Grant] = &[
    Grant {
        name: "client_credentials",
        encoding: Encoding::Json,
        body: &[
            Must("auth_string"),
            Must("redirect_uri"),
            Must("client_id"),
            Must("client_secret"),
        ],
        query: &[],
    },
    Grant {
        name: "refresh_token",
        encoding: Encoding::Json,
        body: &[
            Must("refresh_token"),
            Must("redirect_uri"),
            Must("client_id"),
            Must("client_secret"),
        ],
        query: &[],
    },
];

/// WebCommander as the table of vendors has it.
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

const TOKEN: &str = "/api/v4/oauth2/token";

static AUDIENCE: Audience = Audience {
    hosts: &[Host::WebCommander],
    lifetime: 3_600,
    access_token: || STANDARD.encode(token::noise(56)),
    refresh_token: || token::hex(32),
    name: "webcommander",
};

/// The variables that the crate `webcommander` reads.
fn environment(sandbox: &Sandbox, _: Setup) -> Variables {
    let (username, password) = (known::WEBCOMMANDER_USERNAME, known::WEBCOMMANDER_PASSWORD);
    let text = |name, value: &str| (name, value.to_owned());
    vec![
        text("WC_BASE_URL", sandbox.url(Host::WebCommander)),
        text("WC_CLIENT_ID", known::WEBCOMMANDER_CLIENT_ID),
        text("WC_CLIENT_SECRET", known::WEBCOMMANDER_CLIENT_SECRET),
        text("WC_REDIRECT_URI", known::WEBCOMMANDER_REDIRECT_URI),
        (
            "WC_AUTH_STRING",
            STANDARD.encode(format!("{username}:{password}")),
        ),
    ]
}

/// Answers for a WebCommander store.
fn answer(state: &State, inbound: &Inbound, notes: &mut Notes) -> Result<Answer, Problem> {
    if inbound.path == TOKEN {
        return sign_in(state, inbound, notes);
    }
    admit(state, inbound)?;
    api::answer(state, inbound)
}

/// The nested shape of the newest pages.
fn error(problem: &Problem) -> Answer {
    let code = problem.code.unwrap_or(match problem.status {
        401 => "unauthorized",
        403 => "forbidden",
        404 => "not_found",
        405 => "method_not_allowed",
        409 => "conflict",
        429 => "rate_limited",
        500.. => "internal_error",
        _ => "invalid_request",
    });
    let body = json!({
        "error": {
            "code": code,
            "message": problem.reason,
            "details": [],
            "request_id": format!("req_{}", token::hex(8)),
        }
    });
    Answer::json(problem.status, &body)
}

fn sign_in(state: &State, inbound: &Inbound, notes: &mut Notes) -> Result<Answer, Problem> {
    if inbound.headers.contains_key("authorization") {
        return Err(Problem::malformed(
            "an Authorization header at a token endpoint that reads the client from the body",
        ));
    }
    if inbound.headers.contains_key("access_token") {
        notes.superfluous("an access_token header at the token endpoint".to_owned())?;
    }
    let request = strict::sign_in(inbound, GRANTS, notes)?;
    client(&request.body)?;
    let issued = if request.grant == "refresh_token" {
        let lifetime = state.token_lifetime();
        state
            .tokens
            .rotate(request.body.need("refresh_token"), &AUDIENCE, lifetime)
            .map_err(bearer::refresh_refused)?
    } else {
        store_user(request.body.need("auth_string"))?;
        state.issue(&AUDIENCE, Origin::ClientCredentials, true)
    };
    let body = json!({
        "access_token": issued.access,
        "refresh_token": issued.refresh,
        "expires_in": issued.expires_in(),
    });
    Ok(Answer::json(state.settings().webcommander_status, &body))
}

fn client(body: &Params) -> Result<(), Problem> {
    let wrong = |name, right| body.need(name) != right;
    if wrong("client_id", known::WEBCOMMANDER_CLIENT_ID)
        || wrong("client_secret", known::WEBCOMMANDER_CLIENT_SECRET)
    {
        return Err(Problem::credentials(
            None,
            "wrong client_id or client_secret",
        ));
    }
    if wrong("redirect_uri", known::WEBCOMMANDER_REDIRECT_URI) {
        return Err(Problem::malformed(
            "`redirect_uri` is not the registered one",
        ));
    }
    Ok(())
}

fn store_user(auth_string: &str) -> Result<(), Problem> {
    let pair = STANDARD
        .decode(auth_string)
        .map_err(|_| Problem::malformed("`auth_string` is not padded standard Base64"))?;
    let right = format!(
        "{}:{}",
        known::WEBCOMMANDER_USERNAME,
        known::WEBCOMMANDER_PASSWORD
    );
    if pair != right.as_bytes() {
        return Err(Problem::credentials(
            None,
            "wrong username or password in `auth_string`",
        ));
    }
    Ok(())
}

fn admit(state: &State, inbound: &Inbound) -> Result<(), Problem> {
    let style = state.settings().webcommander_header;
    let idle = match style {
        TokenHeader::AccessToken => "authorization",
        TokenHeader::AuthorizationBearer | TokenHeader::AuthorizationRaw => "access_token",
    };
    if inbound.headers.contains_key(idle) {
        return Err(Problem::malformed(format!(
            "a header `{idle}`, though this store takes the token elsewhere"
        )));
    }
    let token = match style {
        TokenHeader::AccessToken => bearer::bare(inbound, "access_token")?,
        TokenHeader::AuthorizationBearer => bearer::token(inbound)?,
        TokenHeader::AuthorizationRaw => bearer::bare(inbound, "authorization")?,
    };
    bearer::honor(state, token, &AUDIENCE)
}
