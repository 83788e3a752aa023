//! What every vendor with authorization codes does alike: judges the challenge, answers the client, sells tokens for a code.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::answer::Problem;
use crate::consent::{Ask, NoSale};
use crate::form::escape;
use crate::state::State;
use crate::strict::Params;
use crate::token::{Audience, Issued, Origin};

/// The S256 challenge of an authorization request, where it has one (RFC 7636, section 4.3).
pub(crate) fn challenge(query: &Params) -> Result<Option<String>, Problem> {
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
    Ok(challenge)
}

/// The redirect URI with `values` and the state behind it.
pub(crate) fn callback(state: &State, ask: &Ask, mark: char, values: &str) -> String {
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

/// The address that a person is sent to who said no (RFC 6749, section 4.1.2.1).
pub(crate) fn denial(state: &State, ask: &Ask) -> String {
    callback(state, ask, '?', "error=access_denied")
}

/// Sells tokens for a code, once: to `client_id`, whose request has the code's redirect URI and verifier.
pub(crate) fn exchange(
    state: &State,
    body: &Params,
    client_id: &str,
    audience: &'static Audience,
    refreshable: bool,
) -> Result<Issued, Problem> {
    let check = |ask: &Ask| {
        if ask.audience != audience || ask.client_id != client_id {
            return Err(Problem::grant(
                "the code was handed out to another client or host",
            ));
        }
        if ask.redirect_uri != body.need("redirect_uri") {
            return Err(Problem::grant(
                "`redirect_uri` is not the one of the authorization request",
            ));
        }
        match &ask.challenge {
            Some(challenge) => verifier(body.need("code_verifier"), challenge),
            None => Ok(()),
        }
    };
    let issue = || state.issue(audience, Origin::Code, refreshable);
    let sale = state.consents.exchange(body.need("code"), check, issue);
    sale.map_err(|no_sale| match no_sale {
        NoSale::Refused(problem) => problem,
        NoSale::Used(family) => {
            state.tokens.revoke_family(family);
            Problem::grant("the code was used before; its tokens are revoked")
        }
    })
}

/// RFC 7636, sections 4.1 and 4.6.
fn verifier(verifier: &str, challenge: &str) -> Result<(), Problem> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    if !(43..=128).contains(&verifier.len()) || !verifier.bytes().all(allowed) {
        return Err(Problem::malformed(
            "`code_verifier` must be 43 to 128 unreserved characters",
        ));
    }
    if URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) != challenge {
        return Err(Problem::grant(
            "`code_verifier` does not match the code_challenge",
        ));
    }
    Ok(())
}
